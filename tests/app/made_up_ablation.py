"""A MADE-UP ablation.csv: three representations, two labels, three orders. Nothing was measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from core.table import table

SETTINGS = {"suppressors": [{"kind": "sensitivenets"}, {"kind": "lntl"}]}
SHARES = (0.0, 0.27, 0.54, 0.72, 0.9, 0.99)
LABELS = {"expression": 6, "gender": 2}
FALL = {"random": 0.35, "most": 0.7, "least": 0.15}


def rows() -> Iterator[dict[str, Any]]:
    """x falls slowly, SN meets its null on the way, and LNTL's probe fails at the end."""
    for label, k in LABELS.items():
        for name, start in (("x", 0.7), ("sensitivenets", 0.45), ("lntl", 0.8)):
            for order, fall in FALL.items():
                for share in SHARES:
                    for metric in ("balanced_accuracy", "accuracy"):
                        yield _row(name, label, order, share, metric, start - fall * share, k)


def _row(
    name: str, label: str, order: str, share: float, metric: str, value: float, k: int
) -> dict[str, Any]:
    chance, value = 1 / k, value + (0.3 if k == 2 else 0)
    null = chance + 0.06
    word = "ok" if value - 0.05 > null else "nothing found"
    failed = name == "lntl" and share == 0.99
    said = {} if failed else {"value": value, "low": value - 0.05, "high": value + 0.05}
    if order == "random" and not failed:
        said |= {"repeat_low": value - 0.02, "repeat_high": value + 0.02}
    return {
        "representation": name, "attribute": label, "attacker": "nn", "order": order,
        "removed": share, "metric": metric, **said, "chance": chance, "null": null, "n": 552,
        "identities": 92, "status": "probe failed" if failed else word,
        "kept": max(1, round(256 * (1 - share))), "width": 256, "attacker_identities": 69,
    }  # fmt: skip


def made_up() -> pd.DataFrame:
    """The whole table."""
    return table("ablation", rows())
