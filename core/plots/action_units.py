"""Figures of `action_units.csv`: group × unit, training × test group, and each unit's interaction.

The records are those of `action_units_page`. Colours run from the ground to the accent: how well
units are read is no leakage, and has no warm colour. What has no figure is left empty, with a dash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from core.action_units import papers
from core.plots.action_units_page import MACRO, WEIGHTED, Detected
from core.plots.compare import Span
from core.plots.template import template
from core.plots.tokens import Tokens

CELL, BAR = 44, 26
"""Heights in pixels of a row of cells, and of a unit's bar."""
_LEFT, _TOP, _BOTTOM = 132, 8, 64


@dataclass(frozen=True)
class Beside:
    """A cell of the paper's tables and ours; `differs` says why they need not agree."""

    train: str
    test: str
    ours: Span
    theirs: float
    weighted: Span
    theirs_weighted: float
    source: str
    differs: str
    note: str


def unit_name(unit: int) -> str:
    """As a person reads a unit: AU 1."""
    return f"AU {unit}"


def units_figure(found: Detected, train: str, mode: Tokens) -> go.Figure:
    """F1 of each unit (columns) on each test group (rows), by the detector of one training set."""
    spans = [[found.f1(train, test, unit) for unit in found.units] for test in found.tests]
    columns = [unit_name(unit) for unit in found.units]
    figure = _cells(spans, columns, list(found.tests), mode)
    figure.update_xaxes(title_text="action unit")
    figure.update_yaxes(title_text="tested on")
    return _framed(figure, CELL * len(found.tests), mode)


def crossing_figure(found: Detected, mode: Tokens, *, metric: str = MACRO) -> go.Figure:
    """F1 of each training set (rows) on each test group (columns); where the paper prints the same
    cell, its figure stands below ours."""
    spans = [[found.f1(train, test, None, metric) for test in found.tests]
             for train in found.trains]  # fmt: skip
    theirs = [[_theirs(train, test, metric) for test in found.tests] for train in found.trains]
    figure = _cells(spans, list(found.tests), list(found.trains), mode, theirs)
    figure.update_xaxes(title_text="tested on")
    figure.update_yaxes(title_text="trained on")
    return _framed(figure, 1.5 * CELL * len(found.trains), mode)


def interactions_figure(found: Detected, pair: str, mode: Tokens) -> go.Figure:
    """Each unit's interaction, in points, with its interval; filled where it can be told from 0."""
    figure = go.Figure()
    shown = [(unit, found.interaction(pair, unit)) for unit in found.units]
    told = [(unit, span) for unit, span in shown if span.value is not None]
    for solid in (True, False):
        own = [(u, s) for u, s in told if found.told(pair, u) == solid]
        figure.add_scatter(
            x=[span.value for _, span in own],
            y=[unit_name(unit) for unit, _ in own],
            mode="markers",
            marker={
                "size": 11, "symbol": "circle", "color": mode.accent if solid else mode.ground,
                "line": {"color": mode.accent if solid else mode.chance, "width": 2},
            },
            error_x=_errors([span for _, span in own], mode),
            name="can be told from 0" if solid else "cannot be told from 0",
            text=[f"{escape(unit_name(u))}: {_points(s)}" for u, s in own],
            hoverinfo="text",
        )  # fmt: skip
    figure.add_vline(x=0, line={"color": mode.chance, "width": 1.5, "dash": "dash"}, layer="below")
    figure.update_xaxes(title_text=f"interaction, {escape(pair)} (points of F1)")
    figure.update_yaxes(
        categoryorder="array", categoryarray=[unit_name(u) for u, _ in reversed(shown)],
        type="category", tickfont={"color": mode.text},
    )  # fmt: skip
    return _framed(figure, BAR * max(len(shown), 1) + 24, mode)


def paper_rows(found: Detected) -> list[Beside]:
    """Every cell that the paper prints of these training sets and groups, with ours beside it."""
    rows = []
    for train in found.trains:
        for test in found.tests:
            cell = papers.printed(train, test)
            if cell is not None:
                rows.append(
                    Beside(
                        train,
                        test,
                        found.f1(train, test),
                        cell.f1_macro,
                        found.f1(train, test, None, WEIGHTED),
                        cell.f1_weighted,
                        cell.source,
                        cell.differs,
                        cell.note,
                    )
                )
    return rows


def _theirs(train: str, test: str, metric: str) -> float | None:
    cell = papers.printed(train, test)
    return None if cell is None else float(getattr(cell, metric))


def _cells(
    spans: Sequence[Sequence[Span]],
    columns: Sequence[str],
    rows: Sequence[str],
    mode: Tokens,
    theirs: Sequence[Sequence[float | None]] | None = None,
) -> go.Figure:
    """A heat-map from 0 to 1 with the figure written in every cell."""
    columns, rows = [escape(one) for one in columns], [escape(one) for one in rows]
    text = [
        [_written(span, None if theirs is None else theirs[r][c]) for c, span in enumerate(row)]
        for r, row in enumerate(spans)
    ]
    hover = [
        [f"{rows[r]}, {columns[c]}: {_figure(span)}" for c, span in enumerate(row)]
        for r, row in enumerate(spans)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=[[span.value for span in row] for row in spans],
            x=list(columns), y=list(rows), zmin=0, zmax=1, xgap=2, ygap=2, showscale=False,
            colorscale=[[0, mode.ground], [1, mode.accent_soft]],
            text=hover, hoverinfo="text",
        )
    )  # fmt: skip
    for r, row in enumerate(rows):
        for c, column in enumerate(columns):
            figure.add_annotation(
                x=column, y=row, text=text[r][c], showarrow=False,
                font={"size": 13, "color": mode.text if spans[r][c].value is not None
                      else mode.muted},
            )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False, tickfont={"color": mode.text})
    figure.update_yaxes(
        type="category", showgrid=False, autorange="reversed", tickfont={"color": mode.text}
    )
    return figure


def _written(span: Span, theirs: float | None) -> str:
    own = "–" if span.value is None else _two(span.value)
    return own if theirs is None else f"{own}<br><i>paper {_two(theirs)}</i>"


def _two(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1) if value < 1 else f"{value:.2f}"


def _figure(span: Span) -> str:
    if span.value is None:
        return escape(span.status or "not enough data")
    if span.low is None or span.high is None:
        return _two(span.value)
    return f"F1 {_two(span.value)} ({_two(span.low)} to {_two(span.high)})"


def _points(span: Span) -> str:
    assert span.value is not None, "only what has a figure is drawn"
    if span.low is None or span.high is None:
        return f"{span.value:+.0f}"
    return f"{span.value:+.0f} ({span.low:+.0f} to {span.high:+.0f})"


def _errors(spans: Sequence[Span], mode: Tokens) -> dict[str, object]:
    reach = [
        (0.0, 0.0) if one.low is None or one.high is None or one.value is None
        else (one.high - one.value, one.value - one.low)
        for one in spans
    ]  # fmt: skip
    return {
        "type": "data", "symmetric": False, "array": [up for up, _ in reach],
        "arrayminus": [down for _, down in reach], "thickness": 2, "width": 0, "color": mode.text,
    }  # fmt: skip


def _framed(figure: go.Figure, height: float, mode: Tokens) -> go.Figure:
    figure.update_layout(
        template=template(mode),
        height=int(height) + _TOP + _BOTTOM,
        margin={"l": _LEFT, "r": 8, "t": _TOP, "b": _BOTTOM},
    )
    return figure
