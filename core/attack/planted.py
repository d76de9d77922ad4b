"""The positive control: the same vectors with a planted code of known size.

METHODS, "Protocol" 5: an attacker that misses the code is a failed probe, and its figure says
nothing about privacy. One that finds it and does not beat the null on the real label found
nothing.

The code moves each class by Σ^½ v, where Σ is the covariance of the vectors and v is the corner of
a regular simplex in a random subspace of the whitened space. Every two classes are then `size`
apart in the Mahalanobis distance, whatever the shape of the cloud, so that the size has a meaning:
with Gaussian vectors that hold nothing else, the best attacker is right `ceiling` of the time.
"""

from __future__ import annotations

import numpy as np
from scipy import integrate, stats

VERSION = 1

CONTROL = 4.0
"""Size of the control's code: the best attacker of Gaussian vectors is right .98 of the time at
two classes and .91 at six."""

SIZES = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, CONTROL)
"""Sizes that are tried, smallest first, to say what would have been found."""


def plant(x: np.ndarray, labels: np.ndarray, size: float, *, seed: int) -> np.ndarray:
    """`x` float32 (n, d) with a code for `labels` int (n,) of `size`; float32 (n, d).

    A representation without any variance gets the code in its first columns, at unit scale.
    """
    k = int(labels.max()) + 1
    centred = x.astype(np.float64) - x.mean(axis=0)
    values, axes = np.linalg.eigh(centred.T @ centred / len(x))
    keep = values > 1e-9 * max(values.max(), np.finfo(float).tiny)
    if not keep.any():
        values, axes, keep = np.ones(len(values)), np.eye(len(values)), np.ones(len(values), bool)
    root = axes[:, keep] * np.sqrt(values[keep])  # (d, r): from whitened space to the vectors
    random = np.random.default_rng(seed)
    dimensions = min(k, root.shape[1])
    frame = np.linalg.qr(random.normal(size=(root.shape[1], dimensions)))[0]  # (r, dimensions)
    corners = simplex(k, dimensions) * size
    return (x + corners[labels] @ frame.T @ root.T).astype(np.float32)


def simplex(k: int, dimensions: int) -> np.ndarray:
    """k points (k, dimensions), every two at distance 1; on a line where there is no room for more.

    In fewer than k dimensions the points stand in a row, neighbours at distance 1.
    """
    if dimensions >= k:
        return np.eye(k, dimensions) / np.sqrt(2)
    row = np.zeros((k, dimensions))
    row[:, 0] = np.arange(k)
    return row


def ceiling(k: int, size: float) -> float:
    """Accuracy of the best attacker of Gaussian classes at a simplex's corners, `size` apart.

    The chance that a normal shifted by size/√2 exceeds k − 1 others: ∫ φ(t − s) Φ(t)^(k−1) dt.
    """
    shift = size / np.sqrt(2)
    value, _ = integrate.quad(
        lambda t: stats.norm.pdf(t - shift) * stats.norm.cdf(t) ** (k - 1), -10, 10 + shift
    )
    return float(value)
