"""A threshold for each group: decisions that are moved after training, by fairlearn.

Hardt, Price and Srebro (2016), "Equality of opportunity in supervised learning", section 4.2;
`fairlearn.postprocessing.ThresholdOptimizer` with equal true-positive rates and the best accuracy,
fitted on held-out people of the training part. Whoever decides so must know the protected label of
everybody whom they decide about, and some decisions are drawn by lot.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from fairlearn.postprocessing import ThresholdOptimizer
from sklearn.base import BaseEstimator, ClassifierMixin

VERSION = 1


class _Scored(ClassifierMixin, BaseEstimator):
    """A classifier whose only feature is the probability that another one gave."""

    classes_ = np.array([0, 1])

    def fit(self, x: Any, y: Any) -> _Scored:
        """Learn nothing."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict_proba(self, x: Any) -> np.ndarray:
        """The probability, and what is left of it, (n, 2)."""
        chance = np.asarray(x, dtype=float).reshape(-1)
        return np.column_stack([1 - chance, chance])

    def predict(self, x: Any) -> np.ndarray:
        """Yes from one half on."""
        return (self.predict_proba(x)[:, 1] >= 0.5).astype(int)


def servable(y: np.ndarray, group: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether held-out people show both classes of the target in each group decided about."""
    return all(len(set(y[group == one].tolist())) == 2 for one in {*group, *wanted})


def equal_opportunity(
    held: np.ndarray,
    y: np.ndarray,
    group: np.ndarray,
    wanted: np.ndarray,
    wanted_group: np.ndarray,
    *,
    seed: int,
) -> np.ndarray:
    """Decisions bool (t,) about `wanted` probabilities (t,), with thresholds from `held` (h,).

    `y` and `group` (h,) belong to the held-out rows, `wanted_group` (t,) to the others. `servable`
    must hold.
    """
    model = ThresholdOptimizer(
        estimator=_Scored(),
        constraints="true_positive_rate_parity",
        objective="accuracy_score",
        prefit=True,
        predict_method="predict_proba",
    )
    model.fit(held[:, None].astype(float), y, sensitive_features=group)
    said = model.predict(
        wanted[:, None].astype(float), sensitive_features=wanted_group, random_state=seed
    )
    return np.asarray(said).ravel() == 1
