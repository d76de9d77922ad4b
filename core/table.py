"""Tidy results: one figure a row, with its interval, its counts and its status.

The columns and the words are fixed by the contract with people who script against the files.
A figure that cannot be given is empty, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

STATUSES = (
    "ok",
    "nothing found",
    "not enough data",
    "few people",
    "probe failed",
    "anti-learning",
    "not comparable",
)

COLUMNS: dict[str, tuple[str, ...]] = {
    "leakage": (
        "representation", "attribute", "attacker", "metric", "value", "low", "high", "chance",
        "null", "detectable", "dif", "dif_low", "dif_high", "chosen", "attacker_identities",
        "n", "identities", "status",
    ),
    "verification": (
        "representation", "metric", "distance", "value", "low", "high", "dif", "pairs",
        "identities", "status",
    ),
    "differences": (
        "table", "metric", "attribute", "a", "b", "difference", "low", "high", "p_holm",
    ),
    "confusion": ("representation", "attribute", "attacker", "truth", "predicted", "count"),
    "predictions": (
        "id", "representation", "attribute", "attacker", "truth", "predicted", "score", "fold",
        "seed", "person",
    ),
    "collapse": ("representation", "effective_rank", "mean_cosine", "mean_norm", "status"),
    "training": ("suppressor", "step", "name", "value"),
    "frontier": (
        "suppressor", "dial", "leakage", "leakage_low", "leakage_high", "verification",
        "verification_low", "verification_high", "null", "chosen", "status",
    ),
    "pairs": (
        "representation", "attribute", "value", "low", "high", "chance", "pairs", "identities",
        "status", "class", "null",
    ),
    "selectivity": (
        "representation", "attribute", "attacker", "real", "control", "selectivity", "low", "high",
        "n", "identities", "status",
    ),
    "people_curve": (
        "representation", "attribute", "attacker", "attacker_identities", "metric", "value", "low",
        "high", "n", "identities", "status",
    ),
    "roc": ("representation", "far", "tar", "low", "high"),
    "expression": (
        "representation", "expression_a", "expression_b", "far", "tar", "low", "high", "pairs",
        "identities", "status",
    ),
    "groups": (
        "representation", "label", "group", "metric", "value", "low", "high", "n", "identities",
        "status", "attribute", "chance", "far",
    ),
    "ablation": (
        "representation", "attribute", "attacker", "order", "removed", "metric", "value", "low",
        "high", "chance", "null", "n", "identities", "status", "kept", "width", "repeat_low",
        "repeat_high", "attacker_identities",
    ),
    "projection_quality": (
        "representation", "method", "trustworthiness", "knn_agreement", "label", "n", "silhouette",
        "chance",
    ),
    "fairness": (
        "representation", "classifier", "method", "target", "protected", "strength", "metric",
        "group", "value", "low", "high", "n", "identities", "status",
    ),
    "action_units": (
        "train_group", "test_group", "au", "metric", "value", "low", "high", "n", "identities",
        "status", "positives", "chance", "null", "p_holm", "train_n", "train_identities",
    ),
    "relevance": (
        "au", "train_group", "group", "model", "share_in_region", "share_of_area", "ratio", "low",
        "high", "pointing", "n", "status", "identities", "share_low", "share_high", "pointing_low",
        "pointing_high", "rank_correlation", "regions",
    ),
    "relevance_maps": (
        "au", "train_group", "group", "kind", "heat", "region", "exceeds", "p", "n", "identities",
    ),
    "relevance_faces": (
        "id", "au", "train_group", "group", "said", "truth", "heat", "rule", "logit",
        "share_in_region",
    ),
    "anonymity": (
        "network", "task", "attacker", "split", "accuracy", "low", "high", "chance", "null", "n",
        "identities", "status", "base", "chosen", "null_low", "below_chance_p", "control",
    ),
    "anonymity_training": ("network", "fold", "step", "name", "value"),
}  # fmt: skip
"""Columns of each table, in order."""


def table(name: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A frame with exactly the columns of table `name`; what a row does not give is empty."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]))


@dataclass(frozen=True)
class StudyResult:
    """What one study found: its tables by name, warnings for a person, facts for `audit.json`."""

    tables: dict[str, pd.DataFrame]
    warnings: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
