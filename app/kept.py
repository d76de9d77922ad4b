"""How long this server keeps things, and what outlives a deletion: in words, and in a sweep."""

from __future__ import annotations

import os

import streamlit as st

from app import session
from core.retention import KEEP, Sweeper, kept_for

SHARED = "BLINDFOLD_STORE"
"""The environment variable that names a store of several machines, which nothing here deletes."""


def computed_goes() -> bool:
    """Whether what was computed goes by itself too: not from a person's own computer, unasked."""
    return not session.alone() or bool(os.environ.get(KEEP))


@st.cache_resource(show_spinner=False)
def sweeper() -> Sweeper:
    """What deletes everything on its date from now on: one for the whole server."""
    return Sweeper(computed=computed_goes())


def stays() -> str:
    """What deleting a run or an upload leaves elsewhere, and how that goes."""
    if computed_goes():
        goes = f"It goes by itself {kept_for()} after it was made."
    else:
        goes = "“python -m core purge” removes it."
    return (
        "What was computed stays in the store, keyed by content: vectors, 16 × 16 grey values and "
        f"figures, no picture files. {goes}{shared()}"
    )


def shared() -> str:
    """What even deleting everything leaves; nothing where no other machine has a share in it."""
    if not os.environ.get(SHARED):
        return ""
    return f" The store that {SHARED} names is shared with other machines, and stays as it is."
