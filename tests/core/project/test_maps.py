"""Maps: same bits again, places by their neighbours, nothing asked for that n cannot give."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from core.config_parts import Projection
from core.project.components import beginning, principal
from core.project.landmarks import landmarks
from core.project.method import Method
from core.project.registry import METHODS, methods
from core.project.tsne import TSNE
from core.project.umap import UMAP, _Exact

BOTH = [TSNE(perplexity=10), UMAP(neighbors=10)]


def groups(n: int = 160, d: int = 12, seed: int = 0) -> np.ndarray:
    """Eight heaps of vectors."""
    random = np.random.default_rng(seed)
    heaps = random.normal(size=(8, d)) * 6
    return (heaps[np.arange(n) % 8] + random.normal(size=(n, d))).astype(np.float32)


@pytest.mark.parametrize("method", BOTH, ids=lambda one: one.name)
def test_the_same_bits_in_two_threads_and_alone(method: Method) -> None:
    x, none = groups(), np.empty((0, 12), np.float32)
    alone, _ = method.draw(x, none, seed=3)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: method.draw(x, none, seed=3)[0], range(4)))
    assert alone.shape == (160, 2)
    assert alone.dtype == np.float32
    assert all(np.array_equal(one, alone) for one in both)
    assert trustworthiness(x, alone, n_neighbors=10) > 0.9


@pytest.mark.parametrize("method", BOTH, ids=lambda one: one.name)
def test_placed_points_lie_among_their_neighbours(method: Method) -> None:
    x, rest = groups(), groups(300)[160:]
    whole = np.concatenate([x, rest])
    found, placed = method.draw(x, rest, seed=0)
    assert np.array_equal(found, method.draw(x, rest[:0], seed=0)[0]), "landmarks do not move"
    assert placed.shape == (140, 2)
    assert placed.dtype == np.float32
    random = np.random.default_rng(0)
    good = trustworthiness(whole, np.concatenate([found, placed]), n_neighbors=10)
    shuffled = np.concatenate([found, random.permutation(placed)])
    assert good > trustworthiness(whole, shuffled, n_neighbors=10) + 0.1
    # Each lands nearest to a landmark of its own heap.
    near = NearestNeighbors(n_neighbors=1).fit(found).kneighbors(placed)[1][:, 0]
    assert np.mean(near % 8 == np.arange(160, 300) % 8) > 0.95


def test_what_is_asked_is_clamped_to_the_faces_that_are_there() -> None:
    same, said = TSNE(perplexity=30).clamped(91)
    assert (same.perplexity, said) == (30, "")
    less, said = TSNE(perplexity=30).clamped(31)
    assert less.perplexity == 10
    assert "perplexity 30" in said
    assert "31 faces" in said
    assert "10" in said
    assert UMAP(neighbors=15).clamped(16) == (UMAP(15), "")
    less, said = UMAP(neighbors=15).clamped(15)
    assert less.neighbors == 14
    assert "15 neighbours" in said
    x = groups(10)
    for method in (TSNE().clamped(10)[0], UMAP().clamped(10)[0]):
        assert np.isfinite(method.draw(x, x[:0], seed=0)[0]).all()


def test_settings_choose_the_maps_in_their_order() -> None:
    asked = Projection(methods=("umap", "tsne", "umap"), perplexity=12, neighbors=7)
    assert methods(asked) == [UMAP(7), TSNE(12.0)]
    assert all(make(Projection()).name == name for name, make in METHODS.items())


def test_exact_neighbours_are_those_of_a_loop() -> None:
    x = groups(40)
    which, far = _Exact(x).query(x[:5], 6, epsilon=0.1)
    slow = np.linalg.norm(x[:5, None].astype(float) - x[None].astype(float), axis=2)
    assert np.allclose(far, np.sort(slow, axis=1)[:, :6], atol=2e-3)
    assert np.array_equal(np.sort(which), np.sort(np.argsort(slow, axis=1)[:, :6]))


def test_components_are_those_of_an_eigenproblem_and_place_others_alike() -> None:
    x = groups(60)
    for seen in (x, x[:10]):  # more rows than columns, and fewer
        found, placed = principal(seen, x[20:30], 3)
        middle = seen.astype(float) - seen.astype(float).mean(axis=0)
        _, _, axes = np.linalg.svd(middle, full_matrices=False)
        assert np.allclose(np.abs(found), np.abs(middle @ axes[:3].T), atol=1e-3)
        other = (x[20:30].astype(float) - seen.astype(float).mean(axis=0)) @ axes[:3].T
        assert np.allclose(np.abs(placed), np.abs(other), atol=1e-3)
    assert principal(x[:, :2], x[:0, :2], 50)[0].shape == (60, 2)
    begun = beginning(found, 1e-4)
    assert begun[:, 0].std() == pytest.approx(1e-4, rel=1e-4)
    line = beginning(found[:, :1], 10.0)
    assert (line[:, 1] == 0).all()


def test_landmarks_take_every_stratum_in_proportion() -> None:
    random = np.random.default_rng(0)
    strata = random.permutation(np.repeat(["a", "b", "c", "d"], [400, 200, 100, 7]))
    rows = landmarks(strata, 101, seed=1)
    assert len(rows) == len(set(rows)) == 101
    assert (np.diff(rows) > 0).all()
    for name, size in zip("abcd", (400, 200, 100, 7), strict=True):
        assert abs((strata[rows] == name).sum() - 101 * size / 707) <= 1.01
    assert np.array_equal(rows, landmarks(strata, 101, seed=1))
    assert not np.array_equal(rows, landmarks(strata, 101, seed=2))
    assert np.array_equal(landmarks(strata, 707, seed=0), np.arange(707))
    single = landmarks(np.arange(50), 20, seed=0)
    assert len(single) == 20
    assert single.max() > 25, "people of one face are drawn, not taken in order"
