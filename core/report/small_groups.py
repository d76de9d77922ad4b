"""Groups of few people are withheld from a report that is handed on.

A figure on fewer people than `smallest` loses its value, its interval and its counts, and says so.
Where one group of a label alone would be withheld, what stands beside it and the whole would give
it back; so the next smallest goes too (complementary suppression, as in official statistics:
Willenborg and de Waal 2001, chapter 4). What is made from a withheld group, a gap, a crossed group,
a matrix, a map, goes with it. The files in `tables/` stay as they are: it is the report that is
shared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from typing import Any

import pandas as pd

from core.report import rests_on
from core.report.emptied import emptied
from core.report.withheld import GROUPED, Withheld, is_hidden

SMALLEST = 10
"""Unless told otherwise: below as many people no figure has an interval either."""

_WHOLE = ("all", "")

Groups = dict[str, set[str]]
"""Names of groups by the label or table that they are of."""


def withhold(
    audit: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], smallest: int
) -> tuple[dict[str, Any], dict[str, pd.DataFrame], Withheld]:
    """`audit` and `tables` without figures on fewer than `smallest` people; 0 or 1 keeps all."""
    if smallest <= 1:
        return dict(audit), dict(tables), Withheld(smallest)
    labels = audit["data"]["labels"]
    crossed = _classes(labels)
    small = {
        name: _small(name, tables[name], smallest, crossed)
        for name in GROUPED
        if name in tables and "identities" in tables[name]
    }
    counted = _counted(audit["data"], tables.get("groups"))
    classes = _hidden_classes(counted, small.get("groups", {}), smallest)
    every: Groups = {}
    for found in (*small.values(), classes):
        for whose, own in found.items():
            every.setdefault(whose, set()).update(own)
    cleaned, rows = {}, {}
    for name, table in tables.items():
        # What a table shows is decided by its own counts; differences of gaps by those of the gaps.
        here = small.get("fairness" if name == "differences" else name, {})
        people = rests_on.people(name, tables, audit)
        told = Withheld(smallest, _sorted(here))
        cleaned[name], rows[name] = emptied(name, table, people, told, classes)
    shown = _audit(audit, smallest, classes, cleaned)
    lost = {name: count for name, count in rows.items() if count}
    uncounted = tuple(label for label, counts in counted.items() if None in counts.values())
    lead = shown["headline"] != dict(audit["headline"])
    return shown, cleaned, Withheld(smallest, _sorted(every), lost, uncounted, lead)


def _hidden_classes(
    counted: Mapping[str, Mapping[str, int | None]], groups: Groups, smallest: int
) -> Groups:
    """The classes of each label that are withheld from counts, matrices and maps: those of few
    people, those that the table `groups` withholds, and whatever would give them back."""
    found: Groups = {}
    for label, counts in counted.items():
        known = {one: n or 0 for one, n in counts.items()}
        found[label] = _spread(known, smallest, groups.get(label, ()))
    for label, own in groups.items():  # labels of other sets, of which nothing is counted here
        found.setdefault(label, {one for one in own if " & " not in one})
    return found


def _sorted(groups: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {whose: tuple(sorted(own)) for whose, own in groups.items() if own}


def _classes(labels: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """The label that each class is of; of the first where two labels have one."""
    found: dict[str, str] = {}
    for label, counts in labels.items():
        for name in counts:
            found.setdefault(str(name), str(label))
    return found


def _counted(
    data: Mapping[str, Any], groups: pd.DataFrame | None
) -> dict[str, dict[str, int | None]]:
    """People of each class of each label, as far as a file tells; None where it does not.

    Where nobody is named every face stands for itself. `groups` is the table of that name: it says
    of how many people a figure is, and so how many of the class there are at least.
    """
    people: Mapping[str, Mapping[str, int]] = data.get("label_people") or {}
    if data.get("identities") is None:
        people = data["labels"]
    found: dict[str, dict[str, int | None]] = {}
    for label, counts in data["labels"].items():
        least = people.get(label)
        if least is None:
            least = _least(groups, str(label))
        found[str(label)] = {str(one): least.get(one) for one, n in counts.items() if n}
    return found


def _least(groups: pd.DataFrame | None, label: str) -> dict[str, int]:
    """The most people that any row of the table `groups` is of, by group of `label`."""
    if groups is None or "identities" not in groups:
        return {}
    own = groups[groups["label"].astype(str) == label]
    return {str(one): int(n) for one, n in own.groupby("group")["identities"].max().items()}


def _small(name: str, table: pd.DataFrame, smallest: int, classes: Mapping[str, str]) -> Groups:
    """The groups of a table that are withheld, by whose they are."""
    columns, whose = GROUPED[name]
    people: dict[tuple[str, str], int] = {}
    for row in table.to_dict("records"):
        told = row.get("identities")
        named = " & ".join(str(row[one]) for one in columns)
        if pd.isna(told) or told <= 0 or named in (*_WHOLE, "worst", "nan"):
            continue
        key = (str(row[whose]) if whose else name, named)
        people[key] = min(int(told), people.get(key, int(told)))
    found: Groups = {}
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


def _audit(
    audit: Mapping[str, Any],
    smallest: int,
    classes: Groups,
    tables: Mapping[str, pd.DataFrame],
) -> dict[str, Any]:
    """`audit.json` without counts of withheld groups; without its headline, if all are few or the
    table withholds what it says, and without figures among its facts that tables withhold."""
    data = dict(audit["data"])
    data["labels"] = {
        label: {one: (None if one in classes.get(label, ()) else n) for one, n in own.items()}
        for label, own in data["labels"].items()
    }
    data["label_people"] = {}
    hidden = _hidden(tables.get("leakage"), "attribute")
    facts = dict(audit.get("facts") or {})
    alone: Mapping[str, Any] = facts.get("other_labels") or {}
    facts["other_labels"] = {label: one for label, one in alone.items() if label not in hidden}
    looked = tables.get("relevance")
    if looked is not None and len(looked) and looked["status"].map(is_hidden).all():
        facts.pop("relevance", None)
    headline = dict(audit["headline"])
    people = data.get("identities")
    few = people is not None and people < smallest
    if few or str(headline.get("attribute")) in hidden:
        none = dict.fromkeys(("value", "low", "high", "null", "detectable", "after"))
        headline |= {**none, "status": "not enough data", "beyond": [], "sentence": ""}
    return {**audit, "data": data, "facts": facts, "headline": headline}


def _hidden(table: pd.DataFrame | None, column: str) -> set[str]:
    """What `column` says in rows whose figures are withheld."""
    if table is None or table.empty:
        return set()
    return set(table.loc[table["status"].map(is_hidden).astype(bool), column].astype(str))
