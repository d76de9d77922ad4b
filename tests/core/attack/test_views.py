"""Views keep what is there, whatever its scale, and survive what is not."""

from __future__ import annotations

import numpy as np
import pytest

from core.attack.views import VIEWS, see, unit


@pytest.fixture
def cloud() -> np.ndarray:
    random = np.random.default_rng(0)
    return (random.normal(size=(400, 12)) @ random.normal(size=(12, 12)) + 3).astype(np.float32)


def test_whitened_has_unit_covariance(cloud: np.ndarray) -> None:
    (seen,) = see("stored whitened", cloud)
    assert np.allclose(np.cov(seen.T, bias=True), np.eye(12), atol=1e-3)


def test_a_squashed_direction_comes_back_whitened_and_not_standardised() -> None:
    cloud = np.random.default_rng(0).normal(size=(400, 12))
    axis = unit(np.ones((1, 12)))[0]
    along = (cloud - cloud.mean(0)) @ axis
    squashed = (cloud - 0.999 * np.outer(along, axis)).astype(np.float32)
    seen = {view: see(view, squashed)[0] for view in ("stored standard", "stored whitened")}

    def explained(x: np.ndarray) -> float:
        """R² of ridge regression of the squashed coordinate on the view, as a probe would see."""
        x = x - x.mean(0)
        target = (along - along.mean()) / along.std()
        weights = np.linalg.solve(x.T @ x + 0.1 * len(x) * np.eye(x.shape[1]), x.T @ target)
        return 1 - float(((target - x @ weights) ** 2).mean())

    assert explained(seen["stored whitened"]) > 0.9
    assert explained(seen["stored standard"]) < 0.3


@pytest.mark.parametrize("view", VIEWS)
def test_others_go_through_the_view_of_the_fitting_rows(view: str, cloud: np.ndarray) -> None:
    fit, other = see(view, cloud[:300], cloud[300:])
    again, twin = see(view, cloud[:300], np.concatenate([cloud[300:], cloud[:5] * 100]))
    assert np.array_equal(fit, again)
    assert np.allclose(other, twin[:100], atol=1e-5)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("x", [np.ones((20, 4)), np.zeros((20, 4)), np.arange(1, 21)[:, None]])
def test_constant_and_narrow_vectors_stay_finite(view: str, x: np.ndarray) -> None:
    seen, other = see(view, x.astype(np.float32), x[:3].astype(np.float32))
    assert seen.shape[1] >= 1
    assert np.isfinite(seen).all()
    assert np.isfinite(other).all()


def test_unit_matches_a_loop_and_leaves_zero_rows() -> None:
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert np.allclose(unit(x), [[0.6, 0.8], [0.0, 0.0]])
