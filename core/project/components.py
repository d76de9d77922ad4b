"""Principal components that do not depend on chance: where maps begin."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA


def principal(x: np.ndarray, rest: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `most` principal components of `x` (m, d), and `rest` (r, d) along them; float32.

    Fewer where there are fewer columns or rows. No randomised solver: same vectors, same bits.
    """
    count = min(most, x.shape[1], len(x) - 1)
    solver = "covariance_eigh" if len(x) > x.shape[1] else "full"
    found = PCA(count, svd_solver=solver).fit(x)
    placed = found.transform(rest) if len(rest) else np.empty((0, count))
    return found.transform(x).astype(np.float32), placed.astype(np.float32)


def beginning(components: np.ndarray, spread: float) -> np.ndarray:
    """The first two of `components` (m, c), float32 (m, 2), the first at deviation `spread`.

    t-SNE and UMAP keep the arrangement at large from where they begin (Kobak and Linderman,
    Nature Biotechnology 39, 2021). A single column lies on a line.
    """
    first = components[:, :2].astype(np.float64)
    if first.shape[1] < 2:
        first = np.column_stack([first, np.zeros(len(first))])
    return np.ascontiguousarray(first / first[:, 0].std() * spread, np.float32)
