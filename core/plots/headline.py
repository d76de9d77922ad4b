"""The headline of an audit: one sentence and one strip from 0 to 100, as HTML.

Both are made from the headline's status; a status that takes the figure back takes it out of the
sentence too. The classes are those of `app/look.css`.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any


def sentence(headline: Mapping[str, Any]) -> str:
    """The headline of `audit.json` (or of a first look) as a sentence; figures in `b`, not in text.

    `value`, `low`, `high` and `chance` are fractions; `dimensions` may be missing while a run has
    not said it yet.
    """
    if headline["attribute"] is None:
        return "No label was attacked: this set has none that could be measured."
    attribute = escape(str(headline["attribute"]).replace("_", " "))
    stranger = "drawn stranger" if headline.get("synthetic") else "stranger"
    numbers = _numbers(headline.get("dimensions"))
    status, value = headline["status"], headline.get("value")
    guess = f"guessing gives <b>{_hundred(headline.get('chance'))}</b>"
    if status == "probe failed":
        return (
            f"No figure for {attribute}: the attackers missed a code that was planted in "
            f"{numbers}, so that finding nothing would mean nothing."
        )
    if status == "not enough data" or value is None:
        return f"There are too few people to say what {numbers} tell about {attribute}."
    if status == "nothing found":
        return (
            f"From {numbers} no attacker told the {attribute} of a {stranger} better than chance: "
            f"<b>{_hundred(value)} in 100</b>{_span(headline)}; {guess}{_seen(headline)}."
        )
    if status == "anti-learning":
        return (
            f"Attackers are right about {attribute} only <b>{_hundred(value)} times in 100</b>"
            f"{_span(headline)}, where {guess}: that is an alarm, not privacy."
        )
    mark = ' class="leak"' if clears(headline) else ""
    few = " There are few people: the interval is wide." if status == "few people" else ""
    return (
        f"From {numbers} an attacker tells the {attribute} of a {stranger} right "
        f"<b{mark}>{_hundred(value)} times in 100</b>{_span(headline)}; {guess}.{few}"
    )


def clears(headline: Mapping[str, Any]) -> bool:
    """Whether the interval lies above the null and the status lets the figure stand."""
    low, null = headline.get("low"), headline.get("null")
    sound = headline["status"] in ("ok", "few people")
    return sound and low is not None and null is not None and low > null


def strip(headline: Mapping[str, Any]) -> str:
    """Guessing and the strongest attacker on one line from 0 to 100; empty without a figure."""
    value, chance = headline.get("value"), headline.get("chance")
    if value is None or headline["status"] in ("probe failed", "not enough data"):
        return ""
    leak = clears(headline)
    parts = ['<div class="axis"></div>']
    if chance is not None:
        if leak:
            parts.append(_box("reach", chance, value))
        parts.append(f'<div class="guess" style="left:{_percent(chance)}"></div>')
        parts.append(_name("guessing", chance, "", value))
    if headline.get("low") is not None and headline.get("high") is not None:
        parts.append(_box("span" if leak else "span grey", headline["low"], headline["high"]))
    parts.append(
        f'<div class="dot{"" if leak else " hollow"}" style="left:{_percent(value)}"></div>'
    )
    parts.append(_name("attacker", value, " leak" if leak else "", chance))
    parts.append('<div class="tick">0</div><div class="tick mid">50</div>')
    parts.append('<div class="tick end">100 %</div>')
    return f'<div class="strip">{"".join(parts)}</div>'


def _name(word: str, at: float, extra: str, other: float | None) -> str:
    """A label above its mark; two labels that would meet are pushed apart."""
    shift = ""
    if other is not None and abs(at - other) < 0.16:
        shift = f";transform:translateX({'-95%' if at < other else '-5%'})"
    return (
        f'<div class="name{extra}" style="left:{_percent(at)}{shift}">{word} {_hundred(at)}</div>'
    )


def _box(kind: str, low: float, high: float) -> str:
    start, end = max(0.0, min(low, high)), min(1.0, max(low, high))
    return (
        f'<div class="{kind}" style="left:{_percent(start)};width:{_percent(end - start)}"></div>'
    )


def _percent(value: float) -> str:
    return f"{100 * value:.2f}%"


def _hundred(value: float | None) -> str:
    return "an unknown share" if value is None else f"{100 * value:.0f}"


def _span(headline: Mapping[str, Any]) -> str:
    low, high = headline.get("low"), headline.get("high")
    if low is None or high is None:
        return ""
    return f' <span class="i">{_hundred(low)} to {_hundred(high)}</span>'


def _seen(headline: Mapping[str, Any]) -> str:
    least = headline.get("detectable")
    return "" if least is None else f"; {_hundred(least)} would have been seen"


def _numbers(dimensions: object) -> str:
    return f"these {dimensions} numbers" if isinstance(dimensions, int) else "these vectors"
