"""Verification: how well vectors tell whether two faces are one person, with intervals.

METHODS, "Protocol" 8. Distances are Euclidean on l2-normalised vectors (Morales et al. 2020,
section 3) or cosine: on such vectors one is a monotone function of the other, so every figure that
depends on the order of pairs alone is the same, and only the accuracy's threshold is chosen anew.

Figures are made within a test part and averaged over the parts; scores of two φ are never pooled.
Intervals resample people: a genuine pair of person i counts w_i times and an impostor pair of i
and j counts w_i · w_j times (the vertex bootstrap of Snijders and Borgatti 1999; Bolle, Ratha and
Pankanti 2004 draw subsets of a biometric set in the same spirit).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from core.measure.mannwhitney import BLOCK, product
from core.measure.pairs import Compared, cosine

FARS = (1e-2, 1e-3, 1e-4)
"""False acceptance rates at which the true acceptance rate is told."""
ENOUGH = 10
"""Impostor pairs that must lie beyond a threshold: a FAR f needs `ENOUGH` / f of them."""
BINS = 512
"""Distances that a resampled curve tells apart; exact where there are no more."""
EXACT = 200_000
"""Filled cells, people by people by distance, up to which impostor pairs weigh w_i · w_j. Above,
w_i + w_j − 1, its linear part: with so many people the rest is small (Hájek's projection)."""

Sampled = tuple[np.ndarray, np.ndarray]
"""Figures (m,) and their resamples (resamples, m)."""


def enough(far: float, impostors: int) -> bool:
    """Whether so many impostor pairs of one test part say anything about this FAR."""
    return impostors >= ENOUGH / far - 1e-6


def curve(distance: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct distances (t,) and the FAR and TAR (t + 1,) of accepting the 0, 1, … t smallest.

    NaN rates where no pair, or every pair, is genuine.
    """
    # Counts of equal neighbours of sorted distances: sorting alone is many times faster than
    # finding out where each distance went.
    thresholds, pairs = np.unique(distance, return_counts=True)
    own, counts = np.unique(distance[same], return_counts=True)
    genuine = np.zeros(len(thresholds), dtype=pairs.dtype)
    genuine[np.searchsorted(thresholds, own)] = counts
    return thresholds, _rate(pairs - genuine), _rate(genuine)


def area(far: np.ndarray, tar: np.ndarray) -> np.ndarray:
    """Area under ROC curves (…, t + 1), ties one half (trapezoids)."""
    return np.sum(np.diff(far) * (tar[..., 1:] + tar[..., :-1]) / 2, axis=-1)


def equal_error(far: np.ndarray, tar: np.ndarray) -> np.ndarray:
    """Where FAR equals FRR = 1 − TAR, by a straight line between neighbouring points, (…,)."""
    excess = far - (1 - tar)
    after = np.argmax(excess >= 0, axis=-1)[..., None]
    before = np.maximum(after - 1, 0)
    left, right = (np.take_along_axis(excess, place, axis=-1) for place in (before, after))
    span = right - left
    share = np.divide(-left, span, out=np.zeros_like(left), where=span > 0)
    ends = [np.take_along_axis(far, place, axis=-1) for place in (before, after)]
    return (ends[0] + share * (ends[1] - ends[0]))[..., 0]


def tar_at(far: np.ndarray, tar: np.ndarray, limit: float) -> np.ndarray:
    """Largest TAR at a FAR of at most `limit`, (…,): a step, never a guess between two points."""
    allowed = np.sum(far <= limit + 1e-12, axis=-1, keepdims=True)
    return np.take_along_axis(tar, np.maximum(allowed - 1, 0), axis=-1)[..., 0]


def ranked(
    parts: Sequence[Compared], drawn: np.ndarray, fars: Sequence[float], *, bins: int = BINS
) -> Sampled:
    """AUC, EER and the TAR at each of `fars`: means over test parts, (2 + len(fars),).

    `drawn` (resamples, people) as from `intervals.weights`, columns by the numbers in `a` and `b`.
    A part whose resample has no genuine or no impostor pair is left out of that resample's mean.
    Where a part is a sample and the curve of every pair is known, the plain figures are that
    curve's, and resamples spread around them as those of the sample do around its own.
    Resampled curves tell `bins` distances apart; an area alone needs few.
    """
    values, samples = zip(*(_ranked_part(part, drawn, fars, bins) for part in parts), strict=True)
    return nanmean(np.stack(values)), nanmean(np.stack(samples))


def accuracy(
    parts: Sequence[Compared],
    drawn: np.ndarray,
    *,
    balanced: bool,
    others: Sequence[Compared] | None = None,
) -> Sampled:
    """Share of pairs told rightly at the threshold that was best on the other folds, (1,).

    `others` are pairs of other people for each part, on which its threshold is chosen in place of
    the other folds: a threshold of one φ means nothing to another.

    `balanced`: genuine and impostor pairs have one half of the weight each, as fits pairs that
    were made (impostors are many times more); otherwise each pair counts, as fits a protocol.
    The mean over folds; NaN where there is one fold only. Resamples keep the thresholds.
    """
    distance, same, a, b, fold = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("distance", "same", "a", "b", "fold")
    )
    folds, place = np.unique(fold, return_inverse=True)
    if others is not None:
        own = {int(part.fold[0]): _best(o.distance, o.same, balanced)
               for part, o in zip(parts, others, strict=True) if len(part.fold)}  # fmt: skip
        limits = [own[int(f)] for f in folds]
    elif len(folds) < 2:
        return np.full(1, np.nan), np.full((len(drawn), 1), np.nan)
    else:
        limits = [
            _best(distance[place != f], same[place != f], balanced) for f in range(len(folds))
        ]
    right = (distance <= np.array(limits)[place]) == same
    told = Compared(distance, same, a, b, fold)
    every = with_plain(drawn)
    counts = _histograms(told, 2 * place + right, 2 * len(folds), every)
    genuine, impostor = (count.reshape(len(every), len(folds), 2) for count in counts)
    apart = (_share(genuine) + _share(impostor)) / 2
    shares = apart if balanced else _share(genuine + impostor)
    figures = nanmean(np.moveaxis(shares, 1, 0))[:, None]
    return figures[0], figures[1:]


def rank1(
    units: np.ndarray,
    parts: Sequence[np.ndarray],
    person: np.ndarray,
    picture: np.ndarray,
    drawn: np.ndarray,
    *,
    enrolled: np.ndarray | None = None,
) -> tuple[Sampled, int]:
    """Share of probes whose nearest gallery face is their own person's, (1,), and the probes.

    Closed set within each test part (rows of `units`): the first picture of each person is the
    gallery, their others are the probes, repeats of the gallery's picture aside. Equal nearest
    faces share the hit. Resamples draw the people that are looked for; the gallery stays.
    `enrolled` are the gallery's vectors, those of `units` unless an older representation is kept.
    """
    kept = units if enrolled is None else enrolled
    hits, tries = np.zeros((2, drawn.shape[1]))
    for rows in parts:
        _, first = np.unique(person[rows], return_index=True)
        gallery, own = rows[first], person[rows[first]]
        place = np.searchsorted(own, person[rows])
        probes = np.flatnonzero(picture[rows] != picture[gallery][place])
        step = max(1, BLOCK // max(1, len(gallery)))
        for start in range(0, len(probes), step):
            chosen = probes[start : start + step]
            near = cosine(units[rows[chosen]], kept[gallery])
            best = near == near.max(axis=1, keepdims=True)
            won = best[np.arange(len(chosen)), place[chosen]] / best.sum(axis=1)
            np.add.at(hits, person[rows[chosen]], won)
            np.add.at(tries, person[rows[chosen]], 1)
    every = with_plain(drawn)
    rates = divide(product(every, hits), product(every, tries))[:, None]
    return (rates[0], rates[1:]), int(tries.sum())


def _ranked_part(part: Compared, drawn: np.ndarray, fars: Sequence[float], bins: int) -> Sampled:
    far, tar = part.whole or curve(part.distance, part.same)[1:]
    value = _describe(far, tar, fars)
    if np.isnan(value).any():
        return value, np.full((len(drawn), len(value)), np.nan)
    edges = _edges(part, bins)
    place = np.searchsorted(edges, part.distance)
    every = with_plain(drawn)
    genuine, impostor = _histograms(part, place, len(edges), every)
    # Without a monotone curve (linear weights may be negative) there would be no threshold.
    far, tar = (np.maximum.accumulate(_rate(count), axis=-1) for count in (impostor, genuine))
    binned = _describe(far, tar, fars)
    return value, np.clip(binned[1:] + (value - binned[0]), 0, 1)


def _describe(far: np.ndarray, tar: np.ndarray, fars: Sequence[float]) -> np.ndarray:
    """AUC, EER and the TARs of curves (…, t + 1) as (…, 2 + len(fars)); NaN where undefined."""
    found = [area(far, tar), equal_error(far, tar), *(tar_at(far, tar, limit) for limit in fars)]
    undefined = np.isnan(far[..., -1]) | np.isnan(tar[..., -1])
    return np.where(undefined[..., None], np.nan, np.stack(found, axis=-1))


def _edges(part: Compared, bins: int) -> np.ndarray:
    """Upper edges of the bins: every distance, or many quantiles, finest where FAR is small."""
    distances = np.unique(part.distance)
    if len(distances) <= bins:
        return distances
    impostor, genuine = part.distance[~part.same], part.distance[part.same]
    low = np.geomspace(1 / len(impostor), 1, bins // 2)
    even = np.linspace(0, 1, bins // 4)
    high = 1 - np.geomspace(1 / len(genuine), 1, bins // 4)
    chosen = [np.quantile(impostor, low, method="inverted_cdf")]
    chosen += [np.quantile(genuine, share, method="inverted_cdf") for share in (even, high)]
    return np.unique(np.concatenate([*chosen, distances[-1:]]))


def _histograms(
    part: Compared, place: np.ndarray, size: int, drawn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted counts of genuine and of impostor pairs by bin, (resamples, size) each."""
    same, other = part.same, ~part.same
    genuine = counted_within(part.a[same], place[same], size, drawn)
    return genuine, counted_between(part.a[other], part.b[other], place[other], size, drawn)


def counted_within(
    person: np.ndarray, place: np.ndarray, size: int, drawn: np.ndarray
) -> np.ndarray:
    """Weighted counts (resamples, size) of genuine pairs by `place` (m,): w_p for person p."""
    return product(drawn, _count(person, place, (drawn.shape[1], size)))


def counted_between(
    a: np.ndarray, b: np.ndarray, place: np.ndarray, size: int, drawn: np.ndarray
) -> np.ndarray:
    """Weighted counts (resamples, size) of impostor pairs by `place` (m,): w_a · w_b.

    With more than `EXACT` cells w_a + w_b − 1 instead, which may fall below zero.
    """
    people = drawn.shape[1]
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b)
    couples, couple = np.unique(low * people + high, return_inverse=True)
    cells = _count(couple, place, (len(couples), size))
    left, right = couples // people, couples % people
    if cells.nnz > EXACT:
        incident = _count(left, np.arange(len(left)), (people, len(left)))
        incident = incident + _count(right, np.arange(len(right)), (people, len(right)))
        linear = product(drawn, (incident @ cells).toarray())
        return linear - np.asarray(cells.sum(axis=0))
    counts = np.empty((len(drawn), size))
    turned = sparse.csr_array(cells.T)
    step = max(1, BLOCK // max(1, len(couples)))
    for start in range(0, len(drawn), step):
        # People along the rows: whole rows are gathered, which is many times faster than columns.
        block = np.ascontiguousarray(drawn[start : start + step].T, dtype=np.float64)
        counts[start : start + step] = (turned @ (block[left] * block[right])).T
    return counts


def _count(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)


def _best(distance: np.ndarray, same: np.ndarray, balanced: bool) -> float:
    """Threshold of the highest accuracy, the middle of those that are equally good."""
    thresholds, far, tar = curve(distance, same)
    genuine = 0.5 if balanced else float(same.mean())
    told = genuine * tar + (1 - genuine) * (1 - far)
    best = np.flatnonzero(told >= np.nanmax(told) - 1e-12) if not np.isnan(told).all() else [0]
    middle = best[len(best) // 2]
    padded = np.concatenate([[thresholds[0] - 1], thresholds, [thresholds[-1] + 1]])
    return float((padded[middle] + padded[middle + 1]) / 2)


def _rate(counts: np.ndarray) -> np.ndarray:
    """Cumulated shares (…, t + 1) of counts (…, t), from 0 to 1."""
    summed = np.cumsum(counts, axis=-1, dtype=np.float64)
    summed = np.concatenate([np.zeros((*summed.shape[:-1], 1)), summed], axis=-1)
    return divide(summed, np.broadcast_to(summed[..., -1:], summed.shape))


def _share(counts: np.ndarray) -> np.ndarray:
    """Share of the rightly told from counts (…, wrong and right)."""
    return divide(counts[..., 1], counts.sum(axis=-1))


def divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where there is nothing to divide by."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def nanmean(stacked: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is defined, NaN where nothing is."""
    defined = ~np.isnan(stacked)
    return divide(np.where(defined, stacked, 0.0).sum(axis=0), defined.sum(axis=0))


def with_plain(drawn: np.ndarray) -> np.ndarray:
    """The resamples with a first row in which everybody counts once: the plain figure."""
    return np.concatenate([np.ones((1, drawn.shape[1]), dtype=drawn.dtype), drawn])
