"""Training the study's classifiers, through the store: none is trained twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from core.decide import reweighting, threshold
from core.decide.fit import Classifier, Job, Scores
from core.engine import Engine
from core.progress import Progress
from core.store import Store, key
from core.study.attacking import rows_digest, settled
from core.study.fairness_draws import Draws
from core.study.fairness_question import Question
from core.study.representation import Representation

VERSION = 1
PLAIN, REWEIGHTING, THRESHOLD = "none", "reweighting", "threshold"


class Task(NamedTuple):
    """One classifier: on which vectors, at which strength, in which repeat, and how it is mended
    (`PLAIN` or `REWEIGHTING`)."""

    representation: str
    method: str
    strength: float
    repeat: int


@dataclass(frozen=True)
class Fits:
    """Trains one `classifier` for each task; on a graphics card all as one batch, on processors
    one each. A fit is worth `each` steps of the bar."""

    classifier: Classifier
    question: Question
    draws: Draws
    seed: int
    device: str
    store: Store
    progress: Progress
    engine: Engine
    each: int = 1

    def tasks(self, name: str, methods: Sequence[str]) -> list[Task]:
        """Everything that is trained on the representation `name`."""
        repeats = range(len(self.draws.evaluation))
        return [
            Task(name, method, strength, repeat)
            for method in methods
            for strength in self.draws.strengths
            for repeat in repeats
        ]

    def scores(
        self, representations: Mapping[str, Representation], tasks: Sequence[Task]
    ) -> dict[Task, Scores]:
        """What each classifier says of its held-out and its evaluation rows."""
        seen = {task: representations[task.representation] for task in tasks}
        names = {task: self._key(seen[task], task) for task in tasks}
        missing = [task for task in tasks if self.store.load(names[task]) is None]
        self.progress.advance(self.each * (len(tasks) - len(missing)), found=True)
        jobs = [self._job(seen[task], task) for task in missing]
        if self.device == "cpu":
            found = self.engine.map(partial(_alone, self.classifier), jobs)
        else:
            found = iter(self.classifier.decide(jobs, device=self.device))
        for task, one in zip(missing, found, strict=True):
            self.progress.check()
            arrays = {"held": one.held, "wanted": one.wanted}
            self.store.save(names[task], arrays, {"epochs": one.epochs})
            self.progress.advance(self.each, f"{task.representation}, {task.strength:g}")
        entries = {task: settled(self.store, name) for task, name in names.items()}
        return {
            task: Scores(one.arrays["held"], one.arrays["wanted"], one.meta["epochs"])
            for task, one in entries.items()
        }

    def moved(self, task: Task, scores: Scores) -> np.ndarray | None:
        """Decisions bool (t,) by a threshold for each group; None where held-out people of a group
        do not show both classes."""
        held = self.draws.train[task.strength, task.repeat].held
        wanted = self.draws.evaluation[task.repeat]
        y, s = self.question.y, self.question.s
        if not threshold.servable(y[held], s[held], s[wanted]):
            return None
        seed = self.seed + task.repeat
        return threshold.equal_opportunity(
            scores.held, y[held], s[held], scores.wanted, s[wanted], seed=seed
        )

    def _job(self, x: Representation, task: Task) -> Job:
        own = self.draws.train[task.strength, task.repeat]
        weight = np.ones(len(own.fit), dtype=np.float32)
        if task.method == REWEIGHTING:
            weight = reweighting.weights(self.question.y[own.fit], self.question.s[own.fit])
        wanted = self.draws.evaluation[task.repeat]
        seed = self.seed + task.repeat
        return Job(
            x.vectors(_place(x, task)), self.question.y, own.fit, own.held, wanted, weight, seed
        )

    def _key(self, x: Representation, task: Task) -> str:
        own = self.draws.train[task.strength, task.repeat]
        settings = {
            "classifier": self.classifier.name,
            "version": self.classifier.version,
            "method": task.method,
            "seed": self.seed + task.repeat,
        }
        rows = (own.fit, own.held, self.draws.evaluation[task.repeat])
        inputs = [x.digest(_place(x, task)), self.question.digest(), *map(rows_digest, rows)]
        return key("decision", VERSION, settings, inputs)


def _place(x: Representation, task: Task) -> int:
    """Which of its vectors a repeat looks at; what was brought may know fewer splits."""
    return 0 if x.single else task.repeat


def _alone(classifier: Classifier, job: Job) -> Scores:
    return classifier.decide([job], device="cpu")[0]
