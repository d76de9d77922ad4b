"""What `action_units.csv` says, as small records.

`action_units_said` makes sentences of them; `relevance_page` does both for where detectors look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.plots.compare import SIGNIFICANT, Span, rows_of, span_of
from core.plots.fairness import clear

ALL = "all"
"""All units together, or all test faces."""
MACRO, WEIGHTED, F1, GAP, INTERACTION = "f1_macro", "f1_weighted", "f1", "gap", "interaction"
FIGURES = {MACRO: "macro", WEIGHTED: "weighted"}
"""F1 over all units, and what each mean is called."""
CROSS, LESS = " x ", " - "
"""Between the groups of an interaction, and of a gap."""
MISSING = Span(status="not enough data")


@dataclass(frozen=True)
class Key:
    """Which figure: training set, test group, unit (None: all of them) and metric."""

    train: str
    test: str
    unit: int | None
    metric: str


@dataclass(frozen=True, eq=False)
class Detected:
    """The figures of a run: F1 as fractions, gaps and interactions in points.

    `trains` are the training sets and `tests` the groups asked about, in the table's order; `units`
    those with a figure, `out` those without any; `pairs` have, by pair of test groups, the pair of
    training sets that an interaction is between. `chance` is the F1 of a detector that says yes to
    everything, `positives` how many test faces show the unit, `people` those tested.
    """

    trains: tuple[str, ...]
    tests: tuple[str, ...]
    units: tuple[int, ...]
    out: tuple[int, ...]
    pairs: Mapping[str, str]
    spans: Mapping[Key, Span]
    people: Mapping[Key, int]
    positives: Mapping[Key, int]
    chance: Mapping[Key, float]
    holm: Mapping[Key, float]

    def f1(self, train: str, test: str, unit: int | None = None, metric: str = MACRO) -> Span:
        """F1 of one training set on one test group: of a unit, or over all by `metric`."""
        return self.spans.get(f1_key(train, test, unit, metric), MISSING)

    def gap(self, train: str, a: str, b: str) -> Span:
        """F1 on group `a` less F1 on group `b`, macro, in points; without an interval where the
        table has none."""
        for one, other, scale in ((a, b, 1), (b, a, -1)):
            span = self.spans.get(Key(train, f"{one}{LESS}{other}", None, GAP))
            if span is not None and span.value is not None:
                return span if scale > 0 else _turned(span)
        left, right = self.f1(train, a).value, self.f1(train, b).value
        return MISSING if left is None or right is None else Span(100 * (left - right))

    def interaction(self, pair: str, unit: int | None = None) -> Span:
        """The interaction of a pair of test groups, in points."""
        return self.spans.get(self._cross(pair, unit), MISSING)

    def finding(self, pair: str, unit: int | None = None) -> tuple[str, ...]:
        """What an interaction is called, from its status and its interval."""
        span = self.interaction(pair, unit)
        if span.value is None:
            return (span.status or MISSING.status,)
        word = "interaction" if self.told(pair, unit) else "none told"
        return (word,) if span.status in ("", "ok") else (word, span.status)

    def told(self, pair: str, unit: int | None = None) -> bool:
        """Whether an interaction can be told from none: its interval, and Holm's p of a unit."""
        p = self.holm.get(self._cross(pair, unit))
        return clear(self.interaction(pair, unit)) and (p is None or p < SIGNIFICANT)

    def _cross(self, pair: str, unit: int | None) -> Key:
        return Key(self.pairs.get(pair, pair), pair, unit, INTERACTION)


def f1_key(train: str, test: str, unit: int | None, metric: str = MACRO) -> Key:
    """The key of an F1: of a unit, or over all of them by `metric`."""
    return Key(train, test, unit, metric if unit is None else F1)


def unit_of(value: Any) -> int | None:
    """The unit's number in a cell ("12", 12.0, "AU12"); None for all of them."""
    found = re.search(r"\d+", str(value))
    return int(found.group()) if found else None


def detected(table: pd.DataFrame) -> Detected:
    """The records of a table `action_units`."""
    spans: dict[Key, Span] = {}
    numbers: dict[str, dict[Key, float]] = {
        name: {} for name in ("identities", "positives", "chance", "p_holm")
    }
    for row in rows_of(table):
        metric = str(row["metric"])
        key = Key(str(row["train_group"]), str(row["test_group"]), unit_of(row["au"]), metric)
        spans[key] = span_of(row, ("value", "low", "high"), 100 if metric in (GAP, INTERACTION)
                             else 1)  # fmt: skip
        for name, kept in numbers.items():
            if not pd.isna(row.get(name)):
                kept[key] = float(row[name])
    plain = [key for key in spans if key.metric in (MACRO, WEIGHTED, F1)]
    every = sorted({key.unit for key in plain if key.unit is not None})
    units = {key.unit for key in plain if spans[key].value is not None}
    people, positives = (
        {key: round(value) for key, value in numbers[name].items()}
        for name in ("identities", "positives")
    )
    return Detected(
        tuple(dict.fromkeys(key.train for key in plain)),
        tuple(dict.fromkeys(key.test for key in plain)),
        tuple(one for one in every if one in units),
        tuple(one for one in every if one not in units),
        {key.test: key.train for key in spans if key.metric == INTERACTION},
        spans, people, positives, numbers["chance"], numbers["p_holm"],
    )  # fmt: skip


def _turned(span: Span) -> Span:
    """A difference the other way round."""
    value, low, high = (None if one is None else -one for one in (span.value, span.high, span.low))
    return Span(value, low, high, span.status)
