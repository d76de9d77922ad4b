"""The headline is made from statuses: no figure is claimed that the table takes back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.encode.embeddings import Embeddings
from core.measure.targets import Target
from core.split import Split, rotation
from core.study.headline import checks, headline
from core.table import table

TARGET = Target("expression", ("happy", "sad"), np.arange(4), np.array([0, 1, 0, 1]))


def leakage(**change: Any) -> pd.DataFrame:
    row = {
        "representation": "x",
        "attribute": "expression",
        "attacker": "strongest",
        "metric": "balanced_accuracy",
        "value": 0.74,
        "low": 0.71,
        "high": 0.77,
        "chance": 0.5,
        "null": 0.55,
        "chosen": "svm",
        "attacker_identities": 48,
        "status": "ok",
        **change,
    }
    return table("leakage", [row])


def said(**change: Any) -> dict[str, Any]:
    return headline(leakage(**change), [TARGET], 512, synthetic=False)


def test_a_leak_is_said_with_its_interval_and_guessing() -> None:
    found = said()
    assert found["sentence"] == (
        "From these 512 numbers an attacker tells the expression of a stranger right 74 times in "
        "100 (71 to 77); guessing gives 50."
    )
    assert found["attacker"] == "svm"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "nothing found"}, "no attacker told"),
        ({"status": "anti-learning", "value": 0.2}, "alarm, not privacy"),
        ({"status": "probe failed", "value": None}, "every probe failed"),
        ({"status": "not enough data", "value": None}, "not enough data"),
    ],
)
def test_other_statuses_never_claim_a_leak(change: dict[str, Any], words: str) -> None:
    sentence = said(**change)["sentence"]
    assert words in sentence
    assert "an attacker tells" not in sentence


def test_synthetic_and_careless_are_said() -> None:
    drawn = headline(leakage(), [TARGET], 256, synthetic=True)
    assert "drawn stranger" in drawn["sentence"]
    careless = headline(leakage(), [TARGET], 256, synthetic=False, careless=True)
    assert careless["sentence"].startswith("A careless audit")


def test_without_labels_there_is_no_figure() -> None:
    found = headline(None, [], 128, synthetic=False)
    assert found["value"] is None
    assert found["status"] == "not enough data"


def embeddings() -> Embeddings:
    rows = pd.DataFrame({"id": [f"f{i}" for i in range(40)], "expression": ["happy", "sad"] * 20})
    rows["subject_id"] = [f"p{i // 2}" for i in range(40)]
    return Embeddings(np.eye(40, 3, dtype=np.float32), rows, ("expression",), "toy", "0" * 64)


def test_checks_name_what_failed() -> None:
    x = embeddings()
    splits = rotation(x.subjects, np.zeros(40, dtype=int))
    rows = pd.concat(
        [
            leakage(attacker="svm", status="probe failed", value=None),
            leakage(attacker="nn"),
            leakage(representation="random", attacker="nn", status="ok"),
        ]
    )
    found = {check["name"]: check for check in checks(rows, splits, x, "default")}
    assert found["parts share nobody"]["passed"]
    assert not found["planted code found in x"]["passed"]
    assert "svm on expression" in found["planted code found in x"]["detail"]
    assert not found["nothing found in noise"]["passed"]
    shared = Split(np.array([], dtype=int), np.arange(30), np.arange(29, 40), 0, 0)
    again = {check["name"]: check for check in checks(rows, [shared], x, "careless")}
    assert not again["parts share nobody"]["passed"]
