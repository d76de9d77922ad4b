"""How alike groups are decided about: rates by group, gaps, equalised odds, calibration.

Equality of opportunity (Hardt, Price and Srebro 2016) asks for equal true-positive rates; the
papers print TPR[a] − TPR[b] (thesis, Table 4.2; TPAMI, Table III), signed. Figures are means over
repeats, each of which has an evaluation set of its own. What fairlearn has is computed by fairlearn
(`MetricFrame`); intervals resample people, the same for all repeats and all representations, from
counts by person.

Calibration is the expected calibration error over `BINS` bins of equal mass (Nixon et al. 2019,
"Measuring calibration in deep learning"): the mean distance between the probability given and the
share that is true. The bins are those of the figure itself in every resample. It is never below 0,
so that few faces make it larger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, false_positive_rate, true_positive_rate

from core.measure.intervals import Interval, limits
from core.measure.mannwhitney import product

BINS = 10
BOTH = ("tpr", "fpr")
Kind = Literal["share", "signed", "distance"]
"""What a figure is: a share of faces, a difference with a sign, or a distance. Resampling adds
noise, and noise adds to a distance, which has no sign to lose it by: percentiles would lie above
the figure. The reflected ("basic") interval takes that back (Davison and Hinkley 1997, 5.2); it is
widened where it would not hold the figure itself."""
ALL, WORST = "all", "worst"
"""Groups of figures that hold for everybody, and for the two groups furthest apart."""


@dataclass(frozen=True, eq=False)
class Decisions:
    """Decisions about faces of an evaluation part, of all repeats below one another.

    `truth` and `decided` bool (m,), `score` the probability that was given (m,) or None, `group`
    int (m,) into `names`, the favoured group first; `person` int (m,), 0 … `people` − 1, who are
    those of the evaluation part in every representation; `row` int (m,) of the set, `repeat`
    int (m,), 0 … without a gap. `beside` has other groups for the same rows, by label: codes (m,)
    and names; their figures are TPR and FPR alone.
    """

    truth: np.ndarray
    decided: np.ndarray
    score: np.ndarray | None
    group: np.ndarray
    names: tuple[str, ...]
    person: np.ndarray
    people: int
    row: np.ndarray
    repeat: np.ndarray
    beside: tuple[tuple[str, np.ndarray, tuple[str, ...]], ...] = ()

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of groups (a, b) whose gap a − b is given, the favoured group first."""
        return list(combinations(range(len(self.names)), 2))


@dataclass(frozen=True, eq=False)
class Figure:
    """One figure: `value`, its resamples (resamples,), faces and people behind it."""

    metric: str
    group: str
    value: float
    samples: np.ndarray = field(repr=False)
    n: int
    people: int
    kind: Kind = "share"

    def interval(self) -> Interval:
        """The figure with its limits over people.

        A difference that is the same in every resample gets what Clopper and Pearson's (1934) limit
        leaves to a share of as many people that never failed, on either side.
        """
        found = self._interval()
        if self.kind == "share" or found.value is None or found.low != found.high:
            return found
        reach, least = 1 - 0.025 ** (1 / self.people), -1.0 if self.kind == "signed" else 0.0
        low, high = max(found.value - reach, least), min(found.value + reach, 1.0)
        return replace(found, low=low, high=high)

    def _interval(self) -> Interval:
        if self.kind != "distance":
            return limits(self.value, self.samples, self.people, bounded=self.kind == "share")
        turned = np.clip(2 * self.value - self.samples, 0, 1)
        found = limits(self.value, turned, self.people, bounded=False)
        if found.value is None or found.low is None or found.high is None:
            return found
        return replace(found, low=min(found.low, found.value), high=max(found.high, found.value))


def paired(a: Figure, b: Figure, metric: str) -> Figure:
    """a − b of the same people, resample by resample: the shift, or what a suppressor changes."""
    least = min(a.people, b.people)
    return Figure(
        metric, a.group, a.value - b.value, a.samples - b.samples, min(a.n, b.n), least, "signed"
    )


def pair_name(a: str, b: str) -> str:
    """The name of the group of a gap TPR[a] − TPR[b]."""
    return f"{a} - {b}"


def figures(decisions: Decisions, drawn: np.ndarray) -> list[Figure]:
    """Every figure about `decisions`; `drawn` (resamples, people) as from `intervals.weights`."""
    work = _Work(decisions, drawn)
    return [*work.rates(), *work.gaps(), *work.right(), *work.calibration(), *work.crossed()]


@dataclass(frozen=True, eq=False)
class _Work:
    of: Decisions
    drawn: np.ndarray

    @property
    def repeats(self) -> int:
        return int(self.of.repeat.max(initial=-1)) + 1

    def rates(self) -> Iterator[Figure]:
        """TPR and FPR of each group."""
        for metric in BOTH:
            for g, name in enumerate(self.of.names):
                samples = _mean(self.sampled[metric][:, :, g])
                value = _plain(self.frame[metric][:, g])
                yield Figure(metric, name, value, samples, *self._behind(metric, [g]))

    def gaps(self) -> Iterator[Figure]:
        """Signed gaps of each pair, the largest one of several groups, equalised odds."""
        for metric in BOTH:
            named = "gap" if metric == "tpr" else "fpr"
            plain, samples = self.frame[metric], self.sampled[metric]
            for a, b in self.of.pairs:
                yield Figure(
                    named,
                    pair_name(self.of.names[a], self.of.names[b]),
                    _plain(plain[:, a] - plain[:, b]),
                    _mean(samples[:, :, a] - samples[:, :, b]),
                    *self._least([a, b], [metric]),
                    kind="signed",
                )
            if len(self.of.names) > 2:
                value = _plain(self.differences[metric].to_numpy())
                every = self._least(range(len(self.of.names)), [metric])
                yield Figure(named, WORST, value, _mean(_range(samples)), *every, kind="distance")
        # Agarwal et al. (2018) as fairlearn has it: the larger of the two differences.
        worst = self.differences.max(axis=1, skipna=False).to_numpy()
        both = np.maximum(_range(self.sampled["tpr"]), _range(self.sampled["fpr"]))
        behind = self._least(range(len(self.of.names)), BOTH)
        yield Figure("odds", ALL, _plain(worst), _mean(both), *behind, kind="distance")

    def right(self) -> Iterator[Figure]:
        """Accuracy and balanced accuracy, of everybody and of each group."""
        counts = self.counts
        hits = np.stack([counts[:, :, 0, :, 0], counts[:, :, 1, :, 1]], axis=2)
        every = counts.sum(axis=4)
        for groups in self._everybody():
            name = ALL if len(groups) > 1 else self.of.names[groups[0]]
            own, whole = hits[..., groups].sum(axis=3), every[..., groups].sum(axis=3)
            found = _mean(_ratio(own.sum(axis=2), whole.sum(axis=2)))
            behind = self._behind("", groups)
            yield Figure("accuracy", name, float(found[0]), found[1:], *behind)
            # The mean of two recalls, which must both be there.
            found = _mean(_ratio(own, whole).mean(axis=2))
            n, people = self._behind("", groups)
            behind = n, min(people, *(self._behind(metric, groups)[1] for metric in BOTH))
            yield Figure("balanced_accuracy", name, float(found[0]), found[1:], *behind)

    def calibration(self) -> Iterator[Figure]:
        """Expected calibration error, of everybody and of each group."""
        of = self.of
        if of.score is None:
            return
        for groups in self._everybody():
            name = ALL if len(groups) > 1 else of.names[groups[0]]
            inside = np.flatnonzero(np.isin(of.group, groups))
            person, repeat = of.person[inside], of.repeat[inside]
            miss = of.score[inside].astype(np.float64) - of.truth[inside]
            cell = (person * self.repeats + repeat) * BINS + self._bins(inside)
            missed = np.bincount(cell, miss, of.people * self.repeats * BINS)
            faces = np.bincount(person * self.repeats + repeat, None, of.people * self.repeats)
            sums = product(self.every, missed.reshape(of.people, -1))
            sums = np.abs(sums.reshape(len(self.every), self.repeats, BINS)).sum(axis=2)
            found = _mean(_ratio(sums, product(self.every, faces.reshape(of.people, -1))))
            behind = self._behind("", groups)
            yield Figure("calibration", name, float(found[0]), found[1:], *behind, kind="distance")

    def crossed(self) -> Iterator[Figure]:
        """TPR and FPR of the groups that two labels make together."""
        of = self.of
        for _, codes, names in of.beside:
            group = of.group * len(names) + codes
            both = [f"{a} & {b}" for a in of.names for b in names]
            tables = _tables(of, group, len(both), self.every, self.repeats)
            for metric, y in (("tpr", 1), ("fpr", 0)):
                rates = _ratio(tables[:, :, y, :, 1], tables[:, :, y].sum(axis=3))
                for g, name in enumerate(both):
                    own = (group == g) & (of.truth == bool(y))
                    if own.any():
                        found = _mean(rates[:, :, g])
                        n, people = len(np.unique(of.row[own])), len(np.unique(of.person[own]))
                        yield Figure(metric, name, float(found[0]), found[1:], n, people)

    @cached_property
    def frame(self) -> dict[str, np.ndarray]:
        """TPR and FPR (repeats, groups)."""
        places = pd.MultiIndex.from_product([range(self.repeats), range(len(self.of.names))])
        whole = self._framed.by_group.reindex(places)
        return {name: whole[name].to_numpy().reshape(self.repeats, -1) for name in BOTH}

    @cached_property
    def differences(self) -> pd.DataFrame:
        """The largest difference between groups of each repeat, TPR and FPR."""
        return self._framed.difference(method="between_groups")

    @cached_property
    def _framed(self) -> MetricFrame:
        of = self.of
        return MetricFrame(
            metrics={
                "tpr": partial(true_positive_rate, pos_label=1),
                "fpr": partial(false_positive_rate, pos_label=1),
            },
            y_true=of.truth.astype(int),
            y_pred=of.decided.astype(int),
            sensitive_features=pd.Series(of.group, name="group"),
            control_features=pd.Series(of.repeat, name="repeat"),
        )

    @cached_property
    def every(self) -> np.ndarray:
        """Everybody once, then the resamples, (1 + resamples, people)."""
        return np.vstack([np.ones((1, self.of.people)), self.drawn])

    @cached_property
    def counts(self) -> np.ndarray:
        """Weighted counts (1 + resamples, repeats, truth, groups, decided)."""
        return _tables(self.of, self.of.group, len(self.of.names), self.every, self.repeats)

    @cached_property
    def sampled(self) -> dict[str, np.ndarray]:
        """TPR and FPR (resamples, repeats, groups)."""
        rates = _ratio(self.counts[1:, ..., 1], self.counts[1:].sum(axis=4))
        return {"tpr": rates[:, :, 1], "fpr": rates[:, :, 0]}

    def _everybody(self) -> list[list[int]]:
        every = list(range(len(self.of.names)))
        return [every, *([g] for g in every)]

    def _bins(self, inside: np.ndarray) -> np.ndarray:
        """The bin of each row, of equal mass within each repeat."""
        of, bins = self.of, np.zeros(len(inside), dtype=np.int64)
        assert of.score is not None, "only scores are binned"
        for r in range(self.repeats):
            own = np.flatnonzero(of.repeat[inside] == r)
            order = np.argsort(of.score[inside][own], kind="stable")
            bins[own[order]] = np.arange(len(own)) * BINS // max(len(own), 1)
        return bins

    def _behind(self, metric: str, groups: Sequence[int]) -> tuple[int, int]:
        """Faces and people behind a figure of all `groups` taken together."""
        of = self.of
        asked = {"tpr": of.truth, "fpr": ~of.truth}.get(metric, np.ones(len(of.row), dtype=bool))
        own = asked & np.isin(of.group, groups)
        return len(np.unique(of.row[own])), len(np.unique(of.person[own]))

    def _least(self, groups: Sequence[int], metrics: Sequence[str]) -> tuple[int, int]:
        """Faces behind a figure that compares groups, and people of the one with the fewest."""
        each = [self._behind(metric, [g]) for metric in metrics for g in groups]
        faces = sum(n for n, _ in each)
        return faces, min(people for _, people in each)


def _tables(
    of: Decisions, group: np.ndarray, k: int, drawn: np.ndarray, repeats: int
) -> np.ndarray:
    """Weighted counts (resamples, repeats, truth, groups, decided) of each row of `drawn`."""
    truth, decided = of.truth.astype(np.int64), of.decided.astype(np.int64)
    size = repeats * 2 * k * 2
    place = ((of.repeat * 2 + truth) * k + group) * 2 + decided
    counts = np.bincount(of.person * size + place, minlength=of.people * size)
    return product(drawn, counts.reshape(of.people, size)).reshape(-1, repeats, 2, k, 2)


def _range(rates: np.ndarray) -> np.ndarray:
    """Largest less smallest over the last axis; NaN where one is not defined."""
    return np.asarray(rates.max(axis=-1) - rates.min(axis=-1))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is defined, NaN where nothing is."""
    defined = ~np.isnan(values)
    return _ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(float))


def _plain(values: np.ndarray) -> float:
    return float(_mean(np.asarray(values, dtype=float)[None])[0])
