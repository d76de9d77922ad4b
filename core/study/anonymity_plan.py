"""Who and what takes part in the anonymity study, before and after its pictures are opened.

People must be in training here, by design: the question is whether the network still knows *them*.
So pictures are dealt into folds, not people, and no claim about strangers follows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from core.anonymity import augment, fold, training
from core.anonymity.augment import Fold
from core.anonymity.fold import Shown
from core.anonymity.networks import SIDE
from core.config_parts import Anonymity
from core.encode.chunks import CHUNK, found_faces
from core.encode.prepare import Prepared, Preparer
from core.errors import ConfigError, NotEnoughData
from core.faces.align import Alignment, Detector, Face
from core.faces.faceset import UNKNOWN, FaceSet, Picture
from core.faces.picture import Subset
from core.faces.synthetic.source import DrawnSource
from core.measure.targets import target
from core.progress import Progress
from core.store import Store

ALIGNMENT = Alignment("five-points", 112)
LUMA = np.array([0.299, 0.587, 0.114])
"""Luma of ITU-R BT.601."""
SHOTS = 2
"""Pictures of each expression that a drawn person shows: of one alone there would be none to hold
out."""
PER_PICTURE = 7e-4
"""Seconds in which a picture is learnt from once, on one core."""
PER_ATTACK = 7.0
"""Seconds of all attackers, their null and their control, on one base, question and fold."""


@dataclass(frozen=True)
class Cast:
    """Who takes part: rows int64 (n,) of `faces`, with what each shows and whom.

    `faces` may be the set with further shots of its drawn people; `left_out` says who is not there.
    """

    faces: FaceSet
    label: str
    classes: tuple[str, ...]
    rows: np.ndarray
    emotion: np.ndarray
    left_out: tuple[str, ...]

    @cached_property
    def people(self) -> np.ndarray:
        """Who is shown, text (n,)."""
        return self.faces.table["subject_id"].to_numpy(dtype=object)[self.rows].astype(str)


def cast(faces: FaceSet, label: str, asked: Anonymity) -> Cast:
    """Choose people and pictures; raises `ConfigError` where the study cannot be of them."""
    if not faces.has_subjects:
        raise _refused("nobody said who is who: name the identity column")
    if label not in faces.labels:
        have = ", ".join(faces.labels) or "no label"
        raise _refused(f"the set has no label '{label}' but {have}: name one of these as sensitive")
    wider = _with_shots(faces, asked.people)
    found = target(wider.table, label)
    people = wider.table["subject_id"].to_numpy(dtype=object)[found.rows].astype(str)
    chosen = _most(people, asked.people)
    keep = np.isin(people, chosen)
    shown = np.unique(found.y[keep])
    if len(chosen) < 2 or len(shown) < 2:
        raise _refused(
            f"{len(chosen)} people with two pictures or more show {len(shown)} classes of {label}, "
            "and 2 of each are needed: bring more pictures of the same people"
        )
    told = list(found.left_out)
    others = len(set(faces.table["subject_id"]) - {UNKNOWN}) - len(chosen)
    if others:
        told.append(f"{others} people do not take part: at most {asked.people} do, with at least "
                    "two pictures each")  # fmt: skip
    n = int(keep.sum())
    if n > asked.images:
        raise _refused(
            f"anonymity.images is {asked.images}, and {n} pictures were taken: ask for at least "
            "as many, or for fewer people"
        )
    if n < asked.folds:
        raise _refused(f"{n} pictures cannot be dealt into {asked.folds} folds: choose fewer folds")
    classes = tuple(found.classes[one] for one in shown)
    emotion = np.searchsorted(shown, found.y[keep]).astype(np.int64)
    return Cast(wider, label, classes, found.rows[keep], emotion, tuple(told))


def seconds(cast_: Cast, asked: Anonymity, workers: int) -> dict[str, float]:
    """About how long each phase takes on so many cores, from what was measured."""
    sections = 2 * training.SECTIONS + training.START
    steps = sections * training.SECTION + asked.rounds * training.ROUND
    learning = steps * training.BATCH * asked.folds * PER_PICTURE
    attacks = asked.folds * 2 * (len(fold.BASES) + 1) * PER_ATTACK
    return {
        "reading faces": len(cast_.rows) * 0.1,
        "six networks": learning / max(workers, 1),
        "attacking the features": attacks / max(workers, 1),
    }


def _most(people: np.ndarray, most: int) -> list[str]:
    """At most so many people, those with the most pictures and at least two; ties by name."""
    names, counts = np.unique(people, return_counts=True)
    order = sorted(range(len(names)), key=lambda at: (-counts[at], names[at]))
    return [str(names[at]) for at in order[:most] if counts[at] > 1]


def _with_shots(faces: FaceSet, most: int) -> FaceSet:
    """A drawn set's first people with `SHOTS` pictures of each expression; any other as it is.

    A set that was narrowed is drawn anew in what it was narrowed to.
    """
    source, at = faces.source, list(range(len(faces)))
    if isinstance(source, Subset):
        at, source = list(source.rows), source.source
    if not faces.synthetic or not isinstance(source, DrawnSource):
        return faces
    subjects = faces.table["subject_id"].to_numpy(dtype=object)
    first = sorted(set(subjects))[:most]
    rows: list[int] = []
    recipes, names = [], []
    for row in np.flatnonzero(np.isin(subjects, first)).tolist():
        recipe = source.rows[at[row]]
        for shot in range(SHOTS):
            rows.append(row)
            recipes.append({**recipe, "shot": recipe["shot"] + shot})
            names.append(str(faces.table["id"].iloc[row]) + (f", shot {shot}" if shot else ""))
    table = faces.table.iloc[rows].reset_index(drop=True).assign(id=names)
    return replace(faces, table=table, source=replace(source, rows=tuple(recipes)), pairs=None)


@dataclass(frozen=True)
class Stage:
    """What is learnt: twins uint8 (n, copies, SIDE, SIDE) of n pictures with emotions `emotion`
    and identities `identity`, int64 (n,), dealt into `folds`.

    `people` and `classes` name them; `told` are sentences for a person.
    """

    twins: np.ndarray
    emotion: np.ndarray
    identity: np.ndarray
    people: tuple[str, ...]
    classes: tuple[str, ...]
    folds: tuple[Fold, ...]
    told: tuple[str, ...]
    facts: dict[str, Any]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of pictures and labels."""
        whole = hashlib.sha256(f"{self.twins.shape} {self.people} {self.classes}".encode())
        for one in (self.twins, self.emotion, self.identity):
            whole.update(one.tobytes())
        return whole.hexdigest()

    def shown(self, rows: np.ndarray, first: int, last: int) -> Shown:
        """Twins `first` to `last` of the pictures at `rows`."""
        count = last - first
        pictures = self.twins[rows, first:last].reshape(-1, SIDE, SIDE)
        return Shown(
            np.ascontiguousarray(pictures),
            np.repeat(self.emotion[rows], count),
            np.repeat(self.identity[rows], count),
        )


def stage(cast_: Cast, asked: Anonymity, *, seed: int, store: Store, progress: Progress) -> Stage:
    """Open the pictures, and deal them. Raises `NotEnoughData` where too few can be used."""
    crops, used, told = _crops(cast_, store, progress)
    told = [*cast_.left_out, *told]
    if not len(used):
        raise NotEnoughData(
            f"none of {len(cast_.rows)} pictures shows a face that can be used: look at the set's "
            "list of problems, or say that the pictures are aligned already"
        )
    same = augment.duplicates(crops)
    told += _twice(same, cast_.emotion[used], cast_.classes)
    kept = augment.usable(cast_.people[used], same)
    gone = len(set(cast_.people[used])) - len(set(cast_.people[used[kept]]))
    if gone:
        told.append(f"{gone} people are left out: fewer than two pictures of them differ")
    crops, used, same = crops[kept], used[kept], same[kept]
    people, identity = np.unique(cast_.people[used], return_inverse=True)
    shown, emotion = np.unique(cast_.emotion[used], return_inverse=True)
    if len(people) < 2 or len(shown) < 2:
        raise NotEnoughData(
            f"{len(people)} people and {len(shown)} classes of {cast_.label} are left, and 2 of "
            "each are needed: bring more pictures of the same people"
        )
    dealt = augment.folds(identity, emotion, same, count=asked.folds, seed=seed)
    copies = max(asked.images // len(used), 1)
    named = tuple(cast_.classes[one] for one in shown)
    facts: dict[str, Any] = {
        "label": cast_.label,
        "classes": list(named),
        "people": len(people),
        "pictures": len(used),
        "images": copies * len(used),
        "copies": copies,
        "drawn_for_this_study": cast_.faces.synthetic,
        "held_out_a_fold": [int(min(len(one.test) for one in dealt)),
                            int(max(len(one.test) for one in dealt))],
    }  # fmt: skip
    return Stage(
        augment.twins(crops, copies, seed=seed), emotion.astype(np.int64),
        identity.astype(np.int64), tuple(map(str, people)), named, tuple(dealt),
        tuple(told), facts,
    )  # fmt: skip


def _crops(
    cast_: Cast, store: Store, progress: Progress
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Grey crops uint8 (m, 112, 112), which of the cast's rows they are, and what was wrong."""
    faces, detector = cast_.faces, Detector("cpu")
    preparer = Preparer(faces.source, ALIGNMENT, faces.aligned)
    progress.start("Reading faces", len(cast_.rows))
    found, used, told = [], [], []
    for at, row in enumerate(cast_.rows):
        known = None if faces.synthetic else _known(faces, int(row), detector, store)
        one = preparer(int(row), known, detector)
        if isinstance(one, Picture) or one.crop is None:
            problem = one.problem if isinstance(one, Prepared) else None
            name = faces.table["id"].iloc[row]
            told.append(f"{name} does not take part: {problem.kind if problem else 'no face'}")
        else:
            found.append(np.rint(one.crop @ LUMA).astype(np.uint8))
            used.append(at)
        progress.advance()
    return np.array(found), np.array(used, dtype=np.int64), told


def _known(faces: FaceSet, row: int, detector: Detector, store: Store) -> Prepared | None:
    """What an encoding of the same set has seen in this picture, where there was one."""
    if faces.aligned:
        return None
    kept = found_faces(faces, row // CHUNK, detector.digest, store)
    if kept is None or kept["state"][row % CHUNK] == 0:
        return None
    at = row % CHUNK
    face = None
    if kept["state"][at] == 2:
        left, top, right, bottom = map(float, kept["box"][at])
        face = Face(
            (left, top, right, bottom), kept["landmarks"][at], float(kept["probability"][at]),
            int(kept["count"][at]),
        )  # fmt: skip
    return Prepared(None, face=face, seen=True)


def _twice(same: np.ndarray, emotion: np.ndarray, classes: Sequence[str]) -> list[str]:
    """Pictures with the very same pixels, above all those with two labels."""
    told = []
    for one in np.flatnonzero(np.bincount(same) > 1):
        labels = sorted({classes[place] for place in emotion[same == one]})
        word = f"labelled {' and '.join(labels)}" if len(labels) > 1 else f"all {labels[0]}"
        told.append(
            f"{int((same == one).sum())} pictures have the very same pixels ({word}): they stay in "
            "one fold"
        )
    return told


def _refused(why: str) -> ConfigError:
    return ConfigError(f"anonymity cannot be studied: {why}")
