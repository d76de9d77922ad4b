"""Ablation: how few numbers of a vector still give a label away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from core.papers import ablated
from core.plots import ablation as plots
from core.plots.ablation import ORDERS, SHORT, Course
from core.plots.ablation_curves import by_representation
from core.plots.findings import METRICS
from core.plots.tokens import LIGHT, short
from core.report.cells import cell, sentence
from core.report.document import (
    Block,
    Column,
    Figure,
    Heading,
    Table,
    paragraph,
    row,
    strong,
    words,
)
from core.report.result import Result

SHARES = (0.0, 0.5, 0.9, 0.99)
"""Shares removed near which figures stand in the table."""
METRIC = "balanced_accuracy"


def ablation(result: Result) -> Iterator[Block]:
    """Curves of each label in the first order, and where each meets its null in all orders."""
    table = result.table("ablation")
    if table is None:
        return
    yield paragraph(
        "How few numbers still give a label away: they are removed from the vectors, an attacker "
        "learns anew from what is left, and is asked about people it has never seen.",
        kind="lead",
    )
    metrics = list(dict.fromkeys(table["metric"].astype(str)))
    metric = METRIC if METRIC in metrics else metrics[0]
    for label in dict.fromkeys(table["attribute"].astype(str)):
        yield from _label(result, table, label, metric)
    rule = result.facts("ablation").get("rule")
    said = (
        "Each figure is a lower bound: of one kind of attacker, with so many people. What is "
        "removed at random is the same for every label and every representation of one width."
    )
    yield paragraph(f"{said} {sentence(str(rule))}" if rule else said, kind="note")


def _label(result: Result, table: pd.DataFrame, label: str, metric: str) -> Iterator[Block]:
    every = plots.courses(table, label, metric)
    orders = list(dict.fromkeys(one.order for one in every))
    if not orders:
        return
    name = METRICS.get(metric, metric)
    first = [one for one in every if one.order == orders[0]]
    claims = ablated(label) if orders[0] == "random" else []
    yield Heading(
        f"{label}: {plots.title(first)}",
        f"Removed {ORDERS.get(orders[0], orders[0])}. Band: 95 % interval over people of the "
        f"{name}, repeats pooled. Hollow: it does not clear its null. Grey: chance, and the "
        "highest null of the curves shown.",
    )
    figure = by_representation(first, claims, name, LIGHT, result.kinds)
    yield Figure(figure, plots.alt(first, name))
    for one in first:
        yield paragraph(plots.said(one, name))
    yield _meetings(every, first, orders)
    told = []
    for source in dict.fromkeys(one.source for one in claims):
        said = "; ".join(one.said for one in claims if one.source == source)
        told.append(f"{source}: {said}.")
    told += [f"Theirs: {one}." for one in dict.fromkeys(claim.differs for claim in claims)]
    if told:
        yield paragraph(f"The papers, of x. {' '.join(told)}", kind="note")


def _meetings(every: Sequence[Course], first: Sequence[Course], orders: Sequence[str]) -> Table:
    shown = plots.along(first[0], SHARES)
    heads = [Column("representation")]
    heads += [Column(f"{plots.percent(spot.removed)} removed", True) for spot in shown]
    heads += [Column(f"meets its null, {SHORT.get(order, order)}") for order in orders]
    rows = []
    for one in first:
        own = {other.order: other for other in every if other.representation == one.representation}
        here = [one.at(spot.removed) for spot in shown]
        cells: list[object] = [words(strong(short(one.representation)))]
        cells += ["" if spot is None else cell(spot.span) for spot in here]
        cells += [plots.met(own[order]) if order in own else "" for order in orders]
        rows.append(row(*cells))
    return Table(tuple(heads), tuple(rows))
