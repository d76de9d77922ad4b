"""Attacks through the store: what an attacker said of a split is kept, and never computed twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from core.attack import attack as attacking
from core.attack import null, planted
from core.attack.attack import Finding, Problem, attack, choose_view
from core.attack.fit import Anyone, Informed, Printed
from core.attack.registry import ATTACKERS, BASELINES
from core.engine import Engine
from core.errors import StoreError
from core.measure.intervals import Interval, Metric, Predictions, interval
from core.measure.leakage import (
    HEADLINE,
    METRICS,
    STRONGEST,
    Cell,
    Limits,
    chance,
    plain,
    prediction_limits,
)
from core.measure.targets import Target
from core.progress import Progress
from core.split import Split
from core.store import Entry, Store, key
from core.study import knowing
from core.study.knowing import Others, Scene, part
from core.study.representation import Representation

__all__ = ["Attacks", "part", "rows_digest", "settled"]

CONTROL_PEOPLE = 30
"""The positive control is judged on as many test parts as hold so many people."""


def _nothing(*, found: bool = False) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class _Question:
    """One attack on one split: what is asked, and the keys of the answer and of its view, which
    is empty where attackers do not share one."""

    name: str
    view: str
    problem: Problem


@dataclass(frozen=True)
class Attacks:
    """Attacks on one representation `x`, label by label; `seed` and `device` hold for all.

    `views` remembers which view was chosen for which problem. `attackers` are those of the suite
    by name, `outside` the same representation of another set's faces, where there is one.
    """

    x: Representation
    splits: Sequence[Split]
    seed: int
    device: str
    store: Store
    progress: Progress
    engine: Engine
    views: dict[str, str] = field(default_factory=dict)
    attackers: Mapping[str, Anyone] = field(default_factory=lambda: ATTACKERS)
    outside: Representation | None = None

    def serves(self, attacker: str, target: Target) -> bool:
        """Whether `attacker` has what it needs here; one that has not is asked nothing."""
        return knowing.serves(self.attackers[attacker], self.x, target, self.outside)

    def said(
        self,
        cell: Cell,
        attacker: str,
        told: Callable[..., None] = _nothing,
        *,
        control: bool = True,
    ) -> Predictions:
        """What `attacker` says of every test part; notes its inner figures and views in `cell`.

        The positive control is asked in the same round, so that no processor waits, unless it is
        not wanted; `told` is called after each question, with `found` where the store had the answer.
        """
        questions = self._real(cell, attacker)
        count = len(questions)
        if control and attacker not in BASELINES:
            questions += self._planted(cell, attacker, planted.CONTROL)
        entries = self._answers(attacker, questions, told)[:count]
        cell.inner[attacker] = [entry.meta["inner"] for entry in entries]
        cell.views[attacker] = [entry.meta["view"] for entry in entries]
        return self._pooled(cell.target, self.splits, entries)

    def count(self, target: Target, attacker: str) -> int:
        """How many questions `said` asks."""
        control = () if attacker in BASELINES else self._control_splits(target)
        return len(self.splits) + len(control)

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
        limits = cell.limits(attacker, HEADLINE)
        if limits is None:
            return found
        low, high = 0, len(planted.SIZES)
        while low < high:
            middle = (low + high) // 2
            said = self._said_of_planted(cell, attacker, planted.SIZES[middle])
            one = interval(said, HEADLINE, k=cell.target.k, seed=self.seed)
            # Found means what it means for the real label: the interval clears the null.
            if one.low is not None and one.low > limits[1]:
                found = {metric: plain(said, metric, cell.target.k) for metric in METRICS}
                high = middle
            else:
                low = middle + 1
        return found

    def nulls(self, cell: Cell, count: int, *, differences: bool = False) -> dict[str, Limits]:
        """The limits that 95 % of permuted labels stay within, for each metric.

        Those of `STRONGEST` hold for all; some attackers have limits of their own beside them.

        `differences`: whether the suite has an attacker that reads those, too.
        """
        target = cell.target
        people = self.x.subjects[target.rows]
        permuted = null.permutations(target.y, people, count, seed=self.seed)
        names, tasks = [], []
        needs = "reference" if differences else ""
        for place, split in enumerate(self.splits):
            problem = self._problem(target, place, needs, self._scene(place))
            settings: dict[str, Any] = {
                "permutations": count,
                "seed": self.seed,
                "split": split.seed,
            }
            if differences:
                settings["differences"] = True
            names.append(key("null", null.VERSION, settings, self._inputs(target, place)))
            tasks.append((problem, permuted[:, part(split.attacker, target)]))
        missing = [i for i, name in enumerate(names) if self.store.load(name) is None]
        made = self.engine.map(_null_scores, [tasks[i] for i in missing])
        for i, found in zip(missing, made, strict=True):
            self.progress.check()
            self.store.save(names[i], found)
        entries = [settled(self.store, name).arrays for name in names]
        looks = {STRONGEST: "scores", "difference": "differences"}
        return {
            attacker: self._limits(target, permuted, [entry[look] for entry in entries])
            for attacker, look in looks.items()
            if look in entries[0]
        }

    def _limits(self, target: Target, permuted: np.ndarray, scores: Sequence[np.ndarray]) -> Limits:
        values: dict[Metric, list[float]] = {metric: [] for metric in METRICS}
        for i in range(len(permuted)):
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
        needs = self._needs(attacker)
        problems = [
            self._problem(cell.target, place, needs, self._scene(place))
            for place in range(len(self.splits))
        ]
        return self._questions(cell.target, attacker, problems, "real")

    def _planted(self, cell: Cell, attacker: str, size: float) -> list[_Question]:
        target, needs, others = cell.target, self._needs(attacker), self._others(cell.target)
        problems: list[Problem] = []
        last, coded = None, None
        for place in range(len(self._control_splits(target))):
            real = self._scene(place)
            if coded is None or last is not real.x:  # one set of vectors gets one code
                last = real.x
                coded = knowing.with_code(real, target, others, needs, size, self.seed)
            problems.append(self._problem(target, place, needs, coded))
        what = f"planted {size}, seed {self.seed}, version {planted.VERSION}"
        return self._questions(target, attacker, problems, what)

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

    def _needs(self, attacker: str) -> str:
        who = self.attackers[attacker]
        return who.needs if isinstance(who, Informed) else ""

    def _others(self, target: Target) -> Others | None:
        return knowing.others_of(self.outside, target)

    def _scene(self, place: int) -> Scene:
        return knowing.scene(self.x, self.outside, place)

    def _problem(self, target: Target, place: int, needs: str, seen: Scene) -> Problem:
        others = self._others(target) if needs == "outside" else None
        split = self.splits[place]
        return knowing.problem(seen, self.x.subjects, target, split, needs, others)

    def _questions(
        self, target: Target, attacker: str, problems: Sequence[Problem], what: str
    ) -> list[_Question]:
        """A question for each problem, which are those of the first splits."""
        # An informed attacker makes a problem of its own, and chooses a view for that.
        alone = isinstance(self.attackers[attacker], Informed)
        return [
            _Question(
                self._key("attack", target, what, place, attacker=attacker),
                "" if alone else self._key("view", target, what, place),
                problem,
            )
            for place, problem in enumerate(problems)
        ]

    def _answers(
        self, attacker: str, questions: Sequence[_Question], told: Callable[..., None] = _nothing
    ) -> list[Entry]:
        """What the attacker said, from the store or made now: on a graphics card all as one batch,
        on processors one question each."""
        missing = [one for one in questions if self.store.load(one.name) is None]
        for _ in range(len(questions) - len(missing)):
            told(found=True)
        for question, (view, finding) in zip(missing, self._found(attacker, missing), strict=True):
            self.progress.check()
            if question.view and question.view not in self.views:
                self.store.save(question.view, {}, {"view": view})
                self.views[question.view] = view
            self.store.save(question.name, {"scores": finding.scores}, _about(finding))
            told()
        return [settled(self.store, one.name) for one in questions]

    def _found(
        self, attacker: str, questions: Sequence[_Question]
    ) -> Iterator[tuple[str, Finding]]:
        """The view chosen for each question, and what was found."""
        problems = [replace(one.problem, view=self._view(one)) for one in questions]
        who = self.attackers[attacker]
        if self.device == "cpu":
            yield from self.engine.map(partial(_answer, who), problems)
        elif problems:
            alone = isinstance(who, Informed)
            seen = problems if alone else list(self.engine.map(_viewed, problems))
            findings = attack(seen, who, device=self.device)
            yield from zip((one.view for one in seen), findings, strict=True)

    def _view(self, question: _Question) -> str:
        """The view that all attackers of this problem share; empty where none is chosen yet."""
        if question.view and question.view not in self.views:
            entry = self.store.load(question.view)
            if entry is None:
                return ""
            self.views[question.view] = entry.meta["view"]
        return self.views.get(question.view, "")

    def _key(
        self, kind: str, target: Target, what: str, place: int, attacker: str | None = None
    ) -> str:
        split = self.splits[place]
        settings: dict[str, Any] = {"what": what, "seed": split.seed, "attacker": attacker}
        inputs = self._inputs(target, place)
        if attacker is not None:
            who = self.attackers[attacker]
            settings["version"] = who.version
            if isinstance(who, Printed):
                settings["variant"] = who.variant
            inputs += self._beside(target, place, self._needs(attacker))
        return key(kind, attacking.VERSION, settings, inputs)

    def _inputs(self, target: Target, place: int) -> list[str]:
        split = self.splits[place]
        parts = [rows_digest(split.attacker), rows_digest(split.test)]
        return [self.x.digest(place), target.digest(), *parts]

    def _beside(self, target: Target, place: int, needs: str) -> list[str]:
        """Digests of what an informed attacker looks at beside its own vectors. References are
        vectors of the same set, drawn by the split's seed: nothing more."""
        if needs == "before":
            return [self.x.base.digest]
        others = self._others(target) if needs == "outside" else None
        if others is None or self.outside is None:
            return []
        return [self.outside.digest(place), others.digest()]

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


def settled(store: Store, name: str) -> Entry:
    """What the store gives back, so that a resumed run and an undisturbed one go on from the
    same bits; raises `StoreError` where it was emptied meanwhile."""
    entry = store.load(name)
    if entry is None:
        raise StoreError(
            f"the store lost {name} while it was in use: run again, and let nothing else "
            "empty the cache meanwhile"
        )
    return entry


def rows_digest(rows: np.ndarray) -> str:
    """SHA-256 of row numbers."""
    return hashlib.sha256(np.ascontiguousarray(rows, dtype=np.int64).tobytes()).hexdigest()


def _null_scores(task: tuple[Problem, np.ndarray]) -> dict[str, np.ndarray]:
    return null.null_scores(*task)


def _viewed(problem: Problem) -> Problem:
    """The problem with its view, which is chosen once for all attackers."""
    return problem if problem.view else replace(problem, view=choose_view(problem))


def _answer(attacker: Anyone, problem: Problem) -> tuple[str, Finding]:
    seen = problem if isinstance(attacker, Informed) else _viewed(problem)
    return seen.view, attack([seen], attacker, device="cpu")[0]


def _about(finding: Finding) -> dict[str, Any]:
    return {"inner": finding.inner, "view": finding.view}
