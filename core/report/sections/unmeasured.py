"""What could not be measured, and why; what was not asked for; what no figure here can tell."""

from __future__ import annotations

from collections.abc import Iterator

from core.report.cells import sentence, spoken
from core.report.document import Block, Heading, Table, columns, paragraph, row
from core.report.result import Result

STUDIES = ("leakage", "verification", "ablation", "projection", "fairness", "action_units",
           "anonymity")  # fmt: skip

LIMITS = (
    "Leakage is a lower bound. It grows with the people that an attacker has to learn from, and a "
    "stronger attacker may read more. Where nothing was found, the least that would have been seen "
    "is said.",
    "Figures hold for this encoder, for people like these and for pictures like these. Another "
    "encoder gives other vectors.",
    "A suppressed vector still tells who somebody is: that is its purpose. It is personal data.",
    "A label is what the data set calls a person or a face, and not what the person is or feels.",
    "This report measures what vectors reveal; it gives no legal verdict. In the EU, inferring "
    "emotions at work and in education is prohibited (AI Act, Art. 5(1)(f)).",
)


def unmeasured(result: Result) -> Iterator[Block]:
    """Warnings, studies without figures, and the limits of all of it."""
    if result.warnings:
        yield Heading("Told on the way", "What the audit warned of while it ran.")
        yield Table(columns("warning"), tuple(row(sentence(one)) for one in result.warnings))
    else:
        yield paragraph("The audit ran without a warning.")
    asked = [one for one in STUDIES if result.asked(one)]
    lost = result.withheld.tables
    empty = [one for one in asked if result.table(one) is None and not lost.get(one)]
    gone = [one for one in asked if result.table(one) is None and lost.get(one)]
    if empty:
        yield paragraph(f"Asked for and without a figure: {_listed(empty)}. The warnings say why.")
    if gone:
        yield paragraph(
            f"Measured, and withheld from this report altogether: {_listed(gone)}, of fewer than "
            f"{result.withheld.smallest} people."
        )
    left = [one for one in STUDIES if one not in asked]
    if left:
        yield paragraph(f"Not part of this run: {_listed(left)}.")
    yield Heading("What no figure here can tell")
    for one in LIMITS:
        yield paragraph(one)


def _listed(names: list[str]) -> str:
    return ", ".join(spoken(one) for one in names)
