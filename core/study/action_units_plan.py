"""What the action-unit study is going to do with one set, before anything is encoded or trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.action_units.labels import Labels, labels_of, least
from core.action_units.skew import EVERYONE, Draws, Groups, draw, groups_of
from core.action_units.trunk import AUTO
from core.config import located
from core.config_parts import ActionUnits
from core.errors import NotEnoughData
from core.faces.faceset import FaceSet

FEWEST_TRAIN = 10, 5
"""Faces that show a unit, and do not, in every training set, and people that these are of."""
FEWEST_TEST = 10, 10
"""The same among the test people of each group, all repeats together."""


@dataclass(frozen=True)
class LeftOut:
    """A unit that is not studied: how many faces show it, and what there is too little of."""

    unit: int
    positives: int
    why: str


@dataclass(frozen=True, eq=False)
class Plan:
    """`labels` of the units that are studied; `rows` are all faces that are looked at."""

    labels: Labels
    left_out: tuple[LeftOut, ...]
    groups: Groups
    draws: Draws
    rows: np.ndarray
    asked: ActionUnits
    told: tuple[str, ...]

    @property
    def fits(self) -> int:
        """Detectors that are trained."""
        return len(self.draws.sets) * len(self.draws.repeats)

    @property
    def train_faces(self) -> int:
        """Faces of a training set, the mean over repeats and the sets of equal size."""
        sizes = [len(one.train[name]) for one in self.draws.repeats for name in self.draws.equal]
        return round(float(np.mean(sizes)))


def prepare(faces: FaceSet, asked: ActionUnits, *, seed: int, base: Path | None = None) -> Plan:
    """Who is trained on, who is tested, and which units there is enough of.

    `base` is the folder that paths of the settings start from. Raises `NotEnoughData` where
    nothing is left to study, `ConfigError` and `FacesError` where what was named does not fit.
    """
    path = None if asked.labels is None else located(asked.labels, base or Path())
    labels = labels_of(faces, path)
    wanted = least(len(faces))
    often = [unit for unit, count in zip(labels.units, _shown(labels.present), strict=True)
             if count >= wanted]  # fmt: skip
    known = ~np.isnan(labels.only(often).present)
    groups = groups_of(faces, asked.group, known.any(axis=1))
    skew = None if asked.skew == "auto" else float(asked.skew)
    draws = draw(groups, skew=skew, repeats=asked.repeats, seed=seed)
    left = [_left(labels, unit, f"{wanted:,} faces of this set must show it")
            for unit in labels.units if unit not in often]  # fmt: skip
    kept = []
    for unit in often:
        why = _lacks(labels.only([unit]).present[:, 0], groups, draws)
        if why:
            left.append(_left(labels, unit, why))
        else:
            kept.append(unit)
    if not kept:
        raise NotEnoughData(
            f"none of the {len(labels.units)} action units is there often enough (the first, "
            f"{name_of(left[0].unit)}, in {left[0].positives:,} faces: {left[0].why}): bring more "
            "labelled faces"
        )
    every = [rows for one in draws.repeats for own in (one.train, one.test)
             for rows in own.values()]  # fmt: skip
    left.sort(key=lambda one: one.unit)
    return Plan(
        labels.only(kept), tuple(left), groups, draws, np.unique(np.concatenate(every)), asked,
        (*labels.told, *groups.told, *_told(left, draws)),
    )  # fmt: skip


def seconds(plan: Plan, *, device: str, workers: int) -> dict[str, float]:
    """About how long each phase takes on so many cores, from what was measured."""
    paper, faster = plan.asked.trunk != AUTO, 0.05 if device == "cuda" else 1.0
    encoding = faster * len(plan.rows) * (0.6 if paper else 0.006)
    learnt = sum(len(rows) for one in plan.draws.repeats for rows in one.train.values())
    return {
        "encoding (trunk)": encoding,
        "encoding (trunk, mirrored)": encoding,
        "training action units": faster * learnt * (1.0 if paper else 0.008) / max(workers, 1),
    }


def name_of(unit: int) -> str:
    """As tables name it: AU01."""
    return f"AU{unit:02d}"


def _shown(present: np.ndarray) -> np.ndarray:
    return np.asarray((present == 1).sum(axis=0))


def _left(labels: Labels, unit: int, why: str) -> LeftOut:
    return LeftOut(unit, int(_shown(labels.only([unit]).present)[0]), why)


def _lacks(present: np.ndarray, groups: Groups, draws: Draws) -> str:
    """What there is too little of to study one unit, empty where there is enough."""
    for repeat in draws.repeats:
        for name, rows in repeat.train.items():
            if not _enough(present, rows, groups, *FEWEST_TRAIN):
                return (
                    f"{FEWEST_TRAIN[0]} faces of {FEWEST_TRAIN[1]} people must show it, and as "
                    f"many not, in every training set ({name})"
                )
    for name in groups.names:
        rows = np.concatenate([repeat.test[name] for repeat in draws.repeats])
        if not _enough(present, np.unique(rows), groups, *FEWEST_TEST):
            return (
                f"{FEWEST_TEST[0]} faces of {FEWEST_TEST[1]} people must show it, and as many "
                f"not, among the test people ({name})"
            )
    return ""


def _enough(present: np.ndarray, rows: np.ndarray, groups: Groups, faces: int, people: int) -> bool:
    for value in (0, 1):
        own = rows[present[rows] == value]
        if len(own) < faces or len(set(groups.person[own])) < people:
            return False
    return True


def _told(left: list[LeftOut], draws: Draws) -> list[str]:
    """What was left out, and how large the sets are beside the paper's."""
    told = [
        f"{name_of(one.unit)} is left out, {one.positives:,} faces show it: {one.why}"
        for one in left
    ]
    more = EVERYONE in draws.sets
    everyone = f" (the set '{EVERYONE}' {draws.people_of(EVERYONE)})" if more else ""
    tested = ", ".join(f"{count} {name}" for name, count in draws.test_people.items())
    told.append(
        f"training sets hold {draws.people} people{everyone} and each repeat tests {tested} (the "
        "paper: 37, and 10 of each)"
    )
    return told
