"""What is attacked: one label, the rows that carry it, and the classes that can be measured."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import ConfigError
from core.faces.faceset import UNKNOWN

PEOPLE_PER_CLASS = 5
"""A class shown by fewer people cannot be in every test part of five groups."""


@dataclass(frozen=True)
class Target:
    """A label to attack: `rows` int64 (m,) of the set that take part, `y` int64 (m,) their class.

    `classes` names class 0 … k − 1; `left_out` says in words which rows and classes do not take
    part and why. Fewer than two classes: nothing can be measured, and `k` says so.
    """

    attribute: str
    classes: tuple[str, ...]
    rows: np.ndarray
    y: np.ndarray
    left_out: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """How many classes take part."""
        return len(self.classes)

    def digest(self) -> str:
        """SHA-256 of what is asked of whom."""
        whole = hashlib.sha256(repr((self.attribute, self.classes)).encode())
        whole.update(self.rows.tobytes() + self.y.tobytes())
        return whole.hexdigest()


def target(table: pd.DataFrame, attribute: str) -> Target:
    """The target for column `attribute` of `table`, which has `subject_id` beside it."""
    values = table[attribute].to_numpy(dtype=object)
    people = table["subject_id"].to_numpy(dtype=object)
    left_out = []
    nobody = people == UNKNOWN
    if nobody.any() and not nobody.all():
        # All of them would count as one person, whose other pictures lie in other parts.
        left_out.append(
            f"{int(nobody.sum())} faces of nobody knows whom are not attacked: an attacker could "
            "have seen the same people"
        )
        values = np.where(nobody, UNKNOWN, values)
    unknown = int(((values == UNKNOWN) & ~nobody).sum())
    if unknown:
        left_out.append(
            f"{unknown} faces whose {attribute} is unknown are not attacked on {attribute}"
        )
    classes = []
    for name in sorted(set(values) - {UNKNOWN}):
        own = len(set(people[values == name]))
        if own >= PEOPLE_PER_CLASS:
            classes.append(name)
        else:
            left_out.append(
                f"{attribute} '{name}' is left out: {own} people show it, and "
                f"{PEOPLE_PER_CLASS} are needed, one a test part"
            )
    rows = np.flatnonzero(np.isin(values, np.array(classes, dtype=object)))
    y = np.searchsorted(np.array(classes, dtype=object), values[rows]).astype(np.int64)
    return Target(attribute, tuple(classes), rows, y, tuple(left_out))


def attributes(
    labels: Sequence[str],
    sensitive: Sequence[str] | None,
    wanted: Sequence[str] | str,
    *,
    named: bool,
) -> tuple[list[str], list[str]]:
    """The labels to attack, the sensitive ones first, and warnings for defaults that are absent.

    `wanted` is "auto" (all that the set has) or a list. A sensitive label that was asked for by
    name (`named`), or a listed one, must exist: `ConfigError` otherwise.
    """
    asked = [] if isinstance(wanted, str) else list(wanted)
    must = asked + (list(sensitive or ()) if named else [])
    for name in must:
        if name not in labels:
            have = ", ".join(labels) or "no label at all"
            raise ConfigError(
                f"the label '{name}' is not in this set, which has {have}: name one of these, or "
                "add the column"
            )
    first = [name for name in sensitive or () if name in labels]
    rest = list(labels) if isinstance(wanted, str) else asked
    missing = [name for name in sensitive or () if name not in labels]
    warnings = [f"this set has no label '{name}': it is not attacked" for name in missing]
    return first + [name for name in rest if name not in first], warnings
