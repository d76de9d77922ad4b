"""Rows of the tables `fairness`, `fairness_scores` and `differences` from the study's figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from core.encode.embeddings import Embeddings
from core.measure.fairness import ALL, Figure, pair_name, paired
from core.measure.intervals import holm, p_value
from core.study.fairness_fits import PLAIN, Task
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
    wanted = [("tpr", one) for one in names] + [("gap", one) for one in pairs]
    for metric, group in [*wanted, *(("shift", one) for one in pairs), ("accuracy", ALL)]:
        yield {"metric": metric, "group": group, "status": "not enough data"}


def differences(common: Mapping[str, Any], found: Figures) -> list[dict[str, Any]]:
    """Rows of `differences`: each gap less that of the classifier on x alone, paired by person.

    `a` is a φ, or `x+threshold`; `metric` is the gap's strength as `gap@0.7`. Holm's correction
    runs over what is compared at one strength and pair of groups.
    """
    rows: list[dict[str, Any]] = []
    for (name, method, strength), own in found.items():
        base = found.get(("x", PLAIN, strength))
        if own is None or base is None or (name, method) == ("x", PLAIN):
            continue
        before = {one.group: one for one in base if one.metric == "gap"}
        for figure in (one for one in own if one.metric == "gap"):
            change = paired(figure, before[figure.group], "gap")
            one = change.interval()
            if one.value is None:
                continue
            rows.append({
                "table": "fairness", "metric": f"gap@{strength:g}",
                "attribute": f"{common['protected']}: {figure.group}",
                "a": name if method == PLAIN else f"{name}+{method}", "b": "x",
                "difference": one.value, "low": one.low, "high": one.high,
                "p_holm": p_value(change.samples, change.people),
            })  # fmt: skip
    rows.sort(key=lambda row: (row["metric"], row["attribute"]))
    for _, family in groupby(rows, key=lambda row: (row["metric"], row["attribute"])):
        several = list(family)
        adjusted = holm([row["p_holm"] for row in several])
        for row, p in zip(several, adjusted, strict=True):
            row["p_holm"] = float(p)
    return rows


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
