"""A MADE-UP anonymity study of 15 people and 4 emotions. Nothing was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from core.plots.anonymity import ATTACKERS
from core.table import table

LEAKS: dict[tuple[str, str], tuple[float, float]] = {
    ("Face", "identity"): (0.91, 0.94), ("Emotion", "emotion"): (0.44, 0.46),
    ("Emotion2Face", "identity"): (0.82, 0.86), ("Hybrid", "identity"): (0.09, 0.0),
    ("Hybrid", "emotion"): (0.41, 0.0), ("Hybrid2Emotion", "emotion"): (0.42, 0.43),
    ("Hybrid2Face", "identity"): (0.31, 0.52), ("Face", "emotion"): (0.0, 0.45),
    ("pixels", "identity"): (0.0, 0.95), ("pixels", "emotion"): (0.0, 0.48),
}  # fmt: skip
"""Own layers, fresh attackers; 0 where there is none."""
BASES = {"Face": "face", "Emotion": "emotion", "Emotion2Face": "emotion", "pixels": "pixels"}
FACTS: dict[str, Any] = {
    "label": "condition", "classes": ["happy", "normal", "sad", "surprised"], "people": 15,
    "pictures": 60, "images": 3000, "learnt_enough": True, "face_accuracy": 0.91,
    "settings": {"rounds": 20, "folds": 10, "loss": "bounded"},
    "ours": {"input": "32 x 32 grey", "convolutions": [8, 16, 32], "dense": [64, 64],
             "pooling": "maximum", "optimiser": "Adam", "rate": 0.001, "batch": 64, "steps": 256},
}  # fmt: skip


def rows(
    values: Mapping[tuple[str, str], tuple[float, float]] | None = None,
    status: Mapping[tuple[str, str, str], str] | None = None,
) -> pd.DataFrame:
    """The table, with figures changed by network and task, and statuses by attacker as well."""
    return table("anonymity", _rows({**LEAKS, **(values or {})}, dict(status or {})))


def _rows(
    values: Mapping[tuple[str, str], tuple[float, float]], status: dict[tuple[str, str, str], str]
) -> Iterator[dict[str, Any]]:
    for (network, task), (own, fresh) in values.items():
        chance = 1 / 15 if task == "identity" else 0.25
        told = [("own", own), ("fresh", fresh)] if own else [("fresh", fresh)]
        told += [(name, fresh - 0.02) for name in ATTACKERS if name not in ("own", "fresh")]
        for attacker, value in told:
            if value <= 0 and (network, task, attacker) not in status:
                continue
            clear = value - 0.1 > chance + 0.05
            word = status.get((network, task, attacker), "few people" if clear else "nothing found")
            empty = word in ("probe failed", "not enough data")
            row = {
                "network": network, "task": task, "attacker": attacker, "split": "originals",
                "accuracy": None if empty else value, "low": None if empty else max(value - 0.1, 0),
                "high": None if empty else min(value + 0.1, 1), "chance": chance,
                "null": chance + 0.05, "n": 60, "identities": 15, "status": word,
                "base": BASES.get(network, "hybrid"), "null_low": chance - 0.05,
                "chosen": "svm" if attacker == "fresh" else None, "control": "found",
            }  # fmt: skip
            yield row
            if attacker == "own":
                yield {**row, "split": "augmented", "n": 2940}


def training() -> pd.DataFrame:
    """Made-up curves of two folds."""
    found = []
    for at in (0, 1):
        for step in range(-2, 21):
            told = {"loss_emotion": 1.3 - 0.02 * step, "held_emotion": 0.3 + 0.005 * step,
                    "held_identity": 0.9 if step < 1 else 0.1}  # fmt: skip
            told["loss_hiding_weighted" if step > 0 else "loss_identity_weighted"] = 2.8
            if step > 0:
                told["loss_identity"] = 2.5
            found += [{"network": "Hybrid", "fold": at, "step": step, "name": name,
                       "value": value + at} for name, value in told.items()]  # fmt: skip
        for network, task in (("Face", "identity"), ("Emotion", "emotion")):
            for step in (32, 64):
                for name in (f"loss_{task}", f"held_{task}"):
                    found.append({"network": network, "fold": at, "step": step, "name": name,
                                  "value": step / 100})  # fmt: skip
    return table("anonymity_training", found)


def differences() -> pd.DataFrame:
    """One paired difference."""
    row = {"table": "anonymity", "metric": "accuracy (fresh)", "attribute": "identity",
           "a": "Hybrid2Face", "b": "Emotion2Face", "difference": -0.34, "low": -0.5,
           "high": -0.2, "p_holm": 0.01}  # fmt: skip
    return table("differences", [row])


def write_study(result: Path, found: pd.DataFrame | None = None) -> None:
    """Write all tables of the study into the folder of a result."""
    tables = result / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    (rows() if found is None else found).to_csv(tables / "anonymity.csv", index=False)
    training().to_csv(tables / "anonymity_training.csv", index=False)
    differences().to_csv(tables / "differences.csv", index=False)
