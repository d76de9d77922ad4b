"""The reference of the output tables, from their declared columns and a sentence about each."""

from __future__ import annotations

from pathlib import Path

import yaml

from core.study.summary import PARQUET
from core.table import COLUMNS

MEANINGS = Path(__file__).with_name("tables.yaml")
"""`tables`: one sentence a table. `columns`: what a column means in every table, and under a
table's own name where it means something else there."""


def meanings() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Sentences about tables, and about columns by the table that they stand in."""
    said = yaml.safe_load(MEANINGS.read_text(encoding="utf-8"))
    everywhere, own = said["columns"]["every"], said["columns"]
    return said["tables"], {name: {**everywhere, **own.get(name, {})} for name in COLUMNS}


def page() -> str:
    """The reference as Markdown: a section a table, a row a column."""
    tables, columns = meanings()
    lines: list[str] = []
    for name, order in COLUMNS.items():
        file = f"tables/{name}.{'parquet' if name in PARQUET else 'csv'}"
        lines += [f"## {name}", "", f"`{file}`. {tables[name]}", ""]
        lines += ["| column | what it is |", "|---|---|"]
        lines += [f"| `{column}` | {columns[name][column]} |" for column in order]
        lines.append("")
    return "\n".join(lines)
