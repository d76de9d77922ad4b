"""MADE-UP action-unit studies: three training sets, two groups, four units. Nothing was measured.

The faces are those of the synthetic set, so that pictures can be drawn under the made-up maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.table import table

SETTINGS: dict[str, Any] = {"studies": ["leakage", "action_units"]}
TRAINS, TESTS = ("female", "male", "mixed"), ("female", "male")
UNITS, OUT = (1, 4, 12, 25), 26
PAIR = "female x male"
MACRO = {
    ("female", "female"): 0.81, ("female", "male"): 0.78, ("male", "female"): 0.66,
    ("male", "male"): 0.80, ("mixed", "female"): 0.79, ("mixed", "male"): 0.82,
}  # fmt: skip
INTERACTIONS = {None: 0.17, 1: 0.02, 4: 0.31, 12: 0.08, 25: -0.03}
RATIOS = {1: 4.2, 4: 3.1, 12: 2.6, 25: 1.4}
RULES = ("shows it: highest logit", "shows it: median logit", "shows it: lowest logit",
         "does not show it: highest logit")  # fmt: skip
CELLS = 56
FACTS: dict[str, Any] = {
    "action_units": {
        "group": "gender", "groups": list(TESTS), "sets": {"female": {"female": 36, "male": 0}},
        "train_people": 36, "train_faces": 300, "test_people": {"female": 10, "male": 10},
        "faces_per_person": 6, "repeats": 5, "units": [f"AU{unit:02d}" for unit in UNITS],
        "left_out": {"AU26": {"positives": 7, "why": "10 faces must show it"}},
        "labels": "made up", "least": {"faces": 13, "paper": 8000, "paper_faces": 101_778},
        "trunk": "a made-up trunk", "width": 6272,
    },
    "relevance": {
        "composite": "a made-up composite", "conserving": "a made-up rule",
        "conservation": {"female": 1e-9, "male": 2e-9, "mixed": 1e-9}, "conservation_faces": 8,
        "regions": "drawn", "cells": CELLS, "pairs": 240, "most": 60, "draws": 3,
        "randomisation": "every layer drawn anew at once", "rules": list(RULES),
        "above_two": 9, "figures": 12, "rank_correlation": 0.05,
        "shortcut": {"au": 12, "share": 0.46, "area": 0.011, "ratio": 41.0, "low": 36.0,
                     "high": 45.0, "pointing": 0.9, "n": 30, "identities": 20, "status": "ok"},
    },
}  # fmt: skip


def f1(train: str, test: str, unit: int | None = None) -> float:
    """The made-up F1 of a unit, or over all of them."""
    shift = 0.0 if unit is None else {1: -0.06, 4: -0.03, 12: 0.1, 25: 0.04}[unit]
    return round(MACRO[train, test] + shift, 4)


def action_units() -> pd.DataFrame:
    """A made-up table `action_units`; one unit was left out."""
    return table("action_units", _figures())


def _figures() -> Iterator[dict[str, Any]]:
    for train in TRAINS:
        for test in TESTS:
            common = {"train_group": train, "test_group": test, "n": 60, "identities": 20,
                      "positives": 120, "chance": 0.31, "null": 0.35, "train_n": 300,
                      "train_identities": 36, "status": "few people"}  # fmt: skip
            over = (("f1_macro", 0.0), ("f1_weighted", 0.03))
            figures = [("all", metric, f1(train, test) + more) for metric, more in over]
            figures += [(f"AU{unit:02d}", "f1", f1(train, test, unit)) for unit in UNITS]
            for au, metric, value in figures:
                yield {**common, "au": au, "metric": metric, **_around(value, 0.05)}
            yield {"train_group": train, "test_group": test, "au": f"AU{OUT}", "metric": "f1",
                   "identities": 20, "positives": 7, "status": "not enough data"}  # fmt: skip
        gap = f1(train, "female") - f1(train, "male")
        yield {"train_group": train, "test_group": "female - male", "au": "all", "metric": "gap",
               "n": 120, "identities": 20, "status": "ok", **_around(gap, 0.04)}  # fmt: skip
    for unit, value in INTERACTIONS.items():
        wide = 0.06 if unit in (None, 4, 12) else 0.12
        yield {
            "train_group": PAIR, "test_group": PAIR, "au": f"AU{unit:02d}" if unit else "all",
            "metric": "interaction", "n": 120, "identities": 20, "status": "ok",
            "p_holm": 0.004 if unit in (None, 4, 12) else 0.6, **_around(value, wide),
        }  # fmt: skip


def _around(value: float, wide: float) -> dict[str, float]:
    return {"value": value, "low": value - wide, "high": value + wide}


def relevance() -> pd.DataFrame:
    """A made-up table `relevance`; men's AU 25 is shown by too few."""
    rows = []
    for train in TRAINS:
        for unit in UNITS:
            for group in ("all", *TESTS):
                for model in ("trained", "randomised"):
                    rows.append(_looked(train, unit, group, model))
    return table("relevance", rows)


def _looked(train: str, unit: int, group: str, model: str) -> dict[str, Any]:
    area = 0.08 + unit / 1000
    ratio = RATIOS[unit] + {"female": 0.3, "male": -0.3, "all": 0.0}[group]
    ratio += {"female": 0.1, "male": -0.2, "mixed": 0.0}[train]
    ratio = 1.03 if model == "randomised" else ratio
    common = {"au": unit, "train_group": train, "group": group, "model": model,
              "regions": "drawn"}  # fmt: skip
    if unit == 25 and group == "male":
        return {**common, "n": 5, "identities": 4, "status": "not enough data"}
    return {
        **common, "share_in_region": ratio * area, "share_of_area": area, "ratio": ratio,
        "low": ratio - 0.2, "high": ratio + 0.2, "pointing": 0.7, "n": 40, "identities": 20,
        "status": "ok", "share_low": (ratio - 0.2) * area, "share_high": (ratio + 0.2) * area,
        "pointing_low": 0.6, "pointing_high": 0.8,
        "rank_correlation": 0.05 if model == "randomised" else None,
    }  # fmt: skip


@lru_cache(maxsize=1)
def maps() -> pd.DataFrame:
    """Made-up mean maps and differences; none where fewer than ten people show the unit."""
    rows = []
    for train in TRAINS:
        for unit in UNITS:
            common = {"au": unit, "train_group": train}
            for group in ("all", *TESTS):
                if (unit, group) != (25, "male"):
                    rows.append({
                        **common, "group": group, "kind": "mean", "n": 40, "identities": 20,
                        "heat": _spot(unit, 0.05 * len(group)),
                        "region": [float(one > 0.4) for one in _spot(unit, 1)],
                    })  # fmt: skip
            if unit != 25:
                heat = [a - 0.9 * b for a, b in zip(_spot(unit, 0.3), _spot(unit, 0.2),
                                                    strict=True)]  # fmt: skip
                rows.append({
                    **common, "group": "female − male", "kind": "difference", "n": 80,
                    "identities": 40, "heat": heat, "p": 0.004 if unit == 4 else 0.4,
                    "exceeds": [float(unit == 4 and one > 0.1) for one in heat],
                })  # fmt: skip
    return table("relevance_maps", rows)


def _spot(unit: int, strength: float) -> list[float]:
    """A bright place whose height on the face depends on the unit."""
    down, across = np.indices((CELLS, CELLS)) / CELLS
    middle = {1: 0.3, 4: 0.36, 12: 0.72, 25: 0.8}[unit]
    heat = strength * np.exp(-(((down - middle) / 0.1) ** 2) - ((across - 0.5) / 0.25) ** 2)
    found: list[float] = heat.astype(np.float32).ravel().tolist()
    return found


@lru_cache(maxsize=1)
def faces() -> pd.DataFrame:
    """Made-up answers about faces of the synthetic set, under made-up maps."""
    from core.faces.synthetic.source import synthetic_faces

    rows, set_ = [], synthetic_faces().table
    for train in TRAINS:
        for unit in UNITS:
            for group in TESTS:
                drawn = {"female": "feminine", "male": "masculine"}[group]
                ids = set_.loc[set_["gender"] == drawn, "id"].iloc[unit : unit + len(RULES)]
                for place, (rule, face) in enumerate(zip(RULES, ids, strict=True)):
                    logit = 3.0 - 2 * place
                    rows.append({
                        "id": face, "au": unit, "train_group": train, "group": group,
                        "said": logit > 0, "truth": place < 3, "heat": _spot(unit, 0.002),
                        "rule": rule, "logit": logit, "share_in_region": 0.4,
                    })  # fmt: skip
    return table("relevance_faces", rows)


def write_study(
    result: Path, rows: pd.DataFrame | None = None, *, looked: bool = True, shown: bool = True
) -> None:
    """Write all tables of the study into the folder of a result; those on relevance too where it
    `looked`, and its faces too where they are `shown`."""
    tables = result / "tables"
    (action_units() if rows is None else rows).to_csv(tables / "action_units.csv", index=False)
    if looked:
        relevance().to_csv(tables / "relevance.csv", index=False)
        maps().to_parquet(tables / "relevance_maps.parquet", index=False)
    if looked and shown:
        faces().to_parquet(tables / "relevance_faces.parquet", index=False)
