"""Parts of the Action units page: figures, what was left out, the paper beside."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import chart, look
from app import units_tables as tables
from app.jobs import View
from core.action_units import papers as printed
from core.plots import action_units as plots
from core.plots.action_units_page import CROSS, FIGURES, Detected, unit_of
from core.plots.action_units_said import grid_alt, interactions_alt, signed, units_alt
from core.plots.tokens import tokens

_WIDE_ONLY = "<style>@media (max-width: 640px) { .st-key-units-figure { display: none } }</style>"
"""A column a unit is too narrow for its figure on a phone, and the table below has the same."""
_SAYS = "action units: "
"""How the study's warnings begin."""


def facts(view: View, name: str = "action_units") -> dict[str, Any]:
    """What the study told of itself; nothing while it runs."""
    told = {} if view.audit is None else view.audit.get("facts") or {}
    return dict(told.get(name) or {})


def label(view: View) -> str:
    """The label whose classes are the groups."""
    asked = (view.config.get("action_units") or {}).get("group", "gender")
    return str(facts(view).get("group") or asked)


def grid(view: View, found: Detected, metric: str, pair: str) -> None:
    """Training sets against test groups, and each unit's interaction; the table alone where there
    is no figure."""
    if not found.units:
        return
    mode, drawn = tokens(look.mode()), f"{metric}{pair}{len(found.spans)}"
    left, right = st.columns(2) if pair else (st.container(), st.container())
    with left:
        look.heading(
            "Trained on, tested on",
            f"F1 over all units, {FIGURES[metric]}; in italics the paper’s, of other faces.",
        )
        figure = plots.crossing_figure(found, mode, metric=metric)
        chart.show(figure, grid_alt(found, metric), chart.key("grid", view.id, drawn))
    if not pair:
        return
    with right:
        look.heading(
            "Which units it concerns",
            f"Interaction of each unit, {pair}, 95 % intervals; filled where it can be told from "
            "none, with Holm’s correction over units.",
        )
        figure = plots.interactions_figure(found, pair, mode)
        figure.update_xaxes(title_text="interaction (points of F1)")
        chart.show(figure, interactions_alt(found, pair), chart.key("crossed", view.id, drawn))


def units(view: View, found: Detected, train: str) -> None:
    """Each unit's F1 on each test group, of one training set."""
    if not found.units:
        return
    figure = plots.units_figure(found, train, tokens(look.mode()))
    key = chart.key("units", view.id, train, len(found.spans))
    with st.container(key="units-figure"):
        st.html(_WIDE_ONLY)
        chart.show(figure, units_alt(found, train), key)


def papers(view: View, found: Detected) -> None:
    """The paper's figures, ours, and what differs."""
    look.heading(
        "Beside the paper",
        f"{printed.SOURCE}: F1 with two digits, without intervals. Never an expected value.",
    )
    rows = plots.paper_rows(found)
    if not rows:
        look.empty(
            "The paper trained on women and men, and on lighter skin: none of its cells is of "
            f"groups of {label(view)}."
        )
        return
    tables.papers(rows)
    said = []
    for pair, sets in found.pairs.items():
        groups = {printed.canonical(one) for one in pair.split(CROSS)}
        if pair == sets and groups == {"female", "male"}:
            said.append(f"Its Table 1 gives an interaction of {100 * printed.interaction():.0f} "
                        "points")  # fmt: skip
            ours = found.interaction(pair)
            said[-1] += f"; ours is {signed(ours)}." if ours.value is not None else "."
    said.append(f"What differs: theirs are {rows[0].differs}; ours are {_ours(view)}.")
    said += [
        f"{one[0].upper()}{one[1:]}." for one in dict.fromkeys(row.note for row in rows) if one
    ]
    look.put(look.text(" ".join(said)), "m small")


def _ours(view: View) -> str:
    """What our figures stand on, in the order in which the paper's are told."""
    told, data = facts(view), {} if view.audit is None else view.audit["data"]
    named = "drawn faces" if view.synthetic else f"faces of {data.get('name', 'this set')}"
    trunk = f", the trunk {told['trunk']}" if told.get("trunk") else ""
    repeats = f", {look.count(int(told['repeats']), 'draw', 'draws')} of people" if (
        told.get("repeats")) else ""  # fmt: skip
    least = (told.get("least") or {}).get("faces")
    units = f", units that at least {least:,} faces show" if least else ""
    return f"{named}{trunk}{repeats}{units}"


def known(view: View) -> None:
    """How much was trained and judged on, and what was told on the way."""
    told, parts = facts(view), list[object]()
    if told.get("train_people"):
        everyone = (
            f" (“mixed, everyone” {told['everyone']:,}, all that there are)"
            if told.get("everyone") else ""
        )  # fmt: skip
        tested = ", ".join(f"{n:,} {group}" for group, n in (told.get("test_people") or {}).items())
        parts.append(
            f"Each training set has {told['train_people']:,} people{everyone} and about "
            f"{told.get('train_faces', 0):,} faces, at most {told.get('faces_per_person', '')} of "
            f"one person; each of {told.get('repeats', '')} repeats draws them anew and tests "
            f"other people, {tested}. Nobody is learnt from and tested in one repeat. "
        )
    together = [
        f"{name} {one['f1_macro']:.2f}" + (
            f" ({one['low']:.2f} to {one['high']:.2f})" if one.get("low") is not None else "")
        for name, one in (told.get("together") or {}).items() if one.get("f1_macro") is not None
    ]  # fmt: skip
    if together:
        parts.append(f"Macro F1 over everybody tested: {', '.join(together)}. ")
    if told.get("labels"):
        parts.append(f"Which units a face shows: {told['labels']}. ")
    if told.get("trunk"):
        parts.append(f"Trunk, frozen: {told['trunk']}. ")
    parts.append("Who was trained on is drawn by chance and is no part of the intervals. ")
    parts += [f"{one[0].upper()}{one[1:]}. " for one in _noted(view)]
    look.aside(look.bold("To know. "), *parts)


def _noted(view: View) -> list[str]:
    """What the study warned of; units that were left out, and sizes, stand elsewhere."""
    noted = [] if view.audit is None else [str(one) for one in view.audit.get("warnings", [])]
    own = [one.removeprefix(_SAYS) for one in noted if one.startswith(_SAYS)]
    return [one for one in own if one and not one.startswith(("AU", "training sets hold"))]


def left_out(view: View, found: Detected) -> None:
    """Units that have no figure, with what there is of them."""
    told = {unit_of(name): one for name, one in (facts(view).get("left_out") or {}).items()}
    units = sorted({*found.out, *(one for one in told if one is not None)})
    if not units:
        return
    rows = []
    for unit in units:
        own = [key for key in found.spans if key.unit == unit]
        shown = told.get(unit, {}).get(
            "positives", max((found.positives.get(key, 0) for key in own), default=0)
        )
        status = next((found.spans[key].status for key in own), "not enough data")
        why = told.get(unit, {}).get("why", "")
        rows.append([tables.named(unit), f"{shown:,}", look.badge(status), look.muted(why)])
    look.gap("small")
    look.heading(
        "Units left out", "Too few faces show them; the paper took units with 8,000 occurrences."
    )
    look.table(
        [("unit", ""), ("faces that show it", "n"), ("", ""), ("what is needed", "break")], rows
    )


def no_relevance(view: View) -> str:
    """Why there are no maps."""
    noted = [] if view.audit is None else [str(one) for one in view.audit.get("warnings", [])]
    why = next((one for one in noted if one.startswith("relevance")), "")
    if view.active:
        return "Where detectors look comes after what they detect: it is not here yet."
    return f"No relevance in this result. {why}".strip()
