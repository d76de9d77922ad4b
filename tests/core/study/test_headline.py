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


FITTED = (("sensitivenets", "sensitivenets"), ("mine", "blindfold"), ("lntl", "lntl"))


def both(after: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    """A headline with x, SN (lower) and ours; `after` changes the row of ours."""
    own = {"value": 0.61, "low": 0.58, "high": 0.64, **(after or {})}
    rows = [leakage(), leakage(representation="mine", **own),
            leakage(representation="sensitivenets", value=0.52, low=0.49, high=0.55)]  # fmt: skip
    settings: dict[str, Any] = {"suppressors": FITTED, "differences": differences(), **given}
    return headline(pd.concat(rows), [TARGET], 512, synthetic=False, **settings)


def differences(**change: Any) -> pd.DataFrame:
    """As the verification study writes them: φ minus x, so that what is lost is negative."""
    row = {"table": "verification", "metric": "accuracy", "a": "mine", "b": "x",
           "difference": -0.012, "low": -0.019, "high": -0.006}  # fmt: skip
    other = {**row, "a": "sensitivenets", "difference": -0.4}
    return table("differences", [{**row, "metric": "eer", "difference": -0.9}, other, row | change])


def test_after_suppression_is_said_with_its_cost_and_both_intervals() -> None:
    found = both()
    assert found["sentence"] == (
        "From these 512 numbers an attacker tells the expression of a stranger right 74 times in "
        "100 (71 to 77); guessing gives 50. After suppression: 61 (58 to 64), at a verification "
        "cost of 1.2 points (0.6 to 1.9)."
    )
    after = found["after"]
    assert (after["representation"], after["kind"]) == ("mine", "blindfold")
    assert [after[key] for key in ("cost", "cost_low", "cost_high")] == pytest.approx(
        [1.2, 0.6, 1.9]
    )


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        (FITTED, "mine"),
        (FITTED[::-1], "mine"),
        ((FITTED[0], FITTED[2]), "sensitivenets"),
        ((FITTED[2], FITTED[0]), "sensitivenets"),
        ((("other", "blindfold"), FITTED[0]), "sensitivenets"),
        ((FITTED[2],), None),
        ((), None),
    ],
)
def test_whom_the_headline_speaks_of_is_settled_before_any_result(
    asked: tuple[tuple[str, str], ...], chosen: str | None
) -> None:
    for value in (0.61, 0.9, 0.1):
        after = both({"value": value}, suppressors=asked)["after"]
        assert (after and after["representation"]) == chosen


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({"status": "nothing found", "low": 0.5, "value": 0.53, "detectable": 0.58},
         "After suppression by mine no attacker told it better than shuffled labels: right 53 "
         "times in 100 "
         "(50 to 64), at a verification cost of 1.2 points (0.6 to 1.9); one right 58 times in 100 "
         "would have been seen."),
        ({"status": "probe failed", "value": None, "low": None, "high": None},
         "After suppression by mine nothing can be said: every probe failed its own test."),
        ({"status": "not enough data", "value": None, "low": None, "high": None},
         "After suppression by mine nothing can be said: there is not enough data."),
        ({"status": "anti-learning", "value": 0.3, "low": 0.25, "high": 0.35},
         "an attacker was right only 30 times in 100 (25 to 35), below chance: that is an alarm, "
         "not privacy."),
        ({"status": "few people"}, "After suppression: 61"),
        ({"status": "few people", "low": 0.4},
         "After suppression by mine there are too few people to tell: right 61 times in 100"),
    ],
)  # fmt: skip
def test_after_suppression_every_status_has_its_own_words(
    after: dict[str, Any], words: str
) -> None:
    said = both(after)["sentence"]
    assert words in said
    assert ("After suppression: " in said) == words.startswith("After suppression: ")


@pytest.mark.parametrize("status", ["nothing found", "probe failed", "not enough data", "ok"])
def test_nothing_is_claimed_of_a_drop_from_nothing(status: str) -> None:
    rows = pd.concat([leakage(status=status, low=0.5), leakage(representation="mine")])
    found = headline(rows, [TARGET], 512, synthetic=False, suppressors=FITTED)
    assert "no drop is claimed" in found["sentence"]
    assert "After suppression: " not in found["sentence"]
    assert "cost" not in found["sentence"]


def test_without_verification_the_cost_is_not_known() -> None:
    found = both(differences=None)
    assert found["after"]["cost"] is None
    assert "61 (58 to 64); what that costs in verification is not known." in found["sentence"]
    rows = [{"representation": name, "metric": "accuracy", "distance": distance, "value": value}
            for name, value in (("x", 0.97), ("mine", 0.95))
            for distance in ("cosine", "euclidean")]  # fmt: skip
    alone = both(differences=None, verification=table("verification", rows))
    assert alone["after"]["cost"] == pytest.approx(2)
    assert "at a verification cost of 2.0 points." in alone["sentence"], "no interval is made up"


def test_the_cost_has_one_sign_whichever_way_round_the_difference_was_written() -> None:
    turned = {"a": "x", "b": "mine", "difference": 0.012, "low": 0.006, "high": 0.019}
    for rows in (differences(), differences(**turned)):
        after = both(differences=rows)["after"]
        assert [after[key] for key in ("cost", "cost_low", "cost_high")] == pytest.approx(
            [1.2, 0.6, 1.9]
        )
    better = both(differences=differences(difference=0.004, low=-0.0003, high=0.009))["sentence"]
    assert "a verification cost of −0.4 points (−0.9 to 0.0)" in better


def test_careless_figures_after_suppression_are_taken_back_too() -> None:
    said = both(careless=True)["sentence"]
    first, last = said.split(" It claims, too: ")
    assert first.startswith("A careless audit")
    assert last.startswith("after suppression: 61")
    assert "After suppression" not in said


def test_who_found_something_though_not_chosen_is_named() -> None:
    low = {"value": 0.53, "low": 0.5, "status": "nothing found"}
    rf = {"attacker": "rf", "value": 0.6, "low": 0.57}
    rows = [leakage(), leakage(representation="mine", **low),
            leakage(representation="mine", **rf),
            leakage(representation="mine", **{**rf, "attacker": "nn", "low": 0.54}),
            leakage(representation="mine", **{**rf, "attacker": "svm", "status": "probe failed"}),
            leakage(representation="lntl", **{**rf, "attacker": "knn"})]  # fmt: skip
    found = headline(pd.concat(rows), [TARGET], 512, synthetic=False, suppressors=FITTED)
    assert found["after"]["beyond"] == ["rf"]
    assert (
        "After suppression by mine the strongest attacker told it no better than shuffled labels: "
        "right 53"
    ) in found["sentence"]
    assert "; rf, not chosen as the strongest, cleared its own null." in found["sentence"]
    alone = pd.concat([leakage(**low), leakage(**rf)])
    said = headline(alone, [TARGET], 512, synthetic=False)["sentence"]
    assert "no attacker" not in said
    assert said.endswith(
        "guessing gives 50; rf, not chosen as the strongest, cleared its own null."
    )
