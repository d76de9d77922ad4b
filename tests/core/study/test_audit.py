"""A whole audit from a file of vectors: the files of the contract, and what they promise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.config import config_from
from core.errors import ConfigError
from core.faces.synthetic.source import synthetic_faces
from core.progress import Progress
from core.store import Store
from core.study import reading
from core.study.audit import audit
from core.study.summary import Audit, write
from core.table import COLUMNS


def vectors(folder: Path, *, people: int = 30, each: int = 4, subjects: bool = True) -> Path:
    """A Parquet file of made-up vectors: people, an expression that leaks, a gender that does."""
    random = np.random.default_rng(0)
    expression = np.tile(np.arange(2), people * each // 2)
    gender = np.repeat(np.arange(people) % 2, each)
    x = np.repeat(random.normal(size=(people, 8)), each, axis=0)
    x = x + 0.5 * random.normal(size=x.shape)
    x[:, 0] += 1.5 * expression
    x[:, 1] += 3 * gender
    table = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(len(x))],
            "expression": np.array(["neutral", "happy"])[expression],
            "gender": np.array(["f", "m"])[gender],
            "embedding": list(x.astype(np.float32)),
        }
    )
    if subjects:
        table.insert(1, "subject_id", np.repeat([f"{i:03d}" for i in range(people)], each))
    table.to_parquet(folder / "emb.parquet")
    return folder / "emb.parquet"


@pytest.fixture(autouse=True)
def few_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.attack.neural.LONGEST", 8)


LIGHT = {
    "projection": {"methods": ["tsne"]},
    "ablation": {"points": 2, "repeats": 1, "orders": ["random"]},
    "fairness": {"strengths": [0.5, 0.7], "repeats": 2},
}
"""Every study, as small as it comes."""


def run(folder: Path, store: Path | None = None, **settings: object) -> Audit:
    asked = {"embeddings": {"path": "emb.parquet"}, "device": "cpu", **LIGHT, **settings}
    config = config_from(asked)
    return audit(
        config,
        base=folder,
        store=Store(store or folder / "store"),
        progress=Progress(),
        publish=lambda name, table: None,
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    """One audit that several tests look at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.attack.neural.LONGEST", 8)
        folder = tmp_path_factory.mktemp("audit")
        vectors(folder)
        yield run(folder)


def test_the_files_of_the_contract(found: Audit, tmp_path: Path) -> None:
    write(found, tmp_path / "OUT")
    summary = json.loads((tmp_path / "OUT" / "audit.json").read_text())
    assert summary["schema_version"] == 1
    assert set(summary["tables"]) >= {"leakage", "verification", "predictions", "differences"}
    assert summary["data"]["identities"] == 30
    assert summary["data"]["labels"]["gender"] == {"f": 60, "m": 60}
    assert summary["parts"] == {"suppressor": 0, "attacker": 24, "test": 6}
    leakage = pd.read_csv(tmp_path / "OUT" / "tables" / "leakage.csv")
    assert tuple(leakage.columns) == COLUMNS["leakage"]
    assert set(leakage["representation"]) == {"x", "random", "norm"}
    assert set(leakage["attribute"]) == {"expression", "gender"}
    predictions = pd.read_parquet(tmp_path / "OUT" / "tables" / "predictions.parquet")
    assert tuple(predictions.columns) == COLUMNS["predictions"]
    assert set(summary["facts"]["other_labels"]) == {"expression", "gender"}


def test_figures_can_be_made_again_from_the_predictions(found: Audit) -> None:
    tables = found.tables
    leakage, said = tables["leakage"], tables["predictions"]
    own = said[(said["representation"] == "x") & (said["attribute"] == "gender")]
    for attacker, rows in own.groupby("attacker"):
        row = leakage[
            (leakage["representation"] == "x")
            & (leakage["attribute"] == "gender")
            & (leakage["attacker"] == attacker)
            & (leakage["metric"] == "accuracy")
        ].iloc[0]
        if row["status"] != "probe failed":
            assert row["value"] == pytest.approx((rows["truth"] == rows["predicted"]).mean())
        assert sorted(rows["id"]) == sorted(f"f{i}" for i in range(120))


def test_the_same_audit_gives_the_same_tables(found: Audit, tmp_path: Path) -> None:
    vectors(tmp_path)
    first, again = found.tables, run(tmp_path).tables
    assert set(first) == set(again)
    for name in first:
        pd.testing.assert_frame_equal(first[name], again[name], check_exact=True)


def test_a_study_that_was_named_and_cannot_be_is_refused(tmp_path: Path) -> None:
    vectors(tmp_path)
    with pytest.raises(ConfigError, match="no label of these faces has two classes"):
        run(tmp_path, studies=["ablation"], sensitive=None, attributes=[])
    vectors(tmp_path, people=2)
    with pytest.raises(ConfigError, match="the reference split tests"):
        run(tmp_path, studies=["projection"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"studies": ["projection"]}, "the reference split tests"),
        ({"studies": ["fairness"], "fairness": {"target": "gendre"}}, "gendre"),
        ({"studies": ["ablation"], "sensitive": None, "attributes": []}, "two classes"),
    ],
)
def test_pictures_are_not_encoded_for_a_study_that_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], said: str
) -> None:
    few = partial(synthetic_faces, people=2)
    monkeypatch.setattr(reading, "read_faces", lambda *_, **__: few())
    monkeypatch.setattr(reading, "make_encoder", lambda *_, **__: pytest.fail("an encoder"))
    config = config_from({"faces": {"preset": "synthetic"}, **settings})
    with pytest.raises(ConfigError, match=said):
        audit(
            config, base=tmp_path, store=Store(tmp_path), progress=Progress(),
            publish=lambda *_: None,
        )  # fmt: skip


def test_a_single_number_can_be_suppressed_and_audited(tmp_path: Path) -> None:
    path = vectors(tmp_path)
    table = pd.read_parquet(path)
    table["embedding"] = [one[:1] for one in table["embedding"]]
    table.to_parquet(path)
    found = run(
        tmp_path, studies=["verification"], suppressors=[{"kind": "lntl"}], sensitive="expression"
    )
    assert set(found.tables["verification"]["representation"]) >= {"x", "lntl"}


def test_the_careless_preset_says_so_and_claims_more(tmp_path: Path) -> None:
    vectors(tmp_path)
    summary = run(tmp_path, preset="careless", attributes=[]).summary
    assert summary["headline"]["sentence"].startswith("A careless audit")
    assert not next(c for c in summary["checks"] if c["name"] == "parts share nobody")["passed"]


def test_without_identities_nothing_is_measured_and_it_is_said(tmp_path: Path) -> None:
    vectors(tmp_path, subjects=False)
    silent = run(tmp_path)
    assert silent.summary["headline"]["status"] == "not enough data"
    assert any("nobody said who is who" in text for text in silent.summary["warnings"])


def test_too_few_people_is_an_answer_and_not_a_crash(tmp_path: Path) -> None:
    vectors(tmp_path, people=8)
    silent = run(tmp_path)
    assert silent.summary["headline"]["status"] == "not enough data"
    assert any("8 people are too few" in text for text in silent.summary["warnings"])


def test_only_what_was_asked_for_is_attacked(tmp_path: Path) -> None:
    vectors(tmp_path)
    tables = run(tmp_path, sensitive="gender", attributes=[]).tables
    assert set(tables["leakage"]["attribute"]) == {"gender"}
