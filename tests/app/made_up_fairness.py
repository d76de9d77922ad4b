"""A MADE-UP fairness study: two φ, two baselines, three strengths. Nothing was measured.

The rates at a threshold of one half follow from the made-up scores, so that both can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.table import table

SETTINGS = {"suppressors": [{"kind": "sensitivenets"}, {"kind": "leace"}]}
STRENGTHS = (0.5, 0.7, 0.9)
GROUPS = ("female", "male")
COMMON = {"classifier": "nn", "target": "attractive", "protected": "gender"}
WAYS = (("x", "none"), ("x", "reweighting"), ("sensitivenets", "none"), ("leace", "none"))
SKEW = {("x", "none"): 1.0, ("x", "reweighting"): 0.1, ("sensitivenets", "none"): 0.8,
        ("leace", "none"): 0.2}  # fmt: skip
PAIR = "female - male"
FACTS: dict[str, Any] = {
    "target": "attractive", "positive": "yes", "synthetic_target": False, "protected": "gender",
    "favoured": "female", "groups": list(GROUPS), "crossed_with": ["age_group"], "phi": "protected",
    "people": {"suppressor": 80, "training": 80, "evaluation": 40}, "n_train": 300, "n_eval": 160,
    "repeats": 2, "strengths": list(STRENGTHS), "not_enough_data": [],
}  # fmt: skip
SYNTHETIC = {
    **FACTS,
    "target": "synthetic target",
    "synthetic_target": True,
    "truth": {"0.7": {"tpr": {"female": 0.9, "male": 0.6}, "gap": 0.3}},
}
"""Facts of a synthetic target, whose truth is known at one strength."""


def scores() -> pd.DataFrame:
    """Made-up scores of 160 faces a repeat."""
    found = []
    for name, method in WAYS:
        for strength in STRENGTHS:
            for repeat in range(2):
                random = np.random.default_rng([7, repeat])
                target, group = np.arange(160) % 2, np.arange(160) // 2 % 2
                pull = SKEW[name, method] * (strength - 0.5) * np.where(group == 0, 1, -1)
                score = np.clip(random.normal(0.4 + 0.25 * target + 0.6 * pull, 0.2), 0, 1)
                found.append(pd.DataFrame({
                    "representation": name, "classifier": "nn", "method": method,
                    "strength": np.float32(strength), "repeat": np.int16(repeat),
                    "id": [f"face-{place}" for place in range(160)],
                    "target": target.astype(np.int8), "group": np.array(GROUPS)[group],
                    "score": score.astype(np.float32),
                }))  # fmt: skip
    return pd.concat(found, ignore_index=True)


def made_up() -> pd.DataFrame:
    """The table `fairness`; a threshold for each group has no scores of its own."""
    return table("fairness", _rows())


def differences() -> pd.DataFrame:
    """The paired differences of gaps; all but SensitiveNets can be told from x."""
    gaps, rows = gap_of(made_up()), []
    for key, gap in gaps.items():
        name, method, strength = key
        if (name, method) != ("x", "none"):
            change = gap - gaps["x", "none", strength]
            wide = 0.5 if name == "sensitivenets" else 0.04
            rows.append({
                "table": "fairness", "metric": f"gap@{strength:g}",
                "attribute": f"gender: {PAIR}", "b": "x",
                "a": name if method == "none" else f"{name}+{method}", "difference": change,
                "low": change - wide, "high": change + wide,
                "p_holm": 0.4 if name == "sensitivenets" else 0.009,
            })  # fmt: skip
    return table("differences", rows)


def gap_of(rows: pd.DataFrame) -> dict[tuple[str, str, float], float]:
    """The gap of TPR by representation, method and strength, as the table has it."""
    own = rows[(rows["metric"] == "gap") & (rows["group"] == PAIR)]
    return {(str(row["representation"]), str(row["method"]), float(row["strength"])): row["value"]
            for row in own.to_dict("records")}  # fmt: skip


def write_study(result: Path, rows: pd.DataFrame | None = None) -> None:
    """Write all tables of the study into the folder of a result."""
    tables = result / "tables"
    (made_up() if rows is None else rows).to_csv(tables / "fairness.csv", index=False)
    differences().to_csv(tables / "differences.csv", index=False)
    scores().to_parquet(tables / "fairness_scores.parquet", index=False)


def _rows() -> Iterator[dict[str, Any]]:
    every = scores()
    for strength in STRENGTHS:
        for name, method in (*WAYS, ("x", "threshold")):
            own = every[(every["representation"] == name) & (every["method"] == "none")]
            if method == "reweighting":
                own = every[every["method"] == method]
            own = own[np.isclose(own["strength"], strength)]
            yield from _way(name, method, strength, own)


def _way(name: str, method: str, strength: float, own: pd.DataFrame) -> Iterator[dict[str, Any]]:
    share = 0.5 if method == "threshold" else 1.0
    yes = (own["score"] >= 0.5).groupby([own["target"], own["group"]]).mean()
    tpr = {group: float(yes[1, group]) for group in GROUPS}
    fpr = {group: float(yes[0, group]) for group in GROUPS}
    gaps = {"gap": share * (tpr["female"] - tpr["male"]), "fpr": fpr["female"] - fpr["male"]}
    figures = [("tpr", group, tpr[group]) for group in GROUPS]
    figures += [("fpr", group, fpr[group]) for group in GROUPS]
    figures += [(metric, PAIR, gap) for metric, gap in gaps.items()]
    figures += [("odds", "all", max(abs(gap) for gap in gaps.values()))]
    right = float(((own["score"] >= 0.5) == (own["target"] == 1)).mean())
    figures += [(metric, group, right) for metric in ("accuracy", "balanced_accuracy")
                for group in ("all", *GROUPS)]  # fmt: skip
    if method != "threshold":
        figures += [("calibration", group, 0.11) for group in ("all", *GROUPS)]
    figures += [("tpr", f"{group} & {age}", tpr[group]) for group in GROUPS
                for age in ("20-39", "60+")]  # fmt: skip
    if strength > 0.5:
        figures += [("shift", PAIR, gaps["gap"])]
    for metric, group, value in figures:
        few = "60+" in group
        yield {
            "representation": name, "method": method, **COMMON, "strength": strength,
            "metric": metric, "group": group, "value": value, "low": value - 0.06,
            "high": value + 0.06, "n": 160, "identities": 20 if few else 40,
            "status": "few people" if few else "ok",
        }  # fmt: skip
