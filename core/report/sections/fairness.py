"""Fairness: what skewed training does to each group's chances, and whether suppression helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from core.plots import fairness as plots
from core.plots import fairness_favoured as favoured
from core.plots import fairness_papers as printed
from core.plots import fairness_said as said
from core.plots.compare import records
from core.plots.compare_gaps import signed
from core.plots.compare_words import p_text
from core.plots.fairness import (
    WORST,
    Change,
    Decided,
    Question,
    Way,
    group_name,
    split,
)
from core.plots.fairness_figures import gap_figure, rates_figure
from core.plots.tokens import LIGHT
from core.report.cells import cell, sentence
from core.report.document import (
    Block,
    Column,
    Figure,
    Heading,
    Row,
    Table,
    Words,
    badges,
    muted,
    paragraph,
    row,
    strong,
    words,
)
from core.report.result import Result

STRENGTH = 0.7
"""The skew that is shown whole, the papers'; the others have a row each."""


def fairness(result: Result) -> Iterator[Block]:
    """For each question: the gap, whom it costs, the figures, and every skew in a row."""
    table = result.table("fairness")
    found = [] if table is None else plots.questions(table)
    if table is None or not found:
        return
    yield paragraph(
        "A classifier decides from the vectors, trained on data that are skewed against a group on "
        "purpose. What does the skew do to each group, and does suppression help? Labels are those "
        "of the data set, as annotated.",
        kind="lead",
    )
    for question in found:
        yield from _question(result, table, question)
    yield from _known(result)


def _question(result: Result, table: pd.DataFrame, q: Question) -> Iterator[Block]:
    computed = plots.strengths(table)
    if not computed or not q.first:
        return
    strength = STRENGTH if STRENGTH in computed else computed[len(computed) // 2]
    differences = result.table("differences")
    rows, paired = records(table), records(differences)
    every = {one: plots.decided(rows, paired, q, one) for one in computed}
    here, pair, facts = every[strength], q.first, result.facts("fairness")
    known = said.truth(facts, strength)
    if any(result.withheld.hides(group) for group in q.groups):
        known = None
    by = plots.CLASSIFIERS.get(q.classifier, q.classifier)
    yield paragraph(
        f"Decided: {q.target.replace('_', ' ')}, by a {by}; skewed by "
        f"{q.protected.replace('_', ' ')}; shown at {split(strength)}.",
        kind="note",
    )
    yield Heading(said.title(here, pair))
    told = said.answer(here, pair, q, str(facts.get("positive", "")))
    more = (favoured.turned(here, pair, q), said.told_truth(here, pair, known))
    told += [one for one in more if one]
    for one in told:
        yield paragraph(one)
    papers = printed.marks(q, strength, result.kinds, [one.way for one in here], pair)
    yield Heading(
        "What is left of the gap",
        f"True positive rate, {_pair(pair)}, in points. {favoured.signs(pair, q)}"
        "Filled where it clears zero"
        + ("; diamond: the paper's" if papers else "")
        + ("; tall stroke: the known truth." if known is not None else "."),
    )
    figure = gap_figure(here, pair, LIGHT, known=known, papers=papers)
    figure.update_xaxes(title_text=favoured.axis(pair, q))
    yield Figure(figure, f"{said.alt(here, pair)}. {favoured.signs(pair, q)}".rstrip())
    yield Heading("Whom it costs", f"True positive rate per group, 95 % intervals: {_legend(q)}.")
    yield Figure(rates_figure(here, q, LIGHT, known=known), said.alt_rates(here, q))
    yield _figures(here, q, pair, papers)
    yield paragraph(
        "Shift: the gap here less the gap after balanced training, over the same repeats. Against "
        "x: the paired difference of gaps over the same people, with Holm's p. Points; 95 % "
        "intervals over people.",
        kind="note",
    )
    yield from _others(here, pair, q)
    yield from _skews(every, pair, q)


def _legend(q: Question) -> str:
    from core.plots.fairness_figures import legend

    return ", ".join(f"{glyph} {name}" for glyph, _, name in legend(q))


def _figures(
    found: Sequence[Decided], q: Question, pair: str, papers: Mapping[Way, float]
) -> Table:
    heads = [Column("representation"), Column("accuracy", True)]
    heads += [Column(f"TPR {group_name(one, q.protected)}", True) for one in q.groups]
    heads += [Column("gap", True), Column("shift", True), Column("against x", True),
              Column("finding")]  # fmt: skip
    heads += [Column("paper", True)] if papers else []
    rows: list[Row] = []
    for one in found:
        cells: list[object] = [words(strong(one.way.label)), cell(one.get("accuracy"), 3)]
        cells += [cell(one.get("tpr", group)) for group in q.groups]
        cells += [cell(one.gap(pair), 1, bold=True), cell(one.get("shift", pair), 1),
                  _change(one.changes.get(pair)), _finding(one, pair, q)]  # fmt: skip
        if papers:
            told = f"{papers[one.way]:.1f}" if one.way in papers else ""
            cells.append(words(muted(told)))
        rows.append(row(*cells))
    return Table(tuple(heads), tuple(rows))


def _change(change: Change | None) -> Words:
    if change is None or change.points.value is None:
        return ()
    p = p_text(change.p)
    return words(signed(change.points.value), muted(f" ({p})" if p else ""))


def _finding(one: Decided, pair: str, q: Question) -> Words:
    """What a gap is called, and whom it favours where it clears zero."""
    whom = favoured.favours(one, pair, q)
    return words(badges(one.finding(pair)), muted(f" {whom}" if whom else ""))


def _others(found: Sequence[Decided], pair: str, q: Question) -> Iterator[Block]:
    yield Heading(
        "Other ways to ask",
        "Equalised odds: the larger of the gaps of true and of false positive rates. Calibration "
        "error: how far the probabilities given lie from the shares that are true."
        f"{favoured.wrongly(pair, q)}",
    )
    heads = ("equalised odds", "gap of FPR", "accuracy", "balanced accuracy", "calibration error")
    rows = []
    for one in found:
        moved = one.way.method == "threshold" and one.get("calibration").value is None
        rows.append(row(
            words(strong(one.way.label)), cell(one.get("odds")), cell(one.get("fpr gap", pair), 1),
            cell(one.get("accuracy"), 3), cell(one.get("balanced_accuracy"), 3),
            words(muted("no scores")) if moved else cell(one.get("calibration"), 3),
        ))  # fmt: skip
    yield Table((Column("representation"), *(Column(one, True) for one in heads)), tuple(rows))


def _skews(every: Mapping[float, Sequence[Decided]], pair: str, q: Question) -> Iterator[Block]:
    """The gap of every way at every skew."""
    if len(every) < 2:
        return
    ways = list(dict.fromkeys(one.way for own in every.values() for one in own))
    yield Heading(
        "The gap over the skews",
        f"In points, with 95 % intervals over people. {favoured.signs(pair, q)}".rstrip(),
    )
    rows = []
    for way in ways:
        cells: list[object] = [words(strong(way.label))]
        for own in every.values():
            one = next((o for o in own if o.way == way), None)
            cells.append("" if one is None else cell(one.gap(pair), 1))
        rows.append(row(*cells))
    yield Table(
        (Column("representation"), *(Column(split(one), True) for one in every)), tuple(rows)
    )


def _known(result: Result) -> Iterator[Block]:
    facts = result.facts("fairness")
    told = []
    if facts.get("n_train") and facts.get("n_eval"):
        people = (facts.get("people") or {}).get("evaluation")
        counted = isinstance(people, int) and people >= result.withheld.smallest
        whom = f", of {people:,} other people" if counted else ""
        told.append(
            f"Each training set has {facts['n_train']:,} faces, each evaluation set "
            f"{facts['n_eval']:,}, balanced{whom}, in {facts.get('repeats', '')} repeats."
        )
    fitted = {"protected": "the protected label",
              "carried": "the sensitive label, and carried over"}  # fmt: skip
    if facts.get("phi") in fitted:
        told.append(f"Suppressors were fitted against {fitted[facts['phi']]}.")
    if facts.get("synthetic_target"):
        told.append("The target is synthetic: made by a rule, so that the truth is known.")
    told += [sentence(one) for one in result.warnings
             if "training sets hold" in one or "evaluation sets hold" in one]  # fmt: skip
    if told:
        yield paragraph(strong("To know. "), " ".join(told), kind="aside")


def _pair(pair: str) -> str:
    return "the largest gap" if pair == WORST else pair.replace(" - ", " − ")
