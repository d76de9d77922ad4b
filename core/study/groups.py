"""Groups: whom a representation gives away, and whom it fails (METHODS, "Protocol" 9).

Leakage by group comes from predictions already made: nobody is attacked again. False matches and
false non-matches by group come from one threshold for everybody (`core.study.deciding`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from core.faces.faceset import UNKNOWN
from core.measure.intervals import Interval, Predictions, interval, weights
from core.measure.leakage import HEADLINE, STRONGEST
from core.progress import Progress
from core.split import Split
from core.store import Store, key
from core.study.deciding import Deciding, Errors, Grouping, groupings
from core.study.expression import expression_rows
from core.study.representation import Representation
from core.table import StudyResult, table

VERSION = 1
RECALL = "recall"
"""What the leakage of a group is where the group is a class of the very label that is read."""
UNSEEN = ("random", "norm")
"""Controls that have no groups to serve: noise and lengths."""


def groups(
    representations: Mapping[str, Representation],
    splits: Sequence[Split],
    tables: Mapping[str, pd.DataFrame],
    *,
    store: Store,
    progress: Progress,
    seed: int,
    resamples: int = 2000,
    verify: bool = True,
) -> StudyResult:
    """Tables groups and expression of `representations`, which hold the same faces.

    `tables` are those of the leakage study, as far as there are any: `predictions` and `leakage`.
    `verify`: whether verification was asked for, and errors by group with it. Without any label
    there are no groups, and no tables.
    """
    named = {name: one for name, one in representations.items() if name not in UNSEEN}
    base = named.get("x", next(iter(named.values()))).base
    found, warnings = groupings(base.table, base.labels)
    if not found:
        return StudyResult({}, tuple(warnings))
    progress.start("groups", len(named))
    reads = _Reads(base.table, found, tables, store, seed, resamples)
    deciding = Deciding(
        named, splits if verify else (), found, store=store, seed=seed, resamples=resamples
    )
    rows: list[dict[str, Any]] = []
    errors: dict[str, Errors] = {}
    for name, one in named.items():
        rows += reads.rows(name)
        if verify:
            errors[name] = deciding.of(one)
            rows += _error_rows(name, errors[name])
        progress.advance(message=name)
    made = {"groups": table("groups", rows)} if rows else {}
    if verify and deciding.places.expression is not None:
        made["expression"] = expression_rows(errors)
    return StudyResult(made, tuple(warnings), {"groups": {"far": deciding.far}})


def _error_rows(name: str, errors: Errors) -> Iterator[dict[str, Any]]:
    for metric, figures in (("fmr", errors.fmr), ("fnmr", errors.fnmr)):
        for (label, group), one in figures.items():
            row = _row(name, label, group, metric, one.interval, one.pairs)
            yield {**row, "far": errors.far}


def _row(name: str, label: str, group: str, metric: str, one: Interval, n: int) -> dict[str, Any]:
    row: dict[str, Any] = {"representation": name, "label": label, "group": group}
    row |= {"metric": metric, "value": one.value, "low": one.low, "high": one.high}
    return row | {"n": n, "identities": one.people, "status": one.status}


class _Reads:
    """What the strongest attacker read, group by group."""

    def __init__(
        self,
        faces: pd.DataFrame,
        found: Sequence[Grouping],
        tables: Mapping[str, pd.DataFrame],
        store: Store,
        seed: int,
        resamples: int,
    ) -> None:
        self.found, self.store, self.seed, self.resamples = found, store, seed, resamples
        self.faces = faces
        subjects = faces["subject_id"].to_numpy(dtype=str)
        self.known = np.unique(subjects[subjects != UNKNOWN])
        self.person = np.searchsorted(self.known, subjects)
        self.place = pd.Series(np.arange(len(faces)), index=faces["id"].to_numpy())
        said = tables.get("predictions")
        self.said = None if said is None else said[said["attacker"] == STRONGEST]
        told = tables.get("leakage")
        self.told = pd.DataFrame() if told is None else told[
            (told["attacker"] == STRONGEST) & (told["metric"] == HEADLINE)
        ]  # fmt: skip

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of one representation: every attribute that was read, in every group."""
        if self.told.empty:
            return
        for row in self.told[self.told["representation"] == name].to_dict("records"):
            yield from self._attribute(name, {str(k): value for k, value in row.items()})

    def _attribute(self, name: str, told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        attribute, sound = str(told["attribute"]), told["status"] != "probe failed"
        said = self._said(name, attribute)
        figures = iter(self._figures(said, attribute))
        for grouping in self.found:
            metric = RECALL if grouping.label == attribute else "leakage"
            for group in grouping.names:
                one, n = next(figures)
                if not sound:
                    one = Interval(None, None, None, one.people, "probe failed")
                row = _row(name, grouping.label, group, metric, one, n)
                yield {**row, "attribute": attribute, "chance": told.get("chance")}

    def _said(self, name: str, attribute: str) -> pd.DataFrame:
        assert self.said is not None, "leakage without predictions"
        own = (self.said["representation"] == name) & (self.said["attribute"] == attribute)
        return self.said[own]

    def _figures(self, said: pd.DataFrame, attribute: str) -> list[tuple[Interval, int]]:
        """Balanced accuracy and faces of each group, in the order of the groupings."""
        asked = {
            "seed": self.seed, "resamples": self.resamples, "attribute": attribute,
            "labels": [[one.label, list(one.names)] for one in self.found],
        }  # fmt: skip
        inputs = [_digest(said), _digest(self.faces)]
        place = key("group leakage", VERSION, asked, inputs)
        entry = self.store.get(place, partial(self._read, said))
        columns = (entry.arrays[name].tolist() for name in ("value", "low", "high", "people", "n"))
        return [
            (Interval(_given(value), _given(low), _given(high), people, status), n)
            for value, low, high, people, n, status in zip(
                *columns, entry.meta["status"], strict=True
            )
        ]

    def _read(self, said: pd.DataFrame) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        rows = self.place[said["id"].to_numpy()].to_numpy()
        classes = np.unique(said[["truth", "predicted"]].to_numpy(dtype=str))
        truth, predicted = (
            np.searchsorted(classes, said[side].to_numpy(dtype=str))
            for side in ("truth", "predicted")
        )
        repeat = said["seed"].to_numpy()
        drawn = weights(len(self.known), resamples=self.resamples, seed=self.seed)
        figures: list[tuple[Interval, int]] = []
        for grouping in self.found:
            code = grouping.code[rows]
            for number in range(len(grouping.names)):
                own = np.flatnonzero(code == number)
                person = self.person[rows[own]]
                part = Predictions(truth[own], predicted[own], None, person, rows[own], repeat[own])
                shown = np.ascontiguousarray(drawn[:, np.unique(person)])
                one = interval(part, HEADLINE, k=max(len(classes), 1), weights=shown)
                figures.append((one, len(np.unique(rows[own]))))
        columns = {
            name: np.array([getattr(one, name) for one, _ in figures], dtype=np.float64)
            for name in ("value", "low", "high")
        }
        columns["people"] = np.array([one.people for one, _ in figures], dtype=np.int64)
        columns["n"] = np.array([n for _, n in figures], dtype=np.int64)
        return columns, {"status": [one.status for one, _ in figures]}


def _given(value: float) -> float | None:
    return None if np.isnan(value) else value


def _digest(frame: pd.DataFrame) -> str:
    """SHA-256 of a table's cells."""
    whole = hashlib.sha256(repr(list(frame.columns)).encode())
    whole.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return whole.hexdigest()
