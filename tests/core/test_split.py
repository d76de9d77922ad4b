"""Splits never share an identity, deal everybody once, and say when there are too few people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import NotEnoughData
from core.split import (
    SharedIdentity,
    Split,
    careless_split,
    check,
    inner_folds,
    reference_split,
    rotation,
    shares_nobody,
)


def people(counts: list[int]) -> np.ndarray:
    return np.repeat([f"p{i:03d}" for i in range(len(counts))], counts).astype(object)


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(1, 6), min_size=10, max_size=40),
    seed=st.integers(0, 5),
    suppressor=st.booleans(),
)
def test_rotation_shares_nobody_and_tests_everybody_once(
    counts: list[int], seed: int, suppressor: bool
) -> None:
    subjects = people(counts)
    labels = np.random.default_rng(seed).integers(0, 3, len(subjects))
    splits = rotation(subjects, labels, seeds=2, seed=seed, suppressor=suppressor)
    for repeat in (seed, seed + 1):
        tested = np.concatenate([s.test for s in splits if s.seed == repeat])
        assert sorted(tested) == list(range(len(subjects)))
    for split in splits:
        parts = [set(subjects[rows]) for rows in (split.suppressor, split.attacker, split.test)]
        assert sum(map(len, parts)) == len(parts[0] | parts[1] | parts[2])
        assert parts[0] | parts[1] | parts[2] == set(subjects)
        assert bool(len(split.suppressor)) == suppressor


def test_shares_are_those_of_the_protocol() -> None:
    subjects = people([2] * 100)
    labels = np.tile([0, 1], 100)
    for split in rotation(subjects, labels, suppressor=True):
        assert split.people(subjects) == {"suppressor": 40, "attacker": 40, "test": 20}
    for split in rotation(subjects, labels):
        assert split.people(subjects) == {"suppressor": 0, "attacker": 80, "test": 20}
    whole = reference_split(subjects)
    assert whole.people(subjects) == {"suppressor": 30, "attacker": 30, "test": 40}


def test_groups_are_stratified_by_label() -> None:
    subjects = people([1] * 100)
    labels = np.array([0] * 80 + [1] * 20)
    for split in rotation(subjects, labels):
        assert (labels[split.test] == 1).sum() == 4


def test_a_planted_shared_identity_is_caught() -> None:
    subjects = people([2] * 10)
    sound = rotation(subjects, np.tile([0, 1], 10))[0]
    leaked = Split(sound.suppressor, np.append(sound.attacker, sound.test[0]), sound.test, 0, 0)
    with pytest.raises(SharedIdentity, match="1 people are in two parts"):
        check(leaked, subjects)
    assert shares_nobody((sound.attacker, sound.test), subjects)
    assert not shares_nobody((leaked.attacker, leaked.test), subjects)


def test_the_careless_split_does_share_people() -> None:
    subjects = people([6] * 50)
    split = careless_split(300, seed=1)
    assert len(split.attacker) == 240
    assert len(split.test) == 60
    with pytest.raises(SharedIdentity):
        check(split, subjects)


def test_too_few_people_is_an_answer() -> None:
    with pytest.raises(NotEnoughData, match=r"9 people .* at least 10 are needed"):
        rotation(people([5] * 9), np.zeros(45, dtype=int))


def test_inner_folds_share_nobody_and_hold_everybody_back_once() -> None:
    subjects = people([3] * 20)
    labels = np.tile([0, 1, 2], 20)
    folds = inner_folds(subjects, labels, folds=3, seed=4)
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(60))
    assert all(not set(subjects[fit]) & set(subjects[held]) for fit, held in folds)


def test_same_seed_same_split_other_seed_other_split() -> None:
    subjects, labels = people([2] * 30), np.tile([0, 1], 30)
    first, again = rotation(subjects, labels, seed=3), rotation(subjects, labels, seed=3)
    other = rotation(subjects, labels, seed=4)
    assert all(np.array_equal(a.test, b.test) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a.test, b.test) for a, b in zip(first, other, strict=True))
