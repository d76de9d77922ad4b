"""Widgets that choose what a page shows: the run, the attribute, the figure; all in the URL."""

from __future__ import annotations

import streamlit as st

from app import look, words
from app.jobs import View, when
from app.look import plain
from core.plots.findings import METRICS


def choose_run(views: list[View]) -> View | None:
    """The run named in the address, else the last one looked at, else the newest with a result, or
    else the newest that is at work: one that waits in the queue has nothing to show.

    Its id is always put into the address, so that a link keeps its meaning. One that names another
    person's run is told the same as one that names none.
    """
    known = {view.id: view for view in views}
    asked = st.query_params.get("run")
    if asked is not None and asked not in known:
        look.alarm(words.NO_SUCH_RUN)
        del st.query_params["run"]
        asked = None
    if not views:
        return None
    asked = asked or st.session_state.get("last run")
    done = [view.id for view in views if view.audit is not None]
    working = [view.id for view in views if view.status.state == "running"]
    start = asked if asked in known else (done or working or list(known))[0]
    if len(views) > 1:
        if st.session_state.get("audit") not in known or "run" not in st.query_params:
            st.session_state["audit"] = start
        start = st.selectbox(
            "Audit",
            list(known),
            format_func=lambda run_id: f"{known[run_id].name}, {when(known[run_id].run.created)}",
            key="audit",
            width=440,
        )
    st.query_params["run"] = start
    st.session_state["last run"] = start
    return known[start]


def choose_attribute(attributes: list[str]) -> str:
    """One of the labels that were attacked; the first is the sensitive one."""
    if len(attributes) > 6:
        chosen = st.selectbox("Attribute", attributes, key="attribute", bind="query-params")
    else:
        chosen = st.segmented_control(
            "Attribute",
            attributes,
            default=attributes[0],
            required=True,
            format_func=plain,
            key="attribute",
            bind="query-params",
        )
    return chosen if chosen in attributes else attributes[0]


def choose_metric(metrics: list[str]) -> str:
    """Which figure is shown: balanced accuracy, accuracy or AUC."""
    names = {name: metric for metric, name in METRICS.items() if metric in metrics}
    chosen = st.segmented_control(
        "Figure",
        list(names),
        default=next(iter(names)),
        required=True,
        key="figure",
        bind="query-params",
    )
    return names.get(str(chosen), next(iter(names.values())))
