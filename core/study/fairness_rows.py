"""Rows of the tables `fairness`, `fairness_scores` and `differences` from the study's figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from core.encode.embeddings import Embeddings
from core.measure.fairness import ALL, WORST, Figure, pair_name, paired
from core.measure.intervals import holm, p_value
from core.study.fairness_fits import PLAIN, REWEIGHTING, Task
from core.study.fairness_question import Question

SCORES = (
    "representation", "classifier", "method", "strength", "repeat", "id", "target", "group",
    "score",
)  # fmt: skip
"""Columns of `fairness_scores`: the probability given to one evaluation face in one repeat."""

Figures = Mapping[tuple[str, str, float], list[Figure] | None]
"""By representation, method and strength; None where there is not enough data."""


def rows(common: Mapping[str, Any], found: Figures, q: Question) -> Iterator[dict[str, Any]]:
    """Rows of `fairness`; empty figures where there is not enough data."""
    for (name, method, strength), own in found.items():
        row = {"representation": name, **common, "method": method, "strength": strength}
        if own is None:
            yield from ({**row, **one} for one in empty(q))
            continue
        for figure in own:
            one = figure.interval()
            yield {
                **row, "metric": figure.metric, "group": figure.group, "value": one.value,
                "low": one.low, "high": one.high, "n": figure.n, "identities": one.people,
                "status": one.status,
            }  # fmt: skip


def empty(q: Question) -> Iterator[dict[str, Any]]:
    """The figures that are not given where a training set cannot be drawn."""
    names = q.protected.classes
    pairs = [pair_name(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    if len(names) > 2:
        pairs.append(WORST)
    wanted = [("tpr", one) for one in names] + [("gap", one) for one in pairs]
    for metric, group in [*wanted, *(("shift", one) for one in pairs), ("accuracy", ALL)]:
        yield {"metric": metric, "group": group, "status": "not enough data"}


def differences(common: Mapping[str, Any], found: Figures) -> list[dict[str, Any]]:
    """Rows of `differences`: each gap less another classifier's, paired by person.

    `a` is a φ, or x mended by another means (`x+threshold`); `b` is x alone, or for a φ also
    `x+reweighting`, since what needs no suppressor is what a suppressor has to beat. `metric` is
    the gap's strength as `gap@0.7`. Holm's correction runs over what is compared with one `b` at
    one strength and pair of groups.
    """
    rows: list[dict[str, Any]] = []
    for (name, method, strength), own in found.items():
        against = [PLAIN] if name == "x" else [PLAIN, REWEIGHTING]
        for other in against:
            base = found.get(("x", other, strength))
            if own is None or base is None or (name, method) == ("x", other):
                continue
            rows += _changes(common, (name, method), ("x", other), strength, own, base)
    rows.sort(key=_family)
    for _, family in groupby(rows, key=_family):
        several = list(family)
        adjusted = holm([row["p_holm"] for row in several])
        for row, p in zip(several, adjusted, strict=True):
            row["p_holm"] = float(p)
    return rows


def _changes(
    common: Mapping[str, Any],
    a: tuple[str, str],
    b: tuple[str, str],
    strength: float,
    own: Sequence[Figure],
    base: Sequence[Figure],
) -> Iterator[dict[str, Any]]:
    """The gaps of `a` less those of `b`; p is not yet corrected."""
    before = {one.group: one for one in base if one.metric == "gap"}
    for figure in (one for one in own if one.metric == "gap"):
        change = paired(figure, before[figure.group], "gap")
        one = change.interval()
        if one.value is None:
            continue
        yield {
            "table": "fairness", "metric": f"gap@{strength:g}",
            "attribute": f"{common['protected']}: {figure.group}",
            "a": _named(*a), "b": _named(*b),
            "difference": one.value, "low": one.low, "high": one.high,
            "p_holm": p_value(change.samples, change.people),
        }  # fmt: skip


def _named(representation: str, method: str) -> str:
    return representation if method == PLAIN else f"{representation}+{method}"


def _family(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["metric"], row["attribute"], row["b"]


def score_rows(
    task: Task, classifier: str, x: Embeddings, q: Question, rows: np.ndarray, said: np.ndarray
) -> pd.DataFrame:
    """Rows of `fairness_scores` of one classifier; text as categories, which keeps them small."""
    frame = pd.DataFrame({
        "representation": task.representation, "classifier": classifier, "method": task.method,
        "strength": np.float32(task.strength), "repeat": np.int16(task.repeat),
        "id": x.table["id"].to_numpy(dtype=object)[rows], "target": q.y[rows].astype(np.int8),
        "group": np.array(q.protected.classes, dtype=object)[q.s[rows]],
        "score": said.astype(np.float32),
    })  # fmt: skip
    return frame[list(SCORES)]
