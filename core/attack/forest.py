"""The papers' random forest (Breiman 2001): 100 trees, other defaults of scikit-learn, declared.

scikit-learn-intelex splits a column at one of so many quantiles, and trying each of its 256 takes
most of the time where a thousand rows lie between them. As many as hold `ROWS` rows each, and no
fewer than `FEWEST`, read the same in less than half the time: docs/speed.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.attack.fast import estimator
from core.attack.fit import CHOSEN, Fit
from core.attack.logistic import spread

TREES = 100
FEWEST, MOST, ROWS = 16, 256, 64


class Forest:
    """Random forest of 100 trees."""

    name = "rf"
    version = 4
    # Trees read single columns: the encoder's own may say more than turned ones.
    views = (CHOSEN, "stored standard")
    folds = 2
    # They grow beside each other, in as many threads as there are processors.
    spreads = True

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Class probabilities (t, classes) of each job."""
        return [self._one(fit) for fit in fits]

    def _one(self, fit: Fit) -> np.ndarray:
        kind = estimator("ensemble", "RandomForestClassifier")
        model = kind(n_estimators=TREES, random_state=fit.seed, n_jobs=-1)
        if "max_bins" in model.get_params():  # scikit-learn's own splits anywhere
            model.set_params(max_bins=bins(len(fit.x)))
        model.fit(fit.x, fit.y)
        return spread(model.predict_proba(fit.x_test), model.classes_, fit.classes)


def bins(rows: int) -> int:
    """Quantiles of a column at which a tree that learns from so many rows may split it."""
    return min(max(rows // ROWS, FEWEST), MOST)
