"""The ways in which an attacker looks at vectors: as stored or unit length, scaled or whitened.

METHODS, "Protocol" 5: an attacker that only standardises is blinded by a direction that was
squashed a thousand times although nothing was removed; one that whitens is not. A view is fitted
on the attacker's own fitting rows and applied to whatever it scores.
"""

from __future__ import annotations

import numpy as np
from sklearn.covariance import ledoit_wolf

LENGTHS = ("stored", "unit")
SCALINGS = ("standard", "shrunk", "whitened")
VIEWS = tuple(f"{length} {scaling}" for length in LENGTHS for scaling in SCALINGS)
"""All views by name, such as "unit whitened"."""

_FLOOR = 1e-9
"""Directions below this share of the largest variance are float32 rounding, not signal."""


def see(view: str, fit: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """`fit` (m, d) and each of `others` (·, d) through `view`, fitted on `fit`; float32.

    "standard" divides every column by its deviation; "whitened" turns to principal axes and
    divides by the deviation along each; "shrunk" does the same after the Ledoit–Wolf (2004)
    estimate has pulled small eigenvalues up, which is what few people need.
    """
    length, scaling = view.split()
    parts = [part.astype(np.float64) for part in (fit, *others)]
    if length == "unit":
        parts = [unit(part) for part in parts]
    mean = parts[0].mean(axis=0)
    parts = [part - mean for part in parts]
    matrix = _MATRICES[scaling](parts[0])
    return tuple((part @ matrix).astype(np.float32) for part in parts)


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of `x` (n, d) at length 1; rows of zeros stay zero."""
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(norm > 0, norm, 1)


def _standard(x: np.ndarray) -> np.ndarray:
    deviation = x.std(axis=0)
    keep = deviation > max(np.sqrt(_FLOOR) * deviation.max(), np.finfo(float).tiny)
    return np.diag(np.where(keep, 1 / np.where(keep, deviation, 1), 0))


def _whitened(x: np.ndarray) -> np.ndarray:
    return _inverse_root(x.T @ x / len(x))


def _shrunk(x: np.ndarray) -> np.ndarray:
    # Shrinking happens between standardised columns, so that one loud column does not set the
    # level to which all others are pulled up.
    scale = _standard(x)
    covariance, _ = ledoit_wolf(x @ scale, assume_centered=True)
    return scale @ _inverse_root(covariance)


def _inverse_root(covariance: np.ndarray) -> np.ndarray:
    values, axes = np.linalg.eigh(covariance)
    keep = values > max(_FLOOR * values.max(), np.finfo(float).tiny)
    if not keep.any():  # constant vectors: one column of zeros, which every attacker can take
        return np.zeros((len(values), 1))
    return axes[:, keep] / np.sqrt(values[keep])


_MATRICES = {"standard": _standard, "shrunk": _shrunk, "whitened": _whitened}
