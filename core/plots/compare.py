"""Compare: what each representation still gives away and what it costs, side by side.

Rows are picked from the tables of a run into small records here; the modules beside this one make
sentences (`compare_words`) and figures (`compare_gaps`, `compare_frontier`, `compare_inside`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from core.papers import PaperFigure, printed
from core.plots.findings import CONTROLS, Line, lines
from core.plots.roc import COLOURS
from core.plots.tokens import DARK, Tokens

METRIC = "balanced_accuracy"
"""The figure of every comparison of leakage, as the headline's."""
NAMES = (
    "leakage", "verification", "differences", "confusion", "collapse", "training", "frontier",
)  # fmt: skip
"""The tables that are looked at."""
OURS = ("#6F6200", "#DDCF4B")
"""Yellow of Okabe and Ito, darkened and lightened until it can be read: the suppressor that is
ours, as `COLOURS` has the others."""
MARKS = {"x": "circle", "sensitivenets": "circle", "lntl": "diamond", "leace": "square",
         "blindfold": "triangle-up"}  # fmt: skip
GLYPHS = {"circle": "●", "diamond": "◆", "square": "■", "triangle-up": "▲",
          "cross": "✚"}  # fmt: skip
SIGNIFICANT = 0.05


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
    labels; `drop` is in per cent, `verification` a fraction; `rank` is the effective rank of the
    vectors and `rank_before` that of x.
    """

    name: str
    kind: str
    attribute: str
    after: Line | None
    before: Line | None
    drop: Span
    others: tuple[tuple[str, Line], ...]
    verification: Span
    rank: float | None
    rank_before: float | None
    cosine: float | None
    collapse: str

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


@dataclass(frozen=True)
class Printed:
    """A paper's figure, and ours for the same representation, label and attacker."""

    name: str
    ours: Line
    paper: PaperFigure


def kinds(config: Mapping[str, Any]) -> dict[str, str]:
    """The kind of each suppressor of a run's settings, by the name that its rows have."""
    return {one.get("name") or one["kind"]: one["kind"] for one in config.get("suppressors") or ()}


def representations(leakage: pd.DataFrame, attribute: str) -> list[str]:
    """What can be compared: x, the suppressors, then the controls."""
    return list(dict.fromkeys(one.representation for one in lines(leakage, attribute, METRIC)))


def default(names: Sequence[str]) -> list[str]:
    """The two that stand side by side unless others are chosen."""
    if {"sensitivenets", "lntl"} <= set(names):
        return ["sensitivenets", "lntl"]
    return sorted(names, key=lambda name: name in CONTROLS)[:2]


def cards(
    tables: Tables, attribute: str, names: Sequence[str], kind: Mapping[str, str]
) -> list[Card]:
    """A card for each of `names`; figures that no table has are None."""
    labels, best = _labels(tables), _best(tables)
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
                drop=_drop(tables.leakage, name, attribute),
                others=tuple(
                    (label, best[name, label])
                    for label in labels
                    if label != attribute and (name, label) in best
                ),
                verification=_verification(tables.verification, name),
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
        labels = list(dict.fromkeys([attribute, *_labels(tables)]))
    best = _best(tables)
    missing = {key for key, one in best.items() if one.value is None}
    return [
        # What a status takes back has no difference either.
        Gap(a, b, label, Span(), None)
        if label is not None and missing & {(a, label), (b, label)}
        else _gap(tables.differences, a, b, label)
        for a, b in combinations(names, 2)
        for label in (*labels, None)
    ]


def papers(tables: Tables, attribute: str, shown: Sequence[Card]) -> list[Printed]:
    """The papers' figures for x and the representations shown; they print accuracies."""
    kind = {"x": "x", **{card.name: card.kind for card in shown}}
    found = []
    for one in lines(tables.leakage, attribute, "accuracy"):
        own = kind.get(one.representation)
        paper = None if own is None else printed(own, attribute, one.attacker)
        if paper is not None:
            found.append(Printed(one.representation, one, paper))
    return found


def rows_of(frame: pd.DataFrame | None, **where: str) -> list[dict[str, Any]]:
    """The rows of `frame` in which every named column says what is given; none without a table."""
    if frame is None:
        return []
    chosen = np.ones(len(frame), dtype=bool)
    for column, value in where.items():
        chosen &= (frame[column].astype(str) == value).to_numpy()
    return [{str(k): v for k, v in row.items()} for row in frame[chosen].to_dict("records")]


def _labels(tables: Tables) -> list[str]:
    return list(dict.fromkeys(tables.leakage["attribute"].astype(str)))


def _best(tables: Tables) -> dict[tuple[str, str], Line]:
    """The strongest attacker's row by representation and label."""
    return {
        (one.representation, label): one
        for label in _labels(tables)
        for one in lines(tables.leakage, label, METRIC)
        if one.strongest
    }


def _given(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _span(row: Mapping[str, Any], keys: Sequence[str], scale: float = 1) -> Span:
    """The figure and its interval, times `scale`; a negative one turns the interval round."""
    value, low, high = (
        None if one is None else scale * one for one in (_given(row.get(key)) for key in keys)
    )
    low, high = (high, low) if scale < 0 else (low, high)
    return Span(value, low, high, str(row.get("status", "")))


def _drop(leakage: pd.DataFrame, name: str, attribute: str) -> Span:
    where = {"representation": name, "attribute": attribute, "metric": METRIC}
    rows = rows_of(leakage, attacker="strongest", **where)
    return _span(rows[0], ("dif", "dif_low", "dif_high")) if rows else Span()


def _verification(verification: pd.DataFrame | None, name: str) -> Span:
    rows = rows_of(verification, representation=name, metric="accuracy")
    rows.sort(key=lambda row: row["distance"] != "euclidean")  # the papers' distance
    return _span(rows[0], ("value", "low", "high")) if rows else Span()


def _gap(differences: pd.DataFrame | None, a: str, b: str, label: str | None) -> Gap:
    where = {"table": "verification", "metric": "accuracy"}
    if label is not None:
        where = {"table": "leakage", "metric": METRIC, "attribute": label}
    for one, other, scale in ((a, b, 100), (b, a, -100)):
        for row in rows_of(differences, a=one, b=other, **where):
            points = _span(row, ("difference", "low", "high"), scale)
            return Gap(a, b, label, points, _given(row.get("p_holm")))
    return Gap(a, b, label, Span(), None)


def colour(kind: str, mode: Tokens) -> str:
    """The fixed colour of a representation of this kind."""
    if kind == "x":
        return mode.text
    return {**COLOURS, "blindfold": OURS}.get(kind, (mode.muted, mode.muted))[mode == DARK]


def mark(kind: str) -> str:
    """The plotly symbol of a representation of this kind."""
    return MARKS.get(kind, "cross")
