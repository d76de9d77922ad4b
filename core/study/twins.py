"""Pictures of one part of a set that are in another part too, without comparing every two vectors.

`roles.twins_in` compares every two, which a million vectors do not allow. Here unit vectors are
projected on a few axes, which brings none of them further apart: whatever is near in full is near
there, a k-d tree (Bentley 1975, Communications of the ACM 18) finds it, and full vectors decide.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.spatial import cKDTree

from core.measure.pairs import unit
from core.study.roles import ALIKE, NARROW

AXES = 8
"""Numbers that unit vectors are projected to: of 512 that have nothing to do with one another
hardly two come as near there as twins are."""
NEAREST = 8
"""Neighbours on the axes that are looked at in full, at most."""
ROWS = 16_384
"""Vectors that are looked at in one piece: 64 MiB of 512 numbers."""
_ROUNDING = 1e-7


def twins_among(x: np.ndarray, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of `rows` int64 (m,) of `x` (n, d) are of a picture that a row of `others` is of, too.

    Bool (m,). Up to length and rounding as in `roles.twins_in`; bit by bit below `NARROW` numbers.
    The same answer every time.
    """
    if not len(rows) or not len(others):
        return np.zeros(len(rows), dtype=bool)
    if x.shape[1] < NARROW:
        seen = {row.tobytes() for row in x[others]}
        return np.array([row.tobytes() in seen for row in x[rows]], dtype=bool)
    axes, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(x.shape[1], AXES)))
    tree = cKDTree(np.concatenate([unit(x[piece]) @ axes for piece in _pieces(others)]))
    return np.concatenate([_near(x, piece, others, axes, tree) for piece in _pieces(rows)])


def _near(
    x: np.ndarray, rows: np.ndarray, others: np.ndarray, axes: np.ndarray, tree: cKDTree
) -> np.ndarray:
    """Which of a piece of `rows` point as one of the `others`, on which the tree stands, does."""
    units = unit(x[rows])
    # |u − v|² = 2 − 2 cos of unit vectors.
    reach = float(np.sqrt(2 * (ALIKE + _ROUNDING)))
    _, near = tree.query(units @ axes, k=range(1, NEAREST + 1), distance_upper_bound=reach)
    found = np.zeros(len(rows), dtype=bool)
    for column in near.T:
        there = np.flatnonzero(column < len(others))  # the tree's own size stands for nobody
        cosines = np.einsum("md,md->m", units[there], unit(x[others[column[there]]]))
        found[there] |= cosines >= 1 - ALIKE - _ROUNDING
    return found


def _pieces(rows: np.ndarray) -> Iterator[np.ndarray]:
    return (rows[at : at + ROWS] for at in range(0, len(rows), ROWS))
