"""Scores agree with slow twins and leave absent classes out."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from core.measure.scores import accuracy, auc_macro, balanced_accuracy


@pytest.fixture
def said() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    truth = random.choice(4, size=120, p=[0.6, 0.2, 0.1, 0.1])
    scores = np.round(random.normal(size=(120, 4)) + np.eye(4)[truth], 1)
    return truth, scores.argmax(axis=1), scores


def slow_auc(own: np.ndarray, score: np.ndarray) -> float:
    pairs = [(a > b) + 0.5 * (a == b) for a in score[own] for b in score[~own]]
    return float(np.mean(pairs))


def test_accuracy_counts_rows(said: tuple[np.ndarray, ...]) -> None:
    truth, predicted, _ = said
    assert accuracy(truth, predicted) == sum(truth == predicted) / 120


def test_balanced_accuracy_is_sklearns_where_all_classes_are_shown(
    said: tuple[np.ndarray, ...],
) -> None:
    truth, predicted, _ = said
    expected = balanced_accuracy_score(truth, predicted)
    assert balanced_accuracy(truth, predicted, range(4)) == pytest.approx(expected)


def test_a_class_absent_from_truth_is_left_out_even_if_predicted() -> None:
    truth, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    assert balanced_accuracy(truth, predicted, range(3)) == 0.75
    assert np.isnan(balanced_accuracy(truth, predicted, [5]))


def test_a_predictor_of_one_class_is_at_chance_in_balanced_accuracy() -> None:
    truth = np.array([0] * 90 + [1] * 10)
    assert balanced_accuracy(truth, np.zeros(100, dtype=int), range(2)) == 0.5


def test_auc_is_the_mean_over_all_pairs_with_ties_one_half(said: tuple[np.ndarray, ...]) -> None:
    truth, _, scores = said
    expected = np.mean([slow_auc(truth == c, scores[:, c]) for c in range(4)])
    assert auc_macro(truth, scores) == pytest.approx(expected)


def test_binary_auc_from_two_columns_is_sklearns() -> None:
    random = np.random.default_rng(0)
    truth, share = random.integers(2, size=60), random.uniform(size=60)
    expected = roc_auc_score(truth, share)
    assert auc_macro(truth, np.stack([1 - share, share], axis=1)) == pytest.approx(expected)


def test_auc_leaves_absent_and_universal_classes_out() -> None:
    scores = np.array([[0.9, 0.1, 0.4], [0.2, 0.8, 0.4], [0.3, 0.7, 0.4]])
    assert auc_macro(np.array([0, 1, 1]), scores) == 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(auc_macro(np.array([1, 1, 1]), scores))


def test_constant_scores_are_at_one_half() -> None:
    assert auc_macro(np.array([0, 1, 2, 0]), np.ones((4, 3))) == 0.5
