"""A table without the figures that are withheld: a row of few people, or of a withheld group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.report.withheld import GROUPED, HIDDEN, Withheld

_KEPT = frozenset((
    "chance", "null", "far", "removed", "kept", "width", "strength", "dial", "step", "au",
    "share_of_area",
))  # fmt: skip
"""Numbers that say what was asked or what guessing gives, and nothing of people; every other
number of a row goes, those of columns that are still to come among them."""
_COUNTS = ("n", "identities", "pairs", "positives")
_DROPPED = ("relevance_maps", "frontier", "projection")
"""Tables of which a withheld row goes altogether, though it has a status or nothing to empty; the
rows of tables without a status go as well, since nothing could say why they are empty."""
_PARTS = re.compile(r" & | - | x ")


def emptied(
    name: str,
    table: pd.DataFrame,
    people: np.ndarray,
    told: Withheld,
    classes: Mapping[str, set[str]],
) -> tuple[pd.DataFrame, int]:
    """The table `name` without what is withheld, and how many rows lost their figures.

    `people` float64 (rows,) as `rests_on` gives it, `told` the groups that this table withholds,
    `classes` those of each label that are withheld from matrices and maps.
    """
    if table.empty:
        return table, 0
    few = (people > 0) & (people < told.smallest)
    gone = few | _of_group(name, table, told, classes)
    if name in _DROPPED or "status" not in table.columns:
        left = table[~gone]
        return _maps(left, classes) if name == "projection" else left, int(gone.sum())
    return _blank(table, few, gone, told)


def _blank(
    table: pd.DataFrame, few: np.ndarray, gone: np.ndarray, told: Withheld
) -> tuple[pd.DataFrame, int]:
    """`table` with a status in place of the figures of `gone` rows, `few` of them on few people."""
    numbers = [
        one for one in table.columns
        if pd.api.types.is_numeric_dtype(table[one]) and one not in (*_KEPT, *_COUNTS)
    ]  # fmt: skip
    gone = gone & table[numbers].notna().any(axis=1).to_numpy()
    if not gone.any():
        return table, 0
    table = table.copy()
    for column in numbers:
        table[column] = table[column].astype(float)
        table.loc[gone, column] = None
    for column in (one for one in _COUNTS if one in table.columns):
        table.loc[gone, column] = 0  # who draws asks for whole numbers; `cells.people` says why
    table["status"] = table["status"].astype(object)
    table.loc[gone, "status"] = told.beside
    table.loc[gone & few, "status"] = told.status
    return table, int(gone.sum())


def _of_group(
    name: str, table: pd.DataFrame, told: Withheld, classes: Mapping[str, set[str]]
) -> np.ndarray:
    """Which rows are of a group or class that is withheld, bool (rows,)."""
    rows = table.to_dict("records") if name in (*GROUPED, "differences", "confusion") else []
    if name == "differences":
        found = [_of_difference(str(row["attribute"]), told) for row in rows]
    elif name == "confusion":
        found = [bool(classes.get(str(row["attribute"]))) for row in rows]
    elif name == "pairs" and "class" in table:
        keys = zip(table["attribute"].astype(str), table["class"].astype(str), strict=True)
        found = [one in classes.get(label, ()) for label, one in keys]
    elif name in GROUPED:
        found = [_is_withheld(name, row, told) for row in rows]
    else:
        return np.zeros(len(table), dtype=bool)
    return np.array(found, dtype=bool)


def _is_withheld(name: str, row: Mapping[Any, Any], told: Withheld) -> bool:
    """Whether a row is of a withheld group, or made from one."""
    columns, whose = GROUPED[name]
    label = str(row[whose]) if whose else name
    hidden = set(told.groups.get(label, ())) | set(told.groups.get(label.split("=")[0], ()))
    if not hidden:
        return False
    named = " & ".join(str(row[one]) for one in columns)
    if named in hidden or _part_of(named, hidden):
        return True
    whole = hidden - {one for one in hidden if " & " in one}
    return bool(whole) and (named == "worst" or row.get("metric") == "odds")


def _of_difference(attribute: str, told: Withheld) -> bool:
    """Whether a paired difference is of a gap between withheld groups, "gender: a - b"."""
    label, colon, pair = attribute.partition(": ")
    hidden = {one for one in told.groups.get(label, ()) if " & " not in one}
    return bool(colon and hidden) and (pair == "worst" or _part_of(pair, hidden))


def _part_of(named: str, hidden: Iterable[str]) -> bool:
    """Whether a name is made from one that is hidden: a gap, an interaction, a crossed group."""
    names: Sequence[str] = sorted(hidden)
    return bool(set(names) & set(_PARTS.split(named))) or any(
        named.startswith(one + between) or named.endswith(between + one)
        for one in names for between in (" & ", " - ", " x ")
    )  # fmt: skip


def _maps(table: pd.DataFrame, classes: Mapping[str, set[str]]) -> pd.DataFrame:
    """Maps on which the classes that are withheld cannot be told from one another."""
    table = table.copy()
    for label in (one for one, own in classes.items() if own and one in table.columns):
        texts = table[label].astype(object)
        table[label] = texts.where(~texts.astype(str).isin(classes[label]), HIDDEN)
    return table
