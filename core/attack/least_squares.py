"""Least squares on the classes, linear and with a kernel: solved once for any number of labelings.

The solutions are linear in the labels, so that one factorisation serves all of them: the real
labels when a view is chosen, and every permutation of a null. The kernel twin is the least-squares
support vector machine of Suykens and Vandewalle (1999).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve


@dataclass(frozen=True)
class LeastSquares:
    """Fitted on rows `x` (m, d), applied to `other` (t, d); float64.

    `penalty` is a ridge in units of the rows' mean variance times their number; None stands for the
    kernel, radial basis functions of the width that scikit-learn calls "scale", halved.
    """

    x: np.ndarray
    other: np.ndarray
    penalty: float | None

    def solve(self, targets: np.ndarray) -> np.ndarray:
        """Scores (t, columns) for `targets` (m, columns)."""
        if self.penalty is None:
            return self._kernel(targets)
        m, d = self.x.shape
        rise = level(self.penalty, float((self.x**2).sum()), d)
        if d <= m:
            gram = self.x.T @ self.x + np.eye(d) * rise
            return self.other @ cho_solve(cho_factor(gram), self.x.T @ targets)
        gram = self.x @ self.x.T + np.eye(m) * rise
        return self.other @ (self.x.T @ cho_solve(cho_factor(gram), targets))

    def _kernel(self, targets: np.ndarray) -> np.ndarray:
        width = max(float((self.x**2).mean()) * self.x.shape[1] * 2, 1e-12)
        gram = np.exp(-squares(self.x, self.x) / width) + np.eye(len(self.x))
        near = np.exp(-squares(self.other, self.x) / width)
        return near @ cho_solve(cho_factor(gram), targets)

    def scores(self, labels: np.ndarray, k: int) -> np.ndarray:
        """Scores float32 (count, t, k) where `labels` int (count, m) are learned, each by itself.

        Scores are divided by the class shares, so that an uneven label does not end in one class.
        """
        count = len(labels)
        shares = np.stack([(labels == c).mean(axis=1) for c in range(k)], axis=1)  # (count, k)
        targets = (labels[:, :, None] == np.arange(k)).astype(np.float64) - shares[:, None, :]
        flat = targets.transpose(1, 0, 2).reshape(labels.shape[1], count * k)
        scores = self.solve(flat).reshape(-1, count, k)
        weighted = np.divide(scores, shares, out=np.full_like(scores, -1e6), where=shares > 0)
        return weighted.transpose(1, 0, 2).astype(np.float32)


def level(penalty: float, total: float, d: int) -> float:
    """What a ridge of `penalty` adds to the products of rows of width `d` whose squares sum to
    `total`; never nothing, for constant vectors."""
    return max(penalty * total / d, 1e-9)


def recalls(labels: np.ndarray, predicted: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Hits and tries (count, k) by class, for `labels` and `predicted` int (count, t)."""
    hits, tries = np.zeros((2, len(labels), k))
    for c in range(k):
        own = labels == c
        hits[:, c] = (own & (predicted == c)).sum(axis=1)
        tries[:, c] = own.sum(axis=1)
    return hits, tries


def mean_recall(hits: np.ndarray, tries: np.ndarray) -> np.ndarray:
    """Balanced accuracy (count,) over the classes that were tried."""
    recall = np.divide(hits, tries, out=np.zeros_like(hits), where=tries > 0)
    return recall.sum(axis=1) / np.maximum((tries > 0).sum(axis=1), 1)


def squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (len(a), len(b)), never below 0."""
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.maximum(square, 0)
