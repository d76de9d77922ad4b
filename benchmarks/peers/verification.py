"""Verification over the pairs of 13,000 made vectors of 2,600 people in one test part.

The peer measures every pair by SciPy's cdist and sorts them with scikit-learn's roc_curve. Ours
twice: every pair, counted exactly in blocks (`core.measure.everypair`); and what an audit does with
a sample beside it, two million impostor pairs and every genuine one, for the intervals over people.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.peers.inputs import people
from benchmarks.sidebyside import Asked, Case, Missing, Side
from core.measure import everypair
from core.measure import verification as measure
from core.measure.intervals import weights
from core.measure.pairs import Compared, made, similarities, unit

FACES, QUICK, WIDTH, EACH = 13_000, 4_000, 512, 5
NOISE = 2.3
"""So much noise that about every third genuine pair is refused at a FAR of 1e-3."""
FARS = (1e-2, 1e-3, 1e-4)


def cases(asked: Asked) -> list[Case | Missing]:
    """Every pair, and a sample with intervals."""
    n = QUICK if asked.quick else FACES
    said = f"{n:,} × {WIDTH} made, {n * (n - 1) // 2:,} pairs"
    peer = Side("SciPy cdist + scikit-learn roc_curve", partial(peers, n), partial(peers, 200))
    return [
        Case(
            f"verification, every pair, {said}",
            Side("ours", partial(every, n), partial(every, 200)),
            [peer], agreement, target=20, most=1, inputs=partial(vectors, n),
        ),
        Case(
            f"verification, a sample with 2,000 resamples of people, {said}",
            Side("ours", partial(audited, n), partial(audited, 200)),
            [peer], agreement, target=20, most=1, inputs=partial(vectors, n),
        ),
    ]  # fmt: skip


def vectors(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors float32 (n, 512), and whose they are."""
    return people(n, WIDTH, EACH, noise=NOISE, seed=0)


def every(n: int) -> np.ndarray:
    """AUC, EER and TAR at each FAR over every pair."""
    x, person = vectors(n)
    far, tar = everypair.curve(unit(x), person)
    tars = [measure.tar_at(far, tar, limit) for limit in FARS]
    return np.array([measure.area(far, tar), measure.equal_error(far, tar), *tars], dtype=float)


def audited(n: int) -> np.ndarray:
    """The same figures of a sample, with 2,000 resamples of people."""
    x, person = vectors(n)
    pairs = made(np.arange(len(x)), person, fold=0, seed=0)
    distance = 1 - similarities(unit(x), pairs)
    part = Compared(distance, pairs.same, person[pairs.i], person[pairs.j], pairs.fold)
    values, _ = measure.ranked([part], weights(int(person.max()) + 1, seed=0), FARS)
    return values


def peers(n: int) -> np.ndarray:
    """The same figures of every pair."""
    from scipy.spatial.distance import cdist
    from sklearn.metrics import auc, roc_curve

    x, person = vectors(n)
    above = np.triu_indices(n, 1)
    distance = cdist(x, x, "cosine")[above]
    same = person[above[0]] == person[above[1]]
    far, tar, _ = roc_curve(same, -distance)
    place = np.argmin(np.abs(far - (1 - tar)))
    tars = [tar[np.flatnonzero(far <= limit)[-1]] for limit in FARS]
    return np.array([auc(far, tar), (far[place] + 1 - tar[place]) / 2, *tars])


def agreement(one: np.ndarray, other: np.ndarray) -> str:
    """How far the figures lie apart."""
    names = ["AUC", "EER", *(f"TAR at {far:g}" for far in FARS)]
    told = [
        f"{name} {b:.4f} (apart by {abs(a - b):.0e})"
        for name, a, b in zip(names, one, other, strict=True)
    ]
    return ", ".join(told)
