"""One fault that is tried, and what came of it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One fault: `kind` is what goes wrong, `phase` and `seed` choose when."""

    kind: str
    phase: str
    seed: int

    def number(self, counts: Mapping[str, int]) -> int:
        """The moment of the phase, out of as many as it has."""
        return random.Random(f"{self.kind} {self.phase} {self.seed}").randrange(counts[self.phase])

    @property
    def odd(self) -> bool:
        """Whether the kind's other variant is played."""
        return self.seed % 2 == 1


@dataclass(frozen=True)
class Outcome:
    """What came of a case: `problems` are what did not hold, in sentences; `left_out` says why it
    could not be played here."""

    case: Case
    problems: tuple[str, ...]
    seconds: float
    left_out: str = ""
