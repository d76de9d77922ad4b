"""Maps of the vectors: `projection.parquet` as arrays, and what its points are coloured by.

A map places each face of the reference split's test part in two dimensions, one map for each
representation and method (METHODS, study 4; thesis Figures 4.1, 4.3, 4.4; TPAMI Figure 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.faces.faceset import UNKNOWN

METHODS = {"tsne": "t-SNE", "umap": "UMAP"}
"""Methods and what they are called."""
IDENTITY = "identity"
"""Coloured by who is shown."""
VERDICT = "right or wrong"
"""Coloured by whether an attacker read the face rightly."""
RIGHT, WRONG, UNREAD = "read rightly", "read wrongly", "not attacked"
LEGEND = 12
"""Classes that a legend names; above, colours and shapes are used again and again."""

_FIXED = ("representation", "method", "id", "u", "v", "subject_id", "placed")

Place = tuple[str, str]
"""A representation and a method."""


@dataclass(frozen=True, eq=False)
class Maps:
    """All maps of a run over the same n faces.

    `faces` has one row a face: id, and subject_id and labels as classes in the order in which they
    are shown, sorted, unknown last. `places` holds float32
    (n, 2) for each map, NaN where it lacks a face, and `placed` bool (n,): put beside landmarks
    after the map was made, rather than part of it.
    """

    faces: pd.DataFrame
    labels: tuple[str, ...]
    places: Mapping[Place, np.ndarray]
    placed: Mapping[Place, np.ndarray]

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def representations(self) -> list[str]:
        """What has a map, in the order of the table."""
        return list(dict.fromkeys(name for name, _ in self.places))

    def methods(self, representation: str) -> list[str]:
        """The methods that drew `representation`."""
        return [method for name, method in self.places if name == representation]


@dataclass(frozen=True, eq=False)
class Groups:
    """What points are coloured by: `codes` int (n,) point into `classes`, unknown ones last."""

    name: str
    classes: tuple[str, ...]
    codes: np.ndarray

    @property
    def many(self) -> bool:
        """Whether there are more classes than a legend names."""
        return len(self.classes) > LEGEND

    def mask(self, one: str) -> np.ndarray:
        """The faces of class `one`, bool (n,)."""
        if one not in self.classes:
            return np.zeros(len(self.codes), bool)
        return np.asarray(self.codes == self.classes.index(one))


def maps_of(table: pd.DataFrame) -> Maps:
    """The maps in the rows of `projection.parquet`, faces in the order in which they first come."""
    labels = tuple(str(name) for name in table.columns if name not in _FIXED)
    rows, ids = pd.factorize(table["id"])
    first = pd.Series(np.arange(len(rows))).groupby(rows).first().to_numpy()
    shown = table[["subject_id", *labels]].iloc[first].reset_index(drop=True)
    faces = shown.astype(str).apply(_classed)
    faces.insert(0, "id", pd.Series(ids).astype(str))
    names, known = pd.factorize(table["representation"])
    drawn, methods = pd.factorize(table["method"])
    which = names * len(methods) + drawn
    at = table[["u", "v"]].to_numpy(np.float32)
    beside = table["placed"].to_numpy(bool)
    places: dict[Place, np.ndarray] = {}
    placed: dict[Place, np.ndarray] = {}
    for number in dict.fromkeys(which.tolist()):
        own = np.flatnonzero(which == number)
        name, method = known[number // len(methods)], methods[number % len(methods)]
        here = np.full((len(faces), 2), np.nan, np.float32)
        here[rows[own]] = at[own]
        later = np.zeros(len(faces), bool)
        later[rows[own]] = beside[own]
        places[str(name), str(method)], placed[str(name), str(method)] = here, later
    return Maps(faces, labels, places, placed)


def by_label(maps: Maps, label: str) -> Groups:
    """The classes of one label in sorted order; unknown is a group of its own, the last."""
    return _groups(label, maps.faces[label])


def by_identity(maps: Maps) -> Groups:
    """Who is shown."""
    return _groups(IDENTITY, maps.faces["subject_id"])


def by_verdict(right: np.ndarray) -> Groups:
    """Whether each face was read rightly; `right` (n,) is the share of repeats, NaN for none."""
    codes = np.where(np.isnan(right), 2, np.where(np.nan_to_num(right) > 0.5, 0, 1))
    classes = (RIGHT, WRONG, UNREAD) if (codes == 2).any() else (RIGHT, WRONG)
    return Groups(VERDICT, classes, codes)


def _groups(name: str, values: pd.Series) -> Groups:
    return Groups(name, tuple(values.cat.categories), values.cat.codes.to_numpy(int))


def _classed(values: pd.Series) -> pd.Series:
    present = sorted(values.unique(), key=lambda one: (one == UNKNOWN, one))
    return values.astype(pd.CategoricalDtype(present))


def sample(groups: Groups, among: np.ndarray, limit: int, *, seed: int = 0) -> np.ndarray:
    """At most about `limit` rows of `among` bool (n,), every class in its share; sorted int (m,).

    No class is lost: each keeps at least one face.
    """
    rows = np.flatnonzero(among)
    if len(rows) <= limit:
        return rows
    drawn = np.random.default_rng(seed).permutation(rows)
    codes = groups.codes[drawn]
    kept = []
    for code in np.unique(codes):
        own = drawn[codes == code]
        kept.append(own[: max(1, int(len(own) * limit / len(rows)))])
    return np.sort(np.concatenate(kept))
