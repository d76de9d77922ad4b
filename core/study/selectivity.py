"""Selectivity: does an attacker read the label, or does it only learn people by heart?

Hewitt and Liang 2019, "Designing and interpreting probes with control tasks": beside the real task
a probe is given one whose labels mean nothing, and the gap between both is its selectivity. Their
control gives each word a random label; here each person gets a random class, the same on all of
their pictures. Attackers learn both tasks from some pictures of the attackers' people and are
judged on other pictures of the same people.

What it tells: a high control figure says that this attacker can tell these people apart well
enough to remember anything about them, so that its figure under a careless split (people shared)
says little. What it does not tell: the honest figures, on strangers, cannot come from memory, and
stand whatever the selectivity; nor is a high selectivity a leak, for the real task under this
split may be memory too where the label belongs to people, as gender does. Where each person shows
each class once (two pictures a person, as in the London set), the real figure falls to nearly 0:
whoever remembers the person names the class of the other picture, which is the wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core.attack.fit import Anyone, Fit, Informed
from core.attack.registry import members
from core.attack.views import see
from core.engine import Engine
from core.measure.intervals import NONE_BELOW, Predictions, difference, status, weights
from core.measure.leakage import HEADLINE, plain
from core.measure.targets import Target
from core.progress import Progress
from core.split import Split
from core.store import Store, key
from core.study.attacking import rows_digest, settled
from core.study.knowing import part
from core.study.leakage import Plan
from core.study.representation import Representation
from core.table import StudyResult, table

VERSION = 1
ATTACKERS = ("logistic", "svm", "nn")
VIEW = "unit shrunk"
"""One view for both tasks: inner folds by person could not choose one for the control."""


@dataclass(frozen=True)
class Task:
    """Pictures of one split's attackers' people: places in the target that are learned from and
    judged, int64, and the control's class (n,) of every place of the target, -1 for other people.
    """

    learned: np.ndarray
    judged: np.ndarray
    control: np.ndarray


def task(target: Target, subjects: np.ndarray, split: Split) -> Task:
    """Half of each person's pictures to learn from, the others to be judged; people with a single
    picture take no part. Drawn by the split's seed and fold."""
    random = np.random.default_rng([split.seed, split.fold])
    who = subjects[target.rows].astype(str)
    own = part(split.attacker, target)
    people, counts = np.unique(who[own], return_counts=True)
    several = people[counts >= 2]
    classes = random.permutation(np.arange(len(several)) % target.k)
    control = np.full(len(who), -1, dtype=np.int64)
    learned, judged = [], []
    for person, number in zip(several, classes, strict=True):
        places = random.permutation(own[who[own] == person])
        control[places] = number
        learned.append(places[: len(places) // 2])
        judged.append(places[len(places) // 2 :])
    none = [np.empty(0, dtype=np.int64)]
    return Task(
        np.sort(np.concatenate(learned or none)), np.sort(np.concatenate(judged or none)), control
    )


@dataclass(frozen=True)
class Selectivity:
    """Asks both tasks of every attacker; `store` keeps what was answered."""

    plan: Plan
    store: Store
    progress: Progress
    engine: Engine

    def run(
        self, representations: Mapping[str, Representation], targets: Sequence[Target]
    ) -> StudyResult:
        """The table `selectivity`, for x and every φ."""
        names = [one for one in ATTACKERS if one in self.plan.attackers]
        asked = [
            (name, one, target, attacker)
            for target in targets
            for name, one in representations.items()
            if target.k >= 2 and (name == "x" or one.fitted)
            for attacker in names
        ]
        self.progress.start("Selectivity", len(asked))
        rows = []
        for name, x, target, attacker in asked:
            rows.append({"representation": name, **self._row(x, target, attacker)})
            self.progress.advance(1, f"{name}, {target.attribute}, {attacker}")
        return StudyResult({"selectivity": table("selectivity", rows)})

    def _row(self, x: Representation, target: Target, attacker: str) -> dict[str, Any]:
        tasks = [task(target, x.subjects, split) for split in self.plan.splits]
        people = {one for each in tasks for one in x.subjects[target.rows[each.judged]].astype(str)}
        judged = {int(place) for each in tasks for place in each.judged}
        row = {
            "attribute": target.attribute,
            "attacker": attacker,
            "n": len(judged),
            "identities": len(people),
            "status": status(len(people)),
        }
        if len(people) < NONE_BELOW:
            return row
        real, control = (self._said(x, target, attacker, tasks, one) for one in (False, True))
        drawn = weights(len(people), resamples=self.plan.resamples, seed=self.plan.seed)
        gap = difference(real, control, HEADLINE, k=target.k, weights=drawn)
        figures = {
            "real": plain(real, HEADLINE, target.k),
            "control": plain(control, HEADLINE, target.k),
            "selectivity": gap.value,
        }
        return {**row, **figures, "low": gap.low, "high": gap.high}

    def _said(
        self,
        x: Representation,
        target: Target,
        attacker: str,
        tasks: Sequence[Task],
        control: bool,
    ) -> Predictions:
        who = members(self.plan.suite)[attacker]
        names = [self._key(x, target, who, place, control) for place in range(len(tasks))]
        missing = [i for i, name in enumerate(names) if self.store.load(name) is None]
        fits = (self._fit(x, target, tasks[i], i, control) for i in missing)
        made = self.engine.map(partial(_scores, who, self.plan.device), fits)
        for i, scores in zip(missing, made, strict=True):
            self.progress.check()
            self.store.save(names[i], {"scores": scores})
        scores = np.concatenate([settled(self.store, name).arrays["scores"] for name in names])
        places = np.concatenate([each.judged for each in tasks])
        sizes = [len(each.judged) for each in tasks]
        truth = [each.control[each.judged] if control else target.y[each.judged] for each in tasks]
        return Predictions(
            truth=np.concatenate(truth),
            predicted=scores.argmax(axis=1),
            scores=scores,
            people=x.subjects[target.rows[places]].astype(str),
            rows=target.rows[places],
            repeat=np.repeat(np.arange(len(tasks)), sizes),
        )

    def _fit(self, x: Representation, target: Target, own: Task, place: int, control: bool) -> Fit:
        vectors = x.vectors(place)
        learned, judged = (target.rows[places] for places in (own.learned, own.judged))
        labels = own.control if control else target.y
        seen = see(VIEW, vectors[learned], vectors[judged])
        return Fit(seen[0], labels[own.learned], seen[1], target.k, self.plan.splits[place].seed)

    def _key(
        self, x: Representation, target: Target, who: Anyone, place: int, control: bool
    ) -> str:
        split = self.plan.splits[place]
        settings = {
            "attacker": [who.name, who.version, getattr(who, "variant", "")],
            "view": VIEW,
            "control": control,
            "seed": [split.seed, split.fold],
        }
        inputs = [x.digest(place), target.digest(), rows_digest(split.attacker)]
        return key("control task", VERSION, settings, inputs)


def _scores(who: Anyone, device: str, fit: Fit) -> np.ndarray:
    assert not isinstance(who, Informed), "a control task is for attackers that see vectors alone"
    if not len(fit.x_test) or (fit.y == fit.y[0]).all():
        shares = np.bincount(fit.y, minlength=fit.classes).astype(np.float32)
        return np.tile(shares, (len(fit.x_test), 1))
    return who.scores([fit], device=device)[0].astype(np.float32)
