"""Linking two representations: what an attacker who holds both for some people can learn.

Somebody who can put faces through both learns a map from one to the other on people of their own;
old and new vectors of strangers can then be compared, whatever their widths (METHODS, "Protocol"
8). Ridge regression (Hoerl and Kennard 1970), its strength by leave-one-out (Golub, Heath and Wahba
1979), as scikit-learn has it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.linear_model import RidgeCV

STRENGTHS = (1e-4, 1e-2, 1.0, 100.0)
"""Ridge strengths on vectors of length 1."""


def linear_map(x: np.ndarray, phi: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A map from unit rows like x (n, d) to rows like `phi` (n, d'), fitted on these n faces."""
    fitted = RidgeCV(alphas=STRENGTHS).fit(x, phi)
    # Of a single number scikit-learn predicts a vector, not a column.
    return lambda rows: np.asarray(fitted.predict(rows)).reshape(len(rows), phi.shape[1])
