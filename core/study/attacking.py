"""Attacks through the store: what an attacker said of a split is kept, and never computed twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from core.attack import attack as attacking
from core.attack import null, planted
from core.attack.attack import Problem
from core.attack.fit import Anyone, Informed, Printed
from core.attack.registry import ATTACKERS, BASELINES
from core.engine import Engine
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
from core.study.asking import Asking, Question, Told, settled
from core.study.knowing import Others, Scene, part
from core.study.representation import Representation

__all__ = ["Attacks", "part", "rows_digest", "settled"]

CONTROL_PEOPLE = 30
"""The positive control is judged on as many test parts as hold so many people."""

Scenes = Callable[[int, str], Scene]
"""The scene of the split at a place, for an attacker that needs this field of `Known`."""


def _nobody(attacker: str, *, found: bool = False) -> None:
    """Tell nobody."""


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

    def said(self, cell: Cell, attacker: str, *, control: bool = True) -> Predictions:
        """What one attacker says of every test part: `each_said` of it alone."""
        ((_, found),) = self.each_said(cell, [attacker], control=control)
        return found

    def each_said(
        self, cell: Cell, attackers: Sequence[str], told: Told = _nobody, *, control: bool = True
    ) -> Iterator[tuple[str, Predictions]]:
        """What each of `attackers` says of every test part, in their order; notes their inner
        figures and views in `cell`.

        Positive controls are asked in the same round, unless they are not wanted; `told` is called
        after each question, with `found` where the store had the answer.
        """
        coded = self._coded(cell.target, planted.CONTROL)
        rounds = {}
        for attacker in attackers:
            rounds[attacker] = self._real(cell.target, attacker)
            if control and attacker not in BASELINES:
                rounds[attacker] += self._planted(cell.target, attacker, planted.CONTROL, coded)
        for attacker, entries in self._asking.answers(rounds, told):
            real = entries[: len(self.splits)]
            cell.inner[attacker] = [entry.meta["inner"] for entry in real]
            cell.views[attacker] = [entry.meta["view"] for entry in real]
            yield attacker, self._pooled(cell.target, self.splits, real)

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

    @property
    def _asking(self) -> Asking:
        return Asking(
            self.attackers, self.device, self.store, self.progress, self.engine, self.views
        )

    def _real(self, target: Target, attacker: str) -> list[Question]:
        places = range(len(self.splits))
        return self._questions(
            target, attacker, "real", places, lambda place, _: self._scene(place)
        )

    def _planted(self, target: Target, attacker: str, size: float, coded: Scenes) -> list[Question]:
        what = f"planted {size}, seed {self.seed}, version {planted.VERSION}"
        places = range(len(self._control_splits(target)))
        return self._questions(target, attacker, what, places, coded)

    def _coded(self, target: Target, size: float) -> Scenes:
        """The scene of a split with a planted code. One set of vectors gets one code, which is
        remembered until another is asked for."""
        last: tuple[np.ndarray, str, Scene] | None = None

        def coded(place: int, needs: str) -> Scene:
            nonlocal last
            real = self._scene(place)
            if last is None or last[0] is not real.x or last[1] != needs:
                others = self._others(target)
                made = knowing.with_code(real, target, others, needs, size, self.seed)
                last = real.x, needs, made
            return last[2]

        return coded

    def _said_of_planted(self, cell: Cell, attacker: str, size: float) -> Predictions:
        asked = self._planted(cell.target, attacker, size, self._coded(cell.target, size))
        ((_, entries),) = self._asking.answers({attacker: asked}, _nobody)
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
        self, target: Target, attacker: str, what: str, places: Iterable[int], scene: Scenes
    ) -> list[Question]:
        """A question for each split, cut from its `scene` for what the attacker needs."""
        needs = self._needs(attacker)
        # An informed attacker makes a problem of its own, and chooses a view for that.
        alone = isinstance(self.attackers[attacker], Informed)

        def problem(place: int) -> Problem:
            return self._problem(target, place, needs, scene(place, needs))

        return [
            Question(
                attacker,
                self._key("attack", target, what, place, attacker=attacker),
                "" if alone else self._key("view", target, what, place),
                partial(problem, place),
            )
            for place in places
        ]

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


def rows_digest(rows: np.ndarray) -> str:
    """SHA-256 of row numbers."""
    return hashlib.sha256(np.ascontiguousarray(rows, dtype=np.int64).tobytes()).hexdigest()


def _null_scores(task: tuple[Problem, np.ndarray]) -> dict[str, np.ndarray]:
    return null.null_scores(*task)
