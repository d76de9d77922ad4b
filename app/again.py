"""The same audit once more, with a study that it had not, or had otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import jobs, look, session
from app.jobs import View
from core.errors import BlindfoldError

_FAILED = "again failed"


def start(view: View, study: str, changes: Mapping[str, Any] | None = None) -> None:
    """Start the run of `view` again with `study`, its settings changed so, and show it.

    What was computed already comes from the store.
    """
    settings = view.run.config().model_dump(mode="json", exclude_unset=True)
    studies = list(view.config.get("studies") or ())
    settings["studies"] = [*studies, *([study] if study not in studies else [])]
    if changes:
        settings[study] = {**settings.get(study, {}), **changes}
    try:
        run = jobs.start(settings, session.owner(), base=view.run.base, uploads=view.run.uploads)
    except BlindfoldError as error:
        st.session_state[_FAILED] = str(error)
        return
    st.session_state.pop("audit", None)
    st.session_state["last run"] = run.id
    st.query_params["run"] = run.id


def failed() -> None:
    """Say why the last one could not be started, if it could not."""
    why = st.session_state.pop(_FAILED, None)
    if why is not None:
        look.alarm(why)
