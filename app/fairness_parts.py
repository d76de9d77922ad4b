"""The lower parts of the Fairness page: over skews, other questions, groups, thresholds, papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import chart, fairness_scores, look
from app import fairness_choices as choices
from app import fairness_tables as tables
from app.fairness_choices import Wish
from app.jobs import View
from core.plots import fairness as plots
from core.plots import fairness_favoured as favoured
from core.plots import fairness_papers as printed
from core.plots.compare import kinds
from core.plots.fairness import Decided, Question, Way
from core.plots.fairness_small import frame, over_alt, over_thresholds, small, small_alt
from core.plots.tokens import tokens


def over_strengths(
    view: View,
    every: Mapping[float, Sequence[Decided]],
    shown: Sequence[Way],
    pair: str,
    wish: Wish,
) -> None:
    """One small figure a way, over all skews that were computed."""
    look.gap("small")
    look.heading(
        "Accuracy against the gap, over the skews",
        "A dot a skew, with the share of the favoured group; the ring is the one chosen above. "
        "Up is more accurate, zero is no gap; all panels have the same axes.",
    )
    flat = [one for own in every.values() for one in own if one.way in shown]
    ranges, mode, kind = frame(flat, pair), tokens(look.mode()), kinds(view.config)
    with st.container(horizontal=True, gap="small"):
        for number, way in enumerate(shown):
            own = [one for one in flat if one.way == way]
            with st.container(width=170):
                figure = small(own, pair, wish.strength, ranges, mode, kind)
                chart.show(figure, small_alt(own, pair),
                           key(f"small{number}", view, own, f"{pair}{wish.strength}"))  # fmt: skip


def others(here: Sequence[Decided], q: Question, pair: str) -> None:
    """Equalised odds, false positives, accuracy and calibration."""
    look.gap("small")
    look.heading(
        "Other ways to ask",
        "Equalised odds: the larger of the gaps of true and of false positive rates. Calibration "
        "error: how far the probabilities given lie from the shares that are true."
        f"{favoured.wrongly(pair, q)}",
    )
    tables.others(here, q, pair)
    with st.expander("By group"):
        tables.by_group(here, q)


def crossed(view: View, here: Sequence[Decided], q: Question) -> None:
    """Groups that the protected label makes together with another one."""
    groups = plots.crossed(here, q)
    if not groups:
        return
    look.gap("small")
    look.heading(
        "Groups of two labels",
        "True positive rate where the protected label meets another; few people make wide "
        "intervals, and fewer than ten no figure.",
    )
    labels = {} if view.audit is None else view.audit["data"].get("labels", {})
    by_label = plots.by_label(groups, q, facts(view).get("crossed_with") or (), labels)
    if by_label:
        names = list(by_label)
        if st.session_state.get("crossed") not in names:
            st.session_state.pop("crossed", None)
        chosen = st.segmented_control(
            f"{look.plain(q.protected)} and", names, default=names[0], required=True,
            key="crossed", bind="query-params", format_func=look.plain,
        )  # fmt: skip
        groups = by_label[chosen if chosen in by_label else names[0]]
    tables.crossed([one for one in here if one.way.method == plots.PLAIN], groups)


def thresholds(view: View, shown: Sequence[Way], q: Question, pair: str, wish: Wish) -> None:
    """Other thresholds than one half, from the scores."""
    curves = fairness_scores.moved(view, q.classifier, wish.strength, fairness_scores.STEPS)
    look.gap("small")
    look.heading(
        "Another threshold",
        "Yes from this score on. Recomputed from the scores of the evaluation faces: means over "
        "repeats, without intervals; at 0.50 they are the figures above.",
    )
    if not curves:
        look.empty("The scores come when the run is done." if view.active
                   else "This run has no scores of single faces at this skew.")  # fmt: skip
        return
    chosen = choices.threshold()
    at = fairness_scores.moved(view, q.classifier, wish.strength, (chosen,)) or []
    curves, at = ([one for one in own if one.way in shown] for own in (curves, at))
    gaps = {place: tables.gap(one, q, pair) for place, one in enumerate(curves)}
    figure = over_thresholds(curves, gaps, chosen, tokens(look.mode()), kinds(view.config))
    drawn = "".join(one.way.key for one in curves)
    name = chart.key("thresholds", view.id, wish.strength, pair, chosen, drawn)
    chart.show(figure, over_alt(curves, gaps, chosen), name)
    tables.at_threshold(at, q, pair)


def papers(view: View, every: Mapping[float, Sequence[Decided]], q: Question, pair: str) -> None:
    """The papers' tables, ours, what differs and what is misprinted."""
    found = printed.beside(
        every.get(printed.STRENGTH, ()), every.get(plots.BALANCED, ()), q, kinds(view.config)
    )
    look.gap("small")
    look.heading(
        "Beside the papers",
        "Per cent and points, trained at 70/30 unless told otherwise; in brackets the paper’s own "
        "x, accuracy and gap. Ours of the same representation, at the same skew.",
    )
    tables.papers(found, pair)
    look.put(look.text(" ".join(printed.differs(found, q))), "m small")


def facts(view: View) -> dict[str, Any]:
    """What the study told of itself; nothing while it runs."""
    told = {} if view.audit is None else view.audit.get("facts") or {}
    return dict(told.get("fairness") or {})


def key(name: str, view: View, found: Sequence[Decided], more: str) -> str:
    """Changes with what is drawn."""
    drawn = "".join(f"{one.way.key}{one.strength}" for one in found)
    return chart.key(name, view.id, drawn, more)
