"""What a whole audit comes out as: `audit.json` and its tables, described and written."""

from __future__ import annotations

import datetime
import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from core import __version__
from core.config import Config
from core.encode.embeddings import Embeddings
from core.faces.faceset import UNKNOWN
from core.measure.intervals import FEW_BELOW
from core.split import Split
from core.store import write_atomic
from core.study.frontier import Frontier
from core.suppress.card import card
from core.suppress.onnx_export import to_onnx
from core.suppress.saved import save
from core.suppress.suppressor import Suppressor
from core.table import StudyResult

SCHEMA_VERSION = 1
PARQUET = (
    "predictions",
    "projection",
    "fairness_scores",
    "relevance_maps",
    "relevance_faces",
)
"""Tables that are large enough to be Parquet."""


@dataclass(frozen=True)
class Audit:
    """What a whole audit found: `summary` is `audit.json`, `tables` the files by name.

    `suppressors` are those of the reference split, by name, each with the people that it was
    fitted on; those at other settings of their dials come with the `frontier`.
    """

    summary: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    suppressors: Mapping[str, tuple[Suppressor, int]] = field(default_factory=dict)
    frontier: Frontier | None = None


def joined(results: Sequence[StudyResult]) -> StudyResult:
    """Several results as one: tables of one name below each other, no warning twice."""
    tables: dict[str, pd.DataFrame] = {}
    facts: dict[str, Any] = {}
    warnings: list[str] = []
    for result in results:
        for name, own in result.tables.items():
            tables[name] = pd.concat([tables[name], own]) if name in tables else own
        for name, own in result.facts.items():
            both = isinstance(own, dict) and isinstance(facts.get(name), dict)
            facts[name] = {**facts[name], **own} if both else own
        warnings += [text for text in result.warnings if text not in warnings]
    return StudyResult(tables, tuple(warnings), facts)


def opening(config: Config, permutations: int) -> dict[str, Any]:
    """The part of `audit.json` that says what was run, when and where."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": config.name,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "config": config.as_run(),
        "preset": config.preset,
        "look": {"name": config.look, "folds": config.folds, "seeds": config.seeds},
        "permutations": permutations,
        "environment": _environment(),
    }


def described(x: Embeddings, licence: str) -> dict[str, Any]:
    """What the data are."""
    return {
        "name": x.name,
        "n": len(x),
        "identities": people(x) if x.has_subjects else None,
        "labels": {name: dict(sorted(Counter(x.table[name]).items())) for name in x.labels},
        "label_people": _label_people(x),
        "synthetic": x.synthetic,
        "licence": licence,
        "digest": x.digest,
        "problems": [
            {"file": one.file, "kind": one.kind, "detail": one.detail} for one in x.problems[:1000]
        ],
        "problem_counts": dict(Counter(one.kind for one in x.problems)),
        "origin": dict(x.origin),
        "few_people": x.has_subjects and people(x) < FEW_BELOW,
    }


def _label_people(x: Embeddings) -> dict[str, dict[str, int]]:
    """How many known people show each class of each label; nothing where nobody is named."""
    if not x.has_subjects:
        return {}
    known = x.table[x.table["subject_id"] != UNKNOWN]
    found = {}
    for name in x.labels:
        counts = known.groupby(name, observed=True)["subject_id"].nunique()
        found[name] = {one: int(counts.get(one, 0)) for one in sorted(set(x.table[name]))}
    return found


def parts(splits: Sequence[Split], x: Embeddings) -> dict[str, int]:
    """People in each part, the fewest over the rotation."""
    if not splits:
        return {"suppressor": 0, "attacker": 0, "test": 0}
    each = [split.people(x.subjects) for split in splits]
    return {name: min(one[name] for one in each) for name in each[0]}


def people(x: Embeddings) -> int:
    """How many people are known."""
    return int(x.table["subject_id"][x.table["subject_id"] != UNKNOWN].nunique())


def write(audit: Audit, folder: Path) -> None:
    """Write `audit.json`, `tables/` and `suppressors/` into `folder`; large tables are Parquet."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, rows in audit.tables.items():
        if name in PARQUET:
            rows.to_parquet(folder / "tables" / f"{name}.parquet", index=False)
        else:
            write_atomic(folder / "tables" / f"{name}.csv", rows.to_csv(index=False).encode())
    tables = dict(audit.tables)
    for name, (suppressor, fitted_on) in audit.suppressors.items():
        _export(audit, tables, name, suppressor, fitted_on, folder / "suppressors" / name)
    if audit.frontier is not None:
        for table in ("leakage", "verification"):
            both = [audit.tables[table], getattr(audit.frontier, table)]
            tables[table] = pd.concat([one for one in both if len(one)])
        for name, (suppressor, fitted_on) in audit.frontier.suppressors.items():
            _export(audit, tables, name, suppressor, fitted_on, folder / "suppressors" / name)
    text = json.dumps(audit.summary, indent=2, ensure_ascii=False, allow_nan=False)
    write_atomic(folder / "audit.json", text.encode())


def _export(
    audit: Audit,
    tables: Mapping[str, pd.DataFrame],
    name: str,
    suppressor: Suppressor,
    people: int,
    folder: Path,
) -> None:
    """A suppressor with its weights, an ONNX model of the same and its card."""
    save(suppressor, folder)
    write_atomic(folder / "model.onnx", to_onnx(suppressor))
    text = card(
        name,
        suppressor,
        leakage=tables.get("leakage"),
        verification=tables.get("verification"),
        data=audit.summary["data"],
        encoder=audit.summary["encoder"],
        people=people,
    )
    write_atomic(folder / "README.md", text.encode())


def _environment() -> dict[str, str]:
    packages = ("torch", "scikit-learn", "numpy", "pandas", "onnxruntime", "streamlit")
    return {
        "blindfold": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{name: version(name) for name in packages},
    }
