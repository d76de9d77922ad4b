"""What the papers print beside what was found here, for x and the representations shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.papers import UNNAMED, VERIFICATION, PaperFigure, every
from core.plots.compare import Card, Span, Tables, verified
from core.plots.findings import Line, lines


@dataclass(frozen=True)
class Printed:
    """A paper's figure, and ours for the same representation and label; `what` says which."""

    name: str
    what: str
    ours: Span
    paper: PaperFigure


def papers(tables: Tables, attribute: str, shown: Sequence[Card], suppressed: str) -> list[Printed]:
    """The papers' figures for x and the representations shown; they print accuracies.

    A φ stands beside one that was fitted against the same label, `suppressed`. Where the paper
    does not name its classifier, ours is the strongest.
    """
    kinds = {"x": "x", **{card.name: card.kind for card in shown}}
    found = []
    told = lines(tables.leakage, attribute, "accuracy")
    for name, kind in kinds.items():
        for one in (one for one in told if one.representation == name):
            found += [
                Printed(name, f"{attribute}, {one.attacker}", _span(one), paper)
                for paper in every(kind, attribute, one.attacker, suppressed=suppressed)
            ]
            if one.strongest:
                found += [
                    Printed(name, f"{attribute}, strongest", _span(one), paper)
                    for paper in every(kind, attribute, UNNAMED, suppressed=suppressed)
                ]
        ours = verified(tables.verification, name)
        if ours.value is not None:
            found += [
                Printed(name, "verification", ours, paper)
                for paper in every(kind, VERIFICATION, UNNAMED, suppressed=suppressed)
            ]
    return found


def differs(found: Sequence[Printed]) -> list[str]:
    """What is different about the papers' figures, and what is misprinted: one sentence each."""
    told = [f"{one.paper.source}: {one.paper.differs}." for one in found]
    told += [
        f"{one.paper.source}, {one.paper.representation}, {one.paper.attribute}: drop "
        f"{one.paper.note}."
        for one in found
        if one.paper.note
    ]
    return list(dict.fromkeys(told))


def _span(one: Line) -> Span:
    return Span(one.value, one.low, one.high, one.status)
