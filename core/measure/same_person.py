"""Suggests which faces show the same person, from vectors; a person confirms or splits."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

BLOCK = 1024
"""Rows compared at a time, so that memory grows with n and not with its square."""


def suggest(x: np.ndarray, threshold: float) -> list[np.ndarray]:
    """Groups of at least two rows of `x` (n, d) that hang together, the largest first.

    Two rows are joined where their cosine is at least `threshold`; a group is a connected
    component (single linkage, Sneath 1957). One wrong link joins two people, which is why a group
    is a suggestion only. Rows of length 0 stay alone.
    """
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    unit = np.divide(x, norms, out=np.zeros_like(x, dtype=np.float32), where=norms > 0)
    rows: list[np.ndarray] = []
    columns: list[np.ndarray] = []
    for start in range(0, len(unit), BLOCK):
        near, there = np.nonzero(unit[start : start + BLOCK] @ unit.T >= threshold)
        rows.append(near + start)
        columns.append(there)
    left = np.concatenate(rows) if rows else np.zeros(0, int)
    right = np.concatenate(columns) if columns else np.zeros(0, int)
    graph = csr_array((np.ones(len(left), np.int8), (left, right)), shape=(len(x), len(x)))
    _, member = connected_components(graph, directed=False)
    order = np.argsort(member, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(member[order])) + 1)
    return sorted((g for g in groups if len(g) > 1), key=lambda g: (-len(g), int(g[0])))
