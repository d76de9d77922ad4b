"""F1 of action units, per unit, macro and weighted, with resamples of people.

Deuschel, Finzel and Rieger (2020), "Performance Measurement": F1 = 2 · precision · recall /
(precision + recall), which is 2 TP / (2 TP + FP + FN). Macro is the plain mean over units, weighted
the mean weighted by how many faces show a unit. Counts are pooled over repeats before they are
divided: a mean over small test parts would hang on how the few positives fell (Forman and Scholz
2010, "Apples-to-apples in cross-validation studies"). Faces of which a unit is not known count
neither way.

A detector that says yes to everything has an F1 of 2 p / (1 + p), p the share of faces that show
the unit: that is `yes`, the figure's chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.measure.mannwhitney import product

MACRO, WEIGHTED = "f1_macro", "f1_weighted"
TP, FP, FN, TN = range(4)


@dataclass(frozen=True, eq=False)
class Counts:
    """`each` float64 (people, k, 4): true and false positives, false and true negatives."""

    each: np.ndarray

    def total(self) -> np.ndarray:
        """Everybody's counts (k, 4)."""
        return np.asarray(self.each.sum(axis=0))

    def sampled(self, drawn: np.ndarray) -> np.ndarray:
        """Counts (resamples, k, 4) of each row of `drawn` (resamples, people)."""
        flat = self.each.reshape(len(self.each), -1)
        return product(drawn, flat).reshape(len(drawn), *self.each.shape[1:])


@dataclass(frozen=True, eq=False)
class Scores:
    """F1 of everybody `value` and of resamples `samples` (resamples,), by unit and overall."""

    units: np.ndarray
    unit_samples: np.ndarray = field(repr=False)
    macro: float
    macro_samples: np.ndarray = field(repr=False)
    weighted: float
    weighted_samples: np.ndarray = field(repr=False)


def counts(decided: np.ndarray, present: np.ndarray, person: np.ndarray, people: int) -> Counts:
    """Counts of decisions bool (m, k) about `present` (m, k), NaN where unknown, by person (m,)."""
    yes, no = present == 1, present == 0
    cells = np.stack([decided & yes, decided & no, ~decided & yes, ~decided & no], axis=2)
    each = np.zeros((people, *cells.shape[1:]))
    np.add.at(each, person, cells)
    return Counts(each)


def f1(cells: np.ndarray) -> np.ndarray:
    """F1 (…,) of counts (…, 4); NaN where no face shows the unit: F1 has no sense there."""
    tp, fp, fn = cells[..., TP], cells[..., FP], cells[..., FN]
    return np.divide(2 * tp, 2 * tp + fp + fn, out=np.full(tp.shape, np.nan), where=tp + fn > 0)


def yes(cells: np.ndarray) -> np.ndarray:
    """F1 (…,) of a detector that says yes to every face behind counts (…, 4)."""
    tp = cells[..., TP] + cells[..., FN]
    fp = cells[..., FP] + cells[..., TN]
    return np.divide(2 * tp, 2 * tp + fp, out=np.full(tp.shape, np.nan), where=tp > 0)


def macro(values: np.ndarray) -> np.ndarray:
    """Mean over units, the last axis, of what is defined."""
    return _weighted(values, np.ones_like(values))


def weighted(values: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Mean over units, each weighted by the faces that show it."""
    return _weighted(values, cells[..., TP] + cells[..., FN])


def scores(of: Counts, drawn: np.ndarray) -> Scores:
    """All figures about `of`, with their resamples."""
    plain, cells = of.total(), of.sampled(drawn)
    own, sampled = f1(plain), f1(cells)
    return Scores(
        own, sampled, float(macro(own)), macro(sampled),
        float(weighted(own, plain)), weighted(sampled, cells),
    )  # fmt: skip


def _weighted(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    weight = np.where(np.isnan(values), 0.0, weight)
    total = np.asarray(weight.sum(axis=-1), dtype=float)
    part = np.asarray((np.nan_to_num(values) * weight).sum(axis=-1))
    return np.divide(part, total, out=np.full(total.shape, np.nan), where=total > 0)
