"""A view that was seen before is the same bit for bit, costs no work, and has an end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.attack import shared
from core.attack.shared import Views
from core.attack.views import VIEWS, see

TURNED = "unit shrunk"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The views that were worked out."""
    found: list[str] = []

    def spy(view: str, *parts: np.ndarray) -> tuple[np.ndarray, ...]:
        found.append(view)
        return see(view, *parts)

    monkeypatch.setattr(shared, "see", spy)
    return found


def cloud(seed: int, rows: int = 30) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, 5)).astype(np.float32)


@pytest.mark.parametrize("view", VIEWS)
def test_it_is_the_same_the_first_time_and_the_second(view: str) -> None:
    views = Views()
    for _ in range(2):
        found = views.see(view, cloud(0), cloud(1))
        for one, expected in zip(found, see(view, cloud(0), cloud(1)), strict=True):
            assert np.array_equal(one, expected)


def test_what_was_seen_is_not_worked_out_again_and_anything_else_is(made: list[str]) -> None:
    views = Views()
    for _ in range(3):
        views.see(TURNED, cloud(0), cloud(1))
    assert made == [TURNED]
    views.see("unit whitened", cloud(0), cloud(1))
    views.see(TURNED, cloud(0), cloud(2))
    views.see(TURNED, cloud(0))
    views.see(TURNED, np.concatenate([cloud(0), cloud(1)]))
    assert len(made) == 5


def test_who_changes_what_it_got_changes_nobody_elses() -> None:
    views = Views()
    for _ in range(2):
        views.see(TURNED, cloud(0))[0][:] = 0
    assert np.array_equal(views.see(TURNED, cloud(0))[0], see(TURNED, cloud(0))[0])


def test_the_oldest_goes_where_the_room_ends(made: list[str]) -> None:
    room = 2 * 30 * 5 * 4
    views = Views(limit=room, largest=room)
    for seed in (0, 1, 0, 2, 0, 1):  # the third pushes out the second: the first was asked since
        views.see(TURNED, cloud(seed))
        assert views.size <= room
    assert len(made) == 4


def test_a_large_view_pushes_nothing_out(made: list[str]) -> None:
    views = Views(largest=30 * 5 * 4)
    views.see(TURNED, cloud(0))
    for _ in range(2):
        views.see(TURNED, cloud(1, rows=31))
    views.see(TURNED, cloud(0))
    assert len(made) == 3


def test_threads_get_what_one_gets(made: list[str]) -> None:
    views = Views()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: views.see(TURNED, cloud(i % 3))[0], range(60)))
    for i, one in enumerate(found):
        assert np.array_equal(one, see(TURNED, cloud(i % 3))[0])
    assert views.size == 3 * 30 * 5 * 4
