"""The headline of an audit: one sentence and one strip from 0 to 100, as HTML.

Both are made from the headline's statuses; a status that takes a figure back takes it out of the
sentence too. The classes are those of `app/look.css`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from core.sentence import Piece, clears, pieces

_NO_FIGURE = ("probe failed", "not enough data")


def sentence(headline: Mapping[str, Any]) -> str:
    """The headline of `audit.json` (or of a first look) as HTML, its figures in `b`.

    The words are those of `core.sentence`; what belongs to them on a page only, comes after.
    """
    warm = clears(headline)
    return "".join(_html(one, warm) for one in pieces(headline)) + _note(headline)


def _html(piece: Piece, warm: bool) -> str:
    words = escape(piece.text)
    if not piece.role:
        return words
    if piece.role == "span":
        return f' <span class="i">{words}</span>'
    kind = {"before": "leak" if warm else "", "after": "after"}.get(piece.role, "")
    return f'<b class="{kind}">{words}</b>' if kind else f"<b>{words}</b>"


def _note(headline: Mapping[str, Any]) -> str:
    least = headline.get("detectable")
    if headline["status"] == "nothing found" and least is not None:
        return f" One that is right {_hundred(least)} times in 100 would have been seen."
    if headline["status"] == "few people" and headline.get("value") is not None:
        return " There are few people: the interval is wide."
    return ""


@dataclass(frozen=True)
class _Label:
    """A word above the strip: where its mark is (a fraction), and its class."""

    at: float
    word: str
    kind: str = ""

    @property
    def text(self) -> str:
        return f"{self.word} {_hundred(self.at)}"

    @property
    def wide(self) -> float:
        """How wide the text is, in rem; a little more than it needs."""
        return 0.44 * len(self.text)


def strip(headline: Mapping[str, Any]) -> str:
    """Guessing and the strongest attacker, before and after suppression, on one line from 0 to
    100; empty without a figure."""
    value, chance = headline.get("value"), headline.get("chance")
    if value is None or headline["status"] in _NO_FIGURE:
        return ""
    leak, after = clears(headline), _after(headline)
    parts, labels = ['<div class="axis"></div>'], []
    if chance is not None:
        if leak:
            parts.append(_box("reach", chance, value))
        parts.append(f'<div class="guess" style="left:{_percent(chance)}"></div>')
        labels.append(_Label(chance, "guessing"))
    parts += _dot(headline, "" if leak else " grey", "" if leak else " hollow")
    word = "attacker" if after is None else "before"
    labels.append(_Label(value, word, " leak" if leak else ""))
    if after is not None:
        alarm = after["status"] == "anti-learning"
        parts += _dot(after, " grey" if alarm else " after", " hollow" if alarm else " after")
        labels.append(_Label(after["value"], "after", "" if alarm else " after"))
    parts += _placed(labels)
    parts.append('<div class="tick">0</div><div class="tick mid">50</div>')
    parts.append('<div class="tick end">100 %</div>')
    return f'<div class="strip">{"".join(parts)}</div>'


def _after(headline: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The figure after suppression, where there is one that stands."""
    after: Mapping[str, Any] | None = headline.get("after")
    if after is None or after.get("value") is None or after["status"] in _NO_FIGURE:
        return None
    return after


def _dot(row: Mapping[str, Any], span: str, dot: str) -> list[str]:
    """A figure with its interval."""
    parts = []
    if row.get("low") is not None and row.get("high") is not None:
        parts.append(_box(f"span{span}", row["low"], row["high"]))
    parts.append(f'<div class="dot{dot}" style="left:{_percent(row["value"])}"></div>')
    return parts


def _placed(labels: Sequence[_Label]) -> list[str]:
    """Labels above their marks; those that would meet are pushed apart, and none leaves the strip.

    A label is so many rem wide, and the browser alone knows how wide the strip is. So CSS solves
    it: shifted left by what stands before it, the places must not fall, and the nearest places
    that do not are the max-min of their means (isotonic regression; Barlow et al. 1972).
    """
    ordered = sorted(labels, key=lambda one: one.at)
    shifts = [0.0]
    for one, following in pairwise(ordered):
        shifts.append(shifts[-1] + (one.wide + following.wide) / 2 + 0.4)
    first, last = ordered[0].wide / 2, shifts[-1] + ordered[-1].wide / 2
    found = []
    for i, (one, shift) in enumerate(zip(ordered, shifts, strict=True)):
        lows = (
            f"min({','.join(_mean(ordered, shifts, a, b) for b in range(i, len(ordered)))})"
            for a in range(i + 1)
        )
        place = f"clamp({first:.2f}rem,max({','.join(lows)}),calc(100% - {last:.2f}rem))"
        found.append(
            f'<div class="name{one.kind}" style="left:calc({place} + {shift:.2f}rem)">'
            f"{one.text}</div>"
        )
    return found


def _mean(ordered: Sequence[_Label], shifts: Sequence[float], a: int, b: int) -> str:
    """The mean of the shifted places a to b, as CSS."""
    count = b + 1 - a
    share = sum(one.at for one in ordered[a : b + 1]) / count
    return f"calc({_percent(share)} - {sum(shifts[a : b + 1]) / count:.2f}rem)"


def _box(kind: str, low: float, high: float) -> str:
    start, end = max(0.0, min(low, high)), min(1.0, max(low, high))
    return (
        f'<div class="{kind}" style="left:{_percent(start)};width:{_percent(end - start)}"></div>'
    )


def _percent(value: float) -> str:
    return f"{100 * value:.2f}%"


def _hundred(value: float) -> str:
    return f"{100 * value:.0f}"
