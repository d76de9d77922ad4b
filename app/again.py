"""The same audit once more, with a study or suppressors that it had not, or had otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    settings = _settings(view)
    studies = list(view.config.get("studies") or ())
    settings["studies"] = [*studies, *([study] if study not in studies else [])]
    if changes:
        settings[study] = {**settings.get(study, {}), **changes}
    _begin(view, settings)


def suppressing(view: View, kinds: Sequence[str]) -> None:
    """Start the run of `view` again with suppressors of these `kinds`, and show it."""
    _begin(view, {**_settings(view), "suppressors": [{"kind": kind} for kind in kinds]})


def _settings(view: View) -> dict[str, Any]:
    """What was asked for, without what the defaults filled in."""
    return view.run.config().model_dump(mode="json", exclude_unset=True)


def _begin(view: View, settings: Mapping[str, Any]) -> None:
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
