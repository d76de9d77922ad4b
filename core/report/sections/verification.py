"""Verification: what each representation is still good for, and with which expression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from core.papers import verified
from core.plots import verification as plots
from core.plots.compare import sensitive
from core.plots.findings import CONTROLS
from core.plots.roc import roc
from core.plots.tokens import LIGHT, full, short
from core.plots.verification import Verified
from core.report.cells import cell, number
from core.report.document import (
    Block,
    Column,
    Figure,
    Heading,
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


def verification(result: Result) -> Iterator[Block]:
    """Curves, figures, old galleries, pairs of expressions."""
    table = result.table("verification")
    if table is None:
        return
    shown = plots.verified(table)
    yield paragraph(
        "What a representation is still good for: whether two pictures show one person. What a "
        "suppressor costs is read here.",
        kind="lead",
    )
    for text in result.warnings:
        if "verification is trivial" in text:
            yield paragraph(strong("Too easy. "), text, kind="aside")
    yield Heading(
        plots.verification_title(shown, result.table("differences"), tuple(CONTROLS)),
        "All pairs within a test part, thresholds from other people, means over the parts. Bands "
        "and bars: 95 % intervals over people.",
    )
    curves = result.table("roc")
    if curves is not None:
        yield Figure(
            roc(curves, tokens=LIGHT, kind="roc", kinds=result.kinds), plots.roc_alt(curves),
            "Higher and further left is better. A curve begins where the impostor pairs of a test "
            "part allow a rate.",
        )  # fmt: skip
    yield from _figures(result, shown)
    yield from _crossing(shown)
    yield from _expressions(result.table("expression"))


def _figures(result: Result, shown: Sequence[Verified]) -> Iterator[Block]:
    leakage = result.table("leakage")
    asked = result.config.get("sensitive") or ["expression"]
    labels = list(asked) if leakage is None else sensitive(result.config, leakage)
    papers = {
        one.name: verified(result.kinds.get(one.name, one.name), suppressed=str(labels[0]))
        for one in shown
    }
    printed = any(papers.values())
    heads = [Column("representation"), *(Column(head, True) for head in plots.SHOWN.values())]
    heads += [Column("paper", True)] if printed else []
    rows = []
    for one in shown:
        status = one.get("accuracy").status
        name = words(strong(short(one.name)), " ", badges([] if status in ("", "ok") else [status]))
        cells: list[object] = [name]
        cells += [cell(one.get(metric), plots.DIGITS.get(metric, 3)) for metric in plots.SHOWN]
        figure = papers[one.name]
        cells += [words(muted(number(figure.value if figure else None, 3)))] if printed else []
        rows.append(row(*cells))
    yield Table(tuple(heads), tuple(rows))
    yield paragraph(
        "Accuracy at a threshold from other people; chance is 0.5. TAR: genuine pairs accepted at "
        "a false acceptance rate (FAR). Empty where a test part has under 10 / FAR impostors.",
        kind="note",
    )
    said = [own for own in papers.values() if own is not None]
    told = [f"{own.source}: {own.differs}." for own in said]
    told += [f"{own.source}, {own.representation}: drop {own.note}." for own in said if own.note]
    if told:
        yield paragraph(
            f"The papers print accuracies: {' '.join(dict.fromkeys(told))}", kind="note"
        )


def _crossing(shown: Sequence[Verified]) -> Iterator[Block]:
    """φ of a new picture against an old gallery of x."""
    told = [one for one in shown if "cross" in one.figures]
    if not told:
        return
    x = next((one for one in shown if one.name == "x"), None)
    yield Heading(
        "New vectors against an old gallery",
        "The probe is suppressed, the gallery holds x from before. Accepted: at the threshold that "
        "x has for a FAR of 1 % on other people. Linked: AUC as they are, and after a linear map "
        "from x to φ that an attacker learned on people of their own.",
    )
    metrics = ("cross_accepted", "cross_false", "cross_rank1", "cross", "cross_linked")
    yield Table(
        columns("representation", "#own accepted", "#strangers accepted", "#rank 1",
                "#linked as is", "#linked by a map"),
        tuple(
            row(words(strong(short(one.name))), *(cell(one.get(metric), 3) for metric in metrics))
            for one in told
        ),
    )  # fmt: skip
    for one in told:
        yield paragraph(strong(full(one.name)), ". ", plots.cross_sentence(one, x))
    yield paragraph(
        "Whoever holds a suppressor can put an old gallery through it as well, and then links as "
        "it verifies. A suppressor does not hide who somebody is.",
        kind="note",
    )


def _expressions(table: pd.DataFrame | None) -> Iterator[Block]:
    if table is None:
        return
    names = list(dict.fromkeys(table["representation"].astype(str)))
    for name in names[:1]:
        found = plots.mixed(table, name)
        rate = "" if found.far is None else f" at a FAR of {100 * found.far:.3g} %"
        yield Heading(
            plots.mixed_title(found),
            f"{full(name)}: genuine pairs accepted{rate}, by the expressions of their two "
            "pictures. The threshold is one for all pairs, from other people. Empty where too few "
            "people show both.",
        )
        yield Figure(plots.mixed_figure(found, LIGHT), plots.mixed_alt(found))
    yield from _mixed(table, names)


def _mixed(table: pd.DataFrame, names: Sequence[str]) -> Iterator[Block]:
    """The pair that is worst for each representation; all of them are in the file."""
    rows = []
    for name in names:
        own = table[(table["representation"].astype(str) == name) & table["tar"].notna()]
        if own.empty:
            rows.append(row(words(strong(short(name))), "", words(muted("not enough data")), ""))
            continue
        worst = own.sort_values("tar", kind="stable").iloc[0]
        low, high = (None if pd.isna(worst[one]) else float(worst[one]) for one in ("low", "high"))
        told = f" {low:.3f} to {high:.3f}" if low is not None and high is not None else ""
        pairs = "" if pd.isna(worst["pairs"]) else f"{int(worst['pairs']):,}"
        rows.append(row(
            words(strong(short(name))), f"{worst['expression_a']}, {worst['expression_b']}",
            words(number(float(worst["tar"]), 3), muted(told)), pairs,
        ))  # fmt: skip
    yield Table(columns("representation", "hardest pair", "#accepted", "#pairs"), tuple(rows))
    yield paragraph(
        f"All {len(table):,} pairs of expressions are in tables/expression.csv.", kind="note"
    )
