"""Tables 1 and 2 of Deuschel, Finzel and Rieger (2020), beside ours; never expected values.

They print F1 scores with two digits and neither intervals nor the F1 of each unit. Their faces are
the Actor Study's (21 people) and CK+'s (123), their network is a VGG16, and one draw of people was
made; ours differ in all of that, so that a gap between theirs and ours is not an error of either.
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "Deuschel, Finzel and Rieger (2020)"
DIFFERS = (
    "faces of the Actor Study and CK+, a VGG16, one draw of people, units with at least 8,000 "
    "occurrences"
)
NOTE = (
    "its conclusion speaks of a gain on darker skin from training on several skin colours, and "
    "Table 2 has no such training set"
)


@dataclass(frozen=True)
class PaperF1:
    """One printed cell: F1 macro and weighted, as fractions, and how many people were behind it."""

    train_group: str
    test_group: str
    f1_macro: float
    f1_weighted: float
    train_people: int
    test_people: int | None
    source: str
    differs: str = DIFFERS
    note: str = ""


def _gender() -> tuple[PaperF1, ...]:
    rows = (
        ("female", "female", 0.55, 0.55), ("female", "male", 0.56, 0.58),
        ("male", "female", 0.44, 0.45), ("male", "male", 0.55, 0.59),
        ("mixed", "female", 0.54, 0.55), ("mixed", "male", 0.60, 0.63),
    )  # fmt: skip
    return tuple(PaperF1(*row, 37, 10, f"{SOURCE}, Table 1") for row in rows)


FIGURES: tuple[PaperF1, ...] = (
    *_gender(),
    PaperF1("light", "light", 0.63, 0.69, 104, None, f"{SOURCE}, Table 2", note=NOTE),
    PaperF1("light", "dark", 0.55, 0.62, 104, 19, f"{SOURCE}, Table 2", note=NOTE),
)
"""Every cell of both tables."""

PAPER_PEOPLE = (37, 10)
"""Training people of a set, and test people of a group, in Table 1."""
PAPER_SKEW = 104 / (104 + 19)
"""The share of lighter people in the data of Table 2: .85."""

_SAME = {
    "feminine": "female", "women": "female", "woman": "female", "f": "female",
    "masculine": "male", "men": "male", "man": "male", "m": "male",
    "lighter": "light", "white": "light", "caucasian": "light",
    "darker": "dark", "black": "dark", "african": "dark",
}  # fmt: skip


def canonical(group: str) -> str:
    """The paper's name of a group of ours, or the name as it is."""
    return _SAME.get(group.casefold(), group.casefold())


def printed(train_group: str, test_group: str) -> PaperF1 | None:
    """The paper's cell for ours, or None where none was printed."""
    wanted = canonical(train_group), canonical(test_group)
    return next((one for one in FIGURES if (one.train_group, one.test_group) == wanted), None)


def interaction(metric: str = "f1_macro") -> float:
    """What Table 1's cells give: (F1[female on female] − F1[female on male]) − (F1[male on female]
    − F1[male on male]), .10 in macro F1. The paper does not print it, and no interval follows."""
    cell = {(one.train_group, one.test_group): getattr(one, metric) for one in _gender()}
    own = cell["female", "female"] - cell["female", "male"]
    other = cell["male", "female"] - cell["male", "male"]
    return float(own - other)
