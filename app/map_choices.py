"""What a person chooses on the Projections page; all of it in the address but the loop's way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from app import again as once_more
from app import look, picked
from app.jobs import View
from app.lasso import HOW
from core.plots.compare import kinds
from core.plots.projection import Drag
from core.plots.projection_maps import IDENTITY, METHODS, VERDICT, Groups, Maps, Place
from core.plots.projection_presets import OWN, PRESETS, Preset, Resolved, resolved, title

MOST = 4
"""Maps side by side, at most."""
_DRAGS: Mapping[str, Drag] = {"a loop": "lasso", "a box": "select", "nothing": False}


@dataclass(frozen=True)
class Colour:
    """What is in colour: a label, identity, or whether attackers of `whose` were right."""

    name: str
    whose: str = ""


@dataclass(frozen=True)
class Drawing:
    """How the maps are drawn, and the class that is picked out, if any."""

    one: str
    only: bool
    drag: Drag
    contours: bool
    zoom: bool


def count() -> int:
    """How many maps stand side by side."""
    given = st.segmented_control(
        "Maps", ["2", "3", "4"], default="2", required=True, key="maps", bind="query-params"
    )
    return int(given) if given in ("2", "3", "4") else 2


def colour(found: Maps, sensitive: str, attacked: Sequence[str]) -> Colour:
    """What the points are coloured by; first the label that the suppressors were fitted against."""
    options = [*found.labels, IDENTITY, *([VERDICT] if attacked else [])]
    start = options.index(sensitive) if sensitive in found.labels else 0
    _forget("colour", options)
    name = st.selectbox(
        "Colour", options, index=start, key="colour", bind="query-params", width=180
    )
    if name != VERDICT:
        return Colour(name if name in options else options[start])
    _forget("whose", attacked)
    whose = st.selectbox(
        "Read from", attacked, key="whose", bind="query-params", format_func=title, width=140
    )
    return Colour(VERDICT, whose if whose in attacked else attacked[0])


def place(found: Maps, number: int) -> Place:
    """The representation and the method of pane `number`, from 0 on."""
    names = found.representations
    start = defaults(names)[number % len(names)]
    _forget(f"map{number + 1}", names)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox(
            f"Map {number + 1}", names, index=names.index(start), key=f"map{number + 1}",
            bind="query-params", format_func=title, width=170,
        )  # fmt: skip
        name = name if name in names else start
        methods = found.methods(name)
        _forget(f"by{number + 1}", methods)
        method = st.segmented_control(
            f"Method of map {number + 1}", methods, default=methods[0], required=True,
            key=f"by{number + 1}", bind="query-params", label_visibility="collapsed",
            format_func=lambda one: METHODS.get(one, look.plain(one)).replace("-", "\\-"),
        )  # fmt: skip
    return name, method if method in methods else methods[0]


def defaults(names: Sequence[str]) -> list[str]:
    """What the panes show unless told: x, f3(x), then what is left in the order of the table."""
    first = [name for name in ("x", "f3(x)") if name in names]
    plain = [name for name in names if name not in first and not name.startswith("f3(")]
    rest = [name for name in names if name not in first and name not in plain]
    return [*first, *plain, *rest]


def drawing(view: View, groups: Groups) -> Drawing:
    """A class to pick out and to choose without a mouse; what dragging does; contours; zoom."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _forget("class", groups.classes)
        one = st.selectbox(
            "Class", groups.classes, index=None, placeholder="any", key="class",
            bind="query-params", width=180,
        )  # fmt: skip
        one = one if one in groups.classes else None
        only = st.toggle("Show it alone", key="only", bind="query-params", disabled=one is None)
        if st.session_state.get("loop") not in HOW:
            st.session_state["loop"] = HOW[0]
        how = st.segmented_control("A choice", HOW, required=True, key="loop")
        st.button(
            "Choose its faces", disabled=one is None, on_click=picked.choose,
            args=(view, groups.mask(one or ""), str(how)),
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        drag = st.segmented_control(
            "Dragging draws", list(_DRAGS), default="a loop", required=True, key="drag",
            bind="query-params",
        )  # fmt: skip
        contours = st.toggle("Density", key="density", bind="query-params")
        zoom = st.toggle("Zoom to the chosen", key="zoom", bind="query-params")
    return Drawing(
        one or "", bool(only and one), _DRAGS.get(str(drag), "lasso"), bool(contours), bool(zoom)
    )


def preset(view: View, found: Maps, panes: Sequence[Place], shown: str) -> Preset | None:
    """The choice of named views; returns the one that stands on the page, if any does.

    It is made after the panes: what it says follows from them.
    """
    kind = kinds(view.config)
    every = {one.name: resolved(one, found.representations, found.labels, kind) for one in PRESETS}
    now = next((name for name, one in every.items() if _is(one, found, panes, shown)), OWN)
    st.session_state["preset"] = now
    st.selectbox(
        "Named view", [OWN, *every], key="preset", on_change=_apply, args=(found, every), width=380
    )
    lacking = st.session_state.pop("preset lacks", None)
    if lacking is not None:
        name, missing = lacking
        look.aside(
            look.bold(f"{name}. "),
            f"This run has no {', no '.join(missing)}: an audit with that suppressor or label, and "
            "with projections, shows it.",
        )
    return next((one for one in PRESETS if one.name == now), None)


def _is(one: Resolved, found: Maps, panes: Sequence[Place], shown: str) -> bool:
    wanted = tuple((name, _first(found, name)) for name in one.panes)
    return not one.missing and wanted == tuple(panes) and one.colour == shown


def _first(found: Maps, name: str) -> str:
    """t-SNE, which the papers drew, where the run has it."""
    methods = found.methods(name)
    return "tsne" if "tsne" in methods or not methods else methods[0]


def _apply(found: Maps, every: Mapping[str, Resolved]) -> None:
    """A named view was chosen: the other choices follow, as if each had been made."""
    name = st.session_state["preset"]
    one = every.get(name)
    if one is None:
        return
    if one.missing:
        st.session_state["preset lacks"] = (name, one.missing)
        return
    st.session_state["maps"] = str(len(one.panes))
    st.session_state["colour"] = one.colour
    for number, pane in enumerate(one.panes, start=1):
        st.session_state[f"map{number}"] = pane
        st.session_state[f"by{number}"] = _first(found, pane)


def _forget(key: str, options: Sequence[str]) -> None:
    """What was chosen on another run means nothing where this one does not have it."""
    if key in st.session_state and st.session_state[key] not in (*options, None):
        del st.session_state[key]


def again(view: View) -> None:
    """A new run of the same settings with other values; all but the maps comes from the store."""
    asked = view.config.get("projection") or {}
    with st.form("again", border=False):
        look.heading(
            "Other values",
            f"{_computed(view)}Perplexity (t-SNE) and neighbours (UMAP) say about how many faces "
            "count as near: few show small groups, many the whole. A new run takes all but its "
            "maps from the store.",
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input(
                "Perplexity", 1.0, 1000.0, float(asked.get("perplexity", 30.0)), 5.0,
                key="perplexity", width=150,
            )  # fmt: skip
            st.number_input(
                "Neighbours", 2, 1000, int(asked.get("neighbors", 15)), 5,
                key="neighbours", width=150,
            )  # fmt: skip
            st.form_submit_button("Run with these", on_click=_start, args=(view,))
    once_more.failed()


def _computed(view: View) -> str:
    """What the maps of this run were computed with, as far as its data allowed."""
    facts = {} if view.audit is None else (view.audit.get("facts") or {}).get("projection") or {}
    told = [
        f"{METHODS.get(name, name)} with "
        + ", ".join(f"{what} {value:g}" for what, value in settings.items()
                    if isinstance(value, int | float))
        for name, settings in (facts.get("methods") or {}).items()
    ]  # fmt: skip
    return f"Here: {'; '.join(told)}. " if told else ""


def _start(view: View) -> None:
    """Start the run with what stands in the form."""
    perplexity, neighbours = st.session_state["perplexity"], st.session_state["neighbours"]
    once_more.start(
        view, "projection", {"perplexity": float(perplexity), "neighbors": int(neighbours)}
    )
