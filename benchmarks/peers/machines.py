"""Support vector machines with radial basis functions: the product's attacker, and scikit-learn's.

Vectors are made. Of the two classes every third is told wrongly: machines of overlapping classes
have many support vectors, which is what they cost. scikit-learn-intelex is what ours runs
on.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.peers.inputs import classes
from benchmarks.sidebyside import Asked, Case, Missing, Scaled, Side

SMALL = (1380, 2048, 6, 4.6)
LARGE = (36_000, 512, 2, 0.6)
"""Rows, columns, classes, and how far apart."""
PARTS = (4_500, 9_000)
TESTED = 2_000

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


def cases(asked: Asked) -> list[Case | Missing]:
    """A set of the papers' size, a part of the thesis's 36,000, and all of these."""
    found: list[Case | Missing] = [_case(SMALL, most=5)]
    if not asked.quick:
        found.append(_case((PARTS[1], *LARGE[1:]), most=1))
        found.append(_case(LARGE, most=1, whole=asked.long))
    old = "not installable here: its wheel (0.3.12) asks for libcusparse.so.9.0"
    card = "not read: it runs on a graphics card only"
    return [*found, Missing("RBF SVM", "ThunderSVM", old), Missing("RBF SVM", "cuML", card)]


def _case(shape: tuple[int, int, int, float], *, most: int, whole: bool = True) -> Case:
    n, d, k, _ = shape
    peer = partial(theirs, shape) if whole else partial(grown, shape)
    return Case(
        f"RBF SVM, {n:,} × {d:,}, {k} classes, made",
        Side("ours", partial(ours, shape), partial(ours, (200, *shape[1:]))),
        [Side("scikit-learn", peer, partial(theirs, (200, *shape[1:])))],
        partial(agreement, shape),
        target=5,
        most=most,
        inputs=partial(_parts, shape),
    )


def _parts(shape: tuple[int, int, int, float], rows: int | None = None) -> Parts:
    """Rows to learn from, their classes, and rows to tell."""
    n, d, k, apart = shape
    x, y = classes(n + TESTED, d, k, apart=apart, seed=0)
    return x[: n if rows is None else rows], y[: n if rows is None else rows], x[n:]


def ours(shape: tuple[int, int, int, float]) -> np.ndarray:
    """Decision values (t, k) by the product's attacker."""
    from core.attack.fit import Fit
    from core.attack.svm import SupportVectors

    x, y, other = _parts(shape)
    return SupportVectors().scores([Fit(x, y, other, shape[2], 0)], device="cpu")[0]


def theirs(shape: tuple[int, int, int, float], rows: int | None = None) -> np.ndarray:
    """The same machine by scikit-learn; with `rows`, learnt from so many."""
    from sklearn.svm import SVC

    x, y, other = _parts(shape, rows)
    values = np.asarray(SVC(C=1.0, kernel="rbf", gamma="scale").fit(x, y).decision_function(other))
    return np.stack([-values, values], axis=1) if values.ndim == 1 else values


def grown(shape: tuple[int, int, int, float]) -> Scaled:
    """Read on two parts of the rows, and carried on by the growth between them."""
    from benchmarks.apart import timed

    small, large = (timed(partial(theirs, shape, rows)) for rows in PARTS)
    growth = np.log(large.seconds / small.seconds) / np.log(PARTS[1] / PARTS[0])
    seconds = large.seconds * (shape[0] / PARTS[1]) ** growth
    said = (
        f"peer read at {PARTS[0]:,} ({small.seconds:.1f} s) and {PARTS[1]:,} rows "
        f"({large.seconds:.1f} s) and carried on as n^{growth:.2f}; its answers are those of "
        f"{PARTS[1]:,} rows"
    )
    return Scaled(large.answer, float(seconds), said)


def agreement(shape: tuple[int, int, int, float], one: np.ndarray, other: np.ndarray) -> str:
    """Equal predictions, and how far decision values lie apart."""
    n, d, k, apart = shape
    _, y = classes(n + TESTED, d, k, apart=apart, seed=0)
    told = [values.argmax(axis=1) for values in (one, other)]
    same = int((told[0] == told[1]).sum())
    right = [(each == y[n:]).mean() for each in told]
    return (
        f"{same:,} of {TESTED:,} predictions equal, accuracy {right[0]:.4f} / {right[1]:.4f}, "
        f"decision values apart by at most {np.abs(one - other).max():.1e}"
    )
