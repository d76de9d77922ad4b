"""Which program makes reports: its digest stands in every HTML file, so that one that an older
program wrote, before what is withheld or said was mended, is known for what it is."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

CORE = Path(__file__).resolve().parents[1]
_SOURCES = (".py", ".json", ".jinja", ".css")
_LIBRARIES = ("jinja2", "numpy", "pandas", "plotly")
_HEAD_BYTES = 4_096
"""The mark stands at the top of a file, before anything that comes from data."""


@cache
def program(room: Path = CORE) -> str:
    """SHA-256 (hex) of what makes reports, so that a change of words is no old report.

    That is all of our code in `room`, and the libraries that draw and write: sentences, the papers'
    figures and the tables' declarations come from everywhere, and a report that is drawn once more
    after an update costs less than one that is wrong.
    """
    found = hashlib.sha256(repr([(name, version(name)) for name in _LIBRARIES]).encode())
    for path in sorted(room.rglob("*")):
        if path.suffix in _SOURCES:
            found.update(f"{path.relative_to(room).as_posix()} {digest(path)} ".encode())
    return found.hexdigest()


def digest(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def generator() -> str:
    """What a report says of its maker, in its element `<meta name="generator">`."""
    return f"Blindfold report {program()}"


def is_ours(page: bytes) -> bool:
    """Whether a report in HTML was written by this very program."""
    return f'<meta name="generator" content="{generator()}">'.encode() in page[:_HEAD_BYTES]
