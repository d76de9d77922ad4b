"""From what attackers said to figures: value, interval, null, drop and a word for each.

One `Cell` is one representation and one label. Its rows are the rows of `leakage.csv`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats

from core.attack.registry import BASELINES
from core.measure.intervals import (
    Interval,
    Metric,
    Predictions,
    drop,
    interval,
    resampled,
    weights,
)
from core.measure.targets import Target

METRICS: tuple[Metric, ...] = ("accuracy", "balanced_accuracy", "auc")
HEADLINE: Metric = "balanced_accuracy"
STRONGEST = "strongest"

Limits = Mapping[Metric, tuple[float, float]]
"""What permuted labels stay within, below and above, for each metric."""


@dataclass
class Cell:
    """What was found so far about one label of one representation, by attacker.

    `said` are the pooled predictions, `inner` the figures on held-out people of the attackers' own
    part and `views` the views chosen, one a split; `nulls` the limits of permuted labels, for all
    under `STRONGEST` and for attackers with limits of their own; `found_code` whether the positive
    control was found; `detectable` the figures of the smallest planted code that would have been
    found; `attacker_people` the attackers' identities.
    """

    representation: str
    target: Target
    attacker_people: int
    said: dict[str, Predictions] = field(default_factory=dict)
    inner: dict[str, list[float]] = field(default_factory=dict)
    views: dict[str, list[str]] = field(default_factory=dict)
    nulls: dict[str, Limits] = field(default_factory=dict)
    found_code: dict[str, bool] = field(default_factory=dict)
    detectable: dict[str, dict[Metric, float]] = field(default_factory=dict)

    def choose_strongest(self, splits: Sequence[tuple[int, int]]) -> None:
        """Per split (seed, fold), the attacker that did best on its own held-out people.

        Probes that missed the planted code do not stand, unless all did.
        """
        names = [name for name in self.said if name not in BASELINES]
        names = [name for name in names if self.found_code.get(name)] or names
        best = np.array([self.inner[name] for name in names]).argmax(axis=0)
        parts = [
            _of_split(self.said[names[winner]], seed, fold)
            for winner, (seed, fold) in zip(best, splits, strict=True)
        ]
        self.said[STRONGEST] = _joined(parts)
        self.views[STRONGEST] = [names[winner] for winner in best]
        known = [self.found_code[name] for name in names if name in self.found_code]
        if known:
            self.found_code[STRONGEST] = any(known)

    def limits(self, attacker: str, metric: Metric) -> tuple[float, float] | None:
        """What permuted labels of the metric stay within, for `attacker`; None where nobody asked.

        An attacker with limits of its own is held against both, and so is the strongest where it is
        one of these.
        """
        if STRONGEST not in self.nulls:
            return None
        asked = set(self.views.get(STRONGEST, ())) if attacker == STRONGEST else {attacker}
        held = [self.nulls[name][metric] for name in {STRONGEST, *asked} if name in self.nulls]
        return min(floor for floor, _ in held), max(limit for _, limit in held)

    def sound(self) -> bool:
        """Whether the strongest attacker's figure stands: at least one probe found its code."""
        return bool(self.found_code.get(STRONGEST))

    def chosen(self) -> str:
        """The attacker that was the strongest in most splits."""
        return Counter(self.views[STRONGEST]).most_common(1)[0][0]

    def detect(self, attacker: str, figures: Mapping[Metric, float]) -> None:
        """Note what `attacker` would have found; the strongest would find the least of all."""
        if figures:
            self.detectable[attacker] = dict(figures)
            least = self.detectable.setdefault(STRONGEST, dict(figures))
            for metric, value in figures.items():
                least[metric] = min(least[metric], value)


def chance(metric: Metric, k: int) -> float:
    """Random guessing: 1/k of k classes (thesis, "Random"), one half for a ROC curve."""
    return 0.5 if metric == "auc" else 1 / k


def rows(
    cell: Cell, attacker: str, x: Cell | None, *, resamples: int, seed: int
) -> list[dict[str, Any]]:
    """The rows of one attacker, one a metric; `x` is the cell that a drop is measured from."""
    said = cell.said[attacker]
    drawn = weights(len(np.unique(said.people)), resamples=resamples, seed=seed)
    found = []
    for metric in METRICS:
        row = _row(cell, attacker, metric, interval(said, metric, k=cell.target.k, weights=drawn))
        row.update(_drop(cell, attacker, metric, x, drawn))
        found.append(row)
    return found


def empty_rows(
    representation: str, target: Target, attackers: Sequence[str], people: int
) -> list[dict[str, Any]]:
    """Rows for a label that cannot be measured: the word, and no figure."""
    return [
        {
            "representation": representation,
            "attribute": target.attribute,
            "attacker": attacker,
            "metric": metric,
            "n": len(target.rows),
            "identities": people,
            "status": "not enough data",
        }
        for attacker in (*attackers, STRONGEST)
        for metric in METRICS
    ]


def plain(said: Predictions, metric: Metric, k: int) -> float:
    """The metric of these predictions, without an interval."""
    people = len(np.unique(said.people))
    return float(resampled(said, metric, k, np.ones((1, people)))[0])


def prediction_limits(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """The limits below and above which one more value of this kind comes with chance 1 − `level`.

    Prediction limits with Student's t, since 20 permutations are too few for a percentile.
    """
    known = np.array([value for value in values if not np.isnan(value)])
    spread = stats.t.ppf(level, len(known) - 1) * known.std(ddof=1) * np.sqrt(1 + 1 / len(known))
    return float(max(known.mean() - spread, 0)), float(min(known.mean() + spread, 1))


def state(cell: Cell, attacker: str, metric: Metric, found: Interval) -> str:
    """The word for a figure: a failed probe first, then what the null says of it."""
    if attacker in BASELINES:  # it looks at no vector: nothing that it says is a leak
        return "not enough data" if found.low is None else "nothing found"
    if cell.found_code.get(attacker) is False:
        return "probe failed"
    limits = cell.limits(attacker, metric)
    if found.low is None or found.high is None or limits is None:
        return found.status
    floor, limit = limits
    if found.low > limit:
        return found.status
    # Folds that share out the classes make a blind probe fall below chance; only what falls below
    # the permuted labels too, which went through the same folds, is an alarm.
    if found.high < floor:
        return "anti-learning"
    return "nothing found"


def _row(cell: Cell, attacker: str, metric: Metric, found: Interval) -> dict[str, Any]:
    word = state(cell, attacker, metric, found)
    failed = word == "probe failed"
    would = cell.detectable.get(attacker, {}) if word == "nothing found" else {}
    limits = cell.limits(attacker, metric)
    if limits is not None and would.get(metric, 1.0) <= limits[1]:
        would = {}  # found by an attacker whose own null is lower than this one's
    return {
        "representation": cell.representation,
        "attribute": cell.target.attribute,
        "attacker": attacker,
        "metric": metric,
        "value": None if failed else found.value,
        "low": None if failed else found.low,
        "high": None if failed else found.high,
        "chance": chance(metric, cell.target.k),
        "null": limits[1] if limits else None,
        "detectable": would.get(metric),
        "chosen": cell.chosen() if attacker == STRONGEST else None,
        "attacker_identities": cell.attacker_people,
        "n": len(np.unique(cell.said[attacker].rows)),
        "identities": found.people,
        "status": word,
    }


def _drop(
    cell: Cell, attacker: str, metric: Metric, x: Cell | None, drawn: np.ndarray
) -> dict[str, float | None]:
    """The accuracy drop from x; nothing where there is no x, or one of the two probes failed."""
    if x is None or x is cell or attacker not in x.said:
        return {}
    limits = x.limits(attacker, metric)
    if limits is None:
        return {}
    if cell.found_code.get(attacker) is False or x.found_code.get(attacker) is False:
        return {}
    found = drop(
        x.said[attacker],
        cell.said[attacker],
        metric,
        chance(metric, cell.target.k),
        k=cell.target.k,
        null=limits[1],
        weights=drawn,
    )
    return {"dif": found.value, "dif_low": found.low, "dif_high": found.high}


def _of_split(said: Predictions, seed: int, fold: int) -> Predictions:
    assert said.fold is not None
    assert said.scores is not None
    own = (said.repeat == seed) & (said.fold == fold)
    return Predictions(
        said.truth[own],
        said.predicted[own],
        said.scores[own],
        said.people[own],
        said.rows[own],
        said.repeat[own],
        said.fold[own],
    )


def _joined(parts: Sequence[Predictions]) -> Predictions:
    def join(name: str) -> np.ndarray:
        return np.concatenate([getattr(each, name) for each in parts])

    return Predictions(
        *(join(n) for n in ("truth", "predicted", "scores", "people", "rows", "repeat", "fold"))
    )
