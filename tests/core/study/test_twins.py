"""Whoever a suppressor learnt from is recognised in a tested set, whatever the set looks like."""

from __future__ import annotations

import numpy as np
import pytest

from core.study import twins
from core.study.roles import NARROW, twins_in
from core.study.twins import twins_among


@pytest.mark.parametrize("d", [3, 40])
def test_the_same_pictures_are_found_in_any_order_and_others_are_not(d: int) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(60, d)).astype(np.float32)
    strangers = random.normal(size=(50, d)).astype(np.float32)
    other = np.concatenate([strangers, x[40:10:-1]])
    found = twins_in(x, other)
    assert np.array_equal(np.flatnonzero(found), np.arange(11, 41))
    assert not twins_in(x, strangers).any()
    assert not twins_in(x, np.zeros((3, d + 1), np.float32)).any()
    assert not twins_in(x, x[:0]).any()


def test_a_set_that_was_scaled_or_rounded_is_recognised() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(30, 128)).astype(np.float32)
    assert twins_in(x, x * np.float32(1 + 1e-6)).all()
    assert twins_in(x, (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)).all()
    near = x + 0.05 * random.normal(size=x.shape).astype(np.float32)
    assert not twins_in(x, near).any(), "another picture of the same person is no twin"


@pytest.mark.parametrize("d", [3, 16, 40, 300])
@pytest.mark.parametrize("piece", [7, 1000])
def test_without_every_two_it_is_the_same_answer(
    d: int, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`twins_in`, which compares every two, is the slow twin."""
    monkeypatch.setattr(twins, "ROWS", piece)
    random = np.random.default_rng(d)
    x = random.normal(size=(90, d)).astype(np.float32)
    x[50:60] = x[10:20]
    x[60:70] = x[20:30] * np.float32(1 + 1e-6) if d >= NARROW else x[20:30]
    near = x[30:40] + 0.02 * random.normal(size=(10, d)).astype(np.float32)
    x[70:80] = near  # pictures that are alike and not the same
    rows, others = random.permutation(np.arange(45, 90)), random.permutation(45)
    found = twins_among(x, rows, others)
    assert np.array_equal(found, twins_in(x[rows], x[others]))
    assert sorted(rows[found]) == list(range(50, 70))
    assert np.array_equal(found, twins_among(x, rows, others[::-1]))


def test_vectors_that_are_all_one_are_twins_and_lengths_of_nothing_are_none() -> None:
    same = np.ones((50, 20), np.float32)
    assert twins_among(same, np.arange(25), np.arange(25, 50)).all()
    nothing = np.zeros((50, 20), np.float32)
    assert not twins_among(nothing, np.arange(25), np.arange(25, 50)).any()
    assert len(twins_among(same, np.arange(0), np.arange(5))) == 0
    assert not twins_among(same, np.arange(5), np.arange(0)).any()
