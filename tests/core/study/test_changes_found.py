"""What a change is called goes by the distance from chance, and a gap by whom it favours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.command.compare import compare
from core.finished import Finished, finished
from core.study.changes import changes
from core.study.changes_found import below, finding, signs
from core.study.changes_said import counted
from tests.core.made_up_result import audit, write


def row(a: float, b: float, **given: Any) -> dict[str, Any]:
    """A row of changes whose p is small and whose interval holds b − a alone."""
    told = {
        "table": "leakage", "metric": "accuracy", "a": a, "b": b, "change": b - a,
        "low": b - a - 0.01, "high": b - a + 0.01, "p_holm": 0.001, "status": "ok",
        "chance": 0.5, "a_status": "ok", "b_status": "ok",
    }  # fmt: skip
    return {**told, **given}


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (0.6, 0.8, "rose"),
        (0.8, 0.6, "fell"),
        (0.4, 0.2, "rose"),  # further below chance: more is read
        (0.2, 0.4, "fell"),
        (0.45, 0.8, "rose"),
        (0.8, 0.45, "fell"),
        (0.55, 0.2, "rose"),  # from .05 above to .3 below
    ],
)
def test_what_leaks_is_the_distance_from_chance(a: float, b: float, said: str) -> None:
    assert finding(row(a, b)) == said
    # Turned round, as whoever knows it would: the same is read, and the same is said.
    assert finding(row(1 - a, 1 - b)) == said
    assert finding(row(a, b, status="anti-learning")) == "below chance"


def test_a_figure_without_chance_goes_by_its_sign() -> None:
    told = {"table": "verification", "chance": None}
    assert finding(row(0.9, 0.8, **told)) == "fell"
    assert finding(row(0.8, 0.9, **told)) == "rose"


def test_what_cannot_be_told_is_not_told_by_distance_either() -> None:
    assert finding(row(0.4, 0.2, p_holm=0.2)) == "no change told"
    assert finding(row(0.4, 0.41)) == "no change told"
    assert finding(row(0.4, 0.2, change=None)) == "no figure"
    assert finding(row(0.4, 0.2, status="not comparable")) == "not comparable"


def test_how_far_from_guessing_is_said_of_alarms_alone() -> None:
    assert not below(row(0.6, 0.2))
    told = below(row(0.6, 0.2, b_status="anti-learning"))
    assert "10.0 points above guessing in the first, 30.0 points below guessing" in told


def gap(value: float, *, width: float = 0.02) -> list[dict[str, Any]]:
    """The rows of one signed gap."""
    return [{
        "representation": "x", "classifier": "nn", "method": "none", "target": "smiling",
        "protected": "gender", "strength": 0.7, "metric": "gap", "group": "feminine - masculine",
        "value": value, "low": value - width, "high": value + width, "n": 400, "identities": 60,
        "status": "ok",
    }]  # fmt: skip


def audits(tmp_path: Path, *values: float) -> list[Finished]:
    return [finished(write(tmp_path / str(place), audit(), fairness=gap(value)))
            for place, value in enumerate(values)]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (0.1, 0.3, "rose"),
        (-0.3, -0.1, "fell"),  # less unfair, though the number is higher
        (-0.1, -0.3, "rose"),
        (-0.2, 0.2, "changed sides"),
        (0.01, -0.2, "rose"),  # the first favoured nobody for sure
    ],
)
def test_a_signed_gap_goes_by_its_distance_from_zero(
    tmp_path: Path, first: float, second: float, said: str
) -> None:
    found = changes(*audits(tmp_path, first, second))
    (only,) = found.table.to_dict("records")
    assert only["finding"] == said
    assert only["change"] == pytest.approx(second - first), "the change keeps its sign"
    assert only["note"].startswith("above 0 in favour of feminine, below 0 in favour of masculine")
    assert f"1 {said}" in counted(found)


def test_figures_without_a_sign_favour_nobody() -> None:
    asked = {"group": "feminine - masculine", "metric": "gap"}
    assert not signs("leakage", asked)
    assert not signs("fairness", {**asked, "metric": "tpr"})
    assert not signs("fairness", {**asked, "group": "worst"})
    assert "more wrong yeses for feminine" in signs("fairness", {**asked, "metric": "fpr gap"})
    dashed = signs("fairness", {**asked, "group": "18 - 30 - 31 - 50"})
    assert dashed.startswith("above 0 in favour of the first of 18 - 30 - 31 - 50")


def test_people_whom_nobody_named_are_not_0(tmp_path: Path) -> None:
    nobody = {**audit()["data"], "identities": None}
    folder = write(tmp_path / "a", audit(data=nobody), fairness=gap(0.1))
    told = compare(folder, folder, out=None, match=[], fail_if=[])
    assert "120 faces of unknown people" in told
    assert " 0 people" not in told
