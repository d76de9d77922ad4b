"""The whole report of one audit as a document: every part, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from core.report.document import Block, Document, Section
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
    for name, title, _ in PARTS:
        blocks = tuple(_MAKERS[name](result))
        if blocks:
            parts.append(Section(name, title, blocks, _marks(result, name)))
    return Document(f"Audit: {result.audit['name']}", subtitle(result.audit), tuple(parts))


def _marks(result: Result, name: str) -> tuple[str, ...]:
    return tuple(one for one in result.marks if name not in _PLAIN or one == "careless")
