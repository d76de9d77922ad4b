"""Questions to all attackers stand in one queue, and are answered in order and once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.attack.attack import Problem
from core.attack.fit import Spreading
from core.attack.majority import Majority
from core.attack.registry import ATTACKERS
from core.engine import Local, Processes
from core.errors import StoreError
from core.progress import Progress
from core.store import Store
from core.study.asking import Asking, Question, Told, settled

NAMES = ("majority", "logistic", "svm")


def problem(seed: int) -> Problem:
    random = np.random.default_rng(seed)
    y = np.tile([0, 1], 30)
    x = (random.normal(size=(60, 4)) + y[:, None]).astype(np.float32)
    return Problem(x, y, np.repeat(np.arange(15), 4), x[:10], 2, seed, "")


def rounds(
    made: list[int], splits: int = 3, names: Sequence[str] = NAMES
) -> dict[str, list[Question]]:
    """Each attacker is asked of every split; `made` are the splits whose vectors were cut."""

    def cut(split: int) -> Problem:
        made.append(split)
        return problem(split)

    return {
        name: [
            Question(name, f"{name}{i}" * 8, f"view{i}" * 8, partial(cut, i)) for i in range(splits)
        ]
        for name in names
    }


def heard(told: list[str]) -> Told:
    """Notes who answered, with a star where the store had the answer."""

    def hear(attacker: str, *, found: bool = False) -> None:
        told.append(f"{attacker}*" if found else attacker)

    return hear


class Wide(Majority):
    """Would take every idle processor for a single fit."""

    name = "wide"
    spreads = True


class Watched(Local):
    """Counts its queues, and those that were heard to their end."""

    def __init__(self) -> None:
        super().__init__(2)
        self.opened: list[int] = []

    def map(self, function: Callable, items: Iterable) -> Iterator:
        self.opened.append(0)
        for found in super().map(function, items):
            self.opened[-1] += 1
            yield found
        self.opened[-1] *= -1


def asking(folder: Path, engine: Local | Processes) -> Asking:
    return Asking({**ATTACKERS, "wide": Wide()}, "cpu", Store(folder), Progress(), engine)


def test_all_attackers_stand_in_one_queue_that_is_heard_to_its_end(tmp_path: Path) -> None:
    engine, made, told = Watched(), [], []
    found = [name for name, _ in asking(tmp_path, engine).answers(rounds(made), heard(told))]
    assert found == list(NAMES)
    assert told == [name for name in NAMES for _ in range(3)]
    assert engine.opened == [-9]


def test_each_attacker_is_told_of_before_the_last_is_done(tmp_path: Path) -> None:
    told: list[str] = []
    answers = asking(tmp_path, Local(2)).answers(rounds([], splits=6), heard(told))
    assert next(answers)[0] == "majority"
    assert told == ["majority"] * 6
    assert len(list(answers)) == 2


@pytest.mark.parametrize("device", ["cpu", "elsewhere"])
def test_who_can_share_a_fit_is_asked_last_and_answers_in_its_place(
    tmp_path: Path, device: str
) -> None:
    """The others leave a processor idle at their end, and it fills that."""
    names = ("majority", "wide", "logistic")
    told: list[str] = []
    one = replace(asking(tmp_path, Local(2)), device=device)
    answers = one.answers(rounds([], names=names), heard(told))
    assert next(answers)[0] == "majority"
    assert told == ["majority"] * 3
    rest = dict(answers)
    assert list(rest) == ["wide", "logistic"]
    assert told[3:] == ["logistic"] * 3 + ["wide"] * 3
    alone = dict(asking(tmp_path / "alone", Local(1)).answers(rounds([]), heard([])))
    for found, expected in zip(rest["logistic"], alone["logistic"], strict=True):
        assert np.array_equal(found.arrays["scores"], expected.arrays["scores"])
    for found, expected in zip(rest["wide"], alone["majority"], strict=True):
        assert np.array_equal(found.arrays["scores"], expected.arrays["scores"])


def test_forests_are_asked_last() -> None:
    spreading = [name for name, who in ATTACKERS.items() if isinstance(who, Spreading)]
    assert spreading == ["rf"]


def test_what_the_store_holds_is_not_asked_and_not_even_cut(tmp_path: Path) -> None:
    first = dict(asking(tmp_path, Local(2)).answers(rounds([]), heard([])))
    made: list[int] = []
    told: list[str] = []
    again = dict(asking(tmp_path, Local(2)).answers(rounds(made), heard(told)))
    assert made == []
    assert told == [f"{name}*" for name in NAMES for _ in range(3)]
    for name in NAMES:
        for one, other in zip(first[name], again[name], strict=True):
            assert np.array_equal(one.arrays["scores"], other.arrays["scores"])
            assert one.meta == other.meta
    Store(tmp_path).path("svm1" * 8).unlink()
    dict(asking(tmp_path, Local(2)).answers(rounds(made), heard(told)))
    assert made == [1]


def test_vectors_are_cut_when_their_turn_comes(tmp_path: Path) -> None:
    """A full audit has hundreds of questions: their vectors together would fill the memory."""
    made: list[int] = []
    answers = asking(tmp_path, Local(1)).answers(rounds(made, splits=5), heard([]))
    next(answers)
    assert len(made) <= 5 + 2
    assert len(list(answers)) == 2


def test_engines_say_the_same_bits(tmp_path: Path) -> None:
    said = []
    for place, engine in enumerate((Local(1), Local(2), Processes(2))):
        with engine:
            answers = asking(tmp_path / str(place), engine).answers(rounds([], 1), heard([]))
            said.append(dict(answers))
    for name in NAMES:
        first, *others = (each[name][0] for each in said)
        for other in others:
            assert np.array_equal(first.arrays["scores"], other.arrays["scores"])
            assert first.meta == other.meta


def test_an_answer_that_went_away_is_an_error_and_not_a_guess(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="lost"):
        settled(Store(tmp_path), "a" * 32)
