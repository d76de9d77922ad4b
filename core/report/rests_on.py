"""How many people the rows of a table rest on, also where the table does not say so.

Paired differences, curves, confusion matrices, the frontier and the maps have no column
`identities` (CONTRACT). What they were made from has one: a row rests on the fewest people of any
part that went into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

PEOPLE = "identities"

_MADE = ("roc", "confusion", "frontier", "differences")
"""Tables without counts whose rows were made from those of others."""

Part = tuple[str, tuple[tuple[str, str], ...]]
"""Rows of another table: its name, and columns with what they say there."""


def people(name: str, tables: Mapping[str, pd.DataFrame], audit: Mapping[str, Any]) -> np.ndarray:
    """The fewest people behind each row of the table `name`, float64 (rows,).

    All people of the audit where nothing closer is known; NaN where nobody is named.
    """
    table = tables[name]
    whole = everybody(name, audit)
    if PEOPLE in table:
        own = table[PEOPLE].to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(own > 0, own, whole)
    if name not in _MADE:
        return np.full(len(table), whole)
    fewest = _Fewest(tables)
    found = [
        min((n for part in _parts(name, row, audit) if (n := fewest.of(part)) is not None),
            default=whole)
        for row in table.to_dict("records")
    ]  # fmt: skip
    return np.array(found, dtype=np.float64)


def everybody(name: str, audit: Mapping[str, Any]) -> float:
    """People of the whole audit; on maps those of the one test part that they show."""
    count = audit["data"].get(PEOPLE)
    if name in ("projection", "projection_quality"):
        count = ((audit.get("facts") or {}).get("projection") or {}).get("people", count)
    return np.nan if count is None else float(count)


def _parts(name: str, row: Mapping[Any, Any], audit: Mapping[str, Any]) -> Iterator[Part]:
    """The rows that a row of the table `name` was made from."""
    if name == "roc":
        yield "verification", (("representation", str(row["representation"])),)
    elif name == "confusion":
        keys = ("representation", "attribute", "attacker")
        yield "leakage", tuple((key, str(row[key])) for key in keys)
    elif name == "frontier":
        # Attacked and verified as x is, on the same people.
        label = str((audit.get("headline") or {}).get("attribute"))
        yield "leakage", (("representation", "x"), ("attribute", label))
        yield "verification", (("representation", "x"),)
    elif name == "differences":
        yield from _compared(row)


def _compared(row: Mapping[Any, Any]) -> Iterator[Part]:
    """The two figures of a paired difference, or the groups of the two gaps."""
    table, label = str(row["table"]), str(row["attribute"])
    if table == "fairness":
        protected, _, pair = label.partition(": ")
        for group in (pair, *pair.split(" - ")):
            yield table, (("protected", protected), ("group", group))
        return
    for side in (str(row["a"]), str(row["b"])):
        if table == "leakage":
            yield table, (("representation", side), ("attribute", label))
        elif table == "verification":
            yield table, (("representation", side),)
        elif table == "anonymity":
            yield table, (("network", side), ("task", label))


class _Fewest:
    """The fewest people of rows of tables that say how many there are."""

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self._tables = tables
        self._kept: dict[tuple[str, ...], dict[tuple[str, ...], float]] = {}

    def of(self, part: Part) -> float | None:
        """The fewest people of the rows of `part`; None where there are no such rows."""
        name, where = part
        columns = tuple(column for column, _ in where)
        if (name, *columns) not in self._kept:
            self._kept[name, *columns] = self._read(name, columns)
        return self._kept[name, *columns].get(tuple(value for _, value in where))

    def _read(self, name: str, columns: tuple[str, ...]) -> dict[tuple[str, ...], float]:
        table = self._tables.get(name)
        if table is None or not {PEOPLE, *columns} <= set(table.columns):
            return {}
        known = table[table[PEOPLE] > 0]
        keys = [known[column].astype(str) for column in columns]
        found: dict[tuple[str, ...], float] = {}
        for *key, count in zip(*keys, known[PEOPLE], strict=True):
            place = tuple(key)
            found[place] = min(float(count), found.get(place, np.inf))
        return found
