"""Sentences and figures of the anonymity study follow from statuses and values alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "app"))

from made_up_anonymity import FACTS, rows, training

from core.plots import anonymity as plots
from core.plots import anonymity_figures as drawn
from core.plots.tokens import DARK, LIGHT

BELOW = {("Hybrid2Face", "identity"): (0.001, 0.001)}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("few people", "fresh attackers still name who is shown in 20.0 %"),
        ("ok", "fresh attackers still name who is shown in 20.0 %"),
        ("nothing found", "nothing of who is shown was found, which is no proof"),
        ("anti-learning", "that is no privacy"),
        ("probe failed", "miss even a planted code: nothing follows"),
        ("not enough data", "Not enough data to say whether Hybrid’s features"),
    ],
)
def test_the_title_follows_from_the_status_of_the_fresh_attackers(status: str, words: str) -> None:
    found = rows({("Hybrid2Face", "identity"): (0.31, 0.2)},
                 {("Hybrid2Face", "identity", "fresh"): status})  # fmt: skip
    assert words in plots.title(plots.told(found), FACTS)


def test_a_network_that_lost_the_emotion_too_is_no_success() -> None:
    lost = {("Hybrid2Face", "identity"): (0.1, 0.1), ("Hybrid2Emotion", "emotion"): (0.25, 0.25)}
    said = plots.title(plots.told(rows(lost)), FACTS)
    assert "neither who is shown nor the emotion was found: what was taken out took" in said
    lost["Emotion", "emotion"] = (0.25, 0.25)
    assert "nor was it in Emotion’s" in plots.title(plots.told(rows(lost)), FACTS)


def test_own_layers_below_chance_are_told_where_the_fresh_ones_find_nothing() -> None:
    words = {("Hybrid2Face", "identity", "own"): "anti-learning",
             ("Hybrid2Face", "identity", "fresh"): "nothing found"}  # fmt: skip
    found = plots.told(rows({("Hybrid2Face", "identity"): (0.001, 0.1)}, words))
    assert "its own layers" in plots.title(found, FACTS)
    assert plots.alarms(found) == [
        "Hybrid2Face, own layers, who is shown: 0.1 % where guessing gives 6.7 %",
        "Hybrid2Face, own layers, on twins, who is shown: 0.1 % where guessing gives 6.7 %",
    ]


def test_before_the_attackers_have_come_nothing_is_concluded() -> None:
    found = [one for one in plots.told(rows()) if one.attacker == "own"]
    assert "attackers come after all folds" in plots.title(found, {})


def test_every_network_that_was_asked_stands_in_its_figure_once() -> None:
    found = plots.told(rows())
    for task, names in plots.ASKED.items():
        shown = plots.shown(found, task)
        assert [name for name, *_ in shown] == list(names)
        for mode in (LIGHT, DARK):
            figure = drawn.bars(shown, task, mode, ["yale"])
            ticks = figure.layout.yaxis.ticktext
            assert len(ticks) == len(names)
            dots = [one for one in figure.data if one.mode == "markers"]
            own = [one for _, *both in shown for one in both if one is not None]
            papers = [one for one in plots.PRINTED if one.task == task]
            assert len(dots) == len(own) + len(papers)


def test_warm_means_that_who_is_shown_was_found() -> None:
    found = plots.told(rows())
    identity = drawn.bars(plots.shown(found, "identity"), "identity", LIGHT)
    emotion = drawn.bars(plots.shown(found, "emotion"), "emotion", LIGHT)
    colours = {one.marker.color for one in identity.data if one.mode == "markers"}
    assert LIGHT.leak in colours
    assert LIGHT.leak not in {one.marker.color for one in emotion.data if one.mode == "markers"}
    below = plots.told(rows(BELOW, {("Hybrid2Face", "identity", "own"): "anti-learning"}))
    marks = [one.marker.symbol for one in
             drawn.bars(plots.shown(below, "identity"), "identity", LIGHT).data
             if one.mode == "markers"]  # fmt: skip
    assert "x-thin-open" in marks


def test_curves_are_means_over_folds() -> None:
    found = plots.curves(training(), "Hybrid", plots.HELD)
    at = found[(found["name"] == "held_identity") & (found["step"] == 20)]
    assert at["value"].tolist() == [pytest.approx((0.1 + 1.1) / 2)]
    figure = drawn.learning(training(), "Hybrid", plots.CURVES, LIGHT, share=False)
    assert [one.name for one in figure.data] == list(plots.CURVES.values())


def test_the_printed_figures_are_the_papers() -> None:
    shown = {one.network: (one.jaffe, one.yale) for one in plots.PRINTED}
    assert shown["Hybrid2Face"] == (0.2579, 0.01)
    assert shown["Emotion"] == (0.8427, 0.4461)
    assert len(shown) == 5
