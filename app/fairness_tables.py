"""Tables of the Fairness page: the same figures in rows, by group, at thresholds, beside papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from app import look
from app.jobs import View
from app.look import Html
from core.faces.faceset import UNKNOWN
from core.plots.compare import Span
from core.plots.compare_gaps import signed
from core.plots.compare_words import p_text
from core.plots.fairness import ALL, WORST, Change, Decided, Question, Way, group_name, sides
from core.plots.fairness_favoured import favours
from core.plots.fairness_papers import Beside
from core.plots.fairness_threshold import Moved
from core.plots.findings import describe
from core.plots.tokens import short


def figures(
    view: View, found: Sequence[Decided], q: Question, pair: str, papers: Mapping[Way, float]
) -> None:
    """Accuracy, rates, gap, shift, change against x, and what the gap is called."""
    rates = [(f"TPR {group_name(one, q.protected)}", "n") for one in q.groups]
    columns = [
        ("representation", ""), ("accuracy", "n"), *rates, ("gap", "n"), ("shift", "n"),
        ("against x", "n"), ("finding", ""), *([("paper", "n")] if papers else []),
    ]  # fmt: skip
    rows = []
    for one in found:
        change = one.changes.get(pair)
        cells: list[object] = [_named(one.way), cell(one.get("accuracy"), 3)]
        cells += [cell(one.get("tpr", group)) for group in q.groups]
        cells += [
            _points(one.gap(pair), strong=True), _points(one.get("shift", pair)),
            _change(change), _finding(one, pair, q),
        ]  # fmt: skip
        if papers:
            cells.append(look.muted(f"{papers[one.way]:.1f}" if one.way in papers else ""))
        rows.append(cells)
    rows += _unknown(view, q, len(columns), bool(papers))
    look.table(columns, rows)


def others(found: Sequence[Decided], q: Question, pair: str) -> None:
    """What else is asked of decisions beside equal true-positive rates."""
    heads = ("equalised odds", "gap of FPR", "accuracy", "balanced accuracy", "calibration error")
    columns = [("representation", ""), *((head, "n") for head in heads)]
    rows = [
        [
            look.bold(one.way.label), cell(one.get("odds")), _points(one.get("fpr gap", pair)),
            cell(one.get("accuracy"), 3), cell(one.get("balanced_accuracy"), 3),
            # Moved decisions have no probability that could be calibrated.
            look.muted("no scores") if one.way.method == "threshold"
            and one.get("calibration", ALL).value is None else cell(one.get("calibration"), 3),
        ]
        for one in found
    ]  # fmt: skip
    look.table(columns, rows)


def by_group(found: Sequence[Decided], q: Question) -> None:
    """The same for each group."""
    columns = [("representation", ""), ("group", ""), ("FPR", "n"), ("accuracy", "n"),
               ("balanced accuracy", "n"), ("calibration error", "n"), ("people", "n")]  # fmt: skip
    metrics = (("fpr", 2), ("accuracy", 3), ("balanced_accuracy", 3), ("calibration", 3))
    rows = []
    for one in found:
        for group in q.groups:
            people = one.people.get(("tpr", group))
            rows.append([
                look.bold(one.way.label), group_name(group, q.protected),
                *(cell(one.get(metric, group), digits) for metric, digits in metrics),
                look.muted("" if people is None else f"{people:,}"),
            ])  # fmt: skip
    look.table(columns, rows)


def crossed(found: Sequence[Decided], groups: Sequence[str]) -> None:
    """True-positive rates of the groups that two labels make together, with who is behind them."""
    columns = [("group", ""), *((one.way.label, "n") for one in found), ("people", "n")]
    rows = []
    for group in groups:
        people = [one.people.get(("tpr", group)) for one in found]
        behind = [one for one in people if one is not None]
        few = any(one.get("tpr", group).status == "few people" for one in found)
        rows.append([
            look.bold(group), *(cell(one.get("tpr", group)) for one in found),
            look.join(look.badge("few people") if few else "", " ",
                      look.muted(f"{min(behind):,}" if behind else "")),
        ])  # fmt: skip
    look.table(columns, rows)


def at_threshold(found: Sequence[Moved], q: Question, pair: str) -> None:
    """Rates and gap of every way at one threshold, without intervals."""
    columns = [("representation", ""), *((f"TPR {group_name(one, q.protected)}", "n")
               for one in q.groups), ("gap", "n"),
               *((f"FPR {group_name(one, q.protected)}", "n") for one in q.groups),
               ("accuracy", "n")]  # fmt: skip
    rows = [
        [
            look.bold(one.way.label), *(_plain(one.tpr(group)[0]) for group in q.groups),
            look.bold(_signed(gap(one, q, pair)[0])),
            *(_plain(one.fpr(group)[0]) for group in q.groups), _plain(one.accuracy[0], 3),
        ]
        for one in found
    ]  # fmt: skip
    look.table(columns, rows)


def gap(one: Moved, q: Question, pair: str) -> np.ndarray:
    """The gap of a pair of groups, or of the two furthest apart, at each threshold."""
    return one.worst(q.groups) if pair == WORST else one.gap(*sides(pair, q))


def papers(found: Sequence[Beside], pair: str) -> None:
    """The papers' rows, and ours of the same representation at the same strength."""
    columns = [("paper", ""), ("decides", ""), ("representation", ""), ("accuracy", "n"),
               ("TPR", "n"), ("gap", "n"), ("ours, accuracy", "n"), ("ours, gap", "n")]  # fmt: skip
    rows = []
    for one in found:
        paper, printed = one.paper, f"{100 * one.paper.gap:.1f}"
        if paper.corrected is not None:
            printed = f"{signed(100 * paper.corrected).lstrip('+')}, printed {printed}"
        base = "" if paper.baseline is None else (
            f" (x {100 * paper.baseline[0]:.1f}; {100 * paper.baseline[3]:.1f})")  # fmt: skip
        a, b = paper.groups
        rows.append([
            paper.source.replace("Morales et al. (TPAMI 2021)", "TPAMI"), paper.target,
            look.join(look.bold(short(paper.representation)), look.muted(base)),
            f"{100 * paper.accuracy:.1f}",
            look.join(f"{100 * paper.tpr[0]:.1f} ", look.muted(a), f", {100 * paper.tpr[1]:.1f} ",
                      look.muted(b)),
            printed,
            "" if one.ours is None else cell(_times(one.ours.get("accuracy")), 1),
            "" if one.ours is None else _points(one.ours.gap(pair)),
        ])  # fmt: skip
    look.table(columns, rows)


def cell(span: Span, digits: int = 2) -> Html:
    """A figure with its interval, or the status that stands in its place."""
    if span.value is None:
        return look.muted("" if span.status in ("", "ok") else span.status)
    return look.join(look.number(span.value, digits), " ",
                     look.span(span.low, span.high, digits=digits))  # fmt: skip


def _times(span: Span) -> Span:
    """A fraction as a percentage."""
    low, value, high = (None if one is None else 100 * one
                        for one in (span.low, span.value, span.high))  # fmt: skip
    return Span(value, low, high, span.status)


def _points(span: Span, *, strong: bool = False) -> Html:
    if span.value is None:
        return look.muted("")
    value = _signed(span.value)
    shown = look.bold(value) if strong else look.text(value)
    low, high = (
        (_signed(one) for one in (span.low, span.high)) if span.low is not None else ("", "")
    )
    return look.join(shown, " ", Html(f'<span class="i">{low} to {high}</span>' if low else ""))


def _change(change: Change | None) -> Html:
    if change is None or change.points.value is None:
        return Html("")
    p = p_text(change.p)
    return look.join(signed(change.points.value), " ",
                     look.muted(f"({p})" if p else ""))  # fmt: skip


def _finding(one: Decided, pair: str, q: Question) -> Html:
    """What a gap is called, and whom it favours where it clears zero."""
    return look.join(look.badges(one.finding(pair)), " ", look.muted(favours(one, pair, q)))


def _signed(value: float | None) -> str:
    """One decimal with a minus that is one."""
    if value is None or np.isnan(value):
        return ""
    return f"{value:.1f}".replace("-0.0", "0.0").replace("-", "−")


def _plain(value: float, digits: int = 2) -> str:
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def _named(way: Way) -> Html:
    what = describe(way.name) if way.method == "none" else way.title
    return look.join(look.bold(way.label), " ", look.muted(what if what != way.label else ""))


def _unknown(view: View, q: Question, wide: int, printed: bool) -> list[list[object]]:
    """Faces whose protected label is unknown keep a row: nobody decides about them here."""
    data = {} if view.audit is None else view.audit["data"].get("labels", {})
    faces = (data.get(q.protected.split("=")[0]) or {}).get(UNKNOWN, 0)
    if not faces:
        return []
    missing = f"label missing, {look.count(int(faces), 'face', 'faces')}"
    named = look.join(look.bold("unknown"), " ", look.muted(missing))
    last: list[object] = [look.badge("not enough data"), *([""] if printed else [])]
    return [[named, *[""] * (wide - 1 - len(last)), *last]]
