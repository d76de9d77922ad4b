"""`--fail-if`: conditions on the figures of an audit, known wrong before the run where they can be.

A condition that holds, or that cannot be decided since a figure is empty, raises `ConditionHeld`:
exit status 3. One that names what the audit does not have raises `ConditionError`: exit status 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.condition.figures import (
    RELEASED,
    TABLES,
    Asked,
    Wanted,
    check_number,
    unknown,
    wanted,
)
from core.condition.reader import parse
from core.condition.rows import Found, look_up
from core.condition.tree import Comparison, Condition, comparisons, holds
from core.config_parts import FIXED_ROLES
from core.errors import ConditionError, ConditionHeld
from core.finished import Finished, finished, released, suppressors

CONTROLS = ("x", "pixels", "random", "norm")

Answers = Callable[[Wanted], Found]


@dataclass(frozen=True)
class Check:
    """One condition as it was written and as it was understood."""

    text: str
    condition: Condition
    tables: Mapping[str, Asked]

    @property
    def figures(self) -> list[Wanted]:
        """Every figure that it asks for."""
        return [wanted(one.figure, self.tables) for one in comparisons(self.condition)]


@dataclass(frozen=True)
class Verdict:
    """What became of a condition; `sentence` gives each figure with its interval."""

    failed: bool
    sentence: str


def read_checks(texts: Sequence[str], tables: Mapping[str, Asked] = TABLES) -> list[Check]:
    """The conditions of several `--fail-if` on `tables`; raises `ConditionError`."""
    found = []
    for text in texts:
        try:
            one = Check(text, parse(text), tables)
            for part in comparisons(one.condition):
                check_number(part, wanted(part.figure, tables))
        except ConditionError as error:
            raise ConditionError(f"--fail-if '{_cut(text)}': {error}") from error
        found.append(one)
    return found


def check_settings(checks: Iterable[Check], config: Mapping[str, Any]) -> None:
    """Raise `ConditionError` for what an audit with these settings cannot have.

    `config` as `Config.as_run` gives it, presets filled in. What only the data can tell is not
    refused here.
    """
    for one in checks:
        try:
            if config.get("preset") == "careless":
                raise ConditionError(
                    "the audit has preset: careless, whose figures are no finding and pass no "
                    "check: use another preset"
                )
            for figure in one.figures:
                _check_figure(figure, config)
        except ConditionError as error:
            raise ConditionError(f"--fail-if '{_cut(one.text)}': {error}") from error


def judge(checks: Iterable[Check], answers: Answers) -> list[Verdict]:
    """What became of each condition, by what `answers` says of a figure."""
    found = []
    for check in checks:
        try:
            found.append(_judged(check, answers))
        except ConditionError as error:
            raise ConditionError(f"--fail-if '{_cut(check.text)}': {error}") from error
    return found


def check_result(folder: Path, checks: Sequence[Check]) -> list[str]:
    """Check the finished audit in `folder`; the sentences of the conditions that did not hold.

    Raises `ConditionHeld` with the sentences of those that did, the others behind them.
    """
    result = finished(folder)
    check_settings(checks, result.config)
    return settled(judge(checks, answers_of(result)))


def settled(verdicts: Sequence[Verdict]) -> list[str]:
    """The sentences of verdicts none of which failed; raises `ConditionHeld` otherwise."""
    passed = [one.sentence for one in verdicts if not one.failed]
    failed = [one.sentence for one in verdicts if one.failed]
    if failed:
        raise ConditionHeld("; ".join([*failed, *passed]))
    return passed


def answers_of(result: Finished) -> Answers:
    """Looks figures up in the tables of `result`."""
    name = released(result.config, result.audit)
    spoken = dict.fromkeys(("representation", "a", "b"), name)
    known = partial(expected, result.config)

    def answer(asked: Wanted) -> Found:
        return look_up(asked, result.table(asked.figure.table), spoken, known)

    return answer


def expected(config: Mapping[str, Any], column: str) -> list[str]:
    """The values of `column` that the settings promise, whether or not there are rows of them."""
    if column in ("representation", "a", "b"):
        return representations(config)
    if column == "attacker":
        return attackers(str(config.get("attackers", "papers")))
    return attributes(config) if column == "attribute" else []


def representations(config: Mapping[str, Any]) -> list[str]:
    """The representations of an audit with these settings."""
    blurred = (config.get("faces") or {}).get("obfuscate")
    named = []
    if blurred:
        size = "" if blurred["kind"] == "paired" else str(blurred.get("size", ""))
        named = [f"x@{blurred['kind']}{size}"]
    return [*CONTROLS, *named, *suppressors(config)]


def attributes(config: Mapping[str, Any]) -> list[str]:
    """The labels that the settings name; with `attributes: auto` there may be more."""
    listed = config.get("attributes")
    names = [*(config.get("sensitive") or ()), *([] if isinstance(listed, str) else listed or ())]
    return list(dict.fromkeys(map(str, names)))


def attackers(suite: str) -> list[str]:
    """The attackers of a suite by name, with the strongest of them; takes seconds to import."""
    from core.attack.registry import SUITES

    return ["strongest", *SUITES.get(suite, ())]


def _check_figure(asked: Wanted, config: Mapping[str, Any]) -> None:
    table, studies = asked.figure.table, list(config.get("studies") or ())
    if asked.asked.study and asked.asked.study not in studies:
        raise ConditionError(
            f"the audit has studies: [{', '.join(studies)}], and {table} comes from "
            f"'{asked.asked.study}': add it, or ask for another figure"
        )
    if table == "pairs" and config.get("attackers") != "ladder":
        raise ConditionError("pairs are asked with attackers: ladder alone: use it, or leave out")
    if table == "collapse" and not config.get("suppressors"):
        raise ConditionError("collapse is measured with suppressors alone: add one, or leave out")
    name = asked.where.get("representation", RELEASED)
    if name not in (RELEASED, *representations(config)):
        raise unknown("representation", name, [RELEASED, *representations(config)])
    if table in ("leakage", "ablation") and "attribute" not in asked.where:
        raise ConditionError(
            f"'{asked.figure}' does not say which label: write {table}.{asked.figure.name}"
            f"({next(iter(attributes(config)), 'expression')})"
        )
    label = asked.where.get("attribute")
    closed = not isinstance(config.get("attributes"), str)
    if label is not None and closed and table in ("leakage", "pairs", "ablation"):
        elsewhere = [one for one in config.get("roles") or () if one not in FIXED_ROLES]
        known = [*attributes(config), *elsewhere]
        if label not in known:
            raise unknown("label", label, known)
    if table == "leakage":
        _check_attacker(asked.figure.name, str(config.get("attackers", "papers")))


def _check_attacker(name: str, suite: str) -> None:
    if name == "strongest":
        return
    known = attackers(suite)
    if name not in known:
        raise unknown(f"attacker among attackers: {suite}", name, known)


def _judged(check: Check, answers: Answers) -> Verdict:
    told: list[str] = []
    empty: list[str] = []

    def answer(one: Comparison) -> bool | None:
        asked = wanted(one.figure, check.tables)
        found = answers(asked)
        if found.value is None:
            told.append(f"{found.text} is empty ({found.why})")
            if not asked.allow_missing:
                empty.append(told[-1])
            return None
        right = one.holds(found.value, in_per_cent=asked.in_per_cent)
        told.append(f"{found.said}, {_side(one, right)}")
        return right

    every = {str(one): answer(one) for one in comparisons(check.condition)}
    held = holds(check.condition, lambda one: every[str(one)])
    figures = "; ".join(dict.fromkeys(told))
    if held:
        return Verdict(True, f"--fail-if '{check.text}' held: {figures}")
    if empty:
        return Verdict(
            True,
            f"--fail-if '{check.text}' is not passed: {figures}; an empty figure passes no check, "
            "unless allow_missing=true stands in its brackets",
        )
    return Verdict(False, f"--fail-if '{check.text}' did not hold: {figures}")


def _side(one: Comparison, right: bool) -> str:
    """On which side of the number the figure lies."""
    words = {"<": "below", "<=": "not above", ">": "above", ">=": "not below"}
    others = {"<": "not below", "<=": "above", ">": "not above", ">=": "below"}
    number = f"{one.number:g} %" if one.percent else f"{one.number:g}"
    return f"which is {(words if right else others)[one.operator]} {number}"


def _cut(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}…"
