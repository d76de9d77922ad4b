"""The headline of an audit: one sentence and one strip from 0 to 100, as HTML.

Both are made from the headline's status; a status that takes the figure back takes it out of the
sentence too. The classes are those of `app/look.css`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from core.sentence import sentence as plain

_RIGHT = re.compile(r"(\d+ times in 100)(?: \((\d+ to \d+)\))?")
_GUESS = re.compile(r"(guessing gives )(\d+)")


def sentence(headline: Mapping[str, Any]) -> str:
    """The headline of `audit.json` (or of a first look) as HTML, its figures in `b`.

    The words are those of `core.sentence`; what belongs to them on a page only, comes after.
    """
    words = escape(plain(headline))
    words = _GUESS.sub(r"\1<b>\2</b>", words)
    # The figure stands behind the label, whose own words are never taken for it.
    found = list(_RIGHT.finditer(words))
    if found:
        last = found[-1]
        mark = ' class="leak"' if clears(headline) else ""
        span = f' <span class="i">{last[2]}</span>' if last[2] else ""
        words = f"{words[: last.start()]}<b{mark}>{last[1]}</b>{span}{words[last.end() :]}"
    return words + _note(headline)


def _note(headline: Mapping[str, Any]) -> str:
    least = headline.get("detectable")
    if headline["status"] == "nothing found" and least is not None:
        return f" One that is right {_hundred(least)} times in 100 would have been seen."
    if headline["status"] == "few people" and headline.get("value") is not None:
        return " There are few people: the interval is wide."
    return ""


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


def _hundred(value: float) -> str:
    return f"{100 * value:.0f}"
