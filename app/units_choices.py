"""What a person chooses on the Action units page, all of it in the address; and a run with it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import again, look
from app.jobs import View
from core.action_units.emfacs import EXPRESSIONS, UNITS
from core.plots.action_units_page import ALL, CROSS, FIGURES, MACRO, Detected

STUDY = "action_units"


def metric() -> str:
    """Which mean of F1 over units is shown: macro or weighted."""
    names = {name: metric for metric, name in FIGURES.items()}
    return names.get(_segment("F1 over units", list(names), "f1"), MACRO)


def pair(found: Detected) -> str:
    """The two groups whose interaction is shown; nothing where no two can be compared."""
    if len(found.pairs) < 2:
        return next(iter(found.pairs), "")
    named = {one.replace(CROSS, " and "): one for one in found.pairs}
    return named[_choice("Interaction of", list(named), "pair")]


def train(trains: Sequence[str]) -> str:
    """The training set of the detector whose units and maps are shown."""
    return _segment("Trained on", trains, "trained") if trains else ""


def group(groups: Sequence[str]) -> str:
    """The test group whose ratios are shown; first all of them together."""
    return _segment("Tested on", [ALL, *groups], "tested")


def unit(units: Sequence[int]) -> int:
    """The unit whose maps are shown."""
    named = {f"AU {one}": one for one in units}
    return named[_choice("Action unit", list(named), "unit")]


def looked_up() -> str:
    """An expression, or a unit as "AU 12", to be looked up."""
    names = [one.name for one in EXPRESSIONS if one.as_known]
    return _choice("Expression or unit", [*names, *(f"AU {one}" for one in UNITS)], "look-up")


def missing(view: View) -> None:
    """The run was made without this study: offer one that has it."""
    st.button("Run with action units", type="primary", on_click=again.start, args=(view, STUDY))
    again.failed()


def _segment(what: str, names: Sequence[str], key: str) -> str:
    if len(names) > 5:
        return _choice(what, names, key)
    _forget(key, names)
    chosen = st.segmented_control(
        what, names, default=names[0], required=True, key=key, bind="query-params",
        format_func=look.plain,
    )  # fmt: skip
    return chosen if chosen in names else names[0]


def _choice(what: str, names: Sequence[str], key: str) -> str:
    _forget(key, names)
    chosen = st.selectbox(what, names, key=key, bind="query-params", width=220)
    return chosen if chosen in names else names[0]


def _forget(key: str, names: Sequence[str]) -> None:
    """What was chosen on another run means nothing where this one does not have it."""
    if key in st.session_state and st.session_state[key] not in names:
        del st.session_state[key]
