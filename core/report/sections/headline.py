"""The headline of the audit: one sentence with its intervals, and the figures behind it."""

from __future__ import annotations

from collections.abc import Iterator

from core.plots.compare import METRIC, Card, Tables, cards, representations, sensitive
from core.plots.findings import CONTROLS
from core.report.cells import cell, number, spoken
from core.report.document import (
    Block,
    Heading,
    Paragraph,
    Role,
    Row,
    Run,
    Table,
    badges,
    columns,
    muted,
    paragraph,
    row,
    strong,
    words,
)
from core.report.result import Result
from core.sentence import clears, pieces

CARELESS = (
    "This run splits images, not people, so that attackers meet the same people twice. Its "
    "figures show what a careless audit would have claimed; they are not a finding."
)
SYNTHETIC = (
    "The faces are drawn by a program. These figures show how the method works and say nothing "
    "about any person or about an encoder of photographs."
)


def headline(result: Result) -> Iterator[Block]:
    """The sentence of `audit.json`, what takes it back, and before and after by representation."""
    yield from warned(result)
    if result.table("leakage") is None and not result.asked("leakage"):
        studies = ", ".join(spoken(one) for one in result.config.get("studies") or ())
        yield paragraph(f"No label was attacked in this run. What was studied: {studies}.",
                        kind="headline")  # fmt: skip
    elif result.withheld.headline:
        label = spoken(str(result.audit["headline"].get("attribute") or "any label"))
        yield paragraph(f"What attackers read of {label} is {result.withheld.status}.",
                        kind="headline")  # fmt: skip
    else:
        yield Paragraph(_sentence(result), "headline")
        yield from _note(result)
    tables = tables_of(result)
    if tables is None:
        return
    for label in sensitive(result.config, tables.leakage):
        yield from _glance(result, tables, label)


def warned(result: Result) -> Iterator[Block]:
    """What must be said before any figure."""
    if result.careless:
        yield paragraph(strong("Careless preset. "), CARELESS, kind="alarm")
    if result.synthetic:
        yield paragraph(strong("Synthetic. "), SYNTHETIC, kind="aside")


def tables_of(result: Result) -> Tables | None:
    """The tables that representations are compared by; None where nothing was attacked."""
    leakage = result.table("leakage")
    if leakage is None:
        return None
    named = ("verification", "differences", "confusion", "collapse", "training", "frontier",
             "groups")  # fmt: skip
    return Tables(leakage, **{name: result.table(name) for name in named})


def _sentence(result: Result) -> tuple[Run, ...]:
    told = result.audit["headline"]
    warm = clears(told)
    roles: dict[str, Role] = {
        "span": "muted", "after": "after", "before": "leak" if warm else "strong", "": "",
    }  # fmt: skip
    found: list[Run] = []
    for piece in pieces(told):
        text = f" ({piece.text})" if piece.role == "span" else piece.text
        found.append(Run(text, roles.get(piece.role, "strong")))
    return words(*found)


def _note(result: Result) -> Iterator[Block]:
    told = result.audit["headline"]
    least = told.get("detectable")
    if told["status"] == "nothing found" and least is not None:
        yield paragraph(
            f"An attacker that is right {100 * least:.0f} times in 100 would have been seen."
        )
    if told["status"] == "few people" and told.get("value") is not None:
        yield paragraph("There are few people: the interval is wide.")
    if told.get("value") is not None:
        yield paragraph(
            "Times in 100: balanced accuracy of the strongest attacker on people whom it had never "
            "met, with the 95 % interval over people. It is a lower bound: whoever knows more "
            "people, or a better attack, may read more.",
            kind="note",
        )


def _glance(result: Result, tables: Tables, label: str) -> Iterator[Block]:
    names = [name for name in representations(tables.leakage, label) if name not in CONTROLS]
    shown = cards(tables, label, names, result.kinds)
    if not shown:
        return
    yield Heading(
        f"{label} at a glance" if len(shown) > 1 else label,
        f"Strongest attacker by {METRIC.replace('_', ' ')}; verification: accuracy of telling "
        "whether two pictures show one person; lost: its paired difference from x, in points. "
        "95 % intervals over people.",
    )
    yield Table(
        columns("representation", "#strongest attacker", "#guessing", "finding", "#verification",
                "#lost"),
        tuple(_line(card) for card in shown),
    )  # fmt: skip


def _line(card: Card) -> Row:
    after = card.after
    figure: object = ""
    if after is not None:
        figure = number(after.value) if after.value is not None else ""
        if after.value is not None and after.low is not None:
            figure = words(figure, muted(f" {number(after.low)} to {number(after.high)}"))
    return row(
        words(strong(card.title)), figure,
        words(muted(number(None if after is None else after.chance))), badges(card.words),
        cell(card.verification, 3), "" if card.name == "x" else cell(card.lost, 1),
    )  # fmt: skip
