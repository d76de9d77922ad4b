"""Pairs of faces and how far apart they are: made within a test part, or given by a protocol."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CAP = 2_000_000
"""Genuine pairs, and impostor pairs, of one test part that are all compared; above, a sample."""
GATHERED = 1 << 17
"""Numbers of gathered vectors held at once: 1 MB, which stays in a core's cache (measured: a third
of the time that 16 MB take)."""
SAME_DIGITS = 10
"""Similarities are rounded here, so that vectors that are equal tie instead of differing by the
noise of a matrix product: a constant representation has an AUC of one half, not of luck."""


@dataclass(frozen=True)
class PairList:
    """Pairs of rows `i`, `j` int (m,), `same` bool (m,), `fold` int (m,).

    `possible` is how many pairs there are to choose from; more than m where they were sampled.
    """

    i: np.ndarray
    j: np.ndarray
    same: np.ndarray
    fold: np.ndarray
    possible: int


@dataclass(frozen=True)
class Compared:
    """Pairs with their `distance` float, `same` bool, people `a`, `b` and `fold` int, (m,) each.

    A fold is what has one threshold, chosen on the other folds; the vectors come from one φ. Where
    the pairs are a sample, `whole` may hold FAR and TAR over every pair (`everypair.curve`).
    """

    distance: np.ndarray
    same: np.ndarray
    a: np.ndarray
    b: np.ndarray
    fold: np.ndarray
    whole: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def impostors(self) -> int:
        """How many pairs show two people."""
        return int((~self.same).sum())


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of x (n, d) scaled to length 1 in float64; a zero row stays zero."""
    wide = x.astype(np.float64)
    norm = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.divide(wide, norm, out=np.zeros_like(wide), where=norm > 0)


def cosine(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Cosine similarity of unit rows, all pairs (n, m), rounded so that equal vectors tie."""
    return np.round(left @ right.T, SAME_DIGITS)


def euclidean(similarity: np.ndarray) -> np.ndarray:
    """Euclidean distance of l2-normalised vectors from their cosine: √(2 − 2 cos)."""
    return np.sqrt(np.maximum(2 - 2 * similarity, 0))


def similarities(units: np.ndarray, pairs: PairList, *, block: int = 2_000_000) -> np.ndarray:
    """Cosine of each pair (m,), in blocks of at most `block` numbers.

    Pairs are taken off one matrix product where they are most of a set, and gathered otherwise.
    """
    there = np.zeros(len(units), dtype=bool)
    there[pairs.i] = there[pairs.j] = True
    used = np.flatnonzero(there)
    place = np.empty(len(units), dtype=np.int64)
    place[used] = np.arange(len(used))
    i, j = place[pairs.i], place[pairs.j]
    vectors = units[used]
    found = np.empty(len(i))
    if len(used) ** 2 > 8 * len(i):
        step = max(1, min(block, GATHERED) // units.shape[1])
        for start in range(0, len(i), step):
            part = slice(start, start + step)
            gathered = np.einsum("md,md->m", vectors[i[part]], vectors[j[part]])
            found[part] = np.round(gathered, SAME_DIGITS)
        return found
    step = max(1, block // max(1, len(used)))
    order = None if (i[1:] >= i[:-1]).all() else np.argsort(i, kind="stable")
    first = i if order is None else i[order]
    for start in range(0, len(used), step):
        low, high = np.searchsorted(first, [start, start + step])
        inside = slice(low, high) if order is None else order[low:high]
        rows = cosine(vectors[start : start + step], vectors)
        found[inside] = rows[i[inside] - start, j[inside]]
    return found


def made(rows: np.ndarray, person: np.ndarray, *, fold: int, seed: int, cap: int = CAP) -> PairList:
    """All genuine and impostor pairs among `rows` (n,), each kind up to `cap`, above it a sample.

    `person` (n,) numbers the people of `rows`.
    """
    random = np.random.default_rng(seed)
    counts = np.bincount(person)
    genuine = int((counts * (counts - 1) // 2).sum())
    everything = len(rows) * (len(rows) - 1) // 2
    if everything <= 2 * cap:
        i, j = np.triu_indices(len(rows), 1)
        if max(genuine, everything - genuine) > cap:
            same = person[i] == person[j]
            kept = [_some(np.flatnonzero(one), cap, random) for one in (same, ~same)]
            order = np.sort(np.concatenate(kept))
            i, j = i[order], j[order]
    else:
        own = _within(person, counts, cap, random) if genuine > cap else all_within(person, counts)
        other = _between(person, min(cap, everything - genuine), random)
        i, j = np.concatenate([own, other], axis=1)
    same = person[i] == person[j]
    return PairList(rows[i], rows[j], same, np.full(len(i), fold), everything)


def _some(places: np.ndarray, cap: int, random: np.random.Generator) -> np.ndarray:
    return places if len(places) <= cap else random.choice(places, cap, replace=False)


def all_within(person: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Every genuine pair (2, m)."""
    order = np.argsort(person, kind="stable")
    first = np.cumsum(counts) - counts
    own = [
        start + np.array(np.triu_indices(count, 1))
        for start, count in zip(first, counts, strict=True)
        if count > 1
    ]
    return order[np.concatenate(own, axis=1)] if own else np.empty((2, 0), dtype=np.int64)


def _within(
    person: np.ndarray, counts: np.ndarray, count: int, random: np.random.Generator
) -> np.ndarray:
    """Up to `count` different genuine pairs (2, m): a person by their pairs, then two rows."""
    order = np.argsort(person, kind="stable")
    first = np.cumsum(counts) - counts
    share = counts * (counts - 1.0)
    who = (
        random.choice(len(counts), size=count, p=share / share.sum()) if count else np.empty(0, int)
    )
    one = random.integers(counts[who])
    two = (one + 1 + random.integers(counts[who] - 1)) % counts[who]
    return _distinct(order[first[who] + one], order[first[who] + two])


def _between(person: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Up to `count` different impostor pairs (2, m), every one as likely."""
    found = np.empty((2, 0), dtype=np.int64)
    for _ in range(8):
        drawn = random.integers(len(person), size=(2, count))
        found = np.concatenate([found, drawn[:, person[drawn[0]] != person[drawn[1]]]], axis=1)
        if found.shape[1] >= count:
            break
    return _distinct(*found[:, :count])


def _distinct(i: np.ndarray, j: np.ndarray) -> np.ndarray:
    # One number a pair, sorted: NumPy's own `unique` takes a hundred times as long for either.
    size = int(max(i.max(initial=0), j.max(initial=0))) + 1
    pair = np.sort(np.minimum(i, j) * size + np.maximum(i, j))
    pair = pair[np.diff(pair, prepend=-1) > 0]
    return np.stack([pair // size, pair % size])


def identical(x: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Number (n,) of the picture behind each row: equal where a person's picture is there twice.

    Vectors that two people share are no repeated picture but a collapse; they stay apart.
    """
    rounded = np.ascontiguousarray(np.round(unit(x), 6) + 0.0, dtype=np.float32)
    whole = rounded.view(np.dtype((np.void, rounded.itemsize * rounded.shape[1]))).ravel()
    _, picture = np.unique(whole, return_inverse=True)
    owners = np.unique(np.stack([picture, person]), axis=1)[0]
    shared = np.bincount(owners)[picture] > 1
    return np.where(shared, len(picture) + np.arange(len(picture)), picture)
