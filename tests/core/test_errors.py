"""A message about input is one line that a terminal can be given, whatever it quotes."""

from __future__ import annotations

import pickle

import pytest

from core.errors import LONGEST, ConfigError, FacesError, InputError


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("there is no column 'é'", "there is no column 'é'"),
        ("a\nb\tc", "a b c"),
        ("\x1b[2Jgone", "\N{REPLACEMENT CHARACTER}[2Jgone"),
        ("\u202egnp.exe", "\N{REPLACEMENT CHARACTER}gnp.exe"),
        ("half \ud800", "half \N{REPLACEMENT CHARACTER}"),
        ("two  blanks stay", "two  blanks stay"),
    ],
)  # fmt: skip
def test_what_is_quoted_cannot_command_a_terminal(said: str, shown: str) -> None:
    assert str(ConfigError(said)) == shown
    assert str(ConfigError(said)).encode()


def test_a_long_message_keeps_its_beginning_and_its_way_out() -> None:
    told = str(FacesError(f"'{'x' * 10_000}' is too long: choose another name"))
    assert len(told) <= LONGEST + 3
    assert told.startswith("'xxx")
    assert told.endswith("x' is too long: choose another name")


def test_it_travels() -> None:
    assert str(pickle.loads(pickle.dumps(InputError("a\nb")))) == "a b"
