"""The ROC of every pair of a test part, exact, without a list of the pairs.

A part of 13,000 faces has 84 million pairs: as a list they fill gigabytes, and most of the time
goes into sorting them. A ROC depends on impostors only through how many of them are nearer than
each genuine pair. So genuine pairs are listed, products of blocks of vectors give the impostors'
cosines, and each block is sorted by itself and asked for these counts: what is held is a block.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from joblib import cpu_count

from core.measure.pairs import SAME_DIGITS, PairList, all_within, similarities

MOST = 300_000_000
"""Pairs of a part up to which all are counted: about ten seconds on two cores."""
MOST_GENUINE = 5_000_000
"""Genuine pairs that are listed, at most."""
BLOCK = 1 << 21
"""Cosines in a block (16 MB)."""


def countable(person: np.ndarray) -> bool:
    """Whether every pair of the faces of `person` (n,) can be counted."""
    counts = np.bincount(np.unique(person, return_inverse=True)[1])
    genuine = int((counts * (counts - 1) // 2).sum())
    return len(person) * (len(person) - 1) // 2 <= MOST and genuine <= MOST_GENUINE


def curve(
    units: np.ndarray, person: np.ndarray, *, picture: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The FAR and TAR (t,) of accepting ever larger distances, over every pair of unit vectors
    `units` (n, d) of `person` (n,).

    These are the corners of the curve of all distances: area, equal error and every TAR at a FAR
    are the same. Genuine pairs of one `picture` (n,) are left out. NaN rates where no pair, or
    every pair, is genuine.
    """
    order = np.argsort(person, kind="stable")
    own, owner = units[order], np.unique(person[order], return_inverse=True)[1]
    near = _genuine(own, owner, None if picture is None else picture[order])
    values, genuine = np.unique(near, return_counts=True)
    # In the order of people, the impostors of a row whose number is higher begin behind its person.
    behind = np.searchsorted(owner, owner, side="right")
    count = partial(_nearer, own, behind, values)
    with ThreadPoolExecutor(cpu_count()) as pool:
        nearer, upto = sum(pool.map(count, _blocks(len(own))), np.zeros((2, len(values)), np.int64))
    impostors = int((len(own) - behind).sum())
    return _corners(genuine[::-1], nearer[::-1], upto[::-1], impostors)


def _genuine(units: np.ndarray, owner: np.ndarray, picture: np.ndarray | None) -> np.ndarray:
    """The cosines (g,) of all genuine pairs of different pictures."""
    i, j = all_within(owner, np.bincount(owner, minlength=1))
    if picture is not None:
        apart = picture[i] != picture[j]
        i, j = i[apart], j[apart]
    same = np.ones(len(i), dtype=bool)
    return similarities(units, PairList(i, j, same, np.zeros(len(i), np.int64), len(i)))


def _blocks(n: int) -> Iterator[tuple[int, int]]:
    """Rows from, to: a block is these by all that follow, and has about `BLOCK` cosines."""
    start = 0
    while start < n:
        stop = min(n, start + max(1, BLOCK // (n - start)))
        yield start, stop
        start = stop


def _nearer(
    units: np.ndarray, behind: np.ndarray, values: np.ndarray, rows: tuple[int, int]
) -> np.ndarray:
    """How many impostors of a block have a cosine above each of `values` (g,), ascending, and how
    many at least that, int64 (2, g)."""
    start, stop = rows
    cosines = units[start:stop] @ units[start:].T
    np.round(cosines, SAME_DIGITS, out=cosines)
    for row, end in enumerate(behind[start:stop] - start):
        cosines[row, :end] = -np.inf  # seen in another row, or the person's own
    every = cosines.reshape(-1)
    every.sort()
    above = len(every) - np.searchsorted(every, values, side="right")
    least = len(every) - np.searchsorted(every, values, side="left")
    return np.stack([above, least])


def _corners(
    genuine: np.ndarray, nearer: np.ndarray, upto: np.ndarray, impostors: int
) -> tuple[np.ndarray, np.ndarray]:
    """FAR and TAR (2 g + 2,): before and at each genuine distance, nearest first."""
    far = np.concatenate([[0], np.stack([nearer, upto], axis=1).ravel(), [impostors]])
    passed = np.cumsum(genuine)
    tar = np.concatenate([[0], np.stack([passed - genuine, passed], axis=1).ravel()])
    tar = np.append(tar, tar[-1])
    rates = []
    for counts, whole in ((far, impostors), (tar, int(genuine.sum()))):
        rates.append(counts / whole if whole else np.full(len(counts), np.nan))
    return rates[0], rates[1]
