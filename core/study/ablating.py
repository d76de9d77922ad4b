"""The refits of an ablation through the store: what was asked at a point, and what was said.

Every refit, null and control is an entry of its own, named by the numbers that were kept and not by
the order that led to them: whoever asks for the same numbers twice, as all orders do where nothing
is removed yet, is answered once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core.attack import attack as attacking
from core.attack import null, planted
from core.attack.ablated import (
    PROBE,
    VERSION,
    importance,
    kept_count,
    random_order,
    ranked_order,
    refit,
)
from core.attack.attack import Problem
from core.engine import Engine
from core.measure.intervals import Predictions
from core.measure.targets import Target
from core.progress import Progress
from core.split import Split
from core.store import Entry, Store, key
from core.study import knowing
from core.study.attacking import CONTROL_PEOPLE, rows_digest, settled
from core.study.knowing import Scene, part
from core.study.representation import Representation

FARTHEST = 0.99
"""The share removed at the last point."""
RANDOM = "random"

Curve = tuple[str, int]
"""An order and its repeat; ranked orders have one, 0."""
Removal = Mapping[Curve, Sequence[np.ndarray]]
"""For each curve and split the order int64 (d,) in which numbers are removed."""


@dataclass(frozen=True)
class Point:
    """What was said where the share `removed` is gone and `kept` of `width` numbers are left.

    `said` holds each order's predictions, its repeats told apart by `Predictions.repeat`; `null`
    those of each permutation with the labels that it was scored on, and `code` what was said of a
    planted code: both on the numbers of the first random repeat, whichever orders were asked for.
    """

    removed: float
    kept: int
    width: int
    said: Mapping[str, Predictions]
    null: Sequence[Predictions]
    code: Predictions


@dataclass(frozen=True)
class _Ask:
    """One thing to find out: its name in the store, what it is, and on which numbers."""

    name: str
    what: str
    place: int
    kept: np.ndarray


_Task = tuple[str, tuple[tuple[Problem, np.ndarray | None], ...]]


def shares(points: int, width: int) -> list[float]:
    """Shares removed, evenly from 0 to `FARTHEST`, without those that leave as many of `width`
    numbers as the one before."""
    found: dict[int, float] = {}
    for share in np.linspace(0, FARTHEST, points):
        found.setdefault(kept_count(width, float(share)), round(float(share), 4))
    return list(found.values())


@dataclass(frozen=True)
class Ablating:
    """Refits on one representation `x`; `permutations` make the null of each point."""

    x: Representation
    splits: Sequence[Split]
    orders: Sequence[str]
    repeats: int
    permutations: int
    seed: int
    device: str
    store: Store
    progress: Progress
    engine: Engine

    def removals(self, targets: Sequence[Target]) -> dict[str, Removal]:
        """The orders of removal by attribute; the ranked ones are found on attackers' people."""
        ranked = [order for order in self.orders if order != RANDOM]
        worth = self._importances(targets) if ranked else {}
        found: dict[str, Removal] = {}
        for target in targets:
            own: dict[Curve, list[np.ndarray]] = {}
            for repeat in range(self.repeats if RANDOM in self.orders else 0):
                own[RANDOM, repeat] = [self._random(place, repeat) for place in self._places()]
            for order in ranked:
                own[order, 0] = [ranked_order(one, order) for one in worth[target.attribute]]
            found[target.attribute] = own
        return found

    def walk(self, target: Target, removal: Removal, points: Sequence[float]) -> Iterator[Point]:
        """Each of `points` (shares removed) as soon as all was said of it, in their order."""
        asked = [self._asks(target, removal, removed) for removed in points]
        permuted = self._permuted(target)
        groups, known = [], set()
        for number, asks in enumerate(asked):
            new = list({ask.name: ask for ask in asks.values() if ask.name not in known}.values())
            known |= {ask.name for ask in new}
            missing = [ask for ask in new if self.store.load(ask.name) is None]
            groups += [(number, group) for group in self._groups(missing)]
        tasks = (self._task(target, group, permuted) for _, group in groups)
        made, waiting = self.engine.map(partial(_made, self.device), tasks), deque(groups)
        for number, removed in enumerate(points):
            while waiting and waiting[0][0] == number:
                _, group = waiting.popleft()
                for ask, arrays in zip(group, next(made), strict=True):
                    self.store.save(ask.name, arrays)
                self.progress.check()
            yield self._point(target, removed, asked[number], permuted)

    def _places(self) -> range:
        return range(len(self.splits))

    def _width(self, place: int) -> int:
        return self.x.vectors(place).shape[1]

    def _random(self, place: int, repeat: int) -> np.ndarray:
        return random_order(self._width(place), repeat, seed=self.seed)

    def _importances(self, targets: Sequence[Target]) -> dict[str, list[np.ndarray]]:
        every = [(target, place) for target in targets for place in self._places()]
        names = [self._key("importance", target, place, {}) for target, place in every]
        missing = [i for i, name in enumerate(names) if self.store.load(name) is None]
        tasks = (self._problem(*every[i], self.x.vectors(every[i][1])) for i in missing)
        for i, found in zip(
            missing, self.engine.map(partial(importance, device=self.device), tasks), strict=True
        ):
            self.progress.check()
            self.store.save(names[i], {"importance": found})
        worth: dict[str, list[np.ndarray]] = {}
        for (target, _), name in zip(every, names, strict=True):
            found = settled(self.store, name).arrays["importance"]
            worth.setdefault(target.attribute, []).append(found)
        return worth

    def _asks(
        self, target: Target, removal: Removal, removed: float
    ) -> dict[tuple[str, Curve, int], _Ask]:
        """Everything to find out at one point: by what it is, curve and split."""
        found = {}
        for place in self._places():
            left = kept_count(self._width(place), removed)
            for curve, orders in removal.items():
                found["fit", curve, place] = self._ask("fit", target, place, orders[place], left)
            first = self._random(place, 0)
            found["null", (RANDOM, 0), place] = self._ask("null", target, place, first, left)
            if place in self._control_places(target):
                found["code", (RANDOM, 0), place] = self._ask("code", target, place, first, left)
        return found

    def _ask(self, what: str, target: Target, place: int, order: np.ndarray, left: int) -> _Ask:
        kept = np.sort(order[len(order) - left :])
        settings: dict[str, Any] = {}
        if what == "null":
            settings = {"null": null.VERSION, "permutations": self.permutations, "seed": self.seed}
        elif what == "code":
            settings = {"size": planted.CONTROL, "seed": self.seed, "planted": planted.VERSION}
        return _Ask(self._key(what, target, place, settings, kept), what, place, kept)

    def _key(
        self, what: str, target: Target, place: int, settings: Mapping[str, Any],
        kept: np.ndarray | None = None,
    ) -> str:  # fmt: skip
        split = self.splits[place]
        inputs = [
            self.x.digest(place),
            target.digest(),
            rows_digest(split.attacker),
            rows_digest(split.test),
            *([] if kept is None else [rows_digest(kept)]),
        ]
        own = {"probe": PROBE.version, "attack": attacking.VERSION, "split": split.seed}
        return key(f"ablation {what}", VERSION, {**own, **settings}, inputs)

    def _control_places(self, target: Target) -> list[int]:
        """The first test parts that hold `CONTROL_PEOPLE` people together."""
        chosen: list[int] = []
        people: set[str] = set()
        for place, split in enumerate(self.splits):
            if len(people) >= CONTROL_PEOPLE:
                break
            chosen.append(place)
            people |= set(self.x.subjects[target.rows[part(split.test, target)]])
        return chosen

    def _groups(self, asks: Sequence[_Ask]) -> list[list[_Ask]]:
        """What is worked on together: on a graphics card the refits of one split are one batch; on
        a processor each trains by itself, where its weights stay in the cache."""
        if self.device == "cpu":
            return [[ask] for ask in asks]
        fits = [[ask for ask in asks if ask.what != "null" and ask.place == place]
                for place in self._places()]  # fmt: skip
        return [own for own in fits if own] + [[ask] for ask in asks if ask.what == "null"]

    def _task(self, target: Target, group: Sequence[_Ask], permuted: np.ndarray) -> _Task:
        problems = []
        for ask in group:
            x = np.ascontiguousarray(self.x.vectors(ask.place)[:, ask.kept])
            problem = self._problem(target, ask.place, x, code=ask.what == "code")
            learn = part(self.splits[ask.place].attacker, target)
            problems.append((problem, permuted[:, learn] if ask.what == "null" else None))
        return group[0].what, tuple(problems)

    def _problem(self, target: Target, place: int, x: np.ndarray, *, code: bool = False) -> Problem:
        seen = Scene(x, x, None)
        if code:
            seen = knowing.with_code(seen, target, None, "", planted.CONTROL, self.seed)
        return knowing.problem(seen, self.x.subjects, target, self.splits[place], "", None)

    def _permuted(self, target: Target) -> np.ndarray:
        people = self.x.subjects[target.rows]
        return null.permutations(target.y, people, self.permutations, seed=self.seed)

    def _point(
        self, target: Target, removed: float, asks: Mapping[tuple[str, Curve, int], _Ask],
        permuted: np.ndarray,
    ) -> Point:  # fmt: skip
        entries: dict[tuple[str, Curve], list[tuple[int, Entry]]] = {}
        for (what, curve, place), ask in asks.items():
            entry = settled(self.store, ask.name)
            entries.setdefault((what, curve), []).append((place, entry))
        said: dict[str, list[tuple[int, int, np.ndarray]]] = {}
        for (what, (order, repeat)), found in entries.items():
            if what == "fit":
                rows = [(repeat, place, one.arrays["predicted"]) for place, one in found]
                said.setdefault(order, []).extend(rows)
        blind = entries["null", (RANDOM, 0)]
        nulls = [
            self._predictions(y, target, [(0, p, one.arrays["predicted"][i]) for p, one in blind])
            for i, y in enumerate(permuted)
        ]
        codes = [(0, place, one.arrays["predicted"]) for place, one in entries["code", (RANDOM, 0)]]
        width = self._width(0)
        return Point(
            removed,
            kept_count(width, removed),
            width,
            {order: self._predictions(target.y, target, rows) for order, rows in said.items()},
            nulls,
            self._predictions(target.y, target, codes),
        )

    def _predictions(
        self, y: np.ndarray, target: Target, told: Sequence[tuple[int, int, np.ndarray]]
    ) -> Predictions:
        """Predictions of (repeat, split) in one piece; repeats of the rotation count as repeats."""
        places = [part(self.splits[place].test, target) for _, place, _ in told]
        sizes = [len(own) for own in places]
        together = np.concatenate(places)
        rows = target.rows[together]
        rounds = list(dict.fromkeys((repeat, self.splits[place].seed) for repeat, place, _ in told))
        own = [rounds.index((repeat, self.splits[place].seed)) for repeat, place, _ in told]
        return Predictions(
            truth=y[together],
            predicted=np.concatenate([one for _, _, one in told]).astype(np.int64),
            scores=None,
            people=self.x.subjects[rows].astype(str),
            rows=rows,
            repeat=np.repeat(own, sizes),
            fold=np.repeat([self.splits[place].fold for _, place, _ in told], sizes),
        )


def _made(device: str, task: _Task) -> list[dict[str, np.ndarray]]:
    """What is said of the problems of a task, classes int16: (t,), of a null (permutations, t)."""
    what, problems = task
    if what == "null":
        return [
            {"predicted": _classes(null.null_scores(problem, permuted)["scores"])}
            for problem, permuted in problems
            if permuted is not None
        ]
    findings = refit([problem for problem, _ in problems], device)
    return [{"predicted": one.predicted.astype(np.int16)} for one in findings]


def _classes(scores: np.ndarray) -> np.ndarray:
    """Which class the largest of `scores` (…, k) stands for, int16 (…,)."""
    return scores.argmax(axis=-1).astype(np.int16)
