"""Which points a drawn shape holds, reckoned without the code that is tested."""

from __future__ import annotations

import numpy as np


def within(at: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Whether a ray from each point crosses the shape's edges an odd number of times."""
    odd = np.zeros(len(at), bool)
    for (x0, y0), (x1, y1) in zip(shape, np.roll(shape, -1, axis=0), strict=True):
        crosses = (y0 > at[:, 1]) != (y1 > at[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            odd ^= crosses & (at[:, 0] < x0 + (at[:, 1] - y0) * (x1 - x0) / (y1 - y0))
    return odd
