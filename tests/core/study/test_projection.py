"""Maps of the reference split: whom f3 learns from, what is kept, what cannot be drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.config_parts import Projection
from core.encode.embeddings import Embeddings
from core.engine import Local
from core.faces.faceset import UNKNOWN
from core.measure import maps
from core.measure.targets import Target, target
from core.progress import Progress, Status
from core.project.tsne import TSNE
from core.project.umap import UMAP
from core.store import Store
from core.study import projection as study
from core.study.projection import projection
from core.study.protocol import reference_of
from core.study.reference import Reference
from core.study.representation import Representation
from core.table import COLUMNS, StudyResult

PEOPLE, EACH = 60, 4
QUICK = Projection(perplexity=10, neighbors=8)
SMALL = Projection(methods=("tsne",), perplexity=5)
TWO = ("x", "half")


def faces(people: int = PEOPLE) -> Embeddings:
    """Four pictures each: two happy, two sad, as the first direction shows; some ages unknown."""
    random = np.random.default_rng(0)
    person = np.repeat(np.arange(people), EACH)
    x = random.normal(size=(people, 12))[person] + 0.5 * random.normal(size=(len(person), 12))
    mood = np.arange(len(person)) % 2
    x[:, 0] += 8 * mood
    columns = {
        "id": [f"f{k}" for k in range(len(x))], "subject_id": [f"p{p:02}" for p in person],
        "expression": np.where(mood, "sad", "happy"),
        "age": np.where(person % 5 == 0, UNKNOWN, np.where(person % 2, "old", "young")),
    }  # fmt: skip
    table = pd.DataFrame(columns)
    return Embeddings(x.astype(np.float32), table, ("expression", "age"), "toy", "0")


def reference(x: Embeddings) -> Reference:
    half = Representation.of_one(x, x.x[:, :6] * np.float32(2), 1)
    return Reference(x, reference_of(x), {"x": Representation(x), "half": half})


def run(
    folder: Path,
    ref: Reference,
    asked: Projection = QUICK,
    by: str | None = "expression",
    **more: Any,
) -> StudyResult:
    sensitive: Target | None = target(ref.x.table, by) if by else None
    how = {"store": Store(folder), "progress": Progress(), "engine": Local(2), "seed": 0, **more}
    return projection(ref, asked, sensitive, device="cpu", **how)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def found(folder: Path) -> StudyResult:
    return run(folder, reference(faces()))


def test_test_faces_are_drawn_in_their_order_and_nobody_else(found: StudyResult) -> None:
    x = faces()
    drawn, rows = found.tables["projection"], reference_of(x).test
    names = [*TWO, *(f"f3({name})" for name in TWO)]
    groups = list(drawn.groupby(["representation", "method"], sort=False))
    assert [name for name, _ in groups] == [(r, m) for r in names for m in ("tsne", "umap")]
    for _, own in groups:
        assert list(own["id"]) == list(x.table["id"].iloc[rows])
        assert list(own["age"]) == list(x.table["age"].iloc[rows])
        assert list(own["subject_id"]) == list(x.table["subject_id"].iloc[rows])
        assert np.isfinite(own[["u", "v"]].to_numpy()).all()
        assert not own["placed"].any()
    assert list(drawn.columns) == [
        "representation", "method", "id", "u", "v", "subject_id", "placed", "expression", "age",
    ]  # fmt: skip
    assert found.warnings == ()


def test_quality_is_that_of_the_map_that_is_drawn(found: StudyResult) -> None:
    quality, x = found.tables["projection_quality"], faces()
    assert list(quality.columns) == list(COLUMNS["projection_quality"])
    assert len(quality) == 4 * 2 * 2
    rows = reference_of(x).test
    drawn = found.tables["projection"].query("representation == 'x' and method == 'umap'")
    places = drawn[["u", "v"]].to_numpy(np.float32)
    known = (drawn["age"] != UNKNOWN).to_numpy()
    (row,) = quality.query("representation == 'x' and method == 'umap' and label == 'age'").iloc
    unit = x.x[rows] / np.linalg.norm(x.x[rows], axis=1, keepdims=True)
    assert row.trustworthiness == pytest.approx(maps.trustworthiness(unit, places), abs=1e-6)
    assert row.n == known.sum() < len(rows), "faces of unknown age are not judged by age"
    near = maps.strangers(places[known], drawn["subject_id"][known].to_numpy(dtype=str))
    ages = drawn["age"][known].to_numpy(dtype=str)
    assert row.knn_agreement == pytest.approx(maps.agreement(near, ages))
    assert row.silhouette == pytest.approx(maps.silhouette(places[known], ages))
    mood = quality.query("representation == 'x' and method == 'tsne' and label == 'expression'")
    assert 0.4 < mood["chance"].item() < 0.6
    assert mood["knn_agreement"].item() > mood["chance"].item() + 0.1


def test_what_was_drawn_is_not_drawn_again(
    folder: Path, found: StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("computed although the store has it")

    for where, name in (
        (TSNE, "draw"), (UMAP, "draw"), (study, "hidden_layer"), (study.maps, "trustworthiness"),
    ):  # fmt: skip
        monkeypatch.setattr(where, name, never)
    told: list[Status] = []
    again = run(folder, reference(faces()), progress=Progress(told.append))
    for name, own in found.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], own, check_exact=True)
    assert told[-1].done == told[-1].total
    assert {one.phase for one in told} == {"Projecting"}
    # Other content is another key, and so are other settings and seeds.
    x = faces()
    other = x.replaced(x.x + np.float32(1))
    for change in (
        lambda: run(folder, reference(other)),
        lambda: run(folder, reference(x), Projection(perplexity=9, methods=("tsne",))),
        lambda: run(folder, reference(x), seed=1),
    ):
        with pytest.raises(AssertionError, match="computed"):
            change()


def test_a_fresh_store_gives_the_same_bits(tmp_path: Path, found: StudyResult) -> None:
    again = run(tmp_path, reference(faces()))
    for name, own in found.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], own, check_exact=True)


def test_hidden_layers_learn_from_the_attackers_people_alone(
    tmp_path: Path, found: StudyResult
) -> None:
    """Other labels of test people, and other vectors of the suppressor's, change no map."""
    x = faces()
    split, table = reference_of(x), x.table.copy()
    swapped = table["expression"].map({"happy": "sad", "sad": "happy"})
    table.loc[split.test, "expression"] = swapped[split.test]
    vectors = x.x.copy()
    vectors[split.suppressor] += 1
    again = run(tmp_path, reference(replace(x, x=vectors, table=table, digest="")))
    places = ["representation", "method", "id", "u", "v"]
    pd.testing.assert_frame_equal(
        again.tables["projection"][places], found.tables["projection"][places], check_exact=True
    )
    # The attackers' own labels do.
    table = x.table.copy()
    first = split.attacker[: len(split.attacker) // 2]
    table.loc[first, "expression"] = swapped[first]
    other = run(tmp_path, reference(replace(x, table=table, digest="")))
    same = (other.tables["projection"]["u"] == found.tables["projection"]["u"]).to_numpy()
    hidden = found.tables["projection"]["representation"].str.startswith("f3").to_numpy()
    assert same[~hidden].all()
    assert not same[hidden].all()


def test_a_large_map_is_fitted_on_some_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "LANDMARKS", 60)
    one = run(tmp_path, reference(faces()), by=None)
    drawn = one.tables["projection"].query("representation == 'x' and method == 'tsne'")
    n = len(drawn)
    assert drawn["placed"].sum() == n - 60
    assert one.facts["projection"]["landmarks"] == 60
    assert any(f"maps of {n} faces are fitted on 60" in text for text in one.warnings)
    # Every person keeps about the same share.
    each = drawn.groupby("subject_id")["placed"].sum()
    assert each.max() - each.min() <= 1
    quality = one.tables["projection_quality"].query("representation == 'x'")
    assert (quality["trustworthiness"] > 0.7).all()


def test_without_a_sensitive_label_there_is_no_f3(tmp_path: Path) -> None:
    asked = Projection(methods=("tsne",), perplexity=500)
    one = run(tmp_path, reference(faces()), asked, by=None)
    assert set(one.tables["projection"]["representation"]) == set(TWO)
    assert any("f3 is not drawn" in text for text in one.warnings)
    assert any("perplexity 500 is too large for 96 faces" in text for text in one.warnings)
    few = run(tmp_path, reference(faces(20)), SMALL)
    assert any("6 people of the reference split's attacker part" in text for text in few.warnings)


def test_too_few_faces_and_vectors_all_the_same_are_not_drawn(tmp_path: Path) -> None:
    none = run(tmp_path, reference(faces(5)))
    assert not none.tables
    assert "4 test faces are too few" in none.warnings[0]
    x = faces()
    flat = Representation.of_one(x, np.ones((len(x), 3), np.float32), 1)
    ref = replace(reference(x), representations={"x": Representation(x), "flat": flat})
    one = run(tmp_path, ref, SMALL)
    assert "flat" not in set(one.tables["projection"]["representation"])
    assert any("flat is not drawn" in text for text in one.warnings)


def test_a_label_of_one_class_has_no_figure(tmp_path: Path) -> None:
    x = faces()
    table = x.table.assign(age=UNKNOWN)
    table.loc[reference_of(x).test, "expression"] = "happy"
    one = run(tmp_path, reference(replace(x, table=table, digest="")), SMALL, by="expression")
    quality = one.tables["projection_quality"].query("representation == 'x'").set_index("label")
    assert quality.loc["age", "n"] == 0
    assert quality[["knn_agreement", "silhouette", "chance"]].isna().all(axis=None)
    assert quality["trustworthiness"].notna().all()


def test_a_label_called_as_a_column_of_the_table_does_not_overwrite_it(tmp_path: Path) -> None:
    x = faces()
    named = x.table.rename(columns={"expression": "method"})
    ref = reference(replace(x, table=named, labels=("method", "age"), digest=""))
    found = run(tmp_path, ref, SMALL, by="method").tables
    assert set(found["projection"]["method"]) == {"tsne"}
    assert set(found["projection"]["label method"]) == {"happy", "sad"}
    assert set(found["projection_quality"]["label"]) == {"label method", "age"}
