"""The reference of the command line: what `--help` says, command by command."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import typer

from core.__main__ import app

WIDTH = 92
"""Letters in a line of help."""


def names() -> list[str]:
    """Every command, in the order of `--help`."""
    return list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def help_of(*command: str) -> str:
    """What `python -m core [COMMAND] --help` prints, in lines of `WIDTH`."""
    said = io.StringIO()
    with redirect_stdout(said):
        app(
            [*command, "--help"], prog_name="python -m core", standalone_mode=False,
            terminal_width=WIDTH, max_content_width=WIDTH,
        )  # fmt: skip
    return said.getvalue().strip("\n")


def page() -> str:
    """The reference as Markdown: the whole first, then a section for each command."""
    lines = ["```text", help_of(), "```", ""]
    for name in names():
        lines += [f"## {name}", "", "```text", help_of(name), "```", ""]
    return "\n".join(lines)
