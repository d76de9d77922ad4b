"""Folds over pictures without twins, everybody in training; twins by seed, place and number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.anonymity import augment
from core.anonymity.networks import SIDE
from core.errors import NotEnoughData


def crops(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 112, 112), dtype=np.uint8)


@settings(max_examples=80, deadline=None)
@given(
    people=st.integers(2, 12),
    each=st.integers(2, 6),
    copies=st.lists(st.tuples(st.integers(0, 71), st.integers(0, 71)), max_size=6),
    count=st.integers(2, 10),
    seed=st.integers(0, 99),
)
def test_folds_part_pictures_keep_copies_together_and_everybody_in_training(
    people: int, each: int, copies: list[tuple[int, int]], count: int, seed: int
) -> None:
    person = np.repeat(np.arange(people), each)
    label = np.tile(np.arange(each), people)
    same = np.arange(len(person))
    for a, b in copies:
        a, b = a % len(person), b % len(person)
        same[same == same[b]] = same[a]
    kept = augment.usable(person, same)
    person, label, same = person[kept], label[kept], same[kept]
    if len(set(person)) < 2:
        return
    try:
        found = augment.folds(person, label, same, count=count, seed=seed)
    except NotEnoughData:
        units = len(set(same))
        assert units < count or units < len(person), "plain pictures can always be dealt"
        return
    assert len(found) == count
    assert np.array_equal(
        np.sort(np.concatenate([one.test for one in found])), np.arange(len(same))
    )
    for one in found:
        assert len(one.test)
        assert not set(one.train) & set(one.test)
        assert not set(same[one.train]) & set(same[one.test]), "a copy on both sides"
        assert set(person[one.train]) == set(person)


def test_people_are_spread_and_sizes_are_even() -> None:
    person, label = np.repeat(np.arange(15), 4), np.tile(np.arange(4), 15)
    found = augment.folds(person, label, np.arange(60), count=10, seed=0)
    for one in found:
        assert len(set(person[one.test])) == len(one.test), "two pictures of a person in one fold"
        assert 4 <= len(one.test) <= 8


def test_too_few_pictures_say_what_to_do() -> None:
    with pytest.raises(NotEnoughData, match="3 different pictures are too few for 5 folds"):
        augment.folds(np.array([0, 0, 1, 1]), np.zeros(4), np.array([0, 1, 2, 2]), count=5, seed=0)


def test_a_person_whose_pictures_are_all_the_same_cannot_take_part() -> None:
    person, same = np.array([0, 0, 1, 1, 2]), np.array([0, 0, 1, 2, 3])
    assert augment.usable(person, same).tolist() == [2, 3]


def test_copies_are_known_by_their_pixels() -> None:
    own = crops(3)
    several = np.stack([own[0], own[1], own[0], own[2]])
    assert augment.duplicates(several).tolist() == [0, 1, 0, 2]


def test_twins_are_the_same_every_time_and_do_not_depend_on_their_neighbours() -> None:
    own = crops(3)
    found = augment.twins(own, 4, seed=7)
    assert found.shape == (3, 4, SIDE, SIDE)
    assert np.array_equal(found, augment.twins(own, 4, seed=7))
    assert np.array_equal(found[:2, :3], augment.twins(own[:2], 3, seed=7))
    assert not np.array_equal(found[:, 1:], augment.twins(own, 4, seed=8)[:, 1:])
    assert len({one.tobytes() for one in found[0]}) == 4


def test_the_first_twin_is_the_picture_itself() -> None:
    plain = np.full((1, 112, 112), 90, dtype=np.uint8)
    found = augment.twins(plain, 3, seed=0)
    assert (found[0, 0] == 90).all()
    assert found[0, 1].std() > 5, "noise"
    assert abs(found[0, 1:].mean() - 90) < 3
