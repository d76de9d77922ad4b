"""Decisions at any threshold, from the scores that were given: point figures, no intervals.

The tables hold the decisions at a threshold of one half. The scores of every evaluation face allow
others; figures are means over repeats, as those of the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.plots.fairness import PLAIN, Way

COLUMNS = ("representation", "classifier", "method", "strength", "repeat", "target", "group",
           "score")  # fmt: skip
"""What is needed of `fairness_scores`."""


@dataclass(frozen=True, eq=False)
class Moved:
    """Shares of yes of one way at each of the `thresholds` (t,): `said` by (group, 1 or 0 as the
    target has it), (repeats, t); NaN where a repeat has no such face. `accuracy` (t,)."""

    way: Way
    thresholds: np.ndarray
    said: dict[tuple[str, int], np.ndarray]
    accuracy: np.ndarray

    def tpr(self, group: str) -> np.ndarray:
        """True-positive rate, (t,)."""
        return _mean(self._of(group, 1))

    def fpr(self, group: str) -> np.ndarray:
        """False-positive rate, (t,)."""
        return _mean(self._of(group, 0))

    def gap(self, a: str, b: str) -> np.ndarray:
        """TPR[a] − TPR[b] in points, (t,)."""
        return 100 * _mean(self._of(a, 1) - self._of(b, 1))

    def worst(self, groups: Sequence[str]) -> np.ndarray:
        """The largest gap between two of `groups` in points, (t,)."""
        every = np.stack([self._of(one, 1) for one in groups])
        return 100 * _mean(every.max(axis=0) - every.min(axis=0))

    def _of(self, group: str, truth: int) -> np.ndarray:
        shape = next((one.shape for one in self.said.values()), (1, len(self.thresholds)))
        return self.said.get((group, truth), np.full(shape, np.nan))


def moved(
    scores: pd.DataFrame, classifier: str, strength: float, thresholds: Sequence[float]
) -> list[Moved]:
    """Decisions "yes where the score is at least the threshold", x first, baselines last.

    `scores` has `COLUMNS`, a row a face and repeat; an empty list where it has none of these.
    """
    own = scores[
        (scores["classifier"].astype(str) == classifier)
        # Strengths are kept in single precision.
        & np.isclose(scores["strength"].to_numpy(dtype=float), strength, atol=1e-5)
    ]
    found = []
    for (name, method), rows in own.groupby(["representation", "method"], observed=True):
        found.append(_moved(Way(str(name), str(method)), rows, np.asarray(thresholds, dtype=float)))
    order = list(dict.fromkeys(own["representation"].astype(str)))
    found.sort(key=lambda one: (one.way.method != PLAIN, one.way.name != "x",
                                order.index(one.way.name)))  # fmt: skip
    return found


def _moved(way: Way, rows: pd.DataFrame, thresholds: np.ndarray) -> Moved:
    repeats = sorted({int(one) for one in rows["repeat"].unique()})
    said: dict[tuple[str, int], np.ndarray] = {}
    right, faces = np.zeros((2, len(repeats), len(thresholds)))
    for cell, own in rows.groupby(["group", "target", "repeat"], observed=True):
        group, truth, repeat = str(cell[0]), int(str(cell[1])), int(str(cell[2]))
        yes = _at_least(own["score"].to_numpy(), thresholds)
        place, key = repeats.index(repeat), (group, truth)
        if key not in said:
            said[key] = np.full((len(repeats), len(thresholds)), np.nan)
        said[key][place] = yes / len(own)
        right[place] += yes if truth == 1 else len(own) - yes
        faces[place] += len(own)
    return Moved(way, thresholds, said, _mean(right / faces))


def _at_least(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How many scores reach each threshold, in the precision that scores are kept in."""
    ordered = np.sort(scores.astype(np.float32))
    return np.asarray(len(ordered) - np.searchsorted(ordered, thresholds.astype(np.float32)))


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over repeats (repeats, t) of those that are defined; NaN where none is."""
    there = ~np.isnan(values)
    total = np.where(there, values, 0.0).sum(axis=0)
    count = there.sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
