"""The ROC figure says what the table says, in both modes and both kinds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from core.plots.roc import roc
from core.plots.tokens import DARK, LIGHT, Tokens
from core.table import table


@pytest.fixture
def curves() -> pd.DataFrame:
    far = np.geomspace(0.01, 1, 9)
    rows = [
        {
            "representation": name,
            "far": f,
            "tar": t,
            "low": max(t - 0.1, 0),
            "high": min(t + 0.1, 1),
        }
        for name, power in (("x", 0.1), ("sensitivenets", 0.3))
        for f, t in zip(far, far**power, strict=True)
    ]
    return table("roc", rows)


def lines(figure, name: str):
    return next(trace for trace in figure.data if trace.name == name)


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_each_representation_has_a_line_and_a_band(curves: pd.DataFrame, tokens: Tokens) -> None:
    figure = roc(curves, tokens=tokens)
    for name, own in curves.groupby("representation"):
        line = lines(figure, name)
        np.testing.assert_allclose(line.x, own["far"])
        np.testing.assert_allclose(line.y, own["tar"])
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(bands) == 2
    own = curves[curves["representation"] == "x"]
    np.testing.assert_allclose(bands[0].y, [*own["low"], *own["high"][::-1]])
    assert lines(figure, "x").line.color == tokens.text
    dashes = {lines(figure, name).line.dash for name in ("x", "sensitivenets")}
    assert len(dashes) == 2
    assert figure.layout.xaxis.type == "log"


def test_warm_colours_mean_leakage_only(curves: pd.DataFrame) -> None:
    text = roc(curves, tokens=LIGHT).to_json().lower()
    assert LIGHT.leak.lower() not in text.split('"template"')[0]


def test_det_shows_errors_on_the_normal_scale(curves: pd.DataFrame) -> None:
    figure = roc(curves, tokens=LIGHT, kind="det")
    line = lines(figure, "x")
    own = curves[(curves["representation"] == "x") & (curves["far"] < 1)]
    np.testing.assert_allclose(line.x, norm.ppf(own["far"]))
    np.testing.assert_allclose(line.y, norm.ppf(1 - own["tar"]))
    assert np.isfinite(line.y).all()


@pytest.mark.parametrize("perfect", [False, True])
@pytest.mark.parametrize("kind", ["roc", "det"])
def test_each_curve_has_its_name_beside_it_and_no_two_names_lie_on_each_other(
    curves: pd.DataFrame, kind: str, perfect: bool
) -> None:
    if perfect:
        curves = curves.assign(tar=1.0, low=1.0, high=1.0)
    twins = [curves, curves.assign(representation="leace"), curves.assign(representation="a<b>")]
    figure = roc(pd.concat(twins), tokens=LIGHT, kind=kind)
    said = {one.text: one.y for one in figure.layout.annotations}
    assert set(said) == {"x", "SN", "LEACE", "a&lt;b&gt;"}
    low, high = figure.layout.yaxis.range
    places = np.sort(list(said.values()))
    assert np.diff(places).min() > 0.06 * (high - low)
    assert low <= places[0] <= places[-1] <= high


def test_a_name_of_its_own_keeps_the_colour_and_the_mark_of_its_kind(curves: pd.DataFrame) -> None:
    named = curves.replace({"sensitivenets": "mine"})
    figure = roc(named, tokens=LIGHT, kinds={"mine": "lntl"})
    assert lines(figure, "mine").line.color == "#A8517F"
    assert lines(figure, "mine marks").marker.symbol == "diamond"


@pytest.mark.parametrize("kind", ["roc", "det"])
def test_an_empty_table_says_so(kind: str) -> None:
    figure = roc(table("roc", []), tokens=LIGHT, kind=kind)
    assert "Not enough data" in figure.layout.annotations[0].text


def test_rows_without_a_figure_are_not_drawn(curves: pd.DataFrame) -> None:
    holed = curves.copy()
    holed.loc[0, ["tar", "low", "high"]] = np.nan
    assert len(lines(roc(holed, tokens=LIGHT), "x").x) == 8
