"""The frontier: what is still read against how well people are told apart, along each dial.

Each method with a dial is fitted anew at every setting, on the same suppressor people of the same
splits, attacked by the audit's own attackers on the first sensitive label and verified as the
audit verifies. So a curve shows what another setting would have given, not what was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.attack.registry import BASELINES, members
from core.measure.intervals import Interval, interval, weights
from core.measure.leakage import HEADLINE, STRONGEST, Cell, state
from core.measure.targets import Target
from core.progress import Progress
from core.study.attacking import Attacks, part
from core.study.leakage import Plan, cost
from core.study.representation import Representation
from core.study.suppression import Suppression, fit_cost
from core.study.verification import verification
from core.suppress.suppressor import Method, Suppressor
from core.table import StudyResult, table

DIALS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Settings that are looked at, beside the one that the audit runs."""


@dataclass(frozen=True)
class Point:
    """One method at one setting: its name in this study, and what became of it."""

    name: str
    suppressor: str
    dial: float
    method: Method
    representation: Representation | None = None
    warning: str = ""


@dataclass(frozen=True)
class Frontier:
    """The table `frontier`, and what each point's model card needs.

    `suppressors` are those of the reference split with the people they were fitted on, by the name
    of the point; `leakage` and `verification` are rows as the tables of these names have them.
    """

    result: StudyResult
    suppressors: Mapping[str, tuple[Suppressor, int]]
    leakage: pd.DataFrame
    verification: pd.DataFrame


def has_dial(method: Method) -> bool:
    """Whether the method can be turned from keeping recognition to removing everything."""
    return is_dataclass(method) and any(one.name == "dial" for one in fields(method))


def name_of(suppressor: str, dial: float) -> str:
    """The name of a point, and of the folder of its export; no suppressor can be called so."""
    return f"{suppressor}@{dial:g}"


def points(methods: Mapping[str, Method], dials: Sequence[float] = DIALS) -> list[Point]:
    """Every setting of every method that has a dial, its own among them."""
    found = []
    for name, method in methods.items():
        if not has_dial(method):
            continue
        own = float(getattr(method, "dial"))  # noqa: B009 - a method need not have one
        for dial in sorted({*dials, own}):
            turned: Any = method
            found.append(Point(name_of(name, dial), name, dial, replace(turned, dial=dial)))
    return found


def frontier(
    methods: Mapping[str, Method],
    work: Suppression,
    target: Target,
    plan: Plan,
    *,
    dials: Sequence[float] = DIALS,
) -> Frontier:
    """Fit, attack and verify every setting of `methods` (by name); what is in the store is reused.

    `target` is the first sensitive label. A setting at which the fit collapsed keeps its row with
    empty figures, and `facts["frontier"]` says why.
    """
    asked = points(methods, dials)
    each = sum(cost(one) for one in plan.attackers) * len(plan.splits)
    width = work.x.x.shape[1]
    fits = [fit_cost(one.method, plan.splits, width) * len(plan.splits) for one in asked]
    total = each * len(asked) + sum(fits)
    work.progress.start("Frontier", total)
    found, read = [], {}
    for point, fit in zip(asked, fits, strict=True):
        fitted = replace(work, progress=_silent(work.progress)).fit(point.name, point.method)
        work.progress.advance(fit, f"{point.suppressor} at {point.dial:g}")
        done = replace(point, representation=fitted.representation, warning=fitted.warning)
        found.append(done)
        if done.representation is not None:
            read[point.name] = _read(done.representation, target, plan, work)
        work.progress.advance(each, f"{point.suppressor} at {point.dial:g}")
    verified = _verified(found, work, plan.seed)
    rows = [_row(one, read.get(one.name), verified) for one in found]
    told = {one.name: one.warning for one in found if one.warning}
    result = StudyResult({"frontier": table("frontier", rows)}, facts={"frontier": told})
    leakage = table("leakage", [_leakage_row(name, target, one) for name, one in read.items()])
    kept = {
        one.name: own
        for one in found
        if one.representation is not None and (own := work.reference(one.method)) is not None
    }
    return Frontier(result, kept, leakage, verified)


def _silent(progress: Progress) -> Progress:
    """Tells nobody, and still ends where the owner wants an end."""
    return Progress(cancelled=progress.cancelled)


@dataclass(frozen=True)
class _Reading:
    """What the strongest attacker reads at a point: its figure, null and word, who it is most
    often, and how many people it knew."""

    found: Interval
    null: float | None
    status: str
    chosen: str
    people: int


def _read(
    representation: Representation, target: Target, plan: Plan, work: Suppression
) -> _Reading:
    """What the audit itself would say of this representation."""
    attacks = Attacks(
        representation, plan.splits, plan.seed, plan.device, work.store, _silent(work.progress),
        work.engine, attackers=members(plan.suite),
    )  # fmt: skip
    subjects = representation.subjects
    people = min(
        len(set(subjects[target.rows[part(split.attacker, target)]])) for split in plan.splits
    )
    cell = Cell("frontier", target, people)
    served = [one for one in plan.attackers if attacks.serves(one, target)]
    cell.nulls = attacks.nulls(cell, plan.permutations, differences="difference" in served)
    for attacker, said in attacks.each_said(cell, served):
        cell.said[attacker] = said
        code = None if attacker in BASELINES else attacks.finds_code(cell, attacker)
        if code is not None:
            cell.found_code[attacker] = code
    cell.choose_strongest([(split.seed, split.fold) for split in plan.splits])
    limits = cell.limits(STRONGEST, HEADLINE)
    null = limits[1] if limits else None
    if not cell.sound():
        nothing = Interval(None, None, None, 0, "probe failed")
        return _Reading(nothing, null, "probe failed", cell.chosen(), people)
    said = cell.said[STRONGEST]
    drawn = weights(len(np.unique(said.people)), resamples=plan.resamples, seed=plan.seed)
    found = interval(said, HEADLINE, k=target.k, weights=drawn)
    return _Reading(found, null, state(cell, STRONGEST, HEADLINE, found), cell.chosen(), people)


def _verified(found: Sequence[Point], work: Suppression, seed: int) -> pd.DataFrame:
    """Rows of the table `verification` for every point that was fitted."""
    named = {one.name: one.representation for one in found if one.representation is not None}
    if not named:
        return table("verification", [])
    base = {"x": Representation(work.x), **named}
    result = verification(
        base, work.splits, store=work.store, progress=_silent(work.progress), seed=seed
    )
    return result.tables["verification"]


def _row(point: Point, read: _Reading | None, verified: pd.DataFrame) -> dict[str, Any]:
    row: dict[str, Any] = {"suppressor": point.suppressor, "dial": point.dial}
    if read is None:
        return row | {"status": "not enough data"}
    found = read.found
    row |= {"leakage": found.value, "leakage_low": found.low, "leakage_high": found.high}
    own = verified[
        (verified["representation"] == point.name)
        & (verified["metric"] == "accuracy")
        & (verified["distance"] == "euclidean")
    ]
    if len(own):
        one = own.iloc[0]
        row |= {"verification": one["value"]}
        row |= {"verification_low": one["low"], "verification_high": one["high"]}
    return row | {"null": read.null, "chosen": read.chosen, "status": read.status}


def _leakage_row(name: str, target: Target, read: _Reading) -> dict[str, Any]:
    found = read.found
    row: dict[str, Any] = {"representation": name, "attribute": target.attribute}
    row |= {"attacker": STRONGEST, "metric": HEADLINE, "value": found.value, "null": read.null}
    row |= {"low": found.low, "high": found.high, "chance": 1 / target.k, "chosen": read.chosen}
    return row | {
        "attacker_identities": read.people,
        "n": len(target.rows),
        "identities": found.people,
        "status": read.status,
    }
