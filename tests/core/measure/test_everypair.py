"""Every pair counted in blocks, against every pair listed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.measure import everypair
from core.measure import verification as measure
from core.measure.intervals import weights
from core.measure.pairs import Compared, identical, made, similarities, unit

FARS = (1e-1, 1e-2, 1e-3)


def faces(sizes: list[int], *, kinds: int | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """People with so many pictures each, shuffled; `kinds`: so few different vectors that many
    distances are equal."""
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(len(sizes)), sizes)
    x = random.normal(size=(len(sizes), 8))[person] + 1.5 * random.normal(size=(len(person), 8))
    if kinds is not None:
        x = random.normal(size=(kinds, 8))[random.integers(kinds, size=len(person))]
    order = random.permutation(len(person))
    return x[order].astype(np.float32), person[order]


def listed(x: np.ndarray, person: np.ndarray, picture: np.ndarray | None) -> np.ndarray:
    pairs = made(np.arange(len(x)), person, fold=0, seed=0)
    distance, same = 1 - similarities(unit(x), pairs), pairs.same
    if picture is not None:
        kept = ~(same & (picture[pairs.i] == picture[pairs.j]))
        distance, same = distance[kept], same[kept]
    _, far, tar = measure.curve(distance, same)
    return described(far, tar)


def described(far: np.ndarray, tar: np.ndarray) -> np.ndarray:
    tars = [measure.tar_at(far, tar, limit) for limit in FARS]
    return np.array([measure.area(far, tar), measure.equal_error(far, tar), *tars])


@pytest.mark.parametrize("kinds", [None, 6, 1])
@pytest.mark.parametrize("block", [1, 700, 1 << 21])
def test_figures_are_those_of_the_list(
    kinds: int | None, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everypair, "BLOCK", block)
    x, person = faces([1, 5, 4, 4, 7, 2, 3, 3, 6, 5, 1, 4], kinds=kinds, seed=2)
    found = described(*everypair.curve(unit(x), person))
    assert np.allclose(found, listed(x, person, None), atol=1e-12)


def test_figures_of_a_sample_are_those_of_every_pair_where_these_are_known() -> None:
    x, person = faces([4] * 30, kinds=None, seed=5)
    pairs = made(np.arange(len(x)), person, fold=0, seed=0, cap=120)
    units, drawn = unit(x), weights(30, resamples=40, seed=0)
    distance = 1 - similarities(units, pairs)
    sample = Compared(distance, pairs.same, person[pairs.i], person[pairs.j], pairs.fold)
    alone, spread = measure.ranked([sample], drawn, FARS)
    known = replace(sample, whole=everypair.curve(units, person))
    value, samples = measure.ranked([known], drawn, FARS)
    assert np.allclose(value, listed(x, person, None), atol=1e-12)
    inside = (samples > 0) & (samples < 1) & (spread > 0) & (spread < 1)
    assert np.allclose((samples - value)[inside], (spread - alone)[inside])


def test_a_picture_that_is_there_twice_is_no_genuine_pair() -> None:
    x, person = faces([4] * 9, kinds=None, seed=3)
    own = np.flatnonzero(person == person[0])
    x[own[1]] = x[own[0]]
    picture = identical(x, person)
    found = described(*everypair.curve(unit(x), person, picture=picture))
    assert np.allclose(found, listed(x, person, picture), atol=1e-12)
    assert not np.allclose(found, listed(x, person, None), atol=1e-6)


@pytest.mark.parametrize("sizes", [[1] * 6, [6]])
def test_there_is_no_curve_of_one_kind_of_pairs(sizes: list[int]) -> None:
    x, person = faces(sizes, kinds=None, seed=4)
    far, tar = everypair.curve(unit(x), person)
    assert np.isnan(far).all() == (len(sizes) == 1)
    assert np.isnan(tar).all() == (len(sizes) > 1)


def test_what_is_too_much_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    person = np.repeat(np.arange(10), 3)
    assert everypair.countable(person)
    monkeypatch.setattr(everypair, "MOST_GENUINE", 29)
    assert not everypair.countable(person)
    monkeypatch.setattr(everypair, "MOST_GENUINE", 30)
    monkeypatch.setattr(everypair, "MOST", 435)
    assert everypair.countable(person)
    monkeypatch.setattr(everypair, "MOST", 434)
    assert not everypair.countable(person)
