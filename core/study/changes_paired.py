"""The faces that two audits both tested: what attackers of each said of them, side by side."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import InputError
from core.finished import Finished
from core.measure.intervals import (
    NONE_BELOW,
    Difference,
    Interval,
    Metric,
    Predictions,
    difference,
    interval,
    weights,
)

SHARED = 0.5
"""Share of each audit's faces that both must have; below it they are of other people."""
PERSON = "person"
"""The column of `predictions` that says whose face a row is, by a number without a name."""
_COLUMNS = ["id", "representation", "attribute", "attacker", "truth", "predicted", "seed"]

Which = tuple[str, str, str]
"""Representation, attribute and attacker of one audit."""


@dataclass(frozen=True)
class Paired:
    """b − a on `n` faces of both; `figures` are those of a and b on these faces alone, None where
    the faces are all that either has."""

    change: Difference
    n: int
    people: int
    figures: tuple[Interval, Interval] | None
    note: str


@dataclass(frozen=True)
class _Sides:
    """What was said of the same faces in both audits; `counts` are all faces of each."""

    a: Predictions
    b: Predictions
    n: int
    counts: tuple[int, int]


class Both:
    """The predictions of two audits; what cannot be paired is answered with the reason."""

    def __init__(
        self, a: Finished, b: Finished, attackers: Collection[str], *, resamples: int = 2000
    ) -> None:
        self._said = _read(a, attackers), _read(b, attackers)
        digests = {(one.audit.get("data") or {}).get("digest") for one in (a, b)}
        self._same_set = len(digests) == 1 and None not in digests
        self._seed = int(a.config.get("seed") or 0)
        self._resamples = resamples
        self._kept: dict[tuple[Which, Which], _Sides | str] = {}

    def change(self, a: Which, b: Which, metric: Metric) -> Paired | str:
        """The paired difference of `metric`, second less first, or why there is none."""
        if (a, b) not in self._kept:
            self._kept[a, b] = self._sides(a, b)
        found = self._kept[a, b]
        if isinstance(found, str):
            return found
        people = len(np.unique(found.a.people))
        if people < NONE_BELOW:
            return f"{people} people are in both, and {NONE_BELOW} are needed"
        drawn = weights(people, resamples=self._resamples, seed=self._seed)
        k = int(max(found.a.truth.max(), found.b.truth.max())) + 1
        change = difference(found.b, found.a, metric, k=k, weights=drawn)
        if found.counts == (found.n, found.n):
            return Paired(change, found.n, people, None, "")
        one, other = (interval(side, metric, k=k, weights=drawn) for side in (found.a, found.b))
        note = (
            f"on the {found.n:,} faces that both have with the same label (the first has "
            f"{found.counts[0]:,}, the second {found.counts[1]:,})"
        )
        return Paired(change, found.n, people, (one, other), note)

    def _sides(self, a: Which, b: Which) -> _Sides | str:
        first, second = self._said
        if isinstance(first, str) or isinstance(second, str):
            return first if isinstance(first, str) else str(second)
        if a not in first or b not in second:
            return "an audit has no predictions of this attacker"
        one, other = first[a], second[b]
        if not self._same_set and one["id"].astype(str).str.isdigit().all():
            return "faces are named by row numbers, and the sets differ: these may be other faces"
        both = _shared(one, other)
        if isinstance(both, str):
            return both
        sides = _predictions(one, both), _predictions(other, both)
        counts = one["id"].nunique(), other["id"].nunique()
        return _Sides(*sides, len(both), counts)


def _read(one: Finished, attackers: Collection[str]) -> dict[Which, pd.DataFrame] | str:
    """What some attackers said, or why there is nothing to pair."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = one.folder / "tables" / "predictions.parquet"
    try:
        if PERSON not in pq.read_schema(path).names:
            return "an audit of an older version does not say whose faces its predictions are of"
        wanted = [("attacker", "in", sorted(attackers))]
        found = pq.read_table(path, columns=[*_COLUMNS, PERSON], filters=wanted).to_pandas()
    except FileNotFoundError:
        return "an audit has no predictions"
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{path} cannot be read as the table 'predictions': bring the result again by running "
            "the same audit"
        ) from error
    found = found.astype(dict.fromkeys(("id", "truth", "predicted"), object))
    return {
        (str(representation), str(attribute), str(attacker)): own
        for (representation, attribute, attacker), own in found.groupby(
            ["representation", "attribute", "attacker"], sort=False
        )
    }


def _shared(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame | str:
    """One row a face of both with the same label, indexed by id, with the person; or why not."""
    one, other = (said.drop_duplicates("id").set_index("id")[["truth", PERSON]] for said in (a, b))
    both = one.join(other.add_suffix("_b"), how="inner")
    both = both[(both["truth"] == both["truth_b"]).to_numpy()]
    if len(both) < SHARED * max(len(one), len(other)):
        return "the audits tested other faces"
    sides = both[[PERSON, f"{PERSON}_b"]].drop_duplicates()
    if sides[PERSON].duplicated().any() or sides[f"{PERSON}_b"].duplicated().any():
        return "the audits do not agree on who is who"
    return both


def _predictions(said: pd.DataFrame, both: pd.DataFrame) -> Predictions:
    """What was said of the shared faces, people as the first audit numbers them."""
    rows = both.index.get_indexer(pd.Index(said["id"]))
    own, rows = said[rows >= 0], rows[rows >= 0]
    _, truth = np.unique(both["truth"].to_numpy(dtype=str), return_inverse=True)
    right = (own["predicted"] == own["truth"]).to_numpy()
    return Predictions(
        truth=truth[rows],
        # Which wrong class it was makes no difference.
        predicted=np.where(right, truth[rows], -1),
        scores=None,
        people=both[PERSON].to_numpy()[rows],
        rows=rows,
        repeat=own["seed"].to_numpy(),
    )
