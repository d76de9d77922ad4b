"""The folder of a finished audit with MADE-UP figures: nothing here was measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.config import config_from
from core.report.contents import document
from core.report.document import Document
from core.report.result import read_result
from core.table import table

Folder = Callable[..., Path]

NAMES = ("x", "sensitivenets", "leace", "random")
MOODS = ("happy", "neutral", "sad")
GROUPS = {"feminine": 40, "masculine": 38, "other": 30}
SETTINGS = {
    "name": "made up",
    "faces": {"preset": "synthetic"},
    "suppressors": [{"kind": "sensitivenets"}, {"kind": "leace"}],
}
VALUES = {"x": 0.8, "sensitivenets": 0.5, "leace": 0.4, "random": 0.34}


def _leakage() -> Iterator[dict[str, Any]]:
    for name, attacker, metric in product(
        NAMES, ("nn", "strongest"), ("balanced_accuracy", "accuracy")
    ):
        value = VALUES[name]
        found = value > 0.45
        yield {
            "representation": name, "attribute": "expression", "attacker": attacker,
            "metric": metric, "value": value, "low": value - 0.04, "high": value + 0.04,
            "chance": 1 / 3, "null": 0.4, "detectable": None if found else 0.47,
            "dif": None if name == "x" else 50.0, "chosen": "nn" if attacker == "strongest" else "",
            "attacker_identities": 40, "n": 300, "identities": 100,
            "status": "ok" if found else "nothing found",
        }  # fmt: skip


def _verification() -> Iterator[dict[str, Any]]:
    for name, metric in product(NAMES[:3], ("accuracy", "auc", "eer", "tar@0.01")):
        yield {"representation": name, "metric": metric, "distance": "euclidean", "value": 0.9,
               "low": 0.88, "high": 0.92, "pairs": 900, "identities": 100,
               "status": "ok"}  # fmt: skip


def _groups(groups: dict[str, int]) -> Iterator[dict[str, Any]]:
    for name, (group, people), metric in product(NAMES[:3], groups.items(), ("fmr", "fnmr")):
        yield {"representation": name, "label": "gender", "group": group, "metric": metric,
               "value": 0.125, "low": 0.0625, "high": 0.1875, "n": 10 * people,
               "identities": people, "status": "ok", "far": 0.01}  # fmt: skip


def _fairness(groups: dict[str, int]) -> Iterator[dict[str, Any]]:
    first, second = list(groups)[:2]
    for name, strength in product(NAMES[:3], (0.5, 0.7)):
        shared = {"representation": name, "classifier": "nn", "method": "none", "target": "smiling",
                  "protected": "gender", "strength": strength, "status": "ok"}  # fmt: skip
        for group in (first, second):
            yield {**shared, "metric": "tpr", "group": group, "value": 0.7, "low": 0.6,
                   "high": 0.8, "n": 200, "identities": groups[group]}  # fmt: skip
        for metric in ("gap", "shift"):
            yield {**shared, "metric": metric, "group": f"{first} - {second}", "value": 0.1,
                   "low": 0.02, "high": 0.2, "n": 400, "identities": 60}  # fmt: skip
        yield {**shared, "metric": "accuracy", "group": "all", "value": 0.8, "low": 0.7,
               "high": 0.9, "n": 400, "identities": 78}  # fmt: skip
        yield {**shared, "metric": "odds", "group": "all", "value": 0.1, "low": 0.05,
               "high": 0.2, "n": 400, "identities": 78}  # fmt: skip


def tables(groups: dict[str, int]) -> dict[str, pd.DataFrame]:
    """Each table by name, small and made up."""
    confusion = [
        {"representation": name, "attribute": "expression", "attacker": "strongest", "truth": a,
         "predicted": b, "count": 60 if a == b else 20}
        for name, a, b in product(NAMES[:3], MOODS, MOODS)
    ]  # fmt: skip
    differences = [
        {"table": which, "metric": metric, "attribute": label, "a": a, "b": b,
         "difference": 0.1, "low": 0.02, "high": 0.18, "p_holm": 0.01}
        for which, metric, label, a, b in (
            ("leakage", "balanced_accuracy", "expression", "x", "sensitivenets"),
            ("leakage", "balanced_accuracy", "expression", "x", "leace"),
            ("verification", "accuracy", None, "sensitivenets", "x"),
            ("fairness", "gap@0.7", f"gender: {' - '.join(list(groups)[:2])}", "leace", "x"),
        )
    ]  # fmt: skip
    ablation = [
        {"representation": name, "attribute": "expression", "attacker": "nn", "order": "random",
         "removed": removed, "metric": "balanced_accuracy", "value": 0.7 - removed / 3,
         "low": 0.6 - removed / 3, "high": 0.8 - removed / 3, "chance": 1 / 3, "null": 0.4,
         "n": 300, "identities": 100, "status": "ok", "kept": int(100 * (1 - removed)) or 1,
         "width": 100, "attacker_identities": 40}
        for name, removed in product(NAMES[:2], (0.0, 0.5, 0.99))
    ]  # fmt: skip
    collapse = [{"representation": name, "effective_rank": 30.0, "mean_cosine": 0.01,
                 "mean_norm": 1.0, "status": "ok"} for name in NAMES[:3]]  # fmt: skip
    return {
        "leakage": table("leakage", _leakage()),
        "verification": table("verification", _verification()),
        "groups": table("groups", _groups(groups)),
        "fairness": table("fairness", _fairness(groups)),
        "differences": table("differences", differences),
        "confusion": table("confusion", confusion),
        "ablation": table("ablation", ablation),
        "collapse": table("collapse", collapse),
    }


def audit_json(groups: dict[str, int], names: list[str]) -> dict[str, Any]:
    """An `audit.json` as version 1 has it."""
    return {
        "schema_version": 1,
        "name": "made up",
        "created": "2026-11-22T03:00:00+00:00",
        "config": config_from(SETTINGS).as_run(),
        "preset": "default",
        "look": {"name": "quick", "folds": 5, "seeds": 1},
        "permutations": 20,
        "environment": {"blindfold": "0", "python": "3.11"},
        "data": {
            "name": "made-up test data", "n": 600, "identities": 100, "synthetic": True,
            "labels": {"expression": dict.fromkeys(MOODS, 200),
                       "gender": {name: 2 * n for name, n in groups.items()}},
            "label_people": {"expression": dict.fromkeys(MOODS, 100), "gender": dict(groups)},
            "licence": "", "digest": "d1" * 32, "problems": [], "problem_counts": {},
            "origin": {}, "few_people": False,
        },
        "encoder": {"kind": "auto", "name": "made up", "digest": "e2" * 32, "dimensions": 100},
        "parts": {"suppressor": 40, "attacker": 40, "test": 20},
        "headline": {
            "attribute": "expression", "representation": "x", "attacker": "nn",
            "metric": "balanced_accuracy", "value": 0.8, "low": 0.76, "high": 0.84,
            "chance": 1 / 3, "null": 0.4, "detectable": None, "attacker_identities": 40,
            "status": "ok", "beyond": [], "dimensions": 100, "synthetic": True, "careless": False,
            "after": None, "sentence": "",
        },
        "checks": [
            {"name": "parts share nobody", "passed": True, "detail": "no identity is in two"},
            {"name": "planted code found in x", "passed": False, "detail": "1 of 2 found it"},
        ],
        "warnings": ["a warning of the audit"],
        "facts": {},
        "tables": names,
        "suppressors": ["leace"],
    }  # fmt: skip


def make(
    place: Path,
    change: Callable[[dict[str, Any]], None] | None = None,
    *,
    groups: dict[str, int] | None = None,
    only: tuple[str, ...] | None = None,
) -> Path:
    """Write the folder of an audit below `place`; `change` alters `audit.json`, `groups` says how
    many people are in each group, `only` which tables there are."""
    asked, out = groups or GROUPS, place / "OUT"
    (out / "tables").mkdir(parents=True)
    made = {name: one for name, one in tables(asked).items() if only is None or name in only}
    for name, one in made.items():
        one.to_csv(out / "tables" / f"{name}.csv", index=False)
    card = out / "suppressors" / "leace"
    card.mkdir(parents=True)
    (card / "README.md").write_text("# leace\n\nFitted on 40 people of made-up test data.\n")
    (card / "weights.safetensors").write_bytes(b"weights")
    told = audit_json(asked, sorted(made))
    if change is not None:
        change(told)
    (out / "audit.json").write_text(json.dumps(told))
    return out


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """`make`, in a folder of the test's own."""
    return partial(make, tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The report of an audit with every table that is made up here."""
    out = make(tmp_path_factory.mktemp("whole"))
    return document(read_result(out, smallest=10))
