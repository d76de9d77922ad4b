"""Figures by group: what is read from each group and whom verification fails, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd
import plotly.graph_objects as go

from core.plots.compare import Span, rows_of, span_of
from core.plots.template import template
from core.plots.tokens import Tokens, colour, full, mark, short

METRICS = {
    "fmr": "false matches: strangers of the group that are accepted",
    "fnmr": "false non-matches: people of the group that are refused",
    "leakage": "balanced accuracy of the strongest attacker within the group",
    "recall": "share of the class that the strongest attacker reads rightly",
}
"""Figures of `groups.csv` and what they are."""
AXES = {
    "fmr": "False match rate", "fnmr": "False non-match rate", "leakage": "balanced accuracy",
    "recall": "recall",
}  # fmt: skip
ROW, GAP = 20, 18
"""Heights in pixels: a representation's row, the space between groups."""


@dataclass(frozen=True)
class Served:
    """One figure of one group under one representation; `n` pairs or faces behind it."""

    name: str
    group: str
    span: Span
    n: int
    people: int
    reference: float | None


def served(
    groups: pd.DataFrame,
    label: str,
    metric: str,
    names: Sequence[str],
    *,
    attribute: str | None = None,
) -> list[Served]:
    """The rows of `names` by group of `label`, groups in the order of the table.

    `attribute` is the label that is read, for leakage; its own classes have the recall in its
    place. `reference` is chance there, and the rate that the threshold was chosen for in errors.
    """
    where = {"label": label, "metric": metric}
    if attribute is not None:
        where = {"label": label, "attribute": attribute}
    rows = [row for row in rows_of(groups, **where) if str(row["representation"]) in names]
    order = list(dict.fromkeys(str(row["group"]) for row in rows))
    place = {name: number for number, name in enumerate(names)}
    rows.sort(key=lambda row: (order.index(str(row["group"])), place[str(row["representation"])]))
    beside = "chance" if attribute is not None else "far"
    return [
        Served(
            str(row["representation"]), str(row["group"]), span_of(row, ("value", "low", "high")),
            int(row["n"]), int(row["identities"]),
            None if pd.isna(row[beside]) else float(row[beside]),
        )
        for row in rows
    ]  # fmt: skip


def group_title(found: Sequence[Served], label: str, metric: str) -> str:
    """The first representation that treats two groups differently, beyond their intervals."""
    names = list(dict.fromkeys(one.name for one in found))
    compared = []
    for name in names:
        own = [one for one in found if one.name == name and one.span.low is not None]
        if len(own) < 2:
            continue
        compared.append(name)
        high = max(own, key=lambda one: one.span.value or 0)
        low = min(own, key=lambda one: one.span.value or 0)
        if (high.span.low or 0) > (1 if low.span.high is None else low.span.high):
            first = "" if name == names[0] else f"; {full(names[0])} treats them alike"
            return (
                f"{full(name)}: {_low(metric)} highest for {high.group}, {_rate(high)}; lowest "
                f"for {low.group}, {_rate(low)}{first if names[0] in compared else ''}"
            )
    if not compared:
        return f"Not enough data to compare groups of {label}"
    return f"No two groups of {label} can be told apart by their {_low(metric)}"


def _low(metric: str) -> str:
    return AXES[metric][0].lower() + AXES[metric][1:]


def _rate(one: Served) -> str:
    return f"{100 * (one.span.value or 0):.1f} %"


def group_figure(
    found: Sequence[Served], metric: str, kinds: Mapping[str, str], mode: Tokens
) -> go.Figure:
    """Dot and interval of every representation within every group, in fixed colours and marks."""
    figure, y, ticks = go.Figure(), 0.0, []
    placed: list[tuple[float, Served]] = []
    for group in dict.fromkeys(one.group for one in found):
        own = [one for one in found if one.group == group]
        ticks.append((y + ROW * len(own) / 2, group))
        for one in own:
            placed.append((y + ROW / 2, one))
            y += ROW
        y += GAP
    for name in dict.fromkeys(one.name for one in found):
        _dots(figure, [(at, one) for at, one in placed if one.name == name], name, kinds, mode)
    _nothing(figure, placed, mode)
    _reference(figure, found, metric, mode)
    ends = [end for one in found for end in (one.span.value, one.span.high) if end is not None]
    ends += [one.reference for one in found if one.reference is not None and metric != "fnmr"]
    reach = max(ends, default=0) or 0.01
    # Zero is no frame: dots that lie on it are drawn whole, beside the names of the groups.
    figure.update_xaxes(
        title_text=AXES[metric], tickformat=".3~p", nticks=6, range=[-0.04 * reach, 1.05 * reach]
    )
    figure.update_yaxes(
        range=[y, -GAP / 2], showgrid=False, ticks="", tickvals=[at for at, _ in ticks],
        ticktext=[escape(name) for _, name in ticks],
    )  # fmt: skip
    rows = 1 + (len({one.name for one in found}) - 1) // 3
    figure.update_layout(
        template=template(mode), height=int(y) + 90 + 26 * rows, hovermode="closest",
        margin={"l": 104, "r": 12, "t": 14 + 26 * rows, "b": 56},
    )  # fmt: skip
    return figure


def _dots(
    figure: go.Figure,
    rows: Sequence[tuple[float, Served]],
    name: str,
    kinds: Mapping[str, str],
    mode: Tokens,
) -> None:
    kind = kinds.get(name, name)
    shade = colour(kind, mode)
    told = [(at, one) for at, one in rows if one.span.value is not None]
    xs: list[float | None] = []
    ys: list[float | None] = []
    for at, one in told:
        xs += [one.span.low, one.span.high, None]
        ys += [at, at, None]
    figure.add_scatter(
        x=xs, y=ys, mode="lines", hoverinfo="skip", showlegend=False,
        line={"color": shade, "width": 2},
    )  # fmt: skip
    figure.add_scatter(
        x=[one.span.value for _, one in told], y=[at for at, _ in told], mode="markers",
        name=escape(short(name)), cliponaxis=False, hoverinfo="text",
        marker={"symbol": mark(kind), "size": 9, "color": shade, "opacity": 1},
        hovertext=[_hover(one) for _, one in told],
    )  # fmt: skip


def _hover(one: Served) -> str:
    low, high = one.span.low, one.span.high
    limits = "" if low is None or high is None else f" ({100 * low:.2f} to {100 * high:.2f})"
    return (
        f"{escape(one.name)}, {escape(one.group)}<br>{100 * (one.span.value or 0):.2f} %{limits}"
        f"<br>{one.people} people, {one.n:,} rows or pairs"
    )


def _nothing(figure: go.Figure, placed: Sequence[tuple[float, Served]], mode: Tokens) -> None:
    """What has no figure says why, once a group where it is the same for all."""
    by_group: dict[str, list[tuple[float, Served]]] = {}
    for at, one in placed:
        by_group.setdefault(one.group, []).append((at, one))
    for rows in by_group.values():
        silent = [(at, one) for at, one in rows if one.span.value is None]
        words = {one.span.status for _, one in silent}
        if len(silent) == len(rows) and len(words) == 1:
            silent = [(sum(at for at, _ in rows) / len(rows), rows[0][1])]
        for at, one in silent:
            figure.add_annotation(
                x=0, xref="paper", y=at, text=escape(one.span.status), showarrow=False,
                xanchor="left", xshift=6, font={"size": 12, "color": mode.muted},
            )  # fmt: skip


def _reference(figure: go.Figure, found: Sequence[Served], metric: str, mode: Tokens) -> None:
    """Chance, or the rate that the one threshold was chosen for."""
    beside = {one.reference for one in found if one.reference is not None}
    if metric == "fnmr" or len(beside) != 1:
        return
    line = {"color": mode.chance, "width": 1.5, "dash": "dash"}
    figure.add_vline(x=beside.pop(), line=line, layer="below")


def group_alt(found: Sequence[Served], label: str, metric: str) -> str:
    """What a screen reader says of the figure."""
    return f"{AXES[metric]} by {label}: " + "; ".join(
        f"{one.name}, {one.group} "
        + (one.span.status if one.span.value is None else f"{one.span.value:.3f}")
        for one in found
    )
