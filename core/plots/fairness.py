"""What `fairness.csv` says of one question, as small records: rates, gaps and what changes them.

The modules beside this one make sentences (`fairness_said`), figures (`fairness_figures`,
`fairness_small`), figures at other thresholds (`fairness_threshold`) and the papers' rows
(`fairness_papers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.plots.compare import SIGNIFICANT, Rows, Span, rows_of, span_of
from core.plots.tokens import full, short

BALANCED = 0.5
GRID = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""Strengths that the slider has beside those that were computed: 50/50 to 95/5."""
PLAIN, WORST, ALL = "none", "worst", "all"
CLASSIFIERS = {"nn": "neural network", "svm": "SVM"}
"""Classifiers and what they are called."""
BASELINES = {"threshold": "a threshold for each group", "reweighting": "reweighted training"}
"""What is done on x itself instead of suppressing."""
_POINTS = ("gap", "shift", "fpr gap")
_YES, _NO = ("yes", "true", "1", "positive"), ("no", "false", "0", "negative")


@dataclass(frozen=True)
class Question:
    """What is decided, about whom, and by which classifier; `groups` has the favoured one first."""

    target: str
    protected: str
    classifier: str
    groups: tuple[str, ...] = field(default=(), compare=False)
    pairs: tuple[str, ...] = field(default=(), compare=False)

    @property
    def first(self) -> str:
        """The pair of groups that is shown unless another is chosen."""
        return self.pairs[0] if self.pairs else ""


@dataclass(frozen=True)
class Way:
    """How decisions are made: from a representation, plainly or with a baseline's help."""

    name: str
    method: str = PLAIN

    @property
    def key(self) -> str:
        """As `differences.csv` names it: "leace", "x+threshold"."""
        return self.name if self.method == PLAIN else f"{self.name}+{self.method}"

    @property
    def label(self) -> str:
        """The short name, "SN", "x + threshold"."""
        return short(self.name) if self.method == PLAIN else f"{short(self.name)} + {self.method}"

    @property
    def title(self) -> str:
        """The name in full, "SensitiveNets", "x with reweighted training"."""
        if self.method == PLAIN:
            return full(self.name)
        return f"{full(self.name)} with {BASELINES.get(self.method, self.method)}"

    @property
    def suppressed(self) -> bool:
        """Whether it decides from a φ."""
        return self.name != "x" and self.method == PLAIN


X = Way("x")


@dataclass(frozen=True)
class Change:
    """A gap less that of x, in points, paired by person, with Holm's p."""

    points: Span
    p: float | None

    @property
    def told(self) -> bool:
        """Whether the two gaps can be told apart."""
        return clear(self.points) and (self.p is None or self.p < SIGNIFICANT)


@dataclass(frozen=True, eq=False)
class Decided:
    """Everything about one way of deciding at one strength; a figure that is not there is empty.

    `spans` by (metric, group): fractions, gaps and shifts in points; `people` those behind each.
    """

    way: Way
    strength: float
    spans: Mapping[tuple[str, str], Span]
    people: Mapping[tuple[str, str], int]
    changes: Mapping[str, Change]

    def get(self, metric: str, group: str = ALL) -> Span:
        """One figure with its interval."""
        return self.spans.get((metric, group), Span(status="not enough data"))

    def gap(self, pair: str) -> Span:
        """The gap of true-positive rates, in points."""
        return self.get("gap", pair)

    def finding(self, pair: str) -> tuple[str, ...]:
        """What its gap is called, from its status and its interval."""
        gap = self.gap(pair)
        if gap.value is None:
            return (gap.status or "not enough data",)
        word = "gap" if clear(gap) else "no gap told"
        if pair == WORST:
            word = "largest gap"  # a distance is never below 0: its interval tells nothing of 0
        return (word,) if gap.status in ("", "ok") else (word, gap.status)


def clear(span: Span) -> bool:
    """Whether the interval of a signed figure lies on one side of zero."""
    return span.low is not None and span.high is not None and not span.low <= 0 <= span.high


def questions(table: pd.DataFrame) -> list[Question]:
    """The questions that the table answers, in its order."""
    found = []
    columns = ["target", "protected", "classifier"]
    for key, own in table.groupby(columns, sort=False):
        target, protected, classifier = (str(one) for one in key)
        rates, pairs = (
            list(dict.fromkeys(own.loc[own["metric"] == metric, "group"].astype(str)))
            for metric in ("tpr", "gap")
        )
        # "a & b" are groups too: the classes themselves are those that gaps are between.
        groups = [one for one in rates if any(_has(pair, one, rates) for pair in pairs)]
        found.append(Question(target, protected, classifier, tuple(groups), tuple(pairs)))
    return found


def strengths(table: pd.DataFrame) -> list[float]:
    """The strengths in the table, ascending; also those without a figure."""
    return sorted({round(float(one), 6) for one in table["strength"]})


def split(skew: float) -> str:
    """A strength for a person: "70/30", "72.5/27.5"."""
    return f"{100 * skew:g}/{round(100 * (1 - skew), 6):g}"


def decided(
    table: Rows, differences: Rows | None, question: Question, strength: float
) -> list[Decided]:
    """All ways of deciding at one strength: x, every φ, then the baselines on x."""
    rows: dict[Way, list[dict[str, Any]]] = {}
    for row in rows_of(table, target=question.target, protected=question.protected,
                       classifier=question.classifier):  # fmt: skip
        if abs(float(row["strength"]) - strength) < 1e-6:
            rows.setdefault(Way(str(row["representation"]), str(row["method"])), []).append(row)
    found = []
    for way in sorted(rows, key=lambda one: (one != X, one.method != PLAIN)):
        own = rows[way]
        found.append(
            Decided(
                way,
                strength,
                {key: span for row in own for key, span in _spans(row)},
                {_key(row): int(row["identities"]) for row in own if _there(row["identities"])},
                dict(_changes(differences, question, way, strength)),
            )
        )
    return found


def crossed(found: Sequence[Decided], question: Question) -> list[str]:
    """Groups that two labels make together, "female & dark", in the order of the table."""
    every = dict.fromkeys(group for one in found for metric, group in one.spans if metric == "tpr")
    return [one for one in every if one not in question.groups]


def by_label(
    groups: Sequence[str], question: Question, crossed_with: Sequence[str],
    labels: Mapping[str, Iterable[str]],
) -> dict[str, list[str]]:  # fmt: skip
    """The crossed `groups` by the label that the protected one is crossed with; `labels` has the
    classes of each."""
    found = {}
    for label in crossed_with:
        own = {f"{a} & {b}" for a in question.groups for b in labels.get(label, ())}
        if own & set(groups):
            found[str(label)] = [one for one in groups if one in own]
    return found


def sides(pair: str, question: Question) -> tuple[str, str]:
    """The two groups of a pair; for the worst gap nobody by name."""
    for a in question.groups:
        for b in question.groups:
            if pair == f"{a} - {b}":
                return a, b
    return "the best served group", "the worst served"


def group_name(group: str, label: str) -> str:
    """A group for a person: "female", but "smiling" and "not smiling" where classes are yes, no."""
    if group.casefold() in _YES:
        return label.replace("_", " ")
    if group.casefold() in _NO:
        return f"not {label.replace('_', ' ')}"
    return group


def _has(pair: str, group: str, groups: Sequence[str]) -> bool:
    return any(pair in (f"{group} - {other}", f"{other} - {group}") for other in groups)


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    """Metric and group; the gap of false-positive rates has a name of its own."""
    metric, group = str(row["metric"]), str(row["group"])
    return ("fpr gap" if metric == "fpr" and (" - " in group or group == WORST) else metric, group)


def _spans(row: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Span]]:
    key = _key(row)
    yield key, span_of(row, ("value", "low", "high"), 100 if key[0] in _POINTS else 1)


def _changes(
    differences: Rows | None, question: Question, way: Way, strength: float
) -> Iterator[tuple[str, Change]]:
    where = {"table": "fairness", "a": way.key, "b": "x", "metric": f"gap@{strength:g}"}
    for row in rows_of(differences, **where):
        attribute, whose = str(row["attribute"]), f"{question.protected}: "
        if attribute.startswith(whose):
            p = row["p_holm"]
            points = span_of(row, ("difference", "low", "high"), 100)
            yield attribute[len(whose) :], Change(points, float(p) if _there(p) else None)


def _there(value: Any) -> bool:
    return value is not None and not pd.isna(value)
