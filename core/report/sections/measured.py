"""What was measured, and on whom: the faces, the people, the labels, the encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.report.cells import count, sentence, spoken
from core.report.document import (
    Block,
    Heading,
    Table,
    columns,
    muted,
    paragraph,
    row,
    strong,
    words,
)
from core.report.result import Result
from core.report.withheld import HIDDEN

_PROBLEMS = "Files that gave no vector"


def measured(result: Result) -> Iterator[Block]:
    """The data and the encoder, with counts; small classes without theirs."""
    data, encoder = result.audit["data"], result.audit["encoder"]
    yield paragraph(_whom(result, data))
    if data.get("licence"):
        yield paragraph(sentence(str(data["licence"])), kind="note")
    yield paragraph(_by(result, encoder))
    labels: Mapping[str, Mapping[str, int | None]] = data["labels"]
    if labels:
        yield Heading(
            "Labels",
            "As annotated in the data set, and named as it names them. “unknown” is a class of its "
            f"own and is never left out silently.{_few(result, labels)}",
        )
        yield _labels(result, labels, data["origin"])
    yield from _problems(data)
    yield from _roles(result)


def _few(result: Result, labels: Mapping[str, Mapping[str, int | None]]) -> str:
    """What a count that is withheld means; nothing where all are told."""
    if all(n is not None for counts in labels.values() for n in counts.values()):
        return ""
    return (
        f" “{HIDDEN.capitalize()}”: faces of fewer than {result.withheld.smallest} people, or of "
        "the class beside them that would give their number away."
    )


def _whom(result: Result, data: Mapping[str, Any]) -> tuple[Any, ...]:
    kind = "synthetic face" if result.synthetic else "face"
    if result.config.get("embeddings"):
        kind = "vector"
    people = data.get("identities")
    whose = (
        "of unknown people, since nobody is named" if people is None
        else f"of {count(int(people), 'person', 'people')}"
    )  # fmt: skip
    few = " There are few people: intervals are wide." if data.get("few_people") else ""
    return words(
        strong(data["name"] or "A set without a name"), ": ",
        f"{count(int(data['n']), kind, kind + 's')} {whose}.{few}",
    )  # fmt: skip


def _by(result: Result, encoder: Mapping[str, Any]) -> tuple[Any, ...]:
    wide = encoder.get("dimensions")
    numbers = f" It gives {count(int(wide), 'number', 'numbers')} for each face." if wide else ""
    if result.config.get("embeddings"):
        return words("The vectors were brought; no encoder was run here.", numbers)
    name = encoder.get("name") or encoder.get("kind") or "not named"
    return words("Encoder: ", strong(name), ".", numbers)


def _labels(
    result: Result, labels: Mapping[str, Mapping[str, int | None]], origin: Mapping[str, str]
) -> Table:
    rows = []
    for label, classes in labels.items():
        told = [f"{name} {f'({HIDDEN})' if n is None else f'{n:,}'}" for name, n in classes.items()]
        if len(told) > 40:
            told = [*told[:40], f"and {len(told) - 40:,} more"]
        rows.append(row(words(strong(spoken(label))), ", ".join(told),
                        words(muted(origin.get(label, "")))))  # fmt: skip
    return Table(columns("label", "classes, and faces of each", "comes from"), tuple(rows))


def _problems(data: Mapping[str, Any]) -> Iterator[Block]:
    counts: Mapping[str, int] = data["problem_counts"]
    if not counts:
        return
    yield Heading(_PROBLEMS, "The files by name are in audit.json, and not in a report.")
    yield Table(
        columns("what is wrong", "#files"),
        tuple(row(spoken(kind), f"{n:,}") for kind, n in counts.items()),
    )


def _roles(result: Result) -> Iterator[Block]:
    roles: Mapping[str, Any] = result.audit["roles"]
    if not roles:
        return
    yield Heading("Other sets, for single roles", "A role is what a set was used for.")
    yield Table(
        columns("role", "set"),
        tuple(row(words(strong(spoken(name))), _told(one)) for name, one in roles.items()),
    )


def _told(value: Any) -> str:
    """A fact in words."""
    if isinstance(value, Mapping):
        return "; ".join(f"{spoken(str(key))} {_told(one)}" for key, one in value.items()
                         if one not in (None, "", [], {}))  # fmt: skip
    if isinstance(value, list):
        return ", ".join(_told(one) for one in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
