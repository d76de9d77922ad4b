"""Intervals that resample people, not pictures: the bootstrap over identities.

METHODS, "Protocol" 2 and 3. Pictures of one person resemble one another, so people are drawn with
replacement and each brings all of their predictions, of every repeat of the rotation (the cluster
bootstrap, Davison and Hinkley 1997, section 3.8). The limits are percentiles of the resamples,
taken further out for few people (the expanded percentile interval, Hesterberg 2015).

A class that nobody in a resample shows is left out of that resample's mean; drawing the resample
anew instead would condition on rare people being drawn and make the interval too narrow for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from scipy import special, stats

from core.measure.mannwhitney import present, product, wins

Metric = Literal["accuracy", "balanced_accuracy", "auc"]

NONE_BELOW = 10
"""With fewer identities no figure is given: "not enough data"."""
FEW_BELOW = 30
"""With fewer identities the figure carries the status "few people"."""


@dataclass(frozen=True)
class Interval:
    """A figure with its limits, None where it cannot be given, and the identities behind it.

    `status` is "ok", "few people" or "not enough data".
    """

    value: float | None
    low: float | None
    high: float | None
    people: int
    status: str


class Difference(NamedTuple):
    """A paired difference, its limits and two-sided p; all None below ten identities."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None


@dataclass(frozen=True, eq=False)
class Predictions:
    """What an attacker said about test rows, pooled over the rotation; equal to itself alone.

    `truth`, `predicted` int (n,) classes 0 to k − 1; `scores` (n, k) or None; `people` (n,) who is
    shown; `rows` int (n,) row of the set; `repeat` int (n,) seed of the rotation: a row appears
    once a repeat. `fold` int (n,), where given, keeps the AUC within test parts, since scores of
    two probes share no scale (Parker, Günter and Bedo 2007).
    """

    truth: np.ndarray
    predicted: np.ndarray
    scores: np.ndarray | None
    people: np.ndarray
    rows: np.ndarray
    repeat: np.ndarray
    fold: np.ndarray | None = None


def status(people: int) -> str:
    """The word for a figure from so many identities."""
    if people < NONE_BELOW:
        return "not enough data"
    return "few people" if people < FEW_BELOW else "ok"


@lru_cache(maxsize=8)
def weights(people_count: int, *, resamples: int = 2000, seed: int) -> np.ndarray:
    """How often each person is drawn, uint8 (resamples, people); rows sum to `people_count`.

    Columns stand for the people in the order of `np.unique`. One draw serves all representations
    of the same people, which makes their differences paired.
    """
    random = np.random.default_rng(seed)
    drawn = np.empty((resamples, people_count), dtype=np.uint8)
    for row in drawn:
        row[:] = np.bincount(random.integers(people_count, size=people_count), minlength=len(row))
    drawn.flags.writeable = False  # the same draw is handed to everybody who asks again
    return drawn


_Kept = dict[tuple[Metric, int, int], tuple[np.ndarray, np.ndarray]]
_KEPT: WeakKeyDictionary[Predictions, _Kept] = WeakKeyDictionary()
"""Resamples of predictions that are still in use: x is what every φ is held against."""


def resampled(predictions: Predictions, metric: Metric, k: int, drawn: np.ndarray) -> np.ndarray:
    """The metric under each weighting of people, mean over repeats, (resamples,); NaN if undefined.

    `drawn` (resamples, people) as from `weights`; a row of ones gives the plain figure. The same
    question about the same draw is answered once.
    """
    kept = _KEPT.setdefault(predictions, {})
    name = (metric, k, len(drawn))
    if name not in kept or not (kept[name][0] is drawn or np.array_equal(kept[name][0], drawn)):
        found = _resampled(predictions, metric, k, drawn)
        found.flags.writeable = False
        kept[name] = drawn, found
    return kept[name][1]


def _resampled(predictions: Predictions, metric: Metric, k: int, drawn: np.ndarray) -> np.ndarray:
    people, person = np.unique(predictions.people, return_inverse=True)
    if drawn.ndim != 2 or drawn.shape[1] != len(people):
        raise ValueError(f"weights of shape {drawn.shape} do not fit {len(people)} people")
    if metric == "auc":
        return _areas(predictions, person, k, drawn)
    _, repeat = np.unique(predictions.repeat, return_inverse=True)
    repeats = int(repeat.max()) + 1
    columns = k if metric == "balanced_accuracy" else 1
    truth = predictions.truth if metric == "balanced_accuracy" else np.zeros_like(person)
    cell = (person * repeats + repeat) * columns + truth
    size = len(people) * repeats * columns
    right = np.bincount(cell, weights=predictions.predicted == predictions.truth, minlength=size)
    total = np.bincount(cell, minlength=size)
    hits = product(drawn, right.reshape(len(people), -1))
    tries = product(drawn, total.reshape(len(people), -1))
    recalls = _ratio(hits, tries).reshape(len(drawn), repeats, columns)
    return _mean(_mean(recalls))


def interval(
    predictions: Predictions,
    metric: Metric,
    *,
    k: int,
    weights: np.ndarray | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """The metric with its interval over identities; `weights` as shared by all representations."""
    people = len(np.unique(predictions.people))
    if people < NONE_BELOW:
        return Interval(None, None, None, people, status(people))
    drawn = _draw(people, seed) if weights is None else weights
    value = _plain(predictions, metric, k, people)
    return limits(value, resampled(predictions, metric, k, drawn), people, level=level)


def difference(
    a: Predictions,
    b: Predictions,
    metric: Metric,
    *,
    k: int,
    weights: np.ndarray | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> Difference:
    """a − b, paired: both are scored on the same resampled people. Raises if the people differ."""
    people = _same_people(a, b)
    if people < NONE_BELOW:
        return Difference(None, None, None, None)
    drawn = _draw(people, seed) if weights is None else weights
    samples = resampled(a, metric, k, drawn) - resampled(b, metric, k, drawn)
    value = _plain(a, metric, k, people) - _plain(b, metric, k, people)
    found = limits(value, samples, people, level=level, bounded=False)
    return Difference(found.value, found.low, found.high, p_value(samples, people))


def drop(
    x: Predictions,
    phi: Predictions,
    metric: Metric,
    chance: float,
    *,
    k: int,
    null: float | None = None,
    weights: np.ndarray | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """METHODS, "Accuracy drop": (x − φ) / (x − chance) · 100, in per cent and never clipped.

    Empty where the interval of x does not clear `null` (`chance` unless given, and never less):
    a drop from nothing is noise. Resamples in which x does not exceed chance have no drop.
    """
    people = _same_people(x, phi)
    if people < NONE_BELOW:
        return Interval(None, None, None, people, status(people))
    drawn = _draw(people, seed) if weights is None else weights
    before, after = (resampled(part, metric, k, drawn) for part in (x, phi))
    plain_before, plain_after = (_plain(part, metric, k, people) for part in (x, phi))
    own = limits(plain_before, before, people, level=level)
    floor = chance if null is None else max(chance, null)
    if own.low is None or own.low <= floor:
        return Interval(None, None, None, people, "not enough data")
    gained = before > chance
    samples = 100 * (before - after)[gained] / (before - chance)[gained]
    value = 100 * (plain_before - plain_after) / (plain_before - chance)
    return limits(value, samples, people, level=level, bounded=False)


def holm(p: Sequence[float]) -> np.ndarray:
    """p values (m,) adjusted for m comparisons, in the order given (Holm 1979)."""
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def limits(
    value: float, samples: np.ndarray, people: int, *, level: float = 0.95, bounded: bool = True
) -> Interval:
    """Limits of a figure from its resamples (n,), those that are NaN left out.

    A percentile bootstrap is too narrow by √((n−1)/n) and knows no Student t; asking for the
    percentile Φ(−√(n/(n−1)) · t) instead of α/2 repairs both (Hesterberg 2015). A share (`bounded`)
    of few people gets t limits on the logit scale instead, which were seen to cover better. A
    share that is 0 or 1 in every resample gets Clopper and Pearson's (1934) limit for as many
    trials as people, since "never seen to fail" is not "cannot fail".
    """
    defined = samples[~np.isnan(samples)]
    if people < NONE_BELOW or np.isnan(value) or not len(defined):
        return Interval(None, None, None, people, "not enough data")
    tail = (1 - level) / 2
    widen = stats.t.ppf(tail, people - 1) * np.sqrt(people / (people - 1))
    if bounded and value in (0.0, 1.0) and np.all(defined == value):
        edge = tail ** (1 / people)
        low, high = (0.0, 1 - edge) if value == 0 else (edge, 1.0)
    elif bounded and 0 < value < 1 and people < FEW_BELOW:
        reach = widen * defined.std() / (value * (1 - value))
        low, high = special.expit(special.logit(value) + np.array([reach, -reach]))
    else:
        share = stats.norm.cdf(widen)
        low, high = np.quantile(defined, [share, 1 - share])
    return Interval(float(value), float(low), float(high), people, status(people))


def p_value(samples: np.ndarray, people: int) -> float:
    """Two-sided p that a resampled difference is 0, consistent with `limits`' intervals."""
    defined = samples[~np.isnan(samples)]
    beyond = min(np.sum(defined <= 0), np.sum(defined >= 0))
    share = (1 + beyond) / (1 + len(defined))
    scale = np.sqrt((people - 1) / people)
    return float(min(1.0, 2 * stats.t.cdf(stats.norm.ppf(min(share, 0.5)) * scale, people - 1)))


def _areas(predictions: Predictions, person: np.ndarray, k: int, drawn: np.ndarray) -> np.ndarray:
    """AUC, one class against the rest, mean over classes and repeats, (resamples,)."""
    if predictions.scores is None:
        raise ValueError("an AUC needs the attacker's scores")
    fold = np.zeros_like(person) if predictions.fold is None else predictions.fold
    per_repeat = []
    for repeat in np.unique(predictions.repeat):
        won, pairs = np.zeros((2, len(drawn), k))
        for part in np.unique(fold[predictions.repeat == repeat]):
            inside = np.flatnonzero((predictions.repeat == repeat) & (fold == part))
            who, block = present(person[inside], drawn)
            for c in range(k):
                own = predictions.truth[inside] == c
                beaten, count = wins(predictions.scores[inside, c], own, who, block)
                won[:, c] += beaten
                pairs[:, c] += count
        per_repeat.append(_mean(_ratio(won, pairs)))
    return _mean(np.stack(per_repeat, axis=1))


def _draw(people: int, seed: int) -> np.ndarray:
    return weights(people, seed=seed)


def _plain(predictions: Predictions, metric: Metric, k: int, people: int) -> float:
    return float(resampled(predictions, metric, k, np.ones((1, people)))[0])


def _same_people(a: Predictions, b: Predictions) -> int:
    people = np.unique(a.people)
    if not np.array_equal(people, np.unique(b.people)):
        raise ValueError("a paired comparison needs the same people on both sides")
    return len(people)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where there is nothing to divide by."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is defined, NaN where nothing is."""
    defined = ~np.isnan(values)
    return _ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1))
