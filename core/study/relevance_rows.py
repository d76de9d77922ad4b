"""Rows of the tables on relevance, and how the store keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.action_units import relevance as maps
from core.action_units.relevance import CELLS, Faces, Measured
from core.measure.intervals import NONE_BELOW
from core.store import Entry
from core.table import StudyResult, table

ALL = "all"
"""The group of all test faces together."""
TRAINED, RANDOMISED = "trained", "randomised"
HEATS = ("heat", "region", "exceeds")
"""Columns that hold a map each, row by row."""

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Heat:
    """What one network said, logits (n, k), and what was `found` of `pairs` int (m, 2), a face and
    a unit each."""

    said: np.ndarray
    pairs: np.ndarray
    found: Measured

    def take(self, pairs: np.ndarray) -> Measured:
        """What was found of some of the pairs."""
        place = {tuple(one): row for row, one in enumerate(self.pairs.tolist())}
        rows = np.array([place[tuple(one)] for one in pairs.tolist()], int)
        one = self.found
        return Measured(one.share[rows], one.area[rows], one.inside[rows], one.map[rows])


@dataclass(frozen=True, eq=False)
class Rows:
    """Makes the rows of one training group, `name`, from the pairs `shown` of faces that show a
    unit."""

    faces: Faces
    shown: np.ndarray
    name: str
    seed: int

    def figures(self, trained: Heat, fresh: Sequence[Heat]) -> Iterator[Row]:
        """Rows of `relevance`: the trained network, and the mean over those drawn anew."""
        for unit, group, pairs in self._each():
            own, who = trained.take(pairs), self.faces.subjects[pairs[:, 0]]
            common = {"au": self.faces.units[unit], "train_group": self.name, "group": group,
                      "regions": self.faces.kind}  # fmt: skip
            yield common | {"model": TRAINED} | self._figures(own, who)
            if fresh:
                drawn = [one.take(pairs) for one in fresh]
                ranks = [maps.rank_correlation(own.map, one.map) for one in drawn]
                known = [rank for rank in ranks if rank is not None]
                rank = float(np.mean(known)) if known else None
                found = self._figures(_mean(drawn), who)
                yield common | {"model": RANDOMISED} | found | {"rank_correlation": rank}

    def _each(self) -> Iterator[tuple[int, str, np.ndarray]]:
        """Each unit and group with its pairs."""
        for unit in range(len(self.faces.units)):
            for group in (ALL, *self.faces.groups):
                yield unit, group, self._pairs(unit, group)

    def _pairs(self, unit: int, group: str) -> np.ndarray:
        own = self.shown[self.shown[:, 1] == unit]
        return own if group == ALL else own[self.faces.group[own[:, 0]] == group]

    def _figures(self, one: Measured, subjects: np.ndarray) -> Row:
        found = maps.figures(one, subjects, seed=self.seed)
        return {
            "share_in_region": found.share.value, "share_of_area": found.area,
            "ratio": found.ratio.value, "low": found.ratio.low, "high": found.ratio.high,
            "pointing": found.pointing.value, "n": found.n, "status": found.status,
            "identities": found.people, "share_low": found.share.low,
            "share_high": found.share.high, "pointing_low": found.pointing.low,
            "pointing_high": found.pointing.high,
        }  # fmt: skip

    def means(self, trained: Heat) -> Iterator[Row]:
        """Mean maps of `relevance_maps`, with the mean region; none of fewer than ten people."""
        for unit, group, pairs in self._each():
            people = len(set(self.faces.subjects[pairs[:, 0]].tolist()))
            if people < NONE_BELOW:
                continue
            region = self.faces.regions[pairs[:, 0], unit].mean(axis=0, dtype=np.float32)
            covered = maps.cells(region[None])[0] * (CELLS**2 / region.size)
            yield {
                "au": self.faces.units[unit], "train_group": self.name, "group": group,
                "kind": "mean", "n": len(pairs), "identities": people,
                "heat": flat(maps.mean_map(trained.take(pairs).map)), "region": flat(covered),
            }  # fmt: skip

    def differences(self, trained: Heat) -> Iterator[Row]:
        """Rows of `relevance_maps` that hold one group against the other, or against the others."""
        groups = self.faces.groups
        two = len(groups) == 2
        for unit in range(len(self.faces.units)):
            pairs = self._pairs(unit, ALL)
            own, who = trained.take(pairs).map, self.faces.subjects[pairs[:, 0]]
            for group in groups[:1] if two else groups * (len(groups) > 2):
                first = self.faces.group[pairs[:, 0]] == group
                found = maps.difference(own, first, who, seed=self.seed)
                if found is None:
                    continue
                yield {
                    "au": self.faces.units[unit], "train_group": self.name, "kind": "difference",
                    "group": f"{group} − {groups[1] if two else 'the others'}", "n": len(pairs),
                    "identities": len(set(who.tolist())), "heat": flat(found.heat),
                    "exceeds": flat(found.exceeds), "p": found.p,
                }  # fmt: skip

    def few(self, trained: Heat, chosen: Sequence[tuple[str, tuple[int, int]]]) -> Iterator[Row]:
        """Rows of `relevance_faces`: the faces `chosen`, each by a rule, with their maps."""
        for rule, (row, unit) in chosen:
            found = trained.take(np.array([[row, unit]]))
            logit, share = float(trained.said[row, unit]), float(found.share[0])
            yield {
                "id": str(self.faces.ids[row]), "au": self.faces.units[unit],
                "train_group": self.name, "group": str(self.faces.group[row]),
                "said": logit > 0, "truth": bool(self.faces.present[row, unit] == 1),
                "heat": flat(found.map[0]), "rule": rule, "logit": logit,
                "share_in_region": share if np.isfinite(share) else None,
            }  # fmt: skip


def packed(result: StudyResult) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """A result as the store keeps it: maps as arrays, all else as JSON."""
    arrays: dict[str, np.ndarray] = {}
    tables: dict[str, Any] = {}
    for name, rows in result.tables.items():
        maps_ = [one for one in HEATS if one in rows]
        has = {one: [isinstance(each, list) for each in rows[one]] for one in maps_}
        for one in maps_:
            known = [each for each in rows[one] if isinstance(each, list)]
            arrays[f"{name}.{one}"] = np.array(known, np.float32).reshape(-1, CELLS**2)
        plain = rows.drop(columns=maps_).astype(object)
        tables[name] = {"rows": plain.where(plain.notna(), None).to_dict("records"), "has": has}
    return arrays, {"tables": tables, "warnings": list(result.warnings), "facts": result.facts}


def unpacked(entry: Entry) -> StudyResult:
    """The result that `packed` packed."""
    tables = {}
    for name, held in entry.meta["tables"].items():
        rows = [dict(one) for one in held["rows"]]
        for column, has in held["has"].items():
            coming = iter(entry.arrays[f"{name}.{column}"])
            for row, there in zip(rows, has, strict=True):
                row[column] = flat(next(coming)) if there else None
        tables[name] = table(name, rows)
    return StudyResult(tables, tuple(entry.meta["warnings"]), entry.meta["facts"])


def _mean(several: Sequence[Measured]) -> Measured:
    """Figures of each face as means over several networks."""
    return Measured(
        np.mean([one.share for one in several], axis=0),
        several[0].area,
        np.mean([one.inside for one in several], axis=0),
        several[0].map,
    )


def flat(cells: np.ndarray) -> list[float]:
    """A map as the list that a table holds."""
    found: list[float] = np.asarray(cells, np.float32).ravel().tolist()
    return found
