"""Suppressors side by side: what each still gives away, what it costs, and how it was fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.plots import compare as rows
from core.plots import compare_inside as inside
from core.plots.compare import Card, Tables, cards, representations, sensitive
from core.plots.compare_dial import settings
from core.plots.compare_frontier import (
    frontier_alt,
    frontier_figure,
    frontier_title,
    noise_of,
    unplaced,
)
from core.plots.compare_gaps import gap_alt, gap_figure
from core.plots.compare_papers import differs, papers
from core.plots.compare_words import best_told, gap_title, left_out, p_text, summary
from core.plots.findings import CONTROLS
from core.plots.tokens import LIGHT, full, short
from core.report.cells import cell, number
from core.report.document import (
    Block,
    Figure,
    Heading,
    Table,
    badges,
    columns,
    muted,
    paragraph,
    row,
    strong,
    words,
)
from core.report.result import Result
from core.report.sections.cards import cards as cards_of_suppressors
from core.report.sections.headline import tables_of

_MATRICES = 6
"""Confusion matrices that are shown; the table has all."""


def compare(result: Result) -> Iterator[Block]:
    """For each suppressed label: paired differences, cost, matrices; then the fits themselves."""
    tables = tables_of(result)
    if tables is None:
        return
    for sentence in left_out(result.audit):
        yield paragraph(sentence, kind="aside")
    others = [one for one in representations(tables.leakage, _first(tables))
              if one not in CONTROLS and one != "x"]  # fmt: skip
    if not others:
        return
    yield paragraph(
        "Side by side, at the same attackers, the same people and the same resamples: what each "
        "representation still gives away, and what it costs.",
        kind="lead",
    )
    for label in sensitive(result.config, tables.leakage):
        yield from _label(result, tables, label)
    yield from _collapse(tables)
    yield from cards_of_suppressors(result)


def _first(tables: Tables) -> str:
    return str(tables.leakage["attribute"].iloc[0])


def _label(result: Result, tables: Tables, label: str) -> Iterator[Block]:
    names = [one for one in representations(tables.leakage, label) if one not in CONTROLS]
    shown = cards(tables, label, names, result.kinds)
    for card in shown:
        if card.name != "x":
            yield paragraph(strong(card.title), ". ", summary(card))
    yield from _gaps(tables, label, shown)
    yield from _frontier(tables, label, shown)
    yield from _confusions(tables, label, shown)
    yield from _papers(tables, label, shown)


def _gaps(tables: Tables, label: str, shown: Sequence[Card]) -> Iterator[Block]:
    if tables.differences is None or len(shown) < 2:
        return
    names = [card.name for card in shown]
    every = [gap for gap in rows.gaps(tables, label, names) if gap.label in (label, None)]
    against = [gap for gap in every if gap.a == names[0]]
    if len(shown) == 2:
        yield Heading(gap_title(against, shown), _HOW)
    else:
        yield Heading(f"{label}: each against {full(shown[0].name)}", _HOW)
    yield Figure(gap_figure(against, LIGHT), gap_alt(against))
    yield Table(
        columns("a − b", "of", "#points", "p (Holm)", "told apart"),
        tuple(
            row(
                words(strong(short(gap.a)), " − ", strong(short(gap.b))),
                gap.label or "verification",
                cell(gap.points, 1) if gap.points.value is not None else words(muted("no figure")),
                p_text(gap.p), "yes" if gap.told else "no",
            )
            for gap in every
        ),
    )  # fmt: skip


_HOW = (
    "Paired difference of the strongest attackers (balanced accuracy) and of verification, in "
    "points. Bar: 95 % interval over the same resampled people. p: corrected after Holm. Filled "
    "where the two can be told apart."
)


def _frontier(tables: Tables, label: str, shown: Sequence[Card]) -> Iterator[Block]:
    if tables.verification is None or len(shown) < 2:
        return
    curves = settings(tables.frontier, tables) if label == _first(tables) else {}
    dots = "Each dot is one setting of a dial" if curves else "Each mark is a method as it ran here"
    lost = unplaced(shown)
    if len(lost) == len(shown) and not curves:
        return
    yield Heading(
        frontier_title(shown, label),
        f"{dots}; lower left is better. Bars and bands: 95 % intervals. Hollow: the null is not "
        "cleared. Grey band: permuted labels on x. Dotted: random vectors, the noise ceiling."
        + (f" Not placed: {', '.join(lost)}." if lost else ""),
    )
    names = [card.name for card in shown]
    figure = frontier_figure(shown, names, noise_of(tables.leakage, label), curves, LIGHT)
    yield Figure(figure, frontier_alt(shown))


def _confusions(tables: Tables, label: str, shown: Sequence[Card]) -> Iterator[Block]:
    if tables.confusion is None:
        return
    found = {one.name: one for one in inside.confusions(tables, label, [c.name for c in shown])}
    drawn = [card for card in shown if card.name in found and card.after is not None
             and card.after.value is not None][:_MATRICES]  # fmt: skip
    if not drawn:
        return
    yield Heading(
        f"{label}: what is taken for what",
        "Shares of each true class, strongest attacker; every row sums to 1.",
    )
    for card in drawn:
        matrix = found[card.name]
        yield Figure(
            inside.confusion_figure(matrix, LIGHT), inside.confusion_alt(matrix),
            f"{card.title}: {best_told(card, matrix)}.",
        )  # fmt: skip


def _papers(tables: Tables, label: str, shown: Sequence[Card]) -> Iterator[Block]:
    found = papers(tables, label, shown, label)
    if not found:
        return
    yield Heading(
        "The papers' figures beside ours",
        "Accuracy. Theirs come from other data, another encoder and another protocol, so that a "
        "gap is no error of either.",
    )
    yield Table(
        columns("representation", "figure", "#ours", "#paper", "printed in"),
        tuple(
            row(words(strong(short(one.name))), one.what, cell(one.ours, 3),
                number(one.paper.value, 3), words(muted(one.paper.source)))
            for one in found
        ),
    )  # fmt: skip
    yield paragraph(strong("What differs. "), " ".join(differs(found)), kind="note")


def _collapse(tables: Tables) -> Iterator[Block]:
    if tables.collapse is None:
        return
    yield Heading(
        "Is anything left of the vectors?",
        "A constant vector hides everything and is of no use: effective rank (how many directions "
        "are in use), mean cosine of two people's vectors, mean length.",
    )
    yield Table(
        columns("representation", "#effective rank", "#mean cosine", "#mean length", "finding"),
        tuple(
            row(
                words(strong(full(str(one["representation"])))),
                number(one["effective_rank"], 1), number(one["mean_cosine"], 3),
                number(one["mean_norm"], 3),
                badges([] if one["status"] == "ok" else [str(one["status"])]),
            )
            for one in rows.rows_of(tables.collapse)
        ),
    )  # fmt: skip
