"""Reading settings: a hostile or broken file is an error with a line, never a surprise."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from core import audit_yaml
from core.audit_yaml import LIMIT_BYTES, parse, read, write
from core.errors import ConfigError

BOMB = "a: &a [x, x]\n" + "".join(
    f"{after}: &{after} [*{before}, *{before}]\n"
    for before, after in zip(string.ascii_lowercase, string.ascii_lowercase[1:], strict=False)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "anchor or alias"),
        ("a: 1\nb: 2\na: 3", "line 3 gives 'a' a second time"),
        ("x: {a: 1, a: 2}", "a second time"),
        ("- a\n- b", "mapping"),
        ("just text", "mapping"),
        ("   \n", "empty"),
        ("# only a comment", "mapping"),
        ("a: [1, 2", "not YAML at line 1"),
        ("a: b: c", "not YAML at line 1"),
        ("a: 1\n---\nb: 2", "not YAML"),
        ("a: !!python/object/apply:os.getcwd []", "YAML tag"),
        ("a: !!binary aGk=", "YAML tag"),
        ("? [a, b]\n: c", "no name"),
        ("[" * 500, "nested deeper"),
        ("a: {" * 500, "nested deeper"),
        ("a: [" + "x," * 30_000 + "]", "20,000 values"),
        ("a: " + "9" * 5000, "digits"),
        ("a: \x07", "not YAML"),
    ],
)
def test_what_is_no_settings_file_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["missing.yaml", "folder", "latin1.yaml", "large.yaml", "pipe"])
def test_a_file_that_cannot_be_settings_is_named(name: str, tmp_path: Path) -> None:
    import os

    (tmp_path / "folder").mkdir()
    (tmp_path / "latin1.yaml").write_bytes("name: caf\xe9".encode("latin-1"))
    (tmp_path / "large.yaml").write_bytes(b"#" * (LIMIT_BYTES + 1))
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for ever
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfname: x")
    assert read(tmp_path / "a.yaml") == {"name": "x"}


@pytest.mark.parametrize(
    "value",
    [
        *("no", "007", "1e3", "1.5", "-3", "null", "~", "", " x", "a: b", "# a", "ä φ", "true"),
        *("[", "&a", 1, -3, 1.5, 1e-7, 1e300, True, False, None, [1, ["a"], {}]),
        {"1": {"null": "no"}},
    ],
)
def test_what_is_written_is_read_back(value: object) -> None:
    assert parse(write({"key": value})) == {"key": value}


def test_reading_stops_at_the_limit_and_not_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long list is refused after the limit, not after it was read whole."""
    made = 0
    real = audit_yaml.yaml.ScalarNode

    def counted(*arguments: object, **named: object) -> object:
        nonlocal made
        made += 1
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("yaml.composer.ScalarNode", counted)
    with pytest.raises(ConfigError, match="values"):
        parse("a: [" + "x," * 100_000 + "]")
    assert made < 25_000
