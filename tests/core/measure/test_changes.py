"""Differences of figures that were not measured together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from core.measure.changes import apart
from core.measure.intervals import Interval


def figure(value: float, low: float, high: float, people: int = 1000) -> Interval:
    return Interval(value, low, high, people, "ok")


def wilson(hits: int, tries: int) -> Interval:
    found = stats.binomtest(hits, tries).proportion_ci(method="wilson")
    return figure(hits / tries, found.low, found.high, tries)


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
        ((2, 7), (6, 7), 0.0582, 0.8062),
    ],
)
def test_with_wilsons_limits_it_is_newcombes(
    a: tuple[int, int], b: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe (1998, Statistics in Medicine 17, table II, method 10) prints these limits."""
    found = apart(wilson(*a), wilson(*b))
    assert found.value == pytest.approx(b[0] / b[1] - a[0] / a[1])
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_of_even_intervals_it_is_the_root_of_the_squares_and_p_fits_it() -> None:
    found = apart(figure(0.5, 0.46, 0.54), figure(0.6, 0.57, 0.63))
    half = math.hypot(0.04, 0.03)
    assert found.low == pytest.approx(0.1 - half)
    assert found.high == pytest.approx(0.1 + half)
    at_the_edge = apart(figure(0.5, 0.46, 0.54), figure(0.55, 0.52, 0.58))
    assert at_the_edge.low == pytest.approx(0)
    assert at_the_edge.p == pytest.approx(0.05)
    assert found.p is not None
    assert found.p < 0.05
    # The same as a z test, for many people.
    assert found.p == pytest.approx(2 * stats.norm.sf(0.1 / (half / 1.959964)), rel=0.1)


def test_the_other_way_round_only_the_sign_turns() -> None:
    a, b = figure(0.9, 0.85, 0.92, 40), figure(0.7, 0.68, 0.79, 20)
    one, other = apart(a, b), apart(b, a)
    assert one.value == -other.value  # type: ignore[operator]
    assert (one.low, one.high) == (pytest.approx(-other.high), pytest.approx(-other.low))  # type: ignore[operator]
    assert one.p == pytest.approx(other.p)


def test_fewer_people_make_a_larger_p() -> None:
    ps = [apart(figure(0.5, 0.45, 0.55, n), figure(0.65, 0.6, 0.7, 500)).p for n in (12, 50, 500)]
    assert ps == sorted(ps, reverse=True)  # type: ignore[type-var]


def test_it_covers_what_is_true() -> None:
    """Two samples of lopsided shares, 1,000 times: 95 % of the intervals hold the difference."""
    random = np.random.default_rng(3)
    inside = 0
    for hits_a, hits_b in zip(
        random.binomial(60, 0.9, 1000), random.binomial(45, 0.7, 1000), strict=True
    ):
        found = apart(_cached(int(hits_a), 60), _cached(int(hits_b), 45))
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= -0.2 <= found.high
    assert 0.93 < inside / 1000 < 0.975


_KNOWN: dict[tuple[int, int], Interval] = {}


def _cached(hits: int, tries: int) -> Interval:
    if (hits, tries) not in _KNOWN:
        _KNOWN[hits, tries] = wilson(hits, tries)
    return _KNOWN[hits, tries]


def test_no_interval_gives_no_difference_and_no_limit_leaves_what_is_possible() -> None:
    empty = Interval(None, None, None, 8, "not enough data")
    assert apart(empty, figure(0.5, 0.4, 0.6)) == (None, None, None, None)
    assert apart(figure(0.5, None, None), figure(0.5, 0.4, 0.6)).value is None  # type: ignore[arg-type]
    wide = apart(figure(0.5, 0.0, 1.0), figure(1.0, 0.2, 1.0))
    assert wide.high == 1.0
    assert apart(figure(0.5, 0.5, 0.5), figure(0.5, 0.5, 0.5)).p == 1.0


def test_p_and_interval_say_the_same_of_lopsided_figures() -> None:
    random = np.random.default_rng(5)
    told = 0
    for _ in range(100):
        values, down, up = (random.uniform(least, 0.2, 2) for least in (0.0, 0.01, 0.01))
        one, other = (figure(v, v - d, v + u, 30) for v, d, u in zip(values, down, up, strict=True))
        found = apart(one, other)
        assert found.low is not None
        assert found.high is not None
        assert found.p is not None
        assert (found.low > 0 or found.high < 0) == (found.p < 0.05)
        told += found.p < 0.05
    assert 10 < told < 90
