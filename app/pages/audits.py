"""Two audits: what changed from one run to another, significantly or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import audits, chart, jobs, look, session, words
from app.choices import choose_attribute
from app.jobs import View
from app.look import Html
from core.errors import BlindfoldError
from core.plots.changes import changes_alt, changes_figure, label, told
from core.plots.tokens import tokens
from core.study.changes import CONTROLS, Changes
from core.study.changes_said import NAMES, counted, figure, main, points, sentence
from core.study.comparable import Setting, given

WAY_OUT = (
    "Run the same settings again with another encoder or another suppressor, or on newer faces; "
    "the command line has it too: python -m core compare OUT_A OUT_B."
)

Rows = Sequence[dict[str, Any]]


def draw() -> None:
    """Draw the page for the two runs in the address, or for the newest two."""
    st.title("Two audits", anchor=False)
    look.put(
        "What changed from one audit to another: two encoders, two suppressors or two dates. A "
        "change counts where it can be told from chance; figures that answer different questions "
        "are shown side by side and never subtracted.",
        "lead",
    )
    chosen = audits.choose_two(jobs.views(session.owner()))
    if chosen is None:
        look.empty(look.join("This takes two finished audits. ", WAY_OUT))
        return
    for view in chosen:
        words.loud(view)
        _context(view)
    if chosen[0].id == chosen[1].id:
        look.empty("These are one and the same audit: choose another one on one side.")
        return
    try:
        found = audits.compared(*chosen)
    except BlindfoldError as error:
        look.alarm(str(error))
        return
    _results(*chosen, found)


def _context(view: View) -> None:
    named = ", ".join(part for part in (view.name, words.protocol(view), words.data(view)) if part)
    look.put(look.join(named, " ", words.marks(view)), "context")


def _results(a: View, b: View, found: Changes) -> None:
    look.gap("small")
    title, more = sentence(found), counted(found)
    look.heading(title, "" if more == title else more)
    for text in found.cautions:
        look.aside(look.bold("Mind. "), f"{text[0].upper()}{text[1:]}.")
    rows = main(found.table, controls=True)
    if rows:
        shown = _choose(rows)
        drawn = [row for row in shown if row["representation_a"] not in CONTROLS]
        _figure(a, b, drawn or shown)
        _table(shown)
    look.gap("small")
    _settings(found.settings)
    look.gap("small")
    _download(a, b, found)


def _choose(rows: Rows) -> Rows:
    """The rows of one table, and of one label of it."""
    tables = list(dict.fromkeys(str(row["table"]) for row in rows))
    chosen = tables[0]
    if len(tables) > 1:
        names = {NAMES[one]: one for one in tables}
        picked = st.segmented_control(
            "Figures of", list(names), default=NAMES[chosen], required=True, key="changes-of",
            bind="query-params",
        )  # fmt: skip
        chosen = names.get(str(picked), chosen)
    own = [row for row in rows if row["table"] == chosen]
    labels = list(dict.fromkeys(str(row["attribute"]) for row in own if row["attribute"]))
    if len(labels) > 1:
        attribute = choose_attribute(labels)
        own = [row for row in own if row["attribute"] == attribute]
    return own


def _figure(a: View, b: View, rows: Rows) -> None:
    key = chart.key("changes", a.id, b.id, rows[0]["table"], rows[0]["attribute"])
    chart.show(changes_figure(rows, tokens(look.mode())), changes_alt(rows), key)
    look.put(
        "Hollow: the first audit; filled: the second. Bars: 95 % intervals over identities, each "
        "audit’s own. Above: second less first, in points, dark where it can be told from none; p "
        "is corrected after Holm over all figures of one kind, controls by themselves.",
        "m small",
    )


def _table(rows: Rows) -> None:
    notes = list(dict.fromkeys(row["note"] for row in rows if row["note"]))
    columns = (("", ""), ("first", "n"), ("second", "n"), ("change", "n"), ("p", "n"),
               ("finding", ""), ("made", "wide"))  # fmt: skip
    cells = [
        (label(row), _cell(row, "a"), _cell(row, "b"), _change(row), _p(row), _finding(row),
         _made(row, notes))
        for row in rows
    ]  # fmt: skip
    look.table(columns, cells)
    for place, note in enumerate(notes, 1):
        look.put(f"[{place}] {look.text(note)}.", "m small")
    if any(row["how"] == "independent" for row in rows):
        look.put(
            "Independent: by the two intervals alone, as if of other people. Where the people are "
            "the same, that interval is as a rule too wide, so that a change may be missed.",
            "m small",
        )


def _cell(row: dict[str, Any], side: str) -> Html:
    said = figure(row, side)
    if given(row[side]) is None:
        return look.muted(said)
    value, _, rest = said.partition(" (")
    status = str(row[f"{side}_status"])
    word = look.badge(status) if status != "ok" else ""
    return look.join(value, " ", _muted_span(rest.rstrip(")")), " ", word)


def _change(row: dict[str, Any]) -> Html:
    value, low, high = (given(row[name]) for name in ("change", "low", "high"))
    if value is None:
        return Html("")
    reach = "" if low is None or high is None else f"{points(low)} to {points(high)}"
    number = look.bold(points(value)) if told(row) else points(value)
    return look.join(number, " ", _muted_span(reach))


def _muted_span(text: str) -> Html:
    return Html(f'<span class="i">{look.text(text)}</span>') if text else Html("")


def _p(row: dict[str, Any]) -> str:
    p = given(row["p_holm"])
    return "" if p is None else "< 0.001" if p < 0.001 else f"{p:.2g}"


def _finding(row: dict[str, Any]) -> Html:
    status = str(row["status"])
    word = look.badge(status) if status in ("anti-learning", "few people") else ""
    said = row["finding"] if told(row) else look.muted(row["finding"])
    return look.join(Html('<span style="white-space:nowrap">'), said, Html("</span>"), " ", word)


def _made(row: dict[str, Any], notes: Sequence[str]) -> Html:
    place = f"[{notes.index(row['note']) + 1}]" if row["note"] else ""
    return look.muted(" ".join(part for part in (row["how"] or "", place) if part))


def _settings(found: Sequence[Setting]) -> None:
    asked = [one for one in found if one.kind != "machine"]
    machine = len(found) - len(asked)
    more = f" {look.count(machine, 'more fact', 'more facts')} of the machine." if machine else ""
    if not found:
        look.heading("The settings are the same", "Every setting, the data and the encoder.")
        return
    title = "What differs between the two" if asked else "Only the machine differs"
    look.heading(title, f"Settings as run, and what was found of data and encoder.{more}")
    kinds = {"compared": "what is compared", "protocol": "the protocol", "machine": "the machine"}
    columns = (("setting", "break"), ("", "wide"), ("first", "break"), ("second", "break"))
    rows = [(one.name, look.muted(kinds[one.kind]), _short(one.a), _short(one.b)) for one in found]
    with st.expander(look.count(len(found), "setting or fact", "settings and facts")):
        look.table(columns, rows)


def _short(text: str) -> str:
    return (text if len(text) <= 80 else f"{text[:77]}…") or "none"


def _download(a: View, b: View, found: Changes) -> None:
    look.heading(
        "Table",
        "Every change, one figure a row: all metrics, labels and representations, with how each "
        "was made.",
    )
    st.download_button(
        "changes.csv",
        found.table.to_csv(index=False).encode(),
        file_name=f"changes-{a.id[:8]}-{b.id[:8]}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


draw()
