"""Compare: two or more representations side by side, what they give away and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app import (
    again,
    chart,
    exported,
    files,
    frontier,
    jobs,
    look,
    session,
    side_by_side,
    state,
    words,
)  # fmt: skip
from app.choices import choose_attribute, choose_run
from app.jobs import View
from app.look import Html
from core.plots import compare as rows
from core.plots import compare_inside as inside
from core.plots import groups as by_group
from core.plots.compare import NAMES, Card, Tables
from core.plots.compare_gaps import gap_alt, gap_figure
from core.plots.compare_papers import differs, papers
from core.plots.compare_words import best_told, gap_title, left_out
from core.plots.findings import CONTROLS
from core.plots.tokens import full, short, tokens

BESIDE = ("sensitivenets", "lntl")
"""The suppressors of the papers, offered where an audit has none."""


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    st.title("Compare", anchor=False)
    view = choose_run(jobs.views(session.owner()))
    if view is None:
        look.empty("There is no audit yet. The Overview starts the demonstration by itself.")
        return
    words.loud(view)
    _lead(view)
    if view.audit is None:
        state.state(view)
    found = {name: jobs.frame(view, name) for name in NAMES}
    leakage = found.pop("leakage")
    if leakage is not None and not leakage.empty:
        _results(view, Tables(leakage, **found))
    elif view.audit is not None:
        look.empty(
            "No label was attacked in this run: there is nothing to compare. Audit faces that have "
            "a label which varies, as expression does."
        )


def _lead(view: View) -> None:
    state.context(view)
    look.put(
        "Side by side, at the same attackers, the same people and the same resamples: what each "
        "representation still gives away, and what it costs.",
        "lead",
    )


def _results(view: View, tables: Tables) -> None:
    attribute = choose_attribute(list(dict.fromkeys(tables.leakage["attribute"])))
    names = rows.representations(tables.leakage, attribute)
    kind = rows.kinds(view.config)
    if not [name for name in names if name != "x" and name not in CONTROLS]:
        _without(view)
    for sentence in left_out(view.audit):
        look.aside(sentence)
    chosen = _choose(names)
    if len(chosen) < 2:
        look.empty("Choose two or more representations to compare them.")
        return
    shown = rows.cards(tables, attribute, chosen, kind)
    look.gap("small")
    side_by_side.cards(view, shown)
    look.gap()
    left, right = st.columns(2, gap="large")
    with left:
        _gaps(view, tables, attribute, shown)
    with right:
        if tables.verification is None:
            look.heading("What privacy costs", _missing(view, "verification"))
        else:
            # Turning the dial draws this part again and nothing else of the page.
            st.fragment(frontier.show)(view, tables, attribute, names, chosen)
    look.gap("small")
    _confusions(view, tables, attribute, shown)
    look.gap("small")
    _groups(view, tables, attribute, shown)
    look.gap("small")
    _training(view, tables, shown)
    _papers(view, tables, attribute, shown)
    look.gap("small")
    _downloads(view, tables, shown)


def _without(view: View) -> None:
    """No suppressor has figures: they are to come, or the same audit is offered with some."""
    later = "So far no suppressor has figures." if view.active else "No suppressor is in it."
    look.aside(look.bold(later), " Only x and the controls can be compared.")
    if not view.active and not view.config.get("suppressors"):
        named = " and ".join(map(full, BESIDE))
        st.button(
            f"Run again with {named}", type="primary", on_click=again.suppressing,
            args=(view, BESIDE),
        )  # fmt: skip
        again.failed()


def _choose(names: list[str]) -> list[str]:
    """The representations side by side, in the order of the tables."""
    chosen = st.pills(
        "Representations",
        names,
        selection_mode="multi",
        default=rows.default(names),
        format_func=lambda name: look.plain(short(name)),
        key="representations",
        bind="query-params",
    )
    return [name for name in names if name in (chosen or ())]


def _gaps(view: View, tables: Tables, attribute: str, shown: Sequence[Card]) -> None:
    if tables.differences is None:
        look.heading("Paired differences", _missing(view, "differences"))
        return
    found = rows.gaps(tables, attribute, [card.name for card in shown])
    look.heading(
        gap_title(found, shown),
        "Paired difference of the strongest attackers (balanced accuracy) and of verification. "
        "Bar: 95 % interval over the same resampled people. p: corrected after Holm over all pairs "
        "of its table. Filled where the two can be told apart.",
    )
    figure = gap_figure(found, tokens(look.mode()))
    chart.show(figure, gap_alt(found), _key("gaps", view, attribute, shown))


def _confusions(view: View, tables: Tables, attribute: str, shown: Sequence[Card]) -> None:
    note = "Shares of each true class, strongest attacker; every row sums to 1, same scale."
    if tables.confusion is None:
        look.heading("What is taken for what", _missing(view, "confusion"))
        return
    look.heading("What is taken for what", note)
    found = {one.name: one for one in inside.confusions(tables, attribute, [c.name for c in shown])}
    for row in side_by_side.beside(shown):
        for column, card in zip(st.columns(side_by_side.wide(shown)), row, strict=False):
            with column:
                matrix = found.get(card.name)
                look.put(look.join(_name(card), " ", look.muted(best_told(card, matrix))))
                if matrix is None or card.after is None or card.after.value is None:
                    continue
                figure = inside.confusion_figure(matrix, tokens(look.mode()))
                alt = inside.confusion_alt(matrix)
                chart.show(figure, alt, _key("confusion", view, attribute, [card]))


def _groups(view: View, tables: Tables, attribute: str, shown: Sequence[Card]) -> None:
    """What is read from each group, and whom verification fails: x beside what is shown."""
    if tables.groups is None or tables.groups.empty:
        look.heading("What each does to each group", _missing(view, "groups"))
        return
    names = list(dict.fromkeys(["x", *(card.name for card in shown)]))
    label = _label(list(dict.fromkeys(tables.groups["label"].astype(str))), attribute)
    kind = rows.kinds(view.config)
    read = "recall" if label == attribute else "leakage"
    for column, metric in zip(st.columns(3, gap="large"), (read, "fmr", "fnmr"), strict=True):
        asked = None if metric in ("fmr", "fnmr") else attribute
        found = by_group.served(tables.groups, label, metric, names, attribute=asked)
        with column:
            if not found:
                look.heading(by_group.METRICS[metric].capitalize(), "Not measured in this run.")
                continue
            about = f" Attackers read {attribute}; dashed: chance." if asked else _threshold(found)
            look.heading(
                by_group.group_title(found, label, metric),
                f"{by_group.METRICS[metric].capitalize()}.{about}",
            )
            figure = by_group.group_figure(found, metric, kind, tokens(look.mode()))
            alt = by_group.group_alt(found, label, metric)
            chart.show(figure, alt, _key(f"{metric}-{label}", view, attribute, shown))


def _threshold(found: Sequence[by_group.Served]) -> str:
    """At which threshold errors were counted."""
    far = next((one.reference for one in found if one.reference is not None), None)
    rate = "" if far is None else f", chosen on other people for a FAR of {100 * far:.3g} %"
    return f" At one threshold for everybody{rate}."


def _label(labels: list[str], attribute: str) -> str:
    """Whose groups: another label than the one that is read, where there is one."""
    others = [name for name in labels if name != attribute]
    if len(labels) < 2:
        return labels[0]
    chosen = st.segmented_control(
        "What each does to each group of",
        labels,
        default=others[0],
        required=True,
        format_func=look.plain,
        key="groups-of",
        bind="query-params",
    )
    return chosen if chosen in labels else others[0]


def _training(view: View, tables: Tables, shown: Sequence[Card]) -> None:
    asked = [card for card in shown if card.name != "x" and card.name not in CONTROLS]
    if not asked:
        return
    if tables.training is None:
        look.heading("How they were trained", _missing(view, "training"))
        return
    look.heading(
        "How they were trained",
        "The first split's fits. These people are the suppressor's own: no curve here is a result.",
    )
    for card in asked:
        drawn = inside.curves(tables.training, card.name)
        none = "" if drawn else "no curves: nothing was trained step by step"
        look.put(look.join(_name(card), " ", look.muted(none)))
        columns = st.columns(len(inside.GROUPS))
        for column, (group, own) in zip(columns, drawn.items(), strict=False):
            with column:
                look.put(look.join(group, ": ", look.muted(inside.GROUPS[group])), "small")
                figure = inside.training_figure(own, group, card.kind, tokens(look.mode()))
                alt = inside.training_alt(own, card.name, group)
                chart.show(figure, alt, _key(f"training-{group}", view, "", [card]))


def _papers(view: View, tables: Tables, attribute: str, shown: Sequence[Card]) -> None:
    fitted = rows.sensitive(view.config, tables.leakage)
    against = attribute if attribute in fitted else next(iter(fitted), attribute)
    found = papers(tables, attribute, shown, against)
    if not found:
        return
    look.heading(
        "The papers' figures beside ours",
        "Accuracy. Theirs come from other data, another encoder and another protocol, so that a "
        "gap is no error of either.",
    )
    columns = (("representation", ""), ("figure", ""), ("ours", "n"), ("paper", "n"),
               ("printed in", "wide"))  # fmt: skip
    told = [
        (short(one.name), one.what, side_by_side.figure(one.ours, digits=3),
         look.number(one.paper.value, 3), look.muted(one.paper.source))
        for one in found
    ]  # fmt: skip
    look.table(columns, told)
    look.put(look.join(look.bold("What differs. "), " ".join(differs(found))), "m small")


def _downloads(view: View, tables: Tables, shown: Sequence[Card]) -> None:
    look.heading(
        "Tables",
        "All labels, attackers and figures of this run, one figure a row; and the suppressors "
        "shown, fitted on the reference split, to take along.",
    )
    with st.container(horizontal=True):
        for name in NAMES:
            frame: pd.DataFrame | None = getattr(tables, name)
            if frame is not None:
                files.csv(view, name, frame)
        for card in shown:
            place = exported.folder(view, card.name)
            if place is not None:
                exported.button(place, f"{look.plain(card.title)} (zip)", f"zip-{card.name}")


def _name(card: Card) -> Html:
    return look.join(look.glyph(card.kind), " ", look.bold(card.label))


def _key(part: str, view: View, attribute: str, shown: Sequence[Card]) -> str:
    return chart.key("compare", part, view.id, attribute, *(card.name for card in shown))


def _missing(view: View, name: str) -> str:
    """Why a part of the page is empty, and how to fill it."""
    if view.active:
        return f"The table “{name}” comes when the run is done."
    return f"This run has no table “{name}”. A new audit writes it."


main()
