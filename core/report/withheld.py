"""What a report leaves out because too few people stand behind it, and the words for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

HIDDEN = "withheld"
"""What stands in place of a figure or a count, and on a map in place of a class."""

GROUPED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "groups": (("group",), "label"),
    "fairness": (("group",), "protected"),
    "action_units": (("test_group",), ""),
    "relevance": (("group",), ""),
    "relevance_maps": (("group",), ""),
    "expression": (("expression_a", "expression_b"), ""),
}
"""Tables by group: the columns that name it, and the one that says whose groups they are, if any.
What no column says is never taken for a label: the pairs of expressions are not its classes."""


@dataclass(frozen=True)
class Withheld:
    """What was left out: groups by the label or table that they are of, rows by table.

    `uncounted` are labels whose people nobody has counted, so that their classes are not told;
    `headline` says whether the headline has lost its figures.
    """

    smallest: int
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tables: Mapping[str, int] = field(default_factory=dict)
    uncounted: tuple[str, ...] = ()
    headline: bool = False

    @property
    def status(self) -> str:
        """What stands in place of a figure on too few people."""
        return f"{HIDDEN}: fewer than {self.smallest} people"

    @property
    def beside(self) -> str:
        """What stands in place of a figure that would give such a one back."""
        return f"{HIDDEN}: beside a small group"

    @property
    def rows(self) -> int:
        """How many rows lost their figures."""
        return sum(self.tables.values())

    def hides(self, name: str) -> bool:
        """Whether a group of this name is withheld anywhere."""
        return any(name in names for names in self.groups.values())

    def without(self, told: Sequence[str]) -> list[str]:
        """Sentences, without those that name a withheld group: they may say how many it has."""
        names = {name for own in self.groups.values() for name in own}
        kept = [one for one in told if not _named(one, names)]
        left = len(told) - len(kept)
        if left:
            kept.append(f"{left} more, left out here because they name a group that is withheld")
        return kept


def is_hidden(status: object) -> bool:
    """Whether a row's status says that its figures are withheld."""
    return str(status).startswith(HIDDEN)


def _named(text: str, names: Iterable[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in names)
