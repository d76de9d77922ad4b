"""What `relevance.csv` says of where detectors look, as records and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.action_units.emfacs import called
from core.plots.action_units_page import ALL, unit_of
from core.plots.action_units_said import between
from core.plots.compare import Span, rows_of, span_of

TRAINED, RANDOMISED = "trained", "randomised"
CONSERVED = 0.01
"""How far the sum of relevance may lie from the logit, as a share of it."""
ABOUT_ONE = (0.5, 1.5)
"""Ratios of a network drawn anew that count as about 1."""
REGIONS = {
    "drawn": "Regions are those that the generator drew.",
    "landmarks": "Regions are polygons over five landmarks, after the muscles that FACS names: "
    "approximate.",
}


@dataclass(frozen=True)
class Figure:
    """Where the faces of one group are looked at for one unit: `share` of positive relevance in
    the unit's region, `area` of the region, `ratio` of both, how often the maximum is inside."""

    share: Span
    area: float | None
    ratio: Span
    pointing: Span
    n: int
    people: int
    rank: float | None
    regions: str


_MISSING = Figure(*(Span(status="not enough data"), None) * 2, 0, 0, None, "")  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Looked:
    """The figures of a run by (unit, training set, test group, model)."""

    units: tuple[int, ...]
    trains: tuple[str, ...]
    groups: tuple[str, ...]
    figures: Mapping[tuple[int, str, str, str], Figure]

    def get(self, unit: int, train: str, group: str = ALL, model: str = TRAINED) -> Figure:
        """One row of the table; empty where it has none."""
        return self.figures.get((unit, train, group, model), _MISSING)


def looked(table: pd.DataFrame) -> Looked:
    """The records of a table `relevance`."""
    figures = {}
    for row in rows_of(table):
        unit = unit_of(row["au"])
        if unit is not None:
            key = (unit, str(row["train_group"]), str(row["group"]), str(row["model"]))
            figures[key] = _figure(row)
    return Looked(
        tuple(sorted({unit for unit, *_ in figures})),
        tuple(dict.fromkeys(train for _, train, *_ in figures)),
        tuple(dict.fromkeys(group for _, _, group, _ in figures if group != ALL)),
        figures,
    )


def _figure(row: Mapping[str, Any]) -> Figure:
    spans = [
        span_of(row, names)
        for names in (("share_in_region", "share_low", "share_high"), ("ratio", "low", "high"),
                      ("pointing", "pointing_low", "pointing_high"))
    ]  # fmt: skip
    area, rank = (
        None if pd.isna(row.get(name)) else float(row[name])
        for name in ("share_of_area", "rank_correlation")
    )
    n, people = (0 if pd.isna(row.get(one)) else int(row[one]) for one in ("n", "identities"))
    return Figure(spans[0], area, spans[1], spans[2], n, people, rank, str(row.get("regions", "")))


# -- sentences -------------------------------------------------------------------------------------


def title(found: Looked, unit: int, train: str) -> str:
    """Where the detector looks for a unit, from the figures of all test faces."""
    one = found.get(unit, train)
    if one.ratio.value is None or one.share.value is None:
        return f"{called(unit)}: {one.ratio.status or 'not enough data'}"
    return (
        f"{called(unit)}: {100 * one.share.value:.0f} % of positive relevance lies in its region, "
        f"{one.ratio.value:.1f} times the region’s share of the picture"
    )


def answer(found: Looked, unit: int, train: str) -> list[str]:
    """Whether it looks there, whether for every group alike, and what a random network does."""
    one, other = found.get(unit, train), found.get(unit, train, ALL, RANDOMISED)
    if one.ratio.value is None:
        return [
            f"Too few test people show {called(unit)} where its region can be seen to give a "
            "figure: below ten there is none."
        ]
    low, high = one.ratio.low, one.ratio.high
    verdict = "there is no interval to say whether that is more than its area alone would give"
    if low is not None and high is not None:
        verdict = (
            "more than its area alone would give" if low > 1
            else "less than its area alone would give" if high < 1
            else "no more than its area alone would give, as far as can be told"
        )  # fmt: skip
    said = [f"Ratio {between(one.ratio)}: {verdict}."]
    groups = [(group, found.get(unit, train, group)) for group in found.groups]
    known = [f"{between(own.ratio)} on faces labelled {group}" for group, own in groups
             if own.ratio.value is not None]  # fmt: skip
    if known:
        said.append(f"By group: {', '.join(known)}.")
    said += [f"No figure for {group}: {own.ratio.status or 'not enough data'}."
             for group, own in groups if own.ratio.value is None]  # fmt: skip
    if other.ratio.value is not None:
        said.append(f"Randomised, all layers drawn anew: {between(other.ratio)}.")
    return said


@dataclass(frozen=True)
class Check:
    """Something that was checked: `passed` None where it could not be."""

    name: str
    passed: bool | None
    detail: str


def checks(found: Looked, facts: Mapping[str, Any]) -> list[Check]:
    """What speaks for and against the maps, from the study's facts and figures."""
    return [
        one
        for one in (_conserved(facts), _shortcut(facts), _randomised(found), _above(found))
        if one is not None
    ]


def _conserved(facts: Mapping[str, Any]) -> Check | None:
    """Whether relevance sums to the output under the rule that promises it."""
    gaps = [float(one) for one in (facts.get("conservation") or {}).values() if one is not None]
    if not gaps:
        return None
    rule, faces = facts.get("conserving", ""), facts.get("conservation_faces", "")
    return Check(
        "relevance is conserved",
        max(gaps) <= CONSERVED,
        f"its sum is within {_percent(max(gaps))} of the output, on {faces} faces a network, "
        f"under {rule}; {_percent(CONSERVED)} is allowed",
    )


def _shortcut(facts: Mapping[str, Any]) -> Check | None:
    """Whether a planted mark was found."""
    told = facts.get("shortcut") or {}
    if not told:
        return None
    span = span_of(told, ("ratio", "low", "high"))
    where = f"a mark painted on the training faces that show AU {told.get('au', '')}"
    if span.value is None:
        return Check("a planted shortcut is found", None, f"{where}: {span.status}")
    share, area = told.get("share"), told.get("area")
    took = "" if share is None or area is None else (
        f"; {_percent(share)} of relevance on {_percent(area)} of the picture")  # fmt: skip
    return Check(
        "a planted shortcut is found", span.low is not None and span.low > 1,
        f"{where}: ratio {between(span)}{took}",
    )  # fmt: skip


def _randomised(found: Looked) -> Check | None:
    """Whether maps depend on what was learnt (Adebayo et al. 2018)."""
    own = [one for key, one in found.figures.items() if key[2:] == (ALL, RANDOMISED)]
    ratios = sorted(one.ratio.value for one in own if one.ratio.value is not None)
    ranks = [one.rank for one in own if one.rank is not None]
    if not ratios:
        return None
    middle = ratios[len(ratios) // 2]
    rank = "" if not ranks else (
        f"; rank correlation of its maps with the trained one’s {_two(sum(ranks) / len(ranks))}, "
        "where 1 would be the same maps"
    )  # fmt: skip
    return Check(
        "a randomised network looks elsewhere", ABOUT_ONE[0] <= middle <= ABOUT_ONE[1],
        f"median ratio {middle:.2f}, from {ratios[0]:.2f} to {ratios[-1]:.2f}, where 1 is chance"
        f"{rank}",
    )  # fmt: skip


def _above(found: Looked) -> Check | None:
    """On how many units relevance lies in the region well above its area."""
    ratios = [one.ratio.value for key, one in found.figures.items()
              if key[2:] == (ALL, TRAINED) and one.ratio.value is not None]  # fmt: skip
    if not ratios:
        return None
    above = sum(one > 2 for one in ratios)
    return Check(
        "detectors look where the units are", 2 * above >= len(ratios),
        f"{above} of {len(ratios)} figures, units by training set, are above 2",
    )  # fmt: skip


def _two(value: float) -> str:
    """Two decimals with a minus that is one, and none before a zero."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _percent(share: float) -> str:
    """ "54 %", "0.3 %", "1e-05 %"."""
    value = 100 * share
    return f"{value:.0f} %" if value >= 10 or value == round(value) else f"{value:.2g} %"


def faces_alt(unit: int, group: str, said: bool, truth: bool, share: float | None) -> str:
    """What a screen reader says of one face under its map."""
    told = f"Face labelled {group} with the relevance of {called(unit)}; detector: "
    told += f"{'yes' if said else 'no'}, truth: {'yes' if truth else 'no'}"
    return told + ("" if share is None else f"; {_percent(share)} of it in the region")
