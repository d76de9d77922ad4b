"""Figures of relevance show every figure once, and sentences follow intervals. All is MADE UP."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.plots import relevance as plots
from core.plots.tokens import DARK, LIGHT, Tokens
from core.table import table

SIDE = 8


def ratios(*spans: tuple[float, float, float] | str) -> pd.DataFrame:
    """A row of the trained and of the randomised model for each unit: a span, or a status."""
    rows: list[dict[str, Any]] = []
    for unit, span in zip((1, 12, 26), spans, strict=False):
        for model in ("trained", "randomised"):
            own: dict[str, Any] = {"status": span if isinstance(span, str) else "ok"}
            if not isinstance(span, str):
                value, low, high = span if model == "trained" else (1.0, 0.8, 1.2)
                own |= {"ratio": value, "low": low, "high": high}
            rows.append({"au": unit, "train_group": "mixed", "group": "all", "model": model, **own})
    return table("relevance", rows)


def square(top: int, left: int, value: float = 1.0) -> list[float]:
    cells = np.zeros((SIDE, SIDE))
    cells[top : top + 2, left : left + 3] = value
    return [float(one) for one in cells.ravel()]


@pytest.fixture
def maps() -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for train in ("female", "male"):
        common = {"au": 12, "train_group": train, "n": 20, "identities": 12}
        for group in ("female", "male"):
            rows.append(common | {"group": group, "kind": "mean", "heat": square(5, 2, 0.1),
                                  "region": square(5, 3)})  # fmt: skip
        exceeds = square(1, 1) if train == "male" else square(0, 0, 0)
        rows.append(common | {"group": "female − male", "kind": "difference", "p": 0.01,
                              "heat": square(1, 1, -0.1), "exceeds": exceeds})  # fmt: skip
    return table("relevance_maps", rows)


def shown(figure: Any, name: str) -> dict[float, float]:
    (trace,) = [one for one in figure.data if one.name == name]
    return {round(y): x for x, y in zip(trace.x, trace.y, strict=True)}


@pytest.mark.parametrize("mode", [LIGHT, DARK])
def test_every_ratio_is_shown_on_its_row_and_what_is_missing_says_why(mode: Tokens) -> None:
    found = ratios((3.0, 2.0, 4.0), "not enough data", (0.02, 0.01, 0.5))
    figure = plots.ratios_figure(found, "mixed", mode)
    assert list(figure.layout.yaxis.ticktext) == ["AU 26", "AU 12", "AU 1"]
    assert shown(figure, "trained") == {2: 3.0, 0: plots.LEAST}
    assert shown(figure, "randomised") == {2: 1.0, 0: 1.0}
    assert [one.text for one in figure.layout.annotations] == ["not enough data"]
    assert figure.layout.shapes[0].x0 == figure.layout.shapes[0].x1 == 1
    lines = [one for one in figure.data if one.mode == "lines"]
    assert {2.0, 4.0} <= set(lines[1].x)


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([(3.0, 2.0, 4.0), (1.1, 0.9, 1.3), (0.5, 0.3, 0.8)],
         "Relevance gathers where the unit shows for 1 of 3 units, and less than by chance for 1"),
        ([(3.0, 2.0, 4.0), (2.0, 1.5, 3.0)],
         "Relevance gathers where the unit shows for 2 of 2 units"),
        (["not enough data"], "Not enough data to say where the detector looks"),
    ],
)  # fmt: skip
def test_the_finding_follows_the_intervals(spans: list[Any], words: str) -> None:
    assert plots.title(ratios(*spans), "mixed") == words


def test_maps_stand_by_training_set_and_group_with_their_outline(maps: pd.DataFrame) -> None:
    found = plots.plates(maps, 12, "mean")
    assert len(found) == 4
    figure = plots.mean_maps_figure(found, LIGHT)
    heats = [one for one in figure.data if one.type == "heatmap"]
    assert {(one.xaxis, one.yaxis) for one in heats} == {
        ("x", "y"), ("x2", "y2"), ("x3", "y3"), ("x4", "y4")
    }  # fmt: skip
    assert {one.zmax for one in heats} == {0.1}
    line = next(one for one in figure.data if one.type == "scatter")
    across = [x for x in line.x if x is not None]
    down = [y for y in line.y if y is not None]
    assert (min(across), max(across), min(down), max(down)) == (2.5, 5.5, 4.5, 6.5)
    assert len(line.x) == 3 * (2 * 2 + 2 * 3)  # edges of a region of two by three cells
    words = str(figure.layout)
    assert "trained on female" in words
    assert "male" in words


def test_a_difference_is_outlined_where_it_exceeds_chance_and_told(maps: pd.DataFrame) -> None:
    found = plots.plates(maps, 12, "difference")
    figure = plots.difference_figure(found, DARK)
    assert [one.type for one in figure.data] == ["heatmap", "heatmap", "scatter"]
    assert figure.data[0].zmin == -figure.data[0].zmax
    assert "trained on male" in plots.maps_title(found)
    assert "female)" not in plots.maps_title(found)
    assert "beyond chance" in plots.maps_title(found[:1])
    assert "Not enough people" in plots.maps_title([])


def test_nothing_to_draw_is_said() -> None:
    figure = plots.mean_maps_figure([], LIGHT)
    assert figure.layout.annotations[0].text == "Not enough data for a map"
    assert plots.maps_alt([]) == "No map."


def test_words_beside_the_figures(maps: pd.DataFrame) -> None:
    alt = plots.maps_alt(plots.plates(maps, 12, "mean"))
    assert "female, trained on male: strongest" in alt
    assert "20 faces of 12 people" in alt
    said = plots.ratios_alt(ratios((3.0, 2.0, 4.0), "not enough data"), "mixed")
    assert "AU 1, inner brow raiser: 3.00 (2.00 to 4.00) (trained)" in said
    assert "AU 12, lip corner puller: not enough data (trained)" in said


@pytest.mark.parametrize(("gap", "word"), [(0.002, "within 1 %: "), (0.2, "NOT within 1 %")])
def test_the_caption_says_whether_relevance_was_conserved(gap: float, word: str) -> None:
    facts = {"draws": 3, "randomisation": "every layer", "composite": "gamma", "conserving": "ε",
             "conservation": {"mixed": gap, "male": None}, "regions": "landmarks"}  # fmt: skip
    found = plots.caption(facts)
    assert word in found
    assert "approximate" in found
    assert plots.caption({}).startswith("1 is")
