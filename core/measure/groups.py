"""Errors by group: which pairs one threshold takes wrongly, with intervals over identities.

METHODS, "Protocol" 9. A threshold is chosen once, on other people; what it decides about a pair is
a yes or a no that means the same in every test part, so that decisions (unlike scores) of several
fits may be pooled. Intervals weigh pairs as `core.measure.verification` does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.measure.intervals import Interval, limits
from core.measure.verification import (
    Sampled,
    counted_between,
    counted_within,
    divide,
    with_plain,
)


@dataclass(frozen=True)
class Counted:
    """Pairs by place: `place` int (m,) 0 … size − 1, people `a` and `b` int (m,), `hit` bool (m,).

    A pair that belongs to several places is there several times. `within`: pairs of one person.
    """

    place: np.ndarray
    a: np.ndarray
    b: np.ndarray
    hit: np.ndarray
    size: int
    within: bool

    @property
    def pairs(self) -> np.ndarray:
        """Pairs of each place (size,)."""
        return np.bincount(self.place, minlength=self.size)

    @property
    def people(self) -> np.ndarray:
        """Identities behind each place (size,)."""
        most = max(int(self.a.max(initial=0)), int(self.b.max(initial=0)))
        seen = np.zeros((self.size, most + 1), dtype=bool)
        seen[self.place, self.a] = True
        seen[self.place, self.b] = True
        return seen.sum(axis=1)


def threshold(impostors: np.ndarray, far: float) -> float:
    """The distance below which at most `far` of the `impostors`' distances (m,) lie.

    A pair is accepted where its distance is smaller. Raises `ValueError` without impostors.
    """
    if not len(impostors):
        raise ValueError("a threshold needs at least one impostor pair")
    allowed = int(np.floor(far * len(impostors) + 1e-9))
    if allowed >= len(impostors):
        return float(np.inf)
    return float(np.partition(impostors, allowed)[allowed])


def shares(counted: Counted, drawn: np.ndarray) -> Sampled:
    """Share of hits at each place (size,), and its resamples (resamples, size); NaN where none.

    A genuine pair of person p weighs w_p, an impostor pair of p and q w_p · w_q.
    """
    place, size = 2 * counted.place + counted.hit, 2 * counted.size
    every = with_plain(drawn)
    if counted.within:
        counts = counted_within(counted.a, place, size, every)
    else:
        counts = counted_between(counted.a, counted.b, place, size, every)
    both = counts.reshape(len(every), counted.size, 2)
    found = divide(both[:, :, 1], both.sum(axis=2))
    # Linear weights of very many pairs may leave the unit interval by a little.
    return np.clip(found[0], 0, 1), np.clip(found[1:], 0, 1)


def intervals(figures: Sampled, people: np.ndarray) -> list[Interval]:
    """One interval a place, over its `people` (size,)."""
    values, samples = figures
    return [limits(float(values[k]), samples[:, k], int(people[k])) for k in range(len(values))]
