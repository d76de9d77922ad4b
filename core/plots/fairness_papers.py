"""What the papers print of equality of opportunity, beside ours at their strength."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.papers import GAPS, PaperGap, canonical
from core.plots.fairness import PLAIN, Decided, Question, Way, X
from core.plots.tokens import short

STRENGTH = 0.7
"""The bias of both papers, 70 to 30."""
UNBIASED, FAIR = "x, unbiased", "fair"
"""Their x after balanced training, and a method that is not ours, on an x of its own."""


@dataclass(frozen=True)
class Beside:
    """A printed row; ours of the same representation, None where there is none; `same`: whether
    ours decides the same target and protects the same label."""

    paper: PaperGap
    ours: Decided | None
    same: bool

    @property
    def gap(self) -> float:
        """Their gap in points; the one that their own rates give where another was printed."""
        return 100 * (self.paper.gap if self.paper.corrected is None else self.paper.corrected)


def beside(
    at: Sequence[Decided], unbiased: Sequence[Decided], q: Question, kinds: Mapping[str, str]
) -> list[Beside]:
    """Every printed row with ours; `at` is ours at their strength, `unbiased` at one half."""
    found = []
    for paper in GAPS:
        rows, wanted = (unbiased, "x") if paper.representation == UNBIASED else (
            at, paper.representation)  # fmt: skip
        ours = next((one for one in rows if one.way.method == PLAIN
                     and kinds.get(one.way.name, one.way.name) == wanted), None)  # fmt: skip
        found.append(Beside(paper, ours, _same(paper, q)))
    return found


def marks(q: Question, strength: float, kinds: Mapping[str, str], ways: Sequence[Way],
          pair: str) -> dict[Way, float]:  # fmt: skip
    """Their gaps in points to be drawn beside ours: of the same question and strength alone."""
    if pair != q.first or strength not in (STRENGTH, 0.5):
        return {}
    found: dict[Way, float] = {}
    for paper in (one for one in GAPS if _same(one, q)):
        unbiased = paper.representation == UNBIASED
        if unbiased != (strength != STRENGTH):
            continue
        wanted = "x" if unbiased else paper.representation
        gap = Beside(paper, None, True).gap
        for way in ways:
            if way.method == PLAIN and kinds.get(way.name, way.name) == wanted:
                found.setdefault(way, gap)
            elif paper.baseline is not None and way == X and wanted != FAIR:
                found.setdefault(way, 100 * (paper.baseline[1] - paper.baseline[2]))
    return found


def differs(found: Sequence[Beside], q: Question) -> list[str]:
    """What is different about the papers' figures, and what is misprinted: one sentence each."""
    told = [f"{one.paper.source}: {one.paper.differs}." for one in found]
    told += [
        f"{one.paper.source}, {short(one.paper.representation)}, {one.paper.target}: "
        f"{one.paper.note}."
        for one in found
        if one.paper.note
    ]
    if not any(one.same for one in found):
        told.append(
            f"Ours decides {q.target} and protects {q.protected}: the same arithmetic, another "
            "question."
        )
    return list(dict.fromkeys(told))


def _same(paper: PaperGap, q: Question) -> bool:
    """Whether the paper asks the same question: the same target, the same protected label."""
    own = "smiling" if "smiling" in paper.groups else "gender"
    target, protected = (canonical(one.split("=")[0]) for one in (q.target, q.protected))
    return (paper.target, own) == (target, protected)
