"""Verification: what each representation is still good for, for whom, and with which expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import pandas as pd
import streamlit as st

from app import chart, files, jobs, look, state
from app.jobs import View
from app.look import Html
from core.papers import PaperFigure, verified
from core.plots import groups as by_group
from core.plots import verification as plots
from core.plots.compare import Span, kinds
from core.plots.findings import CONTROLS
from core.plots.roc import Kind, roc
from core.plots.tokens import full, short, tokens
from core.plots.verification import TABLES, Mixed, Verified

Tables = Mapping[str, pd.DataFrame | None]


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    view = state.opened("Verification")
    if view is None:
        return
    look.put(
        "What a representation is still good for: whether two pictures show one person. What a "
        "suppressor costs is read here, beside what it hides on the Leakage page.",
        "lead",
    )
    if view.audit is None:
        state.state(view)
    found = {name: jobs.frame(view, name) for name in TABLES}
    if found["verification"] is not None and not found["verification"].empty:
        _results(view, found)
    elif view.active:
        look.empty("Verification comes after the attacks: its figures are not here yet.")
    elif view.audit is not None:
        look.empty("Verification was not part of this run: studies: [leakage, verification] has it")


def _results(view: View, found: Tables) -> None:
    table = found["verification"]
    assert table is not None
    shown = plots.verified(table)
    kind = kinds(view.config)
    look.heading(
        plots.verification_title(shown, found["differences"], tuple(CONTROLS)),
        "All pairs within a test part, thresholds from other people, means over the parts. Bands "
        "and bars: 95 % intervals over identities.",
    )
    _trivial(view)
    _curves(view, found["roc"], kind)
    _figures(view, shown, kind)
    look.gap("small")
    _crossing(shown)
    look.gap("small")
    _expressions(view, found["expression"])
    look.gap("small")
    _groups(view, found["groups"], kind)
    look.gap("small")
    _passed(view)
    _downloads(view, found)


def _trivial(view: View) -> None:
    """A set on which verification says little is called so before any figure."""
    noted = [] if view.audit is None else view.audit.get("warnings", [])
    for text in (str(one) for one in noted):
        if "verification is trivial" in text:
            look.aside(look.bold("Too easy. "), text)


def _curves(view: View, curves: pd.DataFrame | None, kind: Mapping[str, str]) -> None:
    if curves is None:
        look.empty(_missing(view, "roc"))
        return
    chosen = st.segmented_control(
        "Curve", ["ROC", "DET"], default="ROC", required=True, key="curve", bind="query-params"
    )
    drawn: Kind = "det" if chosen == "DET" else "roc"
    figure = roc(curves, tokens=tokens(look.mode()), kind=drawn, kinds=kind)
    chart.show(figure, plots.roc_alt(curves), chart.key("roc", view.id, drawn))
    look.put(
        "ROC: higher and further left is better. DET: both errors on the scale of the normal "
        "distribution, lower and further left is better; straight lines are normal scores. A curve "
        "begins where the impostor pairs of a test part allow a rate.",
        "m small",
    )


def _figures(view: View, shown: Sequence[Verified], kind: Mapping[str, str]) -> None:
    labels = view.config.get("sensitive") or ["expression"]
    papers = {
        one.name: verified(kind.get(one.name, one.name), suppressed=str(labels[0])) for one in shown
    }
    printed = any(papers.values())
    look.heading(
        "The figures",
        "Accuracy at a threshold from other people; chance is 0.5. TAR: genuine pairs accepted at "
        "a false acceptance rate (FAR). Empty where a test part has under 10 / FAR impostors.",
    )
    columns = [("representation", ""), *((head, "n") for head in plots.SHOWN.values())]
    columns += [("paper", "n")] if printed else []
    rows = []
    for one in shown:
        name = look.join(look.bold(short(one.name)), " ", _status(one))
        cells: list[object] = [name]
        cells += [_cell(one.get(metric), plots.DIGITS.get(metric, 3)) for metric in plots.SHOWN]
        cells += [_paper(papers[one.name])] if printed else []
        rows.append(cells)
    look.table(columns, rows)
    said = [own for own in papers.values() if own is not None]
    told = [f"{own.source}: {own.differs}." for own in said]
    told += [f"{own.source}, {own.representation}: drop {own.note}." for own in said if own.note]
    if told:
        look.put(
            look.text(f"The papers print accuracies: {' '.join(dict.fromkeys(told))}"), "m small"
        )


def _status(one: Verified) -> Html:
    """The word that goes with all of its figures, where there is one."""
    word = one.get("accuracy").status
    return look.badge(word) if word not in ("", "ok") else Html("")


def _cell(span: Span, digits: int = 3) -> Html:
    if span.value is None:
        return look.muted("" if span.status in ("", "ok") else span.status)
    return look.join(
        look.number(span.value, digits), " ", look.span(span.low, span.high, digits=digits)
    )


def _paper(figure: PaperFigure | None) -> Html:
    return look.muted(look.number(None if figure is None else figure.value, 3))


def _crossing(shown: Sequence[Verified]) -> None:
    """φ of a new picture against an old gallery of x, a sentence each."""
    told = [one for one in shown if "cross" in one.figures]
    if not told:
        return
    x = next((one for one in shown if one.name == "x"), None)
    look.heading(
        "New vectors against an old gallery",
        "The probe is suppressed, the gallery holds x from before. Accepted: at the threshold that "
        "x has for a FAR of 1 % on other people. Linked: AUC as they are, and after a linear map "
        "from x to φ that an attacker learned on people of their own.",
    )
    columns = [("representation", ""), ("own accepted", "n"), ("strangers accepted", "n")]
    columns += [("rank 1", "n"), ("linked as is", "n"), ("linked by a map", "n")]
    metrics = ("cross_accepted", "cross_false", "cross_rank1", "cross", "cross_linked")
    rows = [
        [look.bold(short(one.name)), *(_cell(one.get(metric)) for metric in metrics)]
        for one in told
    ]
    look.table(columns, rows)
    for one in told:
        look.put(look.join(look.bold(full(one.name)), ". ", plots.cross_sentence(one, x)), "prose")
    look.put(
        "Whoever holds a suppressor can put an old gallery through it as well, and then links as "
        "it verifies: with the AUC of the table above. A suppressor does not hide who somebody is.",
        "m small",
    )


def _expressions(view: View, table: pd.DataFrame | None) -> None:
    if table is None or table.empty:
        if view.active or table is not None:
            look.heading("By pair of expressions", _missing(view, "expression"))
        return
    names = list(dict.fromkeys(table["representation"].astype(str)))
    chosen = _choose("Representation", names, "expressions-of")
    found = plots.mixed(table, chosen)
    rate = "" if found.far is None else f" at a FAR of {100 * found.far:.3g} %"
    look.heading(
        plots.mixed_title(found),
        f"Genuine pairs accepted{rate}, by the expressions of their two pictures. The threshold is "
        "one for all pairs, from other people. Empty where too few people show both.",
    )
    left, right = st.columns([5, 6], gap="large")
    with left:
        figure = plots.mixed_figure(found, tokens(look.mode()))
        chart.show(figure, plots.mixed_alt(found), chart.key("mixed", view.id, chosen))
    with right:
        _mixed_table(found)


def _mixed_table(found: Mixed) -> None:
    columns = [("expressions", ""), ("accepted", "n"), ("pairs", "n"), ("", "")]
    rows = []
    for row in found.rows:
        value, low, high = (_given(row[name]) for name in ("tar", "low", "high"))
        span = Span(value, low, high, str(row["status"]))
        word = look.badge(span.status) if span.status != "ok" else Html("")
        pair = f"{row['expression_a']}, {row['expression_b']}"
        figure = _cell(span) if span.value is not None else ""
        rows.append([pair, figure, f"{int(row['pairs']):,}", word])
    with st.expander(f"All {len(rows)} pairs of expressions"):
        look.table(columns, rows)


def _given(value: object) -> float | None:
    return None if pd.isna(value) else float(value)  # type: ignore[call-overload, arg-type]


def _groups(view: View, table: pd.DataFrame | None, kind: Mapping[str, str]) -> None:
    rows = None if table is None else table[table["metric"].isin(["fmr", "fnmr"])]
    if rows is None or rows.empty:
        look.heading("By group", _missing(view, "groups"))
        return
    labels = list(dict.fromkeys(rows["label"].astype(str)))
    label = _choose("Groups of", labels, "groups-of")
    names = list(dict.fromkeys(rows["representation"].astype(str)))
    far = rows["far"].dropna()
    rate = "" if far.empty else f" of {100 * far.iloc[0]:.3g} %"
    sides = st.columns(2, gap="large")
    for side, metric in zip(sides, ("fmr", "fnmr"), strict=True):
        found = by_group.served(rows, label, metric, names)
        with side:
            look.heading(
                by_group.group_title(found, label, metric),
                f"{by_group.METRICS[metric].capitalize()}, at one threshold for everybody: a FAR"
                f"{rate} on other people." + (" Dashed: that rate." if metric == "fmr" else ""),
            )
            figure = by_group.group_figure(found, metric, kind, tokens(look.mode()))
            alt = by_group.group_alt(found, label, metric)
            chart.show(figure, alt, chart.key(metric, view.id, label))
    _group_table(rows, label, names)


def _group_table(rows: pd.DataFrame, label: str, names: Sequence[str]) -> None:
    columns = [("representation", ""), ("FMR", "n"), ("pairs", "n"), ("FNMR", "n"), ("pairs", "n")]
    columns += [("people", "n")]
    both = {
        (one.group, one.name, metric): one
        for metric in ("fmr", "fnmr")
        for one in by_group.served(rows, label, metric, names)
    }
    cells: list[list[object]] = []
    marks: list[str] = []
    for group, own in groupby(
        dict.fromkeys((group, name) for group, name, _ in both), lambda k: k[0]
    ):
        cells.append([look.bold(group)])
        marks.append("group")
        for _, name in own:
            row: list[object] = [short(name)]
            for metric in ("fmr", "fnmr"):
                one = both[group, name, metric]
                row += [_cell(one.span, 4), look.muted(f"{one.n:,}")]
            cells.append([*row, look.muted(f"{both[group, name, 'fnmr'].people:,}")])
            marks.append("")
    with st.expander(f"The figures by {look.plain(label)}"):
        look.table(columns, cells, marks)


def _choose(what: str, names: Sequence[str], key: str) -> str:
    """One of a few names; the first unless another is in the address."""
    if len(names) > 6:
        chosen = st.selectbox(what, names, key=key, bind="query-params")
    else:
        chosen = st.segmented_control(
            what, names, default=names[0], required=True, key=key, bind="query-params",
            format_func=lambda name: look.plain(short(name)),
        )  # fmt: skip
    return chosen if chosen in names else names[0]


def _passed(view: View) -> None:
    """What was checked, and what must be known of these figures."""
    if view.audit is None:
        return
    checks = view.audit.get("checks", [])
    passed = "; ".join(f"{c['name']} ({c['detail']})" for c in checks if c["passed"])
    missed = "; ".join(f"{c['name']} ({c['detail']})" for c in checks if not c["passed"])
    noted = "; ".join(str(one).rstrip(". ") for one in view.audit.get("warnings", []))
    parts: list[object] = []
    for word, told in (("What passed.", passed), ("What did not.", missed), ("To know.", noted)):
        parts += [look.bold(word), f" {told}. "] if told else []
    if parts:
        look.aside(*parts)


def _downloads(view: View, found: Tables) -> None:
    look.heading("Tables", "One figure a row, with intervals, counts and statuses.")
    with st.container(horizontal=True):
        for name, frame in found.items():
            if frame is not None:
                files.csv(view, name, frame)


def _missing(view: View, name: str) -> str:
    """Why a part of the page is empty, and how to fill it."""
    if view.active:
        return f"The table “{name}” comes when the run is done."
    return f"This run has no table “{name}”. A new audit writes it, where its data allow."


main()
