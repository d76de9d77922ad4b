"""Commands and settings that the documents show: they exist, and are read without a complaint."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

from core import audit_yaml
from core.__main__ import app
from core.command.check import read_checks
from core.condition.figures import CHANGES, TABLES
from core.config import config_from
from tests.docs.blocks import blocks

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

_CALL = re.compile(r"python -m core (?P<rest>[a-z][^`]*?)(?:`|$)", re.MULTILINE)
_MODULE = re.compile(r"python -m ((?:benchmarks|tests|docsite)[\w.]*)")


def commands() -> Mapping[str, Any]:
    """What the program can do, by name."""
    found: Mapping[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return found


def calls(path: Path) -> list[list[str]]:
    """The words of every `python -m core …` that a file shows in full; those with … are parts."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    found = [shlex.split(one["rest"], comments=True) for one in _CALL.finditer(text)
             if one["rest"].count("'") % 2 == 0 and one["rest"].count('"') % 2 == 0]  # fmt: skip
    shown = [[word.rstrip(";,.") for word in words if word not in ("then",)] for words in found]
    return [words for words in shown if len(words) > 1 and "…" not in words and "|" not in words]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_that_is_shown_can_be_given(path: Path) -> None:
    for name, *words in calls(path):
        command = commands().get(name)
        assert command is not None, f"{path.name} shows the command '{name}'"
        # Optional parts stand in brackets where a command is explained.
        words = [word.strip("[]") for word in words]
        given = command.make_context(name, list(words)).params
        if given.get("fail_if"):
            tables = {"changes": CHANGES} if name == "compare" else TABLES
            read_checks(given["fail_if"], tables)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_that_is_to_be_run_is_there(path: Path) -> None:
    for name in _MODULE.findall(path.read_text(encoding="utf-8")):
        place = ROOT.joinpath(*name.rstrip(".").split("."))
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_settings_in_yaml_blocks_are_valid(path: Path) -> None:
    for block in blocks(path, "yaml"):
        config_from(audit_yaml.parse(block.text))


def test_a_command_that_does_not_exist_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("    python -m core run audit.yaml --outt OUT\n\n`python -m core fly away`\n")
    assert calls(page) == [["run", "audit.yaml", "--outt", "OUT"], ["fly", "away"]]
    with pytest.raises(Exception, match="No such option"):
        commands()["run"].make_context("run", ["audit.yaml", "--outt", "OUT"])
