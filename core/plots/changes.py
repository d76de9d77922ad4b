"""Two audits as a figure: each figure twice, first and second, with what changed above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go

from core.plots.compare_words import p_text
from core.plots.template import template
from core.plots.tokens import Tokens, short
from core.study.changes_found import TOLD
from core.study.changes_said import change, figure, named, points, what
from core.study.comparable import given

ROW = 58
APART = 8
"""Pixels between the two intervals of a row."""
LONGEST = 34
"""Letters of a row's name before it is cut."""

Row = Mapping[str, Any]


def changes_figure(rows: Sequence[Row], mode: Tokens) -> go.Figure:
    """Dot and interval of the first audit, hollow, and of the second, filled, row by row."""
    drawn = go.Figure()
    for side, name in (("a", "first"), ("b", "second")):
        drawn.add_scatter(
            x=[None], y=[None], mode="markers", name=name, marker=_marker(side, mode)
        )  # fmt: skip
    for place, row in enumerate(rows):
        _row(drawn, row, (place + 0.6) * ROW, mode)
    height = len(rows) * ROW + 12
    drawn.update_xaxes(title_text=_axis(rows), range=_reach(rows))
    drawn.update_yaxes(
        range=[height, 0], showgrid=False, ticks="",
        tickvals=[(place + 0.6) * ROW for place in range(len(rows))],
        ticktext=[escape(_cut(label(row))) for row in rows],
    )  # fmt: skip
    longest = max((len(_cut(label(row))) for row in rows), default=0)
    drawn.update_layout(
        template=template(mode), height=height + 100,
        margin={"l": min(24 + 7 * longest, 210), "r": 8, "t": 36, "b": 56},
    )  # fmt: skip
    return drawn


def _row(drawn: go.Figure, row: Row, y: float, mode: Tokens) -> None:
    places = {"a": y - APART / 2, "b": y + APART / 2}
    for side, at in places.items():
        value, low, high = (given(row[one]) for one in (side, f"{side}_low", f"{side}_high"))
        if value is None:
            continue
        colour = _colour(side, mode)
        if low is not None and high is not None:
            drawn.add_scatter(
                x=[low, high], y=[at, at], mode="lines", hoverinfo="skip", showlegend=False,
                line={"color": colour, "width": 2},
            )  # fmt: skip
        drawn.add_scatter(
            x=[value], y=[at], mode="markers", showlegend=False, cliponaxis=False,
            marker=_marker(side, mode), hoverinfo="text",
            hovertext=f"{escape(label(row))}, {'first' if side == 'a' else 'second'}"
                      f"<br>{figure(row, side)}",
        )  # fmt: skip
    known = [one for one in (given(row["a"]), given(row["b"])) if one is not None]
    if known:
        drawn.add_annotation(
            x=sum(known) / len(known), y=y, yshift=20, showarrow=False,
            text=escape(said(row)),
            font={"size": 13, "color": mode.text if told(row) else mode.muted},
        )  # fmt: skip
        return
    drawn.add_annotation(
        x=0, xref="paper", y=y, text=escape(f"no figure: {row['a_status']}, {row['b_status']}"),
        showarrow=False, xanchor="left", xshift=8, font={"size": 13, "color": mode.muted},
    )  # fmt: skip


def told(row: Row) -> bool:
    """Whether the two can be told apart."""
    return row["finding"] in TOLD


def said(row: Row) -> str:
    """What stands above a row: "−4.0, p 0.01", or why there is no difference."""
    value = given(row["change"])
    if value is None:
        return str(row["finding"])
    return ", ".join(one for one in (points(value), p_text(given(row["p_holm"]))) if one)


def label(row: Row) -> str:
    """The name of a row within its table and label."""
    names = " → ".join(short(one) for one in named(row).split(" → "))
    if row["table"] == "leakage":
        return names if row["attacker"] == "strongest" else f"{names}, {row['attacker']}"
    return names if row["table"] == "verification" else what(row)


def changes_alt(rows: Sequence[Row]) -> str:
    """What a screen reader says of the figure."""
    return "First and second audit. " + "; ".join(
        f"{label(row)}: {figure(row, 'a')}, then {figure(row, 'b')}; {row['finding']} "
        f"{change(row)}".rstrip()
        for row in rows
    )


def _marker(side: str, mode: Tokens) -> dict[str, Any]:
    colour = _colour(side, mode)
    filled = colour if side == "b" else mode.ground
    return {"size": 10, "color": filled, "line": {"width": 2, "color": colour}, "opacity": 1}


def _colour(side: str, mode: Tokens) -> str:
    return mode.accent if side == "b" else mode.text


def _axis(rows: Sequence[Row]) -> str:
    names = {
        "leakage": "balanced accuracy of the strongest attacker",
        "verification": "verification accuracy",
        "pairs": "accuracy on pairs of one person",
        "fairness": "gap of the true positive rates",
        "action_units": "macro F1",
        "anonymity": "accuracy",
    }
    return names.get(str(rows[0]["table"]), "") if rows else ""


def _reach(rows: Sequence[Row]) -> list[float]:
    ends = [
        end
        for row in rows
        for name in ("a", "a_low", "a_high", "b", "b_low", "b_high")
        if (end := given(row[name])) is not None
    ]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    pad = 0.12 * (high - low) or 0.05
    return [low - pad, high + pad]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
