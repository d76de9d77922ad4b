"""Projections: maps of the vectors, with what can be believed of them; never evidence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.plots import projection as plots
from core.plots import projection_words as told
from core.plots.compare import sensitive
from core.plots.projection_maps import METHODS, Groups, Maps, Place, by_label, maps_of, sample
from core.plots.projection_presets import title
from core.plots.tokens import LIGHT
from core.report.document import Block, Figure, Heading, Table, columns, paragraph, row
from core.report.result import Result

MAPS = 4
"""Maps that are drawn; the page has all."""
FACES = 1_500
"""Faces on a map at most: a report is a file to send."""


def projection(result: Result) -> Iterator[Block]:
    """Maps of x and what was made of it by the first method, coloured by the suppressed label."""
    table = result.table("projection")
    if table is None:
        yield from _withheld(result)
        return
    found = maps_of(table)
    leakage = result.table("leakage")
    fitted = [] if leakage is None else sensitive(result.config, leakage)
    label = next((one for one in (*fitted, *found.labels) if one in found.labels), None)
    if label is None or not found.places:
        return
    yield paragraph(
        "Each point is a face of a person whom no suppressor has met, and points that lie close "
        "have vectors that are alike. Distances across a map mean little; near neighbours mean "
        "more.",
        kind="lead",
    )
    method = next(iter(found.places))[1]
    names = [name for name in found.representations if (name, method) in found.places]
    panes = [(name, method) for name in names if not name.startswith("f3(")][:MAPS]
    shown = panes or [(names[0], method)]
    quality = [told.quality(result.table("projection_quality"), one, label) for one in shown]
    yield Heading(told.heading(quality, label), f"Coloured by {label}; no axis has a unit.")
    groups = by_label(found, label)
    for place, one in zip(shown, quality, strict=True):
        named = f"{METHODS.get(place[1], place[1])} of {title(place[0])}. "
        yield Figure(
            _quiet(found, place, groups), told.map_alt(found, one, groups, None),
            named + told.quality_words(one) + _sampled(found, place),
        )  # fmt: skip
    yield paragraph(told.no_evidence(quality, leakage, label, label), kind="aside")
    yield from _all(result, found, label)


def _withheld(result: Result) -> Iterator[Block]:
    """Why there is no map where one was made, and too few people are on it."""
    if result.withheld.tables.get("projection"):
        yield paragraph(
            "No map is shown: a map shows every face by itself, and those on it are of fewer than "
            f"{result.withheld.smallest} people.",
            kind="lead",
        )


def _quiet(found: Maps, place: Place, groups: Groups) -> plots.go.Figure:
    """A map without the ids that the page shows under the pointer."""
    among = plots.there(found.places[place])
    if among.sum() > FACES:
        kept = np.zeros(len(found), bool)
        kept[sample(groups, among, FACES)] = True
        places = {**found.places, place: found.places[place].copy()}
        places[place][~kept] = np.nan
        found = Maps(found.faces, found.labels, places, found.placed)
    figure = plots.map_figure(found, place, groups, LIGHT, plots.View(drag=False))
    figure.update_traces(hovertext=None, hoverinfo="skip", customdata=None)
    return figure


def _sampled(found: Maps, place: Place) -> str:
    among = int(plots.there(found.places[place]).sum())
    return (
        ""
        if among <= FACES
        else f" {FACES:,} of {among:,} faces are drawn, each class in its share."
    )


def _all(result: Result, found: Maps, label: str) -> Iterator[Block]:
    """How far every map can be believed."""
    table = result.table("projection_quality")
    if table is None:
        return
    rows = []
    for place in found.places:
        one = told.quality(table, place, label)
        rows.append(row(
            title(place[0]), METHODS.get(place[1], place[1]), _two(one.trustworthiness),
            _percent(one.agreement), _percent(one.chance), f"{one.n:,}",
        ))  # fmt: skip
    yield Heading(
        "How far each map can be believed",
        "Trustworthiness: the share of neighbours on the map that are near in the vectors too. "
        f"Agreement: of a face's neighbours that are other people, how many share its {label}.",
    )
    yield Table(
        columns("map of", "by", "#trustworthiness", "#agreement", "#by chance", "#faces"),
        tuple(rows),
    )


def _two(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"
