"""Whoever a suppressor learnt from is recognised in a tested set, whatever the set looks like."""

from __future__ import annotations

import numpy as np
import pytest

from core.study.roles import twins_in


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
