"""The figures of collapse against slow twins, and the error."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import SuppressorError
from core.suppress.collapse import (
    check_collapse,
    collapse,
    drift,
    effective_rank,
    mean_cosine,
    mean_norm,
)

X = np.random.default_rng(0).normal(size=(60, 8)) + 0.5


def test_effective_rank_counts_equal_directions() -> None:
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0]
    for rank in (1, 3, 8):
        signs = np.kron(np.eye(rank), [[1], [-1]]) @ turned[:rank] * 5 + 2
        assert effective_rank(signs) == pytest.approx(rank)
    assert effective_rank(np.ones((5, 4))) == 0
    assert 1 < effective_rank(X) < 8


def test_mean_cosine_is_that_of_all_pairs() -> None:
    u = X / np.linalg.norm(X, axis=1, keepdims=True)
    slow = np.mean([u[i] @ u[j] for i in range(60) for j in range(60) if i != j])
    assert mean_cosine(X) == pytest.approx(slow)
    assert np.isnan(mean_cosine(X[:1]))


def test_norm_and_drift() -> None:
    assert mean_norm(np.array([[3.0, 4], [0, 1]])) == 3
    assert drift(X, X) == 0
    assert drift(X - X.mean(axis=0), X + 9) > 0.8
    assert collapse(X, X).effective_rank == effective_rank(X)


@pytest.mark.parametrize(
    ("phi", "why"),
    [
        (np.ones((60, 3)), "effective rank"),
        (np.where(X > 9, X, np.nan), "NaN"),
        (X * 1e-3 + 50, "cosine"),
        (X[:, :1] * np.ones(4) * 0 + 7, "effective rank"),
    ],
)
def test_it_fails_loudly(phi: np.ndarray, why: str) -> None:
    with pytest.raises(SuppressorError, match=why):
        check_collapse(X, phi)


def test_what_is_left_alone_passes() -> None:
    assert check_collapse(X, X) == collapse(X, X)
    one = X[:, :1]
    check_collapse(one, one)
