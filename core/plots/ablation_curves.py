"""The figures of the ablation: curves with their bands, against the share of numbers removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from core.papers import PaperAblation
from core.plots.ablation import ORDERS, Course, Spot, percent
from core.plots.template import template
from core.plots.tokens import Tokens, colour, full, mark

HEIGHT = 420
"""Height in pixels; the width is that of the column."""
BAND = 0.14
"""Opacity of a band."""
DASHES = {"random": "solid", "most": "dash", "least": "dot"}
SYMBOLS = {"random": "circle", "most": "triangle-down", "least": "triangle-up"}
"""Plotly's symbol of each order, where orders are compared."""
GLYPHS = {"random": "●", "most": "▼", "least": "▲"}
"""The same symbols as text."""
_TOP = 1.02


@dataclass(frozen=True)
class _Drawn:
    course: Course
    name: str
    shade: str
    symbol: str
    dash: str


def by_representation(
    found: Sequence[Course],
    claims: Sequence[PaperAblation],
    metric: str,
    mode: Tokens,
    kinds: Mapping[str, str],
) -> go.Figure:
    """One curve a representation, with the colour and the mark of its kind (`kinds`, by name)."""
    drawn = []
    for one in found:
        kind = kinds.get(one.representation, one.representation)
        shade, symbol = colour(kind, mode), mark(kind)
        drawn.append(_Drawn(one, full(one.representation), shade, symbol, "solid"))
    return _figure(drawn, claims, metric, mode)


def by_order(
    found: Sequence[Course],
    claims: Sequence[PaperAblation],
    metric: str,
    mode: Tokens,
    kinds: Mapping[str, str],
) -> go.Figure:
    """One curve an order, of one representation, in its colour; mark and dash tell them apart."""
    drawn = []
    for one in found:
        shade = colour(kinds.get(one.representation, one.representation), mode)
        symbol, dash = SYMBOLS.get(one.order, "cross"), DASHES.get(one.order, "dashdot")
        drawn.append(_Drawn(one, ORDERS.get(one.order, one.order), shade, symbol, dash))
    return _figure(drawn, claims, metric, mode)


def _figure(
    drawn: Sequence[_Drawn], claims: Sequence[PaperAblation], metric: str, mode: Tokens
) -> go.Figure:
    """The curves above one another's bands; an empty list gives axes and a sentence."""
    figure = go.Figure()
    for one in drawn:
        _band(figure, one)
    _blind(figure, [one.course for one in drawn], mode)
    for one in drawn:
        _line(figure, one, mode)
    _claims(figure, claims, mode)
    if not any(one.course.spots for one in drawn):
        figure.add_annotation(
            text="Not enough data for a curve", x=0.5, y=0.5, xref="paper", yref="paper",
            showarrow=False, font={"color": mode.muted},
        )  # fmt: skip
    figure.update_xaxes(
        title_text="Numbers removed", tickformat=".0%", range=[-0.02, 1.01],
        tickvals=[0, 0.25, 0.5, 0.75, 0.99], tickangle=0,
    )  # fmt: skip
    figure.update_yaxes(
        title_text=metric.capitalize(), range=[0, _TOP], tickformat=".0%", title_standoff=6
    )
    figure.update_layout(
        template=template(mode), height=HEIGHT, hovermode="closest", showlegend=False
    )
    return figure


def _band(figure: go.Figure, one: _Drawn) -> None:
    """The intervals over identities; points without one break the band."""
    spots = [spot for spot in one.course.spots if spot.span.low is not None]
    across = [spot.removed for spot in spots]
    figure.add_scatter(
        x=[*across, *reversed(across)],
        y=[*(spot.span.low for spot in spots), *(spot.span.high for spot in reversed(spots))],
        mode="lines", line={"width": 0}, fill="toself", fillcolor=_faded(one.shade),
        hoverinfo="skip", name=f"{escape(one.name)} band",
    )  # fmt: skip


def _line(figure: go.Figure, one: _Drawn, mode: Tokens) -> None:
    """The curve; hollow where the interval does not clear the null."""
    spots = [spot for spot in one.course.spots if spot.span.value is not None]
    figure.add_scatter(
        x=[spot.removed for spot in spots],
        y=[spot.span.value for spot in spots],
        mode="lines+markers",
        name=escape(one.name),
        line={"color": one.shade, "width": 2, "dash": one.dash},
        marker={
            "symbol": one.symbol,
            "size": 8,
            "color": [one.shade if spot.clears else mode.ground for spot in spots],
            "line": {"color": one.shade, "width": 2},
        },
        text=[_told(one, spot) for spot in spots],
        hovertemplate="%{text}<extra></extra>",
    )


def _told(one: _Drawn, spot: Spot) -> str:
    """What stands beside the pointer: the point, its interval, its spread, its null."""
    span, width = spot.span, one.course.width
    left = f"{percent(spot.removed)} removed"
    if spot.kept is not None and width is not None:
        left += f", {spot.kept:,} of {width:,} numbers left"
    value = f"{span.value:.3f}"
    if span.low is not None and span.high is not None:
        value += f" ({span.low:.3f} to {span.high:.3f})"
    lines = [f"<b>{escape(one.name)}</b>", left, value]
    if spot.spread.low is not None and spot.spread.high is not None:
        lines.append(f"repeats {spot.spread.low:.3f} to {spot.spread.high:.3f}")
    if spot.null is not None:
        lines.append(f"null {spot.null:.3f}, {'cleared' if spot.clears else 'not cleared'}")
    if span.status not in ("ok", ""):
        lines.append(escape(span.status))
    return "<br>".join(lines)


def _blind(figure: go.Figure, found: Sequence[Course], mode: Tokens) -> None:
    """Chance, and the highest null of the curves shown at each share: each has one of its own."""
    highest: dict[float, float] = {}
    for spot in (spot for one in found for spot in one.spots if spot.null is not None):
        highest[spot.removed] = max(spot.null or 0.0, highest.get(spot.removed, 0.0))
    chances = [spot.chance for one in found for spot in one.spots if spot.chance is not None]
    if chances:
        _grey(figure, [0, 0.99], [chances[0]] * 2, "chance", "dash", mode)
        _word(figure, chances[0], "chance", "top", mode)
    if highest:
        across = sorted(highest)
        _grey(figure, across, [highest[share] for share in across], "null", "dot", mode)
        _word(figure, highest[across[0]], "null", "bottom", mode)


def _grey(
    figure: go.Figure, x: Sequence[float], y: Sequence[float], name: str, dash: str, mode: Tokens
) -> None:
    figure.add_scatter(
        x=list(x), y=list(y), mode="lines", name=name, hoverinfo="skip",
        line={"color": mode.chance, "width": 1.5, "dash": dash},
    )  # fmt: skip


def _word(figure: go.Figure, y: float, word: str, anchor: str, mode: Tokens) -> None:
    figure.add_annotation(
        x=0, y=y, text=word, showarrow=False, xanchor="left", yanchor=anchor,
        font={"size": 13, "color": mode.chance},
    )  # fmt: skip


def _claims(figure: go.Figure, claims: Sequence[PaperAblation], mode: Tokens) -> None:
    """The papers' marks for x: open diamonds; what has no figure stands on the upper edge."""
    if not claims:
        return
    figure.add_scatter(
        x=[one.removed for one in claims],
        y=[_TOP - 0.02 if one.value is None else one.value for one in claims],
        mode="markers",
        name="papers",
        marker={
            "symbol": ["diamond-tall-open" if one.value is None else "diamond-open"
                       for one in claims],
            "size": 12, "color": mode.text, "line": {"width": 2},
        },
        text=[f"<b>{escape(one.source)}</b><br>x: {escape(one.said)}" for one in claims],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def _faded(shade: str) -> str:
    red, green, blue = (int(shade[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {BAND})"
