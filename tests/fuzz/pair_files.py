"""Lists of verification pairs, LFW's text and CSV, for `core.faces.pairs`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from hypothesis import strategies as st

from core.faces.pairs import COLUMNS, pairs_in, resolve
from tests.fuzz.edits import Edit, edited, edits, often
from tests.fuzz.reader import Reader, one_problem

IDS = ("Ann_Lee_0001", "Ann_Lee_0002", "Bo_0001", "Cy_0001")
"""The faces of the set that the pairs are resolved in."""
NUMBERS = ("1", "2", "0001", "0", "-1", "1.0", "1_0", "²", "٣", "x", "", "9" * 30, "9" * 5000, "\0",
           "1e3", "2147483648")  # fmt: skip
PEOPLE = (
    "Ann_Lee",
    "Bo",
    "Cy",
    "Nobody",
    "..",
    "/etc/passwd",
    "é",
    "\x1b[1m",
    "\u202e",
    "1",
    "z" * 999,
)
FIRST = ("2\t1", "1", "10 300", "²", "0", "-3", "9" * 30, "9" * 5000, "a", "a b", "", "1 2 3", "٣")
CELLS = ("Ann_Lee_0001", "Ann_Lee_0002.jpg", "Bo_0001", "Cy_0001", "nobody", "", "../x", "\x1b[1m",
         "1", "0", "true", "no", "same", "-1", "yes", "2", "1.0", "TRUE ", "inf", "-inf", "nan",
         "1e30", "1.5", "9" * 40, "0x1")  # fmt: skip
HEADS = (
    "a",
    "b",
    "same",
    "fold",
    "left",
    "Right",
    "image_a",
    "label",
    "set",
    "x",
    "",
    "A",
    "match",
)


@dataclass(frozen=True)
class Pairs:
    """Lines of a file of pairs; `suffix` says whether it is text or CSV."""

    suffix: str
    lines: tuple[str, ...]
    coding: str = "utf-8"
    edits: tuple[Edit, ...] = ()


def _text() -> st.SearchStrategy[tuple[str, ...]]:
    usual = st.sampled_from(("Ann_Lee\t1\t2", "Bo 1 Ann_Lee 1", "Cy 1 Bo 1"))
    number, person = st.sampled_from(NUMBERS), st.sampled_from(PEOPLE)
    same = st.tuples(person, number, number).map(" ".join)
    other = st.tuples(person, number, person, number).map("\t".join)
    loose = st.lists(person | number, max_size=6).map(" ".join)
    lines = st.lists(usual, max_size=5) | st.lists(usual | same | other | loose, max_size=6)
    return st.builds(lambda first, rest: (first, *rest), st.sampled_from(FIRST), lines)


def _csv() -> st.SearchStrategy[tuple[str, ...]]:
    head = st.just(("a", "b", "same", "fold")) | st.lists(
        st.sampled_from(HEADS), min_size=1, max_size=5, unique=True
    ).map(tuple)  # fmt: skip
    usual = st.tuples(st.sampled_from(CELLS[:4]), st.sampled_from(CELLS[:4]),
                      st.sampled_from(("1", "0")), st.sampled_from(CELLS))  # fmt: skip
    row = st.lists(st.sampled_from(CELLS), min_size=4, max_size=4).map(tuple)
    rows = st.lists(usual, max_size=5) | st.lists(usual | row, max_size=5)
    return st.builds(
        lambda names, cells: (
            ",".join(names), *(",".join((*row, *row)[: len(names)]) for row in cells)
        ), head, rows,
    )  # fmt: skip


def _cases() -> st.SearchStrategy[Pairs]:
    how = {
        "coding": often("utf-8", st.sampled_from(("utf-8-sig", "utf-16", "latin-1"))),
        "edits": often((), edits(reach=30)),
    }
    text = st.builds(Pairs, st.just(".txt"), _text(), **how)
    return text | st.builds(Pairs, st.just(".csv"), _csv(), **how)


def _build(case: Pairs, folder: Path) -> Path:
    path = folder / f"pairs{case.suffix}"
    path.write_bytes(edited("\n".join(case.lines).encode(case.coding, "replace"), case.edits))
    return path


def _keeps(found: pd.DataFrame, path: Path) -> None:
    """Two texts, whether they are one person, and a fold; resolved, both are faces of the set."""
    assert list(found.columns) == COLUMNS
    assert found["same"].dtype == bool
    assert found["fold"].dtype.kind == "i"
    assert (found["fold"] >= 0).all()
    for name in ("a", "b"):
        assert all(isinstance(cell, str) for cell in found[name])
    kept, problems = resolve(found, list(IDS), [f"set/{name}.jpg" for name in IDS])
    lost = len(found) - (0 if kept is None else len(kept))
    assert bool(problems) == bool(lost)
    for problem in problems:
        one_problem(problem)
    if kept is not None:
        assert set(kept["a"]) | set(kept["b"]) <= set(IDS)


def _sound(case: Pairs) -> bool:
    return case == Pairs(".txt", ("2\t1", "Ann_Lee\t1\t2", "Bo 1 Ann_Lee 1"))


READER = Reader("pairs", "lists of pairs", _cases(), _build, pairs_in, _keeps, _sound)
