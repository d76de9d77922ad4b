"""Suggested groups: what is near hangs together, what is far never does."""

from __future__ import annotations

import numpy as np
import pytest

from core.measure import same_person
from core.measure.same_person import suggest


def _people(rng: np.random.Generator, people: int, each: int, noise: float) -> np.ndarray:
    centres = rng.normal(size=(people, 64))
    return (np.repeat(centres, each, axis=0) + noise * rng.normal(size=(people * each, 64))).astype(
        np.float32
    )


def _slow(x: np.ndarray, threshold: float) -> list[list[int]]:
    """The same by walking from row to row."""
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    left, groups = set(range(len(x))), []
    while left:
        group, todo = set(), [min(left)]
        while todo:
            one = todo.pop()
            group.add(one)
            todo += [o for o in left - group if unit[one] @ unit[o] >= threshold]
        left -= group
        groups.append(sorted(group))
    return sorted((g for g in groups if len(g) > 1), key=lambda g: (-len(g), g[0]))


def test_well_separated_people_are_found_whole() -> None:
    x = _people(np.random.default_rng(0), 12, 5, 0.2)
    assert [g.tolist() for g in suggest(x, 0.6)] == [list(range(i, i + 5)) for i in range(0, 60, 5)]


def test_it_agrees_with_its_slow_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_person, "BLOCK", 7)
    x = _people(np.random.default_rng(1), 15, 3, 1.0)
    for threshold in (0.2, 0.4, 0.6):
        assert [g.tolist() for g in suggest(x, threshold)] == _slow(x, threshold)


def test_lengths_do_not_matter_and_strangers_stay_alone() -> None:
    x = np.eye(6, dtype=np.float32)
    x[1] = 100 * x[0]
    x[5] = 0
    assert [g.tolist() for g in suggest(x, 0.9)] == [[0, 1]]


def test_nothing_gives_no_groups() -> None:
    assert suggest(np.zeros((0, 4), np.float32), 0.5) == []
