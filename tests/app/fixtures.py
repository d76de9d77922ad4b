"""Runs with MADE-UP figures, pictures of noise, and uploads. Nothing here was measured."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import run as runs
from core.run_status import RunStatus, birth
from core.table import table

Maker = Callable[..., runs.Run]
Open = Callable[..., AppTest]
Opened = Callable[..., AppTest]

MADE_UP = "made-up test data"

ATTACKERS = {"nn": 0.0, "svm": 0.02, "rf": -0.11, "logistic": -0.05, "majority": None}
BASES = {
    ("x", "expression"): (0.74, 6), ("pixels", "expression"): (0.81, 6),
    ("random", "expression"): (0.17, 6), ("norm", "expression"): (0.19, 6),
    ("x", "gender"): (0.95, 2), ("pixels", "gender"): (0.86, 2),
    ("random", "gender"): (0.50, 2), ("norm", "gender"): (0.51, 2),
    ("x", "age_group"): (0.62, 3), ("pixels", "age_group"): (0.55, 3),
    ("random", "age_group"): (0.33, 3), ("norm", "age_group"): (0.34, 3),
}  # fmt: skip


def leakage_row(**given: Any) -> dict[str, Any]:
    """One row of leakage.csv: x, expression, svm, leaking, unless told otherwise."""
    row: dict[str, Any] = {
        "representation": "x", "attribute": "expression", "attacker": "svm",
        "metric": "balanced_accuracy", "value": 0.76, "low": 0.73, "high": 0.79,
        "chance": 1 / 6, "null": 0.21, "detectable": None, "dif": None, "dif_low": None,
        "dif_high": None, "chosen": None, "attacker_identities": 184, "n": 1380,
        "identities": 230, "status": "ok",
    }  # fmt: skip
    return {**row, **given}


def _figures(representation: str, attribute: str, metric: str) -> list[dict[str, Any]]:
    base, classes = BASES[representation, attribute]
    chance = 0.5 if metric == "auc" else 1 / classes
    null = chance + 0.045
    rows = []
    for attacker, shift in ATTACKERS.items():
        control = representation in ("random", "norm")
        value = chance if shift is None else base + (shift / 8 if control else shift)
        if metric == "auc":
            value = min(0.5 + (value - 1 / classes) * 0.5 / (1 - 1 / classes), 0.99)
        clear = shift is not None and value - 0.03 > null
        rows.append(
            leakage_row(
                representation=representation, attribute=attribute, attacker=attacker,
                metric=metric, value=value, low=value - 0.03, high=value + 0.03, chance=chance,
                null=null, detectable=None if clear else null + 0.05,
                status="ok" if clear else "nothing found",
            )
        )  # fmt: skip
    best = max((r for r in rows if r["attacker"] != "majority"), key=lambda r: r["value"])
    return [*rows, {**best, "attacker": "strongest", "chosen": best["attacker"],
                    "null": null + 0.01}]  # fmt: skip


def leakage() -> pd.DataFrame:
    """A whole made-up leakage.csv."""
    return table(
        "leakage",
        [
            row
            for representation, attribute in BASES
            for metric in ("balanced_accuracy", "accuracy", "auc")
            for row in _figures(representation, attribute, metric)
        ],
    )


def verification() -> pd.DataFrame:
    """A made-up verification.csv."""
    row = {"representation": "x", "distance": "cosine", "pairs": 6000, "identities": 230}
    return table(
        "verification",
        [
            {
                **row,
                "metric": "accuracy",
                "value": 0.973,
                "low": 0.965,
                "high": 0.98,
                "status": "ok",
            },
            {**row, "metric": "eer", "value": 0.027, "low": 0.02, "high": 0.034, "status": "ok"},
        ],
    )


def audit(**changes: Any) -> dict[str, Any]:
    """A made-up audit.json of the synthetic set."""
    labels = {
        "expression": dict.fromkeys(
            ("angry", "disgusted", "happy", "neutral", "sad", "surprised"), 230
        ),
        "gender": {"female": 690, "male": 690},
        "age_group": {"20-39": 600, "40-59": 500, "60+": 280},
    }
    whole: dict[str, Any] = {
        "schema_version": 1,
        "name": "synthetic demonstration",
        "created": "2026-11-22T03:00:00+00:00",
        "config": {"name": "synthetic demonstration", "faces": {"preset": "synthetic"}},
        "preset": "default",
        "look": {"name": "quick", "folds": 5, "seeds": 1},
        "environment": {"note": MADE_UP},
        "data": {
            "name": "synthetic", "n": 1380, "identities": 230, "labels": labels,
            "synthetic": True, "licence": "Apache-2.0", "digest": "0" * 64, "problems": [],
            "problem_counts": {}, "origin": dict.fromkeys(labels, "generator"),
        },
        "encoder": {"kind": "synthetic", "name": "bundled recogniser", "digest": "0" * 64,
                    "dimensions": 256},
        "parts": {"attacker": 184, "suppressor": 0, "test": 46},
        "headline": {
            "attribute": "expression", "representation": "x", "attacker": "svm", "value": 0.76,
            "low": 0.73, "high": 0.79, "chance": 1 / 6, "null": 0.2217, "status": "ok",
            "dimensions": 256, "sentence": MADE_UP,
        },
        "checks": [
            {"name": "planted code found", "passed": True, "detail": "by 15 of 15 probes"},
            {"name": "no shared identity", "passed": True, "detail": "0 of 230 people"},
            {"name": "random vectors reveal nothing", "passed": True, "detail": MADE_UP},
            {"name": "same-session verification", "passed": False, "detail": "EER is trivial here"},
        ],
        "warnings": ["These figures are made up for a test."],
        "tables": ["leakage", "verification", "predictions"],
    }  # fmt: skip
    return {**whole, **changes}


def write_result(folder: Path, whole: dict[str, Any], rows: pd.DataFrame | None = None) -> None:
    """Write a finished result into the run folder `folder`."""
    tables = folder / "result" / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    (folder / "result" / "audit.json").write_text(json.dumps(whole), encoding="utf-8")
    (leakage() if rows is None else rows).to_csv(tables / "leakage.csv", index=False)
    verification().to_csv(tables / "verification.csv", index=False)


def write_partial(folder: Path, rows: pd.DataFrame, first: pd.DataFrame | None = None) -> None:
    """Write what a running run has found so far."""
    partial = folder / "partial"
    partial.mkdir(parents=True, exist_ok=True)
    rows.to_csv(partial / "leakage.csv", index=False)
    if first is not None:
        first.to_csv(partial / "first.csv", index=False)


def alive(state: str, **told: Any) -> RunStatus:
    """A status whose worker lives: this process."""
    me = psutil.Process(os.getpid())
    return RunStatus(state=state, pid=me.pid, born=birth(me), **told)  # type: ignore[arg-type]


def html(app: AppTest) -> str:
    """All HTML that a page shows, without the stylesheet."""
    bodies = [element.proto.body for element in app.get("html")]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))


class Sent(io.BytesIO):
    """What a browser sent."""

    def __init__(self, name: str, data: bytes) -> None:
        super().__init__(data)
        self.name = name
        self.size = len(data)


def picture(seed: int = 0) -> bytes:
    """A small PNG."""
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def zipped(**members: bytes) -> Sent:
    """A zip with a folder in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"set/{name}.png", data)
        archive.writestr("../out.png", picture())
    return Sent("faces.zip", out.getvalue())
