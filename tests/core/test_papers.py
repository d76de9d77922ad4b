"""The papers' figures: their arithmetic, and which of them may stand beside ours."""

from __future__ import annotations

import pytest

from core.papers import FIGURES, GAPS, VERIFICATION, PaperFigure, PaperGap, every, printed, verified

CHANCE = {VERIFICATION: 0.5, "gender": 0.5, "ethnicity": 1 / 3, "expression": 1 / 6}
DROPS = [one for one in FIGURES if one.drop is not None]


def drop(one: PaperFigure) -> float:
    """Thesis, equation 4.1, from the accuracies that the same table prints."""
    x = next(
        other.value
        for other in FIGURES
        if (other.representation, other.attribute, other.attacker, other.source)
        == ("x", one.attribute, one.attacker, one.source)
    )
    chance = 0.33 if "TPAMI" in one.source and one.attribute == "ethnicity" else None
    return 100 * (x - one.value) / (x - (chance or CHANCE[one.attribute]))


@pytest.mark.parametrize("one", DROPS, ids=lambda one: f"{one.representation} {one.attribute}")
def test_a_drop_follows_from_its_accuracies_or_is_corrected_and_noted(one: PaperFigure) -> None:
    assert one.drop is not None
    told = one.drop if one.corrected is None else one.corrected
    # Drops without a decimal are rounded, or cut, to whole per cents.
    slack = 0.6 if one.corrected is None and one.drop == round(one.drop) else 0.12
    assert drop(one) == pytest.approx(told, abs=slack)
    if one.corrected is not None:
        assert str(one.drop).removesuffix(".0") in one.note
        assert f"{one.corrected}" in one.note


@pytest.mark.parametrize("one", GAPS, ids=lambda one: f"{one.representation} {one.target}")
def test_a_gap_follows_from_its_rates_or_is_corrected_and_noted(one: PaperGap) -> None:
    right = one.gap if one.corrected is None else one.corrected
    assert one.tpr[0] - one.tpr[1] == pytest.approx(right, abs=0.0006)
    if one.corrected is not None:
        assert "printed as" in one.note
    if one.baseline is not None:
        first, second, gap = one.baseline[1:]
        off = abs(first - second - gap) > 0.0006
        assert off == ("baseline gap" in one.note)


def test_the_papers_tables_are_there_in_full() -> None:
    by_source: dict[str, int] = {}
    for one in FIGURES:
        by_source[one.source] = by_source.get(one.source, 0) + 1
    assert by_source == {
        "thesis, Table 4.1": 18,
        "Morales et al. (TPAMI 2021), Table I": 2 * 6 + 3,
        "Morales et al. (TPAMI 2021), Table II": 9,
    }
    assert all(one.differs and 0 < one.value < 1 for one in FIGURES)


def test_a_suppressor_stands_beside_one_fitted_against_the_same_label() -> None:
    found = printed("sensitivenets", "emotion", "nn")
    assert found is not None
    assert (found.value, found.source) == (0.596, "thesis, Table 4.1")
    against = printed("sensitivenets", "gender", "nn")
    assert against is not None
    assert against.value == 0.588
    assert printed("sensitivenets", "gender", "nn", suppressed="expression") is None
    assert printed("lntl", "expression", "rf", suppressed="gender") is None
    assert printed("leace", "expression", "nn") is None
    before = printed("x", "gender", "nn", suppressed="expression")
    assert before is not None
    assert before.value == 0.977
    assert [one.value for one in every("x", "gender", "nn")] == [0.977, 0.995]


def test_verification_depends_on_what_was_suppressed() -> None:
    labels = ("expression", "gender")
    told = {label: verified("sensitivenets", suppressed=label) for label in labels}
    assert {label: one and one.value for label, one in told.items()} == {
        "expression": 0.963,
        "gender": 0.958,
    }
    worst = verified("lntl")
    assert worst is not None
    assert (worst.value, worst.drop, worst.corrected) == (0.594, 75.0, 79.9)
    assert verified("leace") is None
