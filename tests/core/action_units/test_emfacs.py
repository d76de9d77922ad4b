"""The lookup is that of the literature, and the thesis's exchanged rows are marked."""

from __future__ import annotations

from core.action_units import emfacs
from core.action_units.regions import UNITS
from core.faces.synthetic.identity import ACTION_UNITS


def test_every_unit_that_is_drawn_or_placed_has_a_name_and_a_muscle() -> None:
    for number in (*ACTION_UNITS, *UNITS):
        unit = emfacs.UNITS[number]
        assert unit.number == number
        assert unit.name
        assert unit.muscle
    assert emfacs.called(12) == "AU 12, lip corner puller"
    assert emfacs.called(99) == "AU 99"


def test_exactly_anger_and_disgust_are_exchanged() -> None:
    marked = {one.name: one for one in emfacs.EXPRESSIONS if one.exchanged}
    assert set(marked) == {"angry", "disgusted"}
    assert marked["angry"].printed == marked["disgusted"].as_known == (9, 15, 16)
    assert marked["disgusted"].printed == marked["angry"].as_known == (4, 5, 7, 23)
    assert "disgusted" in marked["angry"].note
    neutral = next(one for one in emfacs.EXPRESSIONS if one.name == "neutral")
    assert neutral.printed is None
    assert not neutral.exchanged


def test_units_lead_to_expressions() -> None:
    assert emfacs.matching((6, 12, 25)) == ("happy",)
    assert emfacs.matching((1, 2, 4, 5, 7, 20, 26))[0] == "fearful"
    assert emfacs.matching(()) == ()
    assert emfacs.expressions_with(15) == ("sad", "disgusted")
