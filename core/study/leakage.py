"""Leakage: what each attacker reads from each representation, on people it has never seen.

Thesis Table 4.1 and TPAMI Table I, under METHODS' protocol: attackers are fitted on their own
people and scored on strangers, every figure has an interval over identities, a null and a positive
control, and `strongest` is chosen where the test part cannot be seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from core.attack.registry import BASELINES, members
from core.encode.embeddings import Embeddings
from core.engine import Engine
from core.measure.intervals import (
    NONE_BELOW,
    Predictions,
    difference,
    holm,
    interval,
    weights,
)
from core.measure.leakage import HEADLINE, STRONGEST, Cell, empty_rows, rows
from core.measure.targets import Target
from core.progress import Progress
from core.split import Split
from core.store import Store
from core.study.attacking import Attacks, part
from core.study.representation import Representation
from core.table import StudyResult, table

COST = {
    "majority": 1, "logistic": 3, "svm": 4, "rf": 12, "nn": 40, "lda": 3, "knn": 3, "qda": 2,
    "similarity": 6, "difference": 6, "inverse": 8, "outside": 8,
}  # fmt: skip
"""Rough tenths of a second a question, so that the bar moves evenly."""
NULL_COST = 6
OTHER_COST = 12

Publish = Callable[[str, pd.DataFrame], None]


def cost(attacker: str) -> int:
    """Steps of the bar that one question to `attacker` is worth."""
    return COST.get(attacker, OTHER_COST)


@dataclass(frozen=True)
class Plan:
    """Who is attacked how: what all cells share. `permutations` make one null each; `suite` says
    who stands behind the attackers' names."""

    splits: Sequence[Split]
    attackers: Sequence[str]
    control_attackers: Sequence[str]
    permutations: int
    seed: int
    device: str
    resamples: int = 2000
    suite: str = "papers"


class Leakage:
    """Walks through all labels of one representation after the other, publishing as it goes.

    `run` takes all of `representations`; where they are made one by one, `attack` takes each as it
    is ready, "x" before what is compared with it, and `result` is asked for at the end. `outside`
    is another labelled set through the same encoder, which one attacker learns from.
    """

    def __init__(
        self,
        representations: Mapping[str, Representation],
        targets: Sequence[Target],
        plan: Plan,
        *,
        store: Store,
        progress: Progress,
        engine: Engine,
        publish: Publish,
        phase: str = "Attacking",
        outside: Embeddings | None = None,
    ) -> None:
        self.representations = dict(representations)
        self.targets = targets
        self.plan = plan
        self.store = store
        self.progress = progress
        self.engine = engine
        self.publish = publish
        self.phase = phase
        self.outside = outside
        self.attacks: dict[str, Attacks] = {}
        self.cells: dict[tuple[str, str], Cell] = {}
        self.rows: list[dict[str, Any]] = []
        self._made: dict[tuple[str, str, str, bool], list[dict[str, Any]]] = {}

    def run(self) -> StudyResult:
        """Attack every label of every representation."""
        steps = sum(self.steps(one, self._audited(name)) for name, one in
                    self.representations.items())  # fmt: skip
        self.progress.start(self.phase, steps)
        for name, one in self.representations.items():
            self.attack(name, one)
        return self.result()

    def attack(self, name: str, representation: Representation) -> None:
        """Attack every label of one representation; the first label is the headline's."""
        self.representations[name] = representation
        self.attacks[name] = self._attacks(representation, self._audited(name))
        for target in self.targets:
            self._attack_cell(name, target)

    def result(self) -> StudyResult:
        """The tables of all that was attacked."""
        return StudyResult(
            tables={
                "leakage": table("leakage", self.rows),
                "confusion": table("confusion", self._confusion()),
                "predictions": self._predictions(),
                "differences": table("differences", self._differences()),
            },
            warnings=tuple(text for target in self.targets for text in target.left_out),
            facts={"views": self._views(), "other_labels": self._other_labels()},
        )

    def steps(self, like: Representation, audited: bool) -> int:
        """Steps of the bar for a representation that is `like` this one, a control or not."""
        attacks = self._attacks(like, False)
        suite = self.plan.attackers if audited else self.plan.control_attackers
        return sum(
            cost(attacker) * attacks.count(target, attacker)
            for target in self.targets
            for attacker in suite
        ) + NULL_COST * len(self.plan.splits) * len(self.targets)

    def _attacks(self, one: Representation, audited: bool) -> Attacks:
        brought = self.outside if audited else None
        return Attacks(
            one, self.plan.splits, self.plan.seed, self.plan.device, self.store, self.progress,
            self.engine, attackers=members(self.plan.suite),
            outside=None if brought is None else one.applied(brought),
        )  # fmt: skip

    def _attack_cell(self, name: str, target: Target) -> None:
        subjects = self.representations[name].subjects
        people = len(set(subjects[target.rows]))
        if target.k < 2 or people < NONE_BELOW:
            self.rows += empty_rows(name, target, self._attackers(name, target), people)
            self.publish("leakage", table("leakage", self.rows))
            self.progress.advance(self._cost(name, target), f"{name}, {target.attribute}")
            return
        fewest = min(
            len(set(subjects[target.rows[part(split.attacker, target)]]))
            for split in self.plan.splits
        )
        cell = Cell(name, target, fewest)
        self.cells[name, target.attribute] = cell
        attacks = self.attacks[name]
        self._null(cell)  # first, so that no figure is ever published without it
        told = partial(self._told, name, target)
        for attacker, said in attacks.each_said(cell, self._attackers(name, target), told):
            cell.said[attacker] = said
            if attacker not in BASELINES:
                code = attacks.finds_code(cell, attacker)
                if code is not None:
                    cell.found_code[attacker] = code
            self._publish(cell)
        cell.choose_strongest([(split.seed, split.fold) for split in self.plan.splits])
        self._look_closer(cell)
        self.rows += self._rows(cell)
        self.publish("leakage", table("leakage", self.rows))

    def _told(self, name: str, target: Target, attacker: str, *, found: bool = False) -> None:
        what = f"{name}, {target.attribute}, {attacker}"
        self.progress.advance(cost(attacker), what, found=found)

    def _null(self, cell: Cell) -> None:
        asked = self._attackers(cell.representation, cell.target)
        cell.nulls = self.attacks[cell.representation].nulls(
            cell, self.plan.permutations, differences="difference" in asked
        )
        what = f"{cell.representation}, {cell.target.attribute}, permuted labels"
        self.progress.advance(NULL_COST * len(self.plan.splits), what)

    def _look_closer(self, cell: Cell) -> None:
        """Where an attacker found nothing, find out what it would have found."""
        silent = {row["attacker"] for row in self._rows(cell) if row["status"] == "nothing found"}
        for attacker in self._attackers(cell.representation, cell.target):
            if attacker in silent and attacker not in BASELINES:
                found = self.attacks[cell.representation].would_find(cell, attacker)
                cell.detect(attacker, found)

    def _rows(self, cell: Cell) -> list[dict[str, Any]]:
        return [row for attacker in cell.said for row in self._attacker_rows(cell, attacker)]

    def _attacker_rows(self, cell: Cell, attacker: str) -> list[dict[str, Any]]:
        """The rows of one attacker, made anew only when more is known about it."""
        name = (cell.representation, cell.target.attribute, attacker, attacker in cell.detectable)
        if name not in self._made:
            x = self.cells.get(("x", cell.target.attribute))
            self._made[name] = rows(
                cell, attacker, x, resamples=self.plan.resamples, seed=self.plan.seed
            )
        return self._made[name]

    def _publish(self, cell: Cell) -> None:
        """What is settled, and what the cell at work has said so far."""
        self.publish("leakage", table("leakage", self.rows + self._rows(cell)))

    def _audited(self, name: str) -> bool:
        """Whether this is x or a φ, and no control."""
        return name == "x" or bool(self.representations[name].fitted)

    def _attackers(self, name: str, target: Target) -> list[str]:
        """Those of the suite that have what they need here."""
        suite = self.plan.attackers if self._audited(name) else self.plan.control_attackers
        return [one for one in suite if self.attacks[name].serves(one, target)]

    def _cost(self, name: str, target: Target) -> int:
        attacks = self.attacks[name]
        own = sum(
            cost(attacker) * attacks.count(target, attacker)
            for attacker in self._attackers(name, target)
        )
        return own + NULL_COST * len(self.plan.splits)

    def _views(self) -> dict[str, dict[str, dict[str, int]]]:
        """Which view each attacker chose, and how often; for `strongest`, which attacker."""
        return {
            f"{name}, {attribute}": {who: dict(Counter(seen)) for who, seen in cell.views.items()}
            for (name, attribute), cell in self.cells.items()
        }

    def _differences(self) -> list[dict[str, Any]]:
        """x minus every other representation and suppressor minus suppressor, strongest against
        strongest on the same people; p corrected over all of one label (Holm 1979), controls apart.
        """
        found = [
            self._difference(a, b, target)
            for target in self.targets
            for a, b in combinations(self.representations, 2)
            if a == "x" or (self.representations[a].fitted and self.representations[b].fitted)
        ]
        rows = [row for row in found if row is not None]
        families: dict[tuple[str, bool], list[dict[str, Any]]] = {}
        for row in rows:
            families.setdefault((row["attribute"], self._audited(row["b"])), []).append(row)
        for own in families.values():
            for row, p in zip(own, holm([row["p_holm"] for row in own]), strict=True):
                row["p_holm"] = float(p)
        return rows

    def _difference(self, a: str, b: str, target: Target) -> dict[str, Any] | None:
        """The row of a − b; None where one of the two figures does not stand."""
        one = self.cells.get((a, target.attribute))
        other = self.cells.get((b, target.attribute))
        if one is None or other is None or not (one.sound() and other.sound()):
            return None
        said = one.said[STRONGEST]
        drawn = self._drawn(said)
        gap = difference(said, other.said[STRONGEST], HEADLINE, k=target.k, weights=drawn)
        row = {"table": "leakage", "metric": HEADLINE, "attribute": target.attribute}
        row |= {"a": a, "b": b}
        return {**row, "difference": gap.value, "low": gap.low, "high": gap.high, "p_holm": gap.p}

    def _other_labels(self) -> dict[str, dict[str, float | None]]:
        """What the other labels alone predict: no vector is looked at (METHODS, "Protocol" 4)."""
        x, found = self.representations["x"], {}
        for target in self.targets:
            cell = self.cells.get(("x", target.attribute))
            others = [one.attribute for one in self.targets if one is not target]
            if cell is None or not others:
                continue
            coded = pd.get_dummies(x.base.table[others]).to_numpy(dtype=np.float32)
            alone = replace(self.attacks["x"], x=Representation(x.base.replaced(coded)))
            blank = Cell("labels", target, cell.attacker_people)
            said = alone.said(blank, "logistic")
            one = interval(said, HEADLINE, k=target.k, weights=self._drawn(said))
            found[target.attribute] = {"value": one.value, "low": one.low, "high": one.high}
        return found

    def _drawn(self, said: Predictions) -> np.ndarray:
        people = len(np.unique(said.people))
        return weights(people, resamples=self.plan.resamples, seed=self.plan.seed)

    def _confusion(self) -> Iterator[dict[str, Any]]:
        for (name, attribute), cell in self.cells.items():
            classes = cell.target.classes
            for attacker, said in cell.said.items():
                counts = Counter(zip(said.truth.tolist(), said.predicted.tolist(), strict=True))
                for (truth, predicted), count in sorted(counts.items()):
                    yield {
                        "representation": name,
                        "attribute": attribute,
                        "attacker": attacker,
                        "truth": classes[truth],
                        "predicted": classes[predicted],
                        "count": count,
                    }

    def _predictions(self) -> pd.DataFrame:
        """Every single prediction; the score is that of the class that was predicted.

        `person` is a number and no name: two audits of the same faces are compared by people.
        """
        faces = self.representations["x"].base.table
        ids = faces["id"].to_numpy(dtype=object)
        _, person = np.unique(faces["subject_id"].to_numpy(dtype=str), return_inverse=True)
        frames = [table("predictions", [])]
        for (name, attribute), cell in self.cells.items():
            classes = np.array(cell.target.classes, dtype=object)
            for attacker, said in cell.said.items():
                assert said.scores is not None
                frames.append(
                    pd.DataFrame(
                        {
                            "id": ids[said.rows],
                            "representation": name,
                            "attribute": attribute,
                            "attacker": attacker,
                            "truth": classes[said.truth],
                            "predicted": classes[said.predicted],
                            "score": said.scores[np.arange(len(said.truth)), said.predicted],
                            "fold": said.fold,
                            "seed": said.repeat,
                            "person": person[said.rows],
                        }
                    )
                )
        return pd.concat([frame for frame in frames if len(frame)] or frames, ignore_index=True)
