"""Every strength of the flagship at once: the identity axes of some people, and what to erase.

A path is fitted once; `Path.map` cuts it at a rank. Its axes are a linear discriminant of people
(Fisher 1936; Belhumeur et al. 1997) under within-person noise (WCCN, Hatch et al. 2006): what
varies within a person, expression included, is noise to it and comes last, which is nuisance
attribute projection (Solomonoff et al. 2005) by degrees. What is left of the class means inside
the kept axes is erased with the oblique projection of LEACE (Belrose et al. 2023, theorem 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh, solve_triangular
from scipy.stats import norm
from sklearn.covariance import ledoit_wolf

from core.suppress.chain import Affine
from core.suppress.suppressor import Label, Material

WIDEST = 512
"""Dimensions in which a path is fitted: wider vectors are first turned to so many axes."""
NOISE_FLOOR = 1.0
"""White noise added to the within-person noise, in units of its own mean variance. With 92 people
and 256 dimensions it halved the verification drop at equal rank, against none."""
ROUNDING = 1e-6
"""Contrasts this much smaller than the largest are float rounding."""
_LEAST = 1e-12
"""Least variance, for vectors that are all alike."""


@dataclass(frozen=True)
class Path:
    """Identity axes and contrasts of some people.

    `mean` (d,), `axes` (d, m) by falling identity, scaled to equal noise. In their coordinates
    `factor` (m, m) is the Cholesky factor of the covariance of all rows (its leading blocks are the
    factors of leading blocks), `contrasts` (r, m) is what is to vanish, and `wobble` (labels, m)
    the squared contrast that the first 1, 2, … m axes are expected to keep in other people.
    """

    mean: np.ndarray
    axes: np.ndarray
    factor: np.ndarray
    contrasts: np.ndarray
    wobble: np.ndarray

    @property
    def longest(self) -> int:
        """The largest rank that a map may have; below 1 nothing is left after erasing."""
        return self.axes.shape[1] - len(self.contrasts)

    def map(self, rank: int) -> Affine:
        """The map to `rank` dimensions without contrasts, and one more that is the same for all.

        That last coordinate, the anchor, is as long as the others together on average. It tells
        nothing about anybody; it makes the cosine of two vectors also feel how far they are apart.
        """
        width = rank + len(self.contrasts)
        factor = self.factor[:width, :width]
        kept = _without(self.contrasts[:, :width], factor, rank)
        weight = self.axes[:, :width] @ kept
        anchor = np.linalg.norm(factor.T @ kept)
        weight = np.column_stack([weight, np.zeros(len(weight))])
        bias = -self.mean @ weight
        bias[-1] = anchor
        return Affine(weight.astype(np.float32), bias.astype(np.float32))

    def forecast(self, rank: int) -> np.ndarray:
        """AUC (labels,) that the best linear attacker is expected to reach on other people.

        The contrasts of the own people are known up to the chance of who was there. The part that
        was missed, of squared Mahalanobis length w, gives Φ(√(w / 2)) to who finds it all (two
        normal classes of one covariance).
        """
        missed = self.wobble[:, rank + len(self.contrasts) - 1]
        return np.asarray(norm.cdf(np.sqrt(missed / 2)))


def fit_path(material: Material, *, seed: int) -> Path:
    """The path of `material`, whose rows are finite; `seed` matters above `WIDEST` dimensions."""
    x = material.x.astype(np.float64)
    mean = x.mean(axis=0)
    frame = _frame(x - mean, seed)
    seen = (x - mean) if frame is None else (x - mean) @ frame
    axes = identity_axes(seen, material.people)
    z = seen @ axes
    factor = np.linalg.cholesky(firm(shrunk(z)))
    wobble = np.stack([_wobble(z, material.people, one, factor) for one in material.labels])
    return Path(
        mean,
        axes if frame is None else frame @ axes,
        factor,
        independent(np.concatenate([contrasts(z, material.people, y) for y in material.labels])),
        wobble,
    )


def identity_axes(x: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Axes (d, d) of centred `x` (n, d), by falling variance between `people` over noise within.

    Axes V give Vᵀ N V = 1 for the noise N: the within-person covariance after Ledoit and Wolf and
    a white floor, so that few people do not make a direction look free of noise.
    """
    means, person, counts = _means(x, people)
    several = counts[person] > 1
    # Deviations from a mean of m rows are short by (m − 1) / m.
    long = np.sqrt(counts / np.maximum(counts - 1, 1))[person, None]
    within = shrunk(((x - means[person]) * long)[several]) if several.any() else 0 * x.T @ x
    between = shrunk(means - means.mean(axis=0))
    return identity_axes_of(within, between, float((x**2).mean()))


def identity_axes_of(within: np.ndarray, between: np.ndarray, square: float) -> np.ndarray:
    """The axes from the covariances (d, d) `within` people and `between` them; `square` is the mean
    square of the centred numbers."""
    level = np.trace(within) / len(within) * NOISE_FLOOR
    level = max(level, ROUNDING * square)
    noise = firm(within + level * np.eye(len(within)))
    _, axes = eigh(between, noise)
    return np.ascontiguousarray(axes[:, ::-1])


def contrasts(z: np.ndarray, people: np.ndarray, label: Label) -> np.ndarray:
    """What a class adds: (2k, m), from the mean of all, and from the same person's own mean.

    The second is zero for a label that does not vary within people.
    """
    known = label.y >= 0
    rows, y = z[known], label.y[known]
    means, person, _ = _means(rows, people[known])
    parts = (rows - rows.mean(axis=0), rows - means[person])
    return np.stack([part[y == c].mean(axis=0) for part in parts for c in range(label.k)])


def shrunk(x: np.ndarray) -> np.ndarray:
    """Covariance (d, d) of centred rows `x` (n, d), shrunk as Ledoit and Wolf (2004) do."""
    covariance, _ = ledoit_wolf(x, assume_centered=True)
    return np.atleast_2d(np.asarray(covariance, np.float64))


def firm(covariance: np.ndarray) -> np.ndarray:
    """`covariance` with what is too small to be told from rounding lifted, so that it inverts."""
    level = ROUNDING**2 * np.trace(covariance) / len(covariance)
    return covariance + max(level, _LEAST) * np.eye(len(covariance))


def _means(x: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of each person (p, d), the person of each row (n,), and their counts (p,)."""
    _, person, counts = np.unique(people, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), x.shape[1]))
    np.add.at(means, person, x)
    return means / counts[:, None], person, counts


def _frame(x: np.ndarray, seed: int) -> np.ndarray | None:
    """Orthonormal columns (d, `WIDEST`) that hold the rows' main axes; None where d is no more.

    Fewer rows leave room: it is filled with directions by chance, so that what only other people
    show is kept in part instead of not at all.
    """
    if x.shape[1] <= WIDEST:
        return None
    _, sizes, axes = np.linalg.svd(x, full_matrices=False)
    return filled(axes[sizes > ROUNDING * sizes.max()], seed)


def filled(axes: np.ndarray, seed: int) -> np.ndarray:
    """Orthonormal columns (d, `WIDEST`): the first `axes` (·, d), then directions by chance."""
    axes = axes[:WIDEST]
    drawn = np.random.default_rng(seed).normal(size=(axes.shape[1], WIDEST - len(axes)))
    return np.linalg.qr(np.column_stack([axes.T, drawn]))[0]


def independent(rows: np.ndarray) -> np.ndarray:
    """Orthonormal rows (r, m) that span `rows` (c, m)."""
    _, sizes, axes = np.linalg.svd(rows, full_matrices=False)
    return axes[sizes > max(ROUNDING * sizes.max(), np.finfo(float).tiny)]


def _without(rows: np.ndarray, factor: np.ndarray, rank: int) -> np.ndarray:
    """A map (w, rank) of row vectors under which `rows` (r, w) vanish, and distances change least.

    LEACE (theorem 4.2): whiten, project the rows out at right angles, undo the whitening; `factor`
    (w, w) is the Cholesky factor of the covariance. The image has w − r dimensions and is written
    in as many coordinates, in which lengths are what they were.
    """
    whitened = solve_triangular(factor, rows.T, lower=True)
    taken, sizes, _ = np.linalg.svd(whitened, full_matrices=True)
    gone = int((sizes > max(ROUNDING * sizes.max(initial=0), np.finfo(float).tiny)).sum())
    left = taken[:, gone : gone + rank]
    undone = factor @ left
    return solve_triangular(factor.T, left @ np.linalg.cholesky(undone.T @ undone))


def _wobble(z: np.ndarray, people: np.ndarray, label: Label, factor: np.ndarray) -> np.ndarray:
    """Expected squared error (m,) of a class against the others, in the first 1, 2, … m axes.

    The covariance of a difference of means whose rows come by person (Liang and Zeger 1986), in
    Mahalanobis units, on average over classes. One solution with `factor` serves all ranks.
    """
    known = label.y >= 0
    rows, y = z[known], label.y[known]
    _, person = np.unique(people[known], return_inverse=True)
    total = np.zeros(z.shape[1])
    for c in range(label.k):
        own = y == c
        residual = rows - np.where(own[:, None], rows[own].mean(axis=0), rows[~own].mean(axis=0))
        share = np.where(own, 1 / own.sum(), -1 / (~own).sum())[:, None]
        score = np.zeros((person.max() + 1, z.shape[1]))
        np.add.at(score, person, share * residual)
        total += (solve_triangular(factor, score.T, lower=True) ** 2).sum(axis=1)
    return np.cumsum(total / label.k)
