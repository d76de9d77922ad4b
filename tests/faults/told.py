"""The campaign's table as Markdown: kinds by phases, and what failed."""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults.case import Outcome
from tests.faults.plan import PHASES

BEGIN = "<!-- faults: written by python -m tests.faults --write -->"
END = "<!-- faults: end -->"


def page(found: Sequence[Outcome], hardware: str, date: str) -> str:
    """The part of docs/faults.md between its two marks, these included."""
    played = [one for one in found if not one.left_out]
    passed = sum(not one.problems for one in played)
    each = sum(one.seconds for one in played) / max(len(played), 1)
    lines = [
        BEGIN,
        f"{len(played)} faults on {date}, {passed} passed, {each:.1f} s each on the average. On: "
        f"{hardware}.",
        "",
        "Passed of played:",
        "",
        f"| | {' | '.join(PHASES)} | all |",
        "|---" * (len(PHASES) + 2) + "|",
        *(_row(kind, found) for kind in dict.fromkeys(one.case.kind for one in found)),
        "",
        *_failed(played),
        END,
    ]
    return "\n".join(lines)


def _row(kind: str, found: Sequence[Outcome]) -> str:
    own = [one for one in found if one.case.kind == kind]
    cells = [_cell([one for one in own if one.case.phase == phase]) for phase in PHASES]
    return f"| {kind} | {' | '.join(cells)} | {_cell(own)} |"


def _cell(own: Sequence[Outcome]) -> str:
    played = [one for one in own if not one.left_out]
    if not played:
        return f"left out: {own[0].left_out}" if own else ""
    return f"{sum(not one.problems for one in played)} of {len(played)}"


def _failed(played: Sequence[Outcome]) -> list[str]:
    lines = [
        f"- {one.case.kind}, {one.case.phase}, seed {one.case.seed}: {'; '.join(one.problems)}"
        for one in played
        if one.problems
    ]
    return ["What did not hold:", "", *lines, ""] if lines else []


def put(text: str, part: str) -> str:
    """`text` with `part` in the place of what stands between its own first and last line."""
    begin, *_, end = part.splitlines()
    before, rest = text.split(begin, 1)
    return before + part + rest.split(end, 1)[1]
