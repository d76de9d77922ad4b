"""Figures of action units: every cell shows its own figure, and nothing that is not there."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from core.plots.action_units import (
    crossing_figure,
    interactions_figure,
    paper_rows,
    units_figure,
)
from core.plots.action_units_page import Detected, detected
from core.plots.tokens import DARK, LIGHT, Tokens
from core.table import table

SETS, GROUPS = ("female", "male", "mixed"), ("female", "male")


def made() -> pd.DataFrame:
    """Two groups, three sets, two units and one that is left out."""
    rows: list[dict[str, Any]] = []
    for s, name in enumerate(SETS):
        for g, group in enumerate(GROUPS):
            common = {"train_group": name, "test_group": group, "identities": 40, "n": 200}
            value = 0.5 + 0.1 * s - 0.05 * g
            span = {"value": value, "low": value - 0.04, "high": value + 0.04, "status": "ok"}
            rows += [
                {**common, "au": "all", "metric": m, **span} for m in ("f1_macro", "f1_weighted")
            ]
            rows += [{**common, "au": au, "metric": "f1", **span} for au in ("AU01", "AU12")]
            rows.append({**common, "au": "AU20", "metric": "f1", "status": "not enough data"})
    for au, value, p in (("all", 0.2, 0.01), ("AU01", 0.3, 0.01), ("AU12", 0.01, 0.9)):
        rows.append({
            "train_group": "female x male", "test_group": "female x male", "metric": "interaction",
            "au": au, "value": value, "low": value - 0.1, "high": value + 0.1, "p_holm": p,
            "status": "ok", "identities": 40, "n": 400,
        })  # fmt: skip
    return table("action_units", rows)


@pytest.fixture
def found() -> Detected:
    return detected(made())


def cells(figure: Any) -> dict[tuple[str, str], float | None]:
    heat = figure.data[0]
    return {(row, column): heat.z[r][c] for r, row in enumerate(heat.y)
            for c, column in enumerate(heat.x)}  # fmt: skip


def test_groups_and_units_are_where_they_belong(found: Detected) -> None:
    shown = cells(units_figure(found, "male", LIGHT))
    assert set(shown) == {(g, au) for g in GROUPS for au in ("AU 1", "AU 12")}
    assert shown["female", "AU 1"] == pytest.approx(0.6)
    assert shown["male", "AU 12"] == pytest.approx(0.55)


def test_training_sets_cross_test_groups_with_the_papers_figure_below(found: Detected) -> None:
    figure = crossing_figure(found, LIGHT)
    shown = cells(figure)
    assert shown["mixed", "male"] == pytest.approx(0.65)
    assert set(shown) == {(s, g) for s in SETS for g in GROUPS}
    written = {(one.y, one.x): one.text for one in figure.layout.annotations}
    assert written["male", "female"] == ".60<br><i>paper .44</i>"
    weighted = crossing_figure(found, LIGHT, metric="f1_weighted").layout.annotations
    assert any("paper .45" in one.text for one in weighted)


def test_what_has_no_figure_is_a_dash_and_no_colour() -> None:
    frame = made()
    frame.loc[
        (frame["train_group"] == "mixed") & (frame["au"] == "all"), ["value", "low", "high"]
    ] = None
    figure = crossing_figure(detected(frame), LIGHT)
    assert cells(figure)["mixed", "female"] is None
    text = {(one.y, one.x): one.text for one in figure.layout.annotations}["mixed", "female"]
    assert text.startswith("–")


@pytest.mark.parametrize("mode", [LIGHT, DARK])
def test_interactions_are_points_with_intervals_filled_where_told(
    found: Detected, mode: Tokens
) -> None:
    told, other = interactions_figure(found, "female x male", mode).data
    assert (list(told.y), list(told.x)) == (["AU 1"], [pytest.approx(30)])
    assert (list(other.y), list(other.x)) == (["AU 12"], [pytest.approx(1)])
    assert told.error_x.array[0] == pytest.approx(10)
    assert told.error_x.arrayminus[0] == pytest.approx(10)
    assert told.marker.color != other.marker.color


def test_the_papers_rows_stand_beside_ours_with_what_differs(found: Detected) -> None:
    rows = {(one.train, one.test): one for one in paper_rows(found)}
    assert len(rows) == 6
    one = rows["male", "female"]
    assert (one.theirs, one.theirs_weighted) == (0.44, 0.45)
    assert one.ours.value == pytest.approx(0.6)
    assert "Table 1" in one.source
    assert "VGG16" in one.differs
    other = made().replace({"female": "blue", "male": "green"})
    assert not paper_rows(detected(other))
