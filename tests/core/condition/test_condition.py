"""The language of `--fail-if`: what is written comes back, and nothing else than sense is read."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.condition.reader import DEEPEST, LONGEST, parse
from core.condition.tree import Comparison, Condition, Figure, Joined, Not, comparisons, holds
from core.errors import ConditionError

WORDS = st.from_regex(r"[a-zA-Zé_][a-zA-Z0-9_@+\-]{0,8}", fullmatch=True).filter(
    lambda word: word not in ("and", "or", "not")
)
VALUES = st.one_of(WORDS, st.text(max_size=8), st.sampled_from(["0.9", "18-30", "and", 'a"b\\']))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@st.composite
def figures(draw: st.DrawFn) -> Figure:
    plain = [(None, value) for value in draw(st.lists(VALUES, max_size=2))]
    keys = draw(st.lists(WORDS, max_size=2, unique=True))
    named = [(key, draw(VALUES)) for key in keys]
    return Figure(draw(WORDS), draw(WORDS), (*plain, *named))


LEAVES: st.SearchStrategy[Condition] = st.builds(
    Comparison, figures(), st.sampled_from(["<", "<=", ">", ">="]), NUMBERS, st.booleans()
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(
            Joined,
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3).map(tuple),
        ),
    ),
    max_leaves=4,
)


@settings(max_examples=80, deadline=None)
@given(CONDITIONS)
def test_what_was_written_is_read_again(condition: Condition) -> None:
    assert parse(str(condition)) == condition


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                ["leakage.nn", "(", ")", ",", "=", "x", "'", '"', ">", "<=", "3", "%", "and", "or",
                 "not", "\\", "1e999", ".", "and.b", "\x00", "𝟛"]
            ),
            max_size=25,
        ).map(" ".join),
    )
)  # fmt: skip
def test_no_text_raises_anything_but_its_own_error(text: str) -> None:
    with suppress(ConditionError):
        assert list(comparisons(parse(text)))


def test_the_example_of_the_contract() -> None:
    found = parse("leakage.strongest(expression) > 0.30")
    asked = Figure("leakage", "strongest", ((None, "expression"),))
    assert found == Comparison(asked, ">", 0.3)
    assert found == parse("0.30 < leakage.strongest(expression)")
    assert found == parse("(((leakage.strongest('expression')>.3)))")


def test_per_cent_is_a_hundredth_but_not_of_what_is_in_per_cent() -> None:
    found = parse("leakage.nn(a) > 30 %")
    assert isinstance(found, Comparison)
    assert found.holds(0.31)
    assert not found.holds(0.30)
    assert found.holds(31, in_per_cent=True)
    assert not found.holds(0.31, in_per_cent=True)


def test_and_binds_closer_than_or_and_not_closest() -> None:
    a, b, c = (f"t.{name}() > 0" for name in "abc")
    found = parse(f"{a} or {b} and not {c}")
    assert isinstance(found, Joined)
    assert found.word == "or"
    assert str(found) == f"{parse(a)} or ({parse(b)} and not {parse(c)})"


A, B = (Comparison(Figure("t", name), ">", 0.0) for name in "AB")


@pytest.mark.parametrize(
    ("condition", "meant"),
    [
        (Joined("or", (A, B)), lambda a, b: a or b),
        (Joined("and", (A, B)), lambda a, b: a and b),
        (Not(A), lambda a, b: not a),
        (Not(Joined("and", (A, Not(B)))), lambda a, b: not a or b),
    ],
    ids=["or", "and", "not", "nested"],
)
def test_what_is_not_known_stays_so_unless_the_rest_decides(
    condition: Condition, meant: Callable[[bool, bool], bool]
) -> None:
    """Against the slow twin: it is known where every way to fill the gaps agrees."""
    for values in itertools.product((True, False, None), repeat=2):
        known = dict(zip("AB", values, strict=True))
        ways = [(True, False) if value is None else (value,) for value in values]
        every = {meant(a, b) for a, b in itertools.product(*ways)}
        expected = every.pop() if len(every) == 1 else None
        assert holds(condition, lambda one, told=known: told[one.figure.name]) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the condition ends, and a figure"),
        ("x > 1", "'x' at letter 1 is no figure"),
        ("leakage.nn > 1", "'(' must stand there"),
        ("leakage.nn(a)", "<, <=, > or >= must stand there"),
        ("leakage.nn(a) == 1", "asks whether a measured figure is exactly a number"),
        ("leakage.nn(a) > leakage.nn(b)", "a figure is held against a number"),
        ("leakage.nn(a) > 1e999", "too large"),
        ("leakage.nn(a, b=1, c) > 1", "a value without a name follows"),
        ("leakage.nn(a=1, a=2) > 1", "'a' is given twice"),
        ("leakage.nn(18-30) > 1", "in quotes"),
        ("leakage.nn(a) > 1 leakage.nn(a) > 1", "'and', 'or' or the end"),
        ("leakage.nn(a) > __import__('os')", "a figure is held against a number"),
        ("leakage.nn(a) > 1; 2", "';' at letter 18 means nothing"),
        ("not " * (DEEPEST + 1) + "a.b() > 1", f"more than {DEEPEST} brackets"),
        ("(" * 500, f"more than {DEEPEST} brackets"),
        ("a" * (LONGEST + 1), "too long"),
    ],
)
def test_each_fault_is_named(text: str, said: str) -> None:
    with pytest.raises(ConditionError) as raised:
        parse(text)
    assert said in str(raised.value)
