"""Where on a face the detector looks: figures, mean maps, faces, and what was checked."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app import chart, look, units_faces, units_pictures
from app import units_choices as choices
from app import units_parts as parts
from app import units_tables as tables
from app.jobs import View
from core.plots import relevance as plots
from core.plots import relevance_page as said
from core.plots.compare_words import p_text
from core.plots.relevance_page import REGIONS, Looked
from core.plots.tokens import tokens


def show(view: View, table: pd.DataFrame, train: str) -> None:
    """The part of one training set; test group and unit are chosen here."""
    found = said.looked(table)
    if train not in found.trains:
        look.heading("Where on a face it looks")
        look.empty(f"Relevance has not arrived for the training set {train}.")
        return
    _ratios(view, found, table, train)
    look.gap("small")
    unit = _unit(view, found, train)
    faces = units_pictures.read(view, units_pictures.FACES)
    if faces is not None:
        look.gap("small")
        units_faces.show(view, faces, unit, train)
    _checked(view, found)


def _ratios(view: View, found: Looked, table: pd.DataFrame, train: str) -> None:
    """All units: does relevance gather where each shows?"""
    head = st.container()
    group = choices.group(found.groups)
    with head:
        look.heading(
            f"{plots.title(table, train, group=group)}, trained on {train}",
            "Share of positive relevance in the unit’s region by the region’s share of the "
            "picture, on test faces that show the unit. 1 is what relevance that knows nothing of "
            "faces would have; 95 % intervals over people.",
        )
    figure = plots.ratios_figure(table, train, tokens(look.mode()), group=group)
    alt = plots.ratios_alt(table, train, group=group)
    chart.show(figure, alt, chart.key("ratios", view.id, train, group, len(table)))
    tables.every_unit(found, train)


def _unit(view: View, found: Looked, train: str) -> int:
    """One unit: its figures, and its maps."""
    head = st.container()
    unit = choices.unit(found.units)
    with head:
        look.heading(
            said.title(found, unit, train),
            f"Detector trained on {train}. {REGIONS.get(found.get(unit, train).regions, '')}",
        )
    look.put(look.text(" ".join(said.answer(found, unit, train))), "prose")
    _maps(view, unit, train)
    tables.relevance(found, unit, train)
    return unit


def _maps(view: View, unit: int, train: str) -> None:
    """Mean maps per test group, and where two groups differ."""
    table = units_pictures.read(view, units_pictures.MAPS)
    if table is None:
        return
    means, differences = (
        [one for one in plots.plates(table, unit, kind) if one.train == train]
        for kind in ("mean", "difference")
    )
    mode, key = tokens(look.mode()), (view.id, train, unit)
    left, right = st.columns([3, 2])
    with left:
        figure = plots.mean_maps_figure(means, mode)
        chart.show(figure, plots.maps_alt(means), chart.key("means", *key))
        look.put(look.join(look.bold("Mean maps."), " Outlined: where at least half of the faces "
                           "show the unit. One scale."), "m small")  # fmt: skip
    with right:
        if differences:
            figure = plots.difference_figure(differences, mode)
            chart.show(figure, plots.maps_alt(differences), chart.key("apart", *key))
        told = f" {_p(differences)}" if differences else ""
        look.put(look.join(look.bold(f"{plots.maps_title(differences)}."), told), "m small")
    look.gap("small")


def _p(found: Sequence[plots.Plate]) -> str:
    """How often permuted people have as strong a difference."""
    told = [f"{one.group}: {p_text(one.p)}" for one in found if one.p is not None]
    if not told:
        return ""
    return f"Outlined: beyond what people dealt to the groups by chance show. {'; '.join(told)}."


def _checked(view: View, found: Looked) -> None:
    """What was checked, and how it came out."""
    told = said.checks(found, parts.facts(view, "relevance"))
    if not told:
        return
    look.gap("small")
    look.heading("What was checked")
    words = {True: "passed", False: "failed", None: "not enough data"}
    look.table(
        [("check", ""), ("", ""), ("what was seen", "break")],
        [[look.bold(one.name), look.badge(words[one.passed]), one.detail] for one in told],
    )
    facts = parts.facts(view, "relevance")
    rules = [f"Relevance by {facts['composite']}." if facts.get("composite") else "",
             f"Randomised: {facts['randomisation']}, {facts.get('draws', '')} times."
             if facts.get("randomisation") else ""]  # fmt: skip
    noted = [] if view.audit is None else [str(one) for one in view.audit.get("warnings", [])]
    rules += [f"{one[0].upper()}{one[1:].rstrip('.')}." for one in noted
              if one.startswith("relevance")]  # fmt: skip
    look.put(look.text(" ".join(one for one in rules if one)), "m small")
