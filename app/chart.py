"""A figure on a page: its colours are ours, and it has words for who cannot see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app import look
from core.plots.template import CONFIG


def key(*parts: object) -> str:
    """A key that changes with all that a figure is made from, the colour mode included."""
    return "-".join(map(str, (*parts, look.mode())))


def show(figure: go.Figure, alt: str, name: str, picked: Callable[[], None] | None = None) -> None:
    """Draw `figure` under the key `name`; `picked` is called when a point of it is clicked."""
    shared: dict[str, Any] = {"theme": None, "config": CONFIG, "alt": alt, "key": name}
    if picked is None:
        st.plotly_chart(figure, **shared)
    else:
        st.plotly_chart(figure, on_select=picked, selection_mode="points", **shared)
