"""A row without a count of people rests on the fewest of whatever it was made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.report.rests_on import people

AUDIT: dict[str, Any] = {
    "data": {"identities": 100}, "headline": {"attribute": "mood"},
    "facts": {"projection": {"people": 8}},
}  # fmt: skip


def leakage(**counts: int) -> pd.DataFrame:
    """Rows of leakage by representation, two attackers each, the second of one more."""
    rows = [(name, "mood", attacker, n + more) for name, n in counts.items()
            for more, attacker in enumerate(("strongest", "nn"))]  # fmt: skip
    columns = ["representation", "attribute", "attacker", "identities"]
    return pd.DataFrame(rows, columns=columns)


def compared(table: str, a: str, b: str, attribute: str | None) -> pd.DataFrame:
    """One row of differences."""
    return pd.DataFrame([{"table": table, "a": a, "b": b, "attribute": attribute}])


VERIFICATION = pd.DataFrame({"representation": ["x", "x", "leace"], "identities": [50, 40, 0]})
FAIRNESS = pd.DataFrame({
    "protected": "gender", "group": ["a", "b", "a - b", "all"], "identities": [30, 6, 0, 36],
})  # fmt: skip
ANONYMITY = pd.DataFrame({"network": ["Face", "Hybrid"], "task": "identity",
                          "identities": [15, 12]})  # fmt: skip
ONE = {"representation": ["x"], "far": [0.1]}


@pytest.mark.parametrize(
    ("name", "tables", "fewest"),
    [
        ("roc", {"roc": pd.DataFrame(ONE), "verification": VERIFICATION}, 40),
        ("differences", {"differences": compared("leakage", "x", "leace", "mood"),
                         "leakage": leakage(x=90, leace=70)}, 70),
        ("differences", {"differences": compared("verification", "leace", "x", None),
                         "verification": VERIFICATION}, 40),
        ("differences", {"differences": compared("fairness", "leace", "x", "gender: a - b"),
                         "fairness": FAIRNESS}, 6),
        ("differences", {"differences": compared("anonymity", "Hybrid", "Face", "identity"),
                         "anonymity": ANONYMITY}, 12),
        ("confusion", {"confusion": pd.DataFrame([{"representation": "x", "attribute": "mood",
                                                   "attacker": "nn"}]),
                       "leakage": leakage(x=90)}, 91),
        ("frontier", {"frontier": pd.DataFrame([{"suppressor": "leace", "dial": 1.0}]),
                      "leakage": leakage(x=90), "verification": VERIFICATION}, 40),
        ("projection", {"projection": pd.DataFrame({"id": ["f"]})}, 8),
        ("projection_quality", {"projection_quality": pd.DataFrame({"n": [60]})}, 8),
        ("something new", {"something new": pd.DataFrame({"figure": [0.5]})}, 100),
    ],
)  # fmt: skip
def test_the_fewest_of_what_it_was_made_from(
    name: str, tables: dict[str, pd.DataFrame], fewest: int
) -> None:
    assert people(name, tables, AUDIT).tolist() == [fewest]


def test_a_table_that_counts_speaks_for_itself() -> None:
    table = pd.DataFrame({"identities": [12, 0, np.nan]})
    assert people("leakage", {"leakage": table}, AUDIT).tolist() == [12, 100, 100]


def test_of_people_whom_nobody_names_nobody_knows_how_many_they_are() -> None:
    audit = {"data": {"identities": None}, "headline": {}}
    found = people("collapse", {"collapse": pd.DataFrame({"mean_norm": [1.0]})}, audit)
    assert np.isnan(found).all()
