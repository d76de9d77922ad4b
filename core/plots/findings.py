"""What the rows of `leakage.csv` say, in words and in order; every word comes from a status.

Figures, tables and sentences on the pages and in the report are made from these lines, so that
the same row is never called by two names.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from core.papers import PaperFigure, printed

CONTROLS = {
    "pixels": "the picture itself, 16 × 16 grey, a control",
    "random": "random vectors, a control",
    "norm": "the length of the vector alone, a control",
}
"""Control representations, in the order in which they are shown, after all others."""

SUPPRESSORS = {
    "sensitivenets": "SensitiveNets (Morales et al. 2021)",
    "lntl": "Learning Not To Learn (Kim et al. 2019)",
    "leace": "LEACE (Belrose et al. 2023)",
    "blindfold": "ours: keep what tells people apart",
}
"""What the suppressors are, by kind."""

_ATTACKERS = ("strongest", "nn", "svm", "rf", "softmax", "logistic", "majority")

METRICS = {
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
    "auc": "AUC",
}
"""Figures of `leakage.csv` and what they are called."""


@dataclass(frozen=True)
class Line:
    """One row of the figure and of the table below it; a figure that cannot be given is None.

    `strongest` marks the row that the attacker part chose, and `chosen` names the attacker that it
    chose most often; `paper` is the printed figure beside it.
    """

    representation: str
    attacker: str
    value: float | None
    low: float | None
    high: float | None
    chance: float | None
    null: float | None
    detectable: float | None
    drop: float | None
    status: str
    strongest: bool
    chosen: str
    attacker_people: int | None
    people: int | None
    n: int | None
    paper: PaperFigure | None

    @property
    def leaks(self) -> bool:
        """Whether the interval clears the null and no status takes the figure back."""
        if self.low is None or self.null is None or self.status not in ("ok", "few people"):
            return False
        return self.low > self.null

    @property
    def findings(self) -> tuple[str, ...]:
        """What the row is called: "leaks", a status of the contract, or both."""
        if self.null is None and self.status in ("ok", "few people"):
            return ("no null yet",)  # a run at work has not permuted the labels so far
        if self.status == "ok":
            return ("leaks",) if self.leaks else ("within the null",)
        if self.status == "few people":
            return ("leaks", "few people") if self.leaks else ("few people",)
        return (self.status,)


def describe(representation: str) -> str:
    """What a representation is, in a few words."""
    return {"x": "the encoder's vector", **SUPPRESSORS, **CONTROLS}.get(representation, "")


def lines(leakage: pd.DataFrame, attribute: str, metric: str) -> list[Line]:
    """The rows of one attribute and one metric, in the order in which they are shown.

    x first, what was made from it next, controls last. The chosen attacker's row is marked where
    its figure is the figure of `strongest`; where the folds chose different ones, `strongest`
    keeps a row of its own.
    """
    chosen = leakage[(leakage["attribute"] == attribute) & (leakage["metric"] == metric)]
    # The sensitive label stands first: what suppressors were fitted against.
    suppressed = "" if leakage.empty else str(leakage["attribute"].iloc[0])
    groups: dict[str, list[dict[str, object]]] = {}
    for row in chosen.to_dict("records"):
        record = {str(key): value for key, value in row.items()}
        groups.setdefault(str(record["representation"]), []).append(record)
    found: list[Line] = []
    for representation in _in_order(list(groups)):
        found += _group(groups[representation], metric, suppressed)
    return found


def _in_order(names: list[str]) -> list[str]:
    rank = {"x": -1} | {name: len(names) + i for i, name in enumerate(CONTROLS)}
    return sorted(names, key=lambda name: rank.get(name, names.index(name)))


def _group(records: list[dict[str, object]], metric: str, suppressed: str) -> list[Line]:
    best = next((row for row in records if row["attacker"] == "strongest"), None)
    twin = next((row for row in records if best is not None and _same(row, best)), None)
    shown = []
    for row in sorted(records, key=_place):
        if row is best and twin is not None:
            continue
        if row["attacker"] == "majority" and metric != "accuracy":
            continue  # by construction it is chance there
        if row is twin and best is not None:
            # The winner is judged by the null of a maximum, which is the null of `strongest`.
            row = {**row, "null": best["null"], "status": best["status"]}
        winner = row is best or row["attacker"] == _chosen(best, twin)
        shown.append(_line(row, suppressed, strongest=winner))
    return shown


def _chosen(best: dict[str, object] | None, twin: dict[str, object] | None) -> str:
    return "" if best is None or twin is None else str(twin["attacker"])


def _same(row: dict[str, object], best: dict[str, object]) -> bool:
    if row is best or row["attacker"] != best["chosen"]:
        return False
    mine, its = _number(row["value"]), _number(best["value"])
    return mine == its or (mine is not None and its is not None and math.isclose(mine, its))


def _place(row: dict[str, object]) -> tuple[int, str]:
    name = str(row["attacker"])
    return (_ATTACKERS.index(name) if name in _ATTACKERS else len(_ATTACKERS), name)


def _line(row: dict[str, object], suppressed: str, *, strongest: bool) -> Line:
    representation, attacker = str(row["representation"]), str(row["attacker"])
    chosen = row.get("chosen")
    return Line(
        representation=representation,
        attacker=attacker,
        value=_number(row["value"]),
        low=_number(row["low"]),
        high=_number(row["high"]),
        chance=_number(row["chance"]),
        null=_number(row["null"]),
        detectable=_number(row["detectable"]),
        drop=_number(row["dif"]),
        status=str(row["status"]),
        strongest=strongest,
        chosen=chosen if isinstance(chosen, str) else "",
        attacker_people=_count(row["attacker_identities"]),
        people=_count(row["identities"]),
        n=_count(row["n"]),
        paper=_printed(representation, row, attacker, suppressed),
    )


def _printed(
    representation: str, row: dict[str, object], attacker: str, suppressed: str
) -> PaperFigure | None:
    if row["metric"] == "auc":
        return None  # the papers print accuracies
    return printed(representation, str(row["attribute"]), attacker, suppressed=suppressed)


def _number(value: object) -> float | None:
    if value is None or isinstance(value, str) or pd.isna(value):  # type: ignore[call-overload]
        return None
    return float(value)  # type: ignore[arg-type]


def _count(value: object) -> int | None:
    number = _number(value)
    return None if number is None else round(number)


def title(shown: list[Line], attribute: str) -> str:
    """The finding of one attribute as a sentence, from the status of x's strongest row."""
    own = [one for one in shown if one.representation == "x"]
    line = next((one for one in own if one.strongest), None)
    if line is None:  # not chosen yet: one that has a figure speaks before one that has none
        line = next((one for one in own if one.value is not None), next(iter(own), None))
    if line is None:
        return f"No attacker has read {attribute} yet"
    others = [one.attacker for one in own if one.leaks]
    if line.strongest and line.status == "nothing found" and others:
        return (
            f"The strongest attacker reads {attribute} from x no better than permuted labels; "
            f"{' and '.join(others)}, not chosen as the strongest, cleared the null"
        )
    return _sentence(line, attribute)


def _sentence(line: Line, attribute: str) -> str:
    if line.status == "probe failed":
        return f"No figure for {attribute}: the probes missed a code planted for them"
    if line.status == "not enough data" or line.value is None:
        return f"Not enough data to say what x reveals about {attribute}"
    if line.status == "anti-learning":
        return f"Attackers read {attribute} from x below chance: an alarm, not privacy"
    if line.leaks:
        return (
            f"x gives {attribute} away: {line.value:.2f}, where guessing gives {_two(line.chance)}"
        )
    if line.status == "nothing found":
        seen = "" if line.detectable is None else f"; {line.detectable:.2f} would have been seen"
        return (
            f"Nothing found: no attacker reads {attribute} from x better than permuted labels{seen}"
        )
    if line.status == "few people":
        return f"Too few people to tell whether x gives {attribute} away"
    return f"Attackers read {attribute} from x no better than permuted labels do"


def _two(value: float | None) -> str:
    return "an unknown share" if value is None else f"{value:.2f}"
