"""What the whole attack finds where there is nothing to find: labels permuted, identity respected.

METHODS, "Protocol" 4. Two cheap attackers stand for the suite: least squares on the classes (for
the linear probe) and its kernel twin (for the machine with radial basis functions; Suykens and
Vandewalle 1999). Their solutions are linear in the labels, so that one factorisation serves all
permutations. Each permutation chooses its own view, penalty and attacker on inner folds, exactly
as the real attack does: the null of `strongest` is the null of a maximum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from core.attack.attack import Problem
from core.attack.views import see
from core.split import inner_folds

VERSION = 1
VIEWS = ("stored standard", "unit shrunk", "unit whitened")
PENALTIES = (0.01, 0.1, 1.0)
"""Ridge penalties, in units of the number of rows times the mean variance of a column."""
KERNEL_ROWS = 4000
"""Above so many rows the kernel twin is left out: its Gram matrix grows with their square."""


def permutations(labels: np.ndarray, people: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """`labels` (n,) permuted `count` times, int64 (count, n), without mixing up who is who.

    Where the label varies within people it is permuted within each; where it does not, whole
    people exchange their labels. A label that does both is exchanged between people, and each
    takes the other's mixture.
    """
    random = np.random.default_rng(seed)
    _, person = np.unique(people, return_inverse=True)
    rows = [np.flatnonzero(person == i) for i in range(person.max() + 1)]
    several = [own for own in rows if len(own) > 1]
    varying = sum(len(set(labels[own].tolist())) > 1 for own in several)
    deal = _within if several and varying >= len(several) / 2 else _between
    return np.stack([deal(labels, rows, random) for _ in range(count)])


def _within(
    labels: np.ndarray, rows: Sequence[np.ndarray], random: np.random.Generator
) -> np.ndarray:
    dealt = labels.copy()
    for own in rows:
        dealt[own] = random.permutation(labels[own])
    return dealt


def _between(
    labels: np.ndarray, rows: Sequence[np.ndarray], random: np.random.Generator
) -> np.ndarray:
    dealt = labels.copy()
    for own, other in zip(rows, random.permutation(len(rows)), strict=True):
        mixture = random.permutation(labels[rows[other]])
        dealt[own] = np.resize(mixture, len(own))
    return dealt


@dataclass(frozen=True)
class _Solver:
    """One cheap attacker on one view with one penalty; `solve` maps targets to scores."""

    fit: np.ndarray
    other: np.ndarray
    penalty: float | None

    def solve(self, targets: np.ndarray) -> np.ndarray:
        """Scores (t, columns) for `targets` (m, columns); None as penalty means the kernel."""
        if self.penalty is None:
            return self._kernel(targets)
        d = self.fit.shape[1]
        level = max(self.penalty * float((self.fit**2).sum()) / d, 1e-9)  # constant vectors too
        if d <= len(self.fit):
            gram = self.fit.T @ self.fit + np.eye(d) * level
            return self.other @ cho_solve(cho_factor(gram), self.fit.T @ targets)
        gram = self.fit @ self.fit.T + np.eye(len(self.fit)) * level
        return self.other @ (self.fit.T @ cho_solve(cho_factor(gram), targets))

    def _kernel(self, targets: np.ndarray) -> np.ndarray:
        scale = 1 / max(float((self.fit**2).mean()) * self.fit.shape[1] * 2, 1e-12)
        gram = np.exp(-scale * _squares(self.fit, self.fit)) + np.eye(len(self.fit))
        return np.exp(-scale * _squares(self.other, self.fit)) @ cho_solve(
            cho_factor(gram), targets
        )


def null_scores(problem: Problem, permuted: np.ndarray) -> np.ndarray:
    """Scores of the test rows by the cheap attackers, float32 (count, t, k), one a permutation.

    `permuted` int64 (count, m) are labels of the attacker's rows; `problem.y` is not looked at.
    Scores are divided by the class shares, so that an uneven label does not end in one class and
    a null without width.
    """
    count, k = len(permuted), problem.classes
    folds = inner_folds(problem.people, permuted[0], folds=3, seed=problem.seed)
    best = np.full(count, -np.inf)
    chosen = np.zeros((count, len(problem.x_test), k), dtype=np.float32)
    for view in VIEWS:
        inner = [(fit, held, see(view, problem.x[fit], problem.x[held])) for fit, held in folds]
        whole = see(view, problem.x, problem.x_test)
        for penalty in _candidates(len(problem.x)):
            value = _inner_value(inner, penalty, permuted, k)
            better = np.flatnonzero(value > best)
            if len(better):
                best[better] = value[better]
                solver = _Solver(*map(_double, whole), penalty)
                chosen[better] = _scores(solver, permuted[better], k)
    return chosen


def _candidates(rows: int) -> Iterator[float | None]:
    yield from PENALTIES
    if rows <= KERNEL_ROWS:
        yield None


def _inner_value(
    inner: Sequence[tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]],
    penalty: float | None,
    permuted: np.ndarray,
    k: int,
) -> np.ndarray:
    """Balanced accuracy (count,) of each permutation on held-out people."""
    hits = np.zeros((len(permuted), k))
    tries = np.zeros((len(permuted), k))
    for fit, held, views in inner:
        scores = _scores(_Solver(*map(_double, views), penalty), permuted[:, fit], k)
        predicted = np.argmax(scores, axis=2)
        for c in range(k):
            own = permuted[:, held] == c
            hits[:, c] += (own & (predicted == c)).sum(axis=1)
            tries[:, c] += own.sum(axis=1)
    seen = tries > 0
    recall = np.divide(hits, tries, out=np.zeros_like(hits), where=seen)
    return recall.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)


def _scores(solver: _Solver, labels: np.ndarray, k: int) -> np.ndarray:
    """Scores (count, t, k) where `labels` (count, m) are learned."""
    count = len(labels)
    shares = np.stack([(labels == c).mean(axis=1) for c in range(k)], axis=1)  # (count, k)
    targets = (labels[:, :, None] == np.arange(k)).astype(np.float64) - shares[:, None, :]
    flat = targets.transpose(1, 0, 2).reshape(labels.shape[1], count * k)
    scores = solver.solve(flat).reshape(-1, count, k)
    weighted = np.divide(scores, shares, out=np.full_like(scores, -1e6), where=shares > 0)
    return weighted.transpose(1, 0, 2).astype(np.float32)


def _double(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float64)


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (len(a), len(b)), never below 0."""
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.maximum(square, 0)
