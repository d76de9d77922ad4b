"""The papers' random forest (Breiman 2001): 100 trees, other defaults of scikit-learn, declared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.attack.fast import estimator
from core.attack.fit import CHOSEN, Fit
from core.attack.logistic import spread


class Forest:
    """Random forest of 100 trees."""

    name = "rf"
    version = 1
    # Trees read single columns: the encoder's own may say more than turned ones.
    views = (CHOSEN, "stored standard")
    folds = 2

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Class probabilities (t, classes) of each job."""
        return [self._one(fit) for fit in fits]

    def _one(self, fit: Fit) -> np.ndarray:
        kind = estimator("ensemble", "RandomForestClassifier")
        model = kind(n_estimators=100, random_state=fit.seed, n_jobs=-1)
        model.fit(fit.x, fit.y)
        return spread(model.predict_proba(fit.x_test), model.classes_, fit.classes)
