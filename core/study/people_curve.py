"""Leakage against the people that the attacker has: the curve under every figure.

METHODS, "Protocol" 6: leakage grew with the attackers' people and was still rising at 199, so that
a figure is a lower bound of what somebody with more people would read. Attackers get nested random
subsets of their people, and the cheap ones among them answer; `strongest` of these is chosen on
their own people, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.engine import Engine
from core.measure.intervals import NONE_BELOW, interval, weights
from core.measure.leakage import HEADLINE, STRONGEST, Cell, state
from core.measure.targets import Target
from core.progress import Progress
from core.split import Split
from core.store import Store
from core.study.attacking import Attacks
from core.study.knowing import part
from core.study.leakage import Plan
from core.study.representation import Representation
from core.table import StudyResult, table

ATTACKERS = ("logistic", "svm", "lda")
POINTS = 5
FEWEST = 8
"""People of the smallest subset: fewer cannot be dealt into inner folds that show every class."""


def sizes(people: int) -> list[int]:
    """Up to `POINTS` numbers of people, in equal ratios from about a tenth to all of them."""
    first = min(people, max(FEWEST, round(people / 10)))
    return sorted({round(one) for one in np.geomspace(first, people, POINTS)})


def subset(split: Split, subjects: np.ndarray, target: Target, share: float) -> Split:
    """The split with that `share` of its attackers' people, of those who take part; a smaller
    share's people are all among a larger one's. All of them are the split itself."""
    if share >= 1:
        return split
    rows = target.rows[part(split.attacker, target)]
    people = np.unique(subjects[rows].astype(str))
    order = np.random.default_rng([split.seed, split.fold]).permutation(people)
    kept = order[: max(2, round(share * len(people)))]
    return replace(split, attacker=rows[np.isin(subjects[rows].astype(str), kept)])


@dataclass(frozen=True)
class PeopleCurve:
    """Attacks with fewer and fewer people; `store` keeps what was answered."""

    plan: Plan
    store: Store
    progress: Progress
    engine: Engine

    def run(
        self, representations: Mapping[str, Representation], targets: Sequence[Target]
    ) -> StudyResult:
        """The table `people_curve`, for x and every φ."""
        asked = [
            (name, one, target)
            for target in targets
            for name, one in representations.items()
            if target.k >= 2 and (name == "x" or one.fitted)
        ]
        self.progress.start("Attackers' people", len(asked) * POINTS)
        rows: list[dict[str, Any]] = []
        for name, x, target in asked:
            rows += self._rows(name, x, target)
        return StudyResult({"people_curve": table("people_curve", rows)})

    def _rows(self, name: str, x: Representation, target: Target) -> list[dict[str, Any]]:
        everybody = min(self._people(x, target, split) for split in self.plan.splits)
        row = {"representation": name, "attribute": target.attribute, "metric": HEADLINE}
        people = len(set(x.subjects[target.rows]))
        if people < NONE_BELOW or everybody < 2:
            self.progress.advance(POINTS)
            known = {"n": len(target.rows), "identities": people, "status": "not enough data"}
            return [{**row, "attacker_identities": everybody, **known}]
        found = []
        whole = self._attacks(x, self.plan.splits)
        nulls = whole.nulls(Cell(name, target, everybody), self.plan.permutations)
        points = sizes(everybody)
        for size in points:
            share = size / everybody
            splits = [subset(split, x.subjects, target, share) for split in self.plan.splits]
            cell = Cell(name, target, min(self._people(x, target, one) for one in splits))
            cell.nulls = nulls
            self._ask(cell, self._attacks(x, splits))
            found.append({**row, **self._figures(cell)})
            self.progress.advance(1, f"{name}, {target.attribute}, {size} people")
        self.progress.advance(POINTS - len(points))
        return found

    def _ask(self, cell: Cell, attacks: Attacks) -> None:
        for attacker, said in attacks.each_said(cell, ATTACKERS, control=False):
            cell.said[attacker] = said
        cell.choose_strongest([(split.seed, split.fold) for split in attacks.splits])

    def _figures(self, cell: Cell) -> dict[str, Any]:
        said = cell.said[STRONGEST]
        people = len(np.unique(said.people))
        drawn = weights(people, resamples=self.plan.resamples, seed=self.plan.seed)
        found = interval(said, HEADLINE, k=cell.target.k, weights=drawn)
        return {
            "attacker": cell.chosen(),
            "attacker_identities": cell.attacker_people,
            "value": found.value,
            "low": found.low,
            "high": found.high,
            "n": len(np.unique(said.rows)),
            "identities": found.people,
            "status": state(cell, STRONGEST, HEADLINE, found),
        }

    def _attacks(self, x: Representation, splits: Sequence[Split]) -> Attacks:
        plan = self.plan
        return Attacks(x, splits, plan.seed, plan.device, self.store, self.progress, self.engine)

    def _people(self, x: Representation, target: Target, split: Split) -> int:
        return len(set(x.subjects[target.rows[part(split.attacker, target)]]))
