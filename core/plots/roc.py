"""The verification figure: ROC or DET curves by representation, with their bands.

Curves are means over test parts at fixed false acceptance rates. Both axes of the DET are errors
on the scale of the normal distribution (Martin et al. 1997), so that better is lower and left.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy.stats import norm

from core.plots.template import template
from core.plots.tokens import Tokens, colour, mark, short

Kind = Literal["roc", "det"]

HEIGHT = 380
"""Height in pixels; the width is that of the column."""
BAND = 0.16
"""Opacity of a band."""
LABEL = 0.065
"""Height of a label, as a part of the axis."""
ROOM = 0.22
"""Room for labels left of the curves, as a part of the axis."""
DECADES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1)
"""False acceptance rates that the axis of a ROC names."""
MARKED = (1e-4, 1e-3, 1e-2, 1e-1)
"""False acceptance rates at which a curve carries its mark."""
TICKS = (0.0001, 0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.99)
"""Errors that the axes of a DET name."""
CLEAR = 0.0005
"""Errors below are drawn here in a DET: the normal scale has no place for none."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def roc(
    table: pd.DataFrame,
    *,
    tokens: Tokens,
    kind: Kind = "roc",
    kinds: Mapping[str, str] | None = None,
) -> go.Figure:
    """Draw a table with the columns of `roc.csv`; an empty one gives axes and a sentence.

    x is drawn in the colour of the text, suppressors in the colour and with the mark of their kind
    (`kinds`, by name, where a name is not its kind), controls muted, and each has a dash besides
    and its name beside it. The figure has no title: the page says the finding above it.
    """
    figure = go.Figure()
    told = table.dropna(subset=["tar"])
    names: list[tuple[str, str, float]] = []
    for place, name in enumerate(told["representation"].astype(str).drop_duplicates()):
        own = told[told["representation"] == name].sort_values("far")
        if kind == "det":
            own = own[own["far"] < 1]
        sort = (kinds or {}).get(name, name)
        shade = colour(sort, tokens)
        _band(figure, own, shade, kind)
        _line(figure, own, name, shade, DASHES[place % len(DASHES)], kind)
        _marks(figure, own, name, sort, shade, kind)
        names.append((name, shade, float(_y(own["tar"], kind)[0])))
    if told.empty:
        _say_nothing(figure, tokens)
    if kind == "roc":
        _guessing(figure, told, tokens)
    _axes(figure, kind)
    _labels(figure, names, told, kind)
    figure.update_layout(
        template=template(tokens), height=HEIGHT, hovermode="closest", showlegend=False
    )
    return figure


def _labels(
    figure: go.Figure, names: list[tuple[str, str, float]], told: pd.DataFrame, kind: Kind
) -> None:
    """Each curve's name where it begins, pushed apart so that none lies on another."""
    if not names:
        return
    low, high = (0.0, 1.01) if kind == "roc" else figure.layout.yaxis.range
    apart, order = LABEL * (high - low), sorted(names, key=lambda one: one[2])
    places: list[float] = []
    for _, _, wanted in order:
        places.append(max(wanted, places[-1] + apart if places else low))
    for number in range(len(places) - 1, -1, -1):  # back down from the edge
        top = places[number + 1] - apart if number + 1 < len(places) else high - apart / 2
        places[number] = min(places[number], top)
    far = _x(told["far"], kind)
    start, end = (np.log10(far.min()), 0.0) if kind == "roc" else (far.min(), far[far < 3].max())
    if kind == "roc":
        figure.update_xaxes(tickvals=[one for one in DECADES if np.log10(one) >= start - 1e-9])
    figure.update_xaxes(range=[start - ROOM * (end - start), end])
    for (name, shade, _), place in zip(order, places, strict=True):
        figure.add_annotation(
            x=start, y=place, text=escape(short(name)),
            showarrow=False, xanchor="right", xshift=-8, font={"size": 13, "color": shade},
        )  # fmt: skip


def _band(figure: go.Figure, own: pd.DataFrame, shade: str, kind: Kind) -> None:
    """The interval of the curve; rows without one are left out."""
    limits = own.dropna(subset=["low", "high"])
    far = _x(limits["far"], kind)
    figure.add_scatter(
        x=np.concatenate([far, far[::-1]]),
        y=np.concatenate([_y(limits["low"], kind), _y(limits["high"], kind)[::-1]]),
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=_faded(shade),
        hoverinfo="skip",
        showlegend=False,
    )


def _line(
    figure: go.Figure, own: pd.DataFrame, name: str, shade: str, dash: str, kind: Kind
) -> None:
    figure.add_scatter(
        x=_x(own["far"], kind),
        y=_y(own["tar"], kind),
        mode="lines",
        name=escape(name),
        line={"color": shade, "width": 2, "dash": dash},
        customdata=own[["far", "tar", "low", "high"]].to_numpy(),
        hovertemplate=(
            "%{fullData.name}<br>false acceptance %{customdata[0]:.3g}<br>"
            "true acceptance %{customdata[1]:.3f} "
            "(%{customdata[2]:.3f} to %{customdata[3]:.3f})<extra></extra>"
        ),
    )


def _marks(
    figure: go.Figure, own: pd.DataFrame, name: str, sort: str, shade: str, kind: Kind
) -> None:
    """The mark of a representation along its curve, so that colour does not stand alone."""
    there = own[np.isclose(own["far"].to_numpy()[:, None], MARKED, rtol=1e-3).any(axis=1)]
    figure.add_scatter(
        x=_x(there["far"], kind), y=_y(there["tar"], kind), mode="markers", hoverinfo="skip",
        name=f"{escape(name)} marks", marker={"symbol": mark(sort), "size": 9, "color": shade},
    )  # fmt: skip


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
        # One tick a decade where curves are: left of them is room for their names.
        figure.update_xaxes(
            title_text="False acceptance rate", type="log", tickformat=".0e", tickvals=DECADES
        )
        figure.update_yaxes(title_text="True acceptance rate", range=[0, 1.01], tickformat=".0%")
    else:
        ticks = {
            "tickvals": list(norm.ppf(TICKS)),
            "ticktext": [f"{100 * tick:g} %" for tick in TICKS],
        }
        figure.update_xaxes(title_text="False acceptance rate", **ticks)
        ends = [norm.ppf(CLEAR / 2), norm.ppf(TICKS[-1])]
        figure.update_yaxes(title_text="False rejection rate", range=ends, **ticks)
    figure.update_yaxes(title_standoff=6)
    figure.update_layout(margin={"l": 64, "r": 8, "t": 8, "b": 56})


def _x(far: pd.Series, kind: Kind) -> np.ndarray:
    values = far.to_numpy(dtype=float)
    return values if kind == "roc" else norm.ppf(np.clip(values, 1e-6, 1 - 1e-6))


def _y(tar: pd.Series, kind: Kind) -> np.ndarray:
    values = tar.to_numpy(dtype=float)
    return values if kind == "roc" else norm.ppf(np.clip(1 - values, CLEAR, 1 - CLEAR))


def _faded(shade: str) -> str:
    red, green, blue = (int(shade[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {BAND})"
