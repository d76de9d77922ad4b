"""Files of the Report page, made when somebody asks for them: the report, tables, everything."""

from __future__ import annotations

import importlib.util
import io
import shutil
import tempfile
import zipfile
from pathlib import Path

import streamlit as st

from app import jobs, uploads
from app.jobs import View
from core import audit_schema, purge
from core.errors import BlindfoldError
from core.report.program import is_ours
from core.report.rests_on import everybody
from core.report.small_groups import SMALLEST
from core.report.write import FILE, write_report
from core.run import listing
from core.store import home

_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def html(view: View, smallest: int) -> bytes:
    """The report as HTML: the one that the audit wrote itself, where it withholds as much and was
    written by this very program; an older one may show what is withheld today."""
    ready = view.run.result / FILE
    if smallest == SMALLEST and ready.is_file() and is_ours(found := ready.read_bytes()):
        return found
    return _made(view, "html", smallest)


def pdf(view: View, smallest: int) -> bytes:
    """The report as PDF."""
    return _made(view, "pdf", smallest)


def refusal(view: View) -> str:
    """Why no report can be made of this audit; empty where one can."""
    try:
        audit_schema.read(view.run.result / "audit.json")
    except BlindfoldError as error:
        return str(error)
    return ""


def withheld(view: View, table: str, smallest: int) -> bool:
    """Whether all of a table rests on too few people for the report."""
    return view.audit is not None and 0 < everybody(table, view.audit) < smallest


def can_pdf() -> bool:
    """Whether what makes a PDF is installed."""
    return importlib.util.find_spec("typst") is not None


def _made(view: View, kind: str, smallest: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"report.{kind}"
        result = view.run.result
        if kind == "pdf":
            write_report(result, pdf=path, smallest=smallest)
        else:
            write_report(result, html=path, smallest=smallest)
        return path.read_bytes()


def tables(view: View) -> bytes:
    """`audit.json` and every table of the run as a zip: the same bytes every time."""
    out, result = io.BytesIO(), view.run.result
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in [result / "audit.json", *sorted((result / "tables").glob("*"))]:
            if path.is_file():
                told = zipfile.ZipInfo(path.relative_to(result).as_posix(), _LONG_AGO)
                told.compress_type = zipfile.ZIP_DEFLATED
                with path.open("rb") as source, archive.open(told, "w") as target:
                    shutil.copyfileobj(source, target)
    return out.getvalue()


def cards(view: View) -> dict[str, str]:
    """The model card of each exported suppressor, by name, in Markdown."""
    names = [] if view.audit is None else view.audit.get("suppressors") or []
    paths = {str(name): view.run.result / "suppressors" / str(name) / "README.md" for name in names}
    return {name: path.read_text(encoding="utf-8") for name, path in paths.items()
            if path.is_file()}  # fmt: skip


def size(view: View) -> int:
    """Bytes of the tables of a run."""
    return sum(one.stat().st_size for one in (view.run.result / "tables").glob("*"))


def delete_everything(owner: str | None) -> tuple[int, int]:
    """Delete all runs and uploads of `owner`, and the encoders that nobody else uses.

    With None, all of this copy, and the store with them.

    Returns how many files there were and how many of them are left, which is 0. Raises
    `BlindfoldError` where the disk keeps any.
    """
    if owner is None:
        before = _kept()
        purge.purge(None)
        st.cache_data.clear()
        return before, _kept()
    before = left = 0
    mine = listing(owner)
    encoders = {purge.weights_of(run) for run in mine}
    for run in mine:
        had, has = jobs.delete(run)
        before, left = before + had, left + has
    for folder in _entries(home() / "uploads"):
        found = uploads.find(folder.name, owner)
        if found is not None:
            before += uploads.count(found)
            left += uploads.delete(found)
    for path in purge.brought([]):  # those of nobody: a run that is left keeps its own
        if path.name in encoders:
            before += 1
            purge.remove(path)
            left += path.exists()
    st.cache_data.clear()
    return before, left


_PLACES = ("runs", "uploads", "store", "encoders", "extracted")


def _kept() -> int:
    """How many files this copy keeps; a lock is empty and stays."""
    found = (path for place in _PLACES for path in (home() / place).rglob("*"))
    return sum(path.is_file() and path.suffix != ".lock" for path in found)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def forget() -> None:
    """Forget the run that pages would open next: it is no more."""
    for state in (st.session_state, st.query_params):
        for name in ("run", "last run", "audit"):
            if name in state:
                del state[name]
