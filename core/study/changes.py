"""What changed from one audit to another: figures side by side, told apart or not.

Where both have predictions of the same faces, leakage is compared person by person (the bootstrap
over identities, the same resampled people for both); every other figure by the intervals that the
two audits give (`core.measure.changes.apart`). p is corrected after Holm over all that is compared
of one figure, controls apart. Figures that say something else are never subtracted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd

from core.errors import ConfigError
from core.finished import Finished, released
from core.measure.changes import apart
from core.measure.intervals import Difference, Interval, Metric, holm
from core.study.changes_found import below, finding, signs
from core.study.changes_paired import Both, Paired
from core.study.changes_tables import SOURCES, Source, by_key, twice
from core.study.comparable import (
    STRONGEST,
    Setting,
    cautions,
    given,
    refusals,
    same_probes,
    settings_apart,
    suite,
    unlike,
)

COLUMNS = (
    "table", "metric", "attribute", "attacker", "representation_a", "representation_b", "detail",
    "a", "a_low", "a_high", "a_status", "b", "b_low", "b_high", "b_status", "change", "low",
    "high", "p_holm", "finding", "how", "n", "identities_a", "identities_b", "status", "note",
    "chance",
)  # fmt: skip
"""Columns of the table of changes; `change` is b less a."""
CONTROLS = ("pixels", "random", "norm")

_PAIRED: tuple[Metric, ...] = ("balanced_accuracy", "accuracy")
_EMPTY = ("not enough data", "probe failed", "not comparable")


@dataclass(frozen=True, eq=False)
class Changes:
    """`table` has `COLUMNS`; `settings` are what differs, `refused` why nothing may be subtracted
    (then every change is empty), `cautions` what is said beside all of it."""

    table: pd.DataFrame
    settings: list[Setting]
    refused: list[str]
    cautions: list[str]
    released: tuple[str, str]


def changes(
    a: Finished, b: Finished, *, match: Sequence[tuple[str, str]] = (), resamples: int = 2000
) -> Changes:
    """Compare `b` with `a`, representations of one name, those of `match`, and the released ones.

    Raises `ConfigError` where `match` names a representation that its audit does not have.
    """
    refused = refusals(a, b)
    pairs = matched(a, b, match)
    both = Both(a, b, _attackers(a, b), resamples=resamples)
    rows = [row for source in SOURCES for row in _rows(source, a, b, pairs, both, refused)]
    _correct(rows)
    spoken = released(a.config, a.audit), released(b.config, b.audit)
    return Changes(
        pd.DataFrame(rows, columns=list(COLUMNS)),
        settings_apart(a, b),
        refused,
        cautions(a, b),
        spoken,
    )


def matched(
    a: Finished, b: Finished, match: Sequence[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """Which representation is held against which; raises `ConfigError` for an unknown one."""
    names = [_representations(one) for one in (a, b)]
    for pair in match:
        for name, known in zip(pair, names, strict=True):
            if name not in known:
                raise ConfigError(
                    f"--match {pair[0]}={pair[1]} names '{name}', and that audit has "
                    f"{', '.join(known) or 'no representation'}: choose one of these"
                )
    same = [(name, name) for name in names[0] if name in names[1]]
    spoken = (released(a.config, a.audit), released(b.config, b.audit))
    more = [spoken] if spoken[0] in names[0] and spoken[1] in names[1] else []
    return list(dict.fromkeys([*same, *more, *match]))


def _representations(one: Finished) -> list[str]:
    tables = (one.table(source.table) for source in SOURCES)
    named = (
        table["representation"].astype(str)
        for table in tables
        if table is not None and "representation" in table
    )
    return list(dict.fromkeys(name for column in named for name in column))


def _attackers(a: Finished, b: Finished) -> list[str]:
    """The strongest; where it was chosen among others in each audit, those that both have too."""
    if suite(a) == suite(b) or not same_probes(a, b):
        return [STRONGEST]
    names = []
    for one in (a, b):
        table = one.table("leakage")
        names.append([] if table is None else list(dict.fromkeys(table["attacker"].astype(str))))
    return [STRONGEST, *(n for n in names[0] if n in names[1] and n not in (STRONGEST, "majority"))]


def _rows(
    source: Source,
    a: Finished,
    b: Finished,
    pairs: Sequence[tuple[str, str]],
    both: Both,
    refused: Sequence[str],
) -> Iterator[dict[str, Any]]:
    tables = [one.table(source.table) for one in (a, b)]
    if tables[0] is None or tables[1] is None:
        return
    one, other = (by_key(source, table) for table in tables if table is not None)
    keys = list(dict.fromkeys(key for _, key in one))
    if "representation" not in tables[0]:
        pairs = [("", "")]
    attackers = _attackers(a, b)
    for (first, second), key in product(pairs, keys):
        if (first, key) not in one or (second, key) not in other:
            continue
        asked = dict(zip(source.keys, key, strict=True))
        if source.table == "leakage" and asked["attacker"] not in attackers:
            continue
        if source.table == "verification" and twice(asked):
            continue
        rows = one[first, key], other[second, key]
        row = _begun(source, asked, (first, second), rows)
        why = [*refused, *unlike(source.table, asked.get("attacker"), rows, (a, b))]
        yield _filled(source, row, why, both)


def _begun(
    source: Source,
    asked: Mapping[str, Any],
    names: tuple[str, str],
    rows: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> dict[str, Any]:
    """The figures side by side; nothing is subtracted yet."""
    row: dict[str, Any] = {
        "table": source.table,
        "metric": source.metric or asked["metric"],
        "attribute": asked.get("attribute"),
        "attacker": asked.get("attacker"),
        "representation_a": names[0],
        "representation_b": names[1],
        "detail": ", ".join(f"{key}={_plain(asked[key])}" for key in source.detail),
        "note": signs(source.table, asked),
        "chance": given(rows[0].get("chance")),
    }
    for side, own in zip("ab", rows, strict=True):
        row |= {
            side: given(own.get(source.value)),
            f"{side}_low": given(own.get("low")),
            f"{side}_high": given(own.get("high")),
            f"{side}_status": own.get("status"),
            f"identities_{side}": given(own.get("identities")),
        }
    return row


def _filled(source: Source, row: dict[str, Any], why: Sequence[str], both: Both) -> dict[str, Any]:
    """`row` with its difference and how it was made, or with the reason why there is none."""
    statuses = [str(row["a_status"]), str(row["b_status"])]
    if why:
        return {**row, "status": "not comparable", "note": "; ".join(why)}
    missing = [word for side, word in zip("ab", statuses, strict=True)
               if row[side] is None or word in _EMPTY]  # fmt: skip
    if missing:
        return {**row, "status": missing[0]}
    row["status"] = _word(statuses)
    row["note"] = _joined([row["note"], below(row)])
    found: Paired | str = ""
    # Other tables do not keep what was said of each face, nor does leakage every class's score.
    if source.table == "leakage" and row["metric"] in _PAIRED:
        names = [(row[f"representation_{side}"], row["attribute"], row["attacker"])
                 for side in "ab"]  # fmt: skip
        found = both.change(names[0], names[1], row["metric"])
    if isinstance(found, str):
        one, other = (_interval(row, side) for side in "ab")
        change = apart(one, other)
        why_not = f"not paired: {found}" if found else ""
        row |= {"how": "independent", "note": _joined([row["note"], why_not])}
        return {**row, **_difference(change)}
    row |= {"how": "paired", "n": found.n, "note": _joined([row["note"], found.note])}
    if found.figures is not None:
        for side, figure in zip("ab", found.figures, strict=True):
            row |= {side: figure.value, f"{side}_low": figure.low, f"{side}_high": figure.high}
            row[f"identities_{side}"] = figure.people
    return {**row, **_difference(found.change)}


def _word(statuses: Sequence[str]) -> str:
    """The status of a difference of two figures that stand."""
    for word in ("anti-learning", "few people"):
        if word in statuses:
            return word
    return "nothing found" if set(statuses) == {"nothing found"} else "ok"


def _difference(found: Difference) -> dict[str, Any]:
    return {"change": found.value, "low": found.low, "high": found.high, "p_holm": found.p}


def _interval(row: Mapping[str, Any], side: str) -> Interval:
    people = row[f"identities_{side}"]
    return Interval(
        row[side],
        row[f"{side}_low"],
        row[f"{side}_high"],
        1_000_000 if people is None else int(people),  # then the normal distribution's tails
        str(row[f"{side}_status"]),
    )


def _correct(rows: Iterable[dict[str, Any]]) -> None:
    """Correct p after Holm (1979) over each family, and say what each row has found."""
    families: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        row.setdefault("change", None)
        if row.get("p_holm") is not None:
            families.setdefault(_family(row), []).append(row)
    for own in families.values():
        for row, p in zip(own, holm([row["p_holm"] for row in own]), strict=True):
            row["p_holm"] = float(p)
    for row in rows:
        row["finding"] = finding(row)


def _family(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """All of one figure: a table's metric, the controls by themselves."""
    control = row["representation_a"] in CONTROLS
    kind = row["detail"] if row["table"] == "verification" else ""
    return row["table"], row["metric"], kind, control


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _joined(words: Iterable[str]) -> str:
    return "; ".join(word for word in words if word)
