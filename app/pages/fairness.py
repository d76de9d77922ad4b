"""Fairness: what skewed training does to each group's chances, and whether suppression helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from app import chart, fairness_scores, files, jobs, look, state
from app import fairness_choices as choices
from app import fairness_parts as parts
from app import fairness_tables as tables
from app.fairness_choices import Wish
from app.jobs import View
from app.look import Html
from core.plots import fairness as plots
from core.plots import fairness_favoured as favoured
from core.plots import fairness_papers as printed
from core.plots import fairness_said as said
from core.plots.compare import kinds, records
from core.plots.fairness import Decided, Question, Way, split
from core.plots.fairness_figures import gap_figure, legend, rates_figure
from core.plots.tokens import CATEGORIES, tokens


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    view = state.opened("Fairness")
    if view is None:
        return
    table = jobs.frame(view, "fairness")
    found = [] if table is None else plots.questions(table)
    _lead(view, found)
    if view.audit is None:
        state.state(view)
    if table is not None and found:
        _results(view, table, found)
    elif view.active:
        look.empty("Fairness comes after the attacks: its figures are not here yet.")
    elif view.audit is not None:
        _absent(view)


def _lead(view: View, found: Sequence[Question]) -> None:
    """What is asked; labels are named as those of the data set."""
    if not found:
        look.put(
            "A classifier decides from the vectors, trained on data that are skewed against a "
            "group on purpose. What does the skew do to each group, and does suppression help?",
            "lead",
        )
        return
    q, synthetic = found[0], bool(parts.facts(view).get("synthetic_target"))
    by = plots.CLASSIFIERS.get(q.classifier, q.classifier)
    which = "the protected label is" if synthetic else "both are labels"
    look.put(
        look.join(
            f"A classifier ({by}) of ", look.bold(q.target.replace("_", " ")),
            ", trained on data skewed by ", look.bold(q.protected.replace("_", " ")),
            f"; {which} as annotated in the data set. What does the skew do to each group, and "
            "does suppression help? ", look.badge("synthetic target") if synthetic else "",
        ),
        "lead",
    )  # fmt: skip


def _absent(view: View) -> None:
    """A finished run without the study: why, and how to have it."""
    assert view.audit is not None
    noted = [str(one) for one in view.audit.get("warnings", []) if "fairness" in str(one)]
    if "fairness" in (view.config.get("studies") or ()) and noted:
        look.empty(f"{noted[0][0].upper()}{noted[0][1:]}.")
        return
    look.empty("Fairness was not part of this run: studies: [fairness] has it.")
    choices.missing(view)


def _results(view: View, table: pd.DataFrame, found: Sequence[Question]) -> None:
    computed = plots.strengths(table)
    wish = choices.wish(view, found, computed)
    q = wish.of(found)
    if q is None or wish.strength not in computed:
        choices.offer(view, wish, computed)
        return
    differences = jobs.frame(view, "differences")
    rows, paired = records(table), records(differences)
    every = {one: plots.decided(rows, paired, q, one) for one in computed}
    shown = choices.ways([one.way for one in every[wish.strength]])
    pair = choices.pair(q)
    here = [one for one in every[wish.strength] if one.way in shown]
    papers = printed.marks(q, wish.strength, kinds(view.config), shown, pair)
    known = said.truth(parts.facts(view), wish.strength)
    _answer(view, here, q, pair, known)
    _figures(view, here, q, pair, known, papers)
    look.gap("small")
    look.heading(
        "The same figures",
        "Shift: the gap here less the gap after balanced training, over the same repeats. Against "
        "x: the paired difference of gaps over the same people, with Holm’s p. Points; 95 % "
        "intervals over identities.",
    )
    tables.figures(view, here, q, pair, papers)
    _downloads(view, table, differences)
    _known(view, wish)
    parts.over_strengths(view, every, shown, pair, wish)
    parts.others(here, q, pair)
    parts.crossed(view, here, q)
    parts.thresholds(view, shown, q, pair, wish)
    parts.papers(view, every, q, pair)


def _answer(
    view: View, here: Sequence[Decided], q: Question, pair: str, known: said.Truth | None
) -> None:
    told = said.answer(here, pair, q, str(parts.facts(view).get("positive", "")))
    more = (favoured.turned(here, pair, q), said.told_truth(here, pair, known))
    told += [one for one in more if one]
    look.gap("small")
    look.put(look.text(said.title(here, pair)), "headline")
    for one in told:
        look.put(look.text(one), "prose")


def _figures(
    view: View,
    here: Sequence[Decided],
    q: Question,
    pair: str,
    known: said.Truth | None,
    papers: Mapping[Way, float],
) -> None:
    """Gaps, and whom they cost, on the same rows."""
    mode = tokens(look.mode())
    left, right = st.columns(2)
    with left:
        whom = favoured.signs(pair, q)
        look.heading(
            "What is left of the gap",
            f"True positive rate, {_pair(pair)}, in points. {whom}".rstrip(),
        )
        worst = "a distance, never below zero: its interval tells nothing of zero"
        hints = [worst if pair == plots.WORST else "● clears zero, ○ does not"]
        hints += ["◇ the paper’s"] if papers else []
        hints += ["┃ the known truth"] if known is not None else []
        look.put(look.muted("   ".join(hints)), "small")
        figure = gap_figure(here, pair, mode, known=known, papers=papers)
        alt = f"{said.alt(here, pair)}. {whom}".rstrip()
        chart.show(figure, alt, parts.key("gap", view, here, pair))
    with right:
        look.heading("Whom it costs", "True positive rate per group, 95 % intervals.")
        marks: list[object] = []
        for glyph, place, name in legend(q):
            shade = CATEGORIES[place] if place < len(CATEGORIES) else "inherit"
            marks += [Html(f'<span style="color:{shade}" aria-hidden="true">{glyph}</span> '),
                      look.muted(name), Html("&emsp;")]  # fmt: skip
        look.put(look.join(*marks), "small")
        figure = rates_figure(here, q, mode, known=known)
        chart.show(figure, said.alt_rates(here, q), parts.key("rates", view, here, ""))


def _known(view: View, wish: Wish) -> None:
    """How much was trained and judged on, and what was told on the way."""
    facts = parts.facts(view)
    told: list[object] = [look.bold("To know. ")]
    if facts.get("n_train") and facts.get("n_eval"):
        people = facts.get("people") or {}
        told.append(
            f"Each training set has {facts['n_train']:,} faces, each evaluation set "
            f"{facts['n_eval']:,}, balanced, of {people.get('evaluation', '')} other people, in "
            f"{facts.get('repeats', '')} repeats. "
        )
    fitted = {
        "protected": "the protected label",
        "carried": "the sensitive label, and carried over",
    }
    if facts.get("phi") in fitted:
        told.append(f"Suppressors were fitted against {fitted[facts['phi']]}. ")
    noted = [] if view.audit is None else view.audit.get("warnings", [])
    told += [f"{str(one)[0].upper()}{str(one)[1:].rstrip('. ')}. " for one in noted if str(one)]
    if wish.strength in facts.get("not_enough_data", ()):
        told.append(f"At {split(wish.strength)} no training set can be drawn. ")
    if len(told) > 1:
        look.aside(*told)


def _downloads(view: View, table: pd.DataFrame, differences: pd.DataFrame | None) -> None:
    with st.container(horizontal=True):
        files.csv(view, "fairness", table)
        if differences is not None:
            files.csv(view, "differences", differences[differences["table"] == "fairness"])
        if fairness_scores.path(view).is_file():
            files.parquet(view, "fairness_scores", fairness_scores.path(view))


def _pair(pair: str) -> str:
    return "the largest gap" if pair == plots.WORST else pair.replace(" - ", " − ")


main()
