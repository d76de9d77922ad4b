"""Report: what goes in, as HTML and as PDF; model cards, all tables; delete, now and for good."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import ask, exported, jobs, kept, look, reports, session, signed_in, state, words
from app.jobs import View
from core.errors import BlindfoldError
from core.plots.tokens import full
from core.report.outline import PARTS
from core.report.small_groups import SMALLEST
from core.retention import kept_for
from core.store import home

GONE = "deleted run"


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    view = state.opened("Report")
    gone = st.session_state.pop(GONE, None)
    if gone is not None:
        look.put(words.deleted(*gone), "prose")
    if view is None:
        return
    look.put(
        "One file to hand on: what was measured on whom, how, every study with its intervals, what "
        "passed and what failed, what could not be measured, and how to run it again. It asks no "
        "network for anything.",
        "lead",
    )
    if view.audit is None:
        state.state(view)
        look.empty("The report is written when the audit is done.")
    else:
        why = reports.refusal(view)
        if why:
            look.alarm(f"No report can be made of this audit: {why}.")
        else:
            smallest = _report(view)
            look.gap("small")
            _contents(view, smallest)
        look.gap("small")
        _cards(view)
        _tables(view)
    look.gap()
    _delete(view)


def _report(view: View) -> int:
    """The two files, and how small a group in them may be, which is given back."""
    smallest = int(
        st.number_input(
            "Withhold figures on fewer people than",
            min_value=0, max_value=1000, value=SMALLEST, step=1, key="smallest", width=320,
        )
    )  # fmt: skip
    look.put(
        "A group of so few people has no figure and no counts in the report; where it is the only "
        "one of its label, the next smallest goes with it. 0 shows all: for yourself, not for "
        "sharing.",
        "m small",
    )
    name = f"report-{view.id[:8]}"
    with st.container(horizontal=True):
        st.download_button(
            "HTML", partial(reports.html, view, smallest), file_name=f"{name}.html",
            mime="text/html", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "PDF", partial(reports.pdf, view, smallest), file_name=f"{name}.pdf",
            mime="application/pdf", icon=":material/download:", on_click="ignore",
            disabled=not reports.can_pdf(),
        )  # fmt: skip
    look.put(
        "The PDF is drawn when it is asked for, which takes up to a minute. On the command line: "
        "python -m core report OUT --html report.html --pdf report.pdf"
        + ("" if reports.can_pdf() else ". A PDF needs the package typst, which is not here."),
        "m small",
    )
    return smallest


def _contents(view: View, smallest: int) -> None:
    """What goes in, and what does not because nobody asked or no figure came."""
    assert view.audit is not None
    tables, asked = set(view.audit["tables"]), set(view.config.get("studies") or ())
    rows: list[list[object]] = []
    for name, title, needs in PARTS:
        if needs in tables and reports.withheld(view, needs, smallest):
            why = look.muted(f"measured, of fewer than {smallest} people")
            rows.append([look.bold(title), look.badge("withheld"), why])
        elif not needs or needs in tables:
            rows.append([look.bold(title), look.badge("done"), ""])
        elif name in asked or needs in asked:
            why = look.muted("no figure could be given: the report says why")
            rows.append([look.bold(title), look.badge("not enough data"), why])
        else:
            rows.append([look.bold(title), "", look.muted("not part of this run")])
    look.heading("What goes in")
    look.table([("part", ""), ("in it", ""), ("if not, why", "break")], rows)


def _cards(view: View) -> None:
    found = reports.cards(view)
    if not found:
        return
    look.heading(
        "Model cards",
        "One for each exported suppressor: whom it was fitted on, what is left, what it costs, its "
        "limits. The zip has its weights, an ONNX model and the card.",
    )
    for name, text in found.items():
        with st.expander(look.plain(full(name) if "@" not in name else name)):
            st.code(text, language=None, wrap_lines=True)
            place = view.run.result / "suppressors" / name
            exported.button(place, f"{look.plain(name)} (zip)", f"card-{view.id}-{name}")


def _tables(view: View) -> None:
    look.gap("small")
    look.heading(
        "All tables",
        f"audit.json and every table, {reports.size(view):,} bytes before they are packed. They "
        "have all figures, small groups and single faces too: not made for sharing.",
    )
    st.download_button(
        "All tables (zip)", partial(reports.tables, view), file_name=f"tables-{view.id[:8]}.zip",
        mime="application/zip", icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _delete(view: View) -> None:
    """This audit, or everything: at once, with the proof."""
    look.heading(
        "Delete",
        f"Uploads are deleted after {kept_for()} by themselves{_goes(view)}. This deletes now, "
        "for good, and says what is left.",
    )
    with st.container(horizontal=True):
        ask.first("Delete this audit", view.id, partial(_this, view), icon=":material/delete:")
        ask.first("Delete everything", "all", _all, icon=":material/delete_forever:")


def _this(view: View) -> None:
    look.put(look.join("Deletes ", look.bold(view.name), ": figures, settings, its upload "
                       "unless another audit reads it, and log."), "m small")  # fmt: skip
    if st.button("Delete for good", key=f"delete-{view.id}"):
        _gone(view.name, partial(jobs.delete, view.run), kept.stays())


def _all() -> None:
    owner = session.owner()
    look.put(f"Ends what is running and deletes {_everything(owner)}", "m small")
    sure = st.checkbox("Everything, and I know that it cannot be undone", key="sure")
    if st.button("Delete everything now", key="delete-everything", disabled=not sure):
        leaves = kept.shared() if owner is None else kept.stays()
        _gone("everything", partial(reports.delete_everything, owner), leaves)


def _goes(view: View) -> str:
    return "" if view.expires is None else f", this audit on {jobs.day(view.expires)}"


def _everything(owner: str | None) -> str:
    """What “everything” is, for whom, and what it leaves."""
    if owner is None:
        copy = f"every audit and upload of this copy ({home().name}/)"
        return f"{copy}, and the store of what was computed.{kept.shared()}"
    whose = "this browser"
    if signed_in.required():
        whose = "yours, made in whatever browser while you were signed in as now"
    left = kept.stays()
    return f"every audit and upload of {whose}, and the encoders that only these used. {left}"


def _gone(what: str, delete: partial[tuple[int, int]], leaves: str) -> None:
    try:
        before, left = delete()
    except BlindfoldError as error:
        look.alarm(str(error))
        return
    st.session_state[GONE] = (what, before, left, leaves)
    reports.forget()
    ask.done()
    st.rerun()


main()
