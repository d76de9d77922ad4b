"""docs/security.md names tests that exist, and settings as they are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from streamlit import config

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(test_\w+)`", TEXT)))
SETTINGS = re.findall(r"^\| `(\w+\.\w+)` \| `([^`]*)` \|", TEXT, re.MULTILINE)


def test_there_is_something_to_look_at() -> None:
    assert len(NAMED) > 30
    assert len(SETTINGS) > 8


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_is_named_exists(file: str) -> None:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {name for place, name in NAMED if place == file} <= there


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_settings_are_as_the_table_says(name: str, value: str) -> None:
    assert str(config.get_option(name)).lower() == value
