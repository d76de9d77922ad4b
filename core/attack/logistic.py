"""Multinomial logistic regression with C = 1: the linear probe of the field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.attack.fit import CHOSEN, Fit


class Logistic:
    """Logistic regression, ridge penalty, C = 1."""

    name = "logistic"
    version = 2
    views = (CHOSEN,)
    folds = 3

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Log-probabilities (t, classes) of each job."""
        return [self._one(fit) for fit in fits]

    def _one(self, fit: Fit) -> np.ndarray:
        # scikit-learn's own: at these sizes it is faster than scikit-learn-intelex's, whose sums
        # came out in another order now and then when several threads fitted beside each other.
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1.0, max_iter=300)
        model.fit(fit.x, fit.y)
        with np.errstate(divide="ignore"):  # a chance of 0 is as low as scores go
            scores = model.predict_log_proba(fit.x_test)
        return spread(scores, model.classes_, fit.classes)


def spread(scores: np.ndarray, seen: np.ndarray, classes: int) -> np.ndarray:
    """Scores (t, len(seen)) on all `classes` columns; a class never trained on scores lowest."""
    whole = np.full((len(scores), classes), -1e6, dtype=np.float32)
    whole[:, seen.astype(int)] = np.clip(scores, -1e5, 1e5)
    return whole
