"""The planted code has the size that it says, in every direction of the cloud."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.attack.planted import CONTROL, ceiling, plant, simplex


def cloud(n: int = 4000, d: int = 10, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    scales = 10.0 ** -np.arange(d)  # one direction is a billion times quieter than another
    return (random.normal(size=(n, d)) * np.maximum(scales, 1e-3)).astype(np.float32)


@pytest.mark.parametrize("k", [2, 6])
def test_every_two_classes_are_that_far_apart_in_mahalanobis_distance(k: int) -> None:
    x = cloud()
    y = np.arange(len(x)) % k
    moved = plant(x, y, 2.0, seed=1).astype(np.float64) - x
    inverse = np.linalg.inv(np.cov(x.T.astype(np.float64), bias=True))
    corners = np.stack([moved[y == c].mean(0) for c in range(k)])
    for a in range(k):
        for b in range(a):
            step = corners[a] - corners[b]
            assert np.sqrt(step @ inverse @ step) == pytest.approx(2.0, rel=0.02)


def test_the_ceiling_is_the_best_attackers_accuracy() -> None:
    """Two classes: Φ(size / 2). More: a simulation with the true means."""
    assert ceiling(2, 3.0) == pytest.approx(stats.norm.cdf(1.5), abs=1e-6)
    random = np.random.default_rng(0)
    corners = simplex(6, 6) * 2.0
    y = random.integers(0, 6, 40_000)
    x = corners[y] + random.normal(size=(40_000, 6))
    nearest = ((x[:, None] - corners) ** 2).sum(2).argmin(1)
    assert ceiling(6, 2.0) == pytest.approx((nearest == y).mean(), abs=0.01)


def test_the_control_is_plain_to_see() -> None:
    assert ceiling(2, CONTROL) > 0.97
    assert ceiling(6, CONTROL) > 0.9


def test_narrow_and_constant_vectors_can_carry_a_code() -> None:
    y = np.arange(60) % 3
    for x in (np.ones((60, 4), np.float32), np.random.default_rng(0).random((60, 1))):
        moved = plant(x.astype(np.float32), y, 4.0, seed=0)
        means = np.stack([moved[y == c].mean(0) for c in range(3)])
        assert np.isfinite(moved).all()
        assert min(np.abs(means[a] - means[b]).max() for a in range(3) for b in range(a)) > 0


def test_nothing_is_planted_at_size_zero() -> None:
    x = cloud(50)
    assert np.array_equal(plant(x, np.arange(50) % 2, 0.0, seed=0), x)
