"""Conditions of `--fail-if`: figures, limits and and, or, not, as a tree.

`core.condition.reader` makes one from text, and `str` makes the text again; what figures there are
is known by `core.condition.figures`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

WORD = re.compile(r"[^\W\d][\w@.+-]*")
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
RESERVED = ("and", "or", "not")
"""Words that are the language's own."""


@dataclass(frozen=True)
class Figure:
    """One figure of an audit; `arguments` are (key, value), the key None where none was written."""

    table: str
    name: str
    arguments: tuple[tuple[str | None, str], ...] = ()

    def __str__(self) -> str:
        told = (f"{key}={quoted(value)}" if key else quoted(value) for key, value in self.arguments)
        return f"{self.table}.{self.name}({', '.join(told)})"


@dataclass(frozen=True)
class Comparison:
    """A figure held against `number`, which is in per cent where `percent` says so."""

    figure: Figure
    operator: str
    number: float
    percent: bool = False

    @property
    def limit(self) -> str:
        """The number as it was meant, "0.3" or "30.0 %"."""
        return f"{self.number!r} %" if self.percent else repr(self.number)

    def holds(self, value: float, *, in_per_cent: bool = False) -> bool:
        """Whether `value` is on that side of the number; `in_per_cent`: the figure is 70 for 70 %.

        A plain number is held against the figure as its column has it.
        """
        number = self.number / 100 if self.percent and not in_per_cent else self.number
        return {
            "<": value < number,
            "<=": value <= number,
            ">": value > number,
            ">=": value >= number,
        }[self.operator]

    def __str__(self) -> str:
        return f"{self.figure} {self.operator} {self.limit}"


@dataclass(frozen=True)
class Not:
    """The opposite of `one`."""

    one: Condition

    def __str__(self) -> str:
        return f"not {_inner(self.one)}"


@dataclass(frozen=True)
class Joined:
    """Two or more conditions joined by `word`, "and" or "or"."""

    word: str
    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return f" {self.word} ".join(_inner(part) for part in self.parts)


Condition = Comparison | Not | Joined


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Every comparison in a condition, as written from left to right."""
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, Not):
        yield from comparisons(condition.one)
    else:
        for part in condition.parts:
            yield from comparisons(part)


def holds(condition: Condition, answer: Callable[[Comparison], bool | None]) -> bool | None:
    """Whether the condition holds by what `answer` says of each comparison.

    None is "not known", and stays so unless the rest decides alone (Kleene 1938): a known true part
    decides an `or`, a known false one an `and`.
    """
    if isinstance(condition, Comparison):
        return answer(condition)
    if isinstance(condition, Not):
        found = holds(condition.one, answer)
        return None if found is None else not found
    every = [holds(part, answer) for part in condition.parts]
    decides = condition.word == "or"
    if decides in every:
        return decides
    return None if None in every else not decides


def _inner(condition: Condition) -> str:
    return f"({condition})" if isinstance(condition, Joined) else str(condition)


def quoted(value: str) -> str:
    """A value as it may be written: in quotes unless it is a word or a number."""
    plain = WORD.fullmatch(value) and value not in RESERVED
    if plain or NUMBER.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
