"""A report as PDF: typst, which needs no system library, and drawings by matplotlib.

The document goes to the template as data, so that no word of it is ever read as code. Letters are
those that typst brings; two runs on one document give the same bytes.
"""

from __future__ import annotations

import datetime
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.plots.tokens import LIGHT
from core.report import drawn
from core.report.document import (
    Block,
    Code,
    Document,
    Figure,
    Heading,
    Paragraph,
    Section,
    Table,
    said,
    sentences,
)

_TEMPLATE = Path(__file__).resolve().parent / "templates" / "report.typ"
_HIGH = 1000
"""Pixels that a drawing may be high on a page that is `drawn.WIDE` pixels wide."""
_BADGES = {
    "leaks": "leak", "probe failed": "text", "failed": "text", "anti-learning": "text",
    "careless": "text", "passed": "passed",
}  # fmt: skip
_DASHED = ("probe failed", "failed", "careless", "synthetic", "labelled by hand")


class PdfError(InputError):
    """A PDF cannot be made here."""


def render(document: Document) -> bytes:
    """The whole file. Raises `PdfError` where typst is not installed."""
    typst = _typst()
    with tempfile.TemporaryDirectory() as folder:
        source, inputs = _prepared(document, Path(folder))
        made: bytes = typst.compile(
            str(source), root=folder, sys_inputs=inputs, ignore_system_fonts=True, format="pdf",
            timestamp=_LONG_AGO,
        )  # fmt: skip
    return made


def told(document: Document) -> list[str]:
    """What the PDF says, asked of typst: every sentence that its template came past, in order."""
    typst = _typst()
    with tempfile.TemporaryDirectory() as folder:
        source, inputs = _prepared(document, Path(folder))
        found = typst.query(
            str(source), "<said>", field="value", root=folder, sys_inputs=inputs,
            ignore_system_fonts=True,
        )  # fmt: skip
    return [str(one) for one in json.loads(found)]


_LONG_AGO = int(datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).timestamp())


def _typst() -> Any:
    try:
        import typst
    except ImportError as error:
        raise PdfError(
            "a PDF needs the package typst, which is not installed: pip install typst, or ask for "
            "--html alone"
        ) from error
    return typst


def _prepared(document: Document, folder: Path) -> tuple[Path, dict[str, str]]:
    """The template with its drawings in `folder`, and the words that it asks for."""
    source = folder / "report.typ"
    shutil.copyfile(_TEMPLATE, source)
    numbers = iter(range(10_000))
    whole = {
        "title": document.title,
        "subtitle": document.subtitle,
        "footer": document.title,
        "colours": {field.name: getattr(LIGHT, field.name) for field in fields(LIGHT)},
        "badges": _BADGES,
        "dashed": _DASHED,
        "sections": [_section(one, folder, numbers) for one in document.sections],
    }
    return source, {"document": json.dumps(whole, ensure_ascii=False)}


def _section(section: Section, folder: Path, numbers: Iterator[int]) -> dict[str, Any]:
    return {
        "title": section.title,
        "marks": list(section.marks),
        "blocks": [_block(one, folder, numbers) for one in section.blocks],
    }


def _block(block: Block, folder: Path, numbers: Iterator[int]) -> dict[str, Any]:
    told = {"sort": type(block).__name__.lower(), "said": sentences(block)}
    match block:
        case Heading() | Code():
            return {**told, **asdict(block)}
        case Paragraph():
            return {**told, "kind": block.kind, "words": [asdict(run) for run in block.words]}
        case Table():
            return {**told, **_table(block)}
        case Figure():
            return {**told, **_figure(block, folder / f"{next(numbers)}.svg")}


def _table(block: Table) -> dict[str, Any]:
    wide = _wide(block)
    return {
        "columns": [
            {**asdict(column), "wide": at in wide} for at, column in enumerate(block.columns)
        ],
        "rows": [
            {"kind": row.kind, "cells": [[asdict(run) for run in cell] for cell in row.cells]}
            for row in block.rows
        ],
    }


def _wide(block: Table) -> set[int]:
    """Columns of sentences, which break into lines and share what room is left."""
    rows = [row for row in block.rows if row.kind != "group"]
    longest = [
        max((len(said(row.cells[at])) for row in rows), default=0)
        for at in range(len(block.columns))
    ]
    found = {at for at, size in enumerate(longest) if size > 36 and not block.columns[at].numeric}
    words = [at for at, column in enumerate(block.columns) if not column.numeric]
    return found or set(words[:1])


def _figure(block: Figure, path: Path) -> dict[str, Any]:
    path.write_bytes(drawn.svg(block.plot))
    high = block.plot.layout.height or 420
    return {
        "file": path.name,
        "alt": block.alt,
        "caption": block.caption,
        "width": min(100.0, 100.0 * _HIGH / high),
    }
