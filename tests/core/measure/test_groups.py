"""Errors by group: a slow twin, the threshold's promise, and counts."""

from __future__ import annotations

import numpy as np
import pytest

from core.measure.groups import Counted, intervals, shares, threshold
from core.measure.intervals import weights


def counted(within: bool, *, m: int = 400, people: int = 14, size: int = 3) -> Counted:
    random = np.random.default_rng(3)
    a = random.integers(people, size=m)
    b = a if within else (a + 1 + random.integers(people - 1, size=m)) % people
    return Counted(random.integers(size, size=m), a, b, random.random(m) < 0.3, size, within)


@pytest.mark.parametrize("within", [True, False])
def test_shares_are_what_a_loop_over_pairs_gives(within: bool) -> None:
    one, drawn = counted(within), weights(14, resamples=20, seed=1)
    values, samples = shares(one, drawn)
    for k in range(one.size):
        own = one.place == k
        assert values[k] == pytest.approx(one.hit[own].mean())
        for row, draw in zip(samples, drawn.astype(float), strict=True):
            weight = draw[one.a[own]] if within else draw[one.a[own]] * draw[one.b[own]]
            assert row[k] == pytest.approx((weight * one.hit[own]).sum() / weight.sum())


def test_a_place_without_pairs_has_no_share_and_no_interval() -> None:
    one = counted(True, size=3)
    wider = Counted(one.place, one.a, one.b, one.hit, 4, True)
    figures = shares(wider, weights(14, resamples=50, seed=1))
    assert np.isnan(figures[0][3])
    told = intervals(figures, wider.people)
    assert told[3].value is None
    assert told[3].status == "not enough data"
    assert told[0].status == "few people"


def test_pairs_and_people_are_counted_once() -> None:
    one = Counted(
        np.array([0, 0, 0, 1]), np.array([2, 2, 5, 7]), np.array([3, 2, 2, 7]),
        np.ones(4, bool), 3, False,
    )  # fmt: skip
    assert list(one.pairs) == [3, 1, 0]
    assert list(one.people) == [3, 1, 0]


@pytest.mark.parametrize("far", [0.0, 0.01, 0.0149, 0.2, 1.0])
def test_no_more_impostors_than_allowed_lie_below_the_threshold(far: float) -> None:
    distance = np.random.default_rng(0).normal(size=1000)
    accepted = (distance < threshold(distance, far)).mean()
    assert accepted <= far
    assert accepted > far - 0.001


def test_ties_are_refused_rather_than_accepted() -> None:
    assert (np.ones(100) < threshold(np.ones(100), 0.5)).sum() == 0
    with pytest.raises(ValueError, match="at least one"):
        threshold(np.empty(0), 0.5)
