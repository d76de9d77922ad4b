"""Intervals over identities: slow twins, statuses, pairing, and coverage by simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from core.measure import mannwhitney
from core.measure.intervals import (
    Predictions,
    difference,
    drop,
    holm,
    interval,
    limits,
    p_value,
    resampled,
    weights,
)
from core.measure.scores import accuracy, auc_macro, balanced_accuracy

METRICS = ("accuracy", "balanced_accuracy", "auc")


def world(
    people: int,
    *,
    seed: int,
    rows: int = 4,
    k: int = 3,
    repeats: int = 1,
    signal: float = 1.0,
    between: bool = False,
    noise: int = 0,
) -> Predictions:
    """Clustered data: every person has an own bias for each class and shows the class more or less.

    `between`: the label belongs to the person (as gender does), not to the picture. `noise`: what
    the attacker adds; another number is another attacker on the same people and pictures.
    """
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), rows)
    truth = np.repeat(random.integers(k, size=people), rows)
    if not between:
        truth = random.integers(k, size=people * rows)
    bias = np.repeat(random.normal(scale=0.7, size=(people, k)), rows, axis=0)
    shown = np.repeat(signal + random.normal(scale=0.7, size=people), rows)
    errors = np.random.default_rng([seed, noise])
    parts = []
    for _ in range(repeats):
        scores = errors.normal(size=(len(person), k)) + bias
        scores[np.arange(len(person)), truth] += shown
        parts.append(np.round(scores, 1))
    scores = np.concatenate(parts).astype(np.float32)
    return Predictions(
        truth=np.tile(truth, repeats),
        predicted=scores.argmax(axis=1),
        scores=scores,
        people=np.tile(np.char.add("p", person.astype(str)), repeats),
        rows=np.tile(np.arange(len(person)), repeats),
        repeat=np.repeat(np.arange(repeats), len(person)),
    )


def score(predictions: Predictions, metric: str, rows: np.ndarray) -> float:
    """The metric of the rows given (with repetition), by the plain functions of scores.py."""
    truth = predictions.truth[rows]
    if metric == "auc":
        return auc_macro(truth, predictions.scores[rows])
    if metric == "accuracy":
        return accuracy(truth, predictions.predicted[rows])
    return balanced_accuracy(truth, predictions.predicted[rows], range(3))


def piled_auc(predictions: Predictions, piles: list[np.ndarray]) -> float:
    """The AUC over a pile of drawn people, where one copy of a person never meets another copy."""
    rows = np.concatenate(piles)
    copy = np.repeat(np.arange(len(piles)), [len(pile) for pile in piles])
    who = predictions.people[rows]
    strangers = (who[:, None] != who) | (copy[:, None] == copy)
    areas = []
    for c in range(3):
        own = predictions.truth[rows] == c
        score = predictions.scores[rows, c]
        allowed = strangers[own][:, ~own]
        beats = (score[own][:, None] > score[~own]) + 0.5 * (score[own][:, None] == score[~own])
        if allowed.any():
            areas.append((beats * allowed).sum() / allowed.sum())
    return float(np.mean(areas))


def twin(predictions: Predictions, metric: str, drawn: np.ndarray) -> list[float]:
    """Slow and obvious: for each resample pile up the drawn people's rows and score the pile."""
    names = np.unique(predictions.people)
    figures = []
    for counts in drawn:
        per_repeat = []
        for repeat in np.unique(predictions.repeat):
            piles = [
                np.flatnonzero((predictions.people == name) & (predictions.repeat == repeat))
                for name, count in zip(names, counts, strict=True)
                for _ in range(int(count))
            ]
            if metric == "auc":
                per_repeat.append(piled_auc(predictions, piles))
            else:
                per_repeat.append(score(predictions, metric, np.concatenate(piles)))
        figures.append(np.mean(per_repeat))
    return figures


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("between", [False, True])
def test_resamples_equal_explicit_loops_over_resampled_people(metric: str, between: bool) -> None:
    predictions = world(12, seed=1, repeats=2, between=between)
    drawn = weights(12, resamples=40, seed=5)
    fast = resampled(predictions, metric, 3, drawn)
    np.testing.assert_allclose(fast, twin(predictions, metric, drawn), rtol=1e-9)


def test_both_ways_to_count_wins_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    predictions = world(25, seed=2, repeats=2)
    drawn = weights(25, resamples=50, seed=1)
    by_pairs = resampled(predictions, "auc", 3, drawn)
    monkeypatch.setattr(mannwhitney, "BLOCK", 1000)  # too small for a matrix, and several blocks
    by_order = resampled(predictions, "auc", 3, drawn)
    np.testing.assert_allclose(by_pairs, by_order, rtol=1e-10)


def test_auc_with_folds_compares_within_a_test_part_only() -> None:
    predictions = world(20, seed=3)
    fold = (np.arange(80) >= 40).astype(int)
    shifted = replace(predictions, scores=predictions.scores + 100 * fold[:, None], fold=fold)
    plain = replace(predictions, fold=fold)
    one = np.ones((1, 20))
    assert resampled(shifted, "auc", 3, one) == pytest.approx(resampled(plain, "auc", 3, one))
    pooled = resampled(replace(shifted, fold=None), "auc", 3, one)
    assert pooled != pytest.approx(resampled(plain, "auc", 3, one))


def test_weights_draw_as_many_people_as_there_are_and_repeat_by_seed() -> None:
    drawn = weights(40, resamples=500, seed=3)
    assert drawn.shape == (500, 40)
    assert (drawn.sum(axis=1) == 40).all()
    np.testing.assert_array_equal(drawn, weights(40, resamples=500, seed=3))
    assert abs(drawn.mean(axis=0) - 1).max() < 5 * np.sqrt(1 / 500)
    assert drawn.var() == pytest.approx(1 - 1 / 40, abs=0.05)


def test_value_is_the_mean_over_repeats() -> None:
    predictions = world(30, seed=4, repeats=3)
    each = [score(predictions, "accuracy", predictions.repeat == r) for r in range(3)]
    found = interval(predictions, "accuracy", k=3)
    assert found.value == pytest.approx(np.mean(each))
    assert found.low < found.value < found.high


def test_repeating_the_same_predictions_does_not_narrow_the_interval() -> None:
    once = world(30, seed=4)
    five = Predictions(
        *(np.concatenate([getattr(once, name)] * 5) for name in ("truth", "predicted", "scores")),
        people=np.tile(once.people, 5),
        rows=np.tile(once.rows, 5),
        repeat=np.repeat(np.arange(5), len(once.rows)),
    )
    for metric in METRICS:
        one, many = interval(once, metric, k=3), interval(five, metric, k=3)
        assert (one.low, one.high) == pytest.approx((many.low, many.high))


@pytest.mark.parametrize(
    ("people", "status"),
    [(9, "not enough data"), (10, "few people"), (29, "few people"), (30, "ok")],
)
def test_status_follows_the_number_of_people(people: int, status: str) -> None:
    predictions = world(people, seed=1)
    found = interval(predictions, "balanced_accuracy", k=3)
    assert (found.status, found.people) == (status, people)
    assert (found.value is None) == (found.low is None) == (status == "not enough data")
    paired = difference(predictions, predictions, "accuracy", k=3)
    assert (paired.value is None) == (status == "not enough data")


def test_limits_of_resamples_alone_follow_the_number_of_people() -> None:
    samples = np.random.default_rng(0).normal(0.5, 0.1, size=999)
    assert limits(0.5, samples, 9).value is None
    assert limits(float("nan"), samples, 40).status == "not enough data"
    few, many = limits(0.5, samples, 10), limits(0.5, samples, 1000)
    assert few.high - few.low > many.high - many.low
    np.testing.assert_allclose(
        (many.low, many.high), np.quantile(samples, [0.025, 0.975]), atol=0.01
    )


def test_a_class_that_a_resample_misses_is_left_out_of_its_mean() -> None:
    predictions = world(12, seed=0)
    truth = np.where(predictions.people == "p0", 0, 1)
    predicted = np.where(predictions.people == "p0", 0, 1)
    lone = replace(predictions, truth=truth, predicted=predicted, scores=None)
    without = np.array([[0, 2, *[1] * 10]])
    assert resampled(lone, "balanced_accuracy", 2, without)[0] == 1.0
    everyone = resampled(lone, "balanced_accuracy", 2, weights(12, resamples=300, seed=0))
    assert not np.isnan(everyone).any()


def test_never_failing_is_not_certainty() -> None:
    predictions = world(40, seed=0)
    perfect = replace(predictions, predicted=predictions.truth)
    found = interval(perfect, "accuracy", k=3)
    assert (found.value, found.high) == (1.0, 1.0)
    assert binom.pmf(40, 40, found.low) == pytest.approx(0.025)
    wrong = replace(predictions, predicted=(predictions.truth + 1) % 3)
    assert interval(wrong, "accuracy", k=3).high == pytest.approx(1 - found.low)


def test_difference_is_paired() -> None:
    a = world(60, seed=7)
    same = difference(a, a, "balanced_accuracy", k=3)
    assert same == (0.0, 0.0, 0.0, 1.0)
    flipped = a.predicted.copy()
    flipped[::10] = (a.truth[::10] + 1) % 3
    b = replace(a, predicted=flipped)
    paired = difference(a, b, "accuracy", k=3)
    one, other = interval(a, "accuracy", k=3), interval(b, "accuracy", k=3)
    assert paired.value == pytest.approx(one.value - other.value)
    assert paired.low > 0
    assert paired.high - paired.low < (one.high - one.low) / 2


def test_a_paired_difference_needs_the_same_people() -> None:
    with pytest.raises(ValueError, match="same people"):
        difference(world(30, seed=0), world(31, seed=0), "accuracy", k=3)
    with pytest.raises(ValueError, match="do not fit"):
        interval(world(30, seed=0), "accuracy", k=3, weights=weights(29, seed=0))


def test_p_is_below_the_level_exactly_where_the_interval_leaves_zero_out() -> None:
    random = np.random.default_rng(0)
    for shift in np.linspace(-3.2, 3.2, 33):
        for people in (12, 40, 200):
            samples = random.normal(shift, size=4000)
            found = limits(shift, samples, people, bounded=False)
            inside = found.low <= 0 <= found.high
            p = p_value(samples, people)
            assert inside == (p > 0.05) or abs(p - 0.05) < 0.002


def test_drop_follows_its_formula_and_is_never_clipped() -> None:
    x = world(80, seed=2, signal=2.0)
    phi = replace(x, predicted=(x.truth + 1) % 3)
    found = drop(x, phi, "accuracy", 1 / 3, k=3)
    before = interval(x, "accuracy", k=3).value
    assert found.value == pytest.approx((before - 0) / (before - 1 / 3) * 100)
    assert found.value > 100
    assert found.low < found.value < found.high
    none = drop(x, x, "accuracy", 1 / 3, k=3)
    assert (none.value, none.low, none.high) == (0.0, 0.0, 0.0)


def test_a_drop_from_nothing_is_empty() -> None:
    x = world(80, seed=2, signal=0.0)
    assert drop(x, x, "accuracy", 1 / 3, k=3).value is None
    clear = world(80, seed=2, signal=2.0)
    own = interval(clear, "accuracy", k=3)
    assert drop(clear, clear, "accuracy", 1 / 3, k=3, null=own.low + 0.001).value is None
    assert drop(clear, clear, "accuracy", 1 / 3, k=3, null=own.low - 0.001).value == 0.0


def test_holm_against_the_rule_written_out() -> None:
    p = [0.01, 0.04, 0.03, 0.005]
    np.testing.assert_allclose(holm(p), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.5, 0.9]), [1.0, 1.0])
    random = np.random.default_rng(0).uniform(size=9) ** 3
    order = np.argsort(random)
    expected = [min(1, max((9 - j) * random[order[j]] for j in range(i + 1))) for i in range(9)]
    np.testing.assert_allclose(holm(random)[order], expected)
    assert holm([]).shape == (0,)


SIMULATED = 400
"""Simulated sets a cell: the share covered has a standard error of .011 at a coverage of .95, so
.92 to .98 is 2.75 standard errors either way."""


@pytest.mark.slow
@pytest.mark.parametrize("people", [10, 15, 30, 100])
def test_intervals_cover_the_truth_of_clustered_data(people: int) -> None:
    """Nominal 95 % intervals hold the figure of 20,000 fresh people in 92 to 98 % of sets."""
    drawn = weights(people, resamples=999, seed=11)
    one = np.ones((1, 20_000))
    strong, weak = (world(20_000, seed=99, signal=signal) for signal in (1.2, 0.8))
    truth = {metric: resampled(strong, metric, 3, one)[0] for metric in METRICS}
    apart = truth["accuracy"] - resampled(weak, "accuracy", 3, one)[0]
    covered = dict.fromkeys((*METRICS, "difference"), 0)
    for number in range(SIMULATED):
        a = world(people, seed=1000 * people + number, signal=1.2)
        for metric in METRICS:
            found = interval(a, metric, k=3, weights=drawn)
            covered[metric] += found.low <= truth[metric] <= found.high
        # The same people, shown less, and an attacker with errors of its own.
        b = world(people, seed=1000 * people + number, signal=0.8, noise=1)
        paired = difference(a, b, "accuracy", k=3, weights=drawn)
        covered["difference"] += paired.low <= apart <= paired.high
    shares = {name: count / SIMULATED for name, count in covered.items()}
    assert all(0.92 <= share <= 0.98 for share in shares.values()), shares
