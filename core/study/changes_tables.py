"""Which rows of an audit's tables are held against those of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Source:
    """A table whose rows are compared: one is picked by the representation and by `keys`. `detail`
    are the keys that have no column of their own; `value` is the figure's column, and `metric` its
    name where no column says so."""

    table: str
    keys: tuple[str, ...]
    detail: tuple[str, ...] = ()
    value: str = "value"
    metric: str = ""


SOURCES = (
    Source("leakage", ("metric", "attribute", "attacker")),
    Source("verification", ("metric", "distance"), ("distance",)),
    Source("pairs", ("attribute", "class"), ("class",), metric="accuracy"),
    Source(
        "fairness",
        ("metric", "classifier", "method", "target", "protected", "strength", "group"),
        ("classifier", "method", "target", "protected", "strength", "group"),
    ),
    Source(
        "action_units",
        ("metric", "au", "train_group", "test_group"),
        ("au", "train_group", "test_group"),
    ),
    Source(
        "anonymity",
        ("network", "task", "attacker", "split"),
        ("network", "task", "split"),
        value="accuracy",
        metric="accuracy",
    ),
)


def by_key(
    source: Source, table: pd.DataFrame
) -> dict[tuple[str, tuple[Any, ...]], dict[str, Any]]:
    """The rows by representation and key."""
    found = {}
    for row in table.to_dict("records"):
        told = {str(name): value for name, value in row.items()}
        key = tuple(told.get(name) for name in source.keys)
        found[str(told.get("representation", "")), key] = told
    return found


def twice(asked: Mapping[str, Any]) -> bool:
    """Cosine and Euclidean distance of unit vectors rank alike: only accuracy differs."""
    return asked["distance"] != "euclidean" and asked["metric"] != "accuracy"
