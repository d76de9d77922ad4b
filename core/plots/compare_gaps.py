"""Paired differences as a figure: dot and interval in points, around a dashed zero."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from core.plots.compare import Gap, Span
from core.plots.compare_words import p_text
from core.plots.template import template
from core.plots.tokens import Tokens, short

ROW, HEAD = 46, 34


def gap_figure(found: Sequence[Gap], mode: Tokens) -> go.Figure:
    """Dot and interval of each paired difference, in points, around a dashed zero."""
    figure, y, ticks = go.Figure(), 0.0, []
    pairs = list(dict.fromkeys((gap.a, gap.b) for gap in found))
    for a, b in pairs:
        if len(pairs) > 1:
            figure.add_annotation(
                x=0, xref="paper", y=y + HEAD / 2, text=f"<b>{_text(a)}</b> − <b>{_text(b)}</b>",
                showarrow=False, xanchor="left", font={"size": 14},
            )  # fmt: skip
            y += HEAD
        for gap in found:
            if (gap.a, gap.b) == (a, b):
                _gap_row(figure, gap, y + ROW / 2, mode)
                ticks.append((y + ROW / 2, gap.label or "verification"))
                y += ROW
    figure.add_vline(x=0, line={"color": mode.chance, "width": 1.5, "dash": "dash"}, layer="below")
    figure.update_xaxes(title_text=_gap_axis(pairs), range=_around_zero(found))
    figure.update_yaxes(
        range=[y + 6, -6], showgrid=False, ticks="", tickvals=[place for place, _ in ticks],
        ticktext=[escape(name) for _, name in ticks],
    )  # fmt: skip
    figure.update_layout(
        template=template(mode), height=int(y) + 90, showlegend=False,
        margin={"l": 96, "r": 8, "t": 8, "b": 56},
    )  # fmt: skip
    return figure


def _gap_row(figure: go.Figure, gap: Gap, y: float, mode: Tokens) -> None:
    points = gap.points
    if points.value is None:
        figure.add_annotation(
            x=0, y=y, text="no figure", showarrow=False, xanchor="left", xshift=8,
            font={"size": 13, "color": mode.muted},
        )  # fmt: skip
        return
    said = ", ".join(one for one in (signed(points.value), p_text(gap.p)) if one)
    if points.low is not None:
        figure.add_scatter(
            x=[points.low, points.high], y=[y, y], mode="lines", hoverinfo="skip",
            line={"color": mode.text, "width": 3 if gap.told else 2},
        )  # fmt: skip
    figure.add_scatter(
        x=[points.value], y=[y], mode="markers", cliponaxis=False,
        marker={"size": 10, "color": mode.text if gap.told else mode.ground,
                "line": {"width": 2, "color": mode.text}, "opacity": 1},
        hovertext=f"{_text(gap.a)} − {_text(gap.b)}<br>{said}<br>95 %: {_limits(points)}",
        hoverinfo="text",
    )  # fmt: skip
    figure.add_annotation(
        x=points.value, y=y, yshift=15, text=said.replace("<", "&lt;"), showarrow=False,
        font={"size": 13, "color": mode.text if gap.told else mode.muted},
    )  # fmt: skip


def _limits(points: Span) -> str:
    if points.low is None or points.high is None:
        return "no interval"
    return f"{signed(points.low)} to {signed(points.high)}"


def signed(points: float) -> str:
    """Points with their sign, "−1.2"."""
    return f"{points:+.1f}".replace("-", "−")


def _gap_axis(pairs: Sequence[tuple[str, str]]) -> str:
    if len(pairs) != 1:
        return "points"
    a = _text(pairs[0][0])
    return f"points (left: {a} lower; right: {a} higher)"


def _text(name: str) -> str:
    return escape(short(name))


def _around_zero(found: Sequence[Gap]) -> list[float]:
    ends = [
        end
        for gap in found
        for end in (gap.points.value, gap.points.low, gap.points.high)
        if end is not None
    ]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    # The words above a dot need room on both sides, and zero is never the frame.
    pad = 0.18 * (high - low) or 5
    return [low - pad, high + pad]


def gap_alt(found: Sequence[Gap]) -> str:
    """What a screen reader says of the paired differences."""
    return "Paired differences in points. " + "; ".join(
        f"{short(gap.a)} minus {short(gap.b)}, {gap.label or 'verification'}: "
        + (
            "no figure"
            if gap.points.value is None
            else f"{signed(gap.points.value)} ({_limits(gap.points)}) {p_text(gap.p)}".rstrip()
        )
        for gap in found
    )
