"""What an attacker of one split is given: vectors of its own people, and what it knows beside."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from core.attack.attack import Known, Problem
from core.attack.difference import references
from core.attack.fit import Anyone, Informed
from core.attack.planted import plant
from core.faces.faceset import UNKNOWN
from core.measure.intervals import NONE_BELOW
from core.measure.targets import PEOPLE_PER_CLASS, Target
from core.split import Split
from core.study.representation import Representation


@dataclass(frozen=True)
class Others:
    """Faces of another set that show classes of a target: `rows` int64 (o,), `y` int64 (o,)."""

    rows: np.ndarray
    y: np.ndarray

    def digest(self) -> str:
        """SHA-256 of who is asked what."""
        return hashlib.sha256(self.rows.tobytes() + self.y.tobytes()).hexdigest()


@dataclass(frozen=True)
class Scene:
    """Vectors of whole sets, from which problems are cut: `x` (n, d) as the attacker sees them,
    `before` (n, d0) the same faces before suppression, `outside` (o, d) another set's."""

    x: np.ndarray
    before: np.ndarray
    outside: np.ndarray | None


def scene(x: Representation, outside: Representation | None, place: int) -> Scene:
    """The vectors as they are, at the split `place`."""
    return Scene(x.vectors(place), x.base.x, None if outside is None else outside.vectors(place))


def with_code(
    real: Scene, target: Target, others: Others | None, needs: str, size: float, seed: int
) -> Scene:
    """The scene with a planted code of `size`, in everything that the attacker compares.

    Whoever learns φ → x would wash out a code that x does not have; whoever learns from another
    set would not know it. One code serves both sets.
    """
    x = real.x.copy()
    if needs == "outside" and real.outside is not None and others is not None:
        both = np.concatenate([x[target.rows], real.outside[others.rows]])
        coded = plant(both, np.concatenate([target.y, others.y]), size, seed=seed)
        x[target.rows], outside = coded[: len(target.rows)], real.outside.copy()
        outside[others.rows] = coded[len(target.rows) :]
        return replace(real, x=x, outside=outside)
    x[target.rows] = plant(x[target.rows], target.y, size, seed=seed)
    if needs != "before":
        return replace(real, x=x)
    before = real.before.copy()
    before[target.rows] = plant(before[target.rows], target.y, size, seed=seed)
    return replace(real, x=x, before=before)


def others_of(outside: Representation | None, target: Target) -> Others | None:
    """The faces of another set that show a class of `target` by name, known to at least
    `PEOPLE_PER_CLASS` people each; None below two classes."""
    if outside is None or target.attribute not in outside.base.labels:
        return None
    values = outside.base.table[target.attribute].to_numpy(dtype=object)
    y = np.full(len(values), -1, dtype=np.int64)
    for number, name in enumerate(target.classes):
        own = values == name
        if len(set(outside.subjects[own])) >= PEOPLE_PER_CLASS:
            y[own] = number
    rows = np.flatnonzero(y >= 0)
    return Others(rows, y[rows]) if len(np.unique(y[rows])) >= 2 else None


def varies(target: Target, subjects: np.ndarray) -> bool:
    """Whether the label changes within people: for at least half of those with two pictures and
    more, and for ten of them."""
    _, person = np.unique(subjects[target.rows].astype(str), return_inverse=True)
    shown = np.zeros((person.max() + 1 if len(person) else 0, target.k), dtype=np.int64)
    np.add.at(shown, (person, target.y), 1)
    several = shown.sum(axis=1) >= 2
    mixed = int(((shown > 0).sum(axis=1) >= 2).sum())
    return mixed >= max(NONE_BELOW, several.sum() / 2)


def serves(
    attacker: Anyone, x: Representation, target: Target, outside: Representation | None
) -> bool:
    """Whether the attacker has what it needs here; one that has not stands in no row.

    A person's own reference says nothing of a label that is the person's own; nothing is undone
    where nothing was suppressed; and a single number has no direction to compare.
    """
    if not isinstance(attacker, Informed):
        return True
    if attacker.needs == "reference":
        return varies(target, x.subjects)
    if attacker.needs == "before":
        return bool(x.fitted)
    if attacker.needs == "outside":
        return others_of(outside, target) is not None
    return x.vectors(0).shape[1] > 1


def problem(
    seen: Scene,
    subjects: np.ndarray,
    target: Target,
    split: Split,
    needs: str,
    others: Others | None,
) -> Problem:
    """The problem of one split, cut from `seen`; `needs` is the field of `Known` to fill."""
    learn, judge = part(split.attacker, target), part(split.test, target)
    own, strangers = target.rows[learn], target.rows[judge]
    known = Known()
    if needs == "reference":
        known = _enrolled(seen.x, subjects, own, strangers, split.seed)
    elif needs == "before":
        known = Known(before=seen.before[own])
    elif needs == "outside" and others is not None and seen.outside is not None:
        people = np.arange(len(others.rows))
        known = Known(outside=(seen.outside[others.rows], others.y, people))
    return Problem(
        seen.x[own], target.y[learn], subjects[own], seen.x[strangers], target.k, split.seed, "",
        known,
    )  # fmt: skip


def _enrolled(
    x: np.ndarray, subjects: np.ndarray, own: np.ndarray, strangers: np.ndarray, seed: int
) -> Known:
    """The templates: drawn among all pictures of a person, whatever they show."""
    where = references(subjects.astype(str), seed=seed)
    where[subjects == UNKNOWN] = -1
    rows = [np.where(where[one, None] >= 0, x[where[one]], np.nan) for one in (own, strangers)]
    return Known(rows[0].astype(np.float32), rows[1].astype(np.float32))


def part(rows: np.ndarray, target: Target) -> np.ndarray:
    """Places in `target.rows` of those of `rows` that take part in the attack."""
    return np.flatnonzero(np.isin(target.rows, rows, assume_unique=True))
