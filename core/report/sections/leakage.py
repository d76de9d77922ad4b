"""Leakage: what attackers read from each representation, label by label."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pandas as pd

from core.papers import PaperFigure
from core.plots.findings import CONTROLS, METRICS, Line, describe, lines, title
from core.plots.leakage import alt_text, leakage_figure
from core.plots.tokens import LIGHT, full
from core.report.cells import interval, number, people
from core.report.document import (
    Block,
    Column,
    Figure,
    Heading,
    Row,
    Table,
    Words,
    badges,
    muted,
    paragraph,
    row,
    strong,
    words,
)
from core.report.result import Result

METRIC = "balanced_accuracy"
"""The figure that leads; the others are in the table."""


def leakage(result: Result) -> Iterator[Block]:
    """A figure and a table for each label that was attacked."""
    table = result.table("leakage")
    if table is None:
        return
    given = result.audit["parts"].get("attacker")
    learnt = f": attackers were given {given:,} people" if given else ""
    yield paragraph(
        "What an attacker reads from each representation, on people it has never seen. Each figure "
        f"is a lower bound{learnt}.",
        kind="lead",
    )
    for label in dict.fromkeys(table["attribute"].astype(str)):
        yield from _label(result, table, label)
    yield from pair_attacker(result)
    yield paragraph(
        "Accuracy and AUC of every attacker are in tables/leakage.csv, with the same intervals.",
        kind="note",
    )


def _label(result: Result, table: pd.DataFrame, label: str) -> Iterator[Block]:
    metrics = list(dict.fromkeys(table.loc[table["attribute"] == label, "metric"].astype(str)))
    metric = METRIC if METRIC in metrics or not metrics else metrics[0]
    shown = lines(table, label, metric)
    if not shown:
        return
    yield Heading(
        title(shown, label),
        f"Dot: {METRICS.get(metric, metric)} on unseen people. Bar: 95 % interval over people. "
        "Filled and warm where the interval clears the null (grey band: what permuted labels "
        f"reach); hollow grey where nothing was found.{_also(shown)}",
    )
    yield Figure(leakage_figure(table, label, metric, LIGHT), alt_text(table, label, metric))
    yield rows_of_lines(shown, metric)
    told = list(dict.fromkeys(_printed(one.paper) for one in shown if one.paper is not None))
    told += _other_labels(result, label)
    if told:
        yield paragraph(" ".join(told), kind="note")


def _also(shown: list[Line]) -> str:
    said = ""
    if any(one.paper is not None for one in shown):
        said += " Diamond: the figure printed in the paper, on other data."
    if any(one.representation not in (*CONTROLS, "x") for one in shown):
        said += " Dotted beside a suppressor: what the same attack says of pure noise."
    return said


def rows_of_lines(shown: list[Line], metric: str) -> Table:
    """The same figures in rows, in the same order."""
    drops = any(one.drop is not None for one in shown if one.representation not in CONTROLS)
    papers = any(one.paper is not None for one in shown)
    heads = [("attacker", False), (METRICS.get(metric, metric), True), ("guessing", True),
             ("null", True)]  # fmt: skip
    heads += [("drop", True)] if drops else []
    heads += [("people", True), ("finding", False), ("would have seen", True)]
    heads += [("paper", True)] if papers else []
    rows: list[Row] = []
    for name, group in groupby(shown, key=lambda one: one.representation):
        told = describe(name).removeprefix(full(name)).strip()
        rows.append(row(words(full(name), muted(f" {told}")), kind="group"))
        rows += [_row(one, drops, papers) for one in group]
    return Table(tuple(Column(name, numeric) for name, numeric in heads), tuple(rows))


def _row(one: Line, drops: bool, papers: bool) -> Row:
    name: Words = words(one.attacker)
    if one.chosen:
        name = words(one.attacker, muted(f" mostly {one.chosen}"))
    elif one.strongest:
        name = words(one.attacker, " (strongest)")
    figure = words(number(one.value), interval(one.low, one.high)) if one.value is not None else ""
    cells: list[Any] = [name, figure, words(muted(number(one.chance))),
                        words(muted(number(one.null)))]  # fmt: skip
    cells += ["" if one.drop is None else f"{number(one.drop, 0)} %"] if drops else []
    cells += [people(one.people, one.status), badges(one.findings)]
    least = one.status == "nothing found" and one.detectable is not None
    cells.append(words(muted(f"≥ {number(one.detectable)}")) if least else "")
    cells += [words(muted(number(one.paper.value if one.paper else None, 3)))] if papers else []
    return row(*cells, kind="best" if one.strongest else "")


def _printed(paper: PaperFigure) -> str:
    """What differs about a printed figure, and what was misprinted beside it."""
    fitted = f"; φ was fitted against {paper.suppressed}" if paper.suppressed else ""
    noted = f" The drop is {paper.note}." if paper.note.startswith("printed") else ""
    return f"The paper's figures ({paper.source}) come from {paper.differs}{fitted}.{noted}"


def _other_labels(result: Result, label: str) -> list[str]:
    """What the other labels alone predict, without a look at any vector."""
    found = result.facts("other_labels").get(label)
    if not found or found.get("value") is None:
        return []
    told = words(number(found["value"]), interval(found.get("low"), found.get("high")))
    figure = "".join(run.text for run in told).replace(" ", " (", 1)
    figure += ")" if "(" in figure else ""
    return [f"Without any vector the other labels alone predict {label} at {figure}, balanced "
            "accuracy."]  # fmt: skip


def pair_attacker(result: Result) -> Iterator[Block]:
    """Which of two pictures of a person shows the class: another question, in its own table."""
    table = result.table("pairs")
    if table is None:
        return
    yield Heading(
        "Two pictures of one person",
        "The pair attacker is given two vectors of a person and says which shows the class; "
        "guessing is right half the time. It answers another question than the attackers above.",
    )
    rows = []
    for one in table.to_dict("records"):
        value, low, high = (None if pd.isna(one[k]) else float(one[k])
                            for k in ("value", "low", "high"))  # fmt: skip
        kind = one.get("class")
        asked = str(one["attribute"]) + ("" if kind is None or pd.isna(kind) else f": {kind}")
        rows.append(row(
            words(strong(full(str(one["representation"])))), asked,
            words(number(value), interval(low, high)) if value is not None else "",
            people(None if pd.isna(one["identities"]) else int(one["identities"]),
                   str(one["status"])),
            badges([] if one["status"] == "ok" else [str(one["status"])]),
        ))  # fmt: skip
    yield Table(
        (Column("representation"), Column("asked"), Column("right", True), Column("people", True),
         Column("finding")),
        tuple(rows),
    )  # fmt: skip
