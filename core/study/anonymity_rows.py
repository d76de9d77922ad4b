"""Figures of the anonymity study from what networks and attackers said: rows, statuses, facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from scipy import stats

from core.anonymity import attackers, fold
from core.config_parts import Anonymity
from core.measure.intervals import (
    Interval,
    Predictions,
    difference,
    holm,
    interval,
    weights,
)
from core.measure.leakage import prediction_limits
from core.store import Entry
from core.study.anonymity_plan import Stage

PIXELS = "pixels"
"""The control base: 16 x 16 grey, which says how much the picture itself shows."""
SIDE = 16
FRESH = "fresh"
TASKS = ("identity", "emotion")
NETWORKS = ("Face", "Emotion", "Emotion2Face", "Hybrid", "Hybrid2Emotion", "Hybrid2Face", PIXELS)
"""The paper's six and the control, in the order of all tables."""
LEARNT = 0.8
"""Held-out pictures that Face must name rightly; a net too small to learn proves nothing."""
ALARM = 0.025
"""One-sided p of an accuracy as low as this under guessing, below which it is anti-learning."""
PAIRS = (
    ("identity", "Hybrid2Face", "Emotion2Face"), ("emotion", "Hybrid2Emotion", "Emotion"),
)  # fmt: skip
"""What is compared: what Algorithm 1 took, and what it cost."""

Name = tuple[str, str, str, str, str]
"""Network, task, attacker, split and base."""


@dataclass(frozen=True)
class Answer:
    """Classes named in one fold: `said` int64 (t,) of the pictures `rows` (t,); `planted` (t,)
    where a code was planted; `attacker` is who said it."""

    fold: int
    rows: np.ndarray
    said: np.ndarray
    planted: np.ndarray | None = None
    attacker: str = ""


@dataclass
class Answers:
    """All answers by name, and of each base and task the pictures (t,) with what was said of them
    after learning permuted labels (count, t)."""

    said: dict[Name, list[Answer]] = field(default_factory=dict)
    nulls: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = field(default_factory=dict)

    def add(self, name: Name, answer: Answer) -> None:
        """Note one fold's answer."""
        self.said.setdefault(name, []).append(answer)


@dataclass
class Measured:
    """Rows of `anonymity` and of `differences`; `learnt` is Face's accuracy, None where unknown."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)
    learnt: float | None = None

    @property
    def counts(self) -> bool:
        """Whether Face learnt enough for anything to follow."""
        return self.learnt is not None and self.learnt >= LEARNT


@dataclass(frozen=True)
class Null:
    """What permuted labels give: mean accuracy and the limits of 95 % of them."""

    mean: float
    low: float
    high: float


def stands(base: str, task: str) -> str:
    """The network under whose name fresh attackers on `base` are told."""
    return next((name for name, own in reversed(fold.STANDS.get(base, ())) if own == task),
                {"face": "Face"}.get(base, base))  # fmt: skip


def pixels(pictures: np.ndarray) -> np.ndarray:
    """Grey values float32 (m, SIDE²) from 0 to 1 of `pictures` uint8 (m, h, w)."""
    small = [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in pictures]
    return np.array(small, dtype=np.float32).reshape(len(pictures), -1) / 255


def permuted(stage: Stage, task: str, count: int, *, seed: int) -> np.ndarray:
    """Labels of all pictures permuted, int64 (count, n).

    Emotions change places within a person. Who is shown changes places among pictures of the same
    emotion, so that each still shows as many people.
    """
    labels, other = stage.identity, stage.emotion
    if task == "emotion":
        labels, other = other, labels
    random = np.random.default_rng((seed, TASKS.index(task)))
    found = np.tile(labels, (count, 1))
    for one in found:
        for group in np.unique(other):
            own = np.flatnonzero(other == group)
            one[own] = one[random.permutation(own)]
    return found


def below_chance(hits: int, n: int, guessing: float) -> float:
    """One-sided p of so few hits of `n` where each is right with chance `guessing`: exact binomial.

    Every picture counts once, whatever the number of its twins.
    """
    return float(stats.binomtest(hits, n, guessing, alternative="less").pvalue)


def status(
    found: Interval, floor: Null | None, chance: float, p: float, *, control: bool | None,
    counts: bool,
) -> str:  # fmt: skip
    """The word of one figure.

    Below chance is an alarm whoever asked: it needs a p under `ALARM`, and a figure no higher than
    permuted labels come, since folds that share out the classes push blind probes below chance,
    too. What is missed by a probe that misses a planted code says nothing, and nor does what is
    missed where not even Face learnt (`counts`).
    """
    if found.value is None or found.low is None:
        return found.status
    if p < ALARM and (floor is None or found.value <= floor.low):
        return "anti-learning"
    if control is False:
        return "probe failed"
    if found.low > max(chance, floor.high if floor is not None else 0.0):
        return found.status
    return "nothing found" if counts else "not comparable"


def measured(answers: Answers, stage: Stage, *, seed: int) -> Measured:
    """Everything that can be said of the answers so far."""
    drawn = weights(len(stage.people), seed=seed)
    found, said = Measured(), {}
    face = answers.said.get(("Face", "identity", "own", "originals", "face"), [])
    if face:
        found.learnt = plain(predictions(face, stage, "identity"))
    floors = {name: _null(parts, stage, name[1], seed) for name, parts in answers.nulls.items()}
    for name, own in answers.said.items():
        said[name] = predictions(own, stage, name[1])
        floor = floors.get((name[4], name[1]))
        found.rows.append(_row(name, own, said[name], floor, stage, found.counts, drawn))
    found.rows.sort(key=_place)
    found.differences = _differences(said, drawn)
    return found


def _place(row: Mapping[str, Any]) -> tuple[int, bool, int, int]:
    """Networks as the paper has them, pictures before twins, identity first, own layers first."""
    whoever = ("own", FRESH, *attackers.ATTACKERS)
    return (
        NETWORKS.index(row["network"]), row["split"] != "originals", TASKS.index(row["task"]),
        whoever.index(row["attacker"]),
    )  # fmt: skip


def predictions(own: list[Answer], stage: Stage, task: str) -> Predictions:
    """The answers of all folds in their order, as the intervals take them."""
    own = sorted(own, key=lambda one: one.fold)
    rows = np.concatenate([one.rows for one in own])
    return Predictions(
        truth=getattr(stage, task)[rows],
        predicted=np.concatenate([one.said for one in own]),
        scores=None,
        people=stage.identity[rows],
        rows=rows,
        repeat=np.zeros(len(rows), dtype=np.int64),
    )


def plain(said: Predictions) -> float:
    """Accuracy without an interval."""
    return float((said.truth == said.predicted).mean())


def _null(parts: list[tuple[np.ndarray, np.ndarray]], stage: Stage, task: str, seed: int) -> Null:
    """What the cheap attackers reach with permuted labels on a base, each repetition pooled."""
    rows = np.concatenate([test for test, _ in parts])
    said = np.concatenate([one for _, one in parts], axis=1)
    truth = permuted(stage, task, len(said), seed=seed)[:, rows]
    values = (said == truth).mean(axis=1)
    return Null(float(values.mean()), *prediction_limits(list(values)))


def _row(
    name: Name, own: list[Answer], said: Predictions, floor: Null | None, stage: Stage,
    counts: bool, drawn: np.ndarray,
) -> dict[str, Any]:  # fmt: skip
    network, task, attacker, split, base = name
    k = len(stage.people if task == "identity" else stage.classes)
    everybody = len(np.unique(said.people)) == drawn.shape[1]
    found = interval(said, "accuracy", k=k, weights=drawn if everybody else None)
    pictures = len(np.unique(said.rows))
    guessing = min(1 / k, floor.mean if floor is not None else 1.0)
    hits = int(np.floor(plain(said) * pictures + 1e-9))
    p = below_chance(hits, pictures, max(guessing, 1e-9))
    control = _finds(own, stage, task, k)
    word = status(found, floor, 1 / k, p, control=control, counts=counts)
    shown = Interval(None, None, None, found.people, word) if word == "probe failed" else found
    chosen = sorted({one.attacker for one in own} - {""})
    return {
        "network": network, "task": task, "attacker": attacker, "split": split,
        "accuracy": shown.value, "low": shown.low, "high": shown.high, "chance": 1 / k,
        "null": floor.high if floor else None, "n": len(said.rows), "identities": found.people,
        "status": word, "base": base, "chosen": ", ".join(chosen) if attacker == FRESH else None,
        "null_low": floor.low if floor else None,
        "below_chance_p": p if found.value is not None else None,
        "control": None if control is None else ("found" if control else "missed"),
    }  # fmt: skip


def _finds(own: list[Answer], stage: Stage, task: str, k: int) -> bool | None:
    """Whether the planted code was found; None where nobody planted, or for too few people."""
    coded = [Answer(one.fold, one.rows, one.planted) for one in own if one.planted is not None]
    if not coded:
        return None
    found = interval(predictions(coded, stage, task), "accuracy", k=k)
    return None if found.low is None else found.low > 1 / k


def _differences(said: Mapping[Name, Predictions], drawn: np.ndarray) -> list[dict[str, Any]]:
    """Rows of `differences`: paired by person, Holm's correction over all."""
    by = {name[:4]: own for name, own in said.items()}
    found: list[dict[str, Any]] = []
    for task, after, before in PAIRS:
        for attacker in ("own", FRESH):
            a, b = (by.get((one, task, attacker, "originals")) for one in (after, before))
            if a is None or b is None or len(np.unique(a.people)) != drawn.shape[1]:
                continue
            one = difference(a, b, "accuracy", k=2, weights=drawn)
            if one.value is not None:
                found.append({
                    "table": "anonymity", "metric": f"accuracy ({attacker})", "attribute": task,
                    "a": after, "b": before, "difference": one.value, "low": one.low,
                    "high": one.high, "p_holm": one.p,
                })  # fmt: skip
    adjusted = holm([row["p_holm"] for row in found])
    for row, p in zip(found, adjusted, strict=True):
        row["p_holm"] = float(p)
    return found


def facts(
    stage: Stage, asked: Anonymity, found: Measured, learnt: Mapping[tuple[int, Any], Entry],
    permutations: int,
) -> dict[str, Any]:  # fmt: skip
    """What `audit.json` says of the study beside its tables."""
    return {
        **stage.facts,
        "settings": asked.model_dump(),
        "face_accuracy": found.learnt,
        "face_needed": LEARNT,
        "learnt_enough": found.counts,
        "scored": "pictures as they were taken; rows of split `augmented` score their twins",
        "people_in_training": "everybody, by design",
        "permutations": permutations,
        "anti_learning_p": ALARM,
        "diverged": {str(at): entry.meta["diverged"] for (at, _), entry in learnt.items()
                     if entry.meta["diverged"] is not None},
        "attack": attackers.FACTS,
    }  # fmt: skip


def warnings(stage: Stage, found: Measured, learnt: Mapping[tuple[int, Any], Entry]) -> list[str]:
    """Sentences for a person."""
    told = [f"anonymity: {one}" for one in stage.told]
    if found.learnt is not None and not found.counts:
        told.append(
            f"anonymity: Face names {found.learnt:.0%} of held-out pictures rightly and "
            f"{LEARNT:.0%} are needed: a net too small to learn proves nothing, and no claim is "
            "made"
        )
    alarms = [
        f"{row['network']} ({row['task']}, {row['attacker']}, {row['split']})"
        for row in found.rows
        if row["status"] == "anti-learning"
    ]
    if alarms:
        told.append(
            f"anonymity: wrong more often than guessing: {'; '.join(alarms)}; whoever is wrong so "
            "reliably has learnt something, and this is no privacy"
        )
    gone = [at for (at, _), entry in learnt.items() if entry.meta["diverged"] is not None]
    if gone:
        told.append(
            f"anonymity: the loss of Algorithm 1 was no number any more in {len(gone)} of "
            f"{len(stage.folds)} folds; its weights are those of the round before"
        )
    return told
