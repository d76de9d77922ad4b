"""Feature ablation: how few numbers of a vector still give a label away.

Thesis Fig. 4.2 and TPAMI Fig. 3: features are removed from x, the probe is fitted again, and its
accuracy is drawn against what was removed. Here for every representation and label, at random with
repeats and ranked by what the probe makes of each number, on people whom no probe has seen.

`low` and `high` are the interval over identities of the predictions of all repeats pooled, as in
every other table: the repeats share people, so that their spread is no error bar. The lowest and
the highest repeat stand beside it as `repeat_low` and `repeat_high`. Each point has a null of its
own, of the cheap attackers on permuted labels and the numbers of the first random repeat: for a
mean over repeats, whose chance hits even out, it errs on the safe side. So has it a positive
control: a probe that misses a planted code in so few numbers has failed, and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.attack.ablated import PROBE
from core.config_parts import Ablation
from core.engine import Engine
from core.measure.intervals import (
    NONE_BELOW,
    Metric,
    Predictions,
    interval,
    weights,
)
from core.measure.leakage import (
    HEADLINE,
    STRONGEST,
    Cell,
    Limits,
    chance,
    plain,
    prediction_limits,
    state,
)
from core.measure.targets import Target
from core.progress import Progress
from core.split import Split
from core.store import Store
from core.study.ablating import Ablating, Point, shares
from core.study.knowing import part
from core.study.leakage import Publish
from core.study.representation import Representation
from core.table import StudyResult, table

METRICS: tuple[Metric, ...] = ("balanced_accuracy", "accuracy")
FEWEST_ATTACKERS = 4
"""Attackers' people below whom no inner hold-out can be told from the fit."""
RULE = (
    "at every point the network is fitted from scratch, for as many epochs as read held-out "
    "attackers' people best (mean over 5 epochs, at most 50, given up 10 after the best)"
)


def ablation(
    representations: Mapping[str, Representation],
    splits: Sequence[Split],
    targets: Sequence[Target],
    settings: Ablation,
    *,
    permutations: int,
    seed: int,
    device: str,
    store: Store,
    progress: Progress,
    engine: Engine,
    publish: Publish,
) -> StudyResult:
    """The table `ablation`, for every label of every representation.

    `splits` are the one reference split, with representations as that sees them, or those of the
    rotation's first repeat; predictions are pooled over them. `publish` receives the table after
    each point. Everything goes through `store`: a second run computes nothing.
    """
    study = _Study(
        representations, splits, targets, settings, permutations, seed, device, store, progress,
        engine, publish,
    )  # fmt: skip
    return study.run()


@dataclass(frozen=True)
class _Study:
    representations: Mapping[str, Representation]
    splits: Sequence[Split]
    targets: Sequence[Target]
    settings: Ablation
    permutations: int
    seed: int
    device: str
    store: Store
    progress: Progress
    engine: Engine
    publish: Publish
    resamples: int = 2000

    def run(self) -> StudyResult:
        cells = len(self.representations) * len(self.targets)
        self.progress.start("Ablation", cells * self.settings.points)
        rows: list[dict[str, Any]] = []
        for name, x in self.representations.items():
            served = [target for target in self.targets if self._serves(x, target)]
            ablating = self._ablating(x)
            removals = ablating.removals(served)
            for target in self.targets:
                points = shares(self.settings.points, x.vectors(0).shape[1])
                if target not in served:
                    rows += self._empty(name, x, target, points)
                    self.publish("ablation", table("ablation", rows))
                    self.progress.advance(self.settings.points, f"{name}, {target.attribute}")
                    continue
                cell = Cell(name, target, self._attackers(x, target))
                for point in ablating.walk(target, removals[target.attribute], points):
                    rows += self._rows(cell, point)
                    self.publish("ablation", table("ablation", rows))
                    told = f"{name}, {target.attribute}, {100 * point.removed:.0f} % removed"
                    self.progress.advance(1, told)
                self.progress.advance(self.settings.points - len(points))
        return StudyResult({"ablation": table("ablation", rows)}, facts={"ablation": self._facts()})

    def _ablating(self, x: Representation) -> Ablating:
        return Ablating(
            x, self.splits, tuple(dict.fromkeys(self.settings.orders)), self.settings.repeats,
            self.permutations, self.seed, self.device, self.store, self.progress, self.engine,
        )  # fmt: skip

    def _serves(self, x: Representation, target: Target) -> bool:
        """Whether strangers are enough for an interval, and attackers for an inner hold-out."""
        enough = len(self._tested(x, target)) >= NONE_BELOW
        return enough and target.k >= 2 and self._attackers(x, target) >= FEWEST_ATTACKERS

    def _tested(self, x: Representation, target: Target) -> set[str]:
        rows = [target.rows[part(split.test, target)] for split in self.splits]
        return set(x.subjects[np.concatenate(rows)].astype(str)) if rows else set()

    def _attackers(self, x: Representation, target: Target) -> int:
        return min(
            (len(set(x.subjects[target.rows[part(s.attacker, target)]])) for s in self.splits),
            default=0,
        )

    def _rows(self, cell: Cell, point: Point) -> Iterator[dict[str, Any]]:
        """The rows of one point, one an order and metric."""
        limits = _limits(cell.target, point)
        known = replace(cell, nulls={STRONGEST: limits}, found_code=self._found(point))
        for order, said in point.said.items():
            drawn = self._drawn(said)
            for metric in METRICS:
                found = interval(said, metric, k=cell.target.k, weights=drawn)
                word = state(known, PROBE.name, metric, found)
                failed = word == "probe failed"
                each = [plain(one, metric, cell.target.k) for one in _repeats(said)]
                yield {
                    "representation": cell.representation,
                    "attribute": cell.target.attribute,
                    "attacker": PROBE.name,
                    "order": order,
                    "removed": point.removed,
                    "metric": metric,
                    "value": None if failed else found.value,
                    "low": None if failed else found.low,
                    "high": None if failed else found.high,
                    "chance": chance(metric, cell.target.k),
                    "null": limits[metric][1],
                    "n": len(np.unique(said.rows)),
                    "identities": found.people,
                    "status": word,
                    "kept": point.kept,
                    "width": point.width,
                    "repeat_low": None if failed or len(each) < 2 else min(each),
                    "repeat_high": None if failed or len(each) < 2 else max(each),
                    "attacker_identities": cell.attacker_people,
                }

    def _found(self, point: Point) -> dict[str, bool]:
        """Whether the probe finds a planted code in so many numbers; empty where nobody can say."""
        k = int(point.code.truth.max()) + 1
        one = interval(point.code, HEADLINE, k=k, weights=self._drawn(point.code))
        return {} if one.low is None else {PROBE.name: one.low > chance(HEADLINE, k)}

    def _drawn(self, said: Predictions) -> np.ndarray:
        people = len(np.unique(said.people))
        return weights(people, resamples=self.resamples, seed=self.seed)

    def _empty(
        self, name: str, x: Representation, target: Target, points: Sequence[float]
    ) -> list[dict[str, Any]]:
        tested = self._tested(x, target)
        return [
            {
                "representation": name,
                "attribute": target.attribute,
                "attacker": PROBE.name,
                "order": order,
                "removed": removed,
                "metric": metric,
                "n": len(target.rows),
                "identities": len(tested),
                "status": "not enough data",
            }
            for removed in points
            for order in dict.fromkeys(self.settings.orders)
            for metric in METRICS
        ]

    def _facts(self) -> dict[str, Any]:
        return {
            "rule": RULE,
            "splits": len(self.splits),
            "repeats": self.settings.repeats,
            "permutations": self.permutations,
        }


def _limits(target: Target, point: Point) -> Limits:
    """The limits that 95 % of permuted labels stay within at this point."""
    found: dict[Metric, tuple[float, float]] = {}
    for metric in METRICS:
        found[metric] = prediction_limits([plain(one, metric, target.k) for one in point.null])
    # Whoever has found nothing may still name the most frequent class every time.
    blind = float(np.bincount(target.y).max() / len(target.y))
    floor, limit = found["accuracy"]
    return {**found, "accuracy": (floor, max(limit, blind))}


def _repeats(said: Predictions) -> Iterator[Predictions]:
    """The predictions of each repeat by themselves."""
    for repeat in np.unique(said.repeat):
        own = said.repeat == repeat
        yield Predictions(
            said.truth[own], said.predicted[own], None, said.people[own], said.rows[own],
            said.repeat[own],
        )  # fmt: skip
