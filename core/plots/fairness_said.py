"""What decisions do to each group, in sentences made from intervals and statuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.plots.compare import Span
from core.plots.compare_gaps import signed
from core.plots.compare_words import p_text
from core.plots.fairness import (
    BALANCED,
    WORST,
    Decided,
    Question,
    X,
    clear,
    group_name,
    sides,
    split,
)


@dataclass(frozen=True)
class Truth:
    """What the best possible decisions reach after training at one strength: TPR by group, and
    the gap in points; they are given the gender and what the target was made from."""

    tpr: Mapping[str, float]
    gap: float


def truth(facts: Mapping[str, Any], strength: float) -> Truth | None:
    """The known truth of a synthetic target, from `facts.fairness` of an audit; or None."""
    for key, found in (facts.get("truth") or {}).items():
        if abs(float(key) - strength) < 1e-6:
            return Truth({str(k): float(v) for k, v in found["tpr"].items()}, 100 * found["gap"])
    return None


def title(found: Sequence[Decided], pair: str) -> str:
    """The gap of x, and what is left of it after suppression: what one sees first."""
    x = _x(found)
    gap = Span() if x is None else x.gap(pair)
    if x is None or gap.value is None:
        return f"Gap between groups: {gap.status or 'not enough data'}"
    after = sorted(abs(one.gap(pair).value or 0) for one in found
                   if one.way.suppressed and one.gap(pair).value is not None)  # fmt: skip
    names = [one.way.label for one in found if one.way.suppressed]
    low, high = (f"{end:.0f}" for end in (after[0], after[-1])) if after else ("", "")
    whose = names[0] if len(names) == 1 else "suppression"
    left = f"{low} to {high}" if low != high else low
    told = f", {left} after {whose}" if after else ""
    return f"Gap between groups: {points(abs(gap.value))} from x{told}"


def answer(found: Sequence[Decided], pair: str, q: Question, positive: str) -> list[str]:
    """The answer in paragraphs: the gap on x and what the skew adds; what suppression changes; the
    baselines. `positive` is the class of the target that counts as yes, where it is known."""
    x = _x(found)
    if x is None or x.gap(pair).value is None:
        strength = split(found[0].strength) if found else ""
        return [f"Not enough data to decide at {strength}: a training set cannot be drawn."]
    gap = f"{_gap(x, pair, q, positive)} {_shift(x, pair)}".rstrip()
    told = (gap, _suppressed(found, pair, x), _baselines(found, pair))
    return [one for one in told if one]


def told_truth(found: Sequence[Decided], pair: str, known: Truth | None) -> str:
    """Whether x's interval holds the best decisions' gap, where that is known."""
    x = _x(found)
    if known is None or x is None or x.gap(pair).low is None:
        return ""
    gap = x.gap(pair)
    held = gap.low <= known.gap <= (gap.high or 0)  # type: ignore[operator]
    return (
        "The target is synthetic, so the truth is known: the best possible decisions after such "
        f"training have a gap of {known.gap:.1f} points, which x’s interval "
        f"{'holds' if held else 'does not hold'}."
    )


def alt(found: Sequence[Decided], pair: str) -> str:
    """What a screen reader says of the gaps."""
    told = "; ".join(f"{one.way.label}: {_said(one.gap(pair)) or one.finding(pair)[0]}"
                     for one in found)  # fmt: skip
    return f"Gap of true positive rates, {pair}, in points. {told}"


def alt_rates(found: Sequence[Decided], q: Question) -> str:
    """What a screen reader says of the rates by group."""
    told = []
    for one in found:
        rates = (f"{group} {rate(one.get('tpr', group))}" for group in q.groups)
        told.append(f"{one.way.label}: {', '.join(rates)}")
    return f"True positive rate by group. {'; '.join(told)}"


def points(value: float) -> str:
    """ "17 points", "1 point", "0.4 points"."""
    size = f"{value:.0f}" if round(value) >= 1 else f"{value:.1f}"
    return f"{size} point" if size == "1" else f"{size} points"


def rate(span: Span) -> str:
    """A rate for a sentence, or why there is none."""
    return (span.status or "no figure") if span.value is None else f"{span.value:.2f}"


def _x(found: Sequence[Decided]) -> Decided | None:
    return next((one for one in found if one.way == X), None)


def _said(gap: Span) -> str:
    """ "17.2 points (14.1 to 20.3)" with signs that are signs."""
    if gap.value is None:
        return ""
    value = f"{gap.value:.1f} points"
    between = "" if gap.low is None else f" ({gap.low:.1f} to {gap.high:.1f})"
    return f"{value}{between}".replace("-", "−")


def _gap(x: Decided, pair: str, q: Question, positive: str) -> str:
    gap, at = x.gap(pair), split(x.strength)
    few = ", on few people" if gap.status == "few people" else ""
    if pair == WORST:
        return (
            f"Trained at {at}, x serves the groups furthest apart with a gap of {_said(gap)}{few}."
        )
    a, b = sides(pair, q)
    rates = f"{rate(x.get('tpr', a))} against {rate(x.get('tpr', b))}"
    first, second = group_name(a, q.protected), group_name(b, q.protected)
    target = q.target.split("=")[0].replace("_", " ")
    whom = f"true positives ({': '.join(one for one in (target, positive) if one)})"
    told = f"Trained at {at}, a classifier on x recognises {whom}"
    if not clear(gap):
        return (
            f"{told} at rates of {rates}, labelled {first} and {second}: no gap can be told, "
            f"{_said(gap)}{few}."
        )
    more = "more" if (gap.value or 0) > 0 else "less"
    return (
        f"{told} labelled {first} {more} often than those labelled {second}: {rates}, a gap of "
        f"{_said(gap)}{few}."
    )


def _shift(x: Decided, pair: str) -> str:
    shift = x.get("shift", pair)
    if x.strength == BALANCED or shift.value is None:
        return ""
    if pair == WORST:
        return f"The largest gap moved by {signed(shift.value)} points against balanced training."
    if clear(shift):
        return f"The skew moved it by {_said(shift)} against balanced training."
    return f"No shift against balanced training can be told: {_said(shift)}."


def _suppressed(found: Sequence[Decided], pair: str, x: Decided) -> str:
    """What each φ changes, by whether its paired difference can be told from zero."""
    before, groups = abs(x.gap(pair).value or 0), {"smaller": [], "larger": []}  # type: ignore[var-annotated]
    still = []
    for one in (one for one in found if one.way.suppressed):
        change, gap = one.changes.get(pair), one.gap(pair)
        if change is None or gap.value is None or change.points.value is None:
            continue
        if not change.told:
            still.append(one.way.title)
            continue
        words = "smaller" if abs(gap.value) < before else "larger"
        p = p_text(change.p)
        moved = f"{signed(change.points.value)} points{f', Holm’s {p}' if p else ''}"
        groups[words].append(f"{one.way.title} ({moved})")
    told = [f"{_and(own)} {'makes' if len(own) == 1 else 'make'} it {words}"
            for words, own in groups.items() if own]  # fmt: skip
    if still:
        told.append(f"of {_and(still)} no change can be told")
    if not told:
        return ""
    whole = "; ".join(told)
    return f"{whole[0].upper()}{whole[1:]}."


def _baselines(found: Sequence[Decided], pair: str) -> str:
    """Whether a baseline on x itself leaves no more of the gap than the best φ does."""
    phis = [one for one in found if one.way.suppressed and one.gap(pair).low is not None]
    own = [one for one in found if one.way.name == "x" and one.way != X
           and one.gap(pair).low is not None]  # fmt: skip
    if not phis or not own:
        return ""
    best = min(phis, key=lambda one: abs(one.gap(pair).value or 0))
    told = []
    for one in own:
        said = f"{one.way.title} leaves {_left(one, pair)}"
        mine, its = _size(one.gap(pair)), _size(best.gap(pair))
        if abs(one.gap(pair).value or 0) <= abs(best.gap(pair).value or 0):
            close = ", though intervals overlap" if its[0] <= mine[1] else ""
            told.append(f"{said}: no more than any suppression here{close}")
        elif mine[0] <= its[1]:
            told.append(f"{said}; its interval overlaps that of {best.way.label}")
        else:
            told.append(f"{said}; more than {best.way.label}")
    least = "leaves the least of all φ," if len(phis) > 1 else "leaves"
    whole = f"{best.way.title} {least} {_left(best, pair)}"
    return f"{whole}. Without any suppression: {'; '.join(told)}."


def _left(one: Decided, pair: str) -> str:
    return f"{_said(one.gap(pair))}, accuracy {rate(one.get('accuracy'))}"


def _size(gap: Span) -> tuple[float, float]:
    """The interval of a gap's size, whatever its sign."""
    low, high = gap.low or 0.0, gap.high or 0.0
    ends = sorted((abs(low), abs(high)))
    return (0.0 if low <= 0 <= high else ends[0]), ends[1]


def _and(names: Sequence[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
