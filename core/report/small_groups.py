"""Groups of few people are withheld from a report that is handed on.

A figure on fewer people than `smallest` loses its value, its interval and its counts, and says so.
Where one group of a label alone would be withheld, what stands beside it and the whole would give
it back; so the next smallest goes too (complementary suppression, as in official statistics:
Willenborg and de Waal 2001, chapter 4). What is made from a withheld group, a gap, a crossed group,
a matrix, a map, goes with it. The files in `tables/` stay as they are: it is the report that is
shared.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

SMALLEST = 10
"""Unless told otherwise: below as many people no figure has an interval either."""

HIDDEN = "withheld"
"""What stands on a map in place of a class that is withheld."""

_FIGURES = (
    "value", "low", "high", "tar", "dif", "dif_low", "dif_high", "detectable", "share_in_region",
    "share_low", "share_high", "ratio", "pointing", "pointing_low", "pointing_high", "accuracy",
    "real", "control", "selectivity", "repeat_low", "repeat_high", "rank_correlation",
)  # fmt: skip
_COUNTS = ("n", "identities", "pairs", "positives")

_GROUPED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "groups": (("group",), ("label",)),
    "fairness": (("group",), ("protected",)),
    "action_units": (("test_group",), ()),
    "relevance": (("group",), ()),
    "relevance_maps": (("group",), ()),
    "expression": (("expression_a", "expression_b"), ()),
}
"""Tables by group: the columns that name it, and those that say whose groups they are."""
_WHOLE = ("all", "")
_PARTS = re.compile(r" & | - | x ")


@dataclass(frozen=True)
class Withheld:
    """What was left out: groups by the label or table that they are of, and how many rows."""

    smallest: int
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: int = 0

    @property
    def status(self) -> str:
        """What stands in place of a figure."""
        return f"withheld: fewer than {self.smallest} people"

    def hides(self, name: str) -> bool:
        """Whether a group of this name is withheld anywhere."""
        return any(name in names for names in self.groups.values())

    def without(self, told: Sequence[str]) -> list[str]:
        """Sentences, without those that name a withheld group: they may say how many it has."""
        names = {name for own in self.groups.values() for name in own}
        kept = [one for one in told if not _named(one, names)]
        left = len(told) - len(kept)
        if left:
            kept.append(f"{left} more, left out here because they name a group that is withheld")
        return kept


def withhold(
    audit: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], smallest: int
) -> tuple[dict[str, Any], dict[str, pd.DataFrame], Withheld]:
    """`audit` and `tables` without figures on fewer than `smallest` people; 0 or 1 keeps all."""
    if smallest <= 1:
        return dict(audit), dict(tables), Withheld(smallest)
    classes = _classes(audit["data"]["labels"])
    small = {
        name: _small(name, tables[name], smallest, classes)
        for name in _GROUPED
        if name in tables and "identities" in tables[name]
    }
    faces: dict[str, set[str]] = {}
    for label, counts in audit["data"]["labels"].items():
        given = {str(one): int(n) for one, n in counts.items() if n}
        faces[label] = _spread(given, smallest, small.get("groups", {}).get(label, ()))
    # What a table shows is decided by its own counts; what has none goes by all of them.
    every: dict[str, set[str]] = {}
    for one in (*small.values(), faces):
        for whose, own in one.items():
            every.setdefault(whose, set()).update(own)
    told = Withheld(smallest, _sorted(every))
    cleaned, rows = {}, 0
    for name, table in tables.items():
        here = Withheld(smallest, _sorted(small[name])) if name in small else told
        cleaned[name], emptied = _cleaned(name, table, here)
        rows += emptied
    shown = _audit(audit, told, faces, cleaned.get("leakage"))
    return shown, cleaned, Withheld(smallest, told.groups, rows)


def _sorted(groups: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {whose: tuple(sorted(own)) for whose, own in groups.items() if own}


def _classes(labels: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """The label that each class is of; of the first where two labels have one."""
    found: dict[str, str] = {}
    for label, counts in labels.items():
        for name in counts:
            found.setdefault(str(name), str(label))
    return found


def _small(
    name: str, table: pd.DataFrame, smallest: int, classes: Mapping[str, str]
) -> dict[str, set[str]]:
    """The groups of a table that are withheld, by whose they are."""
    group, whose = _GROUPED[name]
    people: dict[tuple[str, str], int] = {}
    for row in table.to_dict("records"):
        told = row.get("identities")
        named = " & ".join(str(row[one]) for one in group)
        if pd.isna(told) or told <= 0 or named in (*_WHOLE, "worst", "nan"):
            continue
        key = (str(row[whose[0]]) if whose else name, named)
        people[key] = min(int(told), people.get(key, int(told)))
    found: dict[str, set[str]] = {}
    for label, own in groupby(sorted(people), key=lambda key: key[0]):
        counts = {named: people[label, named] for _, named in own}
        found[label] = _several(counts, smallest, classes)
    return found


def _several(counts: Mapping[str, int], smallest: int, classes: Mapping[str, str]) -> set[str]:
    """Small groups, with their complements in every partition that they are part of."""
    # What is made from two groups shares their fate.
    counts = {one: n for one, n in counts.items() if not _made(one, counts)}
    gone = {one for one, n in counts.items() if n < smallest}
    partitions: dict[tuple[str, ...], dict[str, int]] = {}
    for named, n in counts.items():
        sides = named.split(" & ")
        if len(sides) == 2:
            for here, there in ((0, 1), (1, 0)):
                whose = (sides[here], classes.get(sides[there], ""))
                partitions.setdefault(whose, {})[named] = n
        else:
            partitions.setdefault((), {})[named] = n
    before = -1
    while len(gone) != before:
        before = len(gone)
        for own in partitions.values():
            gone |= _spread(own, smallest, gone)
    return gone


def _made(named: str, known: Collection[str]) -> bool:
    """Whether a name is that of a gap or an interaction of two groups that there are."""
    begun = [(one, between) for one in known for between in (" - ", " x ")
             if named.startswith(one + between)]  # fmt: skip
    return any(named.removeprefix(one + between) in known for one, between in begun)


def _spread(counts: Mapping[str, int], smallest: int, gone: Iterable[str] = ()) -> set[str]:
    """Groups that are too small, and the next smallest beside them until what is withheld, which
    the whole gives back as a sum, is of two groups and of `smallest` people."""
    small = {one for one, n in counts.items() if n < smallest} | (set(gone) & set(counts))
    while small and (len(small) == 1 or sum(counts[one] for one in small) < smallest):
        rest = {one: n for one, n in counts.items() if one not in small}
        if not rest:
            break
        small.add(min(rest, key=lambda one: (rest[one], one)))
    return small


def _cleaned(name: str, table: pd.DataFrame, told: Withheld) -> tuple[pd.DataFrame, int]:
    """A table without the figures that are withheld, and how many rows lost theirs."""
    if table.empty:
        return table, 0
    if name == "projection":
        return _maps(table, told), 0
    if name == "confusion":
        hidden = {label for label, own in told.groups.items() if own}
        return table[~table["attribute"].astype(str).isin(hidden)], 0
    few = _few(name, table, told)
    if name == "differences":
        return table[~few], int(few.sum())
    if name == "relevance_maps":
        return table[~few], int(few.sum())
    figures = [one for one in _FIGURES if one in table.columns]
    few &= table[figures].notna().any(axis=1).to_numpy() if figures else False
    if not few.any():
        return table, 0
    table = table.copy()
    for column in figures:
        if pd.api.types.is_numeric_dtype(table[column]):
            table[column] = table[column].astype(float)
        table.loc[few, column] = None
    for column in (one for one in _COUNTS if one in table.columns):
        table.loc[few, column] = 0  # a count that is not given; who draws asks for whole numbers
    if "status" in table.columns:
        table["status"] = table["status"].astype(object)
        table.loc[few, "status"] = told.status
    return table, int(few.sum())


def _few(name: str, table: pd.DataFrame, told: Withheld) -> np.ndarray:
    """Which rows are on too few people, or of a group that is withheld, bool (rows,)."""
    people = table.get("identities")
    few = np.zeros(len(table), dtype=bool)
    if people is not None:
        few |= ((people > 0) & (people < told.smallest)).to_numpy()
    if name == "differences":
        return few | np.array([_of_difference(str(one), told) for one in table["attribute"]])
    if name == "pairs" and "class" in table:
        hidden = {(label, one) for label, own in told.groups.items() for one in own}
        keys = zip(table["attribute"], table["class"], strict=True)
        return few | np.array([(str(a), str(b)) in hidden for a, b in keys], dtype=bool)
    if name not in _GROUPED:
        return few
    group, whose = _GROUPED[name]
    return few | np.array([
        _gone(row, name, group, whose, told) for row in table.to_dict("records")
    ], dtype=bool)  # fmt: skip


def _gone(
    row: Mapping[Any, Any], name: str, group: Sequence[str], whose: Sequence[str], told: Withheld
) -> bool:
    """Whether a row is of a withheld group, or made from one."""
    label = str(row[whose[0]]) if whose else name
    hidden = set(told.groups.get(label, ())) | set(told.groups.get(label.split("=")[0], ()))
    if not hidden:
        return False
    named = " & ".join(str(row[one]) for one in group)
    if named in hidden or _part_of(named, hidden):
        return True
    whole = hidden - {one for one in hidden if " & " in one}
    return bool(whole) and (named == "worst" or row.get("metric") == "odds")


def _of_difference(attribute: str, told: Withheld) -> bool:
    """Whether a paired difference is of a gap between withheld groups, "gender: a - b"."""
    label, colon, pair = attribute.partition(": ")
    hidden = {one for one in told.groups.get(label, ()) if " & " not in one}
    return bool(colon and hidden) and (pair == "worst" or _part_of(pair, hidden))


def _part_of(named: str, hidden: Iterable[str]) -> bool:
    """Whether a name is made from one that is hidden: a gap, an interaction, a crossed group."""
    return bool(set(hidden) & set(_PARTS.split(named))) or any(
        named.startswith(one + between) or named.endswith(between + one)
        for one in hidden for between in (" & ", " - ", " x ")
    )  # fmt: skip


def _maps(table: pd.DataFrame, told: Withheld) -> pd.DataFrame:
    """Maps on which the classes that are withheld cannot be told from one another."""
    table = table.copy()
    for label, own in told.groups.items():
        if label in table.columns:
            texts = table[label].astype(object)
            table[label] = texts.where(~texts.astype(str).isin(own), HIDDEN)
    return table


def _audit(
    audit: Mapping[str, Any],
    told: Withheld,
    faces: Mapping[str, set[str]],
    leakage: pd.DataFrame | None,
) -> dict[str, Any]:
    """`audit.json` without counts of withheld groups; without its headline, if all are few or the
    table withholds what it says."""
    data = dict(audit["data"])
    data["labels"] = {
        label: {one: (None if one in faces.get(label, ()) else n) for one, n in own.items()}
        for label, own in data["labels"].items()
    }
    headline = dict(audit["headline"])
    people = data.get("identities")
    few = people is not None and people < told.smallest
    if leakage is not None and not leakage.empty:
        own = leakage[leakage["attribute"].astype(str) == str(headline.get("attribute"))]
        few |= bool((own["status"].astype(str) == told.status).any())
    if few:
        none = dict.fromkeys(("value", "low", "high", "null", "detectable", "after"))
        headline |= {**none, "status": "not enough data", "beyond": []}
    return {**audit, "data": data, "headline": headline}


def _named(text: str, names: Iterable[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in names)
