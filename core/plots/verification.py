"""Verification in words and figures: every sentence is made from values, intervals and statuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.plots.compare import Span, rows_of, span_of
from core.plots.compare_inside import ramp
from core.plots.template import template
from core.plots.tokens import Tokens, full

TABLES = ("verification", "roc", "expression", "groups", "differences")
"""The tables that are looked at."""
SHOWN = {
    "eer": "EER", "auc": "AUC", "accuracy": "accuracy", "tar@0.01": "TAR at FAR 1 %",
    "tar@0.001": "at 0.1 %", "tar@0.0001": "at 0.01 %", "rank1": "rank 1",
}  # fmt: skip
"""Figures of the table and their heads, in order."""
DIGITS = {"eer": 4, "auc": 4}
"""Digits behind the point; all others have three."""
FAR = 0.01
"""The rate that the old threshold of x was chosen for."""
_CELLS = 10
"""With more expressions than these the cells of the heat map are too small for figures."""


@dataclass(frozen=True)
class Verified:
    """One representation: its figures by metric, each with interval and status."""

    name: str
    figures: Mapping[str, Span]

    def get(self, metric: str) -> Span:
        """The figure, or an empty one."""
        return self.figures.get(metric, Span())


def verified(verification: pd.DataFrame) -> list[Verified]:
    """A record for each representation in the order of the table, by the papers' distance."""
    found: dict[str, dict[str, Span]] = {}
    for row in sorted(rows_of(verification), key=lambda row: row["distance"] != "euclidean"):
        own = found.setdefault(str(row["representation"]), {})
        own.setdefault(str(row["metric"]), span_of(row, ("value", "low", "high")))
    order = dict.fromkeys(verification["representation"].astype(str))
    return [Verified(name, found[name]) for name in order]


def verification_title(
    shown: Sequence[Verified], differences: pd.DataFrame | None, controls: Sequence[str]
) -> str:
    """The finding: how well x verifies, and what costs most of it."""
    x = next((one for one in shown if one.name == "x"), shown[0] if shown else None)
    own = Span() if x is None else x.get("accuracy")
    if x is None or own.value is None:
        return "Not enough data to say how well faces are verified"
    said = f"{full(x.name)} tells {_percent(own)} of pairs rightly"
    if own.status == "few people":
        return f"{said}, from few people"
    losses = [
        (row["difference"], str(row["a"]))
        for row in rows_of(differences, table="verification", metric="accuracy", b=x.name)
        if row["a"] not in controls and row["high"] < 0
    ]
    if losses:
        lost, name = min(losses)
        return f"{said}; most is lost by {full(name)}: {-100 * lost:.1f} points"
    others = [one for one in shown if one.name != x.name and one.name not in controls]
    return f"{said}; no suppressor loses any that could be told" if others else said


def cross_sentence(one: Verified, x: Verified | None) -> str:
    """Must people be enrolled again, and can old and new be linked? From the figures alone."""
    return " ".join(part for part in (_enrolled(one, x), _linked(one)) if part)


def _enrolled(one: Verified, x: Verified | None) -> str:
    """What becomes of an old gallery at the old threshold."""
    accepted, wrong = one.get("cross_accepted"), one.get("cross_false")
    if one.get("cross").status == "not comparable":
        return (
            "Its vectors have another width than x: an old gallery cannot be compared with them. "
            "People are enrolled again, or their old vectors are put through it."
        )
    if accepted.value is None or accepted.high is None:
        return "Not enough data to say whether an old gallery still serves."
    before = Span() if x is None else x.get("tar@0.01")
    told = (
        f"Against an old gallery of x, at the threshold of x for a FAR of 1 %, {_percent(accepted)}"
        " of a person's own pairs are accepted"
    )
    told += f" and {_percent(wrong)} of strangers'" if wrong.value is not None else ""
    if before.value is None or before.low is None:
        return f"{told}."
    if accepted.high < before.low:
        return (
            f"{told}; x against x has {_percent(before)}: people must be enrolled again, or their "
            "old vectors put through it."
        )
    if wrong.low is not None and wrong.low > FAR:
        return f"{told}: more strangers than before, so that a threshold must be chosen anew."
    return f"{told}, as x against x: nobody needs to be enrolled again."


def _linked(one: Verified) -> str:
    """Whether old and new vectors of a person are told from strangers'."""
    ways = [
        (span.value, words, span)
        for metric, words in (
            ("cross", "as they are"), ("cross_linked", "after a linear map learned on other people")
        )
        if (span := one.get(metric)).value is not None and span.low is not None and span.low > 0.5
    ]  # fmt: skip
    if ways:
        _, words, span = max(ways, key=lambda way: way[0] or 0)
        return (
            f"Old and new vectors of a person can be linked: AUC {span.value:.3f} "
            f"({span.low:.3f} to {span.high:.3f}), {words}."
        )
    if one.get("cross_linked").value is None:
        return ""
    return "Neither way of linking tried here beats guessing; that is no proof that none does."


def _percent(span: Span) -> str:
    assert span.value is not None
    if span.low is None or span.high is None:
        return f"{100 * span.value:.1f} %"
    return f"{100 * span.value:.1f} % ({100 * span.low:.1f} to {100 * span.high:.1f})"


@dataclass(frozen=True, eq=False)
class Mixed:
    """TAR of one representation by pair of expressions: `tar` (k, k) symmetric, NaN where none."""

    name: str
    classes: tuple[str, ...]
    tar: np.ndarray
    rows: tuple[dict[str, Any], ...]
    far: float | None


def mixed(expression: pd.DataFrame, name: str) -> Mixed:
    """The pairs of expressions of representation `name`."""
    rows = rows_of(expression, representation=name)
    names = [str(row[side]) for row in rows for side in ("expression_a", "expression_b")]
    classes = tuple(dict.fromkeys(names))
    tar = np.full((len(classes), len(classes)), np.nan)
    for row in rows:
        if not pd.isna(row["tar"]):
            a, b = (classes.index(str(row[side])) for side in ("expression_a", "expression_b"))
            tar[a, b] = tar[b, a] = row["tar"]
    fars = [float(row["far"]) for row in rows if not pd.isna(row["far"])]
    return Mixed(name, classes, tar, tuple(rows), fars[0] if fars else None)


def mixed_title(found: Mixed) -> str:
    """Which two expressions cost most, where their intervals lie apart."""
    told = [row for row in found.rows if not pd.isna(row["tar"]) and not pd.isna(row["low"])]
    if not told:
        return "Not enough data to say what expressions do to verification"
    worst, best = min(told, key=lambda row: row["tar"]), max(told, key=lambda row: row["tar"])
    if worst["high"] < best["low"]:
        return (
            f"{full(found.name)}: {_both(worst)} is accepted least, {100 * worst['tar']:.0f} %; "
            f"{_both(best)} most, {100 * best['tar']:.0f} %"
        )
    return f"{full(found.name)}: no two pairs of expressions can be told apart"


def _both(row: Mapping[str, Any]) -> str:
    return f"{row['expression_a']} with {row['expression_b']}"


def mixed_figure(found: Mixed, mode: Tokens) -> go.Figure:
    """The heat map with its figures in the cells; what has none stays empty."""
    names = [escape(name) for name in found.classes]
    small = len(names) <= _CELLS
    shown = ~np.isnan(found.tar)
    floor = float(np.floor(10 * found.tar[shown].min()) / 10) if shown.any() else 0.0
    figure = go.Figure(
        go.Heatmap(
            z=found.tar, x=names, y=names, zmin=min(floor, 0.9), zmax=1, showscale=False,
            xgap=2, ygap=2, colorscale=ramp(mode), hoverongaps=False,
            texttemplate="%{z:.2f}" if small else None,
            textfont={"color": mode.text, "size": 13},
            hovertemplate="%{y} with %{x}: %{z:.3f} accepted<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(
        type="category", showgrid=False, ticks="", autotickangles=[0, -90], title_text="one picture"
    )
    figure.update_yaxes(
        type="category", autorange="reversed", showgrid=False, ticks="", title_text="the other"
    )
    figure.update_layout(
        template=template(mode), height=130 + max(40 * len(names), 120),
        margin={"l": 96, "r": 4, "t": 4, "b": 84},
    )  # fmt: skip
    return figure


def mixed_alt(found: Mixed) -> str:
    """What a screen reader says of the heat map."""
    said = [
        f"{_both(row)} {row['tar']:.2f}" if not pd.isna(row["tar"])
        else f"{_both(row)} {row['status']}"
        for row in found.rows
    ]  # fmt: skip
    return f"True acceptance of {found.name} by pair of expressions: " + "; ".join(said)


def roc_alt(roc: pd.DataFrame) -> str:
    """What a screen reader says of the curves."""
    said = []
    for name, own in roc.dropna(subset=["tar"]).groupby("representation", sort=False):
        first = own.sort_values("far").iloc[0]
        said.append(f"{name} accepts {first['tar']:.3f} at {first['far']:.3g}")
    return "True against false acceptance: " + ("; ".join(said) or "not enough data")
