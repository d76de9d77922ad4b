"""Rows of the table `action_units` from counts: F1 by cell, gaps of groups, the interaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from core.action_units import f1
from core.action_units.skew import MIXED
from core.attack.null import permutations
from core.measure.intervals import Interval, holm, limits, p_value, weights
from core.measure.leakage import prediction_limits
from core.study.action_units_plan import Plan, name_of

ALL = "all"
INTERACTION, GAP = "interaction", "gap"
PERMUTATIONS = 40

Said = Mapping[tuple[str, int], np.ndarray]
"""Logits (n, k) by training set and repeat, NaN for faces that were not scored."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of what was `said` so far, in the repeats 0 … `repeats` − 1 of `plan`.

    Intervals resample test people, the same for all training sets, so that differences are paired.
    `null` is what permuted labels reach: people exchange their mixtures of faces, whole rows of
    units at a time.
    """

    plan: Plan
    said: Said
    repeats: int
    seed: int
    resamples: int = 2000

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every row."""
        for name in self.plan.draws.sets:
            for group in self.plan.groups.names:
                yield from self._cell(name, group)
        yield from self._gaps()
        yield from self._interactions()

    @cached_property
    def people(self) -> np.ndarray:
        """Everybody who was tested, by number, sorted."""
        return np.unique(np.concatenate([self._person(g) for g in self.plan.groups.names]))

    @cached_property
    def drawn(self) -> np.ndarray:
        """How often each of `people` is drawn (resamples, people)."""
        return weights(len(self.people), resamples=self.resamples, seed=self.seed)

    @cached_property
    def scores(self) -> dict[tuple[str, str], f1.Scores]:
        """F1 of each training set on each group."""
        return {cell: f1.scores(counts, self.drawn) for cell, counts in self.counts.items()}

    @cached_property
    def counts(self) -> dict[tuple[str, str], f1.Counts]:
        """Counts by training set and test group, of all `people`."""
        return {
            (name, group): self._counted(self._decided(name, group), self._present(group), group)
            for name in self.plan.draws.sets
            for group in self.plan.groups.names
        }

    def together(self, name: str) -> Interval:
        """Macro F1 of a training set over the test people of all groups together."""
        each = [self.counts[name, group].each for group in self.plan.groups.names]
        found = f1.scores(f1.Counts(np.sum(each, axis=0)), self.drawn)
        return limits(found.macro, found.macro_samples, len(self.people))

    def tested(self, group: str) -> int:
        """People of a group who were tested."""
        return len(np.unique(self._person(group)))

    def _counted(self, decided: np.ndarray, present: np.ndarray, group: str) -> f1.Counts:
        place = np.searchsorted(self.people, self._person(group))
        return f1.counts(decided, present, place, len(self.people))

    def _faces(self, group: str) -> np.ndarray:
        """Row numbers of a group's test faces, all repeats below one another."""
        each = self.plan.draws.repeats[: self.repeats]
        return np.concatenate([repeat.test[group] for repeat in each])

    def _person(self, group: str) -> np.ndarray:
        return np.asarray(self.plan.groups.person[self._faces(group)])

    def _present(self, group: str) -> np.ndarray:
        return np.asarray(self.plan.labels.present[self._faces(group)])

    def _decided(self, name: str, group: str) -> np.ndarray:
        each = enumerate(self.plan.draws.repeats[: self.repeats])
        return np.concatenate([self.said[name, r][one.test[group]] > 0 for r, one in each])

    def _cell(self, name: str, group: str) -> Iterator[dict[str, Any]]:
        """F1 of one training set on one group: macro, weighted, and of each unit."""
        scores, people = self.scores[name, group], self.tested(group)
        plain = self.counts[name, group].total()
        nulls = self._nulls(name, group)
        chance = f1.yes(plain)
        common = {"train_group": name, "test_group": group, **self._trained(name)}
        positives = plain[:, f1.TP] + plain[:, f1.FN]
        n = len(np.unique(self._faces(group)))
        overall = (
            (f1.MACRO, scores.macro, scores.macro_samples, f1.macro(chance)),
            (f1.WEIGHTED, scores.weighted, scores.weighted_samples, f1.weighted(chance, plain)),
        )
        for place, (metric, value, samples, yes) in enumerate(overall):
            yield {
                **common, "au": ALL, "metric": metric, "n": n, "positives": int(positives.sum()),
                "chance": float(yes),
                **_judged(limits(value, samples, people), nulls[:, place]),
            }  # fmt: skip
        for place, unit in enumerate(self.plan.labels.units):
            found = limits(float(scores.units[place]), scores.unit_samples[:, place], people)
            yield {
                **common, "au": name_of(unit), "metric": "f1", "n": int(plain[place].sum()),
                "positives": int(positives[place]), "chance": float(chance[place]),
                **_judged(found, nulls[:, 2 + place]),
            }  # fmt: skip
        for left in self.plan.left_out:
            yield {
                **common, "au": name_of(left.unit), "metric": "f1", "identities": people,
                "positives": left.positives, "status": "not enough data",
            }  # fmt: skip

    def _trained(self, name: str) -> dict[str, int]:
        repeats = self.plan.draws.repeats[: self.repeats]
        faces = float(np.mean([len(one.train[name]) for one in repeats]))
        return {"train_n": round(faces), "train_identities": self.plan.draws.people_of(name)}

    def _nulls(self, name: str, group: str) -> np.ndarray:
        """Macro, weighted and each unit's F1 (permutations, 2 + k) of the same decisions."""
        decided, present = self._decided(name, group), self._present(group)
        places = permutations(
            np.arange(len(present)), self._person(group), PERMUTATIONS, seed=self.seed
        )
        found = []
        for order in places:
            cells = self._counted(decided, present[order], group).total()
            own = f1.f1(cells)
            found.append([float(f1.macro(own)), float(f1.weighted(own, cells)), *own])
        return np.array(found)

    def _gaps(self) -> Iterator[dict[str, Any]]:
        """F1[a] − F1[b] of each training set, by pair of test groups."""
        for name in self.plan.draws.sets:
            for a, b in combinations(self.plan.groups.names, 2):
                parts = [(1.0, (name, a)), (-1.0, (name, b))]
                common = {"train_group": name, "test_group": f"{a} - {b}", "metric": GAP,
                          **self._trained(name)}  # fmt: skip
                yield from self._differences(common, parts, (a, b))

    def _interactions(self) -> Iterator[dict[str, Any]]:
        """(F1[s on a] − F1[s on b]) − (F1[t on a] − F1[t on b]) of two training sets s, t: those of
        a alone and b alone; or the one skewed towards a, and the mixed one."""
        for a, b, s, t in self._compared():
            parts = [(1.0, (s, a)), (-1.0, (s, b)), (-1.0, (t, a)), (1.0, (t, b))]
            pair = f"{a} x {b}"
            common = {"train_group": pair, "test_group": pair, "metric": INTERACTION,
                      **self._trained(s)}  # fmt: skip
            yield from self._differences(common, parts, (a, b))

    def _compared(self) -> list[tuple[str, str, str, str]]:
        """Two groups, and the training sets that are compared on them."""
        names, draws = self.plan.groups.names, self.plan.draws
        if names[0] in draws.sets:
            return [(a, b, a, b) for a, b in combinations(names, 2)]
        skewed = draws.sets[0]
        most = max(names, key=lambda name: draws.shares[skewed][name] - draws.shares[MIXED][name])
        return [(most, other, skewed, MIXED) for other in names if other != most]

    def _differences(
        self,
        common: Mapping[str, Any],
        parts: list[tuple[float, tuple[str, str]]],
        groups: tuple[str, str],
    ) -> Iterator[dict[str, Any]]:
        """A signed sum of cells: of macro F1, and of each unit with Holm's correction over them."""
        people = min(map(self.tested, groups))
        each = [(sign, self.scores[cell]) for sign, cell in parts]
        n = sum(len(np.unique(self._faces(group))) for group in groups)
        value = sum(sign * one.macro for sign, one in each)
        samples = np.sum([sign * one.macro_samples for sign, one in each], axis=0)
        yield {**common, "au": ALL, "n": n, **_signed(value, samples, people)}
        values = np.sum([sign * one.units for sign, one in each], axis=0)
        unit_samples = np.sum([sign * one.unit_samples for sign, one in each], axis=0)
        rows = [
            {**common, "au": name_of(unit), "n": n,
             **_signed(float(values[place]), unit_samples[:, place], people)}
            for place, unit in enumerate(self.plan.labels.units)
        ]  # fmt: skip
        told = [row for row in rows if row["p_holm"] is not None]
        for row, p in zip(told, holm([row["p_holm"] for row in told]), strict=True):
            row["p_holm"] = float(p)
        yield from rows


def _judged(found: Interval, null: np.ndarray) -> dict[str, Any]:
    """A figure with its limits, and the word that its null leaves it."""
    defined = null[~np.isnan(null)]
    floor, limit = prediction_limits(list(defined)) if len(defined) > 1 else (None, None)
    status = found.status
    if found.low is not None and found.high is not None and limit is not None:
        if floor is not None and found.high < floor:
            status = "anti-learning"
        elif found.low <= limit:
            status = "nothing found"
    return {
        "value": found.value, "low": found.low, "high": found.high, "identities": found.people,
        "status": status, "null": limit,
    }  # fmt: skip


def _signed(value: float, samples: np.ndarray, people: int) -> dict[str, Any]:
    """A difference with its limits and two-sided p."""
    found = limits(value, samples, people, bounded=False)
    given = found.value is not None
    return {
        "value": found.value, "low": found.low, "high": found.high, "identities": people,
        "status": found.status, "p_holm": p_value(samples, people) if given else None,
    }  # fmt: skip
