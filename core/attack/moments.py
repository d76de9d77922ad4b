"""What least squares reads through every view of the same rows, from one product of them.

A view is a linear map of centred rows, and ridge regression needs nothing of its rows X but the
products XᵀX and XᵀT with the labels. Each view's solution is therefore found in the columns of X,
by a factorisation of the columns' products and without turning a row. Where that does not hold,
`see` and `LeastSquares` are asked themselves: fewer rows than columns, or columns of which some are
so quiet that a shrunken covariance may be singular.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.linalg.lapack import dpocon

from core.attack.least_squares import LeastSquares, level
from core.attack.views import FLOOR, LENGTHS, SCALINGS, centred, inverse_deviations, see

_SURE = 100 * FLOOR
"""A reciprocal condition above which no direction is below `FLOOR`: that of the 1-norm is never
above the ratio of the eigenvalues, and LAPACK estimates it to within a small factor."""


def predictions(
    fit: np.ndarray, y: np.ndarray, held: np.ndarray, classes: int, penalty: float
) -> Mapping[str, np.ndarray]:
    """The class int64 (t,) of each row of `held` (t, d) that least squares on `fit` (m, d) with
    labels `y` int (m,) says through each view, by its name; `penalty` as `LeastSquares` has it."""
    found = {}
    for length in LENGTHS:
        # Products of rows say less than the rows where these are fewer than columns.
        wide = fit.shape[1] > len(fit)
        moments = None if wide else _moments(length, fit, y, held, classes)
        for scaling in SCALINGS:
            weights = None if moments is None else _SOLVERS[scaling](moments, penalty)
            if moments is None or weights is None:
                x, other = see(f"{length} {scaling}", fit, held)
                solver = LeastSquares(x.astype(np.float64), other.astype(np.float64), penalty)
                scores = solver.scores(y[None], classes)[0]
            else:
                scores = moments.scores(weights)
            found[f"{length} {scaling}"] = scores.argmax(axis=1)
    return found


@dataclass(frozen=True)
class _Moments:
    """Products of centred rows `x` float64 (m, d): `own` = xᵀx (d, d), and `labels` = xᵀT (d, k),
    T being the classes (m, k) less their `shares` (k,). `held` (t, d) are rows to read."""

    x: np.ndarray
    held: np.ndarray
    own: np.ndarray
    labels: np.ndarray
    shares: np.ndarray

    def scores(self, weights: np.ndarray) -> np.ndarray:
        """Scores (t, k) of the held rows; as in `LeastSquares`, those of a rare class weigh more,
        and a class that nobody showed is never said."""
        known = self.shares > 0
        scores = np.full((len(self.held), len(known)), -np.inf)
        scores[:, known] = self.held @ weights[:, known] / self.shares[known]
        return scores


def _moments(
    length: str, fit: np.ndarray, y: np.ndarray, held: np.ndarray, classes: int
) -> _Moments:
    x, other = centred(length, fit, held)
    told = (y[:, None] == np.arange(classes)).astype(np.float64)
    shares = told.mean(axis=0)
    return _Moments(x, other, x.T @ x, x.T @ (told - shares), shares)


def _standard(moments: _Moments, penalty: float) -> np.ndarray | None:
    """Columns over their deviations S, whose products are R: w = S (R + l I)⁻¹ S xᵀT."""
    scale, own = _scaled(moments)
    rise = np.eye(len(own)) * level(penalty, own.trace(), len(own))
    return scale[:, None] * cho_solve(cho_factor(own + rise), scale[:, None] * moments.labels)


def _shrunk(moments: _Moments, penalty: float) -> np.ndarray | None:
    """Turned to the axes of the shrunken covariance L, which cancel: w = S (R + l L)⁻¹ S xᵀT."""
    scale, own = _scaled(moments)
    m, d = moments.x.shape
    pull = shrinkage(moments.x * scale, own)
    covariance = (1 - pull) * own / m + pull * own.trace() / (m * d) * np.eye(d)
    factor = _factor(covariance)
    if factor is None:
        return None
    squares = float((own * cho_solve(factor, np.eye(d))).sum())  # of the turned rows
    whole = own + level(penalty, squares, d) * covariance
    return scale[:, None] * cho_solve(cho_factor(whole), scale[:, None] * moments.labels)


def _whitened(moments: _Moments, penalty: float) -> np.ndarray | None:
    """Turned rows of unit variance, of which a ridge divides all scores by the same number: the
    pseudo-inverse of xᵀx without the directions that the view drops."""
    factor = _factor(moments.own)
    if factor is not None:  # none is dropped
        return cho_solve(factor, moments.labels)
    values, axes = np.linalg.eigh(moments.own)
    keep = values > max(FLOOR * values.max(), np.finfo(float).tiny)
    axes = axes[:, keep]
    return axes @ (axes.T @ moments.labels / values[keep, None]) if keep.any() else None


def _scaled(moments: _Moments) -> tuple[np.ndarray, np.ndarray]:
    """What each column is multiplied by (d,), and the products (d, d) of columns so scaled."""
    scale = inverse_deviations(moments.x)
    return scale, scale[:, None] * moments.own * scale


def _factor(matrix: np.ndarray) -> tuple[np.ndarray, bool] | None:
    """The Cholesky factor of a symmetric `matrix`; None where a direction may be too quiet."""
    try:
        factor, lower = cho_factor(matrix)
    except LinAlgError:
        return None
    condition, _ = dpocon(factor, np.abs(matrix).sum(axis=0).max(), uplo="L" if lower else "U")
    return (factor, lower) if condition > _SURE else None


def shrinkage(x: np.ndarray, own: np.ndarray) -> float:
    """How far, 0 to 1, Ledoit and Wolf (2004) pull the covariance of centred rows `x` (m, d)
    towards a round one; `own` is xᵀx (d, d), from which it follows without another product."""
    m, d = x.shape
    if d == 1:
        return 0.0
    whole = float((own**2).sum()) / m**2
    mean = float(own.trace()) / (m * d)
    apart = (whole - d * mean**2) / d
    noise = (float(((x**2).sum(axis=1) ** 2).sum()) / m - whole) / (m * d)
    pulled = min(noise, apart)
    return pulled / apart if pulled else 0.0


_SOLVERS = {"standard": _standard, "shrunk": _shrunk, "whitened": _whitened}
