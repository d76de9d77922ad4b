"""Finished audits with MADE-UP figures, as they lie in OUT. Nothing here was measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.config import config_from
from core.study.changes_paired import PERSON
from core.table import COLUMNS, table

CLASSES = ("angry", "happy", "sad")


def audit(settings: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A made-up audit.json with `settings`, and `changes` of its keys."""
    asked = {
        "name": "made up", "faces": {"preset": "synthetic"}, "sensitive": "expression",
        "attributes": ["gender"], "suppressors": [{"kind": "leace"}],
        "studies": ["leakage", "verification", "fairness"], **(settings or {}),
    }  # fmt: skip
    config = config_from(asked).as_run()
    whole: dict[str, Any] = {
        "schema_version": 1,
        "name": config["name"],
        "created": "2026-11-22T03:00:00+00:00",
        "config": config,
        "preset": config["preset"],
        "look": {"name": config["look"], "folds": 5, "seeds": 1},
        "environment": {"blindfold": "0.1.0"},
        "data": {"name": "made up", "n": 120, "identities": 40, "labels": {}, "synthetic": True,
                 "digest": "0" * 64},
        "encoder": {"kind": "auto", "name": "made up", "digest": "1" * 64, "dimensions": 8},
        "parts": {"suppressor": 16, "attacker": 16, "test": 8},
        "headline": {"attribute": "expression", "status": "ok"},
        "facts": {"verification": {"pairs": "made"}},
        "tables": [],
    }  # fmt: skip
    return {**whole, **changes}


def leakage(**given: Any) -> dict[str, Any]:
    """A row of leakage.csv: x, expression, the strongest attacker."""
    row = {
        "representation": "x", "attribute": "expression", "attacker": "strongest",
        "metric": "balanced_accuracy", "value": 0.60, "low": 0.55, "high": 0.65, "chance": 1 / 3,
        "null": 0.4, "attacker_identities": 16, "n": 120, "identities": 40, "status": "ok",
    }  # fmt: skip
    return {**row, **given}


def verification(**given: Any) -> dict[str, Any]:
    """A row of verification.csv: x, accuracy, Euclidean."""
    row = {
        "representation": "x", "metric": "accuracy", "distance": "euclidean", "value": 0.95,
        "low": 0.93, "high": 0.97, "pairs": 500, "identities": 40, "status": "ok",
    }  # fmt: skip
    return {**row, **given}


def predictions(
    right: float, *, seed: int, people: int = 40, representation: str = "x", seeds: int = 1
) -> pd.DataFrame:
    """Predictions of the strongest attacker: each of a person's three faces is told with
    probability `right`, more often for some people than for others."""
    random = np.random.default_rng(seed)
    skill = np.clip(np.random.default_rng(99).normal(right, 0.1, people), 0, 1)
    rows = []
    for repeat in range(seeds):
        for person in range(people):
            for place, truth in enumerate(CLASSES):
                hit = random.random() < skill[person]
                said = truth if hit else CLASSES[(place + 1 + random.integers(2)) % 3]
                rows.append((f"face-{person}-{truth}", representation, "expression", "strongest",
                             truth, said, 0.5, person % 5, repeat, person))  # fmt: skip
    columns = [*(one for one in COLUMNS["predictions"] if one != PERSON), PERSON]
    return pd.DataFrame(rows, columns=columns)


def write(
    folder: Path,
    whole: Mapping[str, Any] | None = None,
    *,
    said: pd.DataFrame | None = None,
    **tables: Iterable[Mapping[str, Any]],
) -> Path:
    """Write a result with `tables` of rows, by name, and predictions `said`; returns `folder`."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    (folder / "audit.json").write_text(json.dumps(whole or audit()), encoding="utf-8")
    for name, rows in tables.items():
        table(name, rows).to_csv(folder / "tables" / f"{name}.csv", index=False)
    if said is not None:
        said.to_parquet(folder / "tables" / "predictions.parquet", index=False)
    return folder
