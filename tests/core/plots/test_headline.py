"""The headline as HTML: figures apart from words, and a strip whose labels never meet."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from core.plots.headline import sentence, strip
from core.sentence import sentence as plain

AFTER = {
    "representation": "mine", "kind": "blindfold", "value": 0.41, "low": 0.37, "high": 0.45,
    "null": 0.22, "status": "ok", "cost": 1.2, "cost_low": 0.6, "cost_high": 1.9,
}  # fmt: skip
HEADLINE = {
    "attribute": "expression", "value": 0.76, "low": 0.73, "high": 0.79, "chance": 1 / 6,
    "null": 0.22, "status": "ok", "dimensions": 512, "after": AFTER,
}  # fmt: skip


def _with(**after: Any) -> dict[str, Any]:
    return {**HEADLINE, "after": {**AFTER, **after}}


def test_every_figure_of_the_sentence_is_set_apart() -> None:
    shown = sentence(HEADLINE)
    assert '<b class="leak">76 times in 100</b> <span class="i">73 to 79</span>' in shown
    assert '<b class="after">41</b> <span class="i">37 to 45</span>' in shown
    assert '<b>1.2 points</b> <span class="i">0.6 to 1.9</span>.' in shown
    words = re.sub(r' <span class="i">([^<]*)</span>', r" (\1)", shown)
    assert re.sub("<[^>]+>", "", words) == plain(HEADLINE)


def test_names_are_text() -> None:
    shown = sentence(_with(representation="<img src=x>", status="nothing found"))
    assert "<img" not in shown
    assert "&lt;img src=x&gt;" in shown


def test_the_strip_has_guessing_after_and_before() -> None:
    shown = strip(HEADLINE)
    for words in ("guessing 17", "after 41", "before 76"):
        assert f">{words}</div>" in shown
    assert 'class="dot after" style="left:41.00%"' in shown
    assert 'class="span after" style="left:37.00%;width:8.00%"' in shown
    assert "attacker 76" in strip({**HEADLINE, "after": None})


@pytest.mark.parametrize("status", ["probe failed", "not enough data"])
def test_a_figure_that_is_taken_back_is_not_on_the_strip(status: str) -> None:
    assert ">after" not in strip(_with(status=status))
    assert ">after" not in strip(_with(value=None))
    assert "dot after" not in strip(_with(status="anti-learning")), "an alarm is no achievement"
    assert ">after 41<" in strip(_with(status="anti-learning"))


def _resolved(css: str, wide: float) -> float:
    """The place that a browser gives a label in a strip `wide` rem wide: its CSS, as Python."""
    css = css.replace("calc", "")
    css = re.sub(r"([\d.]+)%", lambda found: str(float(found[1]) / 100 * wide), css)
    css = css.replace("rem", "")
    known = {
        "min": lambda *ends: min(ends),
        "max": lambda *ends: max(ends),
        "clamp": lambda low, value, high: max(low, min(value, high)),
    }
    return float(eval(css, known))


def _labels(shown: str, wide: float) -> list[tuple[float, float, str]]:
    """Left and right end of each label, in rem, and its text."""
    found = re.findall(r'<div class="name[^"]*" style="left:([^"]*)">([^<]*)</div>', shown)
    placed = []
    for css, text in found:
        at = _resolved(css, wide)
        placed.append((at - 0.22 * len(text), at + 0.22 * len(text), text))
    return placed


@pytest.mark.parametrize("wide", [21.0, 46.0], ids=["phone", "desk"])
@pytest.mark.parametrize(
    ("chance", "after", "before"),
    [
        (1 / 6, 0.41, 0.76), (1 / 6, 0.19, 0.41), (1 / 6, 0.17, 0.21), (0.5, 0.52, 0.55),
        (0.5, 0.99, 1.0), (0.02, 0.02, 0.03), (0.5, 0.9, 0.6),
    ],
)  # fmt: skip
def test_labels_that_would_meet_are_pushed_apart_and_none_leaves_the_strip(
    wide: float, chance: float, after: float, before: float
) -> None:
    row = {**HEADLINE, "chance": chance, "value": before, "low": before - 0.01, "high": before}
    shown = strip({**row, "after": {**AFTER, "value": after}})
    placed = sorted(_labels(shown, wide))
    assert len(placed) == 3
    for (_, end, _), (start, _, _) in pairwise(placed):
        assert start - end > 0.3
    assert placed[0][0] > -0.01
    assert placed[-1][1] < wide + 0.01
    marks = [(chance, "guessing"), (before, "before"), (after, "after")]
    order = sorted(marks, key=lambda one: one[0])
    assert [text.split()[0] for _, _, text in placed] == [word for _, word in order]


def test_labels_with_room_stand_above_their_marks() -> None:
    for low, high, text in _labels(strip(HEADLINE), 46.0):
        share = {"guessing": 1 / 6, "after": 0.41, "before": 0.76}[text.split()[0]]
        assert (low + high) / 2 == pytest.approx(46 * share, abs=0.01)
