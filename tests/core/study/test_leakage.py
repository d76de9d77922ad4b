"""The leakage study tells the truth about vectors whose truth is known, and catches faults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm

from core.attack.fit import Fit
from core.attack.planted import ceiling, plant
from core.attack.registry import ATTACKERS
from core.encode.embeddings import Embeddings
from core.engine import Local
from core.measure.intervals import interval
from core.measure.leakage import Cell
from core.measure.targets import target
from core.progress import Progress
from core.split import careless_split, rotation
from core.store import Store
from core.study.attacking import Attacks
from core.study.leakage import Leakage, Plan
from core.study.representation import Representation

QUICK = ("majority", "logistic", "svm")


def people_with_faces(
    people: int = 60, each: int = 4, d: int = 12, *, leak: float = 0.0, seed: int = 0
) -> Embeddings:
    """Gaussian people with an expression that moves every vector by a code of size `leak`."""
    random = np.random.default_rng(seed)
    expression = np.tile(np.arange(2), people * each // 2)
    x = random.normal(size=(people * each, d)).astype(np.float32)
    if leak:
        x = plant(x, expression, leak, seed=seed)
    table = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(people * each)],
            "subject_id": np.repeat([f"p{i:03d}" for i in range(people)], each),
            "expression": np.array(["neutral", "smiling"])[expression],
        }
    )
    return Embeddings(x, table, ("expression",), "toy", "0" * 64)


def study(
    x: Embeddings,
    folder: Path,
    *,
    attackers: Sequence[str] = QUICK,
    others: dict[str, Embeddings] | None = None,
    careless: bool = False,
) -> pd.DataFrame:
    asked = target(x.table, "expression")
    splits = (
        [careless_split(len(x))]
        if careless
        else rotation(x.subjects, np.asarray(x.table.index) * 0)
    )
    plan = Plan(splits, attackers, attackers, 20, 0, "cpu", 500)
    every = {name: Representation(one) for name, one in {"x": x, **(others or {})}.items()}
    walk = Leakage(
        every, [asked], plan,
        store=Store(folder), progress=Progress(), engine=Local(2), publish=lambda name, table: None,
    )  # fmt: skip
    return walk.run().tables["leakage"]


def row(
    table: pd.DataFrame, attacker: str, representation: str = "x", metric: str = "balanced_accuracy"
) -> pd.Series:
    own = table[
        (table["attacker"] == attacker)
        & (table["representation"] == representation)
        & (table["metric"] == metric)
    ]
    assert len(own) == 1
    return own.iloc[0]


def test_a_planted_leak_is_estimated_within_its_interval(tmp_path: Path) -> None:
    found = row(study(people_with_faces(120, leak=2.0), tmp_path), "logistic")
    assert found["status"] == "ok"
    assert found["low"] <= ceiling(2, 2.0) <= found["high"]
    assert found["low"] > found["null"] > found["chance"]


@pytest.mark.slow
def test_intervals_of_a_planted_leak_cover_its_size(tmp_path: Path) -> None:
    """100 made-up studies: the truth lies in the 95 % interval about 95 times in 100.

    People show the class more or less strongly (s from 0 to 2), so that mistakes cluster in
    people. The best attacker splits the classes halfway and is right Φ(s/2 · 3) of the time.
    """
    people, each, size, studies = 60, 10, 3.0, 100
    truth = float(np.mean(norm.cdf(np.linspace(0, 2, 10_001) * size / 2)))
    covered = 0
    for study_number in range(studies):
        random = np.random.default_rng(study_number)
        strength = np.repeat(random.uniform(0, 2, people), each)
        y = np.tile(np.arange(each) % 2, people)
        x = random.normal(size=(people * each, 3)).astype(np.float32)
        x[:, 0] += (strength * size * (y - 0.5)).astype(np.float32)
        table = pd.DataFrame(
            {
                "id": [f"f{i}" for i in range(len(x))],
                "subject_id": np.repeat([f"p{i}" for i in range(people)], each),
                "expression": np.array(["neutral", "happy"])[y],
            }
        )
        vectors = Embeddings(x, table, ("expression",), "toy", f"{study_number:064d}")
        asked = target(table, "expression")
        splits = rotation(vectors.subjects, y)
        attacks = Attacks(
            Representation(vectors), splits, 0, "cpu", Store(tmp_path), Progress(), Local(2)
        )
        said = attacks.said(Cell("x", asked, 48), "logistic", control=False)
        found = interval(said, "balanced_accuracy", k=2, seed=study_number)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    # A binomial of 100 at .95 stays within these limits 99.9 % of the time.
    low, high = binom.interval(0.999, studies, 0.95)
    assert low <= covered <= high, covered


def test_noise_is_nothing_found_and_says_what_would_have_been(tmp_path: Path) -> None:
    table = study(people_with_faces(), tmp_path)
    for attacker in ("logistic", "svm", "strongest"):
        found = row(table, attacker)
        assert found["status"] == "nothing found"
        assert 0.5 < found["detectable"] < 1


def test_shuffled_labels_are_nothing_found(tmp_path: Path) -> None:
    x = people_with_faces(leak=3.0)
    shuffled = x.table.assign(
        expression=np.random.default_rng(1).permutation(x.table["expression"].to_numpy())
    )
    blind = Embeddings(x.x, shuffled, x.labels, x.encoder, x.encoder_digest)
    assert row(study(blind, tmp_path), "strongest")["status"] == "nothing found"


def test_a_constant_representation_is_nothing_found_and_not_a_failed_probe(tmp_path: Path) -> None:
    x = people_with_faces(leak=3.0)
    flat = x.replaced(np.ones_like(x.x))
    table = study(x, tmp_path, others={"flat": flat})
    found = row(table, "logistic", "flat")
    assert found["status"] == "nothing found"
    assert found["dif"] == pytest.approx(100, abs=15)


def test_a_squashed_direction_is_still_found(tmp_path: Path) -> None:
    """Ten thousand times quieter, and nothing was removed: a probe that whitens reads on."""
    x = people_with_faces(120, leak=3.0)
    difference = x.x[x.table["expression"] == "smiling"].mean(0) - x.x[
        x.table["expression"] == "neutral"
    ].mean(0)
    axis = difference / np.linalg.norm(difference)
    squashed = x.replaced(x.x - (1 - 1e-3) * np.outer(x.x @ axis, axis))
    table = study(x, tmp_path, others={"squashed": squashed})
    assert row(table, "strongest", "squashed")["value"] > row(table, "strongest")["value"] - 0.05


class OneClass:
    """A probe that always says the same: broken, and to be called so."""

    name = "broken"
    version = 1
    views = ("stored standard",)
    folds = 2

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        return [np.tile(np.array([9.0, 0.0], np.float32), (len(f.x_test), 1)) for f in fits]


def test_a_single_class_predictor_is_probe_failed_and_has_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ATTACKERS, "broken", OneClass())
    table = study(people_with_faces(leak=3.0), tmp_path, attackers=(*QUICK, "broken"))
    found = row(table, "broken")
    assert found["status"] == "probe failed"
    assert pd.isna(found["value"])
    assert row(table, "strongest")["chosen"] in ("logistic", "svm")
    assert row(table, "strongest")["status"] == "ok"


def test_all_probes_failed_is_probe_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ATTACKERS, "broken", OneClass())
    table = study(people_with_faces(leak=3.0), tmp_path, attackers=("majority", "broken"))
    assert row(table, "strongest")["status"] == "probe failed"
    assert pd.isna(row(table, "strongest")["value"])


def test_a_shared_identity_inflates_and_the_honest_split_does_not(tmp_path: Path) -> None:
    """A label of people (not of pictures) that no stranger's vector shows: careless finds it."""
    random = np.random.default_rng(5)
    x = people_with_faces(40, each=6, d=40, seed=5)
    who = np.repeat(random.normal(size=(40, 40)) * 3, 6, axis=0)
    label = np.repeat(random.permutation(np.tile(["a", "b"], 20)), 6)
    table = x.table.assign(expression=label)
    own = Embeddings((x.x + who).astype(np.float32), table, x.labels, "toy", "0" * 64)
    assert row(study(own, tmp_path / "honest"), "strongest")["status"] != "ok"
    careless = row(study(own, tmp_path / "careless", careless=True), "strongest")
    assert careless["value"] > 0.8


def test_ten_people_are_few_and_nine_are_not_enough(tmp_path: Path) -> None:
    few = study(people_with_faces(12, each=10, leak=4.0), tmp_path)
    assert row(few, "logistic")["status"] == "few people"
    x = people_with_faces(9, each=10, leak=4.0)
    asked = target(x.table, "expression")
    plan = Plan([careless_split(len(x))], QUICK, QUICK, 20, 0, "cpu", 200)
    walk = Leakage(
        {"x": Representation(x)}, [asked], plan,
        store=Store(tmp_path), progress=Progress(), engine=Local(2),
        publish=lambda name, table: None,
    )  # fmt: skip
    none = walk.run().tables["leakage"]
    assert set(none["status"]) == {"not enough data"}
    assert none["value"].isna().all()


def test_the_store_answers_the_second_time_with_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = people_with_faces(leak=2.0)
    first = study(x, tmp_path)

    def never(*args: object, **named: object) -> None:
        raise AssertionError("computed twice what the store holds")

    monkeypatch.setattr("core.study.asking.attack", never)
    monkeypatch.setattr("core.attack.null.null_scores", never)
    assert study(x, tmp_path).equals(first)


def test_strongest_is_chosen_without_the_test_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attacker that is perfect on strangers only cannot be chosen for it."""

    class Lucky(OneClass):
        name = "lucky"

        def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
            truth = {f.tobytes(): i % 2 for i, f in enumerate(x.x)}
            found = []
            for fit in fits:
                inner = len(fit.x) < 190  # the final fit sees all of the attackers' people
                own = np.array([truth.get(r.tobytes(), 0) for r in raw(fit.x_test)])
                found.append(np.eye(2, dtype=np.float32)[own * 0 if inner else own])
            return found

    x = people_with_faces(60, leak=1.0)
    raw = lambda seen: seen  # noqa: E731
    monkeypatch.setattr("core.attack.attack.seen", lambda view, *parts: parts)
    monkeypatch.setitem(ATTACKERS, "lucky", Lucky())
    table = study(x, tmp_path, attackers=("majority", "logistic", "lucky"))
    assert row(table, "lucky", metric="accuracy")["status"] in ("ok", "probe failed")
    assert row(table, "strongest")["chosen"] == "logistic"
    assert row(table, "strongest")["value"] < 0.9


def test_rows_without_a_label_and_rare_classes_are_left_out_and_said(tmp_path: Path) -> None:
    x = people_with_faces(leak=2.0)
    labels = x.table["expression"].to_numpy(dtype=object).copy()
    labels[:8] = "unknown"
    labels[8:10] = "wink"
    asked = target(x.table.assign(expression=labels), "expression")
    assert asked.classes == ("neutral", "smiling")
    assert len(asked.rows) == 230
    assert "8 faces whose expression is unknown" in asked.left_out[0]
    assert "'wink' is left out: 1 people show it" in asked.left_out[1]


def test_a_single_picture_of_most_people_does_not_keep_its_label_in_the_null(
    tmp_path: Path,
) -> None:
    """50 people with one picture and 5 with two of unlike label: the leak is there to be found."""
    random = np.random.default_rng(0)
    owner = np.concatenate([np.arange(50), np.repeat(np.arange(50, 55), 2)])
    y = np.arange(60) % 2
    x = random.normal(size=(60, 8))
    x[:, 0] += 5 * y
    table = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(60)],
            "subject_id": [f"p{i:02d}" for i in owner],
            "expression": np.array(["neutral", "smiling"])[y],
        }
    )
    single = Embeddings(x.astype(np.float32), table, ("expression",), "toy", "0" * 64)
    found = row(study(single, tmp_path), "strongest")
    assert found["status"] == "ok"
    assert found["null"] < 0.8


def test_the_majority_of_an_uneven_label_is_no_leak(tmp_path: Path) -> None:
    x = people_with_faces(60, each=6)
    uneven = np.where(np.arange(len(x)) % 6 == 0, "wink", "neutral")
    rare = Embeddings(x.x, x.table.assign(expression=uneven), x.labels, "toy", "0" * 64)
    table = study(rare, tmp_path)
    for attacker in ("majority", "logistic", "strongest"):
        assert row(table, attacker, metric="accuracy")["status"] == "nothing found"


def test_faces_of_nobody_knows_whom_take_no_part() -> None:
    x = people_with_faces(20)
    table = x.table.assign(
        subject_id=np.where(np.arange(80) < 30, "unknown", x.table["subject_id"])
    )
    asked = target(table, "expression")
    assert len(asked.rows) == 50
    assert "30 faces of nobody knows whom" in asked.left_out[0]
