"""The verification figure: ROC or DET curves by representation, with their bands.

Curves are means over test parts at fixed false acceptance rates. Both axes of the DET are errors
on the scale of the normal distribution (Martin et al. 1997), so that better is lower and left.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy.stats import norm

from core.plots.template import template
from core.plots.tokens import DARK, Tokens

Kind = Literal["roc", "det"]

HEIGHT = 380
"""Height in pixels; the width is that of the column."""
BAND = 0.16
"""Opacity of a band."""
TICKS = (0.0001, 0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.99)
"""Errors that the axes of a DET name."""
CLEAR = 0.0005
"""Errors below are drawn here in a DET: the normal scale has no place for none."""
COLOURS = {
    "sensitivenets": ("#0072B2", "#56B4E9"),
    "lntl": ("#A8517F", "#D98BB7"),
    "leace": ("#007A59", "#2FB58F"),
}
"""Each suppressor's own colour on the light and on the dark ground, the same in every figure."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def roc(table: pd.DataFrame, *, tokens: Tokens, kind: Kind = "roc") -> go.Figure:
    """Draw a table with the columns of `roc.csv`; an empty one gives axes and a sentence.

    x is drawn in the colour of the text, suppressors in their own, controls muted, and each has a
    dash besides. The figure has no title: the page says the finding above it.
    """
    figure = go.Figure()
    told = table.dropna(subset=["tar"])
    for place, name in enumerate(told["representation"].drop_duplicates()):
        own = told[told["representation"] == name].sort_values("far")
        if kind == "det":
            own = own[own["far"] < 1]
        colour = _colour(str(name), tokens)
        _band(figure, own, colour, kind)
        _line(figure, own, str(name), colour, DASHES[place % len(DASHES)], kind)
    if told.empty:
        _say_nothing(figure, tokens)
    if kind == "roc":
        _guessing(figure, told, tokens)
    _axes(figure, kind)
    figure.update_layout(template=template(tokens), height=HEIGHT, hovermode="closest")
    return figure


def _band(figure: go.Figure, own: pd.DataFrame, colour: str, kind: Kind) -> None:
    """The interval of the curve; rows without one are left out."""
    limits = own.dropna(subset=["low", "high"])
    far = _x(limits["far"], kind)
    figure.add_scatter(
        x=np.concatenate([far, far[::-1]]),
        y=np.concatenate([_y(limits["low"], kind), _y(limits["high"], kind)[::-1]]),
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=_faded(colour),
        hoverinfo="skip",
        showlegend=False,
    )


def _line(
    figure: go.Figure, own: pd.DataFrame, name: str, colour: str, dash: str, kind: Kind
) -> None:
    figure.add_scatter(
        x=_x(own["far"], kind),
        y=_y(own["tar"], kind),
        mode="lines",
        name=name,
        line={"color": colour, "width": 2, "dash": dash},
        customdata=own[["far", "tar", "low", "high"]].to_numpy(),
        hovertemplate=(
            "%{fullData.name}<br>false acceptance %{customdata[0]:.3g}<br>"
            "true acceptance %{customdata[1]:.3f} "
            "(%{customdata[2]:.3f} to %{customdata[3]:.3f})<extra></extra>"
        ),
    )


def _guessing(figure: go.Figure, told: pd.DataFrame, tokens: Tokens) -> None:
    """TAR = FAR, where verification is a guess."""
    start = float(told["far"].min()) if len(told) else 0.01
    far = np.geomspace(min(start, 0.5), 1, 50)
    line = {"color": tokens.chance, "width": 1, "dash": "dot"}
    figure.add_scatter(x=far, y=far, mode="lines", name="guessing", line=line, hoverinfo="skip")


def _say_nothing(figure: go.Figure, tokens: Tokens) -> None:
    figure.add_annotation(
        text="Not enough data for a curve: too few pairs of different people in a test part",
        x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"color": tokens.muted},
    )  # fmt: skip


def _axes(figure: go.Figure, kind: Kind) -> None:
    if kind == "roc":
        figure.update_xaxes(title_text="False acceptance rate", type="log", tickformat=".0e")
        figure.update_yaxes(title_text="True acceptance rate", range=[0, 1.01], tickformat=".0%")
        return
    ticks = {"tickvals": list(norm.ppf(TICKS)), "ticktext": [f"{100 * tick:g} %" for tick in TICKS]}
    figure.update_xaxes(title_text="False acceptance rate", **ticks)
    figure.update_yaxes(title_text="False rejection rate", **ticks)


def _x(far: pd.Series, kind: Kind) -> np.ndarray:
    values = far.to_numpy(dtype=float)
    return values if kind == "roc" else norm.ppf(np.clip(values, 1e-6, 1 - 1e-6))


def _y(tar: pd.Series, kind: Kind) -> np.ndarray:
    values = tar.to_numpy(dtype=float)
    return values if kind == "roc" else norm.ppf(np.clip(1 - values, CLEAR, 1 - CLEAR))


def _colour(name: str, tokens: Tokens) -> str:
    if name == "x":
        return tokens.text
    return COLOURS[name][tokens == DARK] if name in COLOURS else tokens.muted


def _faded(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {BAND})"
