"""Nearest neighbours (Cover and Hart 1967): whoever looks alike shows the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.attack.fit import CHOSEN, Fit, Setting
from core.attack.logistic import spread


class Neighbours:
    """k nearest neighbours, nearer ones weighing more; k by inner folds."""

    name = "knn"
    version = 1
    views = (CHOSEN, "unit standard")
    folds = 3
    settings: tuple[Setting, ...] = ((1.0,), (5.0,), (15.0,), (45.0,))

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Shares of the neighbours (t, classes) of each job."""
        return [self._one(fit) for fit in fits]

    def _one(self, fit: Fit) -> np.ndarray:
        from sklearn.neighbors import KNeighborsClassifier

        count = min(int(fit.setting[0]), len(fit.x))
        model = KNeighborsClassifier(count, weights="distance", algorithm="brute", n_jobs=1)
        model.fit(fit.x, fit.y)
        return spread(model.predict_proba(fit.x_test), model.classes_, fit.classes)
