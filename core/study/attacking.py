"""Attacks through the store: what an attacker said of a split is kept, and never computed twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from joblib import cpu_count

from core.attack import attack as attacking
from core.attack import null, planted
from core.attack.attack import Finding, Problem, attack, choose_view
from core.attack.registry import ATTACKERS, BASELINES
from core.encode.embeddings import Embeddings
from core.measure.intervals import Interval, Metric, Predictions, interval
from core.measure.leakage import HEADLINE, METRICS, Cell, chance, plain, prediction_limits
from core.measure.targets import Target
from core.progress import Progress
from core.split import Split
from core.store import Entry, Store, key

T = TypeVar("T")

CONTROL_PEOPLE = 30
"""The positive control is judged on as many test parts as hold so many people."""


def _nothing() -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class _Question:
    """One attack on one split: what is asked, and the keys of the answer and of its view."""

    name: str
    view: str
    problem: Problem


@dataclass(frozen=True)
class Attacks:
    """Attacks on one representation `x`, label by label; `seed` and `device` hold for all.

    `views` remembers which view was chosen for which problem.
    """

    x: Embeddings
    splits: Sequence[Split]
    seed: int
    device: str
    store: Store
    progress: Progress
    views: dict[str, str] = field(default_factory=dict)

    def said(self, cell: Cell, attacker: str, told: Callable[[], None] = _nothing) -> Predictions:
        """What `attacker` says of every test part; notes its inner figures and views in `cell`.

        The positive control is asked in the same round, so that no processor waits; `told` is
        called after each split of the real question.
        """
        questions = self._real(cell, attacker)
        count = len(questions)
        if attacker not in BASELINES:
            questions += self._planted(cell, attacker, planted.CONTROL)
        entries = self._answers(attacker, questions, told)[:count]
        cell.inner[attacker] = [entry.meta["inner"] for entry in entries]
        cell.views[attacker] = [entry.meta["view"] for entry in entries]
        return self._pooled(cell.target, self.splits, entries)

    def finds_code(self, cell: Cell, attacker: str) -> bool | None:
        """Whether `attacker` finds a planted code of the control's size in these very vectors.

        None where the test parts hold too few people to say.
        """
        found = self._on_planted(cell, attacker, planted.CONTROL)
        return None if found.low is None else found.low > chance(HEADLINE, cell.target.k)

    def _on_planted(self, cell: Cell, attacker: str, size: float) -> Interval:
        said = self._said_of_planted(cell, attacker, size)
        return interval(said, HEADLINE, k=cell.target.k, seed=self.seed)

    def would_find(self, cell: Cell, attacker: str) -> dict[Metric, float]:
        """The figures of the smallest planted code that `attacker` finds here, by bisection."""
        found: dict[Metric, float] = {}
        low, high = 0, len(planted.SIZES)
        while low < high:
            middle = (low + high) // 2
            said = self._said_of_planted(cell, attacker, planted.SIZES[middle])
            one = interval(said, HEADLINE, k=cell.target.k, seed=self.seed)
            # Found means what it means for the real label: the interval clears the null.
            if one.low is not None and one.low > cell.nulls[HEADLINE][1]:
                found = {metric: plain(said, metric, cell.target.k) for metric in METRICS}
                high = middle
            else:
                low = middle + 1
        return found

    def nulls(self, cell: Cell, count: int) -> dict[Metric, tuple[float, float]]:
        """The limits that 95 % of permuted labels stay within, for each metric."""
        target = cell.target
        people = self.x.subjects[target.rows]
        permuted = null.permutations(target.y, people, count, seed=self.seed)
        problems = self._problems(target, self.x.x, self.splits)

        def made(split: Split, problem: Problem) -> np.ndarray:
            self.progress.check()
            own = part(split.attacker, target)
            settings = {"permutations": count, "seed": self.seed, "split": split.seed}
            name = key("null", null.VERSION, settings, self._inputs(target, split))
            make = partial(_null_kept, problem, permuted[:, own])
            return self.store.get(name, make).arrays["scores"]

        scores = side_by_side(made, self.splits, problems)
        values: dict[Metric, list[float]] = {metric: [] for metric in METRICS}
        for i in range(count):
            shuffled = replace(target, y=permuted[i])
            said = self._predictions(shuffled, self.splits, [one[i] for one in scores])
            for metric in METRICS:
                values[metric].append(plain(said, metric, target.k))
        limits = {metric: prediction_limits(values[metric]) for metric in METRICS}
        # An attacker that has found nothing may still name the most frequent class every time.
        blind = float(np.bincount(target.y).max() / len(target.y))
        floor, limit = limits["accuracy"]
        return {**limits, "accuracy": (floor, max(limit, blind))}

    def _real(self, cell: Cell, attacker: str) -> list[_Question]:
        problems = self._problems(cell.target, self.x.x, self.splits)
        return self._questions(cell.target, attacker, problems, self.splits, "real")

    def _planted(self, cell: Cell, attacker: str, size: float) -> list[_Question]:
        target = cell.target
        x = self.x.x.copy()
        x[target.rows] = planted.plant(x[target.rows], target.y, size, seed=self.seed)
        splits = self._control_splits(target)
        what = f"planted {size}, seed {self.seed}, version {planted.VERSION}"
        return self._questions(target, attacker, self._problems(target, x, splits), splits, what)

    def _said_of_planted(self, cell: Cell, attacker: str, size: float) -> Predictions:
        entries = self._answers(attacker, self._planted(cell, attacker, size))
        return self._pooled(cell.target, self._control_splits(cell.target), entries)

    def _control_splits(self, target: Target) -> Sequence[Split]:
        """Test parts of the first repeat, as many as hold `CONTROL_PEOPLE` people."""
        chosen: list[Split] = []
        people: set[Any] = set()
        for split in self.splits:
            if len(people) >= CONTROL_PEOPLE or split.seed != self.splits[0].seed:
                break
            chosen.append(split)
            people |= set(self.x.subjects[target.rows[part(split.test, target)]])
        return chosen

    def _problems(self, target: Target, x: np.ndarray, splits: Sequence[Split]) -> list[Problem]:
        problems = []
        for split in splits:
            own = target.rows[part(split.attacker, target)]
            strangers = target.rows[part(split.test, target)]
            y = target.y[part(split.attacker, target)]
            people = self.x.subjects[own]
            problems.append(Problem(x[own], y, people, x[strangers], target.k, split.seed, ""))
        return problems

    def _questions(
        self,
        target: Target,
        attacker: str,
        problems: Sequence[Problem],
        splits: Sequence[Split],
        what: str,
    ) -> list[_Question]:
        return [
            _Question(
                self._key("attack", target, what, split, attacker=attacker),
                self._key("view", target, what, split),
                problem,
            )
            for split, problem in zip(splits, problems, strict=True)
        ]

    def _answers(
        self, attacker: str, questions: Sequence[_Question], told: Callable[[], None] = _nothing
    ) -> list[Entry]:
        """What the attacker said, from the store or made now: on a graphics card all as one batch,
        on processors one question each."""
        if self.device != "cpu":
            self._answer_together(attacker, questions)
        return side_by_side(partial(self._answer, attacker), questions, told=told)

    def _answer(self, attacker: str, question: _Question) -> Entry:
        self.progress.check()

        def make() -> tuple[dict[str, np.ndarray], dict[str, Any]]:
            ready = [self._viewed(question)]
            return _kept(attack(ready, ATTACKERS[attacker], device=self.device)[0])

        return self.store.get(question.name, make)

    def _answer_together(self, attacker: str, questions: Sequence[_Question]) -> None:
        missing = [one for one in questions if self.store.load(one.name) is None]
        self.progress.check()
        ready = side_by_side(self._viewed, missing)
        findings = attack(ready, ATTACKERS[attacker], device=self.device)
        for question, finding in zip(missing, findings, strict=True):
            self.store.save(question.name, *_kept(finding))

    def _viewed(self, question: _Question) -> Problem:
        """The problem with its view, which is chosen once for all attackers."""
        name = question.view
        if name not in self.views:
            entry = self.store.get(name, lambda: ({}, {"view": choose_view(question.problem)}))
            self.views[name] = entry.meta["view"]
        return replace(question.problem, view=self.views[name])

    def _key(
        self, kind: str, target: Target, what: str, split: Split, attacker: str | None = None
    ) -> str:
        settings: dict[str, Any] = {"what": what, "seed": split.seed, "attacker": attacker}
        if attacker is not None:
            settings["version"] = ATTACKERS[attacker].version
        return key(kind, attacking.VERSION, settings, self._inputs(target, split))

    def _inputs(self, target: Target, split: Split) -> list[str]:
        parts = [rows_digest(split.attacker), rows_digest(split.test)]
        return [self.x.digest, target.digest(), *parts]

    def _pooled(
        self, target: Target, splits: Sequence[Split], entries: Sequence[Entry]
    ) -> Predictions:
        return self._predictions(target, splits, [entry.arrays["scores"] for entry in entries])

    def _predictions(
        self, target: Target, splits: Sequence[Split], scores: Sequence[np.ndarray]
    ) -> Predictions:
        """Predictions of all test parts in one piece, told apart by seed and fold."""
        places = [part(split.test, target) for split in splits]
        sizes = [len(own) for own in places]
        rows = target.rows[np.concatenate(places)]
        together = np.concatenate(scores)
        return Predictions(
            truth=target.y[np.concatenate(places)],
            predicted=together.argmax(axis=1),
            scores=together,
            people=self.x.subjects[rows].astype(str),
            rows=rows,
            repeat=np.repeat([split.seed for split in splits], sizes),
            fold=np.repeat([split.fold for split in splits], sizes),
        )


def side_by_side(
    make: Callable[..., T], *each: Sequence[Any], told: Callable[[], None] = _nothing
) -> list[T]:
    """`make` of every item, in order, in as many threads as there are processors.

    Probes spend their time outside the interpreter's lock (measured: two forests, machines or
    networks in two threads take the time of one). Where one fails, those not begun are not begun.
    """
    found: list[T] = []
    pool = ThreadPoolExecutor(cpu_count())
    try:
        for one in pool.map(make, *each):
            found.append(one)
            told()
    finally:
        pool.shutdown(cancel_futures=True)
    return found


def part(rows: np.ndarray, target: Target) -> np.ndarray:
    """Places in `target.rows` of those of `rows` that take part in the attack."""
    return np.flatnonzero(np.isin(target.rows, rows, assume_unique=True))


def rows_digest(rows: np.ndarray) -> str:
    """SHA-256 of row numbers."""
    return hashlib.sha256(np.ascontiguousarray(rows, dtype=np.int64).tobytes()).hexdigest()


def _null_kept(
    problem: Problem, permuted: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    return {"scores": null.null_scores(problem, permuted)}, {}


def _kept(finding: Finding) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    return {"scores": finding.scores}, {"inner": finding.inner, "view": finding.view}
