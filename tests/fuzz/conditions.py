"""Conditions of `--fail-if`, well formed and not, for `core.condition.reader`."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from core.condition.reader import LONGEST, parse
from core.condition.tree import Condition
from tests.fuzz.reader import Reader

TOKENS = (
    "leakage.strongest(expression)", "verification.accuracy(x, distance=cosine)", "leakage.x", ">",
    "<=", "0.30", "30 %", "and", "or", "not", "(", ")", "18-30", "'18-30'", '"a\\"b"', "=", "==",
    ",", "%", "1e999", "9" * 400, "-", ".", "..", "é.é()", "a.b(c=1, c=2)", "a.b(1, c=2, 3)",
    "__import__", "a.b('", "\\", "\0", "\x1b[1m", "\n", "\u202e", "x" * 300, "nan", "inf", "+.5e-3",
    "٣", "²",
    "1_0",
)  # fmt: skip
_GOOD = ("leakage.strongest(expression) > 0.30", "0.1 <= leakage.rf(gender, representation='φ(x)')",
         "not verification.accuracy() < 95 %")  # fmt: skip


def _cases() -> st.SearchStrategy[str]:
    good = st.sampled_from(_GOOD)
    joined = st.recursive(
        good, lambda inner: st.lists(inner, min_size=2, max_size=3).flatmap(_joined), max_leaves=6
    )
    tokens = st.lists(st.sampled_from(TOKENS) | st.sampled_from(_GOOD), max_size=12).map(" ".join)
    sign = st.sampled_from(("(", "not ", "not("))
    deep = st.builds(lambda sign, many: sign * many + _GOOD[0], sign, st.integers(1, 900))
    return joined | tokens | st.text(max_size=30) | deep


def _joined(parts: list[str]) -> st.SearchStrategy[str]:
    word = st.sampled_from((" and ", " or ", "\tand\n"))
    return word.map(lambda one: "(" + one.join(parts) + ")")


def _build(case: str, folder: Path) -> Path:
    path = folder / "condition.txt"
    path.write_bytes(case.encode("utf-8", "surrogatepass"))
    return path


def _read(path: Path) -> Condition:
    return parse(path.read_bytes().decode("utf-8", "surrogatepass"))


def _keeps(found: Condition, path: Path) -> None:
    """What was read can be written, and reads as the same."""
    if len(str(found)) <= LONGEST:  # numbers may be longer in full
        assert parse(str(found)) == found


READER = Reader("condition", "conditions of --fail-if", _cases(), _build, _read, _keeps,
                lambda case: case in _GOOD)  # fmt: skip
