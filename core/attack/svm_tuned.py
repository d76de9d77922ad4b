"""The support vector machine with C and gamma chosen on inner folds by person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.attack.fit import CHOSEN, Fit, Setting
from core.attack.svm import Machine, scored


class TunedSupportVectors:
    """RBF support vector machine; settings are C and gamma in units of "scale"."""

    name = "svm_tuned"
    version = 3
    views = (CHOSEN,)
    folds = 3
    settings: tuple[Setting, ...] = (
        (0.3, 0.25), (0.3, 1.0), (3.0, 0.05), (3.0, 0.25), (3.0, 1.0), (30.0, 0.01), (30.0, 0.05),
    )  # fmt: skip
    """Wide kernels want a large C, narrow ones a small: the rest of the grid wins nowhere."""

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Decision values (t, classes) of each job, one column a class."""
        return scored([Machine(fit, *fit.setting) for fit in fits])
