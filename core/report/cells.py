"""Figures as cells: a number, its interval, or the status that stands in its place."""

from __future__ import annotations

import math

from core.plots.compare import Span
from core.report.document import Words, muted, strong, words
from core.report.withheld import HIDDEN, is_hidden


def number(value: float | None, digits: int = 2) -> str:
    """A figure with a minus that is one; nothing where there is none, never 0."""
    if value is None or math.isnan(value):
        return ""
    said = f"{value:.{digits}f}"
    return (said.lstrip("-") if float(said) == 0 else said).replace("-", "−")


def interval(low: float | None, high: float | None, digits: int = 2) -> Words:
    """An interval, "0.73 to 0.79"; nothing where it is missing."""
    if low is None or high is None:
        return ()
    return words(muted(f" {number(low, digits)} to {number(high, digits)}"))


def cell(span: Span, digits: int = 2, scale: float = 1, *, bold: bool = False) -> Words:
    """A figure with its interval, or the status that says why there is none."""
    if span.value is None:
        return words(muted("" if span.status in ("", "ok") else span.status))
    value = number(scale * span.value, digits)
    low, high = (None if one is None else scale * one for one in (span.low, span.high))
    return words(strong(value) if bold else value, interval(low, high, digits))


def count(value: int, one: str, several: str) -> str:
    """ "1 person", "1,380 faces"."""
    return f"{value:,} {one if value == 1 else several}"


def people(value: int | None, status: str) -> str:
    """How many people a row of this `status` is of; "fewer than 10" or "withheld" where that is
    not told, never 0."""
    if not is_hidden(status):
        return "" if value is None else f"{value:,}"
    told = status.removeprefix(f"{HIDDEN}: ").removesuffix(" people")
    return told if told.startswith("fewer") else HIDDEN


def sentence(text: str) -> str:
    """`text` with a capital and a full stop."""
    text = text.strip().rstrip(". ")
    return f"{text[0].upper()}{text[1:]}." if text else ""


def spoken(name: str) -> str:
    """A column's name as a word."""
    return name.replace("_", " ")
