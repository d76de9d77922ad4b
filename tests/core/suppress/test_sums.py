"""Closed forms from sums over chunks: the same maps as from all rows at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.covariance import ledoit_wolf

from core.progress import Progress
from core.suppress import blindfold, blindfold_many, blindfold_path, leace, sums
from core.suppress.blindfold import Blindfold
from core.suppress.blindfold_many import path_of_many, set_aside
from core.suppress.blindfold_path import fit_path
from core.suppress.leace import Leace
from core.suppress.sums import Moments, by_people, evenly, finite
from core.suppress.suppressor import UNLABELLED, Label, Material


def people_of(seed: int, *, people: int = 60, d: int = 12) -> Material:
    """People of one to seven rows in a mixed order; a mood of three classes, a gender; some rows
    say nothing of the mood."""
    random = np.random.default_rng(seed)
    who = random.permutation(np.repeat(np.arange(people), random.integers(1, 8, size=people)))
    mood, gender = random.integers(3, size=len(who)), who % 2
    x = random.normal(size=(people, d))[who] * np.linspace(3, 1, d) + 0.7 * random.normal(
        size=(len(who), d)
    )
    x[:, 0] += 3 * gender
    x[:, 1] += 2 * mood
    mood[::9] = UNLABELLED
    labels = (Label("mood", mood, ("a", "b", "c")), Label("gender", gender, ("f", "m")))
    return Material((x + 5).astype(np.float32), who, labels)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of a few rows, and many rows are more than 50."""
    for module in (sums, leace, blindfold):
        monkeypatch.setattr(module, "MANY", 50)
    monkeypatch.setattr(sums, "ROWS", 17)


@pytest.mark.usefixtures("few")
def test_chunks_hold_every_row_once_and_whole_people() -> None:
    people = people_of(0).people
    rows = np.flatnonzero(np.arange(len(people)) % 5)
    parts = by_people(people, rows)
    assert len(parts) > 5
    assert_array_equal(np.sort(np.concatenate([part.rows for part in parts])), rows)
    seen = [set(people[part.rows]) for part in parts]
    assert sum(len(own) for own in seen) == len(set().union(*seen))
    for part in parts:
        own = people[part.rows]
        assert_array_equal(own[part.starts], own[np.sort(np.unique(own, return_index=True)[1])])
        assert part.counts.sum() == len(own)


def test_moments_shrink_as_scikit_learn_does() -> None:
    x = people_of(1).x.astype(np.float64)[:40]
    x -= x.mean(axis=0)
    moments = Moments.of(x.shape[1])
    for start in (0, 13, 26):
        moments.add(x[start : start + 13] if start < 26 else x[26:])
    assert_allclose(moments.shrunk(), ledoit_wolf(x, assume_centered=True)[0], rtol=1e-10)


def test_finite_sees_every_bad_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "ROWS", 4)
    x = np.ones((11, 2), np.float32)
    x[3, 1], x[10, 0] = np.nan, np.inf
    assert_array_equal(np.flatnonzero(~finite(x)), [3, 10])
    monkeypatch.setattr(sums, "MANY", 5)
    assert 3 <= len(evenly(x)) <= 5


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("widest", [512, 8])
def test_the_path_from_sums_is_the_path(monkeypatch: pytest.MonkeyPatch, widest: int) -> None:
    for module in (blindfold_path, blindfold_many):
        monkeypatch.setattr(module, "WIDEST", widest)
    material = people_of(2)
    rows = np.flatnonzero(material.people % 4)
    whole = fit_path(
        replace(
            material,
            x=material.x[rows],
            people=material.people[rows],
            labels=tuple(replace(one, y=one.y[rows]) for one in material.labels),
        ),
        seed=0,
    )
    found = path_of_many(material, rows, seed=0)
    assert found.longest == whole.longest
    assert_allclose(found.mean, whole.mean, rtol=1e-9)
    assert_allclose(found.wobble, whole.wobble, rtol=1e-4)
    for rank in (2, found.longest):
        assert_allclose(found.forecast(rank), whole.forecast(rank), rtol=1e-4)
        phi, other = (one.map(rank).weight.T @ one.map(rank).weight for one in (found, whole))
        # A path's axes have no sign: distances are what it gives.
        ours = material.x @ found.map(rank).weight
        theirs = material.x @ whole.map(rank).weight
        assert phi.shape == other.shape
        assert_allclose(ours @ ours.T, theirs @ theirs.T, rtol=1e-3, atol=1e-3)


@pytest.mark.usefixtures("few")
def test_those_who_judge_are_not_learnt_from() -> None:
    material = people_of(3, people=400)
    rows, held = set_aside(material, folds=3, seed=0)
    own, aside = set(material.people[rows]), [set(material.people[part]) for part in held]
    assert not own & set().union(*aside)
    assert sum(map(len, aside)) == len(set().union(*aside))
    assert all(len(part) > 100 for part in held)


@pytest.mark.usefixtures("few")
def test_leace_from_sums_is_leace(monkeypatch: pytest.MonkeyPatch) -> None:
    material = people_of(4)
    many = Leace().fit(material, seed=0, device="cpu", progress=Progress())
    monkeypatch.setattr(leace, "MANY", 10**6)
    once = Leace().fit(material, seed=0, device="cpu", progress=Progress())
    assert many.facts == once.facts
    assert_allclose(many.transform(material.x), once.transform(material.x), atol=2e-5)
    assert [step.name for step in many.training] == [step.name for step in once.training]
    assert_allclose(many.training[0].value, once.training[0].value, rtol=1e-6)
    assert many.training[1].value < 1e-6


@pytest.mark.usefixtures("few")
def test_the_flagship_of_many_makes_class_means_equal() -> None:
    material = people_of(5, people=700, d=16)
    found = Blindfold(dial=0.5).fit(material, seed=0, device="cpu", progress=Progress())
    phi = found.transform(material.x).astype(np.float64)
    for label in material.labels:
        before, after = (
            np.ptp([x[label.y == c].mean(axis=0) for c in range(label.k)], axis=0).max() / x.std()
            for x in (material.x.astype(np.float64), phi)
        )
        assert after < before / 5


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("people", [12, 60, 80])
def test_many_rows_of_few_people_are_fitted_on_most_of_them(people: int) -> None:
    """All of them might be taken to judge: nobody would be left to learn from."""
    material = people_of(6, people=people)
    rows, held = set_aside(material, folds=3, seed=0)
    assert len(set(material.people[rows])) >= 2 * people // 3
    assert all(len(part) for part in held)
    found = Blindfold(dial=0.5).fit(material, seed=0, device="cpu", progress=Progress())
    assert np.isfinite(found.transform(material.x)).all()
