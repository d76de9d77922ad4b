"""Very large sets: who is drawn, who is left for suppressors, and that it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from core.attack.registry import SUITES
from core.config import Config, config_from
from core.encode.embeddings import Embeddings
from core.faces.faceset import UNKNOWN
from core.progress import Progress
from core.store import Store
from core.study import sampling
from core.study.audit import audit
from core.study.reading import Data
from core.study.sampling import Limits, drawn, sampled
from core.study.suppression import Suppression
from core.suppress.suppressor import Material

SMALL = Limits(whole=200, sample=120, people=40, brief=60, fairness=300)


def made(people: int = 120, each: int = 3, d: int = 6) -> Embeddings:
    random = np.random.default_rng(0)
    who = np.repeat(np.arange(people), each)
    smile = random.integers(2, size=len(who))
    x = random.normal(size=(people, d))[who] + 0.5 * random.normal(size=(len(who), d))
    x[:, 0] += 1.5 * smile
    table = pd.DataFrame({
        "id": [f"f{i}" for i in range(len(who))],
        "subject_id": [f"p{i}" for i in who],
        "smiling": np.array(["no", "yes"])[smile],
    })  # fmt: skip
    return Embeddings(x.astype(np.float32), table, ("smiling",), "made", "0" * 64, name="made")


def config(**more: object) -> Config:
    return config_from({
        "embeddings": {"path": "emb.parquet"},
        "sensitive": ["smiling"],
        "suppressors": [{"kind": "leace"}, {"kind": "blindfold"}],
        "studies": ["leakage", "verification"],
        **more,
    })  # fmt: skip


def data(x: Embeddings) -> Data:
    return Data(x, None, "", "given")


def test_whole_people_are_drawn_up_to_the_limit() -> None:
    person = np.repeat(np.arange(100), 4)
    person[7] = -1
    rows = drawn(person, 50, 12, seed=0)
    assert len(rows) in (47, 48, 49, 50)
    assert -1 not in person[rows]
    assert_array_equal(rows, np.sort(np.flatnonzero(np.isin(person, person[rows]))))
    assert_array_equal(rows, drawn(person, 50, 12, seed=0))
    assert set(rows) != set(drawn(person, 50, 12, seed=1))


def test_where_people_have_very_many_faces_more_people_are_drawn_with_some_of_theirs() -> None:
    person = np.repeat(np.arange(50), 100)
    rows = drawn(person, 400, 40, seed=0)
    assert len(np.unique(person[rows])) == 40
    assert np.bincount(person[rows]).max() == 10


def test_a_set_up_to_the_limit_is_looked_at_whole() -> None:
    x = made()
    assert sampled(config(), data(x), None) is None
    assert sampled(config(), data(x), None, Limits(whole=len(x))) is None
    assert sampled(config(), data(x), None, SMALL) is not None


def test_nobody_is_drawn_where_every_face_is_needed() -> None:
    x = made(people=90)
    tail = {"kind": "lntl", "mode": "tail"}
    assert sampled(config(suppressors=[tail]), data(x), None, SMALL) is None
    assert sampled(config(studies=["leakage", "fairness"]), data(x), None, SMALL) is None
    less = Limits(whole=200, sample=120, people=40, brief=60, fairness=250)
    assert sampled(config(studies=["leakage", "fairness"]), data(x), None, less) is not None


def test_suppressors_learn_from_all_others_and_from_nobody_who_is_drawn() -> None:
    x = made()
    table = x.table.copy()
    table.loc[:4, "subject_id"] = UNKNOWN
    x = Embeddings(x.x, table, x.labels, "made", "0" * 64)
    found = sampled(config(), data(x), None, SMALL)
    assert found is not None
    assert found.pool is not None
    own = set(found.data.x.subjects)
    assert UNKNOWN not in own
    left = {tuple(row) for row in found.pool.x}
    others = ~np.isin(x.subjects, [*own, UNKNOWN])
    assert left == {tuple(row) for row in x.x[others]}
    assert_array_equal(found.pool.columns["smiling"], x.table["smiling"][others])
    assert found.pool.brief is not None
    assert len(found.pool.brief) <= 60
    assert sampled(config(suppressors=[]), data(x), None, SMALL).pool is None  # type: ignore[union-attr]


def test_a_tested_person_under_another_name_is_left_to_no_suppressor() -> None:
    x = made(d=20)
    tested = sampled(config(), data(x), None, SMALL)
    assert tested is not None
    drawn_people = set(tested.data.x.subjects)
    left_people = [who for who in dict.fromkeys(x.subjects) if who not in drawn_people]
    own = np.flatnonzero(np.isin(x.subjects, list(drawn_people)))
    vectors = x.x.copy()
    for number, who in enumerate(left_people[:2]):
        vectors[np.flatnonzero(x.subjects == who)[0]] = vectors[own[number]] * np.float32(1 + 1e-6)
    found = sampled(config(), data(replace(x, x=vectors, digest="")), None, SMALL)
    assert found is not None
    assert found.pool is not None
    assert set(found.data.x.subjects) == drawn_people
    assert found.facts["drawn under another name"] == {"faces": 2, "identities": 2}
    assert "2 pictures of 2 people who were not drawn are of people who were" in found.told
    assert len(found.pool.x) == len(tested.pool.x) - 6  # type: ignore[union-attr]
    learnt = {tuple(row) for row in found.pool.x}
    gone = np.isin(x.subjects, left_people[:2])
    assert not learnt & {tuple(row) for row in vectors[gone]}
    assert "another name" not in tested.told


def test_a_picture_of_a_tested_person_that_was_not_drawn_counts_too() -> None:
    """Where people have very many faces, some of each are drawn."""
    x = made(people=90, each=4, d=20)
    few = Limits(whole=200, sample=60, people=30, brief=60, fairness=300)
    tested = sampled(config(), data(x), None, few)
    assert tested is not None
    drawn_people = set(tested.data.x.subjects)
    undrawn = np.flatnonzero(
        np.isin(x.subjects, list(drawn_people)) & ~x.table["id"].isin(tested.data.x.table["id"])
    )
    other = np.flatnonzero(~np.isin(x.subjects, list(drawn_people)))[0]
    vectors = x.x.copy()
    vectors[other] = vectors[undrawn[0]]
    found = sampled(config(), data(replace(x, x=vectors, digest="")), None, few)
    assert found is not None
    assert found.facts["drawn under another name"] == {"faces": 1, "identities": 1}


def test_faces_of_unknown_people_are_counted_and_said() -> None:
    x = made()
    table = x.table.copy()
    table.loc[:4, "subject_id"] = UNKNOWN
    found = sampled(config(), data(replace(x, table=table, digest="")), None, SMALL)
    assert found is not None
    assert found.facts["of unknown people"] == {"faces": 5}
    assert "5 faces of unknown people are in no part" in found.told
    whole = sampled(config(), data(x), None, SMALL)
    assert whole is not None
    assert "unknown" not in whole.told


def test_counts_are_exact_and_said() -> None:
    x = made()
    found = sampled(config(), data(x), None, SMALL)
    assert found is not None
    assert found.facts["set"] == {
        "faces": 360,
        "identities": 120,
        "genuine_pairs": 360,
        "impostor_pairs": 360 * 359 // 2 - 360,
    }
    own, left = found.facts["drawn"], found.facts["left for suppressors"]
    assert own["faces"] == len(found.data.x) == 120
    assert own["identities"] + left["identities"] == 120
    for number in ("360", "200", "120 faces of 40 people", "240 faces of 80 people"):
        assert number in found.told


def test_an_audit_of_a_large_set_sees_those_who_were_drawn_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = made(people=160)
    frame = x.table.assign(embedding=list(x.x))
    frame.to_parquet(tmp_path / "emb.parquet")
    monkeypatch.setitem(SUITES, "papers", ("majority", "logistic"))
    monkeypatch.setattr(sampling, "LIMITS", SMALL)
    learnt: list[Material] = []
    kept = Suppression._material

    def listen(self: Suppression, *asked: object) -> Material:
        learnt.append(kept(self, *asked))  # type: ignore[arg-type]
        return learnt[-1]

    monkeypatch.setattr(Suppression, "_material", listen)
    found = audit(
        config(studies=["leakage"], splits={"folds": 3}), base=tmp_path,
        store=Store(tmp_path / "store"), progress=Progress(), publish=lambda name, table: None,
    )  # fmt: skip
    leakage, said = found.tables["leakage"], found.tables["predictions"]
    one = said[(said["representation"] == "x") & (said["attacker"] == "logistic")]
    faces = {}
    for name in ("x", "leace", "blindfold", "random"):
        own = said[said["representation"] == name]
        faces[name] = set(own["id"])
        assert faces[name] == faces["x"]  # x, φ and what they are held against: the same people
    assert len(one) == len(faces["x"]) == 120
    people = x.table.set_index("id")["subject_id"]
    tested = set(people[list(faces["x"])])
    assert (leakage["identities"] == len(tested)).all()
    assert leakage["attacker_identities"].max() < len(tested)
    assert learnt
    for material in learnt:
        assert len(material.x) == 360
        rows = {tuple(row) for row in material.x}
        assert not rows & {tuple(row) for row in x.x[np.isin(x.subjects, list(tested))]}
    assert found.summary["data"]["n"] == 480
    assert found.summary["facts"]["sample"]["drawn"]["faces"] == 120
    assert any("120 faces of 40 people" in text for text in found.summary["warnings"])
    cards = {name: people_ for name, (_, people_) in found.suppressors.items()}
    assert cards == {"leace": 120, "blindfold": 120}
