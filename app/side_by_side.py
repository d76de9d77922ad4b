"""Representations side by side on the Compare page: a column of figures under a coloured rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from app import look
from app.jobs import View
from app.look import Html
from core.plots.compare import Card, Span
from core.plots.compare_words import fitted, summary
from core.plots.findings import CONTROLS, Line, describe
from core.plots.tokens import DARK, LIGHT, colour


def cards(view: View, shown: Sequence[Card]) -> None:
    """A column for each representation shown."""
    for row in beside(shown):
        for column, card in zip(st.columns(wide(shown)), row, strict=False):
            with column:
                _card(view, card)


def wide(shown: Sequence[Card]) -> int:
    """How many stand beside each other; further ones begin a new row."""
    return 2 if len(shown) in (2, 4) else 3


def beside(shown: Sequence[Card]) -> Iterable[Sequence[Card]]:
    """The rows of `shown`, each as many as stand beside each other."""
    return (shown[start : start + wide(shown)] for start in range(0, len(shown), wide(shown)))


def _card(view: View, card: Card) -> None:
    hue = f"light-dark({colour(card.kind, LIGHT)},{colour(card.kind, DARK)})"
    lines = [
        look.join(look.glyph(card.kind), " ", look.bold(card.title), " ", look.muted(_what(card))),
        look.join(summary(card), " ", look.badges(card.words)),
        _pair(f"{card.attribute}, strongest", figure(card.after, strong=True)),
    ]
    if card.name != "x":
        lines.append(_pair("the same in x", figure(card.before)))
    if card.name != "x" and card.name not in CONTROLS:
        lines.append(_pair("drop", _span(card.drop, " %", 1, 0)))
    lines += [_pair(f"{label}, strongest", figure(one)) for label, one in card.others]
    verified = card.verification
    missing = look.muted(verified.status or _later(view))
    told = _span(verified, " %", 100, 1) if verified.value is not None else missing
    lines.append(_pair("verification", told))
    if card.name != "x" and card.lost.value is not None:
        lines.append(_pair("lost on x", _span(card.lost, " points", 1, 1)))
    if card.name not in CONTROLS:
        lines.append(_pair("effective rank", _rank(view, card)))
    own = fitted(view.audit, card.name)
    inner = "".join(f'<div style="padding:.1rem 0">{line}</div>' for line in lines)
    note = f'<div class="m" style="font-size:.875rem">{look.text(own)}</div>' if own else ""
    look.put(
        Html(
            f'<div style="border-top:3px solid {hue};padding-top:.6rem;overflow-wrap:anywhere">'
            f"{inner}{note}</div>"
        )
    )


def _what(card: Card) -> str:
    """Its short name and what it is."""
    label = "" if card.label == card.title else card.label
    return f"{label} {describe(card.kind).removeprefix(card.title).strip()}".strip()


def _pair(name: str, figure: object) -> Html:
    """A name on the left and its figure on the right."""
    return look.join(Html('<div class="run">'), look.muted(name), Html("<span>"), figure,
                     Html("</span></div>"))  # fmt: skip


def figure(line: Line | Span | None, *, strong: bool = False, digits: int = 2) -> Html:
    """A figure with its interval, a fraction; what has none says why."""
    if line is None or line.value is None:
        return look.muted("" if line is None else line.status)
    number = look.number(line.value, digits)
    told = look.bold(number) if strong else number
    return look.join(told, " ", look.span(line.low, line.high, 1, digits))


def _span(span: Span, unit: str, scale: float, digits: int) -> Html:
    if span.value is None:
        return look.muted("cannot be given")
    figure = look.number(scale * span.value, digits) + unit
    return look.join(figure, " ", look.span(span.low, span.high, scale, digits))


def _rank(view: View, card: Card) -> Html:
    if card.rank is None:
        return look.muted(card.collapse or _later(view))
    beside = "" if card.name == "x" or card.rank_before is None else f"of {card.rank_before:.0f}"
    told = [beside, f"mean cosine {card.cosine:.2f}" if card.cosine is not None else ""]
    note = ", ".join(one for one in told if one)
    return look.join(look.number(card.rank, 0), " ", look.muted(note))


def _later(view: View) -> str:
    return "comes at the end" if view.active else "not measured"
