"""Pairs: which of two pictures of one person shows the class.

METHODS, "Protocol" 6. A single vector holds mostly who somebody is; two of the same person cancel
that. Who wants to know whether somebody smiled today and not yesterday asks this question. It is
another question than that of single vectors, so that its figures stand in a table of their own and
never compete for `strongest`. For a label of k classes it is asked of each class against the rest,
of two classes once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core.attack import attack as attacking
from core.attack import null, planted
from core.attack.attack import Problem, attack, choose_view
from core.attack.bases import BASES
from core.engine import Engine
from core.measure.intervals import NONE_BELOW, Interval, Predictions, interval
from core.measure.leakage import plain, prediction_limits
from core.measure.targets import Target
from core.progress import Progress
from core.split import Split
from core.store import Store, key
from core.study.attacking import rows_digest, settled
from core.study.knowing import part, varies
from core.study.leakage import Plan
from core.study.representation import Representation
from core.table import StudyResult, table

VERSION = 1
MOST = 20
"""Pairs of one person that are looked at; of more, as many are drawn by a seed."""


@dataclass(frozen=True)
class Couples:
    """Pairs of rows of the set: `shows` int64 (p,) has the class and `other` (p,) has not."""

    shows: np.ndarray
    other: np.ndarray
    people: np.ndarray


@dataclass(frozen=True)
class _Split:
    """The pairs of one split's attackers and strangers, and whether a stranger's first picture is
    the one that shows the class, bool (p,), drawn by a seed."""

    own: Couples
    strangers: Couples
    first: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Asks the question of every representation; `store` keeps what was answered."""

    plan: Plan
    store: Store
    progress: Progress
    engine: Engine

    def run(
        self, representations: Mapping[str, Representation], targets: Sequence[Target]
    ) -> StudyResult:
        """The table `pairs`, for labels that change within people."""
        asked = [
            (name, one, target, number)
            for target in targets
            for name, one in representations.items()
            if target.k >= 2 and varies(target, one.subjects)
            for number in _classes(target)
        ]
        self.progress.start("Pairs", len(asked))
        rows = []
        for name, x, target, number in asked:
            rows.append({"representation": name, **self._row(x, target, number)})
            self.progress.advance(1, f"{name}, {target.attribute}, {target.classes[number]}")
        return StudyResult({"pairs": table("pairs", rows)})

    def _row(self, x: Representation, target: Target, number: int) -> dict[str, Any]:
        row = {
            "attribute": target.attribute,
            "class": target.classes[number],
            "chance": 0.5,
            "status": "not enough data",
        }
        splits = [self._split(x, target, number, split) for split in self.plan.splits]
        people = {one for split in splits for one in split.strangers.people}
        row |= {"pairs": _count(splits), "identities": len(people)}
        enough = all(len(set(split.own.people)) >= 2 for split in splits)
        if len(people) < NONE_BELOW or not enough:
            return row
        said = self._said(x, target, number, splits, None)
        control = self._said(x, target, number, splits, planted.CONTROL)
        limit = self._null(x, target, number, splits)
        found, code = (
            interval(one, "accuracy", k=2, seed=self.plan.seed) for one in (said, control)
        )
        row |= {"null": limit[1], "status": _word(found, code, limit)}
        if row["status"] == "probe failed":
            return row
        return {**row, "value": found.value, "low": found.low, "high": found.high}

    def _split(self, x: Representation, target: Target, number: int, split: Split) -> _Split:
        own, strangers = (
            couples(target, x.subjects, part(rows, target), number, seed=split.seed)
            for rows in (split.attacker, split.test)
        )
        random = np.random.default_rng(split.seed)
        return _Split(own, strangers, random.random(len(strangers.shows)) < 0.5)

    def _said(
        self,
        x: Representation,
        target: Target,
        number: int,
        splits: Sequence[_Split],
        size: float | None,
    ) -> Predictions:
        """What was said of every pair of strangers; with a planted code of `size` where given."""
        names = [self._key(x, target, number, place, size) for place in range(len(splits))]
        missing = [i for i, name in enumerate(names) if self.store.load(name) is None]
        tasks = (
            _problem(self._vectors(x, target, i, size), splits[i], self.plan.splits[i].seed)
            for i in missing
        )
        answers = self.engine.map(partial(_answer, self.plan.device), tasks)
        for i, found in zip(missing, answers, strict=True):
            self.progress.check()
            self.store.save(names[i], {"scores": found})
        scores = [settled(self.store, name).arrays["scores"] for name in names]
        return self._predictions(splits, scores)

    def _null(
        self, x: Representation, target: Target, number: int, splits: Sequence[_Split]
    ) -> tuple[float, float]:
        """The limits of labels that change places within people: every pair of a person turns
        round together, or none does."""
        count, values = self.plan.permutations, []
        answered = []
        for place, split in enumerate(splits):
            name = self._key(x, target, number, place, None, permutations=count)
            seed = self.plan.splits[place].seed
            work = partial(_null_scores, x.vectors(place), split, seed, count)
            answered.append(self.store.get(name, work).arrays["scores"])
            self.progress.check()
        for i in range(count):
            said = self._predictions(splits, [scores[i] for scores in answered])
            values.append(plain(said, "accuracy", 2))
        return prediction_limits(values)

    def _vectors(
        self, x: Representation, target: Target, place: int, size: float | None
    ) -> np.ndarray:
        vectors = x.vectors(place)
        if size is None:
            return vectors
        coded = vectors.copy()
        coded[target.rows] = planted.plant(
            vectors[target.rows], target.y, size, seed=self.plan.seed
        )
        return coded

    def _predictions(self, splits: Sequence[_Split], scores: Sequence[np.ndarray]) -> Predictions:
        sizes = [len(split.first) for split in splits]
        together = np.concatenate(scores)
        truth = np.concatenate([split.first for split in splits]).astype(np.int64)
        return Predictions(
            truth=truth,
            predicted=(together > 0).astype(np.int64),
            scores=np.stack([-together, together], axis=1),
            people=np.concatenate([split.strangers.people for split in splits]),
            rows=np.arange(len(truth)),
            repeat=np.repeat([split.seed for split in self.plan.splits], sizes),
            fold=np.repeat([split.fold for split in self.plan.splits], sizes),
        )

    def _key(
        self,
        x: Representation,
        target: Target,
        number: int,
        place: int,
        size: float | None,
        permutations: int = 0,
    ) -> str:
        split = self.plan.splits[place]
        settings = {
            "class": number,
            "size": size,
            "planted": planted.VERSION,
            "code seed": self.plan.seed if size else None,
            "seed": split.seed,
            "permutations": permutations,
            "null": null.VERSION,
            "attack": attacking.VERSION,
            "bases": [[base.name, base.version] for base in BASES],
        }
        parts = [rows_digest(split.attacker), rows_digest(split.test)]
        return key("pair", VERSION, settings, [x.digest(place), target.digest(), *parts])


def couples(
    target: Target, subjects: np.ndarray, places: np.ndarray, number: int, *, seed: int
) -> Couples:
    """Pairs among the pictures at `places` of `target`, one with class `number` and one without,
    of one person each; at most `MOST` a person."""
    random = np.random.default_rng(seed)
    rows, shows = target.rows[places], target.y[places] == number
    who = subjects[rows].astype(str)
    found: list[tuple[int, int, str]] = []
    for person in np.unique(who):
        own = who == person
        both = [(a, b) for a in rows[own & shows] for b in rows[own & ~shows]]
        if len(both) > MOST:
            both = [both[i] for i in np.sort(random.choice(len(both), MOST, replace=False))]
        found += [(int(a), int(b), str(person)) for a, b in both]
    first, second = (np.array([one[i] for one in found], dtype=np.int64) for i in (0, 1))
    return Couples(first, second, np.array([one[2] for one in found], dtype=str))


def _classes(target: Target) -> list[int]:
    """The classes to ask of: of two, the second by name; which of them makes no difference."""
    return [1] if target.k == 2 else list(range(target.k))


def _count(splits: Sequence[_Split]) -> int:
    """Different pairs of strangers."""
    rows = [np.stack([one.strangers.shows, one.strangers.other]) for one in splits]
    return np.unique(np.concatenate(rows, axis=1), axis=1).shape[1]


def _word(found: Interval, code: Interval, limits: tuple[float, float]) -> str:
    if code.low is not None and code.low <= 0.5:
        return "probe failed"
    if found.low is None or found.high is None:
        return found.status
    if found.low > limits[1]:
        return found.status
    return "anti-learning" if found.high < limits[0] else "nothing found"


def _problem(vectors: np.ndarray, split: _Split, seed: int) -> Problem:
    """Differences of both orders: what the attacker says of a pair turns round with it."""
    own = vectors[split.own.shows] - vectors[split.own.other]
    strangers = vectors[split.strangers.shows] - vectors[split.strangers.other]
    turned = np.where(split.first[:, None], strangers, -strangers)
    x, people = np.concatenate([own, -own]), np.tile(split.own.people, 2)
    y = np.repeat([1, 0], len(own))
    return Problem(x, y, people, np.concatenate([turned, -turned]), 2, seed, "")


def _answer(device: str, asked: Problem) -> np.ndarray:
    """Scores float32 (p,) of the strangers' pairs, above 0 where the first shows the class."""
    seen = Problem(asked.x, asked.y, asked.people, asked.x_test, 2, asked.seed, choose_view(asked))
    said = [attack([seen], base, device=device)[0] for base in BASES]
    return _turned(max(said, key=lambda one: one.inner).scores)


def _turned(scores: np.ndarray) -> np.ndarray:
    """One figure a pair from the scores (2p, 2) of both its orders."""
    lead = scores[:, 1].astype(np.float64) - scores[:, 0]
    half = len(lead) // 2
    return (lead[:half] - lead[half:]).astype(np.float32)


def _null_scores(
    vectors: np.ndarray, split: _Split, seed: int, count: int
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    asked = _problem(vectors, split, seed)
    random = np.random.default_rng(seed)
    people, person = np.unique(split.own.people, return_inverse=True)
    turn = random.random((count, len(people))) < 0.5
    permuted = np.where(np.tile(turn[:, person], 2), 1 - asked.y, asked.y)
    scores = null.null_scores(asked, permuted)["scores"]
    return {"scores": np.stack([_turned(one) for one in scores])}, {}
