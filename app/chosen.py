"""The faces chosen on the maps: pictures, labels, and what attackers said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from app import files, look, maps, picked, sheet
from app.jobs import View
from app.look import Html
from core.errors import BlindfoldError
from core.plots.projection_maps import Groups, Maps
from core.plots.projection_presets import title
from core.plots.projection_said import Answers

SHOWN = 12
"""Faces in the contact sheet: a drawn one takes a fortieth of a second when first looked at."""
LISTED = 24
"""Rows of the list of faces."""
_CLASSES = 8

Said = Mapping[str, Answers]
"""What the strongest attacker said of every face, by representation."""


def panel(
    view: View, found: Maps, groups: Groups, faces: np.ndarray, said: Said, attribute: str
) -> None:
    """Beside the maps: how many are chosen, who they are, and Clear."""
    count, linked = int(faces.sum()), picked.link(found, faces)
    look.heading(f"{count:,} of {len(found):,} faces chosen" if count else "Nobody chosen yet")
    if not count:
        look.put(
            "Draw a loop round some points of any map. Without a mouse: choose a class above, then "
            "“Choose its faces”. The same faces are marked in every map.",
            "m small",
        )
        if picked.unread(view):
            look.put("The choice in this link belongs to other faces, so nobody is chosen.", "m")
        return
    st.button("Clear", on_click=picked.choose, args=(view, np.zeros(len(found), bool)))
    if not linked:
        look.put("Too scattered for a link: the address leaves out who is chosen.", "m small")
    _sheet(view, found, groups, faces)
    _classes(groups, faces)
    _read(faces, said, attribute)


def _sheet(view: View, found: Maps, groups: Groups, faces: np.ndarray) -> None:
    """The first faces chosen; each named by its class."""
    try:
        there = maps.pictures(view)
    except BlindfoldError:
        look.put("The pictures of this run are no longer where they were.", "m small")
        return
    if there is None:
        look.put("This run read vectors: there are no pictures to show.", "m small")
        return
    source, place = there
    first = np.flatnonzero(faces)[:SHOWN]
    shown: list[Html] = []
    for row in first:
        name, face = groups.classes[groups.codes[row]], place.get(str(found.faces["id"].iloc[row]))
        if face is not None:
            shown.append(sheet.figure(source, f"run {view.id}", face, name))
    if not shown:
        look.put("None of these faces is in the set any more.", "m small")
        return
    look.put("".join(shown), "sheet")
    if faces.sum() > len(first):
        look.put(f"The first {len(first)} of {int(faces.sum()):,}.", "m small")


def _classes(groups: Groups, faces: np.ndarray) -> None:
    """How the chosen divide by what is in colour."""
    total = np.bincount(groups.codes, minlength=len(groups.classes))
    own = np.bincount(groups.codes[faces], minlength=len(groups.classes))
    order = np.argsort(-own, kind="stable")
    order = order[own[order] > 0]
    rows = [
        (groups.classes[code], f"{own[code]:,}", look.muted(f"of {total[code]:,}"))
        for code in order[:_CLASSES]
    ]
    look.gap("small")
    look.table(((groups.name, "break"), ("chosen", "n"), ("", "n")), rows)
    if len(order) > _CLASSES:
        look.put(f"and {len(order) - _CLASSES:,} more", "m small")


def _read(faces: np.ndarray, said: Said, attribute: str) -> None:
    """How often the strongest attacker read the chosen rightly, beside all that are shown."""
    rows = []
    everyone = np.ones(len(faces), bool)
    for name, answers in said.items():
        share, n = answers.share(faces)
        whole, _ = answers.share(everyone)
        if share is None or whole is None:
            continue
        often, times = np.unique(answers.said[faces & (answers.said != "")], return_counts=True)
        most = str(often[times.argmax()])
        rows.append(
            (look.join(title(name), " ", look.muted(f"most often: {most}")),
             look.join(f"{100 * share:.0f} %", look.muted(f" of {n:,}")),
             look.muted(f"{100 * whole:.0f} %"))
        )  # fmt: skip
    if rows:
        look.gap("small")
        columns = ((f"{attribute}, strongest", "break"), ("rightly", "n"), ("of all", "n"))
        look.table(columns, rows)


def listed(
    view: View, found: Maps, faces: np.ndarray, said: Said, attackers: Sequence[str], attribute: str
) -> None:
    """Below the maps: every attacker, the chosen face by face, and all of them as a file."""
    if not faces.any():
        return
    frame = _frame(found, faces, said, attribute)
    with st.container(horizontal=True, vertical_alignment="center"):
        every = st.toggle("Every attacker", key="every", bind="query-params")
        singly = st.toggle("Face by face", key="singly", bind="query-params")
        files.csv(view, "chosen", frame, "Chosen faces (CSV)")
    if every:
        _every(view, found, faces, list(said), attackers, attribute)
    if singly:
        columns = [(str(name), "break") for name in frame.columns]
        look.table(columns, frame.head(LISTED).itertuples(index=False))
        if len(frame) > LISTED:
            look.put(f"The first {LISTED} of {len(frame):,}; the file has all.", "m small")


def _frame(found: Maps, faces: np.ndarray, said: Said, attribute: str) -> pd.DataFrame:
    """Ids, people, labels, and what the strongest attacker said from each representation."""
    frame = found.faces[faces].reset_index(drop=True)
    for name, answers in said.items():
        frame[f"{attribute} read from {title(name)}"] = answers.said[faces]
    return frame


def _every(
    view: View, found: Maps, faces: np.ndarray, names: Sequence[str], attackers: Sequence[str],
    attribute: str,
) -> None:  # fmt: skip
    """What share of the chosen each attacker reads rightly, a column for each representation."""
    rows = []
    for attacker in attackers:
        own = maps.answers(view, found, attribute, names, attacker)
        cells: list[object] = [attacker]
        for name in names:
            share, n = own[name].share(faces) if name in own else (None, 0)
            told = "" if share is None else f"{100 * share:.0f} %"
            cells.append(look.join(told, " ", look.muted(f"of {n:,}" if n else "")))
        rows.append(cells)
    look.table([(f"{attribute}, read rightly by", ""), *((title(n), "n") for n in names)], rows)
