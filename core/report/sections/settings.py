"""Settings, environment, digests, files, and how to run the same audit again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core import audit_yaml
from core.plots.tokens import full
from core.report.document import (
    Block,
    Code,
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


def settings(result: Result) -> Iterator[Block]:
    """Everything that another person needs to get the same figures."""
    yield Heading(
        "Run it again",
        "The same audit with the same seed on the same machine and device gives the same tables. "
        "Write the settings into audit.yaml; paths are cut to their last part here, and start from "
        "the folder of that file.",
    )
    yield Code("python -m core run audit.yaml --out OUT")
    yield Code(_yaml(result.config))
    yield Heading(
        "Digests",
        "SHA-256 of what was read and of what was fitted: the same digest is the same data.",
    )
    yield _digests(result)
    yield Heading("Environment")
    environment: Mapping[str, Any] = result.audit["environment"]
    yield Table(
        columns("part", "version"),
        tuple(row(words(strong(name)), str(version)) for name, version in environment.items()),
    )
    yield from _files(result)


def _yaml(config: Mapping[str, Any]) -> str:
    """The settings as a file has them: without what is empty, and what is empty by default."""
    return audit_yaml.write(_given(config)).strip()


def _given(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {str(name): _given(one) for name, one in value.items() if one is not None}
        return {name: one for name, one in kept.items() if one not in ({}, [])}
    return [_given(one) for one in value] if isinstance(value, list) else value


def _digests(result: Result) -> Table:
    data, encoder = result.audit["data"], result.audit["encoder"]
    rows = [row(words(strong("data")), str(data["name"] or ""), words(muted(str(data["digest"]))))]
    if encoder.get("digest"):
        told = str(encoder.get("name") or encoder.get("kind") or "")
        rows.append(row(words(strong("encoder")), told, words(muted(str(encoder["digest"])))))
    for name, digest in result.digests.items():
        rows.append(row(words(strong("suppressor")), full(name), words(muted(digest))))
    return Table(columns("of", "name", "SHA-256"), tuple(rows))


def _files(result: Result) -> Iterator[Block]:
    """What lies beside this report: larger tables stand there whole."""
    if not result.rows:
        return
    yield Heading(
        "Files beside this report",
        "In the folder that the audit wrote; this report shows what the pages show, and these have "
        "every figure. Tables of single faces are in no report.",
    )
    yield Table(
        columns("file", "#rows"),
        tuple(
            row(f"tables/{name}", "" if n is None else f"{n:,}")
            for name, n in sorted(result.rows.items())
        ),
    )
    yield paragraph("Beside them: audit.json, and suppressors/ with weights and model cards.",
                    kind="note")  # fmt: skip
