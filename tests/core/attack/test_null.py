"""The null respects identity, goes through a choice, and has the width that chance has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.attack.attack import Known, Problem
from core.attack.least_squares import LeastSquares
from core.attack.null import null_scores, permutations
from core.measure.leakage import prediction_limits


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), people=st.integers(2, 12))
def test_a_label_that_varies_within_people_stays_within_each(seed: int, people: int) -> None:
    owner = np.repeat(np.arange(people), 4)
    labels = np.tile([0, 1, 2, 2], people)
    for dealt in permutations(labels, owner, 3, seed=seed):
        for person in range(people):
            assert sorted(dealt[owner == person]) == [0, 1, 2, 2]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000))
def test_a_label_of_people_is_dealt_to_whole_people(seed: int) -> None:
    counts = [1, 3, 2, 4, 2, 1]
    owner = np.repeat(np.arange(6), counts)
    labels = np.repeat([0, 0, 1, 1, 0, 1], counts)
    for dealt in permutations(labels, owner, 3, seed=seed):
        each = [set(dealt[owner == person]) for person in range(6)]
        assert all(len(one) == 1 for one in each)
        assert sorted(one.pop() for one in each) == [0, 0, 0, 1, 1, 1]


def test_permutations_do_permute() -> None:
    labels = np.tile([0, 1], 50)
    dealt = permutations(labels, np.repeat(np.arange(50), 2), 20, seed=0)
    assert 0.3 < (dealt == labels).mean() < 0.7


def test_the_solver_is_ridge_regression_for_all_permutations_at_once() -> None:
    """Slow twin: scikit-learn, one target at a time; wide and narrow, linear and kernel."""
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import Ridge

    random = np.random.default_rng(0)
    for d in (5, 60):
        fit, other = random.normal(size=(40, d)), random.normal(size=(7, d))
        targets = random.normal(size=(40, 6))
        level = 0.1 * (fit**2).sum() / d
        ours = LeastSquares(fit, other, 0.1).solve(targets)
        for column in range(6):
            twin = Ridge(alpha=level, fit_intercept=False).fit(fit, targets[:, column])
            assert np.allclose(ours[:, column], twin.predict(other), atol=1e-8)
        gamma = 1 / ((fit**2).mean() * d * 2)
        kernel = KernelRidge(alpha=1.0, kernel="rbf", gamma=gamma).fit(fit, targets)
        assert np.allclose(LeastSquares(fit, other, None).solve(targets), kernel.predict(other))


def test_the_cheap_attackers_find_what_is_there() -> None:
    """A null of blind attackers would call everything a leak."""
    random = np.random.default_rng(1)
    y = np.tile(np.arange(3), 60)
    x = (random.normal(size=(180, 6)) + 2.5 * np.eye(3, 6)[y]).astype(np.float32)
    owner = np.repeat(np.arange(60), 3).astype(str)
    asked = Problem(x[:120], y[:120], owner[:120], x[120:], 3, 0, "")
    scores = null_scores(asked, y[None, :120])["scores"]
    assert scores.shape == (1, 60, 3)
    assert (scores[0].argmax(1) == y[120:]).mean() > 0.8


def test_an_uneven_label_does_not_end_in_one_class() -> None:
    random = np.random.default_rng(2)
    labels = (np.arange(200) % 10 == 0).astype(int)
    x, other = random.normal(size=(200, 5)), random.normal(size=(300, 5))
    predicted = LeastSquares(x, other, 0.1).scores(labels[None], 2).argmax(2)
    assert 0.2 < predicted.mean() < 0.8


def test_the_null_covers_what_permuted_labels_give() -> None:
    """One more permutation stays under the limit about 95 times in 100."""
    random = np.random.default_rng(3)
    under = [
        values[-1] <= prediction_limits(values[:-1])[1]
        for values in random.normal(0.5, 0.02, size=(4000, 21))
    ]
    assert np.mean(under) == pytest.approx(0.95, abs=0.015)


def test_differences_have_a_null_of_their_own() -> None:
    """The best of differences alone, whatever single vectors would have said."""
    random = np.random.default_rng(4)
    y = np.tile(np.arange(2), 60)
    owner = np.repeat(np.arange(60), 2).astype(str)
    x = (random.normal(size=(60, 6)).repeat(2, axis=0) * 8).astype(np.float32)
    x[:, 0] += 2 * y
    other = x.reshape(60, 2, 6)[:, ::-1].reshape(120, 6)
    alone = Problem(x[:80], y[:80], owner[:80], x[80:], 2, 0, "")
    both = replace(alone, known=Known(reference=other[:80], reference_test=other[80:]))
    permuted = np.stack([y[:80], 1 - y[:80]])
    found = null_scores(both, permuted)
    said = [scores.argmax(1) for scores in found["differences"]]
    assert (said[0] == y[80:]).mean() > 0.95
    assert (said[1] == y[80:]).mean() < 0.05
    assert np.array_equal(found["scores"][0], found["differences"][0]), "the better of the two"
    single = null_scores(alone, permuted)
    assert set(single) == {"scores"}
    assert (single["scores"][0].argmax(1) == y[80:]).mean() < 0.8
