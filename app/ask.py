"""Asking once more before what cannot be undone: a button, and behind it a dialog.

A dialog stands in the middle of the window wherever its button is, takes the keyboard, and is left
by Escape; what is opened beside a button at the end of a page can lie below the window's edge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

ASKED = "asked once more"


def first(
    label: str,
    key: str,
    body: Callable[[], None],
    *,
    icon: str,
    type: Literal["secondary", "tertiary"] = "secondary",
) -> None:
    """A button `label` whose dialog holds what `body` draws, until it is left or `done`."""
    if st.button(label, key=f"ask-{key}", icon=icon, type=type):
        st.session_state[ASKED] = key
    if st.session_state.get(ASKED) == key:
        st.dialog(label, icon=icon, on_dismiss=done)(body)()


def done() -> None:
    """Nothing is asked any more."""
    st.session_state.pop(ASKED, None)
