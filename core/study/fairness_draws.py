"""Whom the fairness study trains on and judges by: parts of people, and draws from them.

Three parts share nobody: suppressors learn from the first, classifiers from the second, the third
is decided about. A set of few people is dealt anew in each repeat, by the rotation of METHODS
("Protocol" 2), so that everybody is decided about; a set of `MANY` is dealt once, and each repeat
draws its training and its evaluation set anew from the parts, as the papers did from CelebA's
(thesis, section 4.3). Within a repeat all strengths and representations see the same evaluation
set, and training sets of unlike strength share as many faces as they can, so that shifts are
paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.config_parts import AutoOrCount, Fairness
from core.split import GROUPS, Split, check, rotation
from core.study.fairness_question import Question, shares

MANY = 2000
"""From so many people on they are dealt once."""
SHARES = (0.3, 0.3)
MOST = (2000, 1000)
"""Of `MANY` people, for suppressors and for evaluation, and at most so many: large sets need theirs
in training (at 70 / 30, 36,000 training faces need two thirds of CelebA's attractive smiling men).
"""
HELD_OUT = 0.2
"""Of the training people of a repeat, those who tell when to stop and set thresholds."""
FEWEST_TRAIN = 100
FEWEST_EVAL = 40
"""Faces below which nothing is trained, or judged: "not enough data"."""
TRAIN = {"carried": 36_000, "protected": 40_000}
"""`n_train: auto`: the thesis's annex (section V.C), and TPAMI section 4.4."""
EVAL = 4000
BALANCED = 0.5
"""The strength of an unbiased training set and of every evaluation set."""


@dataclass(frozen=True)
class Training:
    """Row numbers of one training set: who is learnt from, and who is held out of it."""

    fit: np.ndarray
    held: np.ndarray


@dataclass(frozen=True)
class Draws:
    """Every training and evaluation set of the study.

    `splits` one a repeat, all the same where people are dealt once; in their words, classifiers
    learn from `attacker` rows and `test` rows are decided about. `train` by (strength, repeat);
    `evaluation` one array of rows a repeat; `strengths` that could be drawn, and `impossible` that
    could not. `n_train`, `n_eval` are the faces of one set. Empty where nothing could be drawn.
    `told` says in words what was scaled or left out.
    """

    splits: tuple[Split, ...]
    train: dict[tuple[float, int], Training]
    evaluation: tuple[np.ndarray, ...]
    strengths: tuple[float, ...]
    impossible: tuple[float, ...]
    n_train: int
    n_eval: int
    balanced_by: str | None
    told: tuple[str, ...]

    @property
    def possible(self) -> bool:
        """Whether anything can be trained and judged."""
        return bool(self.train) and bool(self.evaluation)


def deal(
    subjects: np.ndarray, question: Question, *, repeats: int, seed: int, suppressor: bool
) -> tuple[Split, ...]:
    """The parts of people of each repeat; rows that are not usable are in none of them.

    Without a suppressor part its people go to training. Raises `NotEnoughData` below ten people.
    """
    rows = question.usable
    own = subjects[rows].astype(str)
    people = len(set(own))
    if people >= MANY:
        return (_dealt_once(own, question, seed=seed, suppressor=suppressor),) * repeats
    strata = question.y[rows] * len(question.protected.classes) + question.s[rows]
    rounds = -(-repeats // GROUPS)
    turned = rotation(own, strata, seeds=rounds, seed=seed, suppressor=suppressor)
    return tuple(
        replace(
            one, suppressor=rows[one.suppressor], attacker=rows[one.attacker], test=rows[one.test]
        )
        for one in turned[:repeats]
    )


def _dealt_once(own: np.ndarray, question: Question, *, seed: int, suppressor: bool) -> Split:
    """One deal, stratified by the protected group and the share of positives of each person."""
    rows = question.usable
    people, person = np.unique(own, return_inverse=True)
    count = np.bincount(person)
    strata = np.round(np.bincount(person, question.s[rows]) / count) * 10
    strata += np.round(3 * np.bincount(person, question.y[rows]) / count)
    random = np.random.default_rng([seed, 5])
    order = np.lexsort((random.permutation(len(people)), strata))
    wanted = [min(share, most / len(people)) for share, most in zip(SHARES, MOST, strict=True)]
    owner = np.empty(len(people), dtype=np.int64)
    owner[order] = _spread(len(people), wanted[0] * suppressor, wanted[1])
    part = owner[person]
    places = [np.flatnonzero(part == which) for which in range(3)]
    check(Split(places[0], places[1], places[2], 0, seed), own)
    return Split(rows[places[0]], rows[places[1]], rows[places[2]], 0, seed)


def _spread(n: int, first: float, last: float) -> np.ndarray:
    """0, 1 or 2 for n in a row, in these shares, as evenly as whole numbers allow."""
    place = np.arange(n + 1)
    owner = np.ones(n, dtype=np.int64)
    owner[np.diff(np.floor(place * last + 0.5)) > 0] = 2
    free = np.flatnonzero(owner != 2)
    steps = np.arange(len(free) + 1) * (first / max(1 - last, 1e-9))
    owner[free[np.diff(np.floor(steps + 0.5)) > 0]] = 0
    return owner


def draw(
    subjects: np.ndarray, question: Question, splits: tuple[Split, ...], settings: Fairness
) -> Draws:
    """Draw every set that `settings` ask for; `subjects` (n,) say who is shown."""
    balance, told = question.balance is not None, list(question.left_out)
    asked = sorted(set(settings.strengths))
    sizes = _sizes(question, splits, asked, settings, balance)
    if balance and not sizes.enough:
        bare = _sizes(question, splits, asked, settings, False)
        if bare.enough:
            told.append("too few faces to balance training and evaluation by gender: they are not")
            balance, sizes = False, bare
    able = tuple(one for one in asked if sizes.train[one] >= FEWEST_TRAIN)
    if sizes.evaluation < FEWEST_EVAL:
        able = ()
    impossible = tuple(one for one in asked if one not in able)
    n_train = min((sizes.train[one] for one in able), default=0)
    told += _told(question, settings, sizes, n_train, able)
    train: dict[tuple[float, int], Training] = {}
    evaluation: list[np.ndarray] = []
    cells = _Cells(question, balance)
    for repeat, split in enumerate(splits if able else ()):
        random = np.random.default_rng([split.seed, repeat, 11])
        evaluation.append(cells.drawn(split.test, BALANCED, sizes.evaluation, random))
        order = random.permutation(split.attacker)
        held = _held(subjects[split.attacker], random)
        for one in able:
            taken = cells.first(order, one, n_train)
            inside = np.isin(subjects[taken].astype(str), held)
            train[one, repeat] = Training(np.sort(taken[~inside]), np.sort(taken[inside]))
    by = question.balance.name if question.balance and balance else None
    return Draws(
        splits, train, tuple(evaluation), able, impossible, n_train, sizes.evaluation, by,
        tuple(told),
    )  # fmt: skip


def _held(subjects: np.ndarray, random: np.random.Generator) -> np.ndarray:
    people = np.unique(subjects.astype(str))
    return random.permutation(people)[: max(1, round(HELD_OUT * len(people)))]


@dataclass(frozen=True)
class _Sizes:
    """Faces of each training set by strength, and of an evaluation set, that every repeat has."""

    train: dict[float, int]
    evaluation: int

    @property
    def enough(self) -> bool:
        return max(self.train.values()) >= FEWEST_TRAIN and self.evaluation >= FEWEST_EVAL


def _sizes(
    question: Question,
    splits: Sequence[Split],
    asked: Sequence[float],
    settings: Fairness,
    balance: bool,
) -> _Sizes:
    cells = _Cells(question, balance)
    wanted = _wanted(settings.n_train, TRAIN[settings.phi])
    train = {
        one: min(wanted, *(cells.most(split.attacker, one) for split in splits)) for one in asked
    }
    most = min(cells.most(split.test, BALANCED) for split in splits)
    return _Sizes(train, min(_wanted(settings.n_eval, EVAL), most))


def _wanted(asked: AutoOrCount, default: int) -> int:
    return default if asked == "auto" else asked


def _told(
    question: Question, settings: Fairness, sizes: _Sizes, n_train: int, able: Sequence[float]
) -> list[str]:
    """What is smaller than was asked for, and why."""
    told = []
    if BALANCED not in sizes.train:
        told.append(
            f"no shift is given: fairness.strengths holds no {BALANCED:g}, which it is held against"
        )
    wanted = _wanted(settings.n_train, TRAIN[settings.phi])
    what = f"{question.target.name} and {question.protected.name}"
    if 0 < n_train < wanted:
        strongest = max(able)
        told.append(
            f"training sets hold {n_train} of {wanted} faces: the rarest combination of {what} "
            f"allows no more at the strength {strongest:g}, and all strengths are trained alike"
        )
    if FEWEST_EVAL <= sizes.evaluation < _wanted(settings.n_eval, EVAL):
        told.append(
            f"evaluation sets hold {sizes.evaluation} of {_wanted(settings.n_eval, EVAL)} faces: "
            f"the rarest combination of {what} allows no more"
        )
    if sizes.evaluation < FEWEST_EVAL:
        told.append(
            f"evaluation sets would hold {sizes.evaluation} faces, at least {FEWEST_EVAL} are "
            f"needed: not enough data for {what}"
        )
    for one in (one for one in sizes.train if sizes.train[one] < FEWEST_TRAIN):
        told.append(
            f"a training set of the strength {one:g} would hold {sizes.train[one]} faces, at least "
            f"{FEWEST_TRAIN} are needed: not enough data"
        )
    return told


@dataclass(frozen=True)
class _Cells:
    """Combinations of target, protected group and, where wanted, the balanced label."""

    question: Question
    balance: bool

    def shares(self, strength: float) -> np.ndarray:
        """The share of each cell in a training set, flat; they sum to 1."""
        by_group = shares(len(self.question.protected.classes), strength) / 2
        return np.repeat(by_group.ravel() / self._b, self._b)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """The cell of each row."""
        q = self.question
        code = q.y[rows] * len(q.protected.classes) + q.s[rows]
        if not self.balance or q.balance is None:
            return code
        return code * self._b + q.balance.code[rows]

    def most(self, rows: np.ndarray, strength: float) -> int:
        """Faces of the largest set of that strength that `rows` can give."""
        share = self.shares(strength)
        there = np.bincount(self.of(rows), minlength=len(share))
        needed = share > 1e-9
        return int(np.floor((there[needed] / share[needed]).min() + 1e-6))

    def first(self, rows: np.ndarray, strength: float, n: int) -> np.ndarray:
        """The first rows of each cell, as many as a set of n faces has."""
        counts, cell = np.floor(n * self.shares(strength) + 1e-6).astype(int), self.of(rows)
        own = [rows[cell == place][:count] for place, count in enumerate(counts)]
        return np.concatenate(own)

    def drawn(
        self, rows: np.ndarray, strength: float, n: int, random: np.random.Generator
    ) -> np.ndarray:
        """Rows of a set of n faces, drawn without replacement, sorted."""
        return np.sort(self.first(random.permutation(rows), strength, n))

    @property
    def _b(self) -> int:
        balanced = self.question.balance if self.balance else None
        return 1 if balanced is None else len(balanced.classes)
