"""Linked maps of few faces: figures of the same faces, choosing in one of which marks them in all.

`linked` draws those of many.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from app import chart, picked
from app.jobs import View
from core.plots.template import CONFIG

HOW = ("replaces", "adds", "takes away")
"""What a new loop does to what is chosen already."""
_CONFIG: dict[str, Any] = {**CONFIG, "doubleClick": False}
# A double click would clear the marks in the browser alone; Clear does it everywhere.


def pane(view: View, number: int, figure: go.Figure, alt: str, faces: int) -> None:
    """Draw pane `number` of a run's maps of so many `faces`; a loop in it changes the choice.

    After a choice each figure is a new element, so that no old loop stays behind, which the next
    one would drag along.
    """
    key = chart.key("map", view.id, number, picked.turn())
    st.plotly_chart(
        figure, theme=None, config=_CONFIG, alt=alt, key=key,
        on_select=partial(_looped, view, faces, key), selection_mode=("box", "lasso"),
    )  # fmt: skip


def _looped(view: View, faces: int, key: str) -> None:
    """A loop was closed: its points are the faces of their customdata."""
    inside = np.zeros(faces, bool)
    for row in rows_of(st.session_state[key]["selection"]["points"]):
        if 0 <= row < faces:
            inside[row] = True
    picked.choose(view, inside, str(st.session_state.get("loop", HOW[0])))


def rows_of(points: Sequence[dict[str, Any]]) -> list[int]:
    """The rows that the points of a selection stand for."""
    found = []
    for point in points:
        told = point.get("customdata")
        row = told[0] if isinstance(told, list) and told else told
        if isinstance(row, int | float):
            found.append(int(row))
    return found
