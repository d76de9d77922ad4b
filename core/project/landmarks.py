"""Which faces a large map is fitted on; the others are placed among them."""

from __future__ import annotations

import numpy as np


def landmarks(strata: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """`count` of the rows of `strata` (n,), sorted int64, every stratum in proportion.

    Of a stratum of s rows, count · s / n are taken, rounded up or down by chance: the rows of
    each lie at equal steps from a random start, and those that come first are taken. All rows
    where there are no more than `count`.
    """
    n = len(strata)
    if n <= count:
        return np.arange(n)
    random = np.random.default_rng(seed)
    _, own, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    order = random.permutation(n)
    order = order[np.argsort(own[order], kind="stable")]
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    begin = random.random(len(sizes))
    place = np.empty(n)
    place[order] = (np.arange(n) - starts + begin[own[order]]) / sizes[own[order]]
    return np.sort(np.argsort(place, kind="stable")[:count])
