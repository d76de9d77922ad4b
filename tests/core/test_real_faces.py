"""The whole road on real photographs: figures that somebody else measured lie in our intervals.

The expected figures are those of ../shared/faces/README.md and ../shared/encoders/README.md, which
were measured with other code (scikit-learn alone, five fold seeds).
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from core.__main__ import main

pytestmark = [pytest.mark.shared, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """One cache for all of them: faces are encoded once, and attacked once."""
    return tmp_path_factory.mktemp("real")


def run(folder: Path, name: str, settings: str) -> tuple[dict, dict[str, pd.DataFrame]]:
    (folder / f"{name}.yaml").write_text(settings, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLINDFOLD_CACHE", str(folder / "cache"))
        assert main(["run", str(folder / f"{name}.yaml"), "--out", str(folder / name)]) == 0
    tables = {path.stem: pd.read_csv(path) for path in (folder / name / "tables").glob("*.csv")}
    return json.loads((folder / name / "audit.json").read_text(encoding="utf-8")), tables


def leakage(tables: dict[str, pd.DataFrame], attacker: str, metric: str, what: str) -> pd.Series:
    table = tables["leakage"]
    rows = table[
        (table["representation"] == what)
        & (table["attribute"] == "expression")
        & (table["attacker"] == attacker)
        & (table["metric"] == metric)
    ]
    return rows.iloc[0]


def verified(tables: dict[str, pd.DataFrame], metric: str) -> pd.Series:
    table = tables["verification"]
    own = table[(table["representation"] == "x") & (table["distance"] == "cosine")]
    return own[own["metric"] == metric].iloc[0]


def faces(shared: Path, name: str) -> str:
    weights = shared / "encoders" / "mobilefacenet.onnx"
    return (
        f"name: {name}\nfaces: {{path: {shared / 'faces' / name}}}\n"
        f"encoder: {{kind: onnx, weights: {weights}}}\nattributes: [expression]\n"
        "studies: [leakage, verification]\n"
    )


def test_london(home: Path, shared: Path) -> None:
    audit, tables = run(home, "london", faces(shared, "london"))
    assert audit["data"]["identities"] == 102
    assert (home / "london" / "tables" / "predictions.parquet").is_file()
    assert audit["parts"]["attacker"] in (81, 82)
    for attacker, theirs in (("logistic", 0.596), ("svm", 0.630)):
        row = leakage(tables, attacker, "accuracy", "x")
        assert row["low"] <= theirs <= row["high"]
    pixels = leakage(tables, "logistic", "accuracy", "pixels")
    assert pixels["low"] <= 0.840 <= pixels["high"]
    assert leakage(tables, "logistic", "balanced_accuracy", "random")["status"] == "nothing found"
    assert verified(tables, "auc")["value"] == pytest.approx(1.0, abs=1e-3)


def test_vectors_exported_from_london_give_the_same_table(home: Path, shared: Path) -> None:
    weights = shared / "encoders" / "mobilefacenet.onnx"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLINDFOLD_CACHE", str(home / "cache"))
        command = ["embed", str(shared / "faces" / "london"), "--out", str(home / "emb.parquet")]
        assert main([*command, "--encoder", "onnx", "--weights", str(weights)]) == 0
    if not (home / "london").is_dir():
        run(home, "london", faces(shared, "london"))
    _, again = run(
        home,
        "vectors",
        f"embeddings: {{path: {home / 'emb.parquet'}}}\nattributes: [expression]\n"
        "studies: [leakage, verification]\n",
    )
    for attacker in ("logistic", "svm", "rf", "nn", "strongest"):
        first = pd.read_csv(home / "london" / "tables" / "leakage.csv")
        one = leakage({"leakage": first}, attacker, "balanced_accuracy", "x")
        two = leakage(again, attacker, "balanced_accuracy", "x")
        assert one["value"] == pytest.approx(two["value"], abs=1e-12)


def test_yale_has_few_people_and_identical_pictures(home: Path, shared: Path) -> None:
    audit, tables = run(
        home,
        "yale",
        faces(shared, "yale").replace(
            f"{{path: {shared / 'faces' / 'yale'}}}",
            f"{{path: {shared / 'faces' / 'yale'}, where: "
            "{condition: [normal, happy, sad, surprised, sleepy, wink]}}",
        ),
    )
    assert audit["data"]["n"] == 90
    assert (home / "yale" / "tables" / "predictions.parquet").is_file()
    row = leakage(tables, "logistic", "accuracy", "x")
    assert row["status"] in ("few people", "nothing found")
    assert row["low"] <= 0.378 <= row["high"]
    assert verified(tables, "auc")["value"] > 0.99


def test_lfw_pairs(home: Path, shared: Path) -> None:
    settings = faces(shared, "lfw_pairs").replace("attributes: [expression]\n", "")
    _, tables = run(home, "lfw", settings.replace("leakage, ", ""))
    accuracy = verified(tables, "accuracy")
    assert accuracy["low"] <= 0.984 <= accuracy["high"]
    assert accuracy["value"] == pytest.approx(0.984, abs=0.006)
    auc = verified(tables, "auc")
    assert auc["low"] <= 0.9951 <= auc["high"]
    assert auc["value"] == pytest.approx(0.9951, abs=0.002)
    assert verified(tables, "tar@0.0001")["status"] == "not enough data"
