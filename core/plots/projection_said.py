"""What attackers said of single faces: rows of `predictions.parquet`, one answer a face.

A rotation with several seeds asks about each face once a seed; the answer is what was said most
often, and a face counts as read rightly where more than half of the answers are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

STRONGEST = "strongest"
COLUMNS = ("id", "representation", "attribute", "attacker", "truth", "predicted")
"""What is read of the table."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What one attacker said of n faces: `said` text (n,), "" where it was not asked; `right`
    float (n,), the share of its answers that are right, NaN where it was not asked."""

    said: np.ndarray
    right: np.ndarray

    def share(self, faces: np.ndarray) -> tuple[float | None, int]:
        """How many of `faces` bool (n,) were read rightly, as a share, and how many were read."""
        own = self.right[faces]
        own = own[~np.isnan(own)]
        return (float((own > 0.5).mean()), len(own)) if len(own) else (None, 0)


def answers(rows: pd.DataFrame, ids: Sequence[str]) -> Answers:
    """The answers in `rows`, which are of one representation, label and attacker, to `ids`."""
    place = pd.Index(ids).get_indexer(pd.Index(rows["id"].astype(str)))
    rows, place = rows[place >= 0], place[place >= 0]
    said = np.full(len(ids), "", object)
    right = np.full(len(ids), np.nan)
    if len(rows) == 0:
        return Answers(said, right)
    codes, classes = pd.factorize(rows["predicted"].astype(str), sort=True)
    votes = np.zeros((len(ids), len(classes)), int)
    np.add.at(votes, (place, codes), 1)
    asked = votes.sum(axis=1)
    hits = np.zeros(len(ids))
    np.add.at(hits, place, (rows["predicted"].astype(str) == rows["truth"].astype(str)).to_numpy())
    some = asked > 0
    said[some] = np.asarray(classes, object)[votes[some].argmax(axis=1)]
    right[some] = hits[some] / asked[some]
    return Answers(said, right)


def source_of(representation: str) -> str:
    """The representation whose attackers speak of a map of `representation`: of f3(x), x."""
    inner = representation.removeprefix("f3(")
    return inner.removesuffix(")") if inner != representation else representation
