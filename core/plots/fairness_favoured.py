"""Whom a signed gap favours: a gap of "a - b" above zero is in favour of a, below zero of b."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from core.plots.fairness import WORST, Decided, Question, X, clear, group_name, sides

_LONGEST = 24
"""Letters of a group's name below a figure."""


def signs(pair: str, q: Question) -> str:
    """What the sign of a gap says, as a sentence with a blank behind it; empty without a sign."""
    two = _two(pair, q)
    return "" if two is None else f"Above zero {two[0]} is favoured, below zero {two[1]}. "


def wrongly(pair: str, q: Question) -> str:
    """What the sign of a gap of false positives says, with a blank before it."""
    two = _two(pair, q)
    if two is None:
        return ""
    return f" Gap of FPR: above zero {two[0]} is given a wrong yes more often, below zero {two[1]}."


def axis(pair: str, q: Question) -> str:
    """The title of an axis of gaps, with whom each of its ends favours; for plotly, escaped."""
    two = _two(pair, q)
    if two is None:
        return "gap (points)"
    a, b = (escape(one if len(one) <= _LONGEST else f"{one[: _LONGEST - 1]}…") for one in two)
    return f"← {b} favoured · gap (points) · {a} favoured →"


def favours(one: Decided, pair: str, q: Question) -> str:
    """ "favours female", where the gap of one way of deciding clears zero; else empty."""
    whom = _favoured(one, pair, q)
    return f"favours {whom}" if whom else ""


def turned(found: Sequence[Decided], pair: str, q: Question) -> str:
    """Which ways of deciding favour the other group than x does; empty where none does."""
    x = next((one for one in found if one.way == X), None)
    before = "" if x is None else _favoured(x, pair, q)
    told = [(one.way.title, _favoured(one, pair, q)) for one in found if one.way != X]
    others = [f"{title} favours {whom}" for title, whom in told if whom not in ("", before)]
    return f"x favours {before}, and {'; '.join(others)}." if before and others else ""


def _two(pair: str, q: Question) -> tuple[str, str] | None:
    """Whom a gap above and one below zero favours; None for the largest, which has no sign."""
    if pair == WORST:
        return None
    a, b = (group_name(one, q.protected) for one in sides(pair, q))
    return a, b


def _favoured(one: Decided, pair: str, q: Question) -> str:
    """The group that a gap favours which clears zero; empty where none can be told."""
    two, gap = _two(pair, q), one.gap(pair)
    if two is None or not clear(gap):
        return ""
    return two[0] if (gap.value or 0) > 0 else two[1]
