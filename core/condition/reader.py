"""Reads a condition of `--fail-if`: a small closed language, and nothing in it is ever run.

    condition   = all-of { "or" all-of }
    all-of      = one { "and" one }
    one         = "not" one | "(" condition ")" | figure OP number | number OP figure
    OP          = "<" | "<=" | ">" | ">="
    figure      = TABLE.NAME "(" [ argument { "," argument } ] ")"
    argument    = [ KEY "=" ] ( word | number | "text in quotes" )
    number      = digits, with a point or an exponent if need be, and "%" if it is per cent

A word begins with a letter and goes on with letters, digits and `_ . @ + -`. The text is cut into
tokens and read by recursive descent, one function a rule.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from core.condition.tree import NUMBER, RESERVED, WORD, Comparison, Condition, Figure, Joined, Not
from core.errors import ConditionError

LONGEST = 2000
"""Letters of a condition, at most."""
DEEPEST = 30
"""Brackets and nots inside one another, at most."""
EXAMPLE = "leakage.strongest(expression) > 0.30"

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_QUOTED = re.compile(r"""'(?:[^'\\]|\\['"\\])*'|"(?:[^"\\]|\\['"\\])*\"""")
_SIGN = re.compile(r"<=|>=|==|!=|[<>=(),%]")


def parse(text: str) -> Condition:
    """Read a condition; raises `ConditionError`, and nothing else, where `text` is none."""
    if len(text) > LONGEST:
        raise ConditionError(
            f"a condition of {len(text):,} letters is too long, {LONGEST:,} are the most: write "
            "several --fail-if"
        )
    return _Reader(_tokens(text), len(text)).all()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    kinds = (("word", WORD), ("number", NUMBER), ("text", _QUOTED), ("sign", _SIGN))
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        tried = ((kind, pattern.match(text, place)) for kind, pattern in kinds)
        kind, match = next(((kind, match) for kind, match in tried if match), ("", None))
        if match is None:
            raise ConditionError(
                f"'{text[place]}' at letter {place + 1} means nothing in a condition: write it "
                f"like {EXAMPLE}, and other text in quotes"
            )
        found.append(_Token(kind, match.group(), place))
        place = match.end()
    return found


class _Reader:
    """Reads tokens from left to right, one function a rule of the grammar."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._end = end
        self._at = 0
        self._depth = 0

    def all(self) -> Condition:
        found = self._joined("or")
        if self._next is not None:
            raise self._wrong("'and', 'or' or the end")
        return found

    @property
    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, *texts: str) -> bool:
        """Step over the next token where it is one of `texts`, and no text in quotes."""
        token = self._next
        if token is None or token.kind == "text" or token.text not in texts:
            return False
        self._at += 1
        return True

    def _joined(self, word: str) -> Condition:
        read = (lambda: self._joined("and")) if word == "or" else self._one
        parts = [read()]
        while self._take(word):
            parts.append(read())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ConditionError(
                f"the condition has more than {DEEPEST} brackets and nots inside one another: "
                "write several --fail-if"
            )
        if self._take("not"):
            found: Condition = Not(self._one())
        elif self._take("("):
            found = self._joined("or")
            self._expect(")")
        else:
            found = self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> Comparison:
        token = self._next
        if token is not None and token.kind == "number":
            number, percent = self._number()
            operator = self._operator()
            return Comparison(self._figure(), _FLIPPED[operator], number, percent)
        figure = self._figure()
        operator = self._operator()
        after = self._next
        if after is not None and after.kind == "word" and after.text not in RESERVED:
            raise ConditionError(
                f"'{after.text}' stands where a number must: a figure is held against a number; "
                "two figures of one audit are compared by differences.…, which is paired"
            )
        return Comparison(figure, operator, *self._number())

    def _operator(self) -> str:
        token = self._next
        if token is not None and token.text in ("=", "==", "!="):
            raise ConditionError(
                f"'{token.text}' at letter {token.place + 1} asks whether a measured figure is "
                "exactly a number, which says nothing: use <, <=, > or >="
            )
        if token is None or token.text not in _FLIPPED:
            raise self._wrong("<, <=, > or >=")
        self._at += 1
        return token.text

    def _number(self) -> tuple[float, bool]:
        token = self._next
        if token is None or token.kind != "number":
            raise self._wrong("a number, such as 0.30 or 30 %")
        self._at += 1
        value = float(token.text)
        if not math.isfinite(value):
            raise ConditionError(f"the number {token.text} is too large: figures are about 0 to 1")
        return value, self._take("%")

    def _figure(self) -> Figure:
        token = self._next
        if token is None or token.kind != "word" or token.text in RESERVED:
            raise self._wrong(f"a figure, such as {EXAMPLE.split(' >')[0]}")
        table, dot, name = token.text.partition(".")
        if not dot or not name:
            raise ConditionError(
                f"'{token.text}' at letter {token.place + 1} is no figure: write the table, a "
                f"point and what is asked of it, as in {EXAMPLE}"
            )
        self._at += 1
        self._expect("(")
        arguments: list[tuple[str | None, str]] = []
        while not self._take(")"):
            if arguments:
                self._expect(",", "or ')'")
            arguments.append(self._argument(arguments))
        return Figure(table, name, tuple(arguments))

    def _argument(self, before: list[tuple[str | None, str]]) -> tuple[str | None, str]:
        key = None
        named = self._tokens[self._at : self._at + 2]
        if len(named) == 2 and named[0].kind == "word" and named[1].text == "=":
            key = named[0].text
            self._at += 2
            if key in {one for one, _ in before}:
                raise ConditionError(f"'{key}' is given twice: leave one out")
        elif before and before[-1][0] is not None:
            place = self._end if self._next is None else self._next.place
            raise ConditionError(
                f"at letter {place + 1} a value without a name follows one that has a name: put "
                "it first, or write name=value"
            )
        return key, self._value()

    def _value(self) -> str:
        token = self._next
        if token is None or token.kind == "sign":
            raise self._wrong("a word, a number or text in quotes")
        if token.kind == "word" and token.text in RESERVED:
            raise self._wrong("a word (this one is the language's own: put it in quotes)")
        self._at += 1
        if token.kind == "text":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        return token.text

    def _expect(self, sign: str, more: str = "") -> None:
        if not self._take(sign):
            raise self._wrong(" ".join(one for one in (f"'{sign}'", more) if one))

    def _wrong(self, needs: str) -> ConditionError:
        token = self._next
        found = "the condition ends" if token is None else f"there is {token.text}"
        place = self._end if token is None else token.place
        return ConditionError(
            f"at letter {place + 1} {found}, and {needs} must stand there: write the condition "
            f"like {EXAMPLE}, and values such as 18-30 in quotes"
        )
