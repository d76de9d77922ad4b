"""Feature ablation in words and figures: every sentence is made from intervals and statuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from core.plots.compare import Span, rows_of, span_of
from core.plots.tokens import full

ORDERS = {"random": "at random", "most": "most important first", "least": "least important first"}
"""Orders of removal and what they are called."""
SHORT = {"random": "at random", "most": "most first", "least": "least first"}
"""The same where there is little room."""
_LEFT = {
    "random": "chosen at random",
    "most": "left when the most important go first",
    "least": "left when the least important go first",
}
_SILENT = ("probe failed", "not enough data", "")
"""Statuses of a figure that says nothing either way."""
_END = 0.95
"""A curve that reaches so far is drawn to its end."""

Ending = Literal["never", "at", "unknown", "nothing", "running"]


@dataclass(frozen=True)
class Spot:
    """One point of a curve: the figure where the share `removed` is gone and `kept` numbers are
    left; `spread` is the lowest and the highest repeat, empty for a single one."""

    removed: float
    kept: int | None
    span: Span
    null: float | None
    chance: float | None
    spread: Span

    @property
    def clears(self) -> bool:
        """Whether the interval lies above the null and the status lets the figure stand."""
        sound = self.span.status in ("ok", "few people")
        known = self.span.low is not None and self.null is not None
        return sound and known and self.span.low > self.null  # type: ignore[operator]

    @property
    def silent(self) -> bool:
        """Whether nothing can be said here."""
        return self.span.value is None or self.span.status in _SILENT


@dataclass(frozen=True)
class Course:
    """One curve: a label read from one representation while numbers are removed in one order."""

    representation: str
    attribute: str
    order: str
    width: int | None
    people: int | None
    spots: tuple[Spot, ...]

    @property
    def whole(self) -> bool:
        """Whether it reaches the end of the axis."""
        return bool(self.spots) and (self.spots[-1].removed >= _END or self.spots[-1].kept == 1)

    def at(self, removed: float) -> Spot | None:
        """The point nearest to the share `removed`, within a twentieth."""
        near = min(self.spots, key=lambda one: abs(one.removed - removed), default=None)
        return near if near is not None and abs(near.removed - removed) <= 0.05 else None


@dataclass(frozen=True)
class Meeting:
    """Where a curve meets its null: `before` is the last point that clears it, `there` the first
    that does not. "never": no such point; "nothing": not even all numbers clear it; "unknown": the
    probe failed there, or too little is known; "running": the curve is still growing."""

    ending: Ending
    before: Spot | None
    there: Spot | None


def courses(
    table: pd.DataFrame, attribute: str, metric: str, order: str | None = None
) -> list[Course]:
    """The curves of one label and figure, in the order of the table; of one `order`, or all."""
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows_of(table, attribute=attribute, metric=metric):
        if order in (None, row["order"]):
            rows.setdefault((str(row["representation"]), str(row["order"])), []).append(row)
    return [
        Course(
            name,
            attribute,
            each,
            _whole(own[0].get("width")),
            _whole(own[0].get("identities")),
            tuple(sorted((_spot(row) for row in own), key=lambda one: one.removed)),
        )
        for (name, each), own in rows.items()
    ]


def meeting(course: Course) -> Meeting:
    """Where the interval of `course` first fails to clear the null."""
    before: Spot | None = None
    for spot in course.spots:
        if spot.clears:
            before = spot
        elif spot.silent:
            return Meeting("unknown", before, spot)
        else:
            return Meeting("nothing" if before is None else "at", before, spot)
    if not course.spots:
        return Meeting("unknown", None, None)
    return Meeting("never" if course.whole else "running", before, None)


def met(course: Course) -> str:
    """The meeting in a few words, for a table."""
    found = meeting(course)
    if found.there is None:
        return "never" if found.ending == "never" else "not yet"
    if found.ending == "unknown":
        return found.there.span.status or "not known"
    if found.ending == "nothing":
        return "from the start"
    left = "" if found.there.kept is None else f", {found.there.kept:,} left"
    return f"{percent(found.there.removed)} removed{left}"


def said(course: Course, metric: str) -> str:
    """How few numbers still give the label away: one sentence, from the statuses."""
    found, label = meeting(course), course.attribute.replace("_", " ")
    whose = "" if course.representation == "x" else f" of {full(course.representation)}"
    if found.before is None:
        if found.ending == "nothing":
            return (
                f"Even from all {_of(course)}numbers{whose} the probe tells {label} no better than "
                "shuffled labels: nothing found."
            )
        why = found.there.span.status if found.there is not None else ""
        return f"Of {label} nothing can be said{whose}: {why or 'nothing was measured yet'}."
    last = found.before
    told = (
        f"From {_numbers(course, last)}{whose} {_LEFT.get(course.order, '')} an attacker still "
        f"tells {label}: {metric} {_interval(last.span)}"
    )
    if found.there is None:
        return f"{told}." if found.ending == "never" else f"{told}, as far as the curve has come."
    if found.ending == "unknown":
        return f"{told}; beyond, nothing can be said: {found.there.span.status}."
    left = "fewer" if found.there.kept is None else f"{found.there.kept:,}"
    return f"{told}; from {left} no better than shuffled labels."


def title(found: Sequence[Course]) -> str:
    """The finding above the figure: of x, and of whatever lasts longest below it."""
    if not found:
        return "Not enough data to say how few numbers give a label away"
    first = next((one for one in found if one.representation == "x"), found[0])
    label = first.attribute.replace("_", " ")
    end = meeting(first)
    if end.before is None:
        nothing = end.ending == "nothing"
        what = "does not give" if nothing else "cannot be said to give"
        return f"{_named(first)} {what} {label} away, whatever is left of it"
    return (
        f"{_numbers(first, end.before)} of {_named(first)} still give {label} away"
        if end.before.removed > 0
        else f"{_named(first)} gives {label} away, and no longer once numbers are removed"
    )


def alt(found: Sequence[Course], metric: str) -> str:
    """What a screen reader says of the figure."""
    parts = []
    for one in found:
        ends = [spot for spot in (one.spots[0], one.spots[-1]) if spot.span.value is not None]
        told = ", ".join(f"{spot.span.value:.2f} at {percent(spot.removed)}" for spot in ends)
        name = f"{full(one.representation)}, {ORDERS.get(one.order, one.order)}"
        parts.append(f"{name}: {told or 'no figure'}; meets the null: {met(one)}")
    return f"{metric} against the share of numbers removed. " + ". ".join(parts)


def percent(share: float) -> str:
    """A share in whole per cent."""
    return f"{100 * share:.0f} %"


def along(course: Course, shares: Sequence[float]) -> list[Spot]:
    """The points nearest to `shares`, each once, in order; what a table shows of a curve."""
    found = (course.at(share) for share in shares)
    return list(dict.fromkeys(spot for spot in found if spot is not None))


def _spot(row: Mapping[str, Any]) -> Spot:
    return Spot(
        float(row["removed"]),
        _whole(row.get("kept")),
        span_of(row, ("value", "low", "high")),
        _real(row["null"]),
        _real(row["chance"]),
        Span(None, _real(row.get("repeat_low")), _real(row.get("repeat_high"))),
    )


def _whole(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else int(value)


def _real(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _of(course: Course) -> str:
    return "" if course.width is None else f"{course.width:,} "


def _numbers(course: Course, spot: Spot) -> str:
    if spot.kept is None or course.width is None:
        return f"{percent(1 - spot.removed)} of the numbers"
    return f"{spot.kept:,} of {course.width:,} numbers"


def _named(course: Course) -> str:
    return full(course.representation)


def _interval(span: Span) -> str:
    assert span.value is not None, "only what has a figure is said"
    if span.low is None or span.high is None:
        return f"{span.value:.2f}"
    return f"{span.value:.2f} ({span.low:.2f} to {span.high:.2f})"
