"""What is behind the figures of a comparison: confusion matrices and training curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.plots.compare import Tables, rows_of
from core.plots.roc import DASHES
from core.plots.template import template
from core.plots.tokens import DARK, Tokens, colour, short

STEPS = {"sensitivenets": "epoch", "lntl": "epoch", "blindfold": "directions kept"}
"""What a step of the training curves is, by kind."""
_CLASSES = 12
"""With more classes than these, the cells of a confusion matrix are too small for figures."""
_SIDES = ("truth", "predicted")


@dataclass(frozen=True, eq=False)
class Confusion:
    """What the strongest attacker took each class for: `shares` (k, k), rows are the truth.

    Rows sum to 1; a class that nobody tested has a row of NaN.
    """

    name: str
    classes: tuple[str, ...]
    shares: np.ndarray

    @property
    def best(self) -> tuple[str, float] | None:
        """The class that is told best, and its share."""
        diagonal = self.shares.diagonal()
        if np.isnan(diagonal).all():
            return None
        place = int(np.nanargmax(diagonal))
        return self.classes[place], float(diagonal[place])


def confusions(tables: Tables, attribute: str, names: Sequence[str]) -> list[Confusion]:
    """The matrix of the strongest attacker of each of `names` that has one, on the same classes."""
    own = {
        name: rows_of(tables.confusion, representation=name, attribute=attribute,
                    attacker="strongest")
        for name in names
    }  # fmt: skip
    seen = {str(row[side]) for rows in own.values() for row in rows for side in _SIDES}
    classes = tuple(sorted(seen))
    return [_confusion(name, rows, classes) for name, rows in own.items() if rows]


def _confusion(name: str, rows: list[dict[str, Any]], classes: tuple[str, ...]) -> Confusion:
    place = {one: number for number, one in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)))
    for row in rows:
        counts[place[str(row["truth"])], place[str(row["predicted"])]] += row["count"]
    whole = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, whole, out=np.full_like(counts, np.nan), where=whole > 0)
    return Confusion(name, classes, shares)


def confusion_figure(found: Confusion, mode: Tokens) -> go.Figure:
    """The row-normalised matrix as a heat map from 0 to 1, its figures in the cells."""
    names = [escape(name) for name in found.classes]
    figure = go.Figure(
        go.Heatmap(
            z=found.shares, x=names, y=names, zmin=0, zmax=1, showscale=False, xgap=2, ygap=2,
            colorscale=ramp(mode), hoverongaps=False,
            texttemplate="%{z:.2f}" if len(names) <= _CLASSES else None,
            textfont={"color": mode.text, "size": 13},
            hovertemplate="%{y} taken for %{x}: %{z:.2f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text="taken for", type="category", showgrid=False, ticks="",
                        autotickangles=[0, -90])  # fmt: skip
    figure.update_yaxes(title_text="in truth", type="category", autorange="reversed",
                        showgrid=False, ticks="")  # fmt: skip
    figure.update_layout(
        template=template(mode), height=130 + max(38 * len(names), 120),
        margin={"l": 92, "r": 4, "t": 4, "b": 76},
    )  # fmt: skip
    return figure


def ramp(mode: Tokens) -> list[tuple[float, str]]:
    """The colours from 0 to 1: greys that the text can be read on everywhere."""
    return [(0.0, mode.band), (1.0, "#9AA0A4" if mode != DARK else "#5D656B")]


def confusion_alt(found: Confusion) -> str:
    """What a screen reader says of a matrix."""
    said = [
        f"{name} {share:.2f}"
        for name, share in zip(found.classes, found.shares.diagonal(), strict=True)
        if not np.isnan(share)
    ]
    return f"Confusion matrix of {short(found.name)}, shares right: " + "; ".join(said)


def curves(training: pd.DataFrame | None, name: str) -> dict[str, dict[str, pd.DataFrame]]:
    """The training curves of suppressor `name`: group, then curve, then its steps in order."""
    found: dict[str, dict[str, pd.DataFrame]] = {}
    if training is None:
        return found
    own = training[training["suppressor"].astype(str) == name].dropna(subset=["value"])
    for curve, steps in own.groupby("name", sort=False):
        found.setdefault(_group(str(curve)), {})[str(curve)] = steps.sort_values("step")
    return {group: found[group] for group in GROUPS if group in found}


GROUPS = {
    "loss parts": "what was minimised, on its own people",
    "in-loop detector": "accuracy on its own people: at chance here is no evidence",
    "fresh probe": "AUC on people held back, for whom it was not fitted",
    "what is kept": "on people held back",
}
"""Groups of training curves in the order in which they are shown, and what they are."""


def _group(curve: str) -> str:
    if curve.startswith("detector"):
        return "in-loop detector"
    if curve.startswith(("fresh probe", "leakage")):
        return "fresh probe"
    return "what is kept" if curve.startswith(("utility", "separation")) else "loss parts"


def training_figure(
    drawn: Mapping[str, pd.DataFrame], group: str, kind: str, mode: Tokens
) -> go.Figure:
    """One small multiple: the curves of one group of one suppressor, over its steps."""
    figure = go.Figure()
    for place, (name, steps) in enumerate(drawn.items()):
        short = len(steps) < 3
        figure.add_scatter(
            x=steps["step"], y=steps["value"], mode="lines+markers" if short else "lines",
            name=escape(name), hovertemplate="%{fullData.name}<br>%{x}: %{y:.3g}<extra></extra>",
            line={"color": colour(kind, mode), "width": 2, "dash": DASHES[place % len(DASHES)]},
        )  # fmt: skip
    values = [value for steps in drawn.values() for value in steps["value"]]
    if group != "loss parts" and 0 <= min(values) <= max(values) <= 1:
        figure.update_yaxes(range=[0, 1.02])
    figure.update_xaxes(title_text=STEPS.get(kind, "step"))
    figure.update_layout(
        template=template(mode), height=230 + 18 * len(drawn), showlegend=True,
        margin={"l": 44, "r": 8, "t": 8 + 20 * len(drawn), "b": 48},
        legend={"orientation": "v", "yref": "container", "y": 1, "yanchor": "top"},
    )  # fmt: skip
    return figure


def training_alt(drawn: Mapping[str, pd.DataFrame], name: str, group: str) -> str:
    """What a screen reader says of a small multiple."""
    return f"Training of {short(name)}, {group}: " + "; ".join(
        f"{curve} from {steps['value'].iloc[0]:.2f} to {steps['value'].iloc[-1]:.2f}"
        for curve, steps in drawn.items()
    )
