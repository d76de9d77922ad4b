"""The figure of the leakage study: one attribute, one row an attacker, groups by representation.

Dot and interval; warm with a soft bar from the null only where the interval clears the null;
hollow grey for nothing found; what has no figure stands in the right margin, beyond the axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.plots.findings import CONTROLS, METRICS, Line, describe, lines, title
from core.plots.template import template
from core.plots.tokens import Tokens, full

ROW, HEAD, GAP = 29, 48, 16
"""Heights in pixels: a row, a group's name, the space below a group."""
MARGIN = 1.03
"""Where rows without a figure stand: beyond 1, the end of the axis."""
_TOP, _BOTTOM, _LEFT = 52, 64, 76


@dataclass(frozen=True)
class _Kind:
    """How one kind of row is drawn."""

    name: str
    symbol: str
    size: int
    colour: str
    width: float
    fill: str


def leakage_figure(leakage: pd.DataFrame, attribute: str, metric: str, tokens: Tokens) -> go.Figure:
    """Draw `attribute` by `metric` from a table with the columns of `leakage.csv`.

    The figure has the width of its column and a height in pixels that follows from its rows. It
    has no title of its own: `findings.title` says what it shows.
    """
    shown = lines(leakage, attribute, metric)
    figure = go.Figure()
    placed, height = _place(shown)
    # Given at once: Plotly checks all that are there whenever one is added.
    marks = _grounds(placed, tokens)
    notes = [*marks.notes, *_values(placed, tokens)]
    figure.update_layout(shapes=marks.shapes, annotations=notes)
    _bars(figure, placed, tokens)
    for kind in _kinds(tokens):
        _dots(figure, [(y, one) for y, one in placed if _kind(one) == kind.name], kind, tokens)
    _papers(figure, placed, tokens)
    _axes(figure, placed, height, METRICS.get(metric, metric), tokens)
    return figure


def alt_text(leakage: pd.DataFrame, attribute: str, metric: str) -> str:
    """What a screen reader says: the finding, then each representation's strongest row."""
    shown = lines(leakage, attribute, metric)
    parts = [
        f"{one.representation}, {one.attacker}: "
        + (one.status if one.value is None else f"{one.value:.2f}")
        for one in shown
        if one.strongest
    ]
    return f"{title(shown, attribute)}. " + "; ".join(parts)


Placed = list[tuple[float, Line]]


def _place(shown: list[Line]) -> tuple[Placed, float]:
    y, placed = 0.0, []
    for _, group in groupby(shown, key=lambda one: one.representation):
        y += HEAD
        for one in group:
            placed.append((y + ROW / 2, one))
            y += ROW
        y += GAP
    return placed, y


def _kind(line: Line) -> str:
    if line.value is None:
        return line.status if line.status == "probe failed" else "not enough data"
    if line.leaks:
        return "strongest" if line.strongest else "leaks"
    if line.null is None:
        return "no null yet"
    return "below chance" if line.status == "anti-learning" else "nothing found"


def _kinds(tokens: Tokens) -> list[_Kind]:
    ground, text, grey = tokens.ground, tokens.text, tokens.chance
    return [
        _Kind("leaks", "circle", 9, tokens.leak, 2, tokens.leak),
        _Kind("strongest", "circle", 14, tokens.leak, 3, tokens.leak),
        _Kind("nothing found", "circle", 9, grey, 2, ground),
        _Kind("no null yet", "circle", 9, tokens.border, 2, ground),
        _Kind("below chance", "triangle-left", 11, text, 2, ground),
        _Kind("probe failed", "x-thin", 9, text, 2, text),
        _Kind("not enough data", "line-ew", 10, grey, 2, grey),
    ]


@dataclass
class _Marks:
    """Shapes and words of the ground, as Plotly's layout takes them."""

    shapes: list[dict[str, Any]]
    notes: list[dict[str, Any]]


def _grounds(placed: Placed, tokens: Tokens) -> _Marks:
    """Names of the groups, what parts them, null bands, chance and noise."""
    marks = _Marks([], [])
    groups = [list(group) for _, group in groupby(placed, key=lambda pair: pair[1].representation)]
    noise = next((o.value for _, o in placed if o.representation == "random" and o.strongest), None)
    for number, group in enumerate(groups):
        top, bottom = group[0][0] - ROW / 2, group[-1][0] + ROW / 2
        name = escape(full(group[0][1].representation))
        words = escape(describe(group[0][1].representation).removeprefix(name).strip())
        marks.notes.append({
            "x": 0, "y": top - 23, "xref": "paper", "yref": "y", "xanchor": "left",
            "showarrow": False, "font": {"size": 14},
            "text": f'<b>{name}</b>  <span style="color:{tokens.muted}">{words}</span>',
        })  # fmt: skip
        if number:
            edge = top - HEAD
            marks.shapes.append({
                "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": edge, "y1": edge,
                "line": {"color": tokens.border, "width": 1}, "layer": "below",
            })  # fmt: skip
        marks.shapes += _null(group, top, bottom, tokens)
        if noise is not None and group[0][1].representation not in (*CONTROLS, "x"):
            # What the same attack says of pure noise: no suppressor can be asked for less.
            marks.shapes.append(_upright(noise, top, bottom, tokens, "dot") | {"name": "noise"})
    if groups:
        marks.notes += _chance_word(groups[-1], tokens)
    return marks


def _null(group: Placed, top: float, bottom: float, tokens: Tokens) -> list[dict[str, Any]]:
    """Chance and the null band of one group of rows; each row may have a null of its own."""
    shapes: list[dict[str, Any]] = [
        {
            "type": "rect", "x0": 2 * one.chance - one.null, "x1": one.null,
            "y0": y - ROW / 2, "y1": y + ROW / 2, "fillcolor": tokens.band,
            "line": {"width": 0}, "layer": "below",
        }
        for y, one in group
        if one.chance is not None and one.null is not None and one.null > one.chance
    ]  # fmt: skip
    chance = next((one.chance for _, one in group if one.chance is not None), None)
    return shapes if chance is None else [*shapes, _upright(chance, top, bottom, tokens, "dash")]


def _upright(x: float, top: float, bottom: float, tokens: Tokens, dash: str) -> dict[str, Any]:
    return {
        "type": "line", "x0": x, "x1": x, "y0": top, "y1": bottom, "layer": "below",
        "line": {"color": tokens.chance, "width": 1.5, "dash": dash},
    }  # fmt: skip


def _chance_word(group: Placed, tokens: Tokens) -> list[dict[str, Any]]:
    chance = next((one.chance for _, one in group if one.chance is not None), None)
    if chance is None:
        return []
    return [{
        "x": chance, "y": group[-1][0] + ROW / 2 + 9, "text": "chance", "showarrow": False,
        "font": {"size": 12, "color": tokens.muted},
    }]  # fmt: skip


def _segments(rows: list[tuple[float, float, float]]) -> dict[str, list[float | None]]:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for low, high, y in rows:
        xs += [low, high, None]
        ys += [y, y, None]
    return {"x": xs, "y": ys}


def _bars(figure: go.Figure, placed: Placed, tokens: Tokens) -> None:
    rows = [
        (one.null, one.value, y)
        for y, one in placed
        if one.leaks and one.null is not None and one.value is not None
    ]
    if rows:
        figure.add_scatter(
            **_segments(rows), mode="lines", line={"color": tokens.leak_soft, "width": 6},
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip


def _dots(figure: go.Figure, rows: Placed, kind: _Kind, tokens: Tokens) -> None:
    if not rows:
        return
    spans = [(o.low, o.high, y) for y, o in rows if o.low is not None and o.high is not None]
    if spans:
        figure.add_scatter(
            **_segments(spans), mode="lines", line={"color": kind.colour, "width": kind.width},
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    # The strongest has a halo of the ground, so that its thick interval does not swallow it.
    outline = tokens.ground if kind.name == "strongest" else kind.colour
    figure.add_scatter(
        x=[MARGIN if one.value is None else one.value for _, one in rows],
        y=[y for y, _ in rows],
        mode="markers",
        name=kind.name,
        marker={
            "symbol": kind.symbol, "size": kind.size, "color": kind.fill, "opacity": 1,
            "line": {"color": outline, "width": 0 if kind.name == "leaks" else 2},
        },
        cliponaxis=False,
        hovertext=[_hover(one) for _, one in rows],
        hoverinfo="text",
    )  # fmt: skip


def _hover(line: Line) -> str:
    head = f"<b>{escape(line.attacker)}</b> on {escape(line.representation)}"
    if line.value is None:
        return f"{head}<br>{line.status}: no figure"
    span = "" if line.low is None else f" ({line.low:.2f} to {line.high:.2f})"
    null = "" if line.null is None else f"<br>null {line.null:.2f}"
    return f"{head}<br>{line.value:.3f}{span}{null}<br>{', '.join(line.findings)}"


def _papers(figure: go.Figure, placed: Placed, tokens: Tokens) -> None:
    rows = [(y, one.paper) for y, one in placed if one.paper is not None]
    if rows:
        figure.add_scatter(
            x=[paper.value for _, paper in rows],
            y=[y for y, _ in rows],
            mode="markers",
            name="paper's figure",
            marker={
                "symbol": "diamond-open",
                "size": 9,
                "color": tokens.text,
                "line": {"width": 1.2},
            },
            hovertext=[
                f"{escape(p.source)}: {p.value:.3f}<br>{escape(p.differs)}" for _, p in rows
            ],
            hoverinfo="text",
        )


def _values(placed: Placed, tokens: Tokens) -> list[dict[str, Any]]:
    return [
        {
            "x": one.value, "y": y - 17, "text": f"<b>{one.value:.2f}</b>", "showarrow": False,
            "font": {"size": 14, "color": tokens.leak},
        }
        for y, one in placed
        if one.strongest and one.leaks and one.value is not None
    ]  # fmt: skip


def _axes(figure: go.Figure, placed: Placed, height: float, name: str, tokens: Tokens) -> None:
    figure.update_layout(
        template=template(tokens),
        height=int(height) + _TOP + _BOTTOM,
        margin={"l": _LEFT, "r": 12, "t": _TOP, "b": _BOTTOM},
        legend={"yref": "container", "y": 1, "yanchor": "top", "itemsizing": "trace"},
    )
    figure.update_xaxes(
        range=[0, 1.05], tickvals=[0, 0.2, 0.4, 0.6, 0.8, 1], tickformat=".1f",
        title_text=name,
    )  # fmt: skip
    figure.update_yaxes(
        range=[height, 0], showgrid=False, ticks="", tickvals=[y for y, _ in placed],
        ticktext=[escape(one.attacker) for _, one in placed],
    )  # fmt: skip
