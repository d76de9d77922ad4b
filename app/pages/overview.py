"""Overview: the headline, what is running, the audits so far."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import cards, drawn, jobs, look, session, state, words
from app.jobs import View
from app.look import Html
from core.errors import BlindfoldError
from core.plots.findings import lines
from core.plots.headline import sentence, strip
from core.plots.tokens import short
from core.retention import kept_for

EVERY = 2
"""Seconds between two looks at what runs: a look takes a seventh of a second of a core that the
audit could use."""

ARRIVING = 6
"""How many of the figures that arrive are shown."""


def main() -> None:
    """Draw the page; its moving parts draw themselves again while something runs."""
    owner = session.owner()
    try:
        demo = jobs.demonstration(owner)
    except BlindfoldError as error:
        look.alarm(str(error))
        return
    live = any(view.active for view in jobs.views(owner))
    left, right = st.columns([775, 237], gap="large")
    with left:
        st.fragment(_top, run_every=EVERY if live else None)(demo.id, live)
        shown = _shown(demo.id)
        if shown.demo:
            drawn.row()
    with right:
        _yours(shown)
    st.fragment(_below, run_every=EVERY if live else None)()
    look.gap()
    look.aside(words.EU_LINE)


def _yours(shown: View) -> None:
    if st.button("Audit your own faces", type="primary", width="stretch"):
        st.switch_page("app/pages/faces.py")
    look.put(
        f"A zip, a folder, or vectors from your own recogniser. Nothing leaves {session.place()}; "
        f"uploads are deleted after {kept_for()}.",
        "m small",
    )
    st.page_link(
        "app/pages/leakage.py",
        label="See how this was measured",
        icon=":material/arrow_forward:",
        query_params={"run": shown.id},
    )
    if shown.audit is not None:
        st.page_link(
            "app/pages/report.py",
            label="Make a report of it",
            icon=":material/description:",
            query_params={"run": shown.id},
        )


def _shown(demo_id: str) -> View:
    """The run of the headline: the newest that is done, or else the demonstration."""
    everything = jobs.views(session.owner())
    done = (v for v in everything if v.audit is not None and not v.careless)
    return next(done, None) or next(v for v in everything if v.id == demo_id)


def _top(demo_id: str, live: bool) -> None:
    if live and not any(view.active for view in jobs.views(session.owner())):
        st.rerun()
    view = _shown(demo_id)
    title = "the synthetic demonstration set" if view.demo else view.name
    look.put(look.join(f"Audit of {title}, {words.protocol(view)} ", words.marks(view)), "context")
    if view.audit is None:
        _before(view)
    else:
        headline = view.audit["headline"]
        look.put(sentence(headline), "headline")
        look.put(strip(headline))


def _before(view: View) -> None:
    """What stands in the headline's place until there is one: a first look, or why not."""
    headline, whole = _headline_so_far(view)
    if headline is not None:
        part = "the whole set, first label" if whole else "a first part of the set"
        said = f"from {headline['identities']:,} people and {headline['n']:,} faces, {part}"
        look.put(look.join(look.muted(said), " ", look.badge("so far")), "context")
        look.put(sentence(headline), "headline")
        look.put(strip(headline))
    elif view.active:
        look.put("The first figure is on its way.", "headline")
        look.put(words.progress(view), "prose")
    else:
        look.put("The demonstration has no result yet.", "headline")
    if not view.active:
        _ended(view)


def _ended(view: View) -> None:
    """Why the run is over without a result, and the way on."""
    badge = look.badge(view.status.state)
    look.put(look.join(badge, " ", words.ended(view)), "prose")
    state.resume(view)


def _headline_so_far(view: View) -> tuple[dict[str, Any] | None, bool]:
    """The first label's strongest attacker on x, and whether it saw the whole set already."""
    for name, whole in (("leakage", True), ("first", False)):
        table = jobs.frame(view, name)
        headline = None if table is None else _as_headline(table, view.synthetic)
        if headline is not None:
            return headline, whole
    return None, False


def _as_headline(table: pd.DataFrame, synthetic: bool) -> dict[str, Any] | None:
    rows = table[table["representation"] == "x"]
    if rows.empty:
        return None
    attribute = str(rows["attribute"].iloc[0])
    best = next((o for o in lines(rows, attribute, "balanced_accuracy") if o.strongest), None)
    if best is None:
        return None
    return {
        "attribute": attribute, "value": best.value, "low": best.low, "high": best.high,
        "chance": best.chance, "null": best.null, "status": best.status,
        "detectable": best.detectable, "synthetic": synthetic,
        "identities": best.people or 0, "n": best.n or 0,
    }  # fmt: skip


def _below() -> None:
    everything = jobs.views(session.owner())
    finished = next((v for v in everything if v.audit is not None and not v.careless), None)
    if finished is not None and finished.audit is not None:
        look.cards(cards.figures(finished, finished.audit))
    look.gap()
    active = [view for view in everything if view.active]
    left, right = st.columns([614, 398], gap="large")
    with left:
        look.heading("Running now")
        _running(active)
    with right:
        if active:
            moving = _at_work(active)
            look.heading("First results as they arrive", moving.name if len(active) > 1 else "")
            _arriving(moving)
    look.gap()
    look.heading(
        "Audits",
        "Before and after a suppressor: balanced accuracy (0 to 1) of the strongest attacker on "
        "the sensitive label. Empty where it was not measured.",
    )
    _audits(everything)


def _running(active: list[View]) -> None:
    if not active:
        look.empty("Nothing is running. An audit that is started shows its progress here.")
    for view in reversed(active):
        look.put(words.progress(view))
        if st.button("Cancel", key=f"cancel-{view.id}"):
            state.cancel(view)


def _at_work(active: list[View]) -> View:
    """The run whose figures arrive: not one that waits, or stands still for another."""
    moving = (view for view in active if view.status.state == "running" and not view.paused)
    return next(moving, active[-1])


def _arriving(view: View) -> None:
    table = jobs.frame(view, "leakage")
    if table is None:
        table = jobs.frame(view, "first")
    rows = [] if table is None else _newest(table)
    if not rows:
        look.empty("The first figures are on their way.")
        return
    look.table((("figure", "break"), ("so far", "n")), rows)


def _newest(table: pd.DataFrame) -> list[tuple[object, object]]:
    rows = table[(table["metric"] == "balanced_accuracy") & (table["attacker"] != "majority")]
    shown: list[tuple[object, object]] = []
    for row in rows.tail(ARRIVING).to_dict("records"):
        name = f"{row['representation']}, {row['attribute']}, {row['attacker']}"
        value = row["value"]
        if pd.isna(value):
            shown.append((name, look.muted(row["status"])))
        else:
            shown.append((name, look.join(f"{value:.2f} ", _hundredths(row["low"], row["high"]))))
    return shown


def _hundredths(low: float, high: float) -> Html:
    return look.span(low, high) if pd.notna(low) and pd.notna(high) else Html("")


def _audits(everything: list[View]) -> None:
    columns = (
        ("audit", "break"), ("data", "wide"), ("before", "n"), ("after", "n"), ("by", "wide"),
        ("state", ""), ("when", "wide"),
    )  # fmt: skip
    look.table(columns, [_audit_row(view) for view in everything])


def _audit_row(view: View) -> tuple[object, ...]:
    name = look.link(view.name, f"leakage?run={view.id}")
    kept = "" if view.expires is None else f", kept until {jobs.day(view.expires)}"
    moment = look.muted(jobs.when(view.run.created) + kept)
    if view.audit is None:
        return (name, "", "", "", "", look.badge(view.status.state), moment)
    headline = view.audit["headline"]
    after = headline.get("after") or {}
    left = look.muted(after["status"]) if after and after.get("value") is None else ""
    return (
        look.join(name, " ", look.badge("careless")) if view.careless else name,
        look.muted(_data(view, headline)),
        look.number(headline.get("value")),
        left or look.number(after.get("value")),
        short(str(after.get("representation", ""))),
        look.badge("done" if headline["status"] == "ok" else headline["status"]),
        moment,
    )


def _data(view: View, headline: dict[str, Any]) -> str:
    """ "102 people, 204 faces; expression, guessing 0.17"."""
    label, chance = headline["attribute"], headline.get("chance")
    told = "" if label is None else f"; {label}"
    return words.data(view) + told + ("" if chance is None else f", guessing {chance:.2f}")


main()
