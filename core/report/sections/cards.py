"""The model cards of the exported suppressors, in short: whom each was fitted on, limits, use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.plots.tokens import full
from core.report.cells import sentence
from core.report.document import (
    Block,
    Code,
    Heading,
    Table,
    columns,
    paragraph,
    row,
    strong,
    words,
)
from core.report.result import Result

_FITTED = re.compile(r"\bFitted on (\d+) people")


def cards(result: Result) -> Iterator[Block]:
    """What each card says of its suppressor, then once what they all say.

    Their figures are those of the tables above, and are not said again: there groups of few people
    are withheld.
    """
    if not result.cards:
        return
    yield Heading(
        "Model cards",
        "In short. Each card lies whole beside its suppressor; the figures in it are those above.",
    )
    yield Table(
        columns("suppressor", "its files", "what it is, and on whom it was fitted"),
        tuple(
            row(words(strong(full(name))), f"suppressors/{name}/", _begun(card, result))
            for name, card in result.cards.items()
        ),
    )
    for limit in dict.fromkeys(one for card in result.cards.values() for one in _limits(card)):
        yield paragraph(sentence(limit))
    uses = dict.fromkeys(one for card in result.cards.values() for one in _commands(card))
    if uses:
        yield Code("\n".join(uses))


def _begun(card: str, result: Result) -> str:
    """The card's own sentences on what it is and on whom it was fitted, few of them not counted."""
    lines = [one.strip() for one in card.splitlines()]
    said = [one for one in lines if one.startswith(("A suppressor of", "Fitted on"))]
    smallest = result.withheld.smallest

    def counted(found: re.Match[str]) -> str:
        few = int(found[1]) < smallest
        return f"Fitted on fewer than {smallest} people" if few else found.group()

    return _FITTED.sub(counted, " ".join(said).replace("`", ""))


def _limits(card: str) -> list[str]:
    """Each limit of the card, in one line."""
    points = re.split(r"^- ", _part(card, "Limits"), flags=re.MULTILINE)
    return [" ".join(one.split()) for one in points if one.strip()]


def _commands(card: str) -> list[str]:
    """The commands of the card."""
    lines = _part(card, "Use").splitlines()
    return [one.strip() for one in lines if one.startswith("    ")]


def _part(card: str, title: str) -> str:
    """What stands under a head of the card."""
    _, _, rest = card.partition(f"\n## {title}\n")
    return rest.split("\n## ")[0]
