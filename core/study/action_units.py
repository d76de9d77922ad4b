"""Action-unit detectors trained on skewed sets of people (METHODS, study 6).

Deuschel, Finzel and Rieger (2020). Every detector reads the cached activations of one frozen trunk;
those of one repeat are tested on the same people, none of whom any of them has seen. The question
of the paper, whether a detector serves the group worse that it was not trained on, is one number
here: the interaction (F1[a on a] − F1[a on b]) − (F1[b on a] − F1[b on b]), with its interval over
test people. Who was trained on is drawn anew in each repeat, and is not part of that interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.action_units import papers, training
from core.action_units.detector import Detector, dense, full_network
from core.action_units.labels import least
from core.action_units.skew import EVERYONE
from core.action_units.trunk import Activations, Trunk, activations_of, trunk_for
from core.config import located
from core.config_parts import ActionUnits
from core.encode.encoder import Encoder
from core.engine import Engine
from core.errors import ConfigError, NotEnoughData
from core.faces.faceset import FaceSet
from core.measure.intervals import Interval
from core.progress import Progress
from core.store import Store, key
from core.study.action_units_plan import Plan, name_of, prepare
from core.study.action_units_rows import Rows
from core.study.attacking import rows_digest, settled
from core.table import StudyResult, table

VERSION = 1
Publish = Callable[[str, pd.DataFrame], None]


class Task(NamedTuple):
    """One detector: the name of its training set, and the repeat."""

    name: str
    repeat: int


def check(
    faces: FaceSet,
    encoder: Encoder | None,
    asked: ActionUnits,
    *,
    seed: int = 0,
    base: Path | None = None,
) -> Plan:
    """What is going to be done; `action_units_plan.seconds` says how long it is expected to take.

    Raises `ConfigError` before any work where these faces cannot serve it, and `FacesError` or
    `EncoderError` where the labels or the weights that were named cannot be read.
    """
    try:
        plan = prepare(faces, asked, seed=seed, base=base)
    except NotEnoughData as error:
        raise ConfigError(f"action_units cannot be studied: {error}") from error
    if asked.trunk == "auto":
        trunk_for(asked.trunk, encoder)
    elif asked.trunk != "vgg16":
        _there(asked.trunk, base)
    return plan


def begin(
    faces: FaceSet,
    encoder: Encoder | None,
    asked: ActionUnits,
    *,
    seed: int,
    device: str,
    store: Store,
    progress: Progress,
    engine: Engine,
    base: Path | None = None,
) -> Work:
    """The study with its activations, from which single detectors can be had as well.

    Raises `NotEnoughData` where nothing can be studied, and as `check` does.
    """
    plan = prepare(faces, asked, seed=seed, base=base)
    place = asked.trunk if asked.trunk in ("auto", "vgg16") else str(_there(asked.trunk, base))
    trunk = trunk_for(place, encoder, device=device, progress=progress)
    held = activations_of(faces, trunk, plan.rows, store=store, progress=progress)
    plan = replace(plan, labels=plan.labels.without(np.setdiff1d(plan.rows, held.rows)))
    return Work(plan, trunk, held, seed, device, store, progress, engine)


def _silent(name: str, found: pd.DataFrame) -> None:
    """Show nothing."""


@dataclass(frozen=True, eq=False)
class Work:
    """Trains the detectors of `plan`, each once: what it said, and its weights in the first repeat,
    are kept in the store."""

    plan: Plan
    trunk: Trunk
    activations: Activations
    seed: int
    device: str
    store: Store
    progress: Progress
    engine: Engine

    def result(self, publish: Publish = _silent) -> StudyResult:
        """The table `action_units`, published after each repeat, and the facts of that name."""
        self.progress.start("Training action units", self.plan.fits)
        said: dict[tuple[str, int], np.ndarray] = {}
        epochs: dict[str, list[int]] = {name: [] for name in self.plan.draws.sets}
        found, together = table("action_units", ()), {}
        for repeat in range(len(self.plan.draws.repeats)):
            for task, (scores, longest) in self._repeat(repeat).items():
                said[task.name, repeat] = scores
                epochs[task.name].append(longest)
            rows = Rows(self.plan, said, repeat + 1, self.seed)
            found = table("action_units", rows.rows())
            together = {name: rows.together(name) for name in self.plan.draws.sets}
            publish("action_units", found)
        facts = {"action_units": self._facts(epochs, together)}
        return StudyResult({"action_units": found}, self._warnings(), facts)

    def detector(self, name: str, repeat: int = 0) -> Detector:
        """The detector of the training set `name`, trained again where its weights are not kept."""
        task = Task(name, repeat)
        kept = key("action units weights", VERSION, {}, [self._key(task)])
        entry = self.store.load(kept)
        if entry is None:
            own = training.train(self._job(task), self.device)
            self.store.save(kept, own.arrays(), {"epochs": own.epochs})
            entry = settled(self.store, kept)
        return dense(self.plan.labels.units, dict(entry.arrays), entry.meta["epochs"])

    def network(self, name: str, repeat: int = 0) -> Any:
        """Trunk and detector of a training set as one torch network, for relevance."""
        return full_network(self.trunk.network, self.detector(name, repeat))

    def _repeat(self, repeat: int) -> dict[Task, tuple[np.ndarray, int]]:
        """Logits (n, k) of one repeat's detectors on its test faces, and their epochs."""
        tasks = [Task(name, repeat) for name in self.plan.draws.sets]
        names = {task: self._key(task) for task in tasks}
        missing = [task for task in tasks if self.store.load(names[task]) is None]
        self.progress.advance(len(tasks) - len(missing), found=True)
        jobs = ((self._job(task), self._tested(repeat)) for task in missing)
        found = self.engine.map(partial(_trained, self.device), jobs)
        for task, (scores, detector) in zip(missing, found, strict=True):
            self.progress.check()
            if repeat == 0:
                kept = key("action units weights", VERSION, {}, [names[task]])
                self.store.save(kept, detector.arrays(), {"epochs": detector.epochs})
            self.store.save(names[task], {"scores": scores}, {"epochs": detector.epochs})
            self.progress.advance(1, f"{task.name}, {repeat + 1} of {len(self.plan.draws.repeats)}")
        entries = {task: settled(self.store, name) for task, name in names.items()}
        return {
            task: (self._spread(one.arrays["scores"], repeat), int(one.meta["epochs"]))
            for task, one in entries.items()
        }

    def _place(self, rows: np.ndarray) -> np.ndarray:
        """Where the faces `rows` stand among the activations; those without any are left out."""
        place = np.searchsorted(self.activations.rows, rows)
        place = np.minimum(place, len(self.activations.rows) - 1)
        return place[self.activations.rows[place] == rows]

    def _test_rows(self, repeat: int) -> np.ndarray:
        rows = np.concatenate(list(self.plan.draws.repeats[repeat].test.values()))
        return self.activations.rows[self._place(rows)]

    def _tested(self, repeat: int) -> np.ndarray:
        return self.activations.x[self._place(self._test_rows(repeat))]

    def _spread(self, scores: np.ndarray, repeat: int) -> np.ndarray:
        """Scores of the test faces as (n, k), NaN for everybody else."""
        whole = np.full(self.plan.labels.present.shape, np.nan, np.float32)
        whole[self._test_rows(repeat)] = scores
        return whole

    def _job(self, task: Task) -> training.Job:
        own = self.plan.draws.repeats[task.repeat]
        place = self._place(own.train[task.name])
        rows = self.activations.rows[place]
        return training.Job(
            self.plan.labels.units,
            self.activations.x[place],
            self.activations.mirrored[place],
            self.plan.labels.present[rows],
            self.plan.groups.person[rows],
            own.seed,
            self.trunk.start,
        )

    def _key(self, task: Task) -> str:
        own = self.plan.draws.repeats[task.repeat]
        rows = own.train[task.name]
        people = self.plan.groups.people[self.plan.groups.person[rows]].astype(str)
        settings = {
            "training": training.VERSION,
            "units": list(self.plan.labels.units),
            "seed": own.seed,
            "trunk": self.trunk.network.digest,
            "people": list(people),
        }
        inputs = [
            self.activations.digest, self.plan.labels.digest(),
            rows_digest(rows), rows_digest(self._test_rows(task.repeat)),
        ]  # fmt: skip
        return key("action units", VERSION, settings, inputs)

    def _warnings(self) -> tuple[str, ...]:
        lost = len(self.plan.rows) - len(self.activations.rows)
        gone = (f"{lost:,} faces have no activations and are left out",) if lost else ()
        return tuple(f"action units: {one}" for one in (*self.plan.told, *gone))

    def _facts(self, epochs: dict[str, list[int]], together: dict[str, Interval]) -> dict[str, Any]:
        plan, draws = self.plan, self.plan.draws
        faces = len(plan.labels.present)
        return {
            "group": plan.groups.label,
            "groups": list(plan.groups.names),
            "sets": {name: dict(shares) for name, shares in draws.shares.items()},
            "train_people": draws.people,
            "everyone": draws.people_of(EVERYONE) if EVERYONE in draws.sets else None,
            "train_faces": plan.train_faces,
            "test_people": dict(draws.test_people),
            "together": {
                name: {"f1_macro": one.value, "low": one.low, "high": one.high}
                for name, one in together.items()
            },
            "faces_per_person": draws.faces,
            "repeats": len(draws.repeats),
            "units": [name_of(unit) for unit in plan.labels.units],
            "left_out": {
                name_of(one.unit): {"positives": one.positives, "why": one.why}
                for one in plan.left_out
            },
            "labels": plan.labels.source,
            "least": {"faces": least(faces), "paper": 8000, "paper_faces": 101_778},
            "trunk": self.trunk.network.name,
            "width": self.trunk.width,
            "epochs": {name: [min(own), max(own)] for name, own in epochs.items() if own},
            "paper_interaction": round(papers.interaction(), 3),
            "paper_people": list(papers.PAPER_PEOPLE),
        }


def _there(path: str, base: Path | None) -> Path:
    found = located(path, base or Path())
    if not found.is_file():
        raise ConfigError(
            f"action_units.trunk is '{path}', and there is no such file: choose auto, vgg16, or "
            "the path of VGG16's weights"
        )
    return found


def _trained(device: str, item: tuple[training.Job, np.ndarray]) -> tuple[np.ndarray, Detector]:
    detector = training.train(item[0], device)
    return detector.scores(item[1]), detector
