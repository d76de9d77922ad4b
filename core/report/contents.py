"""The whole report of one audit as a document: every part, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from core.report.cells import spoken
from core.report.document import Block, Document, Section, paragraph
from core.report.outline import PARTS, subtitle
from core.report.result import Result
from core.report.sections.ablation import ablation
from core.report.sections.action_units import action_units
from core.report.sections.anonymity import anonymity
from core.report.sections.checks import checks
from core.report.sections.compare import compare
from core.report.sections.fairness import fairness
from core.report.sections.glossary import glossary
from core.report.sections.groups import groups
from core.report.sections.headline import headline
from core.report.sections.leakage import leakage
from core.report.sections.measured import measured
from core.report.sections.projection import projection
from core.report.sections.protocol import protocol
from core.report.sections.settings import settings
from core.report.sections.unmeasured import unmeasured
from core.report.sections.verification import verification

Part = Callable[[Result], Iterator[Block]]

_MAKERS: Mapping[str, Part] = {
    "headline": headline,
    "measured": measured,
    "protocol": protocol,
    "leakage": leakage,
    "compare": compare,
    "verification": verification,
    "groups": groups,
    "ablation": ablation,
    "projection": projection,
    "fairness": fairness,
    "action_units": action_units,
    "anonymity": anonymity,
    "checks": checks,
    "unmeasured": unmeasured,
    "settings": settings,
    "glossary": glossary,
}

_PLAIN = ("protocol", "settings", "glossary")
"""Parts without figures of the run: they carry no badge but that of a careless run."""


def document(result: Result) -> Document:
    """Every part of the report of `result` that has something to say."""
    parts = []
    for name, title, needs in PARTS:
        blocks = (*_MAKERS[name](result), *_withheld(result, name, needs))
        if blocks:
            parts.append(Section(name, title, blocks, _marks(result, name)))
    return Document(f"Audit: {result.audit['name']}", subtitle(result.audit), tuple(parts))


def _marks(result: Result, name: str) -> tuple[str, ...]:
    return tuple(one for one in result.marks if name not in _PLAIN or one == "careless")


_TABLES: Mapping[str, tuple[str, ...]] = {
    "leakage": ("leakage", "pairs"),
    "compare": ("differences", "frontier", "confusion", "collapse"),
    "verification": ("verification", "roc", "expression"),
    "projection": ("projection", "projection_quality"),
    "action_units": ("action_units", "relevance", "relevance_maps"),
}
"""The tables that a part is made from, where they are others than the one that it is called by."""
_ROWS = {
    "differences": "paired differences", "frontier": "settings of a dial",
    "confusion": "cells of confusion matrices", "collapse": "rows of collapse",
    "roc": "points of curves", "expression": "pairs of expressions", "projection": "points of maps",
    "projection_quality": "agreements of neighbours", "relevance_maps": "mean maps",
}  # fmt: skip
"""What a row of a table is to a reader, where it is not a figure."""


def _withheld(result: Result, name: str, needs: str) -> Iterator[Block]:
    """What a part would have shown of too few people, and why it does not."""
    told, lost = result.withheld, result.withheld.tables
    own = [one for one in _TABLES.get(name, (needs,)) if lost.get(one)]
    # Without suppressors there is nothing side by side, withheld or not.
    if not own or (name == "compare" and not result.kinds):
        return
    rows = [(lost[one], _ROWS.get(one, f"figures of {spoken(one)}")) for one in own]
    listed = ", ".join(f"{count:,} {what}" for count, what in rows)
    yield paragraph(
        f"Withheld here: {listed}. They are of fewer than {told.smallest} people, or of a group "
        "beside one that is.",
        kind="aside",
    )
