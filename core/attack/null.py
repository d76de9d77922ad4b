"""What the whole attack finds where there is nothing to find: labels permuted, identity respected.

METHODS, "Protocol" 4. Two cheap attackers stand for the suite: least squares on the classes (for
the linear probe) and its kernel twin (for the machine with radial basis functions). Each
permutation chooses its own view, penalty and attacker on inner folds, exactly as the real attack
does: the null of `strongest` is the null of a maximum. Where the suite has an attacker that reads
differences to a reference, these two read differences too, and the maximum is over both. That
maximum is mostly of single vectors, and the attacker that reads nothing but differences exceeded
it in 11 of 82 sets where there was nothing to find: it is held against differences alone as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from core.attack.attack import Problem
from core.attack.difference import differences
from core.attack.least_squares import LeastSquares, mean_recall, recalls
from core.attack.views import see
from core.split import inner_folds

VERSION = 2
VIEWS = ("stored standard", "unit shrunk")
PENALTIES = (0.03, 0.3)
"""Ridge penalties, in units of the number of rows times the mean variance of a column."""
KERNEL_ROWS = 4000
"""Above so many rows the kernel twin is left out: its Gram matrix grows with their square."""


def permutations(labels: np.ndarray, people: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """`labels` (n,) permuted `count` times, int64 (count, n), without mixing up who is who.

    People exchange their mixtures of labels, and each mixture is shuffled on arrival. A label that
    belongs to people moves with whole people; one that everybody shows alike is permuted within
    each; and nobody keeps the own label for having a single picture or a single class.
    """
    random = np.random.default_rng(seed)
    _, person = np.unique(people, return_inverse=True)
    rows = [np.flatnonzero(person == i) for i in range(person.max() + 1)]
    return np.stack([_exchanged(labels, rows, random) for _ in range(count)])


def _exchanged(
    labels: np.ndarray, rows: Sequence[np.ndarray], random: np.random.Generator
) -> np.ndarray:
    dealt = labels.copy()
    for own, other in zip(rows, random.permutation(len(rows)), strict=True):
        mixture = random.permutation(labels[rows[other]])
        dealt[own] = np.resize(mixture, len(own))
    return dealt


def null_scores(problem: Problem, permuted: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of the test rows by the cheap attackers, float32 (count, t, k), one a permutation.

    `permuted` int64 (count, m) are labels of the attacker's rows; `problem.y` is not looked at.
    "scores" are those of the best on inner folds. Where the problem knows references, differences
    to them are read too, and "differences" are the best of those alone.
    """
    alone, value = _best(problem, (problem.x, problem.x_test), permuted)
    if problem.known.reference is None:
        return {"scores": alone}
    apart, other = _best(problem, differences(problem), permuted)
    better = (other > value)[:, None, None]
    return {"scores": np.where(better, apart, alone), "differences": apart}


def _best(
    problem: Problem, look: tuple[np.ndarray, np.ndarray], permuted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scores (count, t, k) of the best view and penalty, and their inner figures (count,)."""
    (x, x_test), count, k = look, len(permuted), problem.classes
    folds = inner_folds(problem.people, permuted[0], folds=3, seed=problem.seed)
    best = np.full(count, -np.inf)
    chosen = np.zeros((count, len(x_test), k), dtype=np.float32)
    for view in VIEWS:
        inner = [(fit, held, *_double(see(view, x[fit], x[held]))) for fit, held in folds]
        whole = _double(see(view, x, x_test))
        for penalty in _candidates(len(x)):
            value = _inner_value(inner, penalty, permuted, k)
            better = np.flatnonzero(value > best)
            if len(better):
                best[better] = value[better]
                chosen[better] = LeastSquares(*whole, penalty).scores(permuted[better], k)
    return chosen, best


def _candidates(rows: int) -> Iterator[float | None]:
    yield from PENALTIES
    if rows <= KERNEL_ROWS:
        yield None


def _inner_value(
    inner: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
    penalty: float | None,
    permuted: np.ndarray,
    k: int,
) -> np.ndarray:
    """Balanced accuracy (count,) of each permutation on held-out people."""
    hits, tries = np.zeros((2, len(permuted), k))
    for fit, held, x, other in inner:
        predicted = LeastSquares(x, other, penalty).scores(permuted[:, fit], k).argmax(axis=2)
        own, all_ = recalls(permuted[:, held], predicted, k)
        hits, tries = hits + own, tries + all_
    return mean_recall(hits, tries)


def _double(parts: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    return parts[0].astype(np.float64), parts[1].astype(np.float64)
