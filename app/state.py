"""How a run stands, as every page about one run shows it: whose it is, its bar, its end."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from app import jobs, look, session, words
from app.choices import choose_run
from app.jobs import View
from core import run as runs
from core.errors import BlindfoldError, StoreError


def opened(title: str) -> View | None:
    """The title of a page and the run that it is about, with what must be said of it.

    None where there is no run; the page then says so and has nothing else.
    """
    st.title(title, anchor=False)
    view = choose_run(jobs.views(session.owner()))
    if view is None:
        look.empty("There is no audit yet. The Overview starts the demonstration by itself.")
        return None
    words.loud(view)
    context(view)
    return view


def context(view: View) -> None:
    """Whose figures these are: name, protocol, data, and the badges that go with all of them."""
    told = [view.name, words.protocol(view), words.data(view)]
    named = ", ".join(part for part in told if part)
    if view.expires is not None:
        named += f"; to be deleted on {jobs.day(view.expires)}"
    look.put(look.join(named, " ", words.marks(view)), "context")


def state(view: View) -> None:
    """A run without a result: its bar, or what went wrong and the way on."""
    if view.active:
        st.fragment(_watch, run_every=1)(view.id, jobs.stamp(view))
        return
    look.alarm(look.badge(view.status.state), " ", words.ended(view))
    resume(view, primary=True)


def resume(view: View, *, primary: bool = False) -> None:
    """A button that sets the run going again, from what the store holds."""
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    if not st.button("Resume", key=f"resume-{view.id}", type=kind):
        return
    try:
        runs.resume(view.run)
    except BlindfoldError as error:
        look.alarm(str(error))
        return
    st.rerun(scope="app")


def _watch(run_id: str, drawn: tuple[object, ...]) -> None:
    """The bar of a run at work; the page is drawn again when figures have arrived."""
    view = jobs.view(run_id, session.owner())
    if view is None or jobs.stamp(view) != drawn:
        st.rerun()
    look.put(words.progress(view), "prose")
    if st.button("Cancel"):
        cancel(view)


def cancel(view: View) -> None:
    """Ask a run to end and draw the page again; where the disk refuses, say so instead."""
    try:
        runs.cancel(view.run)
    except StoreError as error:
        look.alarm(str(error))
        return
    st.rerun(scope="app")
