"""The study of action units: what it plans, what its rows say, and whether it finds what was
planted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from benchmarks.action_units import TEAM, TEAMS, planted, teamed
from core.action_units import papers, training
from core.action_units.skew import EVERYONE
from core.config_parts import ActionUnits
from core.encode.bundled import load_bundled
from core.engine import Local
from core.errors import ConfigError
from core.faces.faceset import FaceSet
from core.faces.synthetic import synthetic_faces
from core.progress import Progress
from core.store import Store
from core.study.action_units import Work, begin, check
from core.study.action_units_plan import Plan, prepare, seconds
from core.study.action_units_rows import Rows
from core.table import COLUMNS, StudyResult, table


@pytest.fixture(scope="module")
def faces() -> FaceSet:
    return teamed(synthetic_faces(people=60))


@pytest.fixture(scope="module")
def plan(faces: FaceSet) -> Plan:
    return prepare(faces, ActionUnits(group=TEAM), seed=0)


def heard(
    plan: Plan, blind: tuple[str, str] | None = None, seed: int = 0
) -> dict[tuple[str, int], np.ndarray]:
    """Logits that are right of 8 faces in 10; those of the training set and on the test group
    `blind` miss most of what is there."""
    random = np.random.default_rng(seed)
    said = {}
    for name in plan.draws.sets:
        for number in range(len(plan.draws.repeats)):
            truth = np.nan_to_num(plan.labels.present) == 1
            right = random.random(truth.shape) < 0.8
            if blind is not None and name == blind[0]:
                other = plan.groups.code == plan.groups.names.index(blind[1])
                right &= ~(other[:, None] & truth & (random.random(truth.shape) < 0.7))
            said[name, number] = np.where(right == truth, 1.0, -1.0).astype(np.float32)
    return said


def rows_of(plan: Plan, said: dict[tuple[str, int], np.ndarray]) -> pd.DataFrame:
    return table("action_units", Rows(plan, said, len(plan.draws.repeats), 0, 500).rows())


def one(found: pd.DataFrame, **wanted: str) -> pd.Series:
    for name, value in wanted.items():
        found = found[found[name] == value]
    assert len(found) == 1, f"{len(found)} rows of {wanted}"
    return found.iloc[0]


def test_units_that_are_rare_are_left_out_with_their_counts(faces: FaceSet, plan: Plan) -> None:
    out = {one.unit: one for one in plan.left_out}
    assert 20 in out  # no expression of the demo set asks for it
    assert out[20].positives == (faces.table["au20"] >= 0.2).sum()
    assert set(out) | set(plan.labels.units) == {1, 2, 4, 5, 6, 7, 9, 12, 15, 16, 20, 23, 25, 26}
    assert any(f"AU20 is left out, {out[20].positives}" in told for told in plan.told)
    found = rows_of(plan, heard(plan))
    own = found[found["au"] == "AU20"]
    assert len(own) == len(plan.draws.sets) * 2
    assert own["value"].isna().all()
    assert set(own["status"]) == {"not enough data"}
    assert set(own["positives"]) == {out[20].positives}


def test_every_cell_of_the_contract_is_there_once(plan: Plan) -> None:
    found = rows_of(plan, heard(plan))
    assert tuple(found.columns) == COLUMNS["action_units"]
    assert not found.duplicated(["train_group", "test_group", "au", "metric"]).any()
    for name in (*TEAMS, "mixed"):
        for group in TEAMS:
            own = found[(found["train_group"] == name) & (found["test_group"] == group)]
            assert set(own["metric"]) == {"f1_macro", "f1_weighted", "f1"}
            assert len(own) == 2 + len(plan.labels.units) + len(plan.left_out)
    whole = found[found["metric"] == "f1_macro"]
    assert (whole["low"] <= whole["value"]).all()
    assert (whole["value"] <= whole["high"]).all()
    assert set(whole["identities"]) == {30}


def test_figures_are_scikit_learns_over_everybody_tested(plan: Plan) -> None:
    said = heard(plan)
    found = rows_of(plan, said)
    rows = [repeat.test["blue"] for repeat in plan.draws.repeats]
    truth = plan.labels.present[np.concatenate(rows)]
    decided = np.concatenate([said["green", r][own] > 0 for r, own in enumerate(rows)])
    for metric, average in (("f1_macro", "macro"), ("f1_weighted", "weighted")):
        value = one(found, train_group="green", test_group="blue", metric=metric)["value"]
        assert value == pytest.approx(f1_score(truth, decided, average=average))
    cell = one(found, train_group="green", test_group="blue", metric="f1_macro")
    yes = f1_score(truth, np.ones_like(truth), average="macro")
    assert cell["chance"] == pytest.approx(yes)
    assert cell["null"] < cell["low"]


def test_everybody_tested_is_judged_together(plan: Plan) -> None:
    said = heard(plan, ("green", "blue"))
    each = [rows for repeat in plan.draws.repeats for rows in repeat.test.values()]
    truth = plan.labels.present[np.concatenate(each)]
    decided = np.concatenate([
        said["green", r][rows] > 0
        for r, repeat in enumerate(plan.draws.repeats) for rows in repeat.test.values()
    ])  # fmt: skip
    found = Rows(plan, said, len(plan.draws.repeats), 0, 500).together("green")
    assert found.value == pytest.approx(f1_score(truth, decided, average="macro"))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_the_interaction_is_the_difference_of_differences(plan: Plan) -> None:
    found = rows_of(plan, heard(plan, ("blue", "green")))
    value = {(s, t): one(found, train_group=s, test_group=t, metric="f1_macro")["value"]
             for s in TEAMS for t in TEAMS}  # fmt: skip
    expected = (value["blue", "blue"] - value["blue", "green"]) - (
        value["green", "blue"] - value["green", "green"]
    )
    pair = one(found, metric="interaction", au="all")
    assert pair["train_group"] == pair["test_group"] == "blue x green"
    assert pair["value"] == pytest.approx(expected)
    gap = one(found, metric="gap", au="all", train_group="blue", test_group="blue - green")
    assert gap["value"] == pytest.approx(value["blue", "blue"] - value["blue", "green"])


def test_what_is_planted_in_the_decisions_is_told_and_nothing_is_not(plan: Plan) -> None:
    pair = one(rows_of(plan, heard(plan, ("blue", "green"))), metric="interaction", au="all")
    assert pair["low"] > 0.1
    assert pair["p_holm"] < 0.01
    seen = [one(rows_of(plan, heard(plan, seed=seed)), metric="interaction", au="all")
            for seed in range(4)]  # fmt: skip
    assert sum(row["p_holm"] < 0.05 for row in seen) == 0


def test_a_detector_that_guesses_has_found_nothing(plan: Plan) -> None:
    random = np.random.default_rng(0)
    said = {
        cell: np.where(random.random(own.shape) < 0.3, 1.0, -1.0).astype(np.float32)
        for cell, own in heard(plan).items()
    }
    found = rows_of(plan, said)
    assert set(found.loc[found["metric"] == "f1_macro", "status"]) == {"nothing found"}


def test_a_skewed_set_is_held_against_the_mixed_one(faces: FaceSet) -> None:
    own = prepare(faces, ActionUnits(group=TEAM, skew=0.85), seed=0)
    assert own.draws.sets == ("blue 85%", "mixed", EVERYONE)
    found = rows_of(own, heard(own))
    value = {(s, t): one(found, train_group=s, test_group=t, metric="f1_macro")["value"]
             for s in own.draws.sets for t in TEAMS}  # fmt: skip
    pair = one(found, metric="interaction", au="all")
    assert pair["train_group"] == "blue x green"
    assert pair["value"] == pytest.approx(
        value["blue 85%", "blue"] - value["blue 85%", "green"]
        - value["mixed", "blue"] + value["mixed", "green"]
    )  # fmt: skip


def test_what_cannot_be_studied_is_refused_before_any_work(faces: FaceSet) -> None:
    encoder = load_bundled("cpu")
    plan = check(faces, encoder, ActionUnits(group=TEAM))
    one, two = (seconds(plan, device="cpu", workers=workers) for workers in (1, 2))
    assert 0 < sum(two.values()) < sum(one.values())
    with pytest.raises(ConfigError, match="has the labels"):
        check(faces, encoder, ActionUnits(group="height"))
    with pytest.raises(ConfigError, match="who is who"):
        check(replace(faces, has_subjects=False), encoder, ActionUnits())
    few = synthetic_faces(people=20)
    with pytest.raises(ConfigError, match="action_units cannot be studied"):
        check(few, encoder, ActionUnits())
    with pytest.raises(ConfigError, match="no such file"):
        check(faces, encoder, ActionUnits(trunk="/nowhere/vgg16.pth"))
    with pytest.raises(ConfigError, match="reads vectors"):
        check(faces, None, ActionUnits())


def test_the_papers_figures_are_its_own_and_stand_beside_ours() -> None:
    assert papers.interaction() == pytest.approx(0.10)
    assert papers.interaction("f1_weighted") == pytest.approx(0.11)
    cell = papers.printed("masculine", "feminine")
    assert cell is not None
    assert (cell.f1_macro, cell.f1_weighted) == (0.44, 0.45)
    assert papers.printed("mixed", "blue") is None


def begun(faces: FaceSet, folder: Path) -> Work:
    """The sets of equal size alone: that of everybody has a test of its own and takes as long."""
    work = begin(
        faces, load_bundled("cpu"), ActionUnits(group=TEAM), seed=0, device="cpu",
        store=Store(folder), progress=Progress(), engine=Local(2),
    )  # fmt: skip
    draws = work.plan.draws
    few = replace(draws, shares={name: draws.shares[name] for name in draws.equal})
    return replace(work, plan=replace(work.plan, draws=few))


@pytest.fixture(scope="module")
def plain(faces: FaceSet, tmp_path_factory: pytest.TempPathFactory) -> Work:
    """The study of the faces as they are drawn, encoded once and with a store of its own."""
    return begun(faces, tmp_path_factory.mktemp("plain"))


def interaction(found: StudyResult) -> pd.Series:
    return one(found.tables["action_units"], metric="interaction", au="all")


@pytest.mark.slow
def test_a_group_that_is_drawn_more_weakly_is_found_and_without_it_nothing_is(
    faces: FaceSet, plain: Work, tmp_path: Path
) -> None:
    """Two teams by lot: as drawn, and with units of one team at a fifth while the labels stay."""
    weak = begun(planted(faces, (1, 2, 4, 5, 9, 12, 15, 26), share=0.2), tmp_path)
    found, none = interaction(weak.result()), interaction(plain.result())
    assert found["low"] > 0
    assert found["p_holm"] < 0.05
    assert none["p_holm"] > 0.05


@pytest.mark.slow
def test_the_same_study_is_the_same_in_one_thread_and_in_two(
    plain: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "LONGEST", 10)
    draws = plain.plan.draws
    few = replace(plain.plan, draws=replace(draws, repeats=draws.repeats[:2]))
    found = [
        replace(plain, plan=few, engine=Local(workers), store=Store(tmp_path / str(workers)))
        for workers in (1, 2)
    ]
    one_, two = (work.result().tables["action_units"] for work in found)
    pd.testing.assert_frame_equal(one_, two, check_exact=True)
