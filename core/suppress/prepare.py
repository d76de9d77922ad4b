"""What every method asks of its material before it looks at anything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.errors import ConfigError, NotEnoughData, SuppressorError
from core.split import inner_folds
from core.suppress.sums import finite
from core.suppress.suppressor import UNLABELLED, Label, Material

LEAST_PEOPLE = 6
"""People below whom nothing is fitted: a third of them is held back to judge the rest."""
IDENTITY = "identity"
"""The primary task that needs no label."""
PEOPLE_PER_CLASS = 2
"""People who must show a class before it counts as one."""


def prepared(material: Material) -> Material:
    """`material` as finite float32, its labels with only the classes that enough people show.

    Rows of a class that fewer than `PEOPLE_PER_CLASS` people show become unlabelled. Raises
    `SuppressorError` where x holds NaN or infinity, `NotEnoughData` below `LEAST_PEOPLE` people,
    without a label, or where a label has fewer than two classes left.
    """
    x = np.ascontiguousarray(material.x, np.float32)
    bad = ~finite(x)
    if bad.any():
        raise SuppressorError(
            f"{int(bad.sum())} of {len(x)} vectors hold NaN or infinity (none may): remove these "
            "rows or export the vectors again"
        )
    people = len(np.unique(material.people))
    if people < LEAST_PEOPLE:
        raise NotEnoughData(
            f"{people} people are too few to fit a suppressor on, at least {LEAST_PEOPLE} are "
            "needed: bring more people, or a suppressor fitted on another set"
        )
    if not material.labels:
        raise NotEnoughData("no label (at least one) is to be suppressed: name one as sensitive")
    labels = tuple(_shown(label, material.people) for label in material.labels)
    return replace(material, x=x, people=np.asarray(material.people), labels=labels)


def _shown(label: Label, people: np.ndarray) -> Label:
    kept = [c for c in range(label.k) if len(np.unique(people[label.y == c])) >= PEOPLE_PER_CLASS]
    if len(kept) < 2:
        raise NotEnoughData(
            f"{len(kept)} class of '{label.name}' is shown by {PEOPLE_PER_CLASS} people or more, "
            "and suppressing needs two classes: bring more people, or leave this label out"
        )
    place = np.full(label.k + 1, UNLABELLED)  # the last place is where UNLABELLED, −1, points
    place[kept] = np.arange(len(kept))
    neutral = kept.index(label.neutral) if label.neutral in kept else None
    names = tuple(label.classes[c] for c in kept)
    return replace(label, y=place[label.y].astype(np.int64), classes=names, neutral=neutral)


def rows_of(material: Material, rows: np.ndarray) -> Material:
    """Those `rows` (m,) of `material`."""
    labels = tuple(replace(label, y=label.y[rows]) for label in material.labels)
    primary = None if material.primary is None else material.primary[rows]
    return replace(
        material, x=material.x[rows], people=material.people[rows], labels=labels, primary=primary
    )


def label_at(label: Label | None, rows: np.ndarray) -> Label | None:
    """Those `rows` (m,) of a label, if there is one."""
    return None if label is None else replace(label, y=label.y[rows])


def held_back(material: Material, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to fit on and rows of a third of the people, who are held back to judge the fit.

    People are dealt by the first label; nobody is in both.
    """
    return inner_folds(material.people, material.labels[0].y, folds=3, seed=seed)[0]


def with_primary(material: Material, primary: str) -> tuple[Material, Label | None]:
    """`material` without the label that is the primary task, and that label; None for identity.

    Raises `ConfigError` where the material carries no such label, `NotEnoughData` where it is the
    only one.
    """
    if primary == IDENTITY:
        return material, None
    names = [label.name for label in material.labels]
    if primary not in names:
        raise ConfigError(
            f"primary is '{primary}', and it must be {IDENTITY} or a label that the suppressor is "
            f"given, here {', '.join(names)}: name one of these, or add the column"
        )
    others = tuple(label for label in material.labels if label.name != primary)
    if not others:
        raise NotEnoughData(
            f"'{primary}' is the primary task and the only label (another is needed to suppress): "
            "name a second label as sensitive, or choose primary: identity"
        )
    return replace(material, labels=others), material.labels[names.index(primary)]


def classes_kept(material: Material, kept: Label | None) -> np.ndarray:
    """Class int64 (n,) of the primary task: the label's, or who it is; −1 where unlabelled, and
    where the row is not one that this task learns from."""
    own = primary_rows(material)
    y = np.full(len(material.x), UNLABELLED, dtype=np.int64)
    y[own] = (
        np.unique(material.people[own], return_inverse=True)[1] if kept is None else kept.y[own]
    )
    return y


def primary_rows(material: Material) -> np.ndarray:
    """Rows int64 (m,) that the primary task learns from."""
    if material.primary is None:
        return np.arange(len(material.x))
    return np.flatnonzero(material.primary)
