"""Anonymity: do networks made for emotion still know who is shown? The six of Narula et al."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import anonymity_choices as choices
from app import anonymity_parts as parts
from app import chart, files, jobs, look, state
from app.jobs import View
from core.plots import anonymity as plots
from core.plots import anonymity_figures as drawn
from core.plots.anonymity import Told
from core.plots.tokens import tokens


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    view = state.opened("Anonymity")
    if view is None:
        return
    look.put(
        "Six networks see faces, and are asked for the emotion and for who is shown. One, Hybrid, "
        "is trained to keep the first and to lose the second. Does it, and would somebody else "
        "still find the second in what it has learnt? “Anonymity” is the paper’s word for its aim, "
        "not a finding.",
        "lead",
    )
    if view.audit is None:
        state.state(view)
    table = jobs.frame(view, "anonymity")
    if table is not None and not table.empty:
        _results(view, table)
    elif view.active:
        look.empty("Anonymity comes after the attacks: its figures are not here yet.")
    elif view.audit is not None:
        choices.missing(view)


def _results(view: View, table: pd.DataFrame) -> None:
    found, facts = plots.told(table), parts.facts(view)
    training = jobs.frame(view, "anonymity_training")
    look.gap("small")
    look.put(look.text(plots.title(found, facts)), "headline")
    for one in plots.answer(found):
        look.put(look.text(one), "prose")
    _alarm(found)
    look.aside(
        look.bold("People are in training here, by design: "),
        "the question is whether a network still knows those it has met, so pictures are dealt "
        "into folds, not people. Nothing here speaks of strangers; the Leakage page does.",
    )
    papers = _papers(facts)
    left, right = st.columns(2)
    with left:
        _question(view, found, "identity", papers)
    with right:
        _question(view, found, "emotion", papers)
    look.gap("small")
    look.heading(
        "The same figures",
        "Per cent of held-out pictures, as they were taken; in brackets 95 % intervals over "
        "people. Null: what labels dealt by chance stay under, by least squares and its kernel "
        "twin on the same features.",
    )
    parts.figures(found)
    _downloads(view, table, training)
    if training is not None and not training.empty:
        _learning(view, training)
    parts.attackers(found)
    parts.papers(found, facts)
    parts.known(view, facts)


def _alarm(found: Sequence[Told]) -> None:
    """Below chance is told loudly, whatever else was found."""
    below = plots.alarms(found)
    if below:
        look.alarm(
            look.badge("anti-learning"), " Below guessing, and lower than labels dealt by chance "
            f"come: {'; '.join(below)}. Whoever is wrong so reliably has learnt which answer to "
            "avoid: an attacker who knows that gains by it. It is never counted as privacy.",
        )  # fmt: skip


def _papers(facts: Mapping[str, Any]) -> list[str]:
    """Which of the paper's sets stand in the figures; with one like ours, that one first."""
    names = list(drawn.PAPERS)
    chosen = st.segmented_control(
        "The paper’s figures", ["none", *(drawn.PAPERS[name] for name in names)],
        default=drawn.PAPERS[parts.like(facts)], required=True, key="papers",
        bind="query-params",
    )  # fmt: skip
    return [name for name in names if drawn.PAPERS[name] == chosen]


def _question(view: View, found: Sequence[Told], task: str, papers: Sequence[str]) -> None:
    rows = plots.shown(found, task)
    heads = {"identity": "Who is shown", "emotion": "Which emotion"}
    hints = ["● own layers", "■ fresh attackers", "○ □ not told from chance", "✕ below chance"]
    hints += ["◇ the paper’s"] if papers else []
    look.heading(heads[task], "Held-out pictures named rightly, 95 % intervals over people.")
    marks = (part for one in hints for part in (look.muted(one), look.Html("&emsp;")))
    look.put(look.join(*marks), "small")
    figure = drawn.bars(rows, task, tokens(look.mode()), papers)
    name = chart.key("bars", view.id, task, len(found), *papers)
    chart.show(figure, drawn.alt(rows, task), name)


def _learning(view: View, training: pd.DataFrame) -> None:
    """How the networks learnt, means over folds."""
    look.gap("small")
    look.heading(
        "How they learnt",
        "Means over the folds. Hybrid starts with both tasks, then in each round hides who is "
        "shown from identity layers that stand still, and lets these catch up.",
    )
    names = [one for one in ("Hybrid", "Emotion", "Face") if one in set(training["network"])]
    chosen = st.segmented_control(
        "Network", names, default=names[0], required=True, key="network", bind="query-params"
    )
    network = chosen if chosen in names else names[0]
    mode = tokens(look.mode())
    left, right = st.columns(2)
    for column, wanted, share in ((left, plots.CURVES, False), (right, plots.HELD, True)):
        with column:
            figure = drawn.learning(training, network, wanted, mode, share=share)
            name = chart.key("learning", view.id, network, share, len(training))
            chart.show(figure, drawn.learning_alt(training, network, wanted), name)


def _downloads(view: View, table: pd.DataFrame, training: pd.DataFrame | None) -> None:
    differences = jobs.frame(view, "differences")
    with st.container(horizontal=True):
        files.csv(view, "anonymity", table)
        if training is not None:
            files.csv(view, "anonymity_training", training)
        if differences is not None:
            files.csv(view, "differences", differences[differences["table"] == "anonymity"])


main()
