"""The reference without vectors: always the class that is most frequent in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.attack.fit import Fit


class Majority:
    """Predicts the most frequent class; a baseline, not a probe."""

    name = "majority"
    version = 1
    views = ("stored standard",)
    folds = 2

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """The class shares of training, the same for every row."""
        return [
            np.tile(
                np.bincount(fit.y, minlength=fit.classes).astype(np.float32) / len(fit.y),
                (len(fit.x_test), 1),
            )
            for fit in fits
        ]
