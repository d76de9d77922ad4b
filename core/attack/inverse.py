"""The white-box attacker: it learns to undo φ on its own people, then reads what came back.

Who has the suppressor can pass its own pictures through it and learn φ → x. What was moved out of
a probe's sight, rather than taken out, comes back with the vector. The map is ridge regression or
its kernel twin (Saunders, Gammerman and Vovk 1998), whichever brings x back better for people that
it was not fitted on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.attack.attack import Problem
from core.attack.bases import BASES
from core.attack.fit import Attacker
from core.attack.views import see
from core.split import inner_folds

VIEWS = ("stored standard", "stored whitened", "unit shrunk")
RIDGES = (0.003, 0.1)
"""Penalties in units of the rows' number."""
KERNELS = (0.01, 0.3)
KERNEL_ROWS = 4000
"""Above so many rows the kernel twin is left out: its Gram matrix grows with their square."""

Solver = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Inverse:
    """Rebuilds x from φ and reads the label from that.

    Its own people are rebuilt by maps that were fitted on others of them: as strangers will be.
    """

    name: str = "inverse"
    version: int = 1
    needs: str = "before"
    bases: tuple[Attacker, ...] = BASES

    def prepared(self, problem: Problem) -> Problem:
        """The same rows, rebuilt (·, d0), float32."""
        before = problem.known.before
        if before is None:
            raise ValueError("an inverse needs the vectors from before the suppressor")
        (wanted,) = see("stored standard", before)
        folds = inner_folds(problem.people, problem.y, folds=3, seed=problem.seed)
        best, rebuilt, error = None, wanted, np.inf
        for view in VIEWS:
            for solver in _solvers(len(wanted)):
                found = np.zeros_like(wanted)
                for fit, held in folds:
                    x, other = see(view, problem.x[fit], problem.x[held])
                    found[held] = solver(x, wanted[fit], other)
                off = float(((found - wanted).astype(np.float64) ** 2).mean())
                if off < error:
                    best, rebuilt, error = (view, solver), found, off
        assert best is not None, "every error was infinite"
        view, solver = best
        x, other = see(view, problem.x, problem.x_test)
        return replace(problem, x=rebuilt, x_test=solver(x, wanted, other))


def _solvers(rows: int) -> list[Solver]:
    found = [_ridge(penalty) for penalty in RIDGES]
    return found + [_kernel(penalty) for penalty in KERNELS if rows <= KERNEL_ROWS]


def _ridge(penalty: float) -> Solver:
    def solve(x: np.ndarray, wanted: np.ndarray, other: np.ndarray) -> np.ndarray:
        from sklearn.linear_model import Ridge

        model = Ridge(alpha=penalty * len(x))
        return _rows(model.fit(x, wanted).predict(other), wanted)

    return solve


def _kernel(penalty: float) -> Solver:
    def solve(x: np.ndarray, wanted: np.ndarray, other: np.ndarray) -> np.ndarray:
        from sklearn.kernel_ridge import KernelRidge

        gamma = 0.5 / max(float(x.var(dtype=np.float64)) * x.shape[1], 1e-12)
        mean = wanted.mean(axis=0)
        model = KernelRidge(alpha=penalty, kernel="rbf", gamma=gamma).fit(x, wanted - mean)
        return _rows(model.predict(other), wanted) + mean

    return solve


def _rows(rebuilt: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Float32 rows as wide as `like`: scikit-learn drops a single column."""
    return np.asarray(rebuilt, dtype=np.float32).reshape(-1, like.shape[1])
