"""The times of the way as a table, and its place in docs/walkthrough.md between two comments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

BEGIN = "<!-- times: written by python -m benchmarks.walkthrough -->"
END = "<!-- times: end -->"
LIMIT = 600
"""Seconds in which a newcomer has a filed report (issue 9)."""
INSTALL, START = "Install the packages", "Start the dashboard"


def times(seconds: Sequence[tuple[str, float]], when: str, machine: str) -> str:
    """The part between the comments, these included."""
    whole = sum(figure for _, figure in seconds)
    rows = [f"| {number} | {name} | {figure:.0f} |"
            for number, (name, figure) in enumerate(seconds, start=1)]  # fmt: skip
    left = LIMIT - whole
    told = (
        f"A script clicked: {minutes(left)} of the ten minutes are left for reading and choosing."
        if left >= 0
        else f"That is {minutes(-left)} more than the ten minutes that it may take."
    )
    return "\n".join([
        BEGIN,
        "| | step | seconds |",
        "|---:|---|---:|",
        *rows,
        f"| | **from nothing to the report** | **{whole:.0f}** |",
        "",
        f"{minutes(whole).capitalize()} in all. {told} Measured on {when}: {machine}.",
        END,
    ])  # fmt: skip


def minutes(seconds: float) -> str:
    """ "6 min 52 s"."""
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s"


def write(page: Path, table: str) -> None:
    """Put `table` in the place of the one that `page` has."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    page.write_text(before + table + rest.split(END, 1)[1], encoding="utf-8")
