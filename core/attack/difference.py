"""The attacker who knows the enrolled template: it reads φ(probe) − φ(reference).

A verification system holds a vector of the same person. What is the person's own cancels in the
difference, and what changes from picture to picture remains, which single vectors drown. The
reference is drawn by a seed and never by its label: the attacker does not know what it shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.attack.attack import Problem
from core.attack.bases import BASES
from core.attack.fit import Attacker


@dataclass(frozen=True)
class Difference:
    """Reads the difference to another picture of the person.

    Where a person has a single picture nobody is enrolled, and the mean of the attacker's own
    people stands in: the vector is then read as if alone.
    """

    name: str = "difference"
    version: int = 1
    needs: str = "reference"
    bases: tuple[Attacker, ...] = BASES

    def prepared(self, problem: Problem) -> Problem:
        """The same rows, each minus its person's reference."""
        own, other = differences(problem)
        return replace(problem, x=own, x_test=other)


def differences(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """`x` (m, d) and `x_test` (t, d) minus their references, float32."""
    known = problem.known
    if known.reference is None or known.reference_test is None:
        raise ValueError("a difference needs the references of both parts")
    stand_in = problem.x.mean(axis=0, dtype=np.float64).astype(np.float32)
    return _minus(problem.x, known.reference, stand_in), _minus(
        problem.x_test, known.reference_test, stand_in
    )


def _minus(x: np.ndarray, reference: np.ndarray, stand_in: np.ndarray) -> np.ndarray:
    nobody = np.isnan(reference).any(axis=1, keepdims=True)
    return (x - np.where(nobody, stand_in, reference)).astype(np.float32)


def references(people: np.ndarray, *, seed: int) -> np.ndarray:
    """For each row the row (n,) that its person is enrolled with, -1 where there is none.

    One picture of each person is drawn; for that picture itself a second one is.
    """
    drawn = np.random.default_rng(seed).random(len(people))
    _, person = np.unique(people, return_inverse=True)
    order = np.lexsort((drawn, person))
    starts = np.searchsorted(person[order], np.arange(person.max() + 1 if len(person) else 0))
    counts = np.bincount(person)
    first = order[starts]
    second = np.where(counts > 1, order[np.minimum(starts + 1, len(order) - 1)], -1)
    found = np.where(counts > 1, first, -1)[person]
    itself = np.arange(len(people)) == first[person]
    return np.where(itself, second[person], found)
