"""The figure of two audits: every row has a place and words, also one without a figure."""

from __future__ import annotations

from typing import Any

import pytest

from core.plots.changes import changes_alt, changes_figure
from core.plots.tokens import DARK, LIGHT, Tokens


def row(**given: Any) -> dict[str, Any]:
    """A row of changes as `changes_said.main` gives it."""
    found = {
        "table": "leakage", "metric": "balanced_accuracy", "attribute": "smile",
        "attacker": "strongest", "representation_a": "x", "representation_b": "x", "detail": "",
        "shown": "",
        "a": 0.6, "a_low": 0.55, "a_high": 0.65, "a_status": "ok", "b": 0.5, "b_low": 0.46,
        "b_high": 0.54, "b_status": "ok", "change": -0.1, "low": -0.16, "high": -0.04,
        "p_holm": 0.004, "finding": "fell", "how": "paired", "status": "ok", "note": "",
    }  # fmt: skip
    return {**found, **given}


NO_FIGURE = row(representation_b="leace", b=None, b_low=None, b_high=None, change=None, low=None,
                high=None, p_holm=None, b_status="probe failed", finding="no figure")  # fmt: skip
NEITHER = {**NO_FIGURE, "a": None, "a_low": None, "a_high": None, "a_status": "not enough data"}


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
def test_both_audits_stand_in_a_row_with_the_change_above(mode: Tokens) -> None:
    drawn = changes_figure([row(), NO_FIGURE, NEITHER], mode)
    dots = [one for one in drawn.data if one.mode == "markers" and one.x[0] is not None]
    assert [one.x[0] for one in dots] == [0.6, 0.5, 0.6]
    assert dots[0].marker.color == mode.ground, "the first is hollow"
    assert dots[1].marker.color == mode.accent, "the second is filled"
    told = [one.text for one in drawn.layout.annotations]
    assert told == ["−10.0, p 0.004", "no figure", "no figure: not enough data, probe failed"]
    assert drawn.layout.annotations[0].font.color == mode.text
    assert drawn.layout.annotations[1].font.color == mode.muted
    low, high = drawn.layout.xaxis.range
    assert low < 0.46
    assert high > 0.65
    assert list(drawn.layout.yaxis.ticktext) == ["x", "x → LEACE", "x → LEACE"]


def test_who_cannot_see_it_hears_the_same() -> None:
    said = changes_alt([row(), NO_FIGURE])
    assert "x: 0.60 (0.55 to 0.65), then 0.50 (0.46 to 0.54); fell −10.0 (−16.0 to −4.0)" in said
    assert said.endswith("x → LEACE: 0.60 (0.55 to 0.65), then probe failed; no figure")


def test_names_are_escaped() -> None:
    drawn = changes_figure([row(representation_a="<b>", representation_b="<b>")], LIGHT)
    assert drawn.layout.yaxis.ticktext[0] == "&lt;b&gt;"
