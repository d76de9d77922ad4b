"""Verification pairs that come with a set: LFW's text files, or a `pairs.csv`."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pandas as pd

from core.errors import FacesError
from core.faces import aliases
from core.faces.faceset import Problem
from core.faces.folder import Tree
from core.faces.tables import TABLES, read_table, read_text

COLUMNS = ["a", "b", "same", "fold"]
LFW_FILES = ("pairs.txt", "pairsDevTest.txt", "pairsDevTrain.txt")
MAX_FOLD = 1_000_000
_SAME = {"1": True, "true": True, "yes": True, "same": True}
_SAME |= {"0": False, "-1": False, "false": False, "no": False, "different": False}
_COUNT = re.compile(r"[0-9]{1,9}")


def read_pairs(tree: Tree) -> pd.DataFrame | None:
    """The pairs that lie in the set (`a`, `b`, `same`, `fold`), or None.

    `pairs.csv` goes first, then LFW's `pairs.txt`, `pairsDevTest.txt` and `pairsDevTrain.txt`.
    """
    table = tree.named("pairs.csv")
    if table is not None:
        return _csv(tree.root / table)
    listed = tree.named(*LFW_FILES)
    return lfw_pairs(tree.root / listed) if listed is not None else None


def pairs_in(path: Path) -> pd.DataFrame:
    """The pairs in the file `path` (`a`, `b`, `same`, `fold`): a table, or text as LFW has it.

    Raises `FacesError` where it is not there or holds something else.
    """
    if not path.is_file():
        raise FacesError(f"{path} is no file: give a pairs.csv with a, b, same, or LFW's pairs.txt")
    return _csv(path) if path.suffix.lower() in TABLES else lfw_pairs(path)


def lfw_pairs(path: Path) -> pd.DataFrame:
    """Pairs in LFW's format (Huang et al. 2007, README 3c); `a`, `b` are stems `Name_0001`.

    The first line has the number of sets and pairs, or only the pairs where there is one set. Each
    set lists that many same-person pairs (`name i j`), then as many others (`name i name j`).
    """
    lines = [line.split() for line in read_text(path).splitlines()]
    lines = [line for line in lines if line]
    header = lines[0] if lines and len(lines[0]) <= 2 else []
    per_set = int(header[-1]) if header and _COUNT.fullmatch(header[-1]) else 0
    rows = []
    for place, line in enumerate(lines[1:] if header else lines):
        fold = place // (2 * per_set) if per_set else 0
        rows.append((*_pair(line, path.name, place), fold))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"same": bool, "fold": int})


def _pair(line: list[str], name: str, place: int) -> tuple[str, str, bool]:
    try:
        if len(line) == 3:
            return f"{line[0]}_{int(line[1]):04d}", f"{line[0]}_{int(line[2]):04d}", True
        first, i, second, j = line
        return f"{first}_{int(i):04d}", f"{second}_{int(j):04d}", False
    except ValueError as error:
        raise FacesError(
            f"'{name}' line {place + 2} is '{' '.join(line)[:80]}': 'name i j' or "
            "'name i name j' is needed, as LFW has it"
        ) from error


def _csv(path: Path) -> pd.DataFrame:
    table = read_table(path)
    names = {"a": ("a", "left", "first", "id_a", "image_a"), "fold": ("fold", "set", "fold_id")}
    names |= {"b": ("b", "right", "second", "id_b", "image_b")}
    names |= {"same": ("same", "is_same", "label", "match")}
    found = {key: aliases.find(table.columns, words) for key, words in names.items()}
    for key in ("a", "b", "same"):
        if found[key] is None:
            raise FacesError(f"'{path.name}': {aliases.missing(key, table.columns)}")
    same = table[found["same"]].str.strip().str.casefold().map(_SAME)
    if same.isna().any():
        word = table[found["same"]][same.isna()].iloc[0]
        raise FacesError(f"'{path.name}' has '{word[:80]}' in '{found['same']}': write 1 or 0")
    fold = 0 if found["fold"] is None else _folds(table[found["fold"]])
    pairs = pd.DataFrame({"a": table[found["a"]], "b": table[found["b"]], "same": same})
    pairs["fold"] = fold
    return pairs.astype({"same": bool, "fold": int})


def _folds(column: pd.Series) -> pd.Series:
    """Numbers of sets; what is none, or is beyond `MAX_FOLD`, counts as the first."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    return numbers.where(numbers.between(0, MAX_FOLD), 0).astype(int)


def resolve(
    pairs: pd.DataFrame, ids: list[str], files: list[str]
) -> tuple[pd.DataFrame | None, tuple[Problem, ...]]:
    """Pairs in terms of ids; pairs with a picture that is not there are left out and counted."""
    known: dict[str, str] = {}
    for name, file in zip(ids, files, strict=True):
        path = PurePosixPath(file)
        for word in (path.stem, path.name, file, name):
            known[word] = name
    a, b = pairs["a"].map(known), pairs["b"].map(known)
    there = (a.notna() & b.notna()).to_numpy()
    lost = int((~there).sum())
    problems: tuple[Problem, ...] = ()
    if lost:
        detail = f"{lost} of {len(pairs)} verification pairs name a picture that is not used here"
        problems = (Problem("pairs", "missing file", detail),)
    if not there.any():
        return None, problems
    kept = pairs.assign(a=a, b=b)[there].reset_index(drop=True)[COLUMNS]
    return kept.astype({"a": str, "b": str, "same": bool, "fold": int}), problems
