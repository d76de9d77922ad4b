"""Words for what changed between two audits, made from the rows' findings alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.study.changes import CONTROLS, Changes
from core.study.comparable import STRONGEST, given

MAIN = {
    "leakage": "balanced_accuracy", "verification": "accuracy", "pairs": "accuracy",
    "fairness": "gap", "action_units": "f1_macro", "anonymity": "accuracy",
}  # fmt: skip
"""The one figure of each table that is shown first."""
NAMES = {
    "leakage": "leakage", "verification": "verification", "pairs": "pairs of one person",
    "fairness": "equality of opportunity", "action_units": "action units",
    "anonymity": "anonymity",
}  # fmt: skip

_COUNTS = {
    "rose": "rose", "fell": "fell", "changed sides": "changed sides",
    "below chance": "below chance, which is an alarm and no fall",
    "no change told": "without a change that can be told",
    "not comparable": "not comparable", "no figure": "without a figure",
}  # fmt: skip

Row = Mapping[str, Any]


def main(table: pd.DataFrame, *, controls: bool = False) -> list[dict[str, Any]]:
    """The rows of each table's first figure: the strongest attacker's, the Euclidean distance's."""
    rows: list[dict[str, Any]] = [
        {str(key): None if value != value else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]
    chosen = [row for row in rows if row["metric"] == MAIN[row["table"]]]
    chosen = [row for row in chosen if controls or row["representation_a"] not in CONTROLS]
    chosen = [row for row in chosen if "distance=cosine" not in row["detail"]]
    # Where the strongest was chosen among others, attackers of one name stand in its place.
    lost = {
        (row["representation_a"], row["representation_b"], row["attribute"])
        for row in chosen
        if row["attacker"] == STRONGEST and row["status"] == "not comparable"
    }
    shown = [
        row
        for row in chosen
        if row["table"] != "leakage"
        or row["attacker"] == STRONGEST
        or (row["representation_a"], row["representation_b"], row["attribute"]) in lost
    ]
    return _with_what_tells_apart(shown)


def _with_what_tells_apart(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with `shown`, the part of `detail` that not all rows of their table share."""
    parts = [[part for part in str(row["detail"]).split(", ") if part] for row in rows]
    shared: dict[str, set[str]] = {}
    for row, own in zip(rows, parts, strict=True):
        shared[row["table"]] = shared.get(row["table"], set(own)) & set(own)
    return [
        {**row, "shown": ", ".join(part for part in own if part not in shared[row["table"]])}
        for row, own in zip(rows, parts, strict=True)
    ]


def sentence(changes: Changes) -> str:
    """What changed: the leakage of what each audit speaks of, on its first label; otherwise what
    forbids a comparison, or how many figures changed."""
    if changes.refused:
        return f"Nothing can be compared: {'; '.join(changes.refused)}."
    rows = main(changes.table)
    if not rows:
        return "These two audits have no figure in common."
    return _spoken(changes, rows) or counted(changes)


def counted(changes: Changes) -> str:
    """How many figures of each table rose, fell or stayed, controls left out; empty for none."""
    rows = [] if changes.refused else main(changes.table)
    told = []
    for table in dict.fromkeys(row["table"] for row in rows):
        counts = Counter(row["finding"] for row in rows if row["table"] == table)
        words = [f"{counts[word]} {said}" for word, said in _COUNTS.items() if counts[word]]
        told.append(f"{NAMES[table]}: {', '.join(words)}")
    return f"Figures of {'; '.join(told)}." if told else ""


def _spoken(changes: Changes, rows: Sequence[Row]) -> str:
    own = [
        row
        for row in rows
        if row["table"] == "leakage"
        and (row["representation_a"], row["representation_b"]) == changes.released
        and row["attacker"] == STRONGEST
    ]
    if not own:
        return ""
    row = own[0]
    where = named(row)
    if row["finding"] == "not comparable":
        return f"Leakage of {row['attribute']} from {where} cannot be compared: {row['note']}."
    if row["finding"] == "no figure":
        return f"There is no figure for what is left of {row['attribute']} in {where}."
    if row["finding"] == "below chance":
        which = [name for side, name in (("a", "first"), ("b", "second"))
                 if row[f"{side}_status"] == "anti-learning"]  # fmt: skip
        sides = " and the ".join(which)
        return (
            f"{row['attribute']} is read below chance from {where} in the {sides} "
            f"audit{_far(row)}: an alarm, and no improvement."
        )
    if row["finding"] == "no change told":
        return f"No change can be told in how far attackers read {row['attribute']} from {where}."
    size = points(abs(row["change"]))[1:]
    better = "better" if row["finding"] == "rose" else "worse"
    return (
        f"Attackers read {row['attribute']} {size} points {better} from {where} in the second "
        f"audit than in the first{span(row)}."
    )


def _far(row: Row) -> str:
    """How far from guessing both figures are, in brackets; empty where that is not known."""
    chance = given(row["chance"])
    if chance is None:
        return ""
    first, second = (points(row[side] - chance) for side in "ab")
    return f" (from guessing: {first} points in the first, {second} in the second)"


def named(row: Row) -> str:
    """The representation, or the two that stand against each other."""
    a, b = str(row["representation_a"]), str(row["representation_b"])
    return a if a == b else f"{a} → {b}"


def what(row: Row) -> str:
    """Which figure a row of `main` is, without its table: "expression from x, strongest"."""
    said = [str(row["attribute"])] if row["attribute"] else []
    if named(row):
        said.append(f"from {named(row)}" if said else named(row))
    more = [str(row["attacker"])] if row["attacker"] else []
    more += [str(row["shown"])] if row["shown"] else []
    return ", ".join([" ".join(said), *more] if said else more)


def figure(row: Row, side: str) -> str:
    """A figure with its interval, "0.41 (0.37 to 0.45)", or the word why there is none."""
    value, low, high = (given(row[name]) for name in (side, f"{side}_low", f"{side}_high"))
    if value is None:
        return str(row[f"{side}_status"])
    digits = 3 if row["table"] == "verification" else 2
    if low is None or high is None:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def change(row: Row) -> str:
    """The change in points, "−4.0 (−7.1 to −0.9)"; empty where there is none."""
    value = given(row["change"])
    return "" if value is None else f"{points(value)}{span(row)}"


def span(row: Row) -> str:
    """The interval of the change in points, in brackets; empty where there is none."""
    low, high = given(row["low"]), given(row["high"])
    return "" if low is None or high is None else f" ({points(low)} to {points(high)})"


def points(value: float) -> str:
    """A difference of fractions in points with its sign, "+1.2", "−0.3"; "±0.0" for nothing."""
    said = f"{100 * value:+.1f}"
    return "±0.0" if said in ("+0.0", "-0.0") else said.replace("-", "−")
