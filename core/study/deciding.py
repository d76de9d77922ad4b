"""What one threshold decides about the pairs of each test part: errors by group, by expression.

The threshold is chosen on the attackers' people, through the same φ, and is one for everybody:
what it lets through for one group and refuses for another is the finding (METHODS, "Protocol" 9).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd

from core.measure.groups import Counted, intervals, shares, threshold
from core.measure.intervals import NONE_BELOW, Interval, weights
from core.measure.pairs import PairList, made, similarities, unit
from core.measure.verification import ENOUGH, Sampled, nanmean
from core.split import Split
from core.store import Entry, Store, key
from core.study.pairing import Plan, plan
from core.study.representation import Representation

VERSION = 1
FAR = 1e-2
"""The false acceptance rate on all attackers' people; larger where they give too few pairs."""
LOOSEST = 0.5
"""From this rate on a threshold says nothing."""
TUNING = 100_000
"""Pairs of each kind, at most, on which a threshold is chosen."""
PAIRS = 500_000
"""Pairs of each kind in one test part, at most, that are counted by group."""
MOST_GROUPS = 40
"""A label with more values than these is no grouping of people."""
EXPRESSIONS = ("expression", "emotion")
"""Labels that are an expression."""


@dataclass(frozen=True)
class Grouping:
    """One label as groups: `code` int (n,) into `names`; "unknown" is one of them where it is."""

    label: str
    code: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class Decided:
    """One figure of the errors: its interval and the pairs behind it."""

    interval: Interval
    pairs: int


@dataclass(frozen=True)
class Errors:
    """Errors of one representation: FMR and FNMR by (label, group), TAR by (a, b) of expressions.

    `far` is the rate that the threshold was chosen for; None where it could not be chosen.
    """

    far: float | None
    fmr: dict[tuple[str, str], Decided]
    fnmr: dict[tuple[str, str], Decided]
    tar: dict[tuple[str, str], Decided]


def groupings(table: pd.DataFrame, labels: Sequence[str]) -> tuple[list[Grouping], list[str]]:
    """The labels as groups, and warnings for those that have too many values to be any."""
    found, warnings = [], []
    for label in labels:
        names, code = np.unique(table[label].to_numpy(dtype=str), return_inverse=True)
        if len(names) > MOST_GROUPS:
            warnings.append(
                f"the label '{label}' has {len(names)} values, more than the {MOST_GROUPS} groups "
                "that figures are given for: no figures by its groups"
            )
        else:
            found.append(Grouping(label, code, tuple(map(str, names))))
    return found, warnings


def expression_of(groups: Sequence[Grouping]) -> Grouping | None:
    """The label that is an expression, or None."""
    return next((one for one in groups if one.label.lower() in EXPRESSIONS), None)


class Deciding:
    """Counts what thresholds decide, for every representation of the same faces alike."""

    def __init__(
        self,
        representations: Mapping[str, Representation],
        splits: Sequence[Split],
        groups: Sequence[Grouping],
        *,
        store: Store,
        seed: int,
        resamples: int,
    ) -> None:
        self.base = representations.get("x", next(iter(representations.values()))).base
        self.splits, self.groups, self.store = splits, groups, store
        self.seed, self.resamples = seed, resamples
        self.plan = plan(self.base, splits, seed, given=False, cap=PAIRS) if splits else None
        if self.plan is not None and self.plan.people < NONE_BELOW:
            self.plan = None
        self.tuning = [] if self.plan is None else [_tuning(one, self.plan) for one in splits]
        self.far = _allowed(self.tuning)
        self.places = _Places(groups, expression_of(groups))

    def of(self, one: Representation) -> Errors:
        """The errors of one representation, from the store or counted now."""
        if self.plan is None or self.far is None:
            return self.places.errors(None, None)
        settings = {
            "seed": self.seed, "resamples": self.resamples, "far": self.far, "tuning": TUNING,
            "pairs": PAIRS,
            "labels": [[one.label, list(one.names)] for one in self.groups],
            "splits": _digest(self.splits),
        }  # fmt: skip
        place = key("groups", VERSION, settings, [one.content, self.base.digest])
        entry = self.store.get(place, partial(self._count, one, self.plan, self.far))
        return self.places.errors(entry, self.far)

    def _count(
        self, one: Representation, chosen: Plan, far: float
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        drawn = weights(int(chosen.person.max()) + 1, resamples=self.resamples, seed=self.seed)
        repeats = sorted({split.seed for split in self.splits})
        counted = []
        for repeat, parts in zip(repeats, chosen.repeats, strict=True):
            own = [k for k, split in enumerate(self.splits) if split.seed == repeat]
            accepted = [
                self._accepted(one, k, part, far) for k, part in zip(own, parts, strict=True)
            ]
            counted.append(self.places.counted(parts, accepted, chosen.person))
        return _summed(counted, drawn), {}

    def _accepted(self, one: Representation, place: int, part: PairList, far: float) -> np.ndarray:
        """Which pairs (m,) of the test part at `place` its own φ and threshold accept."""
        units, tuned = unit(one.vectors(place)), self.tuning[place]
        strangers = 1 - similarities(units, tuned)[~tuned.same]
        return 1 - similarities(units, part) < threshold(strangers, far)


class _Places:
    """Numbers every group, and every two expressions, and lays pairs down at their numbers."""

    def __init__(self, groups: Sequence[Grouping], expression: Grouping | None) -> None:
        self.groups, self.expression = groups, expression
        self.names = [(one.label, name) for one in groups for name in one.names]
        own = () if expression is None else expression.names
        self.mixed = list(combinations_with_replacement(own, 2))

    def counted(
        self, parts: Sequence[PairList], accepted: Sequence[np.ndarray], person: np.ndarray
    ) -> tuple[Counted, Counted]:
        """Impostor pairs within groups, and genuine pairs by group and then by expressions."""
        i, j, same = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("i", "j", "same")
        )
        hit = np.concatenate(accepted)
        other, own = np.flatnonzero(~same), np.flatnonzero(same)
        strangers, genuine, start = [], [], 0
        for group in self.groups:
            a, b = group.code[i], group.code[j]
            strangers.append((other[a[other] == b[other]], start + a))
            # A person's pair counts for the group of either picture, once where they share it.
            genuine += [(own, start + a), (own[a[own] != b[own]], start + b)]
            start += len(group.names)
        if self.expression is not None:
            genuine.append((own, start + self._mixed(i, j)))
        sizes = (len(self.names), len(self.names) + len(self.mixed))
        return tuple(  # type: ignore[return-value]
            _laid(listed, i, j, hit, person, size, within)
            for listed, size, within in zip((strangers, genuine), sizes, (False, True), strict=True)
        )

    def _mixed(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """The number of each pair's two expressions in `mixed`, (m,)."""
        assert self.expression is not None
        count, code = len(self.expression.names), self.expression.code
        low, high = np.minimum(code[i], code[j]), np.maximum(code[i], code[j])
        return low * count - low * (low - 1) // 2 + high - low

    def errors(self, entry: Entry | None, far: float | None) -> Errors:
        """The figures of an entry by name; without one all are "not enough data"."""
        size = len(self.names)
        if entry is None:
            nothing = [Decided(Interval(None, None, None, 0, "not enough data"), 0)]
            fmr, fnmr, tar = nothing * size, nothing * size, nothing * len(self.mixed)
        else:
            fmr = _decided(entry, "between")
            genuine = _decided(entry, "within")
            fnmr, tar = [_refused(one) for one in genuine[:size]], genuine[size:]
        return Errors(
            far,
            dict(zip(self.names, fmr, strict=True)),
            dict(zip(self.names, fnmr, strict=True)),
            dict(zip(self.mixed, tar, strict=True)),
        )


def _laid(
    listed: Sequence[tuple[np.ndarray, np.ndarray]],
    i: np.ndarray,
    j: np.ndarray,
    hit: np.ndarray,
    person: np.ndarray,
    size: int,
    within: bool,
) -> Counted:
    """Chosen pairs of each list at the places it gives to all pairs, as one."""
    empty = np.empty(0, dtype=np.int64)
    which = np.concatenate([chosen for chosen, _ in listed] or [empty])
    place = np.concatenate([places[chosen] for chosen, places in listed] or [empty])
    return Counted(place, person[i[which]], person[j[which]], hit[which], size, within)


def _summed(counted: Sequence[tuple[Counted, Counted]], drawn: np.ndarray) -> dict[str, np.ndarray]:
    """Intervals of both kinds as arrays (figures,): means over repeats, people over all of them."""
    arrays = {}
    for kind, each in zip(("between", "within"), zip(*counted, strict=True), strict=True):
        found = [shares(one, drawn) for one in each]
        figures: Sampled = (
            nanmean(np.stack([values for values, _ in found])),
            nanmean(np.stack([samples for _, samples in found])),
        )
        people = np.max([one.people for one in each], axis=0)
        told = intervals(figures, people)
        for name in ("value", "low", "high"):
            own = [getattr(one, name) for one in told]
            arrays[f"{kind} {name}"] = np.array(own, dtype=np.float64)
        arrays[f"{kind} people"] = people.astype(np.int64)
        pairs = np.mean([one.pairs for one in each], axis=0)
        arrays[f"{kind} pairs"] = np.rint(pairs).astype(np.int64)
    return arrays


def _decided(entry: Entry, kind: str) -> list[Decided]:
    from core.measure.intervals import status

    columns = ("value", "low", "high", "people", "pairs")
    found = []
    for value, low, high, people, pairs in zip(
        *(entry.arrays[f"{kind} {name}"] for name in columns), strict=True
    ):
        if np.isnan(value):
            one = Interval(None, None, None, int(people), "not enough data")
        else:
            one = Interval(float(value), float(low), float(high), int(people), status(int(people)))
        found.append(Decided(one, int(pairs)))
    return found


def _refused(one: Decided) -> Decided:
    """The share refused from the share accepted."""
    own = one.interval
    if own.value is None or own.low is None or own.high is None:
        return one
    turned = Interval(1 - own.value, 1 - own.high, 1 - own.low, own.people, own.status)
    return Decided(turned, one.pairs)


def _tuning(split: Split, chosen: Plan) -> PairList:
    """Pairs of the attackers' people of one split, on which its threshold is chosen."""
    rows = split.attacker[chosen.person[split.attacker] >= 0]
    return made(rows, chosen.person[rows], fold=split.fold, seed=split.fold, cap=TUNING)


def _allowed(tuning: Sequence[PairList]) -> float | None:
    """`FAR`, or the smallest rate that the attackers' pairs allow in every split; None: none."""
    fewest = min((int((~pairs.same).sum()) for pairs in tuning), default=0)
    far = max(FAR, ENOUGH / fewest) if fewest else 1.0
    return far if far < LOOSEST else None


def _digest(splits: Sequence[Split]) -> str:
    """SHA-256 of the attackers' and the test parts."""
    whole = hashlib.sha256()
    for split in splits:
        whole.update(f"{split.fold} {split.seed} {len(split.attacker)} {len(split.test)} ".encode())
        whole.update(split.attacker.astype(np.int64).tobytes())
        whole.update(split.test.astype(np.int64).tobytes())
    return whole.hexdigest()
