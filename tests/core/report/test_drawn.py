"""The plots of the pages on paper: the same marks, in the same places, with the same words."""

from __future__ import annotations

import re

import numpy as np
import plotly.graph_objects as go
import pytest

from core.plots.template import template
from core.plots.tokens import LIGHT
from core.report import drawn, drawn_axes, drawn_traces


def figure(*traces: object, **layout: object) -> go.Figure:
    found = go.Figure(traces)
    found.update_layout(template=template(LIGHT), height=300, **layout)
    return found


def paths(svg: bytes, colour: str) -> int:
    """How many strokes or areas have a colour."""
    return len(re.findall(rf"(?:stroke|fill): {colour}", svg.decode()))


def test_every_point_and_interval_is_there() -> None:
    plain = figure(go.Scatter(x=[1, 2, 3], y=[1, 2, 3], mode="markers", marker_color="#B3470A"))
    barred = figure(
        go.Scatter(x=[1, 2, 3], y=[1, 2, 3], mode="markers", marker_color="#B3470A",
                   error_x={"array": [0.1] * 3, "color": "#123456"})
    )  # fmt: skip
    assert len(re.findall(r"<use [^>]*#b3470a", drawn.svg(plain).decode())) == 3
    assert paths(drawn.svg(plain), "#123456") == 0
    assert paths(drawn.svg(barred), "#123456") >= 3


def test_dollars_in_a_name_are_dollars() -> None:
    names = ["fem$\\frac{inine$", "$10k-$20k"]
    named = figure(go.Scatter(x=[1, 2], y=names, mode="markers"))
    assert drawn.svg(named)


def test_the_height_is_the_figures_and_the_width_is_ours() -> None:
    told = drawn.svg(figure(go.Scatter(x=[1], y=[1])), width=800).decode()
    assert 'width="600pt" height="225pt"' in told  # 96 pixels to the inch, 72 points


def test_axes_are_those_of_the_figure() -> None:
    made = figure(go.Scatter(x=[0.1, 10], y=[5, 1], mode="lines"))
    made.update_xaxes(type="log", range=[-1, 1])
    made.update_yaxes(range=[10, 0])
    axes = drawn._draw(made, 760).axes[0]
    assert axes.get_xscale() == "log"
    assert axes.get_xlim() == pytest.approx((0.1, 10))
    assert axes.get_ylim() == (10, 0)


def test_classes_keep_the_order_that_the_figure_gives_them() -> None:
    made = figure(
        go.Heatmap(z=[[0, 1], [1, 0]], x=["b", "a"], y=["one", "two"]),
    )
    made.update_xaxes(type="category", categoryorder="array", categoryarray=["a", "b"])
    made.update_yaxes(type="category", autorange="reversed")
    axes = drawn._draw(made, 760).axes[0]
    assert [one.get_text() for one in axes.get_xticklabels()] == ["a", "b"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_words_are_without_tags() -> None:
    assert drawn.plain("<b>x</b><br>a &lt; b") == "x\na < b"


@pytest.mark.parametrize(
    ("value", "how", "told"),
    [(0.5, ".0%", "50%"), (0.001, ".0e", "1e−3"), (1, ".0e", "1e+0"), (-0.25, ".2f", "−0.25"),
     (0.0125, ".3~p", "1.25%"), (0.6, ".1f", "0.6"), (-3, None, "−3"), (1000, None, "1000")],
)  # fmt: skip
def test_ticks_are_told_as_the_page_tells_them(value: float, how: str | None, told: str) -> None:
    assert drawn_axes.said(value, how) == told


def test_colours_have_their_opacity() -> None:
    assert drawn_traces.colour("rgba(255, 0, 51, 0.25)") == ((1.0, 0.0, 0.2), 0.25)
    assert drawn_traces.colour("#123456") == ("#123456", 1.0)


def test_a_kind_that_we_do_not_draw_is_an_error() -> None:
    with pytest.raises(ValueError, match="a trace of the kind pie"):
        drawn.svg(figure(go.Pie(values=[1, 2])))


def test_gaps_stay_gaps_in_lines_and_areas() -> None:
    made = figure(
        go.Scatter(x=[0, 1, 1, None, 2, 3, 3], y=[0, 0, 1, None, 0, 0, 1], mode="lines",
                   fill="toself", fillcolor="#ABCDEF", line={"width": 0})
    )  # fmt: skip
    axes = drawn._draw(made, 760).axes[0]
    areas = [patch.get_path().vertices for patch in axes.patches]
    assert len(areas) == 2
    assert all(np.isfinite(one).all() for one in areas)


def test_the_same_figure_gives_the_same_bytes() -> None:
    made = figure(go.Scatter(x=[1, 2], y=[2, 1], name="a"), go.Scatter(x=[1], y=[1], name="b"))
    assert drawn.svg(made) == drawn.svg(made)
