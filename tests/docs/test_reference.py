"""The reference: every setting, column and command has its words, and no word is left over."""

from __future__ import annotations

import re
from pathlib import Path

from core.table import COLUMNS
from docsite import command_line, settings, tables

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_setting_has_a_sentence_and_every_sentence_a_setting() -> None:
    said = settings.meanings()
    assert list(said) == list(settings.BLOCKS)
    for block, model in settings.BLOCKS.items():
        assert list(said[block]) == list(model.model_fields), block


def test_every_block_that_a_setting_leads_to_has_a_section() -> None:
    page = settings.page()
    for block in settings.BLOCKS:
        assert f"{{ #{block} }}" in page
    for name, key in (("splits", "splits"), ("faces", "obfuscate"), ("roles", "embeddings")):
        section = page.split(f"{{ #{name} }}")[0 if name == "splits" else 1]
        assert f"(#{key})" in section


def test_values_and_defaults_are_those_of_the_models() -> None:
    page = settings.page()
    assert "| `folds` | Groups that people are dealt into; each is the test part once. | " in page
    assert "a whole number from 2 to 20 | `5` |" in page
    assert "`quick`, `full` | `quick` |" in page
    assert "| true or false | `false` |" in page
    assert "a list of `random`, `most`, `least` | `[random, most, least]` |" in page


def test_every_table_and_column_has_words_and_no_word_is_left_over() -> None:
    said, columns = tables.meanings()
    assert set(said) == set(COLUMNS)
    used = set()
    for name, order in COLUMNS.items():
        missing = [column for column in order if column not in columns[name]]
        assert not missing, name
        used |= set(order)
    assert {column for own in columns.values() for column in own} <= used
    assert tables.page().count("\n## ") == len(COLUMNS) - 1


def test_every_command_has_its_help() -> None:
    page = command_line.page()
    assert set(command_line.names()) >= {"run", "check", "compare", "suppress", "report"}
    for name in command_line.names():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert f"Usage: python -m core {name}" in section
        assert section.count("```") == 2
    assert "--fail-if" in page
    assert "/tests/" not in page, "it is called python -m core, whoever asks"


def test_every_variable_of_the_environment_is_on_the_page() -> None:
    read = {
        name
        for room in ("core", "app")
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(r"\bBLINDFOLD_[A-Z]+\b", path.read_text(encoding="utf-8"))
    }
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    assert read == set(re.findall(r"^\| `(BLINDFOLD_[A-Z]+)`", page, re.MULTILINE))
