"""Gradient-boosted trees on histograms (Friedman 2001; scikit-learn's, after Ke et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.attack.fit import CHOSEN, Fit
from core.attack.logistic import spread

ROUNDS = 60
LEAVES = 8
BINS = 32
COLUMNS = 0.2
"""Share of the columns that each split may choose from: the time goes into columns."""


class Boosted:
    """Histogram gradient boosting: 60 rounds of trees of 8 leaves."""

    name = "gbt"
    version = 1
    views = (CHOSEN,)
    folds = 2

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Class probabilities (t, classes) of each job."""
        return [self._one(fit) for fit in fits]

    def _one(self, fit: Fit) -> np.ndarray:
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = HistGradientBoostingClassifier(
            max_iter=ROUNDS,
            max_leaf_nodes=LEAVES,
            max_bins=BINS,
            max_features=COLUMNS,
            early_stopping=False,
            random_state=fit.seed,
        )
        model.fit(fit.x, fit.y)
        return spread(model.predict_proba(fit.x_test), model.classes_, fit.classes)
