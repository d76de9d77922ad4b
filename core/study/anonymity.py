"""Anonymity: do convolutions made for emotion still say who is shown? (METHODS, study 7.)

Narula, Wang and Chaspari (2020): six networks, ten folds over pictures, Algorithm 1. Beside the
networks' own dense layers, which is all that the paper reports, fresh attackers read the frozen
convolutions; permuted labels say what they find in nothing, a planted code whether they can find
anything, and accuracy below chance is an alarm, never privacy.

"Anonymity" is the paper's word. What is measured is how well some attackers name a person.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from core.anonymity import attackers, augment, fold, networks, training
from core.anonymity.attackers import Case
from core.anonymity.fold import BASES, Base, Lesson
from core.config_parts import Anonymity
from core.engine import Engine, Local
from core.faces.faceset import FaceSet
from core.progress import Progress
from core.store import Entry, Store, key
from core.study import anonymity_rows as rows
from core.study.anonymity_plan import Stage, cast, seconds, stage
from core.study.anonymity_rows import PIXELS, TASKS, Answer, Answers
from core.study.attacking import rows_digest, settled
from core.table import StudyResult, table

__all__ = ["anonymity", "check"]

Publish = Callable[[str, pd.DataFrame], None]
SETTINGS: dict[str, Any] = {
    **networks.FACTS, **augment.FACTS, **training.FACTS,
    "versions": [augment.VERSION, training.VERSION, fold.VERSION],
}  # fmt: skip
"""All that is ours of networks, twins and training; part of every key."""


def check(faces: FaceSet, label: str, asked: Anonymity, *, workers: int = 1) -> dict[str, float]:
    """Seconds that each phase of the study is expected to take.

    Raises `ConfigError` where the set cannot serve it; no picture is opened.
    """
    return seconds(cast(faces, label, asked), asked, workers)


def anonymity(
    faces: FaceSet,
    label: str,
    asked: Anonymity,
    *,
    permutations: int = 20,
    seed: int,
    device: str,
    store: Store,
    progress: Progress,
    engine: Engine,
    publish: Publish,
) -> StudyResult:
    """The tables `anonymity`, `anonymity_training` and `differences`, of emotions as in `label`.

    `permutations` of the labels stand behind each null. Tables are published after every fold.
    Raises as `check` does, and `NotEnoughData` where too few pictures can be used.
    """
    who = cast(faces, label, asked)
    ready = stage(who, asked, seed=seed, store=store, progress=progress)
    run = _Run(ready, asked, permutations, seed, device, store, progress, engine, publish)
    return run.result()


@dataclass
class _Run:
    stage: Stage
    asked: Anonymity
    permutations: int
    seed: int
    device: str
    store: Store
    progress: Progress
    engine: Engine
    publish: Publish
    answers: Answers = field(default_factory=Answers)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def result(self) -> StudyResult:
        learnt = self._learn()
        self._attack(learnt)
        found = rows.measured(self.answers, self.stage, seed=self.seed)
        facts = rows.facts(self.stage, self.asked, found, learnt, self.permutations)
        tables = {
            "anonymity": table("anonymity", found.rows),
            "anonymity_training": self._curves(learnt),
            "differences": table("differences", found.differences),
        }
        self.publish("anonymity", tables["anonymity"])
        told = rows.warnings(self.stage, found, learnt)
        return StudyResult(tables, tuple(told), {"anonymity": {**facts, "ours": SETTINGS}})

    # -- networks ------------------------------------------------------------------------------

    def _learn(self) -> dict[tuple[int, Base], Entry]:
        """Every base of every fold, from the store or trained now."""
        places = [(at, base) for at in range(len(self.stage.folds)) for base in BASES]
        names = {place: self._lesson_key(*place) for place in places}
        steps = {place: fold.steps(place[1], self.asked.rounds) for place in places}
        kept = {place: self.store.load(names[place]) for place in places}
        learnt = {place: entry for place, entry in kept.items() if entry is not None}
        missing = [place for place in places if place not in learnt]
        self.progress.start("Six networks", sum(steps.values()))
        self.progress.advance(sum(steps[place] for place in learnt), found=True)
        for place, entry in learnt.items():
            self._take(*place, entry)
        found = self.engine.map(fold.learn, (self._lesson(*place) for place in missing))
        for place, (arrays, meta) in zip(missing, found, strict=True):
            self.store.save(names[place], arrays, meta)
            self.progress.advance(0 if self._told_by_steps() else steps[place])
            learnt[place] = settled(self.store, names[place])
            self._take(*place, learnt[place])
            if place[1] == BASES[-1]:
                self._tell(learnt)
        training.restore_threads()
        return {place: learnt[place] for place in places}

    def _lesson(self, at: int, base: Base) -> Lesson:
        ready, asked, own = self.stage, self.asked, self.stage.folds[at]
        copies = ready.twins.shape[1]
        return Lesson(
            base, ready.shown(own.train, 0, copies), ready.shown(own.test, 0, 1),
            ready.shown(own.test, 1, copies), len(ready.classes), len(ready.people), asked.rounds,
            asked.alpha, asked.beta, asked.loss, self._seed(at, BASES.index(base)), self.device,
            partial(_step, self) if self._told_by_steps() else _nobody,
        )  # fmt: skip

    def _lesson_key(self, at: int, base: Base) -> str:
        own, asked = self.stage.folds[at], self.asked
        settings = {**SETTINGS, "base": base, "seed": self._seed(at, BASES.index(base))}
        if base == "hybrid":
            settings |= {name: getattr(asked, name) for name in ("rounds", "alpha", "beta", "loss")}
        inputs = [self.stage.digest, rows_digest(own.train), rows_digest(own.test)]
        return key("anonymity networks", fold.VERSION, settings, inputs)

    def _take(self, at: int, base: Base, entry: Entry) -> None:
        """Note what the networks' own dense layers said of what was held out."""
        test, copies = self.stage.folds[at].test, self.stage.twins.shape[1]
        for name, task in fold.STANDS[base]:
            for split, count in (("originals", 1), ("augmented", copies - 1)):
                said = entry.arrays[f"{name}/{task}/{split}"]
                if count:
                    own = Answer(at, np.repeat(test, count), said)
                    self.answers.add((name, task, "own", split, base), own)

    def _curves(self, learnt: dict[tuple[int, Base], Entry]) -> pd.DataFrame:
        found = [
            {"network": fold.STANDS[base][0][0], "fold": at, "step": step, "name": name,
             "value": value}
            for (at, base), entry in sorted(learnt.items())
            for step, name, value in entry.meta["curves"]
        ]  # fmt: skip
        return table("anonymity_training", found)

    def _tell(self, learnt: dict[tuple[int, Base], Entry]) -> None:
        """Publish what there is after a fold."""
        found = rows.measured(self.answers, self.stage, seed=self.seed)
        self.publish("anonymity", table("anonymity", found.rows))
        self.publish("anonymity_training", self._curves(learnt))

    # -- attackers -----------------------------------------------------------------------------

    def _attack(self, learnt: dict[tuple[int, Base], Entry]) -> None:
        """Fresh attackers on every base and on the pixels, both questions, every fold."""
        bases = (*BASES, PIXELS)
        places = [(at, base, task) for at in range(len(self.stage.folds)) for base in bases
                  for task in TASKS]  # fmt: skip
        names = {place: self._case_key(*place) for place in places}
        missing = [place for place in places if self.store.load(names[place]) is None]
        self.progress.start("Attacking the features", len(places))
        self.progress.advance(len(places) - len(missing), found=True)
        found = self.engine.map(attackers.answers, self._cases(missing, learnt))
        for place, arrays in zip(missing, found, strict=True):
            self.store.save(names[place], arrays)
            self.progress.advance(1, f"{place[1]}, {place[2]}")
        for place in places:
            self._hear(*place, settled(self.store, names[place]))
        training.restore_threads()

    def _cases(
        self, places: list[tuple[int, str, str]], learnt: dict[tuple[int, Base], Entry]
    ) -> Iterator[Case]:
        kept: dict[tuple[int, str], tuple[np.ndarray, np.ndarray]] = {}
        for at, base, task in places:
            if (at, base) not in kept:
                kept = {(at, base): self._features(at, base, learnt)}
            x, x_test = kept[at, base]
            yield self._case(at, task, x, x_test)

    def _case(self, at: int, task: str, x: np.ndarray, x_test: np.ndarray) -> Case:
        ready, own = self.stage, self.stage.folds[at]
        labels, count = getattr(ready, task), len(x) // len(own.train)
        permuted = rows.permuted(ready, task, self.permutations, seed=self.seed)
        return Case(
            x, np.repeat(labels[own.train], count), np.repeat(own.train, count), x_test,
            labels[own.test], int(labels.max()) + 1,
            np.repeat(permuted[:, own.train], count, axis=1), self._controlled(at),
            self._seed(at, 9), self.device,
        )  # fmt: skip

    def _controlled(self, at: int) -> bool:
        """The planted code is shown in every second fold: half of the pictures say enough."""
        return at % 2 == 0

    def _features(
        self, at: int, base: str, learnt: dict[tuple[int, Base], Entry]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Features of the attackers' twins and of the held-out pictures."""
        own = self.stage.folds[at]
        count = min(max(attackers.ROWS // len(own.train), 1), self.stage.twins.shape[1])
        shown = (self.stage.shown(own.train, 0, count), self.stage.shown(own.test, 0, 1))
        if base == PIXELS:
            return rows.pixels(shown[0].pictures), rows.pixels(shown[1].pictures)
        arrays = next(entry.arrays for place, entry in learnt.items() if place == (at, base))
        conv = [arrays[f"conv{place}"] for place in range(2 * len(networks.WIDTHS))]
        return (
            fold.seen(conv, shown[0].pictures, self.device),
            fold.seen(conv, shown[1].pictures, self.device),
        )

    def _case_key(self, at: int, base: str, task: str) -> str:
        lessons = [self._lesson_key(at, one) for one in BASES if one == base]
        settings = {
            **attackers.FACTS, "base": base, "task": task, "permutations": self.permutations,
            "seed": self.seed, "control": self._controlled(at), "fold": at,
        }  # fmt: skip
        own = self.stage.folds[at]
        inputs = [self.stage.digest, rows_digest(own.train), rows_digest(own.test), *lessons]
        return key("anonymity attack", attackers.VERSION, settings, inputs)

    def _hear(self, at: int, base: str, task: str, entry: Entry) -> None:
        """Note what each attacker said, the best of them on inner folds as `fresh`."""
        test, arrays = self.stage.folds[at].test, entry.arrays
        best = int(np.argmax(arrays["inner"]))
        for place, name in enumerate((*attackers.ATTACKERS, rows.FRESH)):
            which = best if name == rows.FRESH else place
            coded = arrays["planted"][which] if len(arrays["planted"]) else None
            own = Answer(at, test, arrays["said"][which], coded, tuple(attackers.ATTACKERS)[which])
            self.answers.add((rows.stands(base, task), task, name, "originals", base), own)
        self.answers.nulls.setdefault((base, task), []).append((test, arrays["null"]))

    # -- the rest ------------------------------------------------------------------------------

    def _seed(self, at: int, which: int) -> int:
        return self.seed + 1000 * (at + 1) + 200 * which

    def _told_by_steps(self) -> bool:
        """Whether a step can be told, and cancelled, from where it is worked on."""
        return isinstance(self.engine, Local)


def _step(run: _Run) -> None:
    """One section or round is done; raises `Cancelled` where somebody asked for it."""
    with run.lock:
        run.progress.advance()


def _nobody() -> None:
    """Tell nobody: another process has no bar."""
