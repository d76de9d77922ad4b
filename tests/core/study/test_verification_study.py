"""The verification study: its tables, warnings and planted faults; and the real recogniser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.encode.embeddings import Embeddings
from core.faces.faceset import UNKNOWN
from core.measure import everypair
from core.measure import pairs as measured_pairs
from core.progress import Progress
from core.split import Split, rotation
from core.store import Store
from core.study import pairing
from core.study.representation import Representation
from core.study.verification import verification
from core.table import COLUMNS, StudyResult

CROSS = ["cross", "cross_accepted", "cross_false", "cross_rank1", "cross_linked"]
METRICS = ["accuracy", "auc", "eer", "tar@0.01", "tar@0.001", "tar@0.0001", "rank1"]


def embeddings(people: int, each: int, *, noise: float = 1.2, seed: int = 0) -> Embeddings:
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), each)
    centre = random.normal(size=(people, 24))
    x = centre[person] + noise * random.normal(size=(len(person), 24))
    table = pd.DataFrame(
        {"id": [f"f{k}" for k in range(len(person))], "subject_id": [f"p{p:03}" for p in person]}
    )
    return Embeddings(x.astype(np.float32), table, (), "toy", "0")


def parts(x: Embeddings, seeds: int = 1) -> list[Split]:
    return rotation(x.subjects.astype(str), np.zeros(len(x)), seeds=seeds)


def run(
    named: dict[str, Embeddings], splits: list[Split], folder: Path, resamples: int = 200
) -> StudyResult:
    store, progress = Store(folder), Progress()
    own = {name: Representation(one) for name, one in named.items()}
    return verification(own, splits, store=store, progress=progress, seed=0, resamples=resamples)


def figure(result: StudyResult, metric: str, name: str = "x", distance: str = "euclidean"):
    table = result.tables["verification"]
    keep = (table["metric"] == metric) & (table["representation"] == name)
    return table[keep & (table["distance"] == distance)].iloc[0]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    x = embeddings(60, 5)
    worse = x.replaced(x.x + np.random.default_rng(1).normal(size=x.x.shape))
    return run({"x": x, "worse": worse}, parts(x, seeds=2), tmp_path_factory.mktemp("store"))


def test_tables_hold_one_row_a_figure(found: StudyResult) -> None:
    table = found.tables["verification"]
    assert list(table.columns) == list(COLUMNS["verification"])
    assert len(table) == 2 * 2 * len(METRICS) + 2 * len(CROSS)
    assert set(table["metric"]) == {*METRICS, *CROSS}
    assert set(table[table["metric"].isin(CROSS)]["representation"]) == {"worse"}
    told = table[table["status"] == "ok"]
    assert ((told["low"] <= told["value"]) & (told["value"] <= told["high"])).all()
    assert (table["identities"] == 60).all()
    assert figure(found, "auc").pairs == 5 * (60 * 59 // 2)
    assert figure(found, "rank1").pairs == 60 * 4


def test_euclidean_and_cosine_tell_the_same(found: StudyResult) -> None:
    for metric in METRICS:
        one, other = (figure(found, metric, "x", d) for d in ("euclidean", "cosine"))
        np.testing.assert_allclose(one.value, other.value, atol=0.004)


def test_a_far_that_the_pairs_do_not_allow_is_empty(found: StudyResult) -> None:
    # 60 pictures of 12 people in a test part: 1,650 impostor pairs allow 0.01 and not 0.001.
    assert figure(found, "tar@0.01").status == "ok"
    for metric in ("tar@0.001", "tar@0.0001"):
        assert figure(found, metric).status == "not enough data"
        assert pd.isna(figure(found, metric).value)
    roc = found.tables["roc"]
    assert roc["far"].min() >= 10 / 1650
    assert list(roc.columns) == list(COLUMNS["roc"])


def test_the_roc_rises_and_holds_the_tar(found: StudyResult) -> None:
    for name, own in found.tables["roc"].groupby("representation"):
        assert own.sort_values("far")["tar"].is_monotonic_increasing
        at = own[np.isclose(own["far"], 0.01)].iloc[0]
        assert at.tar == figure(found, "tar@0.01", name).value


def test_drop_and_paired_differences(found: StudyResult) -> None:
    x, worse = figure(found, "accuracy"), figure(found, "accuracy", "worse")
    assert pd.isna(x["dif"])
    assert worse["dif"] == pytest.approx(100 * (x.value - worse.value) / (x.value - 0.5))
    rows = found.tables["differences"]
    assert list(rows.columns) == list(COLUMNS["differences"])
    row = rows[rows["metric"] == "accuracy"].iloc[0]
    assert (row.a, row.b) == ("worse", "x")
    assert row.difference == pytest.approx(worse.value - x.value)
    assert row.high < 0
    assert row.p_holm < 0.05


def test_auc_is_the_mean_over_test_parts(tmp_path: Path) -> None:
    from sklearn.metrics import euclidean_distances, roc_auc_score

    x = embeddings(30, 3)
    splits = parts(x)
    each = []
    for split in splits:
        vectors = x.x[split.test] / np.linalg.norm(x.x[split.test], axis=1, keepdims=True)
        upper = np.triu_indices(len(vectors), 1)
        own = x.subjects[split.test]
        distance = euclidean_distances(vectors)[upper]
        each.append(roc_auc_score(own[upper[0]] == own[upper[1]], -distance))
    value = figure(run({"x": x}, splits, tmp_path), "auc").value
    assert value == pytest.approx(np.mean(each), abs=1e-6)


@pytest.mark.parametrize(("people", "status"), [(9, "not enough data"), (12, "few people")])
def test_few_people_are_named(people: int, status: str, tmp_path: Path) -> None:
    x = embeddings(people, 4)
    rows = np.arange(len(x))
    person = rows // 4
    splits = [
        Split(np.empty(0, int), rows[person % 2 != k], rows[person % 2 == k], k, 0) for k in (0, 1)
    ]
    result = run({"x": x}, splits, tmp_path)
    assert figure(result, "auc").status == status
    assert pd.isna(figure(result, "auc").value) == (status == "not enough data")
    assert len(result.tables["verification"]) == 2 * len(METRICS)


def test_nobody_known_is_not_enough_data(tmp_path: Path) -> None:
    x = embeddings(20, 3)
    for lost in (
        replace(x, has_subjects=False),
        replace(x, table=x.table.assign(subject_id=UNKNOWN)),
    ):
        result = run({"x": lost}, parts(x), tmp_path)
        assert (result.tables["verification"]["status"] == "not enough data").all()
        assert "not 0" in result.warnings[0]


def test_one_picture_a_person_has_nothing_to_verify(tmp_path: Path) -> None:
    x = embeddings(40, 1)
    result = run({"x": x}, parts(x), tmp_path)
    assert (result.tables["verification"]["status"] == "not enough data").all()


def test_unknown_people_are_left_out_and_said(tmp_path: Path) -> None:
    x = embeddings(30, 4)
    names = x.subjects.copy()
    names[::4] = UNKNOWN
    partly = replace(x, table=x.table.assign(subject_id=names))
    result = run({"x": partly}, parts(x), tmp_path)
    assert "30 pictures of unknown people were left out of verification." in result.warnings
    assert figure(result, "auc").pairs < 5 * (24 * 23 // 2)


def test_identical_pictures_are_left_out_and_said(tmp_path: Path) -> None:
    x = embeddings(30, 4)
    twins = x.x.copy()
    twins[[1, 5, 9]] = twins[[0, 4, 8]]
    same = x.replaced(twins)
    result = run({"x": same, "flat": same.replaced(np.ones_like(twins))}, parts(x), tmp_path)
    assert "3 pairs of identical pictures were left out." in result.warnings
    assert figure(result, "auc").pairs == 5 * (24 * 23 // 2) - 3
    assert figure(result, "auc", "flat").value == 0.5
    assert figure(result, "accuracy", "flat").value == 0.5


def test_a_set_of_one_session_is_called_trivial(tmp_path: Path) -> None:
    easy = embeddings(30, 3, noise=0.05)
    hard = embeddings(30, 3, noise=2.0)
    warned = [run({"x": x}, parts(x), tmp_path).warnings for x in (easy, hard)]
    assert any("one session" in text for text in warned[0])
    assert not any("one session" in text for text in warned[1])


def test_a_sample_of_pairs_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = embeddings(60, 5)
    monkeypatch.setattr(pairing, "CAP", 200)
    monkeypatch.setattr(measured_pairs.made, "__kwdefaults__", {"cap": 200})
    result = run({"x": x}, parts(x), tmp_path)
    (said,) = [text for text in result.warnings if "were drawn by seed" in text]
    assert said.endswith("AUC, equal error and ROC count every pair.")


def test_ranks_of_a_sample_are_those_of_every_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = embeddings(60, 5)
    x.x[1] = x.x[0]  # one picture twice: no genuine pair, listed or counted
    whole = run({"x": x}, parts(x), tmp_path / "whole")
    monkeypatch.setattr(pairing, "CAP", 200)
    sample = run({"x": x}, parts(x), tmp_path / "sample")
    for metric in ("auc", "eer", "tar@0.01"):
        one, other = figure(whole, metric), figure(sample, metric)
        np.testing.assert_allclose(one.value, other.value, atol=1e-12)
        assert one.pairs == other.pairs == 5 * (60 * 59 // 2) - 1
    assert figure(whole, "accuracy").pairs > figure(sample, "accuracy").pairs > 0


def test_ranks_are_those_of_the_sample_where_not_every_pair_can_be_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = embeddings(60, 5)
    monkeypatch.setattr(pairing, "CAP", 200)
    monkeypatch.setattr(everypair, "MOST", 100)
    result = run({"x": x}, parts(x), tmp_path)
    assert figure(result, "auc").pairs == figure(result, "accuracy").pairs
    assert not any("count every pair" in text for text in result.warnings)


def protocol(x: Embeddings, folds: int) -> pd.DataFrame:
    """200 pairs, half of them of one person, in `folds` folds."""
    random = np.random.default_rng(3)
    rows = []
    for k in range(200):
        one, two = random.choice(len(x) // 5, size=2, replace=False) * 5
        a, b = (one, one + 1 + k % 4) if k % 2 else (one, two)
        rows.append((f"f{a}", f"f{b}", bool(k % 2), k // 2 % folds))
    return pd.DataFrame(rows, columns=["a", "b", "same", "fold"])


@pytest.mark.parametrize("folds", [1, 4])
def test_given_pairs_are_used_with_folds_of_their_own(folds: int, tmp_path: Path) -> None:
    x = embeddings(60, 5)
    given = replace(x, pairs=protocol(x, folds), digest="")
    result = run({"x": given}, [], tmp_path)
    assert result.facts["verification"]["pairs"] == "given"
    row = figure(result, "accuracy")
    assert row.pairs == 200
    assert row.status == "ok"
    unit = x.x / np.linalg.norm(x.x, axis=1, keepdims=True)
    pairs = protocol(x, folds)
    place = {name: k for k, name in enumerate(x.table["id"])}
    a, b = (pairs[side].map(place).to_numpy() for side in ("a", "b"))
    distance = np.linalg.norm(unit[a] - unit[b], axis=1)
    same = pairs["same"].to_numpy()
    best = max(np.mean((distance <= t) == same) for t in distance)
    assert best - 0.06 < row.value <= best
    assert figure(result, "tar@0.01").status == "not enough data"  # 100 impostor pairs


def test_given_pairs_without_a_vector_are_left_out_and_said(tmp_path: Path) -> None:
    x = embeddings(60, 5)
    pairs = protocol(x, 4)
    pairs.loc[:2, "a"] = "gone"
    result = run({"x": replace(x, pairs=pairs, digest="")}, [], tmp_path)
    assert any(text.startswith("3 given pairs") for text in result.warnings)
    assert figure(result, "auc").pairs == 197


def test_a_second_run_reads_the_store_and_tells_the_same(tmp_path: Path) -> None:
    x = embeddings(30, 3)
    first = run({"x": x}, parts(x), tmp_path)
    entries = list(tmp_path.rglob("*.safetensors"))
    assert len(entries) == 1
    written = entries[0].stat().st_mtime_ns
    again = run({"x": x}, parts(x), tmp_path)
    assert entries[0].stat().st_mtime_ns == written
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    run({"x": x}, parts(x, seeds=2), tmp_path)
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2
