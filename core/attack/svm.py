"""The papers' support vector machine: radial basis functions, C = 1, gamma "scale".

Thesis Table 4.1 and TPAMI Table I use an RBF machine and print neither C nor gamma; these are
scikit-learn's defaults, declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.attack.fast import estimator
from core.attack.fit import CHOSEN, Fit
from core.attack.logistic import spread


class SupportVectors:
    """RBF support vector machine, C = 1."""

    name = "svm"
    version = 1
    views = (CHOSEN, "unit standard")
    folds = 3

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Decision values (t, classes) of each job, one column a class."""
        kind = estimator("svm", "SVC")
        return [machine(kind(C=1.0, kernel="rbf", gamma="scale"), fit) for fit in fits]


def machine(model: Any, fit: Fit) -> np.ndarray:
    """Decision values (t, classes) of the support vector machine `model`, fitted on the job."""
    model.fit(fit.x, fit.y)
    values = np.asarray(model.decision_function(fit.x_test))
    if values.ndim == 1:  # two classes: one signed distance
        values = np.stack([-values, values], axis=1)
    return spread(values, model.classes_, fit.classes)
