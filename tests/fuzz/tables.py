"""Tables of text, CSV and Parquet, for `core.faces.tables` and `core.encode.given`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from core.encode.embeddings import Embeddings
from core.encode.given import read_embeddings
from core.faces.tables import read_table
from tests.fuzz.edits import Edit, edited, edits, often
from tests.fuzz.reader import Reader, one_problem

NAMES = (
    "id", "ID", "file_name", "subject_id", "Subject ID", "name", "label", "expression", "male",
    "age", "e0", "e1", "e2", "E-3", "dim_1", "x", "embedding", "vector", "", " ", "a\nb",
    "\x1b[2J", "\u202eid", "same", "\ufeffid", "1", "nan", "=1+1", "n" * 3000, "'", 'q"q', "é",
    "AU01_r", "blindfold", "index", "__index_level_0__",
)  # fmt: skip
CELLS = (
    "", "a", "b", "007", "1", "0.5", "-1", "nan", "NA", "inf", "-Infinity", "1e400", "9" * 400,
    "=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "a,b", "a;b", "a\tb", 'say "hi"', "a\nb", "a\r\nb",
    "\0", "\x1b[31m", "\u202e", "\u2028", "𝔘", " x ", "true", "happy", "sad", "unknown", "x" * 200,
    "../../etc/passwd", "1_000", "٣", "0x10",
)  # fmt: skip


@dataclass(frozen=True)
class Written:
    """A CSV: `header` and `rows` of cells, how it is written, and changes to its bytes."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    mark: str = ","
    quoted: bool = True
    line: str = "\n"
    coding: str = "utf-8"
    wide: int = 0
    edits: tuple[Edit, ...] = ()


def _cases() -> st.SearchStrategy[Written]:
    header = st.lists(st.sampled_from(NAMES), min_size=1, max_size=6).map(tuple)
    plain = st.lists(st.sampled_from(NAMES[:10]), min_size=1, max_size=5, unique=True).map(tuple)
    row = st.lists(st.sampled_from(CELLS) | st.text(max_size=4), max_size=6).map(tuple)
    return st.builds(
        Written, header | plain, st.lists(row, max_size=6).map(tuple),
        mark=st.sampled_from((",", ",", ";", "\t", "|", " ")), quoted=often(True, st.just(False)),
        line=st.sampled_from(("\n", "\n", "\r\n", "\r")),
        coding=st.sampled_from(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1",
                                "utf-32", "cp1252")),
        wide=often(0, often(0, often(0, st.sampled_from((300, 3000, 30_000))))),
        edits=edits(reach=40),
    )  # fmt: skip


def csv_of(case: Written) -> bytes:
    """The bytes of the table; rows of the wrong length are made to fit now and then only."""
    names = case.header + tuple(f"e{place}" for place in range(case.wide))
    fit = len(case.rows) % 2 == 0 or case.wide
    rows = [(*row, *["1"] * len(names))[: len(names)] if fit else row for row in case.rows]
    lines = [case.mark.join(_cell(one, case) for one in row) for row in (names, *rows)]
    text = case.line.join([*lines, ""])
    return edited(text.encode(case.coding, "replace"), case.edits)


def _cell(text: str, case: Written) -> str:
    special = any(letter in text for letter in (case.mark, '"', "\n", "\r"))
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if case.quoted and special else text


def _build(case: Written, folder: Path) -> Path:
    path = folder / "table.csv"
    path.write_bytes(csv_of(case))
    return path


def keeps_table(frame: pd.DataFrame, path: Path) -> None:
    """A table of text with at least one row and columns of different names."""
    names = list(frame.columns)
    assert all(isinstance(name, str) for name in names)
    assert len(set(names)) == len(names)
    assert len(frame) >= 1
    for name in names:
        assert all(isinstance(cell, str) for cell in frame[name]), f"a cell of '{name}' is no text"


def keeps_vectors(found: Embeddings, path: Path) -> None:
    """Finite float32 vectors, none of zeros, each with an id of its own and labels as text."""
    x, table = found.x, found.table
    assert x.dtype == np.float32
    assert x.ndim == 2
    assert min(x.shape) >= 1
    assert len(table) == len(x)
    assert np.isfinite(x).all()
    assert x.any(axis=1).all()
    assert table["id"].is_unique
    assert list(table.columns) == ["id", "subject_id", *found.labels]
    for name in table.columns:
        assert all(isinstance(cell, str) for cell in table[name]), f"a cell of '{name}' is no text"
    assert len(found.digest) == 64
    for problem in found.problems:
        one_problem(problem)


TABLE = Reader("csv", "CSV tables", _cases(), _build, read_table, keeps_table)


# -- vectors in a CSV, with columns e0, e1, … and labels -------------------------------------------

NUMBERS = ("0", "1", "-2.5", "1e-3", "7", "3", "", "nan", "inf", "1e39", "1e400", "x", "0x1", "1,5")


@dataclass(frozen=True)
class Numbers:
    """Rows of numbers under e0, e1, … with ids and labels in front."""

    width: int
    rows: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()


def _numbers() -> st.SearchStrategy[Numbers]:
    good = st.sampled_from(NUMBERS[:6])
    row = st.lists(good, min_size=4, max_size=4).map(tuple)
    odd = st.lists(good | st.sampled_from(NUMBERS), min_size=4, max_size=4).map(tuple)
    names = st.lists(st.sampled_from(NAMES[:10]), max_size=3, unique=True).map(tuple)
    rows = st.lists(row, min_size=1, max_size=8) | st.lists(odd, min_size=1, max_size=8)
    return st.builds(Numbers, st.integers(1, 4), rows.map(tuple), names, edits(reach=40))


def _build_numbers(case: Numbers, folder: Path) -> Path:
    heads = (*case.labels, *(f"e{place}" for place in range(case.width)))
    lines = [",".join(heads)]
    for number, row in enumerate(case.rows):
        said = [f"{'ab'[number % 2]}{number // 2}" for _ in case.labels]
        lines.append(",".join((*said, *(f'"{one}"' for one in row[: case.width]))))
    path = folder / "vectors.csv"
    path.write_bytes(edited("\n".join(lines).encode(), case.edits))
    return path


VECTORS = Reader("vectors", "vectors in a CSV", _numbers(), _build_numbers, read_embeddings,
                 keeps_vectors)  # fmt: skip
