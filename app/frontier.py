"""The frontier of the Compare page: the dial, the point that it picks, and that point's export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from app import chart, exported, look
from app.jobs import View
from core.plots import compare as rows
from core.plots import compare_frontier as frontier
from core.plots.compare import Tables
from core.plots.compare_dial import Setting, said, settings
from core.plots.findings import CONTROLS
from core.plots.tokens import full, short, tokens

Curves = Mapping[str, Sequence[Setting]]


def show(
    view: View, tables: Tables, attribute: str, names: Sequence[str], chosen: Sequence[str]
) -> None:
    """Heading, dial, figure, the point chosen in words, and its export."""
    kind = rows.kinds(view.config)
    every = rows.cards(tables, attribute, [name for name in names if name not in CONTROLS], kind)
    first = str(tables.leakage["attribute"].iloc[0])
    curves = settings(tables.frontier, tables) if attribute == first else {}
    look.heading(
        frontier.frontier_title(every, attribute),
        _how_to_read(every, curves, tables.frontier is not None, view.active, first),
    )
    noise = frontier.noise_of(tables.leakage, attribute)
    place = chart.key("frontier", view.id, attribute, *chosen)
    picked = _dial(view, curves) if curves else None
    figure = frontier.frontier_figure(
        every, chosen, noise, curves, tokens(look.mode()), picked=picked
    )
    turn = partial(clicked, place) if curves else None
    chart.show(figure, frontier.frontier_alt(every, picked), place, turn)
    if picked is not None:
        _picked(view, picked, attribute)


def _how_to_read(
    every: Sequence[rows.Card], curves: Curves, drawn: bool, active: bool, first: str
) -> str:
    dots = "Each dot is one setting of a dial" if curves else "Each mark is a method as it ran here"
    note = (
        f"{dots}; lower left is better. Bars and bands: 95 % intervals. Hollow: the null is not "
        "cleared. Grey band: permuted labels on x. Dotted: random vectors, the noise ceiling."
    )
    if curves:
        note += " Ring: the point chosen."
    elif drawn:
        note += f" Curves along the dials are drawn for {first}."
    elif active:
        note += " Curves along the dials come at the end of a full audit."
    else:
        note += " A full audit (look: full) draws each method's curve along its dial."
    lost = frontier.unplaced(every)
    return note + (f" Not placed: {', '.join(lost)}." if lost else "")


def _dial(view: View, curves: Curves) -> Setting:
    """The setting chosen: the run's own unless another is."""
    methods = list(curves)
    method = methods[0]
    if len(methods) > 1:
        method = st.segmented_control(
            "Method",
            methods,
            default=method,
            required=True,
            format_func=lambda name: look.plain(short(name)),
            key="method",
            bind="query-params",
        )
    found = {one.dial: one for one in curves[method]}
    own = exported.own_dial(view, method)
    dial = next(iter(found))
    if len(found) > 1:
        dial = st.select_slider(
            f"Dial of {look.plain(full(method))}",
            list(found),
            value=own if own in found else dial,
            format_func=lambda one: f"{one:g}",
            key="dial",
            bind="query-params",
        )
    return found[dial]


def clicked(place: str) -> None:
    """A point of a curve was clicked: the dial goes there, as if it had been turned."""
    for point in st.session_state[place]["selection"]["points"]:
        told = point.get("customdata")
        if told:
            st.session_state["method"], st.session_state["dial"] = told[0], float(told[1])


def _picked(view: View, picked: Setting, attribute: str) -> None:
    """The chosen point in words, and the suppressor at this setting to take along."""
    own = exported.own_dial(view, picked.suppressor) == picked.dial
    told = said(picked, attribute, view.audit)
    look.put(look.join(told, look.muted(" The setting of this run.") if own else ""), "prose")
    place = exported.folder(view, picked.suppressor, picked.dial)
    if place is None:
        look.put("This setting was not exported.", "m small")
        return
    name = f"{picked.suppressor}@{picked.dial:g}"
    exported.button(place, f"Export {look.plain(name)}", f"export-{view.id}-{name}")
