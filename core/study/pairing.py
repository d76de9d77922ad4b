"""Which pairs the verification study compares: a protocol's own, or all within each test part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from core.encode.embeddings import Embeddings
from core.faces.faceset import UNKNOWN
from core.measure.everypair import countable
from core.measure.pairs import CAP, PairList, identical, made
from core.split import Split

FOLDS = 10
"""Folds that a protocol without folds is dealt into, so that no threshold sees its own pairs."""


@dataclass(frozen=True)
class Plan:
    """What is compared, the same for every representation.

    `repeats` holds, for each repeat of the rotation, the pairs of each test part; `rows` the rows
    of each part. `given`: a protocol's own pairs, all in one part with several folds.
    """

    repeats: list[list[PairList]]
    rows: list[list[np.ndarray]]
    person: np.ndarray
    picture: np.ndarray
    people: int
    given: bool
    warnings: tuple[str, ...]

    @property
    def pairs(self) -> int:
        """Pairs of one repeat, the mean over repeats."""
        return round(float(np.mean([sum(len(part.i) for part in parts) for parts in self.repeats])))

    @property
    def ranked(self) -> int:
        """Pairs of one repeat whose order is told, the mean over repeats: every pair where all can
        be counted, `pairs` where not."""
        return round(float(np.mean([sum(map(sum, told)) for told in self._told()])))

    @property
    def impostors(self) -> int:
        """Impostor pairs of the smallest test part whose order is told."""
        return min(impostors for told in self._told() for _, impostors in told)

    def _told(self) -> list[list[tuple[int, int]]]:
        """Genuine and impostor pairs whose order is told, by repeat and test part."""
        return [
            [self._kinds(part, own) for part, own in zip(parts, rows, strict=True)]
            for parts, rows in zip(self.repeats, self.rows, strict=True)
        ]

    def _kinds(self, part: PairList, rows: np.ndarray) -> tuple[int, int]:
        if not self.counted(part, rows):
            return int(part.same.sum()), int((~part.same).sum())
        shown = np.stack([self.person[rows], self.picture[rows]])
        genuine, twins = (
            int((count * (count - 1) // 2).sum())
            for count in (
                np.unique(shown[0], return_counts=True)[1],
                np.unique(shown, axis=1, return_counts=True)[1],
            )
        )
        return genuine - twins, part.possible - genuine

    def counted(self, part: PairList, rows: np.ndarray) -> bool:
        """Whether `part` is a sample of the pairs of its `rows`, all of which can be counted."""
        sampled = not self.given and part.possible > len(part.i)
        return sampled and countable(self.person[rows])


def plan(
    x: Embeddings,
    splits: Sequence[Split],
    seed: int,
    *,
    given: bool = True,
    cap: int | None = None,
) -> Plan | None:
    """The pairs to compare, or None where nobody is known or no part can be tested.

    `given`: whether pairs that came with the set are used; `cap`: pairs of each kind that are made
    in a test part, at most (`CAP` unless told).
    """
    cap = CAP if cap is None else cap
    known = x.subjects != UNKNOWN
    if not x.has_subjects or not known.any():
        return None
    person = np.full(len(x), -1)
    person[known] = np.unique(x.subjects[known].astype(str), return_inverse=True)[1]
    picture = identical(x.x, person)
    warnings = []
    if not known.all():
        warnings.append(
            f"{(~known).sum()} pictures of unknown people were left out of verification."
        )
    own = x.pairs is not None and len(x.pairs) > 0
    if own and not given:
        warnings.append(
            "The pairs of this set cross the parts that suppressors are fitted on and tested on: "
            "pairs were made within each test part instead."
        )
    given = own and given
    if given:
        pairs, lost = _given(x, person, seed)
        repeats, rows = [[pairs]], [[np.flatnonzero(known)]]
        if lost:
            warnings.append(f"{lost} given pairs name a face without a vector and were left out.")
    else:
        repeats, rows = _made(splits, person, seed, cap)
    if not any(len(part.i) for parts in repeats for part in parts):
        return None
    most, where = max(zip(repeats[0], rows[0], strict=True), key=lambda one: one[0].possible)
    if most.possible > len(most.i):
        every = " AUC, equal error and ROC count every pair." if countable(person[where]) else ""
        warnings.append(
            f"A test part has {most.possible:,} pairs, more than are compared: {len(most.i):,} "
            f"were drawn by seed, at most {cap:,} of one person and {cap:,} of two.{every}"
        )
    repeats, dropped = _without_twins(repeats, picture)
    if dropped:
        warnings.append(f"{dropped} pairs of identical pictures were left out.")
    rows_used = np.concatenate([side for part in repeats[0] for side in (part.i, part.j)])
    people = len(np.unique(person[rows_used]))
    return Plan(repeats, rows, person, picture, people, given, tuple(warnings))


def _given(x: Embeddings, person: np.ndarray, seed: int) -> tuple[PairList, int]:
    """The set's own pairs as rows, and how many name a face that is not there."""
    assert x.pairs is not None
    place = pd.Series(np.arange(len(x)), index=x.table["id"].to_numpy())
    rows = x.pairs[["a", "b"]].apply(lambda column: column.map(place))
    there = rows.notna().all(axis=1).to_numpy()
    i, j = rows[there].to_numpy(dtype=np.int64).T
    same, fold = (x.pairs.loc[there, name].to_numpy() for name in ("same", "fold"))
    named = (person[i] >= 0) & (person[j] >= 0)
    i, j, same, fold = (part[named] for part in (i, j, same.astype(bool), fold))
    if len(np.unique(fold)) < 2 and min(same.sum(), (~same).sum()) >= FOLDS:
        deal = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(i, same)
        fold = np.empty(len(i), dtype=np.int64)
        for number, (_, held) in enumerate(deal):
            fold[held] = number
    return PairList(i, j, same, fold, len(i)), int((~there).sum())


def _made(
    splits: Sequence[Split], person: np.ndarray, seed: int, cap: int
) -> tuple[list[list[PairList]], list[list[np.ndarray]]]:
    """All pairs within each test part, by repeat of the rotation; and the parts' rows."""
    repeats, rows = [], []
    for repeat in sorted({split.seed for split in splits}):
        own = [split for split in splits if split.seed == repeat]
        tests = [split.test[person[split.test] >= 0] for split in own]
        rows.append(tests)
        repeats.append(
            [
                made(test, person[test], fold=split.fold, seed=seed + split.fold, cap=cap)
                for test, split in zip(tests, own, strict=True)
            ]
        )
    return repeats, rows


def _without_twins(
    repeats: list[list[PairList]], picture: np.ndarray
) -> tuple[list[list[PairList]], int]:
    """The pairs without those that show one picture twice, and how many those were in a repeat."""
    clean, dropped = [], 0
    for number, parts in enumerate(repeats):
        kept = [~(part.same & (picture[part.i] == picture[part.j])) for part in parts]
        dropped += sum(int((~mask).sum()) for mask in kept) if number == 0 else 0
        clean.append([_chosen(part, mask) for part, mask in zip(parts, kept, strict=True)])
    return clean, dropped


def _chosen(part: PairList, mask: np.ndarray) -> PairList:
    columns = {name: getattr(part, name)[mask] for name in ("i", "j", "same", "fold")}
    return replace(part, **columns)
