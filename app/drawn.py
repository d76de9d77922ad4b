"""The bundled set as an example: a row of drawn faces, and what a set looks like once read."""

from __future__ import annotations

import streamlit as st

from app import look, sheet
from app.look import Html
from app.thumbnails import thumbnail
from core.faces.faceset import FaceSet
from core.faces.synthetic.source import synthetic_faces

KEY = "synthetic"
PEOPLE = 8
"""Faces in the row: one of each of the first people, each with another expression."""
EXAMPLE = 24
"""Faces in the example of a contact sheet."""


@st.cache_resource(show_spinner=False)
def _set(people: int) -> FaceSet:
    return synthetic_faces(people=people)


def row() -> None:
    """A row of small drawn faces, with the words that say what they are."""
    few = _set(PEOPLE)
    each = len(few) // PEOPLE
    shown = (person * each + person % each for person in range(PEOPLE))
    pictures = (thumbnail(few.source, f"{KEY}|{few.table['id'].iloc[i]}", i, 112) for i in shown)
    faces = "".join(f'<img src="{one}" alt="" loading="lazy">' for one in pictures if one)
    look.put(Html(f"<div>{faces}</div><p>synthetic faces, drawn by this program</p>"), "drawn")


def example() -> None:
    """What the page shows of a set, with the bundled one in its place."""
    whole = _set(230)
    look.gap("small")
    look.heading(
        "An example: the bundled synthetic set",
        "Yours is shown like this once it is read. To audit this one, choose “A public set”.",
    )
    sheet.summary(whole, KEY)
    look.gap("small")
    sheet.faces(whole, KEY, list(range(EXAMPLE)), "expression")
