"""What least squares reads is the same from products of rows as from the rows themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import ledoit_wolf_shrinkage

from core.attack import moments
from core.attack.least_squares import LeastSquares
from core.attack.moments import predictions, shrinkage
from core.attack.views import VIEWS, see


def cloud(
    rows: int, d: int, *, classes: int = 3, rank: int | None = None, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors on axes of unlike length, some on fewer axes than columns, and their classes."""
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, rows)
    x = random.normal(size=(rows, d)) * np.geomspace(1, 0.05, d) + np.eye(classes, d)[y]
    mixed = x[:, : rank or d] @ random.normal(size=(rank or d, d)) + 2
    return mixed.astype(np.float32), y


def slow(fit: np.ndarray, y: np.ndarray, held: np.ndarray, k: int, view: str) -> np.ndarray:
    """The view row by row, and least squares on what it shows."""
    x, other = (part.astype(np.float64) for part in see(view, fit, held))
    return LeastSquares(x, other, 0.1).scores(y[None], k)[0].argmax(axis=1)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("rows", "d", "rank"),
    [(200, 12, None), (200, 12, 7), (60, 59, None), (30, 50, None), (9, 1, 1)],
)
def test_it_says_what_its_slow_twin_says(view: str, rows: int, d: int, rank: int | None) -> None:
    (fit, y), (held, _) = (cloud(n, d, rank=rank, seed=s) for n, s in ((rows, 0), (300, 1)))
    found = predictions(fit, y, held, 3, 0.1)[view]
    # A view rounds to float32: one row in a hundred may stand that near to the border.
    assert (found == slow(fit, y, held, 3, view)).mean() >= 0.99


def test_the_shortcut_is_taken_where_it_holds_and_only_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def spy(view: str, *parts: np.ndarray) -> tuple[np.ndarray, ...]:
        asked.append(view)
        return see(view, *parts)

    monkeypatch.setattr(moments, "see", spy)
    held = cloud(20, 12)[0]
    predictions(*cloud(200, 12), held, 3, 0.1)
    assert asked == []
    predictions(*cloud(200, 12, rank=7), held, 3, 0.1)
    assert asked == []
    asked.clear()
    predictions(*cloud(11, 12), held, 3, 0.1)
    assert asked == list(VIEWS)


def test_axes_are_found_only_where_one_may_be_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    eigh = np.linalg.eigh

    def spy(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked.append(len(matrix))
        return eigh(matrix)

    monkeypatch.setattr(np.linalg, "eigh", spy)
    held = cloud(20, 12)[0]
    predictions(*cloud(200, 12), held, 3, 0.1)
    assert asked == []
    predictions(*cloud(200, 12, rank=7), held, 3, 0.1)
    assert asked == [12, 12], "stored and at unit length"


@pytest.mark.parametrize("x", [np.ones((20, 4)), np.zeros((20, 4)), np.eye(20)[:, :4]])
def test_constant_vectors_are_read_as_by_the_slow_twin(x: np.ndarray) -> None:
    y = np.arange(20) % 3
    found = predictions(x.astype(np.float32), y, x[:5].astype(np.float32), 3, 0.1)
    assert all(set(said) <= {0, 1, 2} for said in found.values())


def test_a_class_that_nobody_showed_is_never_said() -> None:
    x, y = cloud(200, 12)
    found = predictions(x, np.where(y == 1, 2, y), x, 4, 0.1)
    assert all(set(said) == {0, 2} for said in found.values())


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(2, 60), d=st.integers(1, 20), seed=st.integers(0, 99))
def test_shrinkage_is_scikit_learns(rows: int, d: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(rows, d)) * np.geomspace(1, 0.1, d)
    x -= x.mean(axis=0)
    expected = ledoit_wolf_shrinkage(x, assume_centered=True)
    assert shrinkage(x, x.T @ x) == pytest.approx(expected, abs=1e-9)
