"""Two finished audits of one owner: chosen, and compared once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app import look, words
from app.jobs import View, when
from core.finished import Finished
from core.study.changes import Changes, changes


def choose_two(views: Sequence[View]) -> tuple[View, View] | None:
    """The audits named in the address as `first` and `second`; else the last one looked at (or the
    newest) as the second, and the newest other one of the same data as the first.

    Both ids are always put into the address. None where there are not two.
    """
    known = {view.id: view for view in views if view.audit is not None}
    asked = [st.query_params.get(name) for name in ("first", "second")]
    if any(one not in (None, *(view.id for view in views)) for one in asked):
        look.alarm(words.NO_SUCH_RUN)
    if len(known) < 2:
        return None
    last = st.session_state.get("last run")
    second = next((one for one in (asked[1], last) if one in known), next(iter(known)))
    first = asked[0] if asked[0] in known else _beside(known, str(second))
    left, right = st.columns(2)
    chosen = []
    for column, name, start in ((left, "first", first), (right, "second", second)):
        key = f"{name} audit"
        if st.session_state.get(key) not in known or name not in st.query_params:
            st.session_state[key] = start
        with column:
            picked = st.selectbox(
                f"{name.capitalize()} audit",
                list(known),
                format_func=lambda one: f"{known[one].name}, {when(known[one].run.created)}",
                key=key,
            )
        st.query_params[name] = picked
        chosen.append(known[picked])
    return chosen[0], chosen[1]


def _beside(known: Mapping[str, View], second: str) -> str:
    """The newest audit that is likely meant to be held against `second`."""
    others = [view for view in known.values() if view.id != second]
    alike = [view for view in others if _data(view) == _data(known[second])]
    return (alike or others)[0].id


def _data(view: View) -> tuple[str, bool]:
    assert view.audit is not None
    return str(view.audit["data"]["name"]), view.careless


def compared(a: View, b: View) -> Changes:
    """What changed from `a` to `b`; kept while neither is written again."""
    stamps = tuple((one.run.result / "audit.json").stat().st_mtime_ns for one in (a, b))
    return _compared(a.run.result, b.run.result, a.audit or {}, b.audit or {}, stamps)


@st.cache_data(max_entries=16, show_spinner="Comparing the two audits …")
def _compared(
    a: Path, b: Path, _a: Mapping[str, Any], _b: Mapping[str, Any], written: tuple[int, ...]
) -> Changes:
    """The comparison of the results at `a` and `b` as they were `written`."""
    return changes(Finished(a, _a), Finished(b, _b))
