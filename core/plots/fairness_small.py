"""Accuracy against the gap over the strengths, one small figure a way; gaps over thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from core.plots.fairness import Decided, split
from core.plots.fairness_threshold import Moved
from core.plots.template import template
from core.plots.tokens import Tokens, colour, mark, short

Frame = tuple[list[float], list[float]]
"""Ranges of both axes, shared by all small figures."""
DASHES = {"none": "solid", "reweighting": "dot"}


def frame(found: Sequence[Decided], pair: str) -> Frame:
    """Ranges that hold every dot of every small figure: gaps in points, accuracies."""
    gaps = [0.0, *(one.gap(pair).value for one in found if one.gap(pair).value is not None)]
    right = [one.get("accuracy").value for one in found if one.get("accuracy").value is not None]
    return _padded(gaps), _padded(right or [0.5, 1.0])


def small(
    own: Sequence[Decided],
    pair: str,
    chosen: float,
    ranges: Frame,
    mode: Tokens,
    kinds: Mapping[str, str],
) -> go.Figure:
    """One way over the strengths, joined in their order; the chosen strength has a ring."""
    figure = go.Figure()
    way = own[0].way
    kind = kinds.get(way.name, way.name)
    ordered = sorted(own, key=lambda one: one.strength)
    told = [one for one in ordered if None not in (one.gap(pair).value, one.get("accuracy").value)]
    gaps = [one.gap(pair).value for one in told]
    right = [one.get("accuracy").value for one in told]
    figure.add_scatter(
        x=gaps, y=right, mode="lines+markers+text", cliponaxis=False, hoverinfo="text",
        line={"color": colour(kind, mode), "width": 1.5, "dash": DASHES.get(way.method, "dash")},
        marker={"symbol": mark(kind), "size": 8, "color": colour(kind, mode), "opacity": 1},
        text=[f"{100 * one.strength:g}" for one in told],
        textposition=["bottom center" if place % 2 else "top center" for place in range(len(told))],
        textfont={"size": 12, "color": mode.muted},
        hovertext=[f"<b>{escape(way.title)}</b>, {split(one.strength)}<br>gap "
                   f"{one.gap(pair).value:.1f} points<br>accuracy {one.get('accuracy').value:.3f}"
                   for one in told],
    )  # fmt: skip
    here = [one for one in told if abs(one.strength - chosen) < 1e-6]
    figure.add_scatter(
        x=[one.gap(pair).value for one in here], y=[one.get("accuracy").value for one in here],
        mode="markers", hoverinfo="skip", cliponaxis=False,
        marker={"symbol": "circle-open", "size": 15, "color": mode.accent, "line": {"width": 2}},
    )  # fmt: skip
    if not told:
        figure.add_annotation(
            text="not enough data", x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False,
            font={"size": 13, "color": mode.muted},
        )  # fmt: skip
    figure.add_vline(x=0, line={"color": mode.chance, "width": 1, "dash": "dash"}, layer="below")
    figure.update_xaxes(range=ranges[0], nticks=4, title_text="gap (points)", title_standoff=4)
    figure.update_yaxes(range=ranges[1], nticks=4, tickformat=".2f")
    figure.update_layout(
        template=template(mode), height=210, showlegend=False, hovermode="closest",
        margin={"l": 36, "r": 8, "t": 30, "b": 42},
        title={"text": f"<b>{escape(way.label)}</b>", "font": {"size": 14, "color": mode.text},
               "x": 0, "xanchor": "left", "y": 0.98, "yanchor": "top"},
    )  # fmt: skip
    return figure


def small_alt(own: Sequence[Decided], pair: str) -> str:
    """What a screen reader says of one small figure."""
    told = "; ".join(
        f"at {split(one.strength)} "
        + (
            one.gap(pair).status
            if one.gap(pair).value is None
            else f"gap {one.gap(pair).value:.1f} points, accuracy {one.get('accuracy').value:.2f}"
        )
        for one in own
    )
    return f"{own[0].way.title}, accuracy against gap. {told}"


def over_thresholds(
    found: Sequence[Moved],
    gaps: Mapping[int, np.ndarray],
    chosen: float,
    mode: Tokens,
    kinds: Mapping[str, str],
) -> go.Figure:
    """The gap at every threshold, one line a way; `gaps` by place in `found`, in points."""
    figure = go.Figure()
    for place, one in enumerate(found):
        kind = kinds.get(one.way.name, one.way.name)
        figure.add_scatter(
            x=one.thresholds, y=gaps[place], mode="lines", name=escape(one.way.label),
            line={"color": colour(kind, mode), "width": 2, "dash": DASHES.get(one.way.method,
                                                                              "dash")},
            hovertemplate=f"{escape(short(one.way.name))}, threshold %{{x:.2f}}: %{{y:.1f}} points"
                          "<extra></extra>",
        )  # fmt: skip
    figure.add_hline(y=0, line={"color": mode.chance, "width": 1.5, "dash": "dash"}, layer="below")
    figure.add_vline(x=chosen, line={"color": mode.accent, "width": 2})
    figure.update_xaxes(title_text="decision threshold", range=[0, 1], tickformat=".1f")
    figure.update_yaxes(title_text="gap (points)")
    figure.update_layout(template=template(mode), height=330, showlegend=True, hovermode="closest",
                         margin={"l": 56, "r": 8, "t": 60, "b": 52})  # fmt: skip
    return figure


def over_alt(found: Sequence[Moved], gaps: Mapping[int, np.ndarray], chosen: float) -> str:
    """What a screen reader says of it."""
    told = "; ".join(
        f"{one.way.label} {gaps[place][int(np.argmin(np.abs(one.thresholds - chosen)))]:.1f}"
        for place, one in enumerate(found)
    )
    return f"Gap in points against the decision threshold; near {chosen:.2f}: {told}"


def _padded(values: Sequence[float | None]) -> list[float]:
    own = [one for one in values if one is not None]
    low, high = min(own), max(own)
    pad = 0.16 * (high - low) or 0.05
    return [low - pad, high + 1.6 * pad]
