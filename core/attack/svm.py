"""The papers' support vector machine: radial basis functions, C = 1, gamma "scale".

Thesis Table 4.1 and TPAMI Table I use an RBF machine and print neither C nor gamma; these are
scikit-learn's defaults, declared.

Up to `PRECOMPUTED` rows the kernel is one product of matrices, which the machines of every two
classes share, and libsvm finds their multipliers. It is rounded to float32, far below the 1e-3 at
which libsvm stops. Beyond that it would not fit into memory, and scikit-learn-intelex computes what
it needs of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from core.attack.fast import estimator
from core.attack.fit import CHOSEN, Fit
from core.attack.least_squares import squares
from core.attack.logistic import spread

PRECOMPUTED = 3000
"""Rows to learn from up to which the whole kernel is held: 72 MB in libsvm."""
BLOCK = 3000
"""Rows that are scored at a time, for the same reason."""


class SupportVectors:
    """RBF support vector machine, C = 1."""

    name = "svm"
    version = 3
    views = (CHOSEN, "unit standard")
    folds = 3

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Decision values (t, classes) of each job, one column a class."""
        return scored([Machine(fit, 1.0, 1.0) for fit in fits])


@dataclass(frozen=True)
class Machine:
    """A machine to be fitted: `price` is C, `width` is gamma in units of scikit-learn's "scale"."""

    fit: Fit
    price: float
    width: float

    @property
    def gamma(self) -> float:
        """What multiplies squared distances: the width over the summed variance of the columns."""
        x = self.fit.x
        return self.width / (x.shape[1] * max(float(x.var(dtype=np.float64)), 1e-12))


def scored(machines: Sequence[Machine]) -> list[np.ndarray]:
    """Decision values (t, classes) of each machine; neighbours that learn from and score the very
    same arrays share their distances."""
    found: list[np.ndarray] = []
    for _, group in groupby(machines, key=lambda one: (id(one.fit.x), id(one.fit.x_test))):
        alike = list(group)
        whole = len(alike[0].fit.x) <= PRECOMPUTED
        found += _from_kernel(alike) if whole else [_from_rows(one) for one in alike]
    return found


def _from_kernel(alike: Sequence[Machine]) -> list[np.ndarray]:
    from sklearn.svm import SVC

    x, other = (part.astype(np.float32) for part in (alike[0].fit.x, alike[0].fit.x_test))
    own = squares(x, x)
    fitted = [
        SVC(C=one.price, kernel="precomputed").fit(np.exp(-one.gamma * own), one.fit.y)
        for one in alike
    ]
    blocks = []
    for start in range(0, max(len(other), 1), BLOCK):
        near = squares(other[start : start + BLOCK], x)
        blocks.append([
            model.decision_function(np.exp(-one.gamma * near))
            for one, model in zip(alike, fitted, strict=True)
        ])  # fmt: skip
    return [
        _columns(np.concatenate(values), model.classes_, one.fit.classes)
        for one, model, values in zip(alike, fitted, zip(*blocks, strict=True), strict=True)
    ]


def _from_rows(one: Machine) -> np.ndarray:
    model = estimator("svm", "SVC")(C=one.price, kernel="rbf", gamma=one.gamma)
    model.fit(one.fit.x, one.fit.y)
    values = np.asarray(model.decision_function(one.fit.x_test))
    return _columns(values, model.classes_, one.fit.classes)


def _columns(values: np.ndarray, seen: np.ndarray, classes: int) -> np.ndarray:
    """Decision values (t, classes), of which scikit-learn gives one signed distance for two."""
    if values.ndim == 1:
        values = np.stack([-values, values], axis=1)
    return spread(values, seen, classes)
