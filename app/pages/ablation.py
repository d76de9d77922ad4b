"""Ablation: how few numbers of a vector still give a label away, for x and every φ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import chart, files, jobs, look, state
from app.choices import choose_attribute, choose_metric
from app.jobs import View
from app.look import Html
from core.papers import PaperAblation, ablated
from core.plots import ablation as plots
from core.plots.ablation import ORDERS, SHORT, Course
from core.plots.ablation_curves import GLYPHS, by_order, by_representation
from core.plots.compare import Span, kinds
from core.plots.findings import METRICS
from core.plots.tokens import full, short, tokens

SHARES = (0.0, 0.5, 0.9, 0.99)
"""Shares removed near which figures stand in the table."""


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    view = state.opened("Ablation")
    if view is None:
        return
    look.put(
        "How few numbers still give a label away: they are removed from the vectors, an attacker "
        "learns anew from what is left, and is asked about people it has never seen.",
        "lead",
    )
    if view.audit is None:
        state.state(view)
    table = jobs.frame(view, "ablation")
    if table is not None and not table.empty:
        _results(view, table)
    elif view.active:
        look.empty("Ablation comes after the attacks: its curves are not here yet.")
    elif view.audit is not None:
        look.empty("Ablation was not part of this run: studies: [leakage, ablation] has it.")


def _results(view: View, table: pd.DataFrame) -> None:
    left, middle, right = st.columns([5, 4, 4])
    with left:
        attribute = choose_attribute(list(dict.fromkeys(table["attribute"].astype(str))))
    with middle:
        metric = choose_metric(list(dict.fromkeys(table["metric"].astype(str))))
    with right:
        order = _choose_order(list(dict.fromkeys(table["order"].astype(str))))
    kind, name = kinds(view.config), METRICS.get(metric, metric)
    found = plots.courses(table, attribute, metric, order)
    if not found:
        look.empty("These curves have not arrived yet.")
        return
    claims = ablated(attribute) if order == "random" else []
    look.gap("small")
    look.heading(
        plots.title(found),
        f"Band: 95 % interval over identities of the {name}, repeats pooled. Hollow: it does not "
        "clear its null. Grey: chance, and the highest null of the curves shown. The probe is "
        "fitted again at every point.",
    )
    _legend([(look.glyph(kind.get(one.representation, one.representation)),
              full(one.representation)) for one in found], claims)  # fmt: skip
    figure = by_representation(found, claims, name, tokens(look.mode()), kind)
    at = chart.key("ablation", view.id, attribute, metric, order, len(table))
    chart.show(figure, plots.alt(found, name), at)
    look.put(_sentences(found, name), "prose")
    _papers(claims)
    look.gap("small")
    every = plots.courses(table, attribute, metric)
    _meetings(every, name)
    look.gap("small")
    _orders(view, every, metric, kind)
    look.gap("small")
    _known(view, table)
    files.csv(view, "ablation", table)


def _choose_order(orders: Sequence[str]) -> str:
    """In which order numbers were removed."""
    chosen = st.segmented_control(
        "Removed", orders, default=orders[0], required=True, key="order", bind="query-params",
        format_func=lambda one: look.plain(SHORT.get(one, one)),
    )  # fmt: skip
    return chosen if chosen in orders else orders[0]


def _legend(items: Sequence[tuple[Html, str]], claims: Sequence[PaperAblation]) -> None:
    parts: list[object] = []
    for glyph, name in items:
        parts += [glyph, " ", name, Html("&emsp;")]
    if claims:
        parts += [look.muted("◇ what the papers say of x")]
    look.put(look.join(*parts), "small")


def _sentences(found: Sequence[Course], name: str) -> Html:
    told = [Html(f"<p>{look.text(plots.said(one, name))}</p>") for one in found]
    return look.join(*told)


def _papers(claims: Sequence[PaperAblation]) -> None:
    """What the papers say, and of which encoder and faces: other than these."""
    told = []
    for source in dict.fromkeys(one.source for one in claims):
        said = "; ".join(one.said for one in claims if one.source == source)
        notes = "; ".join(one.note for one in claims if one.source == source and one.note)
        told.append(f"{source}: {said}{f' ({notes})' if notes else ''}.")
    told += [f"Theirs: {one}." for one in dict.fromkeys(claim.differs for claim in claims)]
    if told:
        look.put(look.text(f"The papers, of x. {' '.join(told)}"), "m small")


def _meetings(found: Sequence[Course], name: str) -> None:
    """Figures along the way, and where each curve meets its null, for every order."""
    orders = list(dict.fromkeys(one.order for one in found))
    look.heading(
        "Where accuracy meets the null",
        f"The first point whose interval no longer clears its null; “never” is an answer. Before "
        f"it, the {name} with so much removed {ORDERS.get(orders[0], orders[0])}.",
    )
    first = [one for one in found if one.order == orders[0]]
    shown = plots.along(first[0], SHARES)
    columns = [("representation", "")]
    columns += [(f"{plots.percent(spot.removed)} removed", "n") for spot in shown]
    columns += [(f"meets it, {SHORT.get(order, order)}", "") for order in orders]
    rows = []
    for one in first:
        own = {other.order: other for other in found if other.representation == one.representation}
        here = [one.at(spot.removed) for spot in shown]
        cells: list[object] = [look.bold(short(one.representation))]
        cells += [Html("") if spot is None else _cell(spot.span) for spot in here]
        cells += [plots.met(own[order]) if order in own else "" for order in orders]
        rows.append(cells)
    look.table(columns, rows)


def _cell(span: Span) -> Html:
    if span.value is None:
        return look.muted("" if span.status in ("", "ok") else span.status)
    return look.join(look.number(span.value), " ", look.span(span.low, span.high))


def _orders(view: View, found: Sequence[Course], metric: str, kind: Mapping[str, str]) -> None:
    """All orders of one representation."""
    names = list(dict.fromkeys(one.representation for one in found))
    if len({one.order for one in found}) < 2:
        return
    chosen = _choose_representation(names)
    own = [one for one in found if one.representation == chosen]
    name = METRICS.get(metric, metric)
    look.heading(
        f"{full(chosen)}: which numbers go first",
        "Ranked by how far the probe's scores move when one number alone moves by its standard "
        "deviation, on attackers' people only. Where the curves lie together, no few numbers hold "
        "the label.",
    )
    _legend([(Html(GLYPHS.get(one.order, "✚")), ORDERS.get(one.order, one.order)) for one in own],
            [])  # fmt: skip
    figure = by_order(own, [], name, tokens(look.mode()), kind)
    at = chart.key("orders", view.id, chosen, own[0].attribute, metric, len(own[0].spots))
    chart.show(figure, plots.alt(own, name), at)
    look.put(_sentences([one for one in own if one.order != "random"], name), "prose")


def _choose_representation(names: Sequence[str]) -> str:
    if len(names) > 6:
        chosen = st.selectbox("Representation", names, key="orders-of", bind="query-params")
    else:
        chosen = st.segmented_control(
            "Representation", names, default=names[0], required=True, key="orders-of",
            bind="query-params", format_func=lambda name: look.plain(short(name)),
        )  # fmt: skip
    return chosen if chosen in names else names[0]


def _known(view: View, table: pd.DataFrame) -> None:
    """Who was asked about whom, and what a point cannot say."""
    told: list[object] = [look.bold("To know. ")]
    tested, taught = (_most(table, column) for column in ("identities", "attacker_identities"))
    if tested and taught:
        told.append(
            f"Attackers learned on {look.count(taught, 'person', 'people')} and were asked about "
            f"{tested:,} others. "
        )
    told.append(
        "Each figure is a lower bound: of one kind of attacker, with so many people. What is "
        "removed at random is the same for every label and every representation of one width. "
    )
    facts: dict[str, Any] = {} if view.audit is None else view.audit.get("facts", {})
    rule = facts.get("ablation", {}).get("rule")
    if rule:
        told.append(f"{str(rule)[0].upper()}{str(rule)[1:]}.")
    look.aside(*told)


def _most(table: pd.DataFrame, column: str) -> int | None:
    if column not in table or table[column].isna().all():
        return None
    return int(table[column].max())


main()
