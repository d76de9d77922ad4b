"""Start, watch and cancel runs, and read what they found; thin over `core.run`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core import run as runs
from core.config import config_from
from core.errors import BlindfoldError
from core.plots.fairness import GRID
from core.retention import run_expires
from core.run_status import RunStatus
from core.store import home

DEMO: dict[str, Any] = {
    "name": "synthetic demonstration",
    "faces": {"preset": "synthetic"},
    "sensitive": "expression",
    "attributes": ["gender", "skin_tone"],
    "suppressors": [
        {"kind": "sensitivenets"},
        {"kind": "lntl"},
        {"kind": "leace"},
        {"kind": "blindfold"},
    ],
    "ablation": {"repeats": 3, "orders": ["random", "most"], "points": 9},
}
"""The audit that the first page opens on: a quick look, done in minutes."""

FULL: dict[str, Any] = {
    **{name: value for name, value in DEMO.items() if name != "ablation"},
    "name": "synthetic demonstration, full look",
    "look": "full",
    "fairness": {"strengths": list(GRID)},
}
"""The same with everything, every step of the Fairness page's slider too, in the background: like
the quick look it gives way to whatever a person starts."""

WHOLE = "BLINDFOLD_DEMO"
"""The environment variable that says "quick" where the full look is not wanted."""


@dataclass(frozen=True)
class View:
    """A run as a page shows it: its status, its settings as written, and its result once done."""

    run: runs.Run
    status: RunStatus
    config: dict[str, Any]
    audit: dict[str, Any] | None

    @property
    def id(self) -> str:
        """The run's id, as it stands in links."""
        return self.run.id

    @property
    def name(self) -> str:
        """What its owner called it."""
        return self.run.name

    @property
    def active(self) -> bool:
        """Whether figures may still arrive."""
        return self.status.active

    @property
    def paused(self) -> bool:
        """Whether the run stands still until another, which goes first, is done."""
        return self.status.state == "running" and self.status.message.startswith("paused")

    @property
    def expires(self) -> float | None:
        """When the run goes by itself, in seconds since 1970; None where it stays or is at work."""
        return run_expires(self.run, self.status)

    @property
    def careless(self) -> bool:
        """Whether the run used the preset that no headline may use."""
        return self.config.get("preset") == "careless"

    @property
    def demo(self) -> bool:
        """Whether this is the demonstration."""
        return is_demo(self.config)

    @property
    def synthetic(self) -> bool:
        """Whether the faces are drawn."""
        if self.audit is not None:
            return bool(self.audit["data"]["synthetic"])
        return (self.config.get("faces") or {}).get("preset") == "synthetic"

    @property
    def by_hand(self) -> list[str]:
        """The labels that were made by hand in the labelling grid."""
        origin = {} if self.audit is None else self.audit["data"].get("origin", {})
        return sorted(label for label, source in origin.items() if source == "by hand")


def is_demo(config: Mapping[str, Any]) -> bool:
    """Whether `config` is the demonstration's, quick or full."""
    faces = config.get("faces") or {}
    names = (DEMO["name"], FULL["name"])
    return config.get("name") in names and faces.get("preset") == "synthetic"


def views(owner: str | None) -> list[View]:
    """All runs of `owner`, the newest first; one that is damaged, or is being deleted at this
    moment, hides no other."""
    found = []
    for run in runs.listing(owner):
        with suppress(BlindfoldError, OSError, ValueError):
            found.append(_view(run))
    return found


def view(run_id: str, owner: str | None) -> View | None:
    """The run `run_id` if `owner` owns it."""
    return next((one for one in views(owner) if one.id == run_id), None)


def demonstration(owner: str | None) -> View:
    """The demonstration, the full look once that is done; created and started where there is none.

    The quick look comes first, and the full one after it, both in the background: nobody's own
    audit waits for an example.
    """
    found = [one for one in views(owner) if one.demo]
    if not found:
        quick = _view(start(DEMO, owner, background=True))
        if os.environ.get(WHOLE, "full") != "quick":
            start(FULL, owner, background=True)
        return quick
    done = [one for one in found if one.audit is not None]
    return next((one for one in done if one.config.get("look") == "full"), (done or found)[-1])


def start(
    settings: Mapping[str, Any],
    owner: str | None,
    *,
    base: Path | None = None,
    uploads: Path | None = None,
    background: bool = False,
) -> runs.Run:
    """Create and start a run of `settings`; paths in it are taken from `base`.

    In the `background` it gives way to others. Raises an `InputError` that speaks to a person
    where the settings are at fault.
    """
    run = runs.create(
        config_from(settings), base=base or Path.cwd(), owner=owner, uploads=uploads,
        background=background,
    )  # fmt: skip
    runs.start(run)
    return run


def made_from(uploads: Path, owner: str | None) -> list[runs.Run]:
    """The runs of `owner` that read the upload in the folder `uploads`."""
    folder = uploads.resolve()
    return [run for run in runs.listing(owner) if run.uploads == folder]


def delete(run: runs.Run) -> tuple[int, int]:
    """Delete `run`, and its upload unless another run reads it.

    Returns how many files these had, and how many of them are left, which is 0. Raises
    `StoreError` where the disk keeps any.
    """
    before = files_in(run.path)
    uploaded = 0 if run.uploads is None else files_in(run.uploads)
    runs.delete(run)
    if run.uploads is not None and not run.uploads.exists():
        before += uploaded
    return before, files_in(run.path)


def files_in(folder: Path) -> int:
    """How many files lie in `folder` and below; 0 where it is gone."""
    return sum(path.is_file() for path in folder.rglob("*"))


@dataclass(frozen=True)
class Beside:
    """A command of ours at work in a process of its own: no torch in a page."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def ended(self) -> bool:
        """Whether the process is over."""
        return self.process.poll() is not None

    def reason(self) -> str:
        """The last line that it wrote: where it failed, the sentence for a person."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a word"


def embed(path: Path, out: Path, encoder: Mapping[str, Any], aligned: bool) -> Beside:
    """Start computing the vectors of the face set at `path` into the Parquet file `out`."""
    command = ["embed", str(path), "--out", str(out), "--encoder", str(encoder["kind"])]
    if encoder.get("weights"):
        command += ["--weights", str(encoder["weights"])]
    if aligned:
        command += ["--aligned"]
    return beside(command, out)


def beside(command: list[str], out: Path) -> Beside:
    """Start `python -m core` with `command`, which writes `out`; its log lies beside that."""
    log = out.with_suffix(".log")
    environment = {**os.environ, "BLINDFOLD_CACHE": str(home().resolve())}
    with open(log, "wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", *command],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            cwd=Path(__file__).resolve().parent.parent,
            env=environment,
        )
    return Beside(process, log)


def stamp(view: View) -> tuple[object, ...]:
    """What changes when a page about this run must be drawn again."""
    folder = view.run.partial
    partial = sorted((p.name, p.stat().st_mtime_ns) for p in folder.glob("*.csv"))
    return (view.status.state, *partial)


def frame(view: View, name: str) -> pd.DataFrame | None:
    """Table `name` of the result, or of what has arrived so far; None where there is none."""
    for path in (
        view.run.result / "tables" / f"{name}.csv",
        view.run.partial / f"{name}.csv",
    ):
        try:
            return _frame(path, path.stat().st_mtime_ns)
        except (FileNotFoundError, pd.errors.EmptyDataError):
            continue
    return None


@st.cache_data(max_entries=64, show_spinner=False)
def _frame(path: Path, written: int) -> pd.DataFrame:
    """The table at `path`, read again when it was `written` again; the path names the run."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=_TEXT)


_TEXT = dict.fromkeys(
    (
        "representation",
        "attribute",
        "attacker",
        "metric",
        "chosen",
        "status",
        "a",
        "b",
        "table",
        "suppressor",
        "name",
        "truth",
        "predicted",
    ),
    str,
)


def when(moment: float) -> str:
    """A moment, seconds since 1970, for a person: "today 08:52", "18 Nov", "3 Feb 2025"."""
    then = datetime.fromtimestamp(moment).astimezone()
    now = datetime.now().astimezone()
    if then.date() == now.date():
        return f"today {then:%H:%M}"
    return f"{then.day} {then:%b}" if then.year == now.year else f"{then.day} {then:%b %Y}"


def day(moment: float) -> str:
    """A moment to come, seconds since 1970, for a person: "29 Nov 2026, 08:52"."""
    then = datetime.fromtimestamp(moment).astimezone()
    return f"{then.day} {then:%b %Y, %H:%M}"


def remaining(seconds: float | None) -> str:
    """An ETA for a person: "2 min 14 s left"; empty while it is unknown."""
    if seconds is None:
        return ""
    whole = max(round(seconds), 0)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min left"
    return f"{whole // 60} min {whole % 60} s left" if whole >= 60 else f"{whole} s left"


def _view(run: runs.Run) -> View:
    return View(run, runs.status(run), _config(run), _audit(run.result))


@lru_cache(maxsize=256)
def _config(run: runs.Run) -> dict[str, Any]:
    return run.config().model_dump(mode="json")


def _audit(result: Path) -> dict[str, Any] | None:
    path = result / "audit.json"
    try:
        return _read_audit(path, path.stat().st_mtime_ns)
    except (FileNotFoundError, ValueError):  # there is none, or it is damaged
        return None


@st.cache_data(max_entries=256, show_spinner=False)
def _read_audit(path: Path, written: int) -> dict[str, Any]:
    """The summary at `path`, read again when it was `written` again."""
    return dict(json.loads(path.read_text(encoding="utf-8")))
