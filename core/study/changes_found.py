"""What a change is called: by how far a figure lies from where nothing is read, not by its sign.

An attacker that is wrong more often than by guessing knows which answer to avoid: what leaks is the
distance from chance, on either side. A gap between groups is as unfair below zero as above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SIGNIFICANT = 0.05

ROSE, FELL, TURNED, BELOW = "rose", "fell", "changed sides", "below chance"
NO_CHANGE, NO_FIGURE, APART = "no change told", "no figure", "not comparable"
TOLD = (ROSE, FELL, TURNED)
"""What is called so could be told from no change."""

_SIGNED = ("gap", "shift", "fpr gap")
"""Figures of `fairness` whose sign says which group they favour."""

Row = Mapping[str, Any]


def finding(row: Row) -> str:
    """What the change of a row of `changes` is called.

    "below chance" stands for every figure that is an alarm in one of the audits, whatever its
    change; "changed sides" for a gap that surely favours the other group now. "rose" and "fell" say
    that a figure is further from chance (a gap from zero) or less far: any other figure that it is
    higher or lower.
    """
    if row["status"] == APART:
        return APART
    change, low, high, p = (row.get(name) for name in ("change", "low", "high", "p_holm"))
    if row["status"] == "anti-learning" and change is not None:
        return BELOW
    if change is None or low is None or high is None or p is None:
        return NO_FIGURE
    if low <= 0 <= high or p >= SIGNIFICANT:
        return NO_CHANGE
    return TURNED if _turned(row) else ROSE if _further(row) else FELL


def signs(table: str, asked: Mapping[str, Any]) -> str:
    """Whom a signed gap favours on either side of zero; empty for a figure without a sign."""
    group, metric = str(asked.get("group") or ""), asked.get("metric")
    if table != "fairness" or metric not in _SIGNED or " - " not in group:
        return ""
    # A group may have a dash in its own name: nobody knows then which one stands between the two.
    names = group.split(" - ")
    a, b = names if len(names) == 2 else (f"the first of {group}", "the second")
    what = "more wrong yeses for" if metric == "fpr gap" else "in favour of"
    return f"above 0 {what} {a}, below 0 {what} {b}"


def below(row: Row) -> str:
    """How far from guessing a figure is on either side, where one of the two is an alarm."""
    if "anti-learning" not in (row["a_status"], row["b_status"]):
        return ""
    chance, told = row["chance"], ""
    if chance is not None:
        a, b = (_from(row[side] - chance) for side in "ab")
        told = f" ({a} in the first, {b} in the second)"
    return f"below chance{told}: how far from guessing is what leaks, and never an improvement"


def _from(distance: float) -> str:
    side = "below" if distance < 0 else "above"
    return f"{100 * abs(distance):.1f} points {side} guessing"


def _reference(row: Row) -> float | None:
    """Where nothing is read, or nobody favoured; None for a figure that has no such place."""
    if row["table"] == "fairness" and row["metric"] in _SIGNED:
        return 0.0
    chance = row["chance"]
    return None if chance is None else float(chance)


def _further(row: Row) -> bool:
    reference = _reference(row)
    if reference is None:
        return bool(row["change"] > 0)
    before = row["a"] - reference
    return bool(abs(before + row["change"]) > abs(before))


def _turned(row: Row) -> bool:
    """Whether a gap clears zero on one side before and on the other after."""
    if row["table"] != "fairness" or row["metric"] not in _SIGNED:
        return False
    ends = [row[f"{side}_{end}"] for side in "ab" for end in ("low", "high")]
    if any(end is None for end in ends):
        return False
    a_low, a_high, b_low, b_high = ends
    return bool((a_high < 0 < b_low) or (b_high < 0 < a_low))
