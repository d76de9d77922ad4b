"""Linked maps of many faces: one element draws all maps of the page in the browser, as pixels.

A loop marks the same faces in every map at once, in the browser; the server is then told one bit a
face. The points go to the browser in an element of their own: as long as it stays the same,
Streamlit sends its digest in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from app import look, picked
from app.jobs import View
from app.lasso import HOW
from core.plots import projection
from core.plots.projection_maps import Groups, Maps, Place
from core.plots.projection_points import drawing, points, unpacked
from core.plots.tokens import tokens

HEARD = "choices heard"
"""Which browser's choices were heard, and the number of the last; the browser is told."""
FOLDER = Path(__file__).resolve().parent / "linked"
SCRIPTS = ("geometry.js", "paint.js", "pane.js", "linked.js")
"""What the browser is given; the scripts are the parts of one module, in order."""


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


_element = st.components.v2.component(
    "blindfold-linked-maps",
    html=_text("linked.html"),
    css=_text("linked.css"),
    js="\n".join(map(_text, SCRIPTS)),
)


@dataclass(frozen=True)
class Words:
    """What is said of one map: `alt` to who cannot see it, `note` below it."""

    alt: str
    note: str


def show(
    view: View, found: Maps, places: Sequence[Place], groups: Groups, asked: projection.View,
    said: Sequence[Words], wide: int,
) -> None:  # fmt: skip
    """Draw maps `places`, `wide` of them in a row; a loop in one changes the choice."""
    shown = points(found, places, groups, asked)
    data = drawing(shown, found, groups, tokens(look.mode()), asked)
    for pane, words in zip(data["panes"], said, strict=True):
        pane |= {"alt": words.alt, "note": words.note}
    heard_of = list(st.session_state.get(HEARD, ("", 0)))
    data |= {"wide": wide, "how": _how(), "heard": heard_of}
    key = f"linked-{view.id}"
    _element(key=f"points-{view.id}", data=shown.packet)
    _element(key=key, data=data, on_chosen_change=partial(_chosen, view, len(found), key))


def _chosen(view: View, faces: int, key: str) -> None:
    heard(view, faces, st.session_state[key]["chosen"])


def heard(view: View, faces: int, told: Any) -> None:
    """Take over the choices `told` by a browser: its name, and numbered loops of which one may have
    come before. What is not understood is left out."""
    who, last = st.session_state.get(HEARD, ("", 0))
    if not isinstance(told, dict) or not isinstance(told.get("choices"), list):
        return
    if told.get("who") != who:
        who, last = str(told.get("who")), 0
    for one in told["choices"]:
        match one:
            case [int(number), str(loop)] if number > last:
                inside = unpacked(loop, faces)
                if inside is not None:
                    picked.choose(view, inside, _how())
                last = number
    st.session_state[HEARD] = (who, last)


def _how() -> str:
    return str(st.session_state.get("loop", HOW[0]))
