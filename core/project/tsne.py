"""t-SNE (van der Maaten and Hinton, JMLR 9, 2008; Barnes-Hut: van der Maaten, JMLR 15, 2014).

Fitted by scikit-learn-intelex where that is installed, else by scikit-learn; further faces are
placed by openTSNE (Poličar, Stražar and Zupan, Machine Learning 112, 2023), each by itself among
those that are there. oneDAL's tree approximates more coarsely than scikit-learn's at one angle:
0.3 here, with less exaggeration and larger steps, gives maps at least as trustworthy as
scikit-learn's at 0.5, in a fifth of the time (`benchmarks/projections.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from threading import Lock
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from core.attack.fast import estimator
from core.project.components import beginning, principal
from core.project.method import Coordinates

COMPONENTS = 50
ANGLE = 0.3
EXAGGERATION = 4.0
RATE = 100.0
"""The smallest learning rate; larger maps take n / (4 · exaggeration), as scikit-learn does."""
SPREAD = 1e-4
"""Deviation of the first coordinate at the beginning, as in scikit-learn."""

_ALONE = Lock()


@dataclass(frozen=True)
class TSNE:
    """t-SNE of the first 50 principal components, from the first two."""

    perplexity: float = 30.0
    name: str = "tsne"
    version: int = 1

    @property
    def settings(self) -> dict[str, Any]:
        """The perplexity, and who fits."""
        return {"perplexity": self.perplexity, "by": _fitter().__module__.split(".")[0]}

    def clamped(self, n: int) -> tuple[TSNE, str]:
        """A perplexity of at most (n − 1) / 3, whose neighbours are all there."""
        most = (n - 1) / 3
        if self.perplexity <= most:
            return self, ""
        said = (
            f"perplexity {self.perplexity:g} is too large for {n} faces, of which each needs three "
            f"times as many others: t-SNE is drawn with {most:.3g}"
        )
        return replace(self, perplexity=most), said

    def draw(self, x: np.ndarray, rest: np.ndarray, *, seed: int) -> Coordinates:
        """The map of `x` (m, d), and the places of `rest` (r, d) in it; float32."""
        seen, other = principal(x, rest, COMPONENTS)
        method = _fitter()(
            perplexity=self.perplexity,
            init=beginning(seen, SPREAD),
            angle=ANGLE,
            early_exaggeration=EXAGGERATION,
            learning_rate=max(RATE, len(seen) / EXAGGERATION / 4),
            random_state=seed,
        )
        with _one_thread():
            found = np.asarray(method.fit_transform(seen), np.float32)
        return found, self._placed(found, seen, other, seed)

    def _placed(
        self, found: np.ndarray, seen: np.ndarray, other: np.ndarray, seed: int
    ) -> np.ndarray:
        if not len(other):
            return np.empty((0, 2), np.float32)
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PerplexityBasedNN

        near = PerplexityBasedNN(
            seen, perplexity=self.perplexity, method="exact", n_jobs=1, random_state=seed
        )
        there = TSNEEmbedding(
            found.astype(np.float64), near, negative_gradient_method="bh", n_jobs=1,
            random_state=seed,
        )  # fmt: skip
        return np.asarray(there.transform(other), np.float32)


def _fitter() -> Any:
    return estimator("manifold", "TSNE")


@contextmanager
def _one_thread() -> Iterator[None]:
    """One map at a time, in one thread: the last bits depend on how many share the work.

    oneDAL knows one number of threads a process, which is why others wait; OpenMP's is this
    thread's own.
    """
    try:
        daal4py = import_module("daal4py")
    except ImportError:
        with threadpool_limits(1, user_api="openmp"):
            yield
        return
    with _ALONE:
        before = daal4py.num_threads()
        daal4py.daalinit(1)
        try:
            yield
        finally:
            daal4py.daalinit(before)
