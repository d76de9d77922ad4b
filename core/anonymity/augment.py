"""Folds over pictures as they were taken, and twins of each: turned, mirrored, with noise.

Narula et al. (2020), 4.1 and 4.2: rotation, horizontal flip and noise up to about 3,000 pictures in
all, and no two twins of a picture on both sides of a fold. By how much is not printed: ours, in
`FACTS`. A twin depends on the seed, its picture's place and its own number, not on any fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from core.anonymity.networks import SIDE
from core.errors import NotEnoughData

VERSION = 1
DEGREES = 20.0
NOISE = 20.0

FACTS: dict[str, Any] = {
    "rotation": f"uniform, up to {DEGREES:g} degrees",
    "flip": "every second twin, by chance",
    "noise": f"normal, deviation {NOISE:g} of 255",
}
"""How twins differ from their picture; the first of each is the picture itself."""


@dataclass(frozen=True)
class Fold:
    """Rows of pictures as taken, int64, sorted: learnt from, and held out."""

    train: np.ndarray
    test: np.ndarray


def twins(crops: np.ndarray, copies: int, *, seed: int) -> np.ndarray:
    """`copies` of each of `crops` uint8 (n, h, w): uint8 (n, copies, SIDE, SIDE).

    The first copy is the picture itself, made smaller by area.
    """
    found = np.empty((len(crops), copies, SIDE, SIDE), dtype=np.uint8)
    for row, crop in enumerate(crops):
        found[row, 0] = _small(crop)
        for copy in range(1, copies):
            found[row, copy] = _twin(crop, np.random.default_rng((seed, row, copy)))
    return found


def _twin(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
    height, width = crop.shape
    angle = random.uniform(-DEGREES, DEGREES)
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    turned = cv2.warpAffine(
        crop, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if random.random() < 0.5:
        turned = turned[:, ::-1]
    noisy = _small(turned) + random.normal(0, NOISE, (SIDE, SIDE))
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _small(crop: np.ndarray) -> np.ndarray:
    return cv2.resize(np.ascontiguousarray(crop), (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def duplicates(crops: np.ndarray) -> np.ndarray:
    """A number for each of `crops` (n, h, w), the same for those with the very same pixels."""
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(one.tobytes(), len(first)) for one in crops], dtype=np.int64)


def usable(people: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Rows (m,) of the people who can stand on both sides of every fold.

    `people` (n,) who is shown, `same` (n,) as from `duplicates`: a person needs two pictures that
    differ, and neither may be chained to all of the others by somebody else's copy.
    """
    kept = np.arange(len(people))
    while True:
        own, units = people[kept], same[kept]
        enough = {one for one in set(own) if len(set(units[own == one])) > 1}
        left = kept[np.isin(own, sorted(enough))]
        if len(left) == len(kept):
            return kept
        kept = left


def folds(
    people: np.ndarray, labels: np.ndarray, same: np.ndarray, *, count: int, seed: int
) -> list[Fold]:
    """`count` folds over pictures: every person in every training part, twins in one fold.

    `people`, `labels` and `same` are (n,). A unit of identical pictures goes where its people are
    fewest, then its labels, then pictures; chance settles the rest. Raises `NotEnoughData` where a
    person would be missing from a training part, or where there are fewer units than folds.
    """
    units = [np.flatnonzero(same == one) for one in dict.fromkeys(same.tolist())]
    if len(units) < count:
        raise NotEnoughData(
            f"{len(units)} different pictures are too few for {count} folds: bring more pictures, "
            f"or set anonymity.folds to {max(len(units), 2)} or fewer"
        )
    random = np.random.default_rng(seed)
    parts: list[list[int]] = [[] for _ in range(count)]
    for place in random.permutation(len(units)):
        unit, ties = units[place], random.random(count)
        costs = [(*_crowd(part, unit, people, labels), ties[at]) for at, part in enumerate(parts)]
        parts[costs.index(min(costs))].extend(unit.tolist())
    whole = np.arange(len(people))
    found = [Fold(np.setdiff1d(whole, part), np.sort(np.array(part))) for part in parts]
    for fold in found:
        missing = sorted(set(people) - set(people[fold.train]))
        if missing:
            raise NotEnoughData(
                f"all pictures of {missing[0]} lie in one of {count} folds, and everybody must be "
                "in training here: bring more pictures that differ, or choose more folds"
            )
    return found


def _crowd(
    part: Sequence[int], unit: np.ndarray, people: np.ndarray, labels: np.ndarray
) -> tuple[int, int, int]:
    own = np.array(part, dtype=np.int64)
    return (
        int(np.isin(people[own], people[unit]).sum()),
        int(np.isin(labels[own], labels[unit]).sum()),
        len(part),
    )
