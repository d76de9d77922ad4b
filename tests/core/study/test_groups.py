"""Figures by group: slow twins, groups that must not be lost, and names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.encode.embeddings import Embeddings
from core.faces.faceset import UNKNOWN
from core.measure.intervals import Predictions, interval
from core.progress import Progress
from core.split import Split, rotation
from core.store import Store
from core.study.groups import groups
from core.study.representation import Representation
from core.table import COLUMNS, StudyResult, table

PEOPLE, EACH = 60, 6
MOODS = np.array(["happy", "sad", "neutral"])


def faces() -> Embeddings:
    """60 people, six pictures each: two a mood; 25 women, 25 men, 4 others, 6 unknown."""
    random = np.random.default_rng(0)
    person = np.repeat(np.arange(PEOPLE), EACH)
    x = random.normal(size=(PEOPLE, 16))[person] + random.normal(size=(len(person), 16))
    gender = np.repeat(["f"] * 25 + ["m"] * 25 + ["other"] * 4 + [UNKNOWN] * 6, EACH)
    columns = {
        "id": [f"f{k}" for k in range(len(x))], "subject_id": [f"p{p:02}" for p in person],
        "expression": MOODS[np.arange(len(x)) % 3], "gender": gender,
        "serial": [f"s{k}" for k in range(len(x))],
    }  # fmt: skip
    labels = ("expression", "gender", "serial")
    return Embeddings(x.astype(np.float32), pd.DataFrame(columns), labels, "toy", "0")


def parts(x: Embeddings) -> list[Split]:
    return rotation(x.subjects.astype(str), np.zeros(len(x)), seeds=2)


def read(x: Embeddings) -> dict[str, pd.DataFrame]:
    """What a made-up strongest attacker said of expression and gender, twice; no leak at all."""
    random, frames = np.random.default_rng(1), []
    for attribute in ("expression", "gender"):
        own = x.table[~x.table[attribute].isin([UNKNOWN, "other"])]
        for repeat in (0, 1):
            for attacker in ("svm", "strongest"):
                said = random.permutation(own[attribute].to_numpy())
                frames.append(
                    pd.DataFrame(
                        {"id": own["id"], "representation": "x", "attribute": attribute,
                         "attacker": attacker, "truth": own[attribute], "predicted": said,
                         "score": 0.5, "fold": 0, "seed": repeat}
                    )
                )  # fmt: skip
    rows = [
        {"representation": "x", "attribute": attribute, "attacker": "strongest",
         "metric": "balanced_accuracy", "chance": chance, "status": "nothing found"}
        for attribute, chance in (("expression", 1 / 3), ("gender", 0.5))
    ]  # fmt: skip
    return {"predictions": pd.concat(frames), "leakage": table("leakage", rows)}


def run(folder: Path, tables: dict[str, pd.DataFrame] | None = None, **more: object) -> StudyResult:
    x = faces()
    named = {"x": Representation(x), "noise": Representation(x.replaced(x.x[:, :2]))}
    return groups(
        named, parts(x), read(x) if tables is None else tables, store=Store(folder),
        progress=Progress(), seed=0, resamples=200, **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return run(tmp_path_factory.mktemp("store"))


def rows(found: StudyResult, **where: object) -> pd.DataFrame:
    own = found.tables["groups"]
    for name, value in where.items():
        own = own[own[name] == value]
    return own


def decided(x: Embeddings) -> list[pd.DataFrame]:
    """The slow twin: every pair of every test part, with what x's threshold says; one a repeat."""
    unit = x.x.astype(float) / np.linalg.norm(x.x.astype(float), axis=1, keepdims=True)
    repeats: dict[int, list[pd.DataFrame]] = {}
    for split in parts(x):
        limit = np.sort(_pairs(unit, split.attacker, x).query("not same")["distance"])
        own = _pairs(unit, split.test, x)
        own["accepted"] = own["distance"] < limit[int(0.01 * len(limit))]
        repeats.setdefault(split.seed, []).append(own)
    return [pd.concat(each) for each in repeats.values()]


def _pairs(unit: np.ndarray, rows: np.ndarray, x: Embeddings) -> pd.DataFrame:
    i, j = (rows[side] for side in np.triu_indices(len(rows), 1))
    told = {"distance": 1 - np.sum(unit[i] * unit[j], axis=1)}
    told["same"] = x.subjects[i] == x.subjects[j]
    for label in ("expression", "gender"):
        values = x.table[label].to_numpy()
        told |= {f"{label} a": values[i], f"{label} b": values[j]}
    return pd.DataFrame(told)


def test_errors_by_group_are_what_a_loop_over_pairs_gives(found: StudyResult) -> None:
    twins = decided(faces())
    for label, group in (("gender", "f"), ("gender", UNKNOWN), ("expression", "sad")):
        fmr, fnmr = [], []
        for pairs in twins:
            a, b = pairs[f"{label} a"] == group, pairs[f"{label} b"] == group
            fmr.append(pairs[~pairs["same"] & a & b]["accepted"].mean())
            fnmr.append(1 - pairs[pairs["same"] & (a | b)]["accepted"].mean())
        for metric, each in (("fmr", fmr), ("fnmr", fnmr)):
            (row,) = rows(found, representation="x", label=label, group=group, metric=metric).iloc
            if row.status == "not enough data":
                assert group == UNKNOWN, "six people"
                continue
            assert row.value == pytest.approx(np.mean(each), abs=1e-9)
            assert row.low <= row.value <= row.high
            assert row.far == 0.01


def test_expressions_are_compared_at_the_same_threshold(found: StudyResult) -> None:
    own = found.tables["expression"]
    assert list(own.columns) == list(COLUMNS["expression"])
    assert len(own) == 2 * 6, "two representations, three moods in pairs and with themselves"
    twins = decided(faces())
    for row in own[own["representation"] == "x"].itertuples():
        wanted = {row.expression_a, row.expression_b}
        each = []
        for pairs in twins:
            moods = zip(pairs["expression a"], pairs["expression b"], strict=True)
            mixed = np.array([{a, b} == wanted for a, b in moods])
            each.append(pairs[pairs["same"].to_numpy() & mixed]["accepted"].mean())
        assert row.tar == pytest.approx(np.mean(each), abs=1e-9)
        assert row.pairs == (60 if row.expression_a == row.expression_b else 240)


def test_leakage_by_group_is_the_interval_of_the_group_alone(found: StudyResult) -> None:
    x = faces()
    said = read(x)["predictions"].query("attacker == 'strongest' and attribute == 'gender'")
    mood = said["id"].map(x.table.set_index("id")["expression"])
    own = said[mood == "happy"]
    place = own["id"].map({name: k for k, name in enumerate(x.table["id"])}).to_numpy()
    one = interval(
        Predictions(
            (own["truth"] == "m").to_numpy().astype(int),
            (own["predicted"] == "m").to_numpy().astype(int),
            None, x.subjects[place], place, own["seed"].to_numpy(),
        ),
        "balanced_accuracy", k=2,
    )  # fmt: skip
    (row,) = rows(found, attribute="gender", label="expression", group="happy").iloc
    assert (row.metric, row.chance, row.n, row.identities) == ("leakage", 0.5, 100, 50)
    assert row.value == pytest.approx(one.value)


def test_no_group_is_dropped_and_its_own_class_has_a_recall(found: StudyResult) -> None:
    own = rows(found, attribute="gender", label="gender")
    assert set(own["metric"]) == {"recall"}
    assert list(own["group"]) == ["f", "m", "other", UNKNOWN]
    silent = own[own["group"].isin(["other", UNKNOWN])]
    assert (silent["status"] == "not enough data").all()
    assert silent["value"].isna().all()
    assert (silent["n"] == 0).all()
    said = read(faces())["predictions"].query("attacker == 'strongest' and attribute == 'gender'")
    right = (said["truth"] == said["predicted"])[said["truth"] == "f"]
    assert own.iloc[0].value == pytest.approx(right.mean())


def test_groups_of_few_people_have_no_figure(found: StudyResult) -> None:
    for group in ("other", UNKNOWN):
        own = rows(found, label="gender", group=group, metric="fnmr")
        assert (own["status"] == "not enough data").all()
        assert own["value"].isna().all()
        assert (own["n"] > 0).all()
    assert (rows(found, label="gender", group="f", metric="fnmr")["status"] == "few people").all()


def test_a_label_that_groups_nobody_is_said(found: StudyResult) -> None:
    assert any("'serial' has 360 values" in text for text in found.warnings)
    assert "serial" not in set(found.tables["groups"]["label"])


def test_a_failed_probe_says_nothing_of_any_group(tmp_path: Path) -> None:
    tables = read(faces())
    tables["leakage"]["status"] = "probe failed"
    own = rows(run(tmp_path, tables), attribute="gender")
    assert len(own)
    assert (own["status"] == "probe failed").all()
    assert own["value"].isna().all()


def test_without_parts_every_row_is_there_and_empty(tmp_path: Path) -> None:
    x = faces()
    found = groups(
        {"x": Representation(x)}, [], {}, store=Store(tmp_path), progress=Progress(), seed=0
    )
    own = found.tables["groups"]
    assert set(own["metric"]) == {"fmr", "fnmr"}
    assert (own["status"] == "not enough data").all()
    assert (found.tables["expression"]["status"] == "not enough data").all()


def test_without_verification_there_is_leakage_alone(tmp_path: Path) -> None:
    found = run(tmp_path, verify=False)
    assert set(found.tables) == {"groups"}
    assert set(found.tables["groups"]["metric"]) == {"leakage", "recall"}


def test_few_attackers_loosen_the_rate_and_it_is_told(tmp_path: Path) -> None:
    x = faces()
    splits = [
        Split(np.empty(0, int), split.attacker[:24], split.test, split.fold, split.seed)
        for split in parts(x)
    ]
    found = groups(
        {"x": Representation(x)}, splits, {}, store=Store(tmp_path), progress=Progress(), seed=0
    )
    rate = found.facts["groups"]["far"]
    assert rate > 0.01
    assert (found.tables["groups"]["far"] == rate).all()


def test_a_second_run_reads_the_store_and_tells_the_same(tmp_path: Path) -> None:
    first = run(tmp_path)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    again = run(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == written
    for name in first.tables:
        pd.testing.assert_frame_equal(first.tables[name], again.tables[name], check_exact=True)
