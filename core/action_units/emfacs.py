"""Which action units make which expression, and what each unit is.

Names and muscles: FACS (Ekman and Friesen 1978; Ekman, Friesen and Hager 2002). Expressions:
EMFACS (Friesen and Ekman 1983), in the form in which the literature has it and in which this
project's faces are drawn. The thesis's own table (Table 2.1) stands beside; its rows of anger and
disgust are exchanged (METHODS, "Misprints found").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.faces.synthetic.expression import EMFACS

THESIS_SOURCE = "Thesis, Table 2.1"
EMFACS_SOURCE = "EMFACS (Friesen and Ekman 1983)"


@dataclass(frozen=True)
class Unit:
    """An action unit: what it does and the muscles that do it."""

    number: int
    name: str
    muscle: str

    @property
    def short(self) -> str:
        """ "AU 12"."""
        return f"AU {self.number}"


UNITS: dict[int, Unit] = {
    number: Unit(number, name, muscle)
    for number, name, muscle in (
        (1, "Inner brow raiser", "frontalis, medial part"),
        (2, "Outer brow raiser", "frontalis, lateral part"),
        (4, "Brow lowerer", "corrugator supercilii, depressor supercilii, procerus"),
        (5, "Upper lid raiser", "levator palpebrae superioris"),
        (6, "Cheek raiser", "orbicularis oculi, orbital part"),
        (7, "Lid tightener", "orbicularis oculi, palpebral part"),
        (9, "Nose wrinkler", "levator labii superioris alaeque nasi"),
        (10, "Upper lip raiser", "levator labii superioris"),
        (11, "Nasolabial deepener", "zygomaticus minor"),
        (12, "Lip corner puller", "zygomaticus major"),
        (13, "Sharp lip puller", "levator anguli oris"),
        (14, "Dimpler", "buccinator"),
        (15, "Lip corner depressor", "depressor anguli oris"),
        (16, "Lower lip depressor", "depressor labii inferioris"),
        (17, "Chin raiser", "mentalis"),
        (18, "Lip pucker", "incisivii labii"),
        (20, "Lip stretcher", "risorius, platysma"),
        (22, "Lip funneler", "orbicularis oris"),
        (23, "Lip tightener", "orbicularis oris"),
        (24, "Lip pressor", "orbicularis oris"),
        (25, "Lips part", "depressor labii inferioris, or orbicularis oris relaxed"),
        (26, "Jaw drop", "masseter, relaxed"),
        (27, "Mouth stretch", "pterygoids, digastric"),
        (28, "Lip suck", "orbicularis oris"),
        (43, "Eyes closed", "levator palpebrae superioris, relaxed"),
        (45, "Blink", "orbicularis oculi, palpebral part"),
    )
}
"""Every unit that the readers of py-feat and OpenFace know, by its number."""


@dataclass(frozen=True)
class Expression:
    """An expression: its units `as_known`, those `printed` in the thesis (None where the thesis has
    no row), and a `note` where the two differ."""

    name: str
    as_known: tuple[int, ...]
    printed: tuple[int, ...] | None
    note: str = ""

    @property
    def exchanged(self) -> bool:
        """Whether the thesis prints another expression's units here."""
        return self.printed is not None and self.printed != self.as_known


_THESIS: dict[str, tuple[int, ...]] = {
    "happy": (6, 12),
    "sad": (1, 4, 15),
    "angry": (9, 15, 16),
    "surprised": (1, 2, 5, 26),
    "disgusted": (4, 5, 7, 23),
    "fearful": (1, 2, 4, 5, 7, 20, 26),
}


def _expression(name: str) -> Expression:
    known, printed = EMFACS[name], _THESIS.get(name)
    if printed is None or printed == known:
        return Expression(name, known, printed)
    other = next(one for one, units in EMFACS.items() if units == printed)
    return Expression(name, known, printed, f"the thesis prints the units of {other} here")


EXPRESSIONS: tuple[Expression, ...] = tuple(_expression(name) for name in EMFACS)
"""Every expression, in the order in which faces are drawn, neutral (no unit) first."""


def called(number: int) -> str:
    """ "AU 12, lip corner puller"; the number alone where FACS has no such unit here."""
    unit = UNITS.get(number)
    return f"AU {number}" if unit is None else f"{unit.short}, {unit.name.lower()}"


def matching(shown: Iterable[int]) -> tuple[str, ...]:
    """The expressions all of whose units are among those `shown`, most units first."""
    have = set(shown)
    found = [one for one in EXPRESSIONS if one.as_known and have.issuperset(one.as_known)]
    return tuple(one.name for one in sorted(found, key=lambda one: -len(one.as_known)))


def expressions_with(number: int) -> tuple[str, ...]:
    """The expressions that unit `number` belongs to."""
    return tuple(one.name for one in EXPRESSIONS if number in one.as_known)
