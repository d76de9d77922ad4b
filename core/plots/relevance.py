"""Where detectors of action units look: ratios with intervals, mean maps, differences of groups.

Purple speaks for the unit and green against it (as in `core.plots.looking`); the outline is the
region in which at least half of the faces show the unit. No face is drawn: maps lie on the crop's
square.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.action_units.emfacs import called
from core.plots.compare import rows_of
from core.plots.looking import LOWERS, RAISES, SOLID
from core.plots.template import template
from core.plots.tokens import DARK, Tokens

ALL = "all"
TRAINED, RANDOMISED = "trained", "randomised"
ON_DARK = "194,165,207", "166,219,160"
"""The same two colours where the ground is dark: lighter ones of the same scale."""
ROW, MAP, HEADER = 30, 150, 34
"""Pixels of a unit's row, of a map's side with its gap, and of the groups' names."""
LEAST, MOST = 0.1, 30.0
"""Ends of the axis of ratios; what lies beyond is drawn at the end."""
TICKS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16)


@dataclass(frozen=True, eq=False)
class Plate:
    """One map of `relevance_maps`: `heat` (c, c), the `outline` bool (c, c) drawn on it."""

    unit: int
    train: str
    group: str
    heat: np.ndarray
    outline: np.ndarray
    p: float | None
    n: int
    people: int


def plates(table: pd.DataFrame, unit: int, kind: str) -> list[Plate]:
    """The maps of one unit, `kind` "mean" or "difference", in the order of the table.

    The outline of a mean is its region, of a difference where it exceeds permuted people.
    """
    own = table[(table["au"] == unit) & (table["kind"] == kind)]
    outline = "region" if kind == "mean" else "exceeds"
    return [
        Plate(
            unit, str(row["train_group"]), str(row["group"]), _square(row["heat"]),
            _square(row[outline]) >= 0.5, None if pd.isna(row["p"]) else float(row["p"]),
            int(row["n"]), int(row["identities"]),
        )
        for row in rows_of(own)
    ]  # fmt: skip


def ratios_figure(table: pd.DataFrame, train: str, mode: Tokens, *, group: str = ALL) -> go.Figure:
    """Ratio of relevance in the region by unit, trained against randomised, on a log axis.

    The dashed line at 1 is what relevance would have that knew nothing of faces. A unit without
    a figure keeps its row and its status.
    """
    own = table[(table["train_group"] == train) & (table["group"] == group)]
    units = sorted(own["au"].unique(), reverse=True)
    figure = go.Figure()
    figure.add_vline(x=1, line={"color": mode.chance, "width": 1, "dash": "dash"})
    drawn = ((RANDOMISED, mode.chance, "circle-open", -0.18), (TRAINED, mode.accent, "circle", 0.1))
    for model, shade, symbol, shift in drawn:
        rows = own[own["model"] == model]
        known = rows[rows["ratio"].notna()]
        places = [units.index(unit) + shift for unit in known["au"]]
        _intervals(figure, known, places, shade)
        figure.add_scatter(
            x=_within(known["ratio"]), y=places, mode="markers", name=model,
            marker={"size": 9, "color": shade, "symbol": symbol},
            text=[_said(row) for row in rows_of(known)],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
        for row in rows_of(rows[rows["ratio"].isna()]) if model == TRAINED else ():
            figure.add_annotation(
                x=0, y=units.index(row["au"]), text=escape(str(row["status"])), showarrow=False,
                xanchor="left", xshift=6, font={"size": 13, "color": mode.muted},
            )  # fmt: skip
    figure.update_xaxes(
        type="log", range=np.log10([LEAST, MOST]).tolist(), tickvals=list(TICKS),
        ticktext=[f"{tick:g}" for tick in TICKS], tickangle=0,
        title_text="Share of relevance in the region ÷ share of area",
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(units))), ticktext=[f"AU {unit}" for unit in units],
        range=[-0.6, len(units) - 0.4], showgrid=False,
    )  # fmt: skip
    figure.update_layout(
        template=template(mode), height=ROW * len(units) + 100, hovermode="closest",
        legend={"traceorder": "reversed"}, margin={"l": 56, "r": 8, "t": 28, "b": 56},
    )  # fmt: skip
    return figure


def mean_maps_figure(found: Sequence[Plate], mode: Tokens) -> go.Figure:
    """Mean maps of one unit: a row a training set, a column a test group, one scale for all."""
    top = max((float(np.quantile(one.heat, 0.998)) for one in found), default=1.0)
    raises, _ = _colours(mode)
    scale = [[0, f"rgba({raises},0)"], [1, f"rgba({raises},{SOLID})"]]
    return _grid(found, mode, scale, (0.0, max(top, 1e-9)))


def difference_figure(found: Sequence[Plate], mode: Tokens) -> go.Figure:
    """Differences of two groups' mean maps, a row a training set; what exceeds permuted people is
    outlined."""
    top = max((float(np.quantile(np.abs(one.heat), 0.998)) for one in found), default=1.0)
    raises, lowers = _colours(mode)
    scale = [[0, f"rgba({lowers},{SOLID})"], [0.5, "rgba(128,128,128,0)"],
             [1, f"rgba({raises},{SOLID})"]]  # fmt: skip
    return _grid(found, mode, scale, (-max(top, 1e-9), max(top, 1e-9)))


def _colours(mode: Tokens) -> tuple[str, str]:
    return ON_DARK if mode == DARK else (RAISES, LOWERS)


def _grid(
    found: Sequence[Plate], mode: Tokens, scale: list[list[Any]], ends: tuple[float, float]
) -> go.Figure:
    trains, groups = (
        list(dict.fromkeys(getattr(one, name) for one in found)) for name in ("train", "group")
    )
    rows, columns = max(len(trains), 1), max(len(groups), 1)
    figure = make_subplots(
        rows, columns, horizontal_spacing=0.02, vertical_spacing=min(0.06, 0.5 / rows)
    )
    for one in found:
        at = {"row": trains.index(one.train) + 1, "col": groups.index(one.group) + 1}
        figure.add_heatmap(
            z=one.heat, zmin=ends[0], zmax=ends[1], colorscale=scale, showscale=False,
            hovertemplate="%{z:.2%} of positive relevance<extra></extra>", **at,
        )  # fmt: skip
        _outline(figure, one.outline, mode, at)
    hidden: dict[str, Any] = {
        "showticklabels": False, "ticks": "", "showgrid": False, "constrain": "domain",
        "showline": True, "mirror": True, "linecolor": mode.border, "title_text": "",
    }  # fmt: skip
    figure.update_xaxes(**hidden)
    figure.update_yaxes(**hidden, autorange="reversed")
    for number in range(rows * columns):
        x = f"x{number + 1}" if number else "x"
        figure.update_yaxes(scaleanchor=x, row=number // columns + 1, col=number % columns + 1)
    for place, group in enumerate(groups):
        figure.update_xaxes(title_text=escape(group), side="top", title_standoff=4, row=1,
                            col=place + 1)  # fmt: skip
    for place, train in enumerate(trains):
        figure.update_yaxes(title_text=f"trained on {escape(train)}", title_standoff=4,
                            row=place + 1, col=1)  # fmt: skip
    if not found:
        figure.add_annotation(
            text="Not enough data for a map", x=0.5, y=0.5, xref="paper", yref="paper",
            showarrow=False, font={"color": mode.muted},
        )  # fmt: skip
    figure.update_layout(
        template=template(mode), height=MAP * rows + HEADER, showlegend=False,
        margin={"l": 28, "r": 4, "t": HEADER, "b": 4},
    )  # fmt: skip
    return figure


def _outline(figure: go.Figure, mask: np.ndarray, mode: Tokens, at: Mapping[str, int]) -> None:
    """The border of what is True, along the edges of its cells."""
    if not mask.any():
        return
    x: list[float | None] = []
    y: list[float | None] = []
    padded = np.pad(mask, 1)
    for row, column in zip(*np.nonzero(padded[:, 1:] != padded[:, :-1]), strict=True):
        x += [column - 0.5, column - 0.5, None]
        y += [row - 1.5, row - 0.5, None]
    for row, column in zip(*np.nonzero(padded[1:] != padded[:-1]), strict=True):
        x += [column - 1.5, column - 0.5, None]
        y += [row - 0.5, row - 0.5, None]
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": mode.text, "width": 1.5}, hoverinfo="skip", **at
    )


def caption(facts: Mapping[str, Any]) -> str:
    """How to read the ratios and what was checked, from the facts of the run."""
    said = ["1 is what relevance that knows nothing of faces would have."]
    if facts.get("draws"):
        said.append(f"Randomised: {facts['randomisation']}, mean of {facts['draws']} draws.")
    if facts.get("composite"):
        said.append(f"Rules: {facts['composite']}.")
    gaps = [gap for gap in (facts.get("conservation") or {}).values() if gap is not None]
    if gaps:
        held = "within 1 %" if max(gaps) <= 0.01 else "NOT within 1 %, so do not read these maps"
        said.append(
            f"Under the rules that promise it ({facts['conserving']}) relevance sums to the "
            f"output {held}: the largest gap is {100 * max(gaps):.2g} %."
        )
    if facts.get("regions") == "landmarks":
        said.append("Regions are placed by five landmarks and approximate.")
    return " ".join(said)


def title(table: pd.DataFrame, train: str, *, group: str = ALL) -> str:
    """The finding, from the intervals: for how many units the detector looks where they show."""
    own = table[(table["train_group"] == train) & (table["group"] == group)]
    own = own[(own["model"] == TRAINED) & own["low"].notna()]
    if own.empty:
        return "Not enough data to say where the detector looks"
    there, away = int((own["low"] > 1).sum()), int((own["high"] < 1).sum())
    said = f"Relevance gathers where the unit shows for {there} of {len(own)} units"
    return said + (f", and less than by chance for {away}" if away else "")


def maps_title(found: Sequence[Plate]) -> str:
    """What differs between groups, from the permutations."""
    if not found:
        return "Not enough people for a difference of groups"
    differ = [one for one in found if one.outline.any()]
    if not differ:
        return f"{called(found[0].unit)}: no place differs between the groups beyond chance"
    where = ", ".join(f"trained on {one.train}" for one in differ)
    return (
        f"{called(found[0].unit)}: relevance lies elsewhere in one group than the other ({where})"
    )


def maps_alt(found: Sequence[Plate]) -> str:
    """The maps in words."""
    told = []
    for one in found:
        row, column = np.unravel_index(int(np.abs(one.heat).argmax()), one.heat.shape)
        down, across = (100 * (place + 0.5) / len(one.heat) for place in (row, column))
        told.append(
            f"{one.group}, trained on {one.train}: strongest {across:.0f} % from the left and "
            f"{down:.0f} % from the top ({one.n} faces of {one.people} people)"
        )
    return "Maps of relevance. " + "; ".join(told) if told else "No map."


def ratios_alt(table: pd.DataFrame, train: str, *, group: str = ALL) -> str:
    """The ratios in words."""
    own = table[(table["train_group"] == train) & (table["group"] == group)]
    told = [f"{_said(row)} ({row['model']})" for row in rows_of(own)]
    return f"Ratio of relevance in the region, trained on {train}. " + "; ".join(told)


def _intervals(figure: go.Figure, known: pd.DataFrame, places: Sequence[float], shade: str) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    for (low, high), place in zip(known[["low", "high"]].itertuples(index=False), places,
                                  strict=True):  # fmt: skip
        if not (pd.isna(low) or pd.isna(high)):
            x += [*_within([low, high]), None]
            y += [place, place, None]
    figure.add_scatter(x=x, y=y, mode="lines", line={"color": shade, "width": 2},
                       hoverinfo="skip", showlegend=False)  # fmt: skip


def _within(values: Any) -> list[float]:
    held: list[float] = np.clip(np.asarray(values, float), LEAST, MOST).tolist()
    return held


def _said(row: Mapping[str, Any]) -> str:
    """ "AU 12, lip corner puller: 2.31 (1.80 to 2.92)", or its status."""
    name = called(int(row["au"]))
    if pd.isna(row["ratio"]):
        return f"{name}: {row['status']}"
    if pd.isna(row["low"]):
        return f"{name}: {row['ratio']:.2f}"
    return f"{name}: {row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})"


def _square(cells: Any) -> np.ndarray:
    flat = np.asarray(cells, np.float64)
    side = round(len(flat) ** 0.5)
    return flat.reshape(side, side)
