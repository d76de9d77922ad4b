"""By group: what is read from each group of people, and whom verification fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from core.plots import groups as plots
from core.plots.compare import sensitive
from core.plots.findings import CONTROLS
from core.plots.groups import Served
from core.plots.tokens import LIGHT, short
from core.report.cells import cell, people, spoken
from core.report.document import (
    Block,
    Column,
    Figure,
    Heading,
    Row,
    Table,
    muted,
    paragraph,
    row,
    words,
)
from core.report.result import Result


def groups(result: Result) -> Iterator[Block]:
    """False matches and non-matches by group of each label, and leakage within groups."""
    table = result.table("groups")
    if table is None:
        return
    yield paragraph(
        "A suppressor may serve some people and not others. Groups are those of the labels of the "
        "data set, as annotated; errors are counted at one threshold for everybody.",
        kind="lead",
    )
    names = [one for one in dict.fromkeys(table["representation"].astype(str))
             if one not in CONTROLS]  # fmt: skip
    for label in dict.fromkeys(table["label"].astype(str)):
        own = table[table["label"].astype(str) == label]
        yield from _errors(result, own, label, names)
        for attribute in _sensitive(result):
            yield from _read(result, own, label, attribute, names)
    yield paragraph(
        "What is read of the other labels within groups is in tables/groups.csv.", kind="note"
    )


def _sensitive(result: Result) -> list[str]:
    """The labels that suppressors were fitted against."""
    leakage = result.table("leakage")
    return [] if leakage is None else sensitive(result.config, leakage)


def _errors(result: Result, own: pd.DataFrame, label: str, names: Sequence[str]) -> Iterator[Block]:
    found = {metric: plots.served(own, label, metric, names) for metric in ("fmr", "fnmr")}
    if not any(found.values()):
        return
    far = next((one.reference for one in found["fmr"] if one.reference is not None), None)
    rate = "" if far is None else f" (a FAR of {100 * far:.3g} % on other people)"
    for metric, told in found.items():
        if told:
            yield Heading(
                plots.group_title(told, label, metric),
                f"By {spoken(label)}: {plots.METRICS[metric]}, at one threshold{rate}. Bars: 95 % "
                "intervals over people." + (" Dashed: that rate." if metric == "fmr" else ""),
            )
            yield Figure(
                plots.group_figure(told, metric, result.kinds, LIGHT),
                plots.group_alt(told, label, metric),
            )
    yield _table(found, {"fmr": "FMR", "fnmr": "FNMR"})


def _read(
    result: Result, own: pd.DataFrame, label: str, attribute: str, names: Sequence[str]
) -> Iterator[Block]:
    metric = "recall" if label == attribute else "leakage"
    rows = own[own["metric"] == metric]
    told = plots.served(rows, label, metric, names, attribute=attribute)
    if not told:
        return
    yield Heading(
        f"{spoken(attribute)} read, by {spoken(label)}: {plots.group_title(told, label, metric)}",
        f"{plots.METRICS[metric].capitalize()}. Dashed: chance.",
    )
    yield _table({metric: told}, {metric: plots.AXES[metric]})


def _table(found: dict[str, list[Served]], heads: dict[str, str]) -> Table:
    """Rows by group, one a representation."""
    both = {(one.group, one.name, metric): one for metric, own in found.items() for one in own}
    keys = list(dict.fromkeys((group, name) for group, name, _ in both))
    rows: list[Row] = []
    before = None
    for group, name in keys:
        if group != before:
            rows.append(row(group, kind="group"))
            before = group
        cells: list[object] = [short(name)]
        behind = ""
        for metric in heads:
            one = both.get((group, name, metric))
            cells.append("" if one is None else cell(one.span, 4 if metric != "leakage" else 2))
            behind = behind if one is None else people(one.people or None, one.span.status)
        rows.append(row(*cells, words(muted(behind))))
    columns = [Column("representation"), *(Column(head, True) for head in heads.values())]
    return Table((*columns, Column("people", True)), tuple(rows))
