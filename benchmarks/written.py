"""The table of the benchmarks as Markdown, and its place in RESULTS.md between two comments.

Whatever stands outside of the comments stays. Rows of works that were not read this time stay too,
as long as they were read on the same hardware with the same libraries.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.sidebyside import Missing, Row, Spread

BEGIN = "<!-- side by side: written by python -m benchmarks --write -->"
END = "<!-- side by side: end -->"
TITLE = "## Side by side"
ON = "Read on: "
HEAD = (
    "| work | peer | ours, s | peer, s | times as fast | rounds | processor, s | target "
    "| agreement |",
    "|---|---|---|---|---|---|---|---|---|",
)


def line(row: Row | Missing) -> str:
    """One line of the table."""
    if isinstance(row, Missing):
        return _cells(row.work, row.peer, "", "", "", "", "", "", row.why)
    ours = "" if row.ours is None else _seconds(row.ours)
    theirs = "" if row.theirs is None else _seconds(row.theirs)
    ratio, count = "", ""
    if row.ratio is not None:
        ratio, count = _ratio(row.ratio), str(row.ratio.count)
    if row.scaled:
        theirs = f"≈ {theirs}"
    target = "" if row.target is None else f"{row.target:g}×{_met(row)}"
    told = f"{row.agreement}; {row.scaled}" if row.scaled else row.agreement
    spent = "" if row.processor is None else _spent(*row.processor)
    return _cells(row.work, row.peer, ours, theirs, ratio, count, spent, target, told)


def _spent(ours: float, theirs: float) -> str:
    times = f" ({theirs / ours:.1f}×)" if ours > 0 else ""
    return f"{ours:.3g} / {theirs:.3g}{times}"


def _met(row: Row) -> str:
    if row.ratio is None or row.target is None:
        return ""
    return "" if row.ratio.middle >= row.target else ", not met"


def page(lines: Sequence[str], hardware: str, notes: Sequence[str]) -> str:
    """The part between the comments, these included."""
    return "\n".join([BEGIN, TITLE, "", f"{ON}{hardware}.", "", *notes, "", *HEAD, *lines, "", END])


def write(path: Path, found: Sequence[Row | Missing], hardware: str, notes: Sequence[str]) -> None:
    """Put `found` into the file at `path`, in the place of older rows of the same works."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    before, kept, after = _parts(text, hardware)
    works = {row.work for row in found}
    lines = [one for one in kept if _work(one) not in works] + [line(row) for row in found]
    whole = before.rstrip() + "\n\n" + page(lines, hardware, notes) + after
    path.write_text(whole.lstrip(), encoding="utf-8")


def _parts(text: str, hardware: str) -> tuple[str, list[str], str]:
    """What stands before the table, its rows where they are of this hardware, what stands after."""
    if BEGIN not in text or END not in text:
        return text, [], "\n"
    before, rest = text.split(BEGIN, 1)
    inside, after = rest.split(END, 1)
    lines = inside.splitlines()
    rows = [one for one in lines if one.startswith("| ") and one not in HEAD]
    return before, rows if f"{ON}{hardware}." in lines else [], after


def _work(written: str) -> str:
    return written.split(" | ")[0].removeprefix("| ")


def _cells(*cells: str) -> str:
    return "| " + " | ".join(one.replace("|", "/") for one in cells) + " |"


def _seconds(one: Spread) -> str:
    digits = 3 if one.middle < 1 else 2 if one.middle < 10 else 1 if one.middle < 100 else 0
    told = f"{one.middle:.{digits}f}"
    if one.count == 1:
        return told
    return f"{told} ({one.low:.{digits}f} to {one.high:.{digits}f})"


def _ratio(one: Spread) -> str:
    digits = 1 if one.middle < 20 else 0
    told = f"**{one.middle:.{digits}f}**"
    if one.count == 1:
        return told
    return f"{told} ({one.low:.{digits}f} to {one.high:.{digits}f})"
