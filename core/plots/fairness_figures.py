"""The gap of every way of deciding, and beside it on the same rows the rates of each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from core.plots.compare import Span
from core.plots.compare_gaps import signed
from core.plots.compare_words import p_text
from core.plots.fairness import WORST, Decided, Question, Way, X, clear, group_name
from core.plots.fairness_said import Truth
from core.plots.template import template
from core.plots.tokens import Tokens, category

ROW, APART = 46, 12
"""Heights in pixels: a row, the space before the baselines."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "pentagon", "star", "hexagon")
GLYPHS = ("●", "■", "◆", "▲", "✚", "⬟", "★", "⬢")
"""Marks of the groups, in order; colour alone tells nobody apart."""
_TOP, _BOTTOM, _LEFT = 8, 52, 104


def gap_figure(
    found: Sequence[Decided],
    pair: str,
    mode: Tokens,
    *,
    known: Truth | None = None,
    papers: Mapping[Way, float] | None = None,
) -> go.Figure:
    """Dot and interval of each gap, in points, with a soft bar from zero; hollow where the
    interval does not clear it. The papers' gaps are open diamonds, the truth a tall stroke."""
    figure, papers = go.Figure(), papers or {}
    places = _places(found)
    for one, y in zip(found, places, strict=True):
        _gap(figure, one, pair, y, mode)
    for one, y in zip(found, places, strict=True):
        if one.way in papers:
            _mark(figure, papers[one.way], y, "diamond-open", 11, mode.text, "the paper", mode)
        if one.way == X and known is not None and pair != WORST:
            _mark(figure, known.gap, y, "line-ns-open", 26, mode.text, "the truth", mode)
    figure.add_vline(x=0, line={"color": mode.chance, "width": 1.5, "dash": "dash"}, layer="below")
    ends = [*_ends([one.gap(pair) for one in found]), *papers.values()]
    ends += [known.gap] if known is not None and pair != WORST else []
    figure.update_xaxes(title_text="gap (points)", range=_around(ends))
    return _framed(figure, found, places, mode)


def rates_figure(
    found: Sequence[Decided], q: Question, mode: Tokens, *, known: Truth | None = None
) -> go.Figure:
    """True-positive rate of each group with its interval; a line joins the groups of a row."""
    figure, places = go.Figure(), _places(found)
    for one, y in zip(found, places, strict=True):
        values = [span.value for span in (one.get("tpr", group) for group in q.groups)
                  if span.value is not None]  # fmt: skip
        if not values:
            _nothing(figure, one.get("tpr", q.groups[0] if q.groups else "").status, y, mode)
            continue
        _line(figure, [min(values), max(values)], y, mode.border, 3)
    for number, group in enumerate(q.groups):
        _rates(figure, found, places, number, group, q, mode)
        for one, y in zip(found, places, strict=True):
            if one.way == X and known is not None and group in known.tpr:
                _mark(figure, known.tpr[group], y, "line-ns-open", 26, category(number, mode),
                      f"the truth, {group}", mode)  # fmt: skip
    ends = _ends([one.get("tpr", group) for one in found for group in q.groups])
    ends += list(known.tpr.values()) if known is not None else []
    low = min(ends, default=0.0)
    figure.update_xaxes(title_text="true positive rate", range=[max(-0.03, low - 0.06), 1.03],
                        tickformat=".1f", nticks=6)  # fmt: skip
    return _framed(figure, found, places, mode)


def legend(q: Question) -> list[tuple[str, int, str]]:
    """Mark, place and name of each group, as the figure shows them."""
    return [(GLYPHS[number % len(GLYPHS)], number, group_name(group, q.protected))
            for number, group in enumerate(q.groups)]  # fmt: skip


def _places(found: Sequence[Decided]) -> list[float]:
    """The middle of each row; baselines stand a little apart."""
    y, places, before = 0.0, [], True
    for one in found:
        own = one.way == X or one.way.suppressed
        y += APART if before and not own else 0
        places.append(y + ROW / 2)
        y, before = y + ROW, own
    return places


def _gap(figure: go.Figure, one: Decided, pair: str, y: float, mode: Tokens) -> None:
    gap = one.gap(pair)
    if gap.value is None:
        _nothing(figure, gap.status, y, mode)
        return
    told = clear(gap) and pair != WORST
    _line(figure, [0, gap.value], y, mode.border, 9)
    if gap.low is not None:
        _line(figure, [gap.low, gap.high or 0], y, mode.text, 3 if told else 2)
    change = one.changes.get(pair)
    moved = ""
    if change is not None and change.points.value is not None:
        p = escape(p_text(change.p))
        moved = f"<br>against x: {signed(change.points.value)} points {p}".rstrip()
    figure.add_scatter(
        x=[gap.value], y=[y], mode="markers", cliponaxis=False, hoverinfo="text",
        marker={"size": 13 if one.way == X else 10, "color": mode.text if told else mode.ground,
                "line": {"width": 2, "color": mode.text}, "opacity": 1},
        hovertext=f"<b>{escape(one.way.title)}</b><br>gap {_limits(gap, 1)}{moved}<br>"
                  + escape(", ".join(one.finding(pair))),
    )  # fmt: skip
    figure.add_annotation(
        x=gap.value, y=y, yshift=15, text=f"<b>{_whole(gap.value)}</b>", showarrow=False,
        font={"size": 14, "color": mode.text if told else mode.muted},
    )  # fmt: skip


def _rates(
    figure: go.Figure,
    found: Sequence[Decided],
    places: Sequence[float],
    number: int,
    group: str,
    q: Question,
    mode: Tokens,
) -> None:
    """All rows of one group."""
    # Groups lie a little below one another, so that each interval has its own line.
    off = (number - (len(q.groups) - 1) / 2) * min(9, 36 / max(len(q.groups), 1))
    told = [(one, one.get("tpr", group), y + off) for one, y in zip(found, places, strict=True)
            if one.get("tpr", group).value is not None]  # fmt: skip
    for _, span, y in told:
        if span.low is not None:
            _line(figure, [span.low, span.high or 0], y, mode.text, 2)
    figure.add_scatter(
        x=[span.value for _, span, _ in told], y=[y for _, _, y in told], mode="markers",
        name=escape(group_name(group, q.protected)), cliponaxis=False, hoverinfo="text",
        marker={"symbol": SYMBOLS[number % len(SYMBOLS)], "size": 12, "opacity": 1,
                "color": category(number, mode), "line": {"width": 1, "color": mode.text}},
        hovertext=[f"<b>{escape(one.way.title)}</b><br>{escape(group)}: {_limits(span, 2)}"
                   f"<br>{one.people.get(('tpr', group), 0):,} people" for one, span, _ in told],
    )  # fmt: skip


def _mark(
    figure: go.Figure,
    x: float,
    y: float,
    symbol: str,
    size: int,
    shade: str,
    name: str,
    mode: Tokens,
) -> None:
    figure.add_scatter(
        x=[x], y=[y], mode="markers", name=escape(name), cliponaxis=False, hoverinfo="text",
        marker={"symbol": symbol, "size": size, "color": shade, "line": {"width": 2.5}},
        hovertext=f"{escape(name)}: {_whole(x) if abs(x) > 1 else f'{x:.2f}'}",
    )  # fmt: skip


def _line(figure: go.Figure, x: Sequence[float], y: float, shade: str, width: int) -> None:
    figure.add_scatter(
        x=list(x), y=[y, y], mode="lines", hoverinfo="skip", line={"color": shade, "width": width}
    )


def _nothing(figure: go.Figure, status: str, y: float, mode: Tokens) -> None:
    """A row without a figure keeps its place and says why."""
    figure.add_annotation(
        x=0, xref="paper", y=y, text=escape(status or "not enough data"), showarrow=False,
        xanchor="left", xshift=6, font={"size": 13, "color": mode.muted},
    )  # fmt: skip


def _framed(
    figure: go.Figure, found: Sequence[Decided], places: Sequence[float], mode: Tokens
) -> go.Figure:
    """Names at the left; the same heights for both figures, so that rows stand side by side."""
    bottom = (places[-1] if places else 0) + ROW / 2
    names = [f"<b>{escape(one.way.label).replace(' + ', '<br>+ ')}</b>" for one in found]
    figure.update_yaxes(
        range=[bottom, -4], showgrid=False, ticks="", tickvals=list(places), ticktext=names
    )
    figure.update_layout(
        template=template(mode), height=int(bottom) + 4 + _TOP + _BOTTOM, showlegend=False,
        hovermode="closest", margin={"l": _LEFT, "r": 12, "t": _TOP, "b": _BOTTOM},
    )  # fmt: skip
    return figure


def _ends(spans: Sequence[Span]) -> list[float]:
    return [end for span in spans for end in (span.value, span.low, span.high) if end is not None]


def _around(ends: Sequence[float]) -> list[float]:
    low, high = min([0.0, *ends]), max([0.0, *ends])
    pad = 0.08 * (high - low) or 5
    return [low - pad, high + pad]


def _whole(value: float) -> str:
    return f"{value:.0f}".replace("-0", "0").replace("-", "−")


def _limits(span: Span, digits: int) -> str:
    said = f"{span.value:.{digits}f}"
    if span.low is not None and span.high is not None:
        said += f" ({span.low:.{digits}f} to {span.high:.{digits}f})"
    return said.replace("-", "−")
