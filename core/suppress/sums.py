"""Closed forms over very many rows: sums of products, a chunk of rows at a time.

A float64 copy of a million vectors of 512 numbers takes 4 GB, and a closed form makes several;
their sums take 2 MB. Below `MANY` rows nothing here is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

MANY = 100_000
"""Rows above which closed forms read them in chunks: at 512 numbers a copy is 0.4 GB there."""
ROWS = 8192
"""Rows of a chunk: 32 MB at 512 numbers in float64."""


def chunks(rows: np.ndarray, size: int | None = None) -> Iterator[np.ndarray]:
    """`rows` (m,) in pieces of at most `size` (`ROWS` unless told)."""
    size = size or ROWS
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def finite(x: np.ndarray) -> np.ndarray:
    """Whether each row of `x` (n, d) holds finite numbers alone, bool (n,)."""
    found = np.empty(len(x), dtype=bool)
    for start in range(0, len(x), ROWS):
        found[start : start + ROWS] = np.isfinite(x[start : start + ROWS]).all(axis=1)
    return found


def evenly(x: np.ndarray) -> np.ndarray:
    """All rows of `x` (n, d), or evenly spaced ones where there are more than `MANY`."""
    return x[:: -(-len(x) // MANY)] if len(x) > MANY else x


@dataclass(frozen=True)
class People:
    """Rows of whole people, next to one another: `rows` int64 (m,) and the number of each row's
    person `person` int64 (m,), rising."""

    rows: np.ndarray
    person: np.ndarray

    @property
    def starts(self) -> np.ndarray:
        """Where each person's rows begin."""
        return np.flatnonzero(np.diff(self.person, prepend=-1))

    @property
    def counts(self) -> np.ndarray:
        """How many rows each person has."""
        return np.diff(self.starts, append=len(self.person))

    def some(self, kept: np.ndarray) -> People:
        """Those rows alone that `kept` bool (m,) marks."""
        return People(self.rows[kept], self.person[kept])

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum of `values` (m, d) over each person's rows, (people, d)."""
        return np.add.reduceat(values, self.starts, axis=0) if len(values) else values

    def each(self, values: np.ndarray) -> np.ndarray:
        """A value of each person (people, d) at each of its rows, (m, d)."""
        return np.repeat(values, self.counts, axis=0)


def by_people(people: np.ndarray, rows: np.ndarray) -> list[People]:
    """`rows` (m,) of a set in chunks of whole people; `people` (n,) says who is who."""
    _, person = np.unique(people[rows], return_inverse=True)
    order = np.argsort(person, kind="stable")
    rows, person = rows[order], person[order]
    starts = np.flatnonzero(np.diff(person, prepend=-1))
    # The first beginning of a person in every stretch of `ROWS` rows is where a chunk begins.
    cuts = starts[np.unique(starts // ROWS, return_index=True)[1]][1:]
    parts = zip(np.split(rows, cuts), np.split(person, cuts), strict=True)
    return [People(own, who) for own, who in parts]


@dataclass
class Moments:
    """Second moments of centred rows (n, d), and what Ledoit and Wolf (2004) ask beside them."""

    total: np.ndarray
    fourth: float = 0.0
    count: int = 0

    @classmethod
    def of(cls, d: int) -> Moments:
        """Nothing summed yet."""
        return cls(np.zeros((d, d)))

    def add(self, rows: np.ndarray) -> None:
        """Take in `rows` (m, d)."""
        self.total += rows.T @ rows
        self.add_fourth(rows)
        self.count += len(rows)

    def add_fourth(self, rows: np.ndarray) -> None:
        """Take in the fourth moments of `rows` (m, d) alone."""
        self.fourth += float((np.einsum("ij,ij->i", rows, rows, dtype=np.float64) ** 2).sum())

    def turned(self, axes: np.ndarray) -> Moments:
        """The moments of the rows along `axes` (d, m), fourth ones still to be taken in."""
        return Moments(axes.T @ self.total @ axes, 0.0, self.count)

    def shrunk(self) -> np.ndarray:
        """The covariance (d, d) pulled towards a round one (Ledoit and Wolf 2004, their lemma 3.4:
        the pull is that of scikit-learn's `ledoit_wolf` of the same centred rows)."""
        d, n = len(self.total), self.count
        covariance = self.total / n
        level = np.trace(covariance) / d
        if d == 1:
            return covariance
        square = float((covariance**2).sum())
        error = (self.fourth / n - square) / (d * n)
        apart = square / d - level**2
        pull = min(error, apart) / apart if error > 0 and apart > 0 else 0.0
        return (1 - pull) * covariance + pull * level * np.eye(d)
