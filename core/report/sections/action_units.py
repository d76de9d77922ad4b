"""Action units: what skewed training sets do to a detector, and where on a face it looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from core.action_units import papers as printed
from core.action_units.emfacs import UNITS
from core.plots import action_units as plots
from core.plots import action_units_said as said
from core.plots import relevance as maps
from core.plots import relevance_page as looking
from core.plots.action_units_page import (
    FIGURES,
    MACRO,
    WEIGHTED,
    Detected,
    detected,
    f1_key,
)
from core.plots.compare_words import p_text
from core.plots.relevance_page import ALL, RANDOMISED, Looked
from core.plots.tokens import LIGHT
from core.report.cells import cell, people, sentence
from core.report.document import (
    Block,
    Column,
    Figure,
    Heading,
    Row,
    Table,
    Words,
    badges,
    columns,
    muted,
    paragraph,
    row,
    strong,
    words,
)
from core.report.result import Result

SAYS = "action units: "
"""How the study's warnings begin."""


def action_units(result: Result) -> Iterator[Block]:
    """F1 by training set and test group, by unit, and where the detectors look."""
    table = result.table("action_units")
    if table is None:
        return
    found, facts = detected(table), result.facts("action_units")
    label = str(facts.get("group") or (result.config.get("action_units") or {}).get("group", ""))
    yield paragraph(
        "A detector learns which action units, movements of single facial muscles, a face shows. "
        "It is trained on people of one group only, and on all groups. Does it read the others "
        "worse, and where on a face does it look? The groups are those of ",
        strong(label.replace("_", " ")), ", a label as annotated in the data set.",
        kind="lead",
    )  # fmt: skip
    yield paragraph(f"{said.headline(found)}.")
    for told, pair in zip(said.interacts(found), found.pairs, strict=True):
        yield paragraph(f"{told} {said.units_said(found, pair)}".strip())
    if found.units:
        yield Heading(
            "Trained on, tested on",
            f"F1 over all units, {FIGURES[MACRO]}; the second figure is the paper's, of other "
            "faces.",
        )
        yield Figure(plots.crossing_figure(found, LIGHT), said.grid_alt(found, MACRO))
    yield _grid(found)
    for pair in list(found.pairs)[:1]:
        yield from _units(found, pair)
    yield from _relevance(result, found)
    yield from _papers(found)
    yield from _known(result, found)


def _grid(found: Detected) -> Table:
    heads = [Column("trained on")]
    heads += [Column(f"{FIGURES[one]} F1 on {test}", True)
              for one in (MACRO, WEIGHTED) for test in found.tests]  # fmt: skip
    heads.append(Column("people tested", True))
    rows = []
    for train in found.trains:
        cells: list[object] = [words(strong(train))]
        cells += [cell(found.f1(train, test, None, metric))
                  for metric in (MACRO, WEIGHTED) for test in found.tests]  # fmt: skip
        behind = [people(found.people.get(f1_key(train, test, None)),
                         found.f1(train, test, None).status) for test in found.tests]  # fmt: skip
        rows.append(row(*cells, words(muted(", ".join(one for one in behind if one)))))
    return Table(tuple(heads), tuple(rows))


def _units(found: Detected, pair: str) -> Iterator[Block]:
    train = found.trains[-1]
    yield Heading(
        "Unit by unit",
        f"F1 of the detectors trained on {train}, and the interaction of each unit, {pair}: told "
        "where its interval clears zero and Holm's correction over units allows it.",
    )
    if found.units:
        figure = plots.interactions_figure(found, pair, LIGHT)
        figure.update_xaxes(title_text="interaction (points of F1)")
        yield Figure(figure, said.interactions_alt(found, pair))
    heads = [Column("unit"), *(Column(f"F1 on {test}", True) for test in found.tests),
             Column("interaction (points)", True), Column("finding")]  # fmt: skip
    rows: list[Row] = []
    for unit in (None, *found.units):
        name = words(strong("all units")) if unit is None else _named(unit)
        cells: list[object] = [cell(found.f1(train, test, unit)) for test in found.tests]
        rows.append(row(
            name, *cells, cell(found.interaction(pair, unit), 1),
            badges(found.finding(pair, unit)), kind="best" if unit is None else "",
        ))  # fmt: skip
    yield Table(tuple(heads), tuple(rows))
    if found.out:
        listed = ", ".join(f"AU {unit}" for unit in found.out)
        yield paragraph(f"Left out, since too few faces show them: {listed}.", kind="note")


def _named(unit: int) -> Words:
    known = UNITS.get(unit)
    return words(strong(f"AU {unit}"), muted(f" {known.name.lower()}" if known else ""))


def _relevance(result: Result, found: Detected) -> Iterator[Block]:
    table = result.table("relevance")
    if table is None:
        return
    looked, train = looking.looked(table), found.trains[-1] if found.trains else ""
    if train not in looked.trains:
        return
    yield Heading(
        f"{maps.title(table, train)}, trained on {train}",
        "Share of positive relevance in the unit's region by the region's share of the picture, on "
        "test faces that show the unit. 1 is what relevance that knows nothing of faces would "
        "have; 95 % intervals over people.",
    )
    yield Figure(maps.ratios_figure(table, train, LIGHT), maps.ratios_alt(table, train))
    yield _every_unit(looked, train)
    yield from _maps(result, looked, train)
    told = looking.checks(looked, result.facts("relevance"))
    if told:
        yield Heading("What was checked of the maps")
        names = {True: "passed", False: "failed", None: "not enough data"}
        yield Table(
            columns("check", "", "what was seen"),
            tuple(row(words(strong(one.name)), badges([names[one.passed]]), one.detail)
                  for one in told),
        )  # fmt: skip


def _every_unit(found: Looked, train: str) -> Table:
    heads = [Column("unit"), Column("ratio, all", True)]
    heads += [Column(f"ratio, {group}", True) for group in found.groups]
    heads += [Column("randomised", True), Column("maximum inside, all", True)]
    rows = []
    for unit in found.units:
        own = [found.get(unit, train, group) for group in (ALL, *found.groups)]
        rows.append(row(
            _named(unit), *(cell(one.ratio) for one in own),
            cell(found.get(unit, train, ALL, RANDOMISED).ratio), cell(own[0].pointing),
        ))  # fmt: skip
    return Table(tuple(heads), tuple(rows))


def _maps(result: Result, found: Looked, train: str) -> Iterator[Block]:
    """Mean maps of the unit that most faces show."""
    table = result.table("relevance_maps")
    if table is None or not found.units:
        return
    unit = max(found.units, key=lambda one: found.get(one, train).n)
    means = _of(table, unit, "mean", train)
    if not means:
        return
    yield Heading(
        looking.title(found, unit, train),
        "Mean maps over test faces, no face is shown. Outlined: where at least half of the faces "
        "show the unit.",
    )
    yield Figure(maps.mean_maps_figure(means, LIGHT), maps.maps_alt(means))
    apart = _of(table, unit, "difference", train)
    if apart:
        told = "; ".join(f"{one.group}: {p_text(one.p)}" for one in apart if one.p is not None)
        yield Figure(
            maps.difference_figure(apart, LIGHT), maps.maps_alt(apart),
            f"{maps.maps_title(apart)}. Outlined: beyond what people dealt to the groups by chance "
            f"show{f' ({told})' if told else ''}.",
        )  # fmt: skip


def _of(table: pd.DataFrame, unit: int, kind: str, train: str) -> Sequence[maps.Plate]:
    return [one for one in maps.plates(table, unit, kind) if one.train == train]


def _papers(found: Detected) -> Iterator[Block]:
    rows = plots.paper_rows(found)
    if not rows:
        return
    yield Heading("Beside the paper", f"{printed.SOURCE}: F1 with two digits, without intervals.")
    yield Table(
        columns("trained on", "tested on", "#paper, macro", "#ours, macro", "#paper, weighted",
                "#ours, weighted"),
        tuple(
            row(words(strong(one.train)), one.test, f"{one.theirs:.2f}", cell(one.ours),
                f"{one.theirs_weighted:.2f}", cell(one.weighted))
            for one in rows
        ),
    )  # fmt: skip
    notes = [f"What differs: theirs are {rows[0].differs}."]
    notes += [sentence(one) for one in dict.fromkeys(row.note for row in rows) if one]
    yield paragraph(" ".join(notes), kind="note")


def _known(result: Result, found: Detected) -> Iterator[Block]:
    facts, told = result.facts("action_units"), []
    tested = facts.get("test_people") or {}
    if facts.get("train_people") and not any(result.withheld.hides(one) for one in tested):
        listed = ", ".join(f"{n:,} {group}" for group, n in tested.items())
        told.append(
            f"Each training set has {facts['train_people']:,} people and about "
            f"{facts.get('train_faces', 0):,} faces; each of {facts.get('repeats', '')} repeats "
            f"draws them anew and tests other people, {listed}. Nobody is learnt from and tested "
            "in one repeat."
        )
    if facts.get("labels"):
        told.append(f"Which units a face shows: {facts['labels']}.")
    if facts.get("trunk"):
        told.append(f"Trunk, frozen: {facts['trunk']}.")
    told.append("Who was trained on is drawn by chance and is no part of the intervals.")
    told += [sentence(one.removeprefix(SAYS)) for one in result.warnings if one.startswith(SAYS)]
    yield paragraph(strong("To know. "), " ".join(told), kind="aside")
