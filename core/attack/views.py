"""The ways in which an attacker looks at vectors: as stored or unit length, scaled or whitened.

METHODS, "Protocol" 5: an attacker that only standardises is blinded by a direction that was
squashed a thousand times although nothing was removed; one that whitens is not. A view is fitted
on the attacker's own fitting rows and applied to whatever it scores.
"""

from __future__ import annotations

import numpy as np
from sklearn.covariance import ledoit_wolf, ledoit_wolf_shrinkage

LENGTHS = ("stored", "unit")
SCALINGS = ("standard", "shrunk", "whitened")
VIEWS = tuple(f"{length} {scaling}" for length in LENGTHS for scaling in SCALINGS)
"""All views by name, such as "unit whitened"."""

WIDE = 2048
"""Above so many columns, and more columns than fitting rows, whitening looks at the span of the
rows alone: an eigenvalue problem of 4096 columns would take a minute, and there are a dozen."""

FLOOR = 1e-9
"""Directions below this share of the largest variance are float32 rounding, not signal."""


def see(view: str, fit: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """`fit` (m, d) and each of `others` (·, d) through `view`, fitted on `fit`; float32.

    "standard" divides every column by its deviation; "whitened" turns to principal axes and
    divides by the deviation along each; "shrunk" does the same after the Ledoit–Wolf (2004)
    estimate has pulled small eigenvalues up, which is what few people need.
    """
    length, scaling = view.split()
    parts = centred(length, fit, *others)
    scale = _SCALES[scaling](parts[0])
    if scale.ndim == 1:
        return tuple((part * scale).astype(np.float32) for part in parts)
    return tuple((part @ scale).astype(np.float32) for part in parts)


def centred(length: str, fit: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """`fit` (m, d) and each of `others` (·, d), "stored" or at "unit" length, less the mean of
    `fit`; float64."""
    parts = [part.astype(np.float64) for part in (fit, *others)]
    if length == "unit":
        parts = [unit(part) for part in parts]
    mean = parts[0].mean(axis=0)
    return [part - mean for part in parts]


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of `x` (n, d) at length 1; rows of zeros stay zero."""
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(norm > 0, norm, 1)


def inverse_deviations(x: np.ndarray) -> np.ndarray:
    """One over the deviation of each column of `x` (n, d); 0 where a column is all but constant."""
    deviation = x.std(axis=0)
    keep = deviation > max(np.sqrt(FLOOR) * deviation.max(), np.finfo(float).tiny)
    return np.where(keep, 1 / np.where(keep, deviation, 1), 0)


def _whitened(x: np.ndarray) -> np.ndarray:
    if _wide(x):
        values, axes = _span(x)
        return _turned(values, axes, values)
    return _inverse_root(x.T @ x / len(x))


def _shrunk(x: np.ndarray) -> np.ndarray:
    # Shrinking happens between standardised columns, so that one loud column does not set the
    # level to which all others are pulled up.
    scale = inverse_deviations(x)
    if _wide(x):
        scaled = x * scale
        pull = ledoit_wolf_shrinkage(scaled, assume_centered=True)
        values, axes = _span(scaled)
        level = values.sum() / x.shape[1]
        return scale[:, None] * _turned(values, axes, (1 - pull) * values + pull * level)
    covariance, _ = ledoit_wolf(x * scale, assume_centered=True)
    return scale[:, None] * _inverse_root(covariance)


def _wide(x: np.ndarray) -> bool:
    return x.shape[1] > max(WIDE, len(x))


def _span(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues (m,) of x.T @ x / m that are not all zero by count, and their axes (d, m)."""
    _, singular, axes = np.linalg.svd(x, full_matrices=False)
    return singular**2 / len(x), axes.T


def _turned(values: np.ndarray, axes: np.ndarray, variances: np.ndarray) -> np.ndarray:
    keep = values > max(FLOOR * values.max(), np.finfo(float).tiny)
    if not keep.any():
        return np.zeros((len(axes), 1))
    return axes[:, keep] / np.sqrt(variances[keep])


def _inverse_root(covariance: np.ndarray) -> np.ndarray:
    values, axes = np.linalg.eigh(covariance)
    keep = values > max(FLOOR * values.max(), np.finfo(float).tiny)
    if not keep.any():  # constant vectors: one column of zeros, which every attacker can take
        return np.zeros((len(values), 1))
    return axes[:, keep] / np.sqrt(values[keep])


_SCALES = {"standard": inverse_deviations, "shrunk": _shrunk, "whitened": _whitened}
