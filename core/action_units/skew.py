"""Training sets that are skewed on purpose, and test people of each group of their own.

Deuschel, Finzel and Rieger (2020), Fig. 4: 37 women, 37 men, or 37 of both to learn from, 10 of
each to test; and 104 lighter people against 19 darker ones. Sizes here follow the set. People of
each group are dealt into `FOLDS` parts; each repeat takes another part as its test people, so that
five repeats test everybody once, and draws its training people from the other parts (of 47 men
that makes 37 and 9 or 10, the paper's own figures). All training sets of all repeats hold as many
people, and everybody shows as many faces at most. Nobody is among both the training and the test
people of one repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import ConfigError, NotEnoughData
from core.faces.faceset import UNKNOWN, FaceSet

MIXED = "mixed"
EVERYONE = "mixed, everyone"
"""As many people of each group as there are to learn from, where that is more than `MIXED` holds.

Ours: the other sets are as large as one group alone allows, and a detector that is going to be used
would not throw the rest away.
"""
FOLDS = 5
FEWEST_PEOPLE = 13
"""People that a group needs: ten to learn from, and some to test."""
FEWEST_TRAIN = 10
"""People that a training set needs."""
MOST_GROUPS = 8


@dataclass(frozen=True, eq=False)
class Groups:
    """Whose faces are whose: `code` int (n,) into `names`, −1 where the group is not studied.

    `person` int (n,) numbers the people, `people` names them, and `of` int (p,) has the group of
    each, −1 as above. `told` says who was left out.
    """

    label: str
    names: tuple[str, ...]
    code: np.ndarray
    person: np.ndarray
    people: np.ndarray
    of: np.ndarray
    told: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Repeat:
    """One draw: rows of each training set by name, and of the test people of each group."""

    train: dict[str, np.ndarray]
    test: dict[str, np.ndarray]
    seed: int


@dataclass(frozen=True, eq=False)
class Draws:
    """All repeats. `people` are in each training set but `EVERYONE`, and `shares` tells how many of
    each group, by set; `test_people` of each group are tested in a repeat, and nobody shows more
    than `faces` faces."""

    repeats: tuple[Repeat, ...]
    people: int
    shares: dict[str, dict[str, int]]
    test_people: dict[str, int]
    faces: int

    @property
    def sets(self) -> tuple[str, ...]:
        """Names of the training sets, in their order."""
        return tuple(self.shares)

    @property
    def equal(self) -> tuple[str, ...]:
        """Those that hold as many people as one another, as in the paper."""
        return tuple(name for name in self.shares if name != EVERYONE)

    def people_of(self, name: str) -> int:
        """People of the training set `name`."""
        return sum(self.shares[name].values())


def groups_of(faces: FaceSet, label: str, usable: np.ndarray) -> Groups:
    """The groups of `label` among the `usable` rows bool (n,) of `faces`.

    Raises `ConfigError` where there is no such label, `NotEnoughData` where no two of its groups
    have `FEWEST_PEOPLE` people, or nobody said who is who.
    """
    if label not in faces.labels:
        raise ConfigError(
            f"action_units.group is '{label}', and this set has the labels "
            f"{', '.join(faces.labels) or '(none)'}: name one of these, or add the column"
        )
    if not faces.has_subjects:
        raise NotEnoughData(
            "nobody said who is who in these faces, and action units are studied on people that "
            "the detector has not seen: add a column subject_id"
        )
    subject = faces.table["subject_id"].to_numpy(dtype=object).astype(str)
    values = faces.table[label].to_numpy(dtype=object).astype(str)
    there = usable & (subject != UNKNOWN) & (values != UNKNOWN)
    people, person = np.unique(subject, return_inverse=True)
    classes, told = _classes(values, person, there, label)
    of, both = _one_each(values, person, there, classes, len(people))
    if both:
        told.append(f"{both} people are of several groups of {label} and are left out")
    counts = [int((of == place).sum()) for place in range(len(classes))]
    kept = [place for place, count in enumerate(counts) if count >= FEWEST_PEOPLE]
    few = [f"{classes[p]} ({counts[p]})" for p in range(len(classes)) if p not in kept]
    if len(kept) < 2:
        raise NotEnoughData(
            f"the groups of {label} have {', '.join(map(str, counts)) or 'no'} people with known "
            f"action units, and two of them need {FEWEST_PEOPLE} each: bring more people, or name "
            "another label as action_units.group"
        )
    if few:
        told.append(f"groups of {label} with fewer than {FEWEST_PEOPLE} people are left out: "
                    f"{', '.join(few)}")  # fmt: skip
    place = np.full(len(classes) + 1, -1)
    place[kept] = np.arange(len(kept))
    of = place[of]
    code = np.where(there, of[person], -1)
    names = tuple(classes[one] for one in kept)
    return Groups(label, names, code, person, people, of, tuple(told))


def _classes(
    values: np.ndarray, person: np.ndarray, there: np.ndarray, label: str
) -> tuple[list[str], list[str]]:
    """The classes, at most `MOST_GROUPS` of those with the most people, and what was left out."""
    known = {value: len(set(person[there & (values == value)])) for value in set(values[there])}
    order = sorted(known, key=lambda value: (-known[value], value))
    told = []
    if len(order) > MOST_GROUPS:
        told.append(
            f"{label} has {len(order)} groups, and the {MOST_GROUPS} with the most people are "
            "compared"
        )
    return sorted(order[:MOST_GROUPS]), told


def _one_each(
    values: np.ndarray, person: np.ndarray, there: np.ndarray, classes: Sequence[str], people: int
) -> tuple[np.ndarray, int]:
    """The class of each person, −1 where there is none or more than one, and how many of these."""
    shown = np.zeros((people, len(classes)), dtype=bool)
    for place, value in enumerate(classes):
        shown[person[there & (values == value)], place] = True
    several = shown.sum(axis=1) > 1
    of = np.where(shown.any(axis=1) & ~several, shown.argmax(axis=1), -1)
    return of, int(several.sum())


def draw(groups: Groups, *, skew: float | None, repeats: int, seed: int) -> Draws:
    """Draw the training and test people of all repeats.

    Without a `skew` there is a set of each group alone and a mixed one; with it, one that holds
    that share of the group with the most people, and the mixed one; and `EVERYONE`. Raises
    `NotEnoughData` where a set would hold fewer than `FEWEST_TRAIN` people.
    """
    most = int(np.argmax(np.bincount(groups.of[groups.of >= 0])))
    pools = [_deal(groups, repeat, seed) for repeat in range(repeats)]
    least = [min(len(pool[0][g]) for pool in pools) for g in range(len(groups.names))]
    plan = _sets(groups.names, least, skew, most)
    people = sum(plan[MIXED])
    if people < FEWEST_TRAIN:
        raise NotEnoughData(
            f"a training set would hold {people} people (at least {FEWEST_TRAIN} are needed; the "
            f"groups of {groups.label} have {', '.join(map(str, least))} to learn from): bring "
            "more people, or choose a skew nearer to one half"
        )
    faces = _faces(groups)
    if len(least) * min(least) > people:
        plan[EVERYONE] = [min(least)] * len(least)
    drawn = []
    for repeat, (train, test) in enumerate(pools):
        random = np.random.default_rng([seed, repeat, 23])
        own = {
            name: np.concatenate([train[g][:count] for g, count in enumerate(counts)])
            for name, counts in plan.items()
        }
        drawn.append(
            Repeat(
                {name: _rows(groups, who, faces, random) for name, who in own.items()},
                {
                    name: _rows(groups, test[g], faces, random)
                    for g, name in enumerate(groups.names)
                },
                seed + repeat,
            )
        )
    shares = {name: dict(zip(groups.names, counts, strict=True)) for name, counts in plan.items()}
    tested = {name: len(pools[0][1][g]) for g, name in enumerate(groups.names)}
    return Draws(tuple(drawn), people, shares, tested, faces)


def _deal(groups: Groups, repeat: int, seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """People to learn from, in random order, and to test, of each group, in one repeat."""
    train, test = [], []
    for g in range(len(groups.names)):
        own = np.flatnonzero(groups.of == g)
        random = np.random.default_rng([seed, repeat // FOLDS, g])
        part = random.permutation(np.arange(len(own)) % FOLDS) == repeat % FOLDS
        order = np.random.default_rng([seed, repeat, g, 1]).permutation(own[~part])
        train.append(order)
        test.append(own[part])
    return train, test


def _sets(
    names: Sequence[str], least: Sequence[int], skew: float | None, most: int
) -> dict[str, list[int]]:
    """People of each group in each training set; all of these sets hold as many."""
    k = len(names)
    if skew is None:
        each = min(least) // k
        alone = {
            name: [each * k if g == own else 0 for g in range(k)] for own, name in enumerate(names)
        }
        return {**alone, MIXED: [each] * k}
    shares = np.full(k, (1 - skew) / (k - 1))
    shares[most] = skew
    # The balanced set holds as many people as the skewed one, of groups that have fewer.
    wanted = np.maximum(shares, 1e-9)
    total = int(min(np.floor(np.array(least) / wanted).min(), k * min(least))) // k * k
    counts = np.floor(total * shares + 0.5).astype(int)
    counts[most] = total - (counts.sum() - counts[most])
    name = f"{names[most]} {skew:.0%}"
    return {name: [int(count) for count in counts], MIXED: [total // k] * k}


def _faces(groups: Groups) -> int:
    """Faces of a person that are used at most: the median over people, the same for everybody."""
    studied = groups.code >= 0
    counts = np.bincount(groups.person[studied])
    return int(np.median(counts[counts > 0]))


def _rows(groups: Groups, people: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    """Rows of `people`, at most `most` of each, drawn at random, sorted."""
    inside = np.flatnonzero(np.isin(groups.person, people) & (groups.code >= 0))
    order = random.permutation(inside)
    _, person = np.unique(groups.person[order], return_inverse=True)
    by = np.argsort(person, kind="stable")
    counts = np.bincount(person)
    turn = np.arange(len(by)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[by[turn < most]])
