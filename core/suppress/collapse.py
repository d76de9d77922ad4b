"""Has a suppressor thrown away everything? Four figures, and an error where it has.

A constant φ is perfectly private and useless (METHODS, "Protocol" 7), so that leakage is never
read without these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import SuppressorError

LEAST_RANK = 0.02
"""Share of the effective rank of x that φ must keep."""
ALIKE = 0.999
"""Mean pairwise cosine from which vectors count as one and the same."""
_ROWS = 2000
"""Rows that the figures look at; more do not change them in the second digit."""


@dataclass(frozen=True)
class Collapse:
    """What is left of a representation: see the functions of the same names."""

    effective_rank: float
    mean_cosine: float
    mean_norm: float
    drift: float


def effective_rank(x: np.ndarray) -> float:
    """Effective rank of `x` (n, d): 1 … min(n − 1, d), or 0 where all rows are equal.

    exp of the entropy of the singular values of the centred rows, as shares of their sum (Roy and
    Vetterli 2007, definition 1).
    """
    rows = _some(x)
    centred = rows - rows.mean(axis=0)
    if not np.abs(centred).max(initial=0) > 1e-6 * np.abs(rows).max(initial=0):
        return 0.0  # equal rows, up to float32 rounding
    share = np.linalg.svd(centred, compute_uv=False)
    share = share[share > 0] / share.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def mean_cosine(x: np.ndarray) -> float:
    """Mean cosine over all pairs of different rows of `x` (n, d); NaN below two rows.

    Unit rows u give ‖Σ u‖² = Σ ‖u‖² + Σ of all pairs, so that no pair need be looked at.
    """
    u = _unit(_some(x))
    n = len(u)
    if n < 2:
        return float("nan")
    return float((np.square(u.sum(axis=0)).sum() - np.square(u).sum()) / (n * (n - 1)))


def mean_norm(x: np.ndarray) -> float:
    """Mean length of the rows of `x` (n, d)."""
    return float(np.linalg.norm(_some(x), axis=1).mean())


def drift(x: np.ndarray, phi: np.ndarray) -> float:
    """How much further the mean of unit φ (n, d') is from the origin than that of unit x (n, d).

    SensitiveNets' Δ can be met by moving all vectors the same way: this is where it shows.
    """
    return float(np.linalg.norm(_unit(_some(phi)).mean(axis=0))) - float(
        np.linalg.norm(_unit(_some(x)).mean(axis=0))
    )


def collapse(x: np.ndarray, phi: np.ndarray) -> Collapse:
    """The four figures of φ (n, d') made from x (n, d)."""
    return Collapse(effective_rank(phi), mean_cosine(phi), mean_norm(phi), drift(x, phi))


def check_collapse(x: np.ndarray, phi: np.ndarray) -> Collapse:
    """The figures of φ (n, d') made from x (n, d), if it is still a representation.

    Raises `SuppressorError` where φ is not finite, constant, alike for everybody, or of almost no
    dimensions.
    """
    if not np.isfinite(phi).all():
        raise SuppressorError(
            f"{int((~np.isfinite(phi)).any(axis=1).sum())} of {len(phi)} suppressed vectors hold "
            "NaN or infinity: the fit did not converge; choose a lower dial or another method"
        )
    found, rank = collapse(x, phi), effective_rank(x)
    if found.effective_rank < LEAST_RANK * rank or found.effective_rank == 0:
        raise SuppressorError(
            f"the suppressed vectors collapsed: their effective rank is "
            f"{found.effective_rank:.2g} and that of the vectors before was {rank:.2g} (at least "
            f"{LEAST_RANK:.0%} of it must be left); choose a lower dial, fewer layers or labels"
        )
    if found.mean_cosine > ALIKE > mean_cosine(x):
        raise SuppressorError(
            f"the suppressed vectors collapsed: two people's have a cosine of "
            f"{found.mean_cosine:.4f} on average (at most {ALIKE} is allowed); choose a lower "
            "dial, fewer layers or labels"
        )
    return found


def _some(x: np.ndarray) -> np.ndarray:
    """Evenly spaced rows, float64, at most `_ROWS`."""
    step = -(-len(x) // _ROWS) or 1
    return np.asarray(x[::step], np.float64)


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
