"""UMAP (McInnes, Healy and Melville, arXiv:1802.03426, 2018), through umap-learn.

Neighbours are exact and come from scikit-learn, for fitting and for placing, so that umap-learn's
own search (pynndescent) is never asked. It would compile itself when it is imported, 27 s of a
processor on a fresh installation, and is therefore imported uncompiled. What is compiled here
takes 10 s more and is kept beside the package for the processes that follow.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from core.project.components import beginning, principal
from core.project.method import Coordinates

SPREAD = 10.0
SLICE = 5000
"""Faces that are placed at a time."""

_ALONE = Lock()
"""umap-learn's parallel loops must not be entered from two threads at once."""


@dataclass(frozen=True)
class UMAP:
    """UMAP of the vectors as they are, from their first two principal components."""

    neighbors: int = 15
    name: str = "umap"
    version: int = 1

    @property
    def settings(self) -> dict[str, Any]:
        """The number of neighbours."""
        return {"neighbors": self.neighbors}

    def clamped(self, n: int) -> tuple[UMAP, str]:
        """At most n − 1 neighbours."""
        if self.neighbors < n:
            return self, ""
        said = f"{self.neighbors} neighbours are too many for {n} faces: UMAP is drawn with {n - 1}"
        return replace(self, neighbors=n - 1), said

    def draw(self, x: np.ndarray, rest: np.ndarray, *, seed: int) -> Coordinates:
        """The map of `x` (m, d), and the places of `rest` (r, d) in it; float32."""
        first, _ = principal(x, rest[:0], 2)
        near = _Exact(x)
        which, far = near.query(x, self.neighbors)
        with _ALONE, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on a search index of another kind than pynndescent's
            method = _umap().UMAP(
                n_neighbors=self.neighbors,
                init=beginning(first, SPREAD),
                random_state=seed,
                transform_seed=seed,
                n_jobs=1,
                precomputed_knn=(which, far, near),
                force_approximation_algorithm=True,
            )
            found = np.asarray(method.fit_transform(x), np.float32)
            parts = [rest[i : i + SLICE] for i in range(0, len(rest), SLICE)]
            placed = [np.asarray(method.transform(part), np.float32) for part in parts]
        return found, np.concatenate([np.empty((0, 2), np.float32), *placed])


class _Exact:
    """Exact neighbours among `x` (m, d), asked as umap-learn asks pynndescent's index."""

    _angular_trees = False

    def __init__(self, x: np.ndarray) -> None:
        self._found = NearestNeighbors(algorithm="brute").fit(x)

    def query(self, x: np.ndarray, k: int, epsilon: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Places int32 (r, k) and distances float32 (r, k) of the nearest, nearest first.

        `epsilon`, how carefully to search, means nothing here.
        """
        far, which = self._found.kneighbors(x, k)
        return which.astype(np.int32), far.astype(np.float32)


@cache
def _umap() -> Any:
    """The module umap, ready to compile what a map needs and to keep it."""
    if "pynndescent" not in sys.modules:
        compiling = import_module("numba").config
        before = compiling.DISABLE_JIT
        compiling.DISABLE_JIT = 1
        try:
            import_module("pynndescent")
        finally:
            compiling.DISABLE_JIT = before
    import umap
    from numba.core.dispatcher import Dispatcher

    for module in ("umap.umap_", "umap.layouts", "umap.utils"):
        for function in vars(sys.modules[module]).values():
            if isinstance(function, Dispatcher):
                # Where nothing may be written beside the package or at home, each process compiles.
                with suppress(RuntimeError):
                    function.enable_caching()
    return umap
