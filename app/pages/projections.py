"""Projections: maps of the vectors side by side, linked, with what can be believed of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import atlas, chosen, files, jobs, lasso, linked, look, map_choices, maps, picked, state
from app.jobs import View
from app.map_choices import Colour, Drawing
from core.plots import projection as plots
from core.plots import projection_words as told
from core.plots.compare import sensitive
from core.plots.projection_maps import (
    IDENTITY,
    VERDICT,
    Groups,
    Maps,
    Place,
    by_identity,
    by_label,
    by_verdict,
)
from core.plots.projection_presets import title
from core.plots.projection_said import source_of
from core.plots.tokens import tokens


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    view = state.opened("Projections")
    if view is None:
        return
    look.put(
        "Each point is a face of a person whom no suppressor has met, and points that lie close "
        "have vectors that are alike. Choose some on one map, and see where the others put them.",
        "lead",
    )
    if view.audit is None:
        state.state(view)
    found = maps.read(view)
    if found is not None and len(found):
        # All of it is one fragment: a loop draws the maps again and nothing else of the page.
        st.fragment(_linked)(view, found)
        look.gap("small")
        _files(view)
    elif view.active:
        look.empty("Maps come after the attacks: they are not here yet.")
    elif view.audit is not None:
        look.empty(_none(view, found))
    if view.audit is not None:
        look.gap("small")
        map_choices.again(view)


def _none(view: View, found: Maps | None) -> str:
    """Why there are no maps, and how to have them."""
    asked = "projection" in (view.config.get("studies") or ())
    noted = [] if view.audit is None else [str(one) for one in view.audit.get("warnings", [])]
    why = next((one for one in noted if "map" in one), "")
    if found is not None or (asked and why):
        return f"No face was placed on a map. {why}".strip()
    return (
        "Projections were not part of this run. Run it again with them, below: what it has "
        "computed already comes from the store."
    )


def _linked(view: View, found: Maps) -> None:
    """Choices, maps and the panel: what a loop, a class or another colour draws again."""
    leakage = jobs.frame(view, "leakage")
    fitted = [] if leakage is None or leakage.empty else sensitive(view.config, leakage)
    attacked = [] if leakage is None else list(dict.fromkeys(leakage["attribute"].astype(str)))
    against = fitted[0] if fitted else next(iter(found.labels), "")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        named = st.container(width=380)
        number = map_choices.count()
        colour = map_choices.colour(found, against, _read_from(view, found, against))
    attribute = colour.name if colour.name in attacked else against
    groups = _groups(view, found, colour, against)
    drawing = map_choices.drawing(view, groups)
    faces = picked.chosen(view, found)
    look.gap("small")
    head = st.container()
    left, right = st.columns([3, 1], gap="medium")
    with left:
        panes = _panes(view, found, groups, drawing, faces, number, against)
    sources = list(dict.fromkeys(source_of(name) for name, _ in panes))
    said = maps.answers(view, found, attribute, sources)
    with right:
        chosen.panel(view, found, groups, faces, said, attribute)
    names = _attackers(view, attribute)
    chosen.listed(view, found, faces, said, names, attribute)
    with named:
        shown = map_choices.preset(view, found, panes, colour.name)
    label = against if colour.name == VERDICT else colour.name
    quality = [told.quality(jobs.frame(view, "projection_quality"), one, label) for one in panes]
    with head:
        look.heading(told.heading(quality, label), _how_to_read(groups, drawing, colour, against))
        if shown is not None and shown.there:
            look.put(shown.there, "m small")
    look.gap("small")
    look.aside(told.no_evidence(quality, leakage, label, attribute))
    atlas.panel(view, found, panes[0])


def _read_from(view: View, found: Maps, attribute: str) -> list[str]:
    """The representations whose attackers' answers about `attribute` are kept."""
    names = dict.fromkeys(source_of(name) for name in found.representations)
    return list(maps.answers(view, found, attribute, list(names)))


def _groups(view: View, found: Maps, colour: Colour, attribute: str) -> Groups:
    if colour.name == IDENTITY:
        return by_identity(found)
    if colour.name == VERDICT:
        answers = maps.answers(view, found, attribute, [colour.whose])
        return by_verdict(answers[colour.whose].right)
    return by_label(found, colour.name)


def _how_to_read(groups: Groups, drawing: Drawing, colour: Colour, attribute: str) -> str:
    """How to read the colours, and how a class is shown alone."""
    parts = []
    if colour.name == VERDICT:
        parts.append(
            f"Rightly: the strongest attacker on {title(colour.whose)}, which had never met the "
            f"face, named its {attribute} in more than half of its answers."
        )
    if groups.many:
        parts.append(
            f"{len(groups.classes):,} classes: no legend; seven colours and twelve shapes come "
            "again, so that two alike need not be one."
        )
    elif not drawing.only:
        parts.append("A double click on a name in the legend shows that class alone.")
    if drawing.only:
        parts.append(f"Only {drawing.one} is shown.")
    return " ".join([*parts, "Distances across a map mean little; near neighbours mean more."])


def _panes(
    view: View, found: Maps, groups: Groups, drawing: Drawing, faces: np.ndarray, number: int,
    label: str,
) -> list[Place]:  # fmt: skip
    """The maps: two or three beside each other, four in two rows.

    Each choice of what a map shows stands above its figure; many faces are drawn by one element,
    below all of the choices.
    """
    wide = 2 if number in (2, 4) else 3
    asked = plots.View(
        faces, drawing.one if drawing.only else "", drawing.contours, drawing.zoom, drawing.drag
    )
    many = len(found) > plots.FEW
    panes = []
    for start in range(0, number, wide):
        for column, place in zip(st.columns(wide), range(start, number), strict=False):
            with column:
                panes.append(map_choices.place(found, place))
                if not many:
                    alt, note = _said(view, found, groups, asked, panes[-1], label)
                    figure = plots.map_figure(found, panes[-1], groups, tokens(look.mode()), asked)
                    lasso.pane(view, place, figure, alt, len(found))
                    look.put(look.text(note), "m small")
    if many:
        said = [linked.Words(*_said(view, found, groups, asked, pane, label)) for pane in panes]
        linked.show(view, found, panes, groups, asked, said, wide)
    return panes


def _said(
    view: View, found: Maps, groups: Groups, asked: plots.View, place: Place, label: str
) -> tuple[str, str]:
    """What is said of a map: to who cannot see it, and below it."""
    name = label if groups.name == VERDICT else groups.name
    quality = told.quality(jobs.frame(view, "projection_quality"), place, name)
    note = told.quality_words(quality)
    beside = int(found.placed[place].sum())
    if beside:
        note += (
            f" {beside:,} of {len(found):,} faces were placed beside landmarks, after the map of "
            "the others was made."
        )
    return told.map_alt(found, quality, groups, asked.chosen), note


def _attackers(view: View, attribute: str) -> Sequence[str]:
    """Who was asked about `attribute`, in the order of the table."""
    leakage = jobs.frame(view, "leakage")
    if leakage is None or leakage.empty:
        return []
    rows = leakage[leakage["attribute"].astype(str) == attribute]
    return list(dict.fromkeys(rows["attacker"].astype(str)))


def _files(view: View) -> None:
    """The tables behind the page."""
    look.heading("Tables", "Where each face lies on each map, and how far each can be trusted.")
    with st.container(horizontal=True):
        if maps.path(view).name == maps.TABLE:
            files.parquet(view, "projection", maps.path(view))
        frame = jobs.frame(view, "projection_quality")
        if frame is not None:
            files.csv(view, "projection_quality", frame)


main()
