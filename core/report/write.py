"""Writes the report of a finished audit, in either form, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core import audit_schema
from core.report.program import digest, program
from core.report.small_groups import SMALLEST
from core.store import Arrays, Store, key, write_atomic

FILE = "report.html"
"""The report that every audit writes beside its tables."""
_VERSION = 2


def write_report(
    folder: Path, *, html: Path | None = None, pdf: Path | None = None, smallest: int = SMALLEST
) -> None:
    """Write the report of the audit in `folder` to the files `html` and `pdf`, where given.

    Figures on fewer than `smallest` people are withheld; 0 shows all. Raises `InputError` where
    the folder holds no audit or a file cannot be written.
    """
    from core.report.contents import document
    from core.report.result import read_result

    found = document(read_result(folder, smallest=smallest))
    if html is not None:
        from core.report.html import render

        write_atomic(html, render(found).encode())
    if pdf is not None:
        from core.report.pdf import render as printed

        write_atomic(pdf, printed(found))


def write_beside(folder: Path, store: Store) -> None:
    """Write `FILE` into the folder of an audit; from the `store` where nothing in it has changed.

    An audit that comes from the store whole is done in seconds, and drawing is not to double that.
    """
    from core.report.html import filled
    from core.report.outline import subtitle
    from core.report.private import without_private

    audit = without_private(audit_schema.read(folder / "audit.json"))
    kept = store.get(_key(folder), lambda: (_body(folder), {}))
    body = kept.arrays["html"].tobytes().decode()
    write_atomic(folder / FILE, filled(body, subtitle(audit)).encode())


def _body(folder: Path) -> Arrays:
    from core.report.contents import document
    from core.report.html import body
    from core.report.result import read_result

    text = body(document(read_result(folder, smallest=SMALLEST)))
    return {"html": np.frombuffer(text.encode(), dtype=np.uint8)}


def _key(folder: Path) -> str:
    """What a report is made from: the audit but for its time, the tables, the cards, our code."""
    audit = json.loads((folder / "audit.json").read_bytes())
    audit.pop("created", None)
    files = sorted(path for path in folder.rglob("*") if path.suffix in _READ and path.is_file())
    inputs = [f"{path.relative_to(folder).as_posix()} {digest(path)}" for path in files]
    return key("report", _VERSION, {"audit": audit, "smallest": SMALLEST}, [program(), *inputs])


_READ = (".csv", ".parquet", ".md", ".safetensors")
