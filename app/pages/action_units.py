"""Action units: what skewed training sets do to a detector, and where on a face it looks."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import streamlit as st

from app import files, jobs, look, state, units_lookup, units_pictures, units_relevance, words
from app import units_choices as choices
from app import units_parts as parts
from app import units_tables as tables
from app.jobs import View
from app.look import Html
from core.plots import action_units_page as plots
from core.plots import action_units_said as said
from core.plots.action_units_page import Detected


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    view = state.opened("Action units")
    if view is None:
        return
    table = jobs.frame(view, "action_units")
    found = None if table is None or table.empty else plots.detected(table)
    _lead(view, found)
    if view.audit is None:
        state.state(view)
    if found is not None:
        _results(view, found)
    elif view.active:
        look.empty("Action units come after the attacks: their figures are not here yet.")
    elif view.audit is not None:
        _absent(view)
    look.gap("small")
    units_lookup.show()
    look.gap("small")
    look.aside(words.EU_LINE)


def _lead(view: View, found: Detected | None) -> None:
    """What is asked; the label is named as that of the data set."""
    label = parts.label(view)
    groups = "" if found is None or not found.tests else f" ({', '.join(found.tests)})"
    look.put(
        look.join(
            "A detector learns which action units, movements of single facial muscles, a face "
            "shows. It is trained on people of one group only, and on all groups. Does it read the "
            "others worse, and where on a face does it look? The groups are those of ",
            look.bold(label.replace("_", " ")), f"{groups}, a label as annotated in the data set.",
        ),
        "lead",
    )  # fmt: skip


def _absent(view: View) -> None:
    """A finished run without the study: why, and how to have it."""
    assert view.audit is not None
    if view.config.get("faces") is None:
        look.empty(
            "This run read vectors, and action units are read from pictures: start an audit of "
            "the faces to have them."
        )
        return
    noted = [str(one) for one in view.audit.get("warnings", []) if "action_units" in str(one)]
    if choices.STUDY in (view.config.get("studies") or ()) and noted:
        why = noted[0].replace(choices.STUDY, "action units", 1).rstrip(".")
        look.empty(f"{why[0].upper()}{why[1:]}.")
        return
    look.empty("Action units were not part of this run: studies: [action_units] has them.")
    choices.missing(view)


def _results(view: View, found: Detected) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = choices.metric()
        pair = choices.pair(found)
    look.gap("small")
    _answer(found, metric)
    look.gap("small")
    parts.grid(view, found, metric, pair)
    look.gap("small")
    look.heading(
        "The same figures",
        "F1 over the units, macro and weighted by how often each is shown; 95 % intervals over "
        "the people tested.",
    )
    tables.grid(found)
    parts.known(view)
    look.gap("small")
    parts.papers(view, found)
    look.gap("small")
    train = _units(view, found, pair)
    look.gap("small")
    _relevance(view, train)
    _downloads(view)


def _answer(found: Detected, metric: str) -> None:
    look.put(_small(look.text(f"{said.headline(found, metric)}.")), "headline")
    crossed = [f"{told} {said.units_said(found, pair)}".strip()
               for told, pair in zip(said.interacts(found), found.pairs, strict=True)]  # fmt: skip
    for told in (" ".join(said.beside(found, metric)), *crossed):
        if told:
            look.put(look.text(told), "prose")


def _small(told: Html) -> Html:
    """A sentence whose intervals stand back."""
    return Html(re.sub(r"\((−?[\d.]+ to −?[\d.]+)\)", r'<span class="i">\1</span>', told))


def _units(view: View, found: Detected, pair: str) -> str:
    """Each unit by itself, of one training set, which is chosen here."""
    look.heading(
        "Unit by unit",
        "F1 of each unit on the people tested, and its interaction: told where its interval clears "
        "zero and Holm’s correction over units allows it.",
    )
    train = choices.train(found.trains)
    parts.units(view, found, train)
    tables.by_unit(found, train, pair)
    parts.left_out(view, found)
    return train


def _relevance(view: View, train: str) -> None:
    table = jobs.frame(view, "relevance")
    if table is None or table.empty:
        look.heading("Where on a face it looks")
        look.empty(parts.no_relevance(view))
        return
    units_relevance.show(view, table, train)


def _downloads(view: View) -> None:
    look.gap("small")
    look.heading("Tables", "All figures of this page.")
    with st.container(horizontal=True):
        for name in ("action_units", "relevance"):
            frame: pd.DataFrame | None = jobs.frame(view, name)
            if frame is not None:
                files.csv(view, name, frame)
        for name in (units_pictures.MAPS, units_pictures.FACES):
            file: Any = units_pictures.path(view, name)
            if file.is_file():
                files.parquet(view, name, file)


main()
