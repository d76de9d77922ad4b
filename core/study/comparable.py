"""Whether two audits may be held against each other: what differs, and what forbids it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from core.finished import Finished, suppressors

COMPARED = ("encoder", "suppressors", "faces", "embeddings", "data")
"""Parts of an audit that a comparison is usually about."""
MACHINE = ("environment", "engine", "device")
_SKIPPED = ("name", "preset_notes")
_PATHS = ("path", "weights", "pairs", "labels")

STRONGEST = "strongest"
CLOSE = 1.1
"""Numbers of attackers' people whose ratio is at most this are held to be alike: leakage grows with
them (METHODS, "Protocol" 6), by far less than an interval's width between 100 and 110."""


@dataclass(frozen=True)
class Setting:
    """A setting or a fact that differs; `kind` is "compared", "protocol" or "machine"."""

    name: str
    a: str
    b: str
    kind: str


def settings_apart(a: Finished, b: Finished) -> list[Setting]:
    """What differs between two audits, as both tell it: what is compared first, machines last."""
    one, other = _told(a), _told(b)
    found = [
        Setting(name, one.get(name, ""), other.get(name, ""), _kind(name))
        for name in dict.fromkeys([*one, *other])
        if one.get(name, "") != other.get(name, "")
    ]
    return sorted(found, key=lambda each: ("compared", "protocol", "machine").index(each.kind))


def refusals(a: Finished, b: Finished) -> list[str]:
    """Why no figure of the one may be held against the other; empty where nothing forbids it."""
    found = []
    for which, one in (("first", a), ("second", b)):
        if one.careless:
            found.append(
                f"the {which} audit is careless: its attackers have seen the people they are "
                "tested on, and its figures are no finding"
            )
    if a.synthetic != b.synthetic:
        which = "first" if a.synthetic else "second"
        found.append(f"the {which} audit is of drawn faces and the other of photographs")
    return found


def cautions(a: Finished, b: Finished) -> list[str]:
    """What must be said beside every difference of these two."""
    found = []
    if _protocol(a, "seed") != _protocol(b, "seed"):
        found.append("the seeds differ: people were dealt into other groups")
    if (a.audit.get("look") or {}) != (b.audit.get("look") or {}):
        found.append("the looks differ: people were dealt a different number of times")
    if _protocol(a, "sensitive") != _protocol(b, "sensitive"):
        found.append("the suppressors were fitted against different labels")
    if _protocol(a, "roles") != _protocol(b, "roles"):
        found.append("the roles differ: other people may have been learnt from, or tested")
    if len({(one.audit.get("data") or {}).get("digest") for one in (a, b)}) > 1:
        found.append("the sets differ: other faces, other people, or other vectors of theirs")
    first, second = ((one.audit.get("environment") or {}).get("blindfold") for one in (a, b))
    if first != second:
        found.append(f"Blindfold {first} made the first and {second} the second")
    return found


def suite(one: Finished) -> str:
    """The name of the attackers' suite."""
    return str(one.config.get("attackers") or "papers")


def same_probes(a: Finished, b: Finished) -> bool:
    """Whether an attacker's name means the same in both: a paper's own probes keep their names."""
    named = {suite(a), suite(b)}
    return len(named) == 1 or named <= {"papers", "ladder"}


def unlike(
    table: str,
    attacker: str | None,
    rows: tuple[Mapping[str, Any], Mapping[str, Any]],
    audits: tuple[Finished, Finished],
) -> list[str]:
    """Why two figures of `table` answer different questions; empty where they answer one."""
    found = []
    first, second = (given(row.get("chance")) for row in rows)
    if first is not None and second is not None and abs(first - second) > 1e-9:
        found.append(f"guessing gives {first:.3g} in the first and {second:.3g} in the second")
    attribute = str(rows[0].get("attribute"))
    classes = [set(((one.audit.get("data") or {}).get("labels") or {}).get(attribute) or ())
               for one in audits]  # fmt: skip
    if all(classes) and classes[0] != classes[1]:
        named = ", ".join(sorted(map(str, classes[0] ^ classes[1])))
        found.append(f"{attribute} has other classes: only one of the audits has {named}")
    if table == "leakage":
        found += _other_attackers(attacker, audits)
        one, other = (given(row.get("attacker_identities")) for row in rows)
        if one and other and max(one, other) / min(one, other) > CLOSE:
            found.append(
                f"attackers learnt from {one:.0f} people in the first and {other:.0f} in the "
                "second, and leakage grows with them"
            )
    if table == "verification" and len({_pairs(one) for one in audits}) > 1:
        found.append("pairs came with the set in one of them and were made in the other")
    return found


def given(value: Any) -> float | None:
    """A figure of a table; None where it is empty."""
    return None if value is None or value != value else float(value)


def _other_attackers(attacker: str | None, audits: tuple[Finished, Finished]) -> list[str]:
    a, b = audits
    if not same_probes(a, b):
        return [f"the attackers are others ({suite(a)} and {suite(b)})"]
    if attacker == STRONGEST and suite(a) != suite(b):
        return [f"the strongest was chosen among others ({suite(a)} and {suite(b)})"]
    return []


def _pairs(one: Finished) -> str | None:
    """Whether pairs were given or made."""
    facts = (one.audit.get("facts") or {}).get("verification") or {}
    found: str | None = facts.get("pairs")
    return found


def _protocol(one: Finished, name: str) -> Any:
    return one.config.get(name)


def _told(one: Finished) -> dict[str, str]:
    """Every setting by its dotted name, suppressors by their own, and the facts that matter."""
    config = {name: value for name, value in one.config.items() if name not in _SKIPPED}
    named = zip(suppressors(config), config.get("suppressors") or (), strict=True)
    config["suppressors"] = dict(named)
    data = one.audit.get("data") or {}
    facts = {
        "data": {key: data.get(key) for key in ("name", "n", "identities", "digest")},
        "encoder": {
            key: (one.audit.get("encoder") or {}).get(key)
            for key in ("name", "digest", "dimensions")
        },
        "people": one.audit.get("parts"),
        "permutations": one.audit.get("permutations"),
        "environment": one.audit.get("environment"),
    }
    return dict([*_flat(config, ""), *_flat(facts, "")])


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, own in value.items():
            yield from _flat(own, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        yield name, ", ".join(map(str, value))
    elif value is not None:
        # A list of what differs is handed on: the machine's folders are nobody's business.
        is_path = name.rsplit(".", 1)[-1] in _PATHS
        yield name, PurePath(str(value)).name if is_path else str(value)


def _kind(name: str) -> str:
    first = name.split(".")[0]
    if first in MACHINE:
        return "machine"
    return "compared" if first in COMPARED else "protocol"
