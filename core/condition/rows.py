"""Looks a figure of a condition up in a table: one row, or a word why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.condition.figures import RELEASED, Wanted, unknown
from core.errors import ConditionError

Known = Callable[[str], Sequence[str]]

UNSOUND = {
    "not enough data": "not enough data",
    "probe failed": "probe failed: every attacker missed the code that was planted for it",
    "anti-learning": "anti-learning: below chance, which is an alarm and never privacy",
    "not comparable": "not comparable",
}
"""Statuses whose figure does not stand, and how they are told."""


@dataclass(frozen=True)
class Found:
    """A figure of a condition: `value` is what is held against the number, None with the reason
    `why` where it does not stand. `said` is it in words, with interval and people."""

    text: str
    value: float | None = None
    said: str = ""
    why: str = ""


def look_up(
    asked: Wanted,
    table: pd.DataFrame | None,
    spoken: Mapping[str, str],
    known: Known,
) -> Found:
    """The figure `asked` for in `table`; `spoken` is what "released" means in a column.

    `known` gives the values of a column that the audit was to have, whether or not there are rows.
    Raises `ConditionError` where a name is neither there nor was to be, or several rows fit.
    """
    where = {
        key: spoken.get(key, word) if word == RELEASED else word
        for key, word in asked.where.items()
    }
    asked = replace(asked, where=where)
    if table is None or table.empty:
        return Found(str(asked), why=f"the audit has no rows in the table '{asked.figure.table}'")
    absent = [key for key in where if key not in table.columns]
    if absent:
        return Found(str(asked), why=f"the table has no column '{absent[0]}': an older audit")
    sign = 1
    rows = _rows(table, where)
    if rows.empty and asked.asked.swapped is not None:
        a, b = asked.asked.swapped
        turned = {**where, **{x: where[y] for x, y in ((a, b), (b, a)) if y in where}}
        rows, sign = _rows(table, turned), -1
    if rows.empty:
        _refuse_unknown(asked, table, known)
        return Found(str(asked), why="the audit has no such row: it could not be measured")
    if len(rows) > 1:
        raise _several(asked, rows)
    return _found(asked, rows.iloc[0], sign)


def _rows(table: pd.DataFrame, where: Mapping[str, str]) -> pd.DataFrame:
    chosen = np.ones(len(table), dtype=bool)
    for column, word in where.items():
        chosen &= _equal(table[column], word)
    return table[chosen]


def _equal(column: pd.Series, word: str) -> np.ndarray:
    """Where `column` says `word`; numbers as numbers, so that 0.9 and 0.90 are one."""
    if pd.api.types.is_numeric_dtype(column):
        number = pd.to_numeric(pd.Series([word]), errors="coerce").iloc[0]
        return np.isclose(column.to_numpy(dtype=float), number, rtol=1e-9, atol=1e-12)
    return (column.astype(str) == word).to_numpy()


def _refuse_unknown(asked: Wanted, table: pd.DataFrame, known: Known) -> None:
    """Raise for the first value that no row has and that was not to be there."""
    swapped = asked.asked.swapped or ()
    closed = {asked.asked.name: asked.asked.names}
    for column, word in asked.where.items():
        columns = swapped if column in swapped else (column,)
        if any(_equal(table[one], word).any() for one in columns):
            continue
        there = [str(value) for one in columns for value in table[one].dropna().unique()]
        names = list(dict.fromkeys([*there, *known(column), *closed.get(column, ())]))
        if word not in names:
            raise unknown(f"{column} in the table '{asked.figure.table}'", word, names)


def _several(asked: Wanted, rows: pd.DataFrame) -> ConditionError:
    open_keys = [
        key
        for key in asked.asked.keys
        if key in rows.columns and key not in asked.where and len(rows[key].unique()) > 1
    ]
    if not open_keys:
        return ConditionError(
            f"'{asked.figure}' means {len(rows)} rows of the table '{asked.figure.table}', which "
            "nothing tells apart: ask for another figure"
        )
    key = open_keys[0]
    values = ", ".join(str(one) for one in rows[key].unique()[:8])
    return ConditionError(
        f"'{asked.figure}' means {len(rows)} rows of the table '{asked.figure.table}': say which "
        f"{key} ({values}), as in {key}=…"
    )


def _found(asked: Wanted, row: pd.Series, sign: int) -> Found:
    status = str(row.get("status", "ok"))
    value, low, high = (
        None if column is None or pd.isna(row[column]) else float(row[column])
        for column in asked.columns
    )
    if sign < 0 and asked.kind != "p_holm":
        value, low, high = (None if one is None else -one for one in (value, high, low))
    text = str(asked)
    chosen = dict(zip(("value", "low", "high"), (value, low, high), strict=True))[asked.bound]
    if status in UNSOUND:
        return Found(text, why=UNSOUND[status])
    if value is None or chosen is None:
        what = "interval" if value is not None else "figure"
        return Found(text, why=f"the row gives no {what}; its status is '{status}'")
    figure = _figure(value, low, high, asked, row)
    if asked.bound != "value":
        end = {"low": "lower", "high": "upper"}[asked.bound]
        figure = f"{chosen:.3g}{_unit(asked)}, the {end} limit of {figure}"
    return Found(text, chosen, f"{text} is {figure}")


def _figure(
    value: float, low: float | None, high: float | None, asked: Wanted, row: pd.Series
) -> str:
    """ "0.424 (0.401 to 0.448, 230 identities)"; a status other than "ok" stands behind."""
    unit = _unit(asked)
    more = [] if low is None or high is None else [f"{low:.3g} to {high:.3g}{unit}"]
    people = row.get("identities")
    if people is not None and not pd.isna(people):
        more.append(f"{int(people):,} identities")
    status = str(row.get("status", "ok"))
    more += [] if status == "ok" else [status]
    told = f"{value:.3g}{unit}"
    return f"{told} ({', '.join(more)})" if more else told


def _unit(asked: Wanted) -> str:
    return " %" if asked.in_per_cent else ""
