"""Skewed training sets: whom they hold, that nobody is on both sides, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.action_units.skew import EVERYONE, FEWEST_PEOPLE, MIXED, Draws, Groups, draw, groups_of
from core.errors import ConfigError, NotEnoughData
from core.faces.faceset import UNKNOWN, FaceSet


class Nothing:
    """A source that nobody reads."""


def faces(counts: dict[str, int], each: int | list[int] = 4, **more: object) -> FaceSet:
    """People of each group, with so many faces each."""
    group = [name for name, count in counts.items() for _ in range(count)]
    sizes = [each] * len(group) if isinstance(each, int) else each
    person = np.repeat(np.arange(len(group)), sizes)
    table = pd.DataFrame({
        "id": [f"{i}" for i in range(len(person))],
        "subject_id": [f"p{p:03d}" for p in person],
        "gender": [group[p] for p in person],
        **more,
    })  # fmt: skip
    return FaceSet("made", table, Nothing(), ("gender",))  # type: ignore[arg-type]


def dealt(
    counts: dict[str, int], skew: float | None = None, repeats: int = 5, seed: int = 0,
    each: int | list[int] = 4,
) -> tuple[Groups, Draws]:  # fmt: skip
    own = faces(counts, each)
    groups = groups_of(own, "gender", np.ones(len(own), dtype=bool))
    return groups, draw(groups, skew=skew, repeats=repeats, seed=seed)


def people(groups: Groups, rows: np.ndarray) -> set[int]:
    return set(groups.person[rows].tolist())


def test_the_papers_own_numbers_come_out_of_its_own_people() -> None:
    """47 men, of whom 37 or 38 are learnt from and 9 or 10 tested; 104 lighter and 19 darker."""
    _, draws = dealt({"female": 97, "male": 47})
    assert draws.people == 36  # of 37, as many of each in the mixed set
    assert draws.test_people["male"] in (9, 10)
    _, skewed = dealt({"light": 104, "dark": 19}, skew=104 / 123)
    name = "light 85%"
    assert skewed.sets == (name, MIXED)  # which holds all darker people already
    share = skewed.shares[name]
    assert share["light"] / sum(share.values()) == pytest.approx(0.85, abs=0.03)


@pytest.mark.parametrize("skew", [None, 0.85, 0.5])
def test_nobody_is_learnt_from_and_tested_in_one_repeat(skew: float | None) -> None:
    groups, draws = dealt({"a": 40, "b": 31}, skew, repeats=7)
    for repeat in draws.repeats:
        tested = set.union(*(people(groups, rows) for rows in repeat.test.values()))
        for rows in repeat.train.values():
            assert len(rows)
            assert not people(groups, rows) & tested


@pytest.mark.parametrize("skew", [None, 0.7])
def test_every_set_holds_as_many_people_and_the_shares_it_says(skew: float | None) -> None:
    groups, draws = dealt({"a": 50, "b": 33, "c": 29}, skew)
    for repeat in draws.repeats:
        for name, rows in repeat.train.items():
            own = people(groups, rows)
            assert len(own) == draws.people_of(name)
            assert (len(own) == draws.people) == (name != EVERYONE)
            held = {one: sum(groups.of[p] == g for p in own) for g, one in enumerate(groups.names)}
            assert held == draws.shares[name]
    assert len(set(draws.shares[MIXED].values())) == 1
    if skew is None:
        assert all(sorted(draws.shares[g].values()) == [0, 0, draws.people] for g in groups.names)
        assert draws.people_of(EVERYONE) > 2 * draws.people
    else:
        first = draws.shares["a 70%"]
        assert first["a"] == pytest.approx(0.7 * draws.people, abs=1)


def test_five_repeats_test_everybody_once_and_learn_from_others() -> None:
    groups, draws = dealt({"a": 23, "b": 20}, repeats=10)
    for g, name in enumerate(groups.names):
        for start in (0, 5):
            tested = [sorted(people(groups, one.test[name])) for one in draws.repeats[start:][:5]]
            every = [p for one in tested for p in one]
            assert sorted(every) == np.flatnonzero(groups.of == g).tolist()
    sets = [frozenset(people(groups, one.train[MIXED])) for one in draws.repeats]
    assert len(set(sets)) == 10


def test_people_with_many_faces_bring_no_more_than_others() -> None:
    each = [5] * 30 + [500] * 10 + [3] * 10
    groups, draws = dealt({"a": 25, "b": 25}, each=each)
    assert draws.faces == 5
    for repeat in draws.repeats:
        for rows in (*repeat.train.values(), *repeat.test.values()):
            assert np.bincount(groups.person[rows]).max() <= 5
            assert len(set(rows)) == len(rows)


def test_the_seed_decides() -> None:
    first, again, other = (dealt({"a": 30, "b": 30}, seed=seed)[1] for seed in (0, 0, 1))
    for one, two in zip(first.repeats, again.repeats, strict=True):
        assert all(np.array_equal(one.train[n], two.train[n]) for n in first.sets)
    assert not np.array_equal(first.repeats[0].train["a"], other.repeats[0].train["a"])


def test_who_is_left_out_is_said() -> None:
    own = faces({"a": 20, "b": 20, UNKNOWN: 5, "few": 4})
    own.table.loc[own.table["subject_id"] == "p000", "gender"] = ["a", "b", "a", "b"]
    groups = groups_of(own, "gender", np.ones(len(own), dtype=bool))
    assert groups.names == ("a", "b")
    assert any("few (4)" in one for one in groups.told)
    assert any("1 people are of several groups" in one for one in groups.told)
    assert (groups.code == -1).sum() == 4 * 5 + 4 * 4 + 4


def test_what_cannot_be_drawn_is_refused() -> None:
    own = faces({"a": 40, "b": FEWEST_PEOPLE - 1})
    usable = np.ones(len(own), dtype=bool)
    with pytest.raises(NotEnoughData, match="two of them need 13 each"):
        groups_of(own, "gender", usable)
    with pytest.raises(ConfigError, match="labels gender"):
        groups_of(own, "race", usable)
    with pytest.raises(NotEnoughData, match="training set would hold 9 people"):
        dealt({"a": 13, "b": 13, "c": 13})
    _, least = dealt({"a": 13, "b": 13})
    assert least.people == 10
