"""Compare: what each representation still gives away and what it costs, side by side.

Rows are picked from the tables of a run into small records here; the modules beside this one make
sentences (`compare_words`) and figures (`compare_gaps`, `compare_frontier`, `compare_inside`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from core.plots.findings import CONTROLS, Line, lines
from core.plots.tokens import full, short

METRIC = "balanced_accuracy"
"""The figure of every comparison of leakage, as the headline's."""
NAMES = (
    "leakage", "verification", "differences", "confusion", "collapse", "training", "frontier",
    "groups",
)  # fmt: skip
"""The tables that are looked at."""
SIGNIFICANT = 0.05
Rows = pd.DataFrame | Sequence[dict[str, Any]]
"""A table, as a frame or as its `records`."""


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables of a run, as `NAMES` has them; None where the run has none."""

    leakage: pd.DataFrame
    verification: pd.DataFrame | None = None
    differences: pd.DataFrame | None = None
    confusion: pd.DataFrame | None = None
    collapse: pd.DataFrame | None = None
    training: pd.DataFrame | None = None
    frontier: pd.DataFrame | None = None
    groups: pd.DataFrame | None = None

    @cached_property
    def labels(self) -> list[str]:
        """The labels that were attacked."""
        return list(dict.fromkeys(self.leakage["attribute"].astype(str)))

    @cached_property
    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """The records of the tables that every card and every difference asks."""
        asked = ("leakage", "verification", "differences")
        return {name: records(getattr(self, name)) for name in asked}

    @cached_property
    def best(self) -> dict[tuple[str, str], Line]:
        """The strongest attacker's row by representation and label."""
        return {
            (one.representation, label): one
            for label in self.labels
            for one in lines(self.leakage, label, METRIC)
            if one.strongest
        }


@dataclass(frozen=True)
class Span:
    """A figure with its interval; what cannot be given is None."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    status: str = ""


@dataclass(frozen=True)
class Card:
    """One representation: leakage of `attribute` after and before (in x), and what it costs.

    `after` and `before` are the rows of the strongest attacker, `others` those of the other
    labels; `drop` is in per cent, `verification` a fraction, and `lost` is what it loses on x, in
    points; `rank` is the effective rank of the vectors and `rank_before` that of x.
    """

    name: str
    kind: str
    attribute: str
    after: Line | None
    before: Line | None
    drop: Span
    others: tuple[tuple[str, Line], ...]
    verification: Span
    lost: Span
    rank: float | None
    rank_before: float | None
    cosine: float | None
    collapse: str

    @property
    def label(self) -> str:
        """Its short name."""
        return short(self.name)

    @property
    def title(self) -> str:
        """Its name in full."""
        return full(self.name)

    @property
    def words(self) -> tuple[str, ...]:
        """What the leakage figure is called; nothing while it has not arrived."""
        return () if self.after is None else self.after.findings


@dataclass(frozen=True)
class Gap:
    """A paired difference `a` − `b` in points of one label, or of verification (`label` None)."""

    a: str
    b: str
    label: str | None
    points: Span
    p: float | None

    @property
    def told(self) -> bool:
        """Whether the two can be told apart: the interval clears zero and Holm's p allows it."""
        low, high = self.points.low, self.points.high
        if low is None or high is None or low <= 0 <= high:
            return False
        return self.p is None or self.p < SIGNIFICANT


def kinds(config: Mapping[str, Any]) -> dict[str, str]:
    """The kind of each suppressor of a run's settings, by the name that its rows have."""
    return {one.get("name") or one["kind"]: one["kind"] for one in config.get("suppressors") or ()}


def representations(leakage: pd.DataFrame, attribute: str) -> list[str]:
    """What can be compared: x, the suppressors, then the controls."""
    return list(dict.fromkeys(one.representation for one in lines(leakage, attribute, METRIC)))


def sensitive(config: Mapping[str, Any], leakage: pd.DataFrame) -> list[str]:
    """The labels that the suppressors were fitted against; unless told, the first attacked."""
    asked = config.get("sensitive")
    listed = [asked] if isinstance(asked, str) else list(asked or ())
    attacked = list(dict.fromkeys(leakage["attribute"].astype(str)))
    return [name for name in listed if name in attacked] or attacked[:1]


def default(names: Sequence[str]) -> list[str]:
    """The two that stand side by side unless others are chosen."""
    if {"sensitivenets", "lntl"} <= set(names):
        return ["sensitivenets", "lntl"]
    return sorted(names, key=lambda name: name in CONTROLS)[:2]


def cards(
    tables: Tables, attribute: str, names: Sequence[str], kind: Mapping[str, str]
) -> list[Card]:
    """A card for each of `names`; figures that no table has are None."""
    labels, best = tables.labels, tables.best
    ranks = {row["representation"]: row for row in rows_of(tables.collapse)}
    told = []
    for name in names:
        own = ranks.get(name, {})
        told.append(
            Card(
                name=name,
                kind=kind.get(name, name),
                attribute=attribute,
                after=best.get((name, attribute)),
                before=best.get(("x", attribute)),
                drop=dropped(tables.rows["leakage"], name, attribute),
                others=tuple(
                    (label, best[name, label])
                    for label in labels
                    if label != attribute and (name, label) in best
                ),
                verification=verified(tables.rows["verification"], name),
                lost=_lost(tables, name),
                rank=_given(own.get("effective_rank")),
                rank_before=_given(ranks.get("x", {}).get("effective_rank")),
                cosine=_given(own.get("mean_cosine")),
                collapse=str(own.get("status", "")),
            )
        )
    return told


def gaps(tables: Tables, attribute: str, names: Sequence[str]) -> list[Gap]:
    """The paired differences of every two of `names`; the chosen label first, verification last.

    Two are compared on all labels, more on the chosen one.
    """
    labels = [attribute]
    if len(names) == 2:
        labels = list(dict.fromkeys([attribute, *tables.labels]))
    missing = {key for key, one in tables.best.items() if one.value is None}
    return [
        # What a status takes back has no difference either.
        Gap(a, b, label, Span(), None)
        if label is not None and missing & {(a, label), (b, label)}
        else _gap(tables.rows["differences"], a, b, label)
        for a, b in combinations(names, 2)
        for label in (*labels, None)
    ]


def records(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Every row, to be asked many times: `rows_of` looks through these faster than in a frame."""
    if frame is None:
        return []
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def rows_of(rows: Rows | None, **where: str) -> list[dict[str, Any]]:
    """The rows in which every named column says what is given; none without a table."""
    if rows is None:
        return []
    if not isinstance(rows, pd.DataFrame):
        return [row for row in rows if all(str(row[key]) == one for key, one in where.items())]
    chosen = np.ones(len(rows), dtype=bool)
    for column, value in where.items():
        chosen &= (rows[column].astype(str) == value).to_numpy()
    return records(rows[chosen])


def _given(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def span_of(row: Mapping[str, Any], keys: Sequence[str], scale: float = 1) -> Span:
    """The figure and its interval, times `scale`; a negative one turns the interval round."""
    value, low, high = (
        None if one is None else scale * one for one in (_given(row.get(key)) for key in keys)
    )
    low, high = (high, low) if scale < 0 else (low, high)
    return Span(value, low, high, str(row.get("status", "")))


def dropped(leakage: Rows | None, name: str, attribute: str) -> Span:
    """The accuracy drop of the strongest attacker, in per cent; that of `random` is the ceiling."""
    where = {"representation": name, "attribute": attribute, "metric": METRIC}
    rows = rows_of(leakage, attacker="strongest", **where)
    return span_of(rows[0], ("dif", "dif_low", "dif_high")) if rows else Span()


def verified(verification: Rows | None, name: str) -> Span:
    """The verification accuracy of a representation, a fraction, by the papers' distance."""
    rows = rows_of(verification, representation=name, metric="accuracy")
    rows.sort(key=lambda row: row["distance"] != "euclidean")
    return span_of(rows[0], ("value", "low", "high")) if rows else Span()


def _lost(tables: Tables, name: str) -> Span:
    """Points of verification that are lost on x: the paired difference, with its interval; where
    there is none, the difference of the two figures."""
    if name == "x":
        return Span(0.0)
    paired = _gap(tables.rows["differences"], "x", name, None).points
    if paired.value is not None:
        return paired
    x, own = (verified(tables.rows["verification"], one).value for one in ("x", name))
    return Span(None if x is None or own is None else 100 * (x - own))


def _gap(differences: Rows | None, a: str, b: str, label: str | None) -> Gap:
    where = {"table": "verification", "metric": "accuracy"}
    if label is not None:
        where = {"table": "leakage", "metric": METRIC, "attribute": label}
    for one, other, scale in ((a, b, 100), (b, a, -100)):
        for row in rows_of(differences, a=one, b=other, **where):
            points = span_of(row, ("difference", "low", "high"), scale)
            return Gap(a, b, label, points, _given(row.get("p_holm")))
    return Gap(a, b, label, Span(), None)
