"""Other sets for single roles: who suppressors learn from, what is attacked or verified elsewhere.

Whoever a suppressor learnt from is never tested: a set that plays a part on both sides is dealt by
person, and people whose pictures are in two sets are left out of what is learnt from. Names cannot
say who is one person in two sets, so that subjects that are called alike are told of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.config import Config
from core.config_parts import FIXED_ROLES
from core.encode.embeddings import Embeddings
from core.errors import ConfigError
from core.faces.faceset import UNKNOWN
from core.measure.intervals import NONE_BELOW
from core.measure.pairs import unit
from core.study.pool import Pool, Source, pool_of
from core.study.reading import Data, Reading, narrowed
from core.study.suppression import FEWEST

LEARNT = ("primary", "sensitive")
SHARE = 0.4
"""Of the people of a set that is learnt from and tested too, those who are learnt from; as in the
rotation (METHODS, "Protocol" 2)."""


@dataclass(frozen=True)
class Roles:
    """The sets by role: the `pool` that suppressors learn from, the sets that `verification`,
    `outside` and single labels (`attacked`) read, and what `audit.json` says of them."""

    pool: Pool | None = None
    verification: Embeddings | None = None
    outside: Embeddings | None = None
    attacked: Mapping[str, Embeddings] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)


def read_roles(config: Config, reading: Reading, data: Data) -> Roles:
    """Read every set that the settings give a role, and keep their people apart.

    Raises `ConfigError` where a set cannot serve its role.
    """
    if not config.roles:
        return Roles()
    sets = {name: reading.other(name, role, data) for name, role in config.roles.items()}
    _check(config, sets, data.x)
    audited = _content(data.x)
    # What the audited set would do elsewhere, it does anyway, in the rotation's own parts.
    sets = {name: one for name, one in sets.items() if name in LEARNT or _content(one) != audited}
    learnt = {name: one for name, one in sets.items() if name in LEARNT}
    own = [name for name, one in learnt.items() if _content(one) == audited]
    brought = {name: one for name, one in learnt.items() if name not in own}
    tested = {name: one for name, one in sets.items() if name not in LEARNT}
    brought, tested = _dealt(brought, tested, config.seed)
    warnings = reading.warnings
    brought = _strangers(brought, {"audited set": data.x, **tested}, warnings)
    if any(one.fitted for one in config.suppressors) and (own or not learnt):
        # Suppressors learn from people of the audited set, split by split.
        elsewhere = {name: one for name, one in tested.items() if name != "outside"}
        tested |= _strangers(elsewhere, {"audited set": data.x}, warnings, side="tested")
    labels = {name: one for name, one in tested.items() if name not in FIXED_ROLES}
    outside = {name: one for name, one in tested.items() if name == "outside"}
    tested |= _strangers(outside, {"audited set": data.x, **labels}, warnings)
    return Roles(
        pool=_pool(brought, own, warnings),
        verification=tested.get("verification"),
        outside=tested.get("outside"),
        attacked=labels,
        told={name: _described(name, {**sets, **brought, **tested}, own) for name in sets},
    )


def _check(config: Config, sets: Mapping[str, Embeddings], x: Embeddings) -> None:
    """Raise where a set cannot serve the role that it was named for."""
    for name, one in sets.items():
        if name != "sensitive" and not one.has_subjects:
            raise ConfigError(
                f"nobody said who is who in {one.name}, which roles.{name} names, and no figure "
                "would be of strangers: name its identity column, or another set"
            )
        people = _people(one)
        if name not in LEARNT and people < NONE_BELOW:
            raise ConfigError(
                f"roles.{name} has {people} people, at least {NONE_BELOW} are needed: bring more"
            )
        if name not in FIXED_ROLES and name not in one.labels:
            raise ConfigError(
                f"roles.{name} is to show the label '{name}', and {one.name} has "
                f"{', '.join(one.labels) or 'no label'}: name a set that has it, or one of "
                f"{', '.join(FIXED_ROLES)}"
            )
    outside = sets.get("outside")
    if outside is None:
        return
    if _content(outside) == _content(x):
        raise ConfigError(
            "roles.outside is the audited set itself, whose people are tested: name another set"
        )
    if not set(outside.labels) & {*x.labels, *config.roles}:
        raise ConfigError(
            f"roles.outside has the labels {', '.join(outside.labels) or 'none'} and the audited "
            f"set {', '.join(x.labels) or 'none'}: one in common is needed"
        )
    attacked = {**dict.fromkeys(x.labels, x), **{name: sets[name] for name in _named(sets)}}
    common = [name for name in outside.labels if name in attacked]
    shared = {name: _classes(outside, name) & _classes(attacked[name], name) for name in common}
    if all(len(classes) < 2 for classes in shared.values()):
        name = common[0]
        raise ConfigError(
            f"roles.outside shows {', '.join(sorted(_classes(outside, name)))} of {name}, and what "
            f"is attacked {', '.join(sorted(_classes(attacked[name], name)))}: two classes of the "
            "same names are needed; rename them in its manifest, or name another set"
        )


def _named(sets: Mapping[str, Embeddings]) -> list[str]:
    """The sets that are named for the label that is attacked on them."""
    return [name for name in sets if name not in FIXED_ROLES]


def _classes(x: Embeddings, label: str) -> set[str]:
    return set(x.table[label].astype(str)) - {UNKNOWN}


def _dealt(
    learnt: Mapping[str, Embeddings], tested: Mapping[str, Embeddings], seed: int
) -> tuple[dict[str, Embeddings], dict[str, Embeddings]]:
    """Sets on both sides dealt by person: `SHARE` of them are learnt from, the others tested."""
    shared = {_content(one) for one in learnt.values()} & {_content(one) for one in tested.values()}
    left, right = dict(learnt), dict(tested)
    for name, one in learnt.items():
        if _content(one) in shared:
            left[name] = narrowed(one, _share(one, seed, learnt=True))
    for name, one in tested.items():
        if _content(one) in shared:
            right[name] = narrowed(one, _share(one, seed, learnt=False))
    return left, right


def _share(x: Embeddings, seed: int, *, learnt: bool) -> np.ndarray:
    """Rows of the people who are learnt from, or of the others; those of unknown people in none."""
    people = np.array(sorted(set(x.subjects) - {UNKNOWN}))
    drawn = np.random.default_rng(seed).permutation(people)[: round(SHARE * len(people))]
    mine = np.isin(x.subjects.astype(str), drawn)
    return np.flatnonzero((x.subjects != UNKNOWN) & (mine if learnt else ~mine))


def _strangers(
    sets: Mapping[str, Embeddings],
    others: Mapping[str, Embeddings],
    warnings: list[str],
    *,
    side: str = "learnt from",
) -> dict[str, Embeddings]:
    """`sets` without people one of whose pictures is in one of the `others` too.

    `side` says what the sets are; the others stand on the other side.
    """
    found = {}
    across = "tested" if side == "learnt from" else "learnt from"
    for name, one in sets.items():
        twins = np.any([twins_in(one.x, other.x) for other in others.values()], axis=0)
        who = one.subjects.astype(str)
        gone = twins | (np.isin(who, who[twins]) & (who != UNKNOWN))
        found[name] = one
        if gone.any():
            warnings.append(
                f"roles.{name}: {int(twins.sum())} pictures are in a set that is {across}, too: "
                f"{len(set(who[gone]))} people are left out of what is {side}"
            )
            if gone.all():
                raise ConfigError(
                    f"everybody of roles.{name} is in a set that is {across} too: name other people"
                )
            found[name] = narrowed(one, np.flatnonzero(~gone))
        _tell_namesakes(name, found[name], others, warnings)
    return found


ALIKE = 1e-5
"""Vectors whose cosine is within this of 1 are of one picture."""
NARROW = 16
"""Vectors of fewer numbers point the same way by chance, and are compared bit by bit."""
_BLOCK = 20_000_000


def twins_in(x: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which rows of `x` (n, d) are of a picture that is in `other` (m, e) too, bool (n,).

    Up to their length and to rounding, so that a set that was scaled is recognised.
    """
    if x.shape[1] != other.shape[1]:
        return np.zeros(len(x), dtype=bool)
    if x.shape[1] < NARROW:
        seen = {row.tobytes() for row in other}
        return np.array([row.tobytes() in seen for row in x], dtype=bool)
    own, theirs = unit(x).astype(np.float32), unit(other).astype(np.float32)
    step = max(1, _BLOCK // max(1, len(theirs)))
    blocks = [own[at : at + step] @ theirs.T for at in range(0, len(own), step)]
    near = [block.max(axis=1, initial=-1) for block in blocks]
    return np.concatenate(near) >= 1 - ALIKE if near else np.zeros(0, dtype=bool)


def _tell_namesakes(
    name: str, one: Embeddings, tested: Mapping[str, Embeddings], warnings: list[str]
) -> None:
    for other, theirs in tested.items():
        both = (set(one.subjects) & set(theirs.subjects)) - {UNKNOWN}
        if both and _content(one) != _content(theirs):
            warnings.append(
                f"{len(both)} subjects are called alike in roles.{name} and the {other} (the first "
                f"'{min(both)}'), and are taken for different people: if they are the same, who is "
                "tested has been learnt from, and no figure stands"
            )


def _pool(
    brought: Mapping[str, Embeddings], own: Sequence[str], warnings: list[str]
) -> Pool | None:
    """Whom suppressors learn from; None where these are people of the audited set alone."""
    if not brought:
        return None
    same = len(brought) == 2 and len({_content(one) for one in brought.values()}) == 1
    sources = [
        Source(name, one, name == "primary" or len(brought) + len(own) == 1 or same)
        for name, one in brought.items()
        if not (same and name == "sensitive")
    ]
    for one in sources:
        if not one.x.has_subjects:
            warnings.append(
                f"nobody said who is who in roles.{one.role}: each of its pictures counts as a "
                "person of its own"
            )
    pool = pool_of(sources, dealt=bool(own), own_primary="primary" in own)
    people = len(set(pool.people))
    if not own and people < FEWEST:
        raise ConfigError(
            f"roles.{sources[0].role} brings {people} people to learn from, at least {FEWEST} are "
            "needed: bring more people"
        )
    return pool


def _described(name: str, sets: Mapping[str, Embeddings], own: Sequence[str]) -> dict[str, Any]:
    """What `audit.json` says of the set that plays a role, as far as it is used for it."""
    one = sets[name]
    return {
        "set": one.name,
        "n": len(one),
        "identities": _people(one) if one.has_subjects else None,
        "labels": list(one.labels),
        "pairs": None if one.pairs is None else len(one.pairs),
        "digest": one.digest,
        "audited set": name in own,
    }


def _people(x: Embeddings) -> int:
    return len(set(x.subjects) - {UNKNOWN})


def _content(x: Embeddings) -> str:
    """SHA-256 of the vectors alone: the same pictures are one set, whatever is said of them."""
    return hashlib.sha256(np.ascontiguousarray(x.x).tobytes()).hexdigest()
