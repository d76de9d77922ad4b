"""Intervals of 2,000 resamples over people: the product's, and a loop over scikit-learn's metrics.

Made predictions on the bundled set's 1,380 faces of 230 people, six classes, five folds. Both draw
the same people. The loop puts the rows of the drawn people together and asks scikit-learn; ours
counts what people bring. An area by the loop also compares a person who was drawn twice with
themself, which ours does not: areas agree nearly, shares exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from benchmarks.peers.inputs import labelled, splits, synthetic
from benchmarks.sidebyside import Asked, Case, Missing, Side
from core.measure.intervals import Metric, Predictions, interval, resampled, weights

RESAMPLES = 2000
HIT = 1.2
"""How far the score of the true class lies above noise of deviation 1."""
Told = dict[Metric, tuple[np.ndarray, float, float]]
"""By metric the resamples, and the limits."""


def cases(asked: Asked) -> list[Case | Missing]:
    """The headline alone, and all three metrics of an audit's row."""
    every: list[tuple[str, tuple[Metric, ...]]] = [
        ("balanced accuracy", ("balanced_accuracy",)),
    ]
    if not asked.quick:
        every.append(("accuracy, balanced accuracy and AUC",
                      ("accuracy", "balanced_accuracy", "auc")))  # fmt: skip
    return [
        Case(
            f"identity bootstrap, {RESAMPLES:,} resamples, {said}, 1,380 predictions of 230 people",
            Side("ours", partial(ours, metrics), partial(ours, metrics)),
            [Side("a loop over scikit-learn", partial(naive, metrics), partial(naive, metrics, 2))],
            agreement,
            target=20,
            most=5 if len(metrics) == 1 else 1,
            inputs=predictions,
        )
        for said, metrics in every
    ]


def predictions() -> Predictions:
    """Made scores of the bundled set's expressions, as somebody new to them gets them."""
    return replace(_predictions())


@cache
def _predictions() -> Predictions:
    x, wanted = synthetic(), labelled("expression")
    used = splits("expression")
    rows = np.concatenate([split.test for split in used])
    fold = np.repeat([split.fold for split in used], [len(split.test) for split in used])
    truth = np.empty(len(x), dtype=np.int64)
    truth[wanted.rows] = wanted.y
    truth = truth[rows]
    scores = np.random.default_rng(0).standard_normal((len(rows), wanted.k))
    scores[np.arange(len(rows)), truth] += HIT
    subjects = x.subjects[rows].astype(str)
    none = np.zeros(len(rows), dtype=np.int64)
    return Predictions(truth, scores.argmax(axis=1), scores, subjects, rows, none, fold)


def ours(metrics: Sequence[Metric]) -> Told:
    """What an audit asks of one row; nothing of an earlier reading is kept."""
    weights.cache_clear()
    said, k = predictions(), labelled("expression").k
    drawn = weights(len(np.unique(said.people)), resamples=RESAMPLES, seed=0)
    found: Told = {}
    for metric in metrics:
        one = interval(said, metric, k=k, weights=drawn)
        samples = resampled(said, metric, k, drawn)  # those that the interval was made of
        found[metric] = samples, one.low or 0.0, one.high or 0.0
    return found


def naive(metrics: Sequence[Metric], count: int = RESAMPLES) -> Told:
    """Resample after resample."""
    said, k = predictions(), labelled("expression").k
    people = np.unique(said.people)
    rows_of = [np.flatnonzero(said.people == one) for one in people]
    random = np.random.default_rng(0)
    samples: dict[Metric, list[float]] = {metric: [] for metric in metrics}
    for _ in range(count):
        drawn = random.integers(len(people), size=len(people))
        rows = np.concatenate([rows_of[one] for one in drawn])
        for metric in metrics:
            samples[metric].append(_one(said, rows, metric, k))
    found: Told = {}
    for metric, values in samples.items():
        low, high = np.percentile(values, [2.5, 97.5])
        found[metric] = np.array(values), float(low), float(high)
    return found


def _one(said: Predictions, rows: np.ndarray, metric: Metric, k: int) -> float:
    from sklearn import metrics

    if metric == "accuracy":
        return float(metrics.accuracy_score(said.truth[rows], said.predicted[rows]))
    if metric == "balanced_accuracy":
        return float(metrics.balanced_accuracy_score(said.truth[rows], said.predicted[rows]))
    assert said.scores is not None
    assert said.fold is not None
    areas = []
    for fold in np.unique(said.fold):
        own = rows[said.fold[rows] == fold]
        areas.append(
            [metrics.roc_auc_score(said.truth[own] == c, said.scores[own, c]) for c in range(k)]
        )
    return float(np.mean(areas))


def agreement(one: Told, other: Told) -> str:
    """How far resamples and limits lie apart."""
    told = []
    for metric, (samples, low, high) in one.items():
        own, *limits = other[metric]
        apart = np.abs(samples - own).max()
        told.append(
            f"{metric.replace('_', ' ')}: resamples apart by at most {apart:.1e}, limits "
            f"{low:.4f} to {high:.4f} / {limits[0]:.4f} to {limits[1]:.4f}"
        )
    return f"same draws; {'; '.join(told)} (ours are Hesterberg's, a little wider)"
