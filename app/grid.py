"""The labelling grid: one face after the other, a class a click or a key, with undo."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from app import by_hand, look, sheet
from app.look import Html, plain
from app.thumbnails import thumbnail
from core.faces.faceset import UNKNOWN, FaceSet
from core.faces.picture import FileSource
from core.plots.tokens import category, tokens

DEFAULT_CLASSES = "neutral, happy, sad, angry, surprised, disgusted"
MOST_CLASSES = 9
AROUND = 24
"""Faces that the grid shows at a time."""


@dataclass
class Hand:
    """Labels of one column as they stand: `values` has "" where nothing was said yet."""

    column: str
    values: list[str]
    at: int = 0
    undo: list[tuple[int, str]] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Faces without a label."""
        return self.values.count("")

    def say(self, value: str) -> None:
        """Label the face at hand and go on to the next one that has no label."""
        self.undo.append((self.at, self.values[self.at]))
        self.values[self.at] = value
        self.at = self.following()

    def back(self) -> None:
        """Take the last label back and return to its face."""
        if self.undo:
            self.at, self.values[self.at] = self.undo[-1][0], self.undo[-1][1]
            self.undo.pop()

    def following(self) -> int:
        """The next face without a label, from here around; the next face where all have one."""
        ring = [*range(self.at + 1, len(self.values)), *range(self.at)]
        return next((i for i in ring if not self.values[i]), (self.at + 1) % len(self.values))


@st.fragment
def labelling_grid(found: FaceSet, key: str) -> None:
    """Draw the grid for `found`, whose pictures lie in one folder with their metadata.csv."""
    left, right = st.columns([1, 2])
    with left:
        column = by_hand.column_name(st.text_input("Name of the label", "expression", key="hand"))
    with right:
        told = st.text_input("Classes, separated by commas", DEFAULT_CLASSES, key="hand classes")
    classes = list(dict.fromkeys(c.strip() for c in told.split(",") if c.strip()))[:MOST_CLASSES]
    hand = _hand(found, column, key)
    _face(found, hand, classes, key)
    _around(found, hand, classes, key)
    assert isinstance(found.source, FileSource)
    metadata = Path(found.source.root) / by_hand.METADATA
    if metadata.is_file():
        st.download_button(
            "metadata.csv",
            metadata.read_bytes(),
            file_name=by_hand.METADATA,
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _hand(found: FaceSet, column: str, key: str) -> Hand:
    name = f"{key}|{column}|{len(found)}"
    kept = st.session_state.get("labels by hand")
    if kept is None or kept[0] != name:
        there = found.table[column] if column in found.labels else [UNKNOWN] * len(found)
        values = ["" if value == UNKNOWN else str(value) for value in there]
        kept = (name, Hand(column, values, at=values.index("") if "" in values else 0))
        st.session_state["labels by hand"] = kept
    hand: Hand = kept[1]
    return hand


def _say(found: FaceSet, hand: Hand, value: str) -> None:
    hand.say(value)
    by_hand.write(found, hand.column, hand.values)


def _back(found: FaceSet, hand: Hand) -> None:
    hand.back()
    by_hand.write(found, hand.column, hand.values)


def _step(hand: Hand, by: int) -> None:
    hand.at = (hand.at + by) % len(hand.values)


def _face(found: FaceSet, hand: Hand, classes: list[str], key: str) -> None:
    left, right = st.columns([1, 2], gap="large")
    with left:
        picture = thumbnail(found.source, f"{key}|{found.table['id'].iloc[hand.at]}", hand.at, 352)
        shown = f'<img src="{picture}" alt="face {hand.at + 1}">' if picture else "no picture"
        look.put(Html(shown), "face")
    with right:
        said = hand.values[hand.at]
        look.put(
            look.join(look.bold(f"Face {hand.at + 1} of {len(found)}"), " ",
                      look.muted(said or "no label yet"), " · ",
                      look.muted(f"{hand.left:,} left; a key or a click gives the class")),
        )  # fmt: skip
        with st.container(horizontal=True):
            for number, name in enumerate(classes, 1):
                st.button(
                    plain(name), key=f"class-{number}", shortcut=str(number),
                    on_click=_say, args=(found, hand, name),
                )  # fmt: skip
        with st.container(horizontal=True):
            st.button("Undo", shortcut="U", on_click=_back, args=(found, hand),
                      disabled=not hand.undo)  # fmt: skip
            st.button("Before", shortcut="Left", on_click=_step, args=(hand, -1))
            st.button("Next", shortcut="Right", on_click=_step, args=(hand, 1))


def _around(found: FaceSet, hand: Hand, classes: list[str], key: str) -> None:
    start = hand.at // AROUND * AROUND
    parts = []
    for index in range(start, min(start + AROUND, len(found))):
        name = hand.values[index]
        place = classes.index(name) if name in classes else None
        colour = category(place, tokens(look.mode())) if place is not None else ""
        caption = f"▸ {name or 'here'}" if index == hand.at else name or "·"
        parts.append(sheet.figure(found, key, index, caption, colour))
    look.put("".join(parts), "sheet")
