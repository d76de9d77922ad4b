"""A finished audit as the report reads it: `audit.json` and the tables beside it.

Nothing that was read is changed but for groups that are too small (`small_groups`), and that
happens here, so that no figure, sentence or table can be made from what was withheld.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from core import audit_schema
from core.errors import InputError
from core.plots.compare import kinds
from core.report.paths import without_paths
from core.report.private import without_private
from core.report.small_groups import withhold
from core.report.withheld import Withheld

SKIPPED = ("predictions", "fairness_scores", "relevance_faces")
"""Tables whose rows are single faces: no report reads them."""
LARGEST = 2_000_000_000
"""Bytes of a table that a report still reads."""


@dataclass(frozen=True, eq=False)
class Result:
    """An audit: `audit` is `audit.json`, `tables` those that a report uses, by name.

    `rows` counts the rows of every file of `tables/`, by file name; `digests` are the SHA-256 of
    the exported suppressors' weights, by name; `cards` their model cards, in Markdown.
    """

    audit: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    withheld: Withheld
    rows: Mapping[str, int | None] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    cards: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings as run."""
        found: Mapping[str, Any] = self.audit["config"]
        return found

    @property
    def careless(self) -> bool:
        """Whether the run used the preset that no headline may use."""
        return bool(self.audit["preset"] == "careless")

    @property
    def synthetic(self) -> bool:
        """Whether the faces are drawn."""
        return bool(self.audit["data"]["synthetic"])

    @property
    def marks(self) -> tuple[str, ...]:
        """The badges that go with every figure of this run."""
        by_hand = "by hand" in self.audit["data"]["origin"].values()
        told = (
            (self.careless, "careless"),
            (self.synthetic, "synthetic"),
            (by_hand, "labelled by hand"),
        )
        return tuple(word for holds, word in told if holds)

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each suppressor, by name."""
        return kinds(self.config)

    @property
    def warnings(self) -> list[str]:
        """What was told on the way, without what would name a withheld group."""
        return self.withheld.without([str(one) for one in self.audit["warnings"]])

    def facts(self, study: str) -> dict[str, Any]:
        """What a study told of itself."""
        return dict(self.audit["facts"].get(study) or {})

    def table(self, name: str) -> pd.DataFrame | None:
        """A table with at least one row, or None."""
        found = self.tables.get(name)
        return None if found is None or found.empty else found

    def asked(self, study: str) -> bool:
        """Whether the study was part of the settings."""
        return study in (self.config.get("studies") or ())


def read_result(folder: Path, *, smallest: int) -> Result:
    """The audit in `folder`, groups of fewer than `smallest` people withheld.

    Raises `InputError` where it is no audit's folder or a table cannot be read.
    """
    audit = without_private(audit_schema.read(folder / "audit.json"))
    tables: dict[str, pd.DataFrame] = {}
    rows: dict[str, int | None] = {}
    for name in audit["tables"]:
        path = _file(folder / "tables", str(name))
        if path is None:
            continue
        rows[path.name] = None
        if name not in SKIPPED:
            tables[str(name)] = _read(path)
            rows[path.name] = len(tables[str(name)])
        else:
            rows[path.name] = _length(path)
    audit, tables, withheld = withhold(audit, tables, smallest)
    names = [str(name) for name in audit["suppressors"]]
    places = {name: folder / "suppressors" / name for name in names if Path(name).name == name}
    return Result(audit, tables, withheld, rows, _digests(places), _cards(places))


def _file(folder: Path, name: str) -> Path | None:
    if Path(name).name != name:
        return None
    found = (folder / f"{name}{ending}" for ending in (".csv", ".parquet"))
    return next((path for path in found if path.is_file()), None)


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(
                f"{path.name} has {path.stat().st_size:,} bytes, and a report reads at most "
                f"{LARGEST:,}: give an audit of this program"
            )
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=_TEXT)
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[:1]
        raise InputError(
            f"{path.name} cannot be read ({first[0][:120] if first else 'no reason'}): run the "
            "audit again"
        ) from error


_TEXT = dict.fromkeys(
    (
        "representation", "attribute", "attacker", "metric", "chosen", "status", "a", "b", "table",
        "suppressor", "name", "truth", "predicted", "label", "group", "expression_a",
        "expression_b", "target", "protected", "train_group", "test_group", "class",
    ),
    str,
)  # fmt: skip
"""Columns that are names, even where a name is a number."""


def _length(path: Path) -> int | None:
    if path.suffix != ".parquet":
        return None
    import pyarrow.parquet as pq

    try:
        return int(pq.ParquetFile(path).metadata.num_rows)
    except (OSError, ValueError):
        return None


def _digests(places: Mapping[str, Path]) -> dict[str, str]:
    found = {}
    for name, folder in places.items():
        path = folder / "weights.safetensors"
        if path.is_file():
            with open(path, "rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _cards(places: Mapping[str, Path]) -> dict[str, str]:
    paths = {name: folder / "README.md" for name, folder in places.items()}
    return {
        name: without_paths(path.read_text(encoding="utf-8", errors="replace")[:20_000])
        for name, path in paths.items()
        if path.is_file()
    }
