"""Leakage: what attackers read from each representation, as a figure and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import groupby
from typing import Any

import pandas as pd
import streamlit as st

from app import ask, files, jobs, look, session, state, words
from app.choices import choose_attribute, choose_metric, choose_run
from app.jobs import View
from app.look import Html
from core.errors import BlindfoldError
from core.papers import PaperFigure
from core.plots.compare import kinds
from core.plots.findings import CONTROLS, METRICS, Line, describe, lines, title
from core.plots.leakage import alt_text, leakage_figure
from core.plots.template import CONFIG
from core.plots.tokens import full, tokens


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    st.title("Leakage", anchor=False)
    view = choose_run(jobs.views(session.owner()))
    gone = st.session_state.pop("deleted run", None)
    if gone is not None:
        look.put(words.deleted(*gone), "prose")
    if view is None:
        look.empty("There is no audit yet. The Overview starts the demonstration by itself.")
        return
    words.loud(view)
    _lead(view)
    if view.audit is None:
        state.state(view)
    leakage = jobs.frame(view, "leakage")
    if leakage is not None and not leakage.empty:
        _results(view, leakage)
    if view.audit is not None:
        st.page_link(
            "app/pages/report.py",
            label="Make a report of this audit",
            icon=":material/description:",
            query_params={"run": view.id},
        )
    _delete(view)


def _lead(view: View) -> None:
    """Whose figures these are, and what they mean at most."""
    state.context(view)
    people = None if view.audit is None else view.audit.get("parts", {}).get("attacker")
    given = f": attackers were given {look.count(people, 'person', 'people')}" if people else ""
    look.put(
        "What an attacker reads from each representation, on people it has never seen: from x, the "
        "vector as the encoder gives it, from what suppressors leave of it, and from controls. "
        f"Each figure is a lower bound{given}.",
        "lead",
    )


def _results(view: View, leakage: pd.DataFrame) -> None:
    left, right, _ = st.columns([5, 4, 2])
    with left:
        attribute = choose_attribute(list(dict.fromkeys(leakage["attribute"])))
    with right:
        metric = choose_metric(list(dict.fromkeys(leakage["metric"])))
    shown = lines(leakage, attribute, metric)
    if not shown:
        look.empty("This figure has not arrived yet.")
        return
    look.gap("small")
    finding = title(shown, attribute)
    hand = look.badge("labelled by hand") if attribute in view.by_hand else Html("")
    look.heading(look.join(finding, " ", hand), _how_to_read(metric, shown))
    st.plotly_chart(
        leakage_figure(leakage, attribute, metric, tokens(look.mode())),
        theme=None,
        config=CONFIG,
        alt=alt_text(leakage, attribute, metric),
        key=f"leakage-{view.id}-{attribute}-{metric}-{look.mode()}",
    )
    _table(shown, metric, kinds(view.config))
    files.csv(view, "leakage", leakage, "Table (CSV)")
    look.gap("small")
    _passed(view, shown, attribute)


def _how_to_read(metric: str, shown: list[Line]) -> str:
    paper = " Diamond: the figure printed in the paper, on other data." if _papers(shown) else ""
    if any(one.representation not in (*CONTROLS, "x") for one in shown):
        paper += " Dotted beside a suppressor: what the same attack says of pure noise."
    return (
        f"Dot: {METRICS[metric]} on unseen people. Bar: 95 % interval over identities. Filled and "
        "warm where the interval clears the null (grey band: what permuted labels reach); hollow "
        f"grey where nothing was found.{paper}"
    )


def _papers(shown: list[Line]) -> list[Line]:
    return [one for one in shown if one.paper is not None]


def _name(name: str, kind: str) -> Html:
    """A representation with its mark, in full, and what it is."""
    title = full(name)
    told = describe(kind).removeprefix(title).strip()
    return look.join(look.glyph(kind), " ", look.bold(title), " ", look.muted(told))


def _table(shown: list[Line], metric: str, kind: Mapping[str, str]) -> None:
    drops = any(one.drop is not None for one in shown if one.representation not in CONTROLS)
    note = "Empty where a figure cannot be given. All attributes and figures are in the CSV."
    if drops:
        note = f"Drop: share of the distance from x to chance that is gone. {note}"
    look.heading("The same figures", note)
    columns = [("attacker", ""), (METRICS[metric], "n"), ("guessing", "n"), ("null", "n")]
    columns += [("drop", "n")] if drops else []
    columns += [("finding", ""), ("would have found", "n")]
    columns += [("paper", "n")] if _papers(shown) else []
    rows: list[list[object]] = []
    kinds: list[str] = []
    for representation, group in groupby(shown, key=lambda one: one.representation):
        rows.append([_name(representation, kind.get(representation, representation))])
        kinds.append("group")
        for one in group:
            rows.append(_row(one, drops, bool(_papers(shown))))
            kinds.append("best" if one.strongest else "")
    look.table(columns, rows, kinds)


def _row(one: Line, drops: bool, papers: bool) -> list[object]:
    best: object = " (strongest)" if one.strongest and not one.chosen else ""
    if one.chosen:
        best = look.muted(f" mostly {one.chosen}")
    figure = look.join(look.number(one.value), " ", look.span(one.low, one.high))
    cells: list[object] = [look.join(one.attacker, best), figure if one.value is not None else ""]
    cells += [look.muted(look.number(one.chance)), look.muted(look.number(one.null))]
    cells += ["" if one.drop is None else f"{one.drop:.0f} %"] if drops else []
    cells.append(look.badges(one.findings))
    found = one.status == "nothing found" and one.detectable is not None
    cells.append(look.muted(f"≥ {one.detectable:.2f}") if found else "")
    cells += [look.muted(look.number(one.paper.value if one.paper else None, 3))] if papers else []
    return cells


def _passed(view: View, shown: list[Line], attribute: str) -> None:
    """What was looked for and not found wrong comes last, and what the papers did otherwise."""
    parts: list[Html] = []
    if view.audit is not None:
        checks = view.audit.get("checks", [])
        passed = "; ".join(f"{c['name']} ({c['detail']})" for c in checks if c["passed"])
        missed = "; ".join(f"{c['name']} ({c['detail']})" for c in checks if not c["passed"])
        if passed:
            parts.append(look.join(look.bold("What passed."), f" {passed}."))
        if missed:
            parts.append(look.join(look.bold("What did not."), f" {missed}."))
        parts += _other_labels(view.audit, attribute)
        noted = "; ".join(str(one).rstrip(". ") for one in view.audit.get("warnings", []))
        if noted:
            parts.append(look.join(look.bold("To know."), f" {noted}."))
    printed = dict.fromkeys(_printed(one.paper) for one in shown if one.paper is not None)
    for told in (*parts, *printed):
        look.aside(told)


def _printed(paper: PaperFigure) -> str:
    """What differs about a printed figure, and what was misprinted beside it."""
    fitted = f"; φ was fitted against {paper.suppressed}" if paper.suppressed else ""
    noted = f" The drop is {paper.note}." if paper.note.startswith("printed") else ""
    return f"The paper's figures ({paper.source}) come from {paper.differs}{fitted}.{noted} "


def _other_labels(audit: dict[str, Any], attribute: str) -> list[Html]:
    """What the other labels alone predict, without a look at any vector."""
    found = audit.get("facts", {}).get("other_labels", {}).get(attribute)
    if not found or found.get("value") is None:
        return []
    figure = look.join(look.number(found["value"]), " ", look.span(found["low"], found["high"]))
    told = f" the other labels alone predict {attribute} at "
    end = " (balanced accuracy, logistic)."
    return [look.join(look.bold("Without any vector"), told, figure, end)]


def _delete(view: View) -> None:
    """A quiet way to be rid of the run, which asks once more."""
    look.gap("small")
    ask.first(
        "Delete this audit", view.id, partial(_gone, view), icon=":material/delete:",
        type="tertiary",
    )  # fmt: skip


def _gone(view: View) -> None:
    uploaded = "" if view.run.uploads is None else ", its upload unless another audit reads it,"
    look.put(
        look.join("Deletes ", look.bold(view.name), f": its figures, settings{uploaded} and "
                  "log, at once and for good."), "m small",
    )  # fmt: skip
    if st.button("Delete for good", key=f"delete-{view.id}"):
        try:
            before, left = jobs.delete(view.run)
        except BlindfoldError as error:
            look.alarm(str(error))
            return
        st.session_state["deleted run"] = (view.name, before, left)
        ask.done()
        for state in (st.session_state, st.query_params):
            for name in ("run", "last run", "audit"):
                if name in state:
                    del state[name]
        st.rerun()


main()
