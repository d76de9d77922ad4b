"""Ablation in words and figures: sentences follow intervals and statuses. All is MADE UP."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from core.papers import ABLATIONS, ablated
from core.plots.ablation import Course, along, alt, courses, meeting, met, said, title
from core.plots.ablation_curves import by_order, by_representation
from core.plots.tokens import DARK, LIGHT, Tokens, colour

SHARES = (0.0, 0.5, 0.9, 0.99)


def rows(words: dict[float, str], *, name: str = "x", order: str = "random") -> pd.DataFrame:
    """A curve with these statuses at these shares; "ok" clears its null of 0.3."""
    found: list[dict[str, Any]] = []
    for share, word in words.items():
        value = {"ok": 0.6, "few people": 0.6, "nothing found": 0.25}.get(word)
        given = {} if value is None else {"value": value, "low": value - 0.1, "high": value + 0.1}
        found.append(
            {"representation": name, "attribute": "skin_tone", "order": order, "removed": share,
             "metric": "accuracy", **given, "chance": 0.25, "null": 0.3, "identities": 92,
             "status": word, "kept": round(200 * (1 - share)), "width": 200}
        )  # fmt: skip
    return pd.DataFrame(found)


def course(*words: str, **more: Any) -> Course:
    (found,) = courses(rows(dict(zip(SHARES, words, strict=False)), **more), "skin_tone",
                       "accuracy")  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("words", "ending", "before", "told"),
    [
        (["ok"] * 4, "never", 0.99, "never"),
        (["ok", "ok", "nothing found", "ok"], "at", 0.5, "90 % removed, 20 left"),
        (["few people", "nothing found"], "at", 0.0, "50 % removed, 100 left"),
        (["nothing found"] * 4, "nothing", None, "from the start"),
        (["ok", "ok", "probe failed", "ok"], "unknown", 0.5, "probe failed"),
        (["not enough data"] * 4, "unknown", None, "not enough data"),
        (["ok", "ok"], "running", 0.5, "not yet"),
        (["anti-learning", "ok"], "nothing", None, "from the start"),
    ],
)
def test_the_meeting_is_the_first_point_that_does_not_clear_its_null(
    words: list[str], ending: str, before: float | None, told: str
) -> None:
    found = meeting(course(*words)) if words[0] != "anti-learning" else meeting(_below())
    assert found.ending == ending
    assert (found.before.removed if found.before else None) == before
    assert met(course(*words) if words[0] != "anti-learning" else _below()) == told


def _below() -> Course:
    table = rows({0.0: "anti-learning"})
    table[["value", "low", "high"]] = [0.1, 0.05, 0.15]
    return courses(table, "skin_tone", "accuracy")[0]


def test_the_sentence_says_how_few_numbers_still_give_it_away() -> None:
    assert said(course("ok", "ok", "ok", "ok"), "accuracy") == (
        "From 2 of 200 numbers chosen at random an attacker still tells skin tone: accuracy 0.60 "
        "(0.50 to 0.70)."
    )
    assert said(course("ok", "ok", "nothing found", "ok", name="lntl"), "accuracy") == (
        "From 100 of 200 numbers of Learning Not To Learn chosen at random an attacker still tells "
        "skin tone: accuracy 0.60 (0.50 to 0.70); from 20 no better than shuffled labels."
    )
    assert "left when the most important go first" in said(course("ok", order="most"), "accuracy")
    assert said(course("nothing found"), "accuracy").startswith("Even from all 200 numbers the")
    assert "as far as the curve has come" in said(course("ok", "ok"), "accuracy")
    assert "beyond, nothing can be said: probe failed" in said(
        course("ok", "probe failed"), "accuracy"
    )
    assert said(course("probe failed"), "accuracy") == (
        "Of skin tone nothing can be said: probe failed."
    )


def test_the_title_is_about_x() -> None:
    other = course("ok", "ok", "ok", "ok", name="leace")
    assert title([other, course("ok", "ok", "nothing found")]) == (
        "100 of 200 numbers of x still give skin tone away"
    )
    assert title([course("nothing found")]).startswith("x does not give skin tone away")
    assert title([course("probe failed")]).startswith("x cannot be said to give")
    assert title([]).startswith("Not enough data")


def test_nothing_that_failed_is_called_clear() -> None:
    """A figure above its null counts for nothing where a status takes it back."""
    table = rows({0.0: "ok"})
    table["status"] = "probe failed"
    (one,) = courses(table, "skin_tone", "accuracy")
    assert not one.spots[0].clears
    assert one.spots[0].silent


def test_figures_along_the_way_are_the_nearest_points() -> None:
    found = along(course("ok", "ok", "nothing found", "ok"), (0.0, 0.52, 0.9, 0.91, 0.2))
    assert [one.removed for one in found] == [0.0, 0.5, 0.9]


@pytest.mark.parametrize("mode", [LIGHT, DARK])
def test_hollow_marks_are_what_does_not_clear_its_null(mode: Tokens) -> None:
    found = [course("ok", "ok", "nothing found", "ok"), course("ok", name="leace")]
    figure = by_representation(found, ablated("emotion"), "accuracy", mode, {})
    lines = {trace.name: trace for trace in figure.data}
    assert list(lines["x"].marker.color) == [mode.text, mode.text, mode.ground, mode.text]
    assert lines["LEACE"].line.color == colour("leace", mode)
    assert list(lines["papers"].y) == [0.80, 0.70]
    assert list(lines["papers"].x) == [1500 / 2048, 0.90]
    assert {"chance", "null"} <= set(lines)
    assert figure.layout.xaxis.range[1] >= 0.99


def test_orders_are_told_apart_by_mark_and_dash() -> None:
    found = [course("ok", order=order) for order in ("random", "most", "least")]
    figure = by_order(found, [], "accuracy", LIGHT, {})
    drawn = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert len({trace.line.dash for trace in drawn}) == 3
    assert len({trace.marker.symbol for trace in drawn}) == 3


def test_no_curve_is_a_sentence() -> None:
    figure = by_representation([], [], "accuracy", LIGHT, {})
    assert "Not enough data" in figure.layout.annotations[0].text


def test_the_hover_says_all_of_a_point() -> None:
    figure = by_representation([course("ok")], [], "accuracy", LIGHT, {})
    told = next(trace for trace in figure.data if trace.name == "x").text[0]
    for part in ("200 of 200 numbers left", "0.600 (0.500 to 0.700)", "null 0.300, cleared"):
        assert part in told


def test_the_alt_text_names_every_curve() -> None:
    told = alt([course("ok", "ok", "ok", "ok"), course("probe failed", name="leace")], "accuracy")
    assert "x, at random: 0.60 at 0 %, 0.60 at 99 %; meets the null: never" in told
    assert "LEACE, at random: no figure; meets the null: probe failed" in told


def test_the_papers_claims_say_of_which_encoder() -> None:
    assert all("ResNet-50" in one.differs for one in ABLATIONS)
    assert [one.value for one in ablated("expression")] == [0.80, 0.70]
    assert [one.value for one in ablated("race")] == [None]
    assert not ablated("age")
