"""Discriminants of Gaussian classes: linear with one shrunken covariance, quadratic with many.

Fisher (1936); the covariance is shrunk as in Ledoit and Wolf (2004). Linear discriminants are the
most that a linear attacker can get from Gaussian classes, and want few people; the quadratic ones
see classes that differ in how they scatter rather than in where they lie.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator

from core.attack.fit import CHOSEN, Fit, Setting
from core.attack.logistic import spread

_LEAST = 1e-6
"""Added to variances, relative to their mean: constant vectors have none."""


SCATTER = 4
"""Pictures of a class below which its scatter is not estimated."""
ROUND = 0.3
"""How far each class's covariance is pulled towards a round one."""
FLOOR = 1e-3
"""Added to each class's variances, in those of the first axis: pictures of a class may be equal."""


class Linear:
    """Linear discriminant analysis, shrunk."""

    name = "lda"
    version = 1
    views = (CHOSEN, "unit standard")
    folds = 3

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Log-posteriors (t, classes) of each job."""
        return [self._one(fit) for fit in fits]

    def _one(self, fit: Fit) -> np.ndarray:
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        x, other, axes = _projected(fit, min(fit.x.shape))
        if not axes or len(x) <= len(np.unique(fit.y)):  # no class has a second picture
            return np.zeros((len(other), fit.classes), np.float32)
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        model.fit(x, fit.y)
        values = np.asarray(model.decision_function(other))
        if values.ndim == 1:  # two classes: one signed distance
            values = np.stack([-values, values], axis=1) / 2
        return spread(values, model.classes_, fit.classes)


class Quadratic:
    """Quadratic discriminant analysis of the leading principal components, shrunk."""

    name = "qda"
    version = 1
    views = ("stored standard", "unit standard")
    folds = 3
    settings: tuple[Setting, ...] = ((8.0,), (32.0,))
    """Principal components that are looked at."""

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Log-posteriors (t, classes) of each job."""
        return [self._one(fit) for fit in fits]

    def _one(self, fit: Fit) -> np.ndarray:
        from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

        counts = np.bincount(fit.y, minlength=fit.classes)
        # The scatter of a class cannot be told from a few pictures: such a class is never named.
        own = np.flatnonzero(counts >= SCATTER)
        rows = np.isin(fit.y, own)
        x, other, axes = _projected(fit, min(int(fit.setting[0]), len(fit.x) // 2))
        if not axes or len(own) < 2:
            return np.zeros((len(other), fit.classes), np.float32)
        model = QuadraticDiscriminantAnalysis(solver="eigen", covariance_estimator=_Rounded())
        model.fit(x[rows], fit.y[rows])
        return spread(model.predict_log_proba(other), model.classes_, fit.classes)


class _Rounded(BaseEstimator):
    """A covariance that can be inverted whatever the rows, which scikit-learn's own cannot."""

    def fit(self, x: np.ndarray) -> _Rounded:
        """Estimate `covariance_` (d, d) from the rows `x` (m, d)."""
        own = np.atleast_2d(np.cov(x.T, bias=True))
        level = ROUND * own.trace() / len(own) + FLOOR
        self.covariance_ = (1 - ROUND) * own + level * np.eye(len(own))
        return self


def _projected(fit: Fit, count: int) -> tuple[np.ndarray, np.ndarray, int]:
    """The first `count` principal axes of `x` that are no rounding: x, x_test along them, and how
    many; float64, in the deviation of the first."""
    mean = fit.x.mean(axis=0, dtype=np.float64)
    centred = fit.x.astype(np.float64) - mean
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    keep = int((values[:count] > _LEAST * max(values[0], np.finfo(float).tiny)).sum())
    if not keep:
        return centred, fit.x_test, 0
    turn = axes[:keep].T * (np.sqrt(len(centred)) / values[0])
    return centred @ turn, (fit.x_test.astype(np.float64) - mean) @ turn, keep
