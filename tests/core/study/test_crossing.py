"""Cross-matching: what is known of maps whose answer is known."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.encode.embeddings import Embeddings
from core.progress import Progress
from core.split import Split, rotation
from core.store import Store
from core.study.crossing import DIRECT, METRICS
from core.study.representation import Representation
from core.study.verification import verification

PEOPLE, EACH, WIDE = 60, 5, 24
Fit = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def faces() -> Embeddings:
    random = np.random.default_rng(0)
    person = np.repeat(np.arange(PEOPLE), EACH)
    x = random.normal(size=(PEOPLE, WIDE))[person] + 1.2 * random.normal(size=(len(person), WIDE))
    table = pd.DataFrame(
        {"id": [f"f{k}" for k in range(len(x))], "subject_id": [f"p{p:02}" for p in person]}
    )
    return Embeddings(x.astype(np.float32), table, (), "toy", "0")


def fitted(x: Embeddings, splits: list[Split], make: Fit) -> Representation:
    """Another φ for every split."""
    phi = tuple(
        make(x.x.astype(float), np.random.default_rng(k)).astype(np.float32)
        for k in range(len(splits))
    )
    return Representation(x, phi, tuple(hashlib.sha256(one.tobytes()).hexdigest() for one in phi))


def turned(x: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return x @ np.linalg.qr(random.normal(size=(WIDE, WIDE)))[0]


FITS: dict[str, Fit] = {
    "same": lambda x, random: x,
    "turned": turned,
    "wider": lambda x, random: x @ random.normal(size=(WIDE, 40)),
    "noise": lambda x, random: random.normal(size=x.shape),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    x = faces()
    splits = rotation(x.subjects.astype(str), np.zeros(len(x)), suppressor=True)
    named = {"x": Representation(x)}
    named |= {name: fitted(x, splits, make) for name, make in FITS.items()}
    named["pixels"] = Representation(x.replaced(x.x[:, ::-1]))
    store = Store(tmp_path_factory.mktemp("store"))
    result = verification(named, splits, store=store, progress=Progress(), seed=0, resamples=300)
    return result.tables["verification"].query("distance == 'cosine'")


def figure(found: pd.DataFrame, name: str, metric: str) -> pd.Series:
    return found[(found["representation"] == name) & (found["metric"] == metric)].iloc[0]


def test_every_suppressor_is_crossed_and_nothing_else(found: pd.DataFrame) -> None:
    own = found[found["metric"].str.startswith("cross")]
    assert set(own["representation"]) == set(FITS)
    assert set(own["metric"]) == set(METRICS)
    told = own[own["status"] == "ok"]
    assert ((told["low"] <= told["value"]) & (told["value"] <= told["high"])).all()


def test_the_same_vectors_match_as_x_matches_itself(found: pd.DataFrame) -> None:
    x = figure(found, "x", "auc").value
    assert figure(found, "same", "cross").value == pytest.approx(x, abs=1e-9)
    assert figure(found, "same", "cross_rank1").value == figure(found, "x", "rank1").value
    accepted, wrong = (figure(found, "same", f"cross_{name}") for name in ("accepted", "false"))
    assert accepted.value == pytest.approx(figure(found, "x", "tar@0.01").value, abs=0.1)
    assert 0.002 < wrong.value < 0.03, "x has a FAR of 1 % on other people at this threshold"


def test_a_rotation_is_not_comparable_to_the_eye_and_linked_by_a_map(found: pd.DataFrame) -> None:
    direct, linked = (figure(found, "turned", name) for name in ("cross", "cross_linked"))
    assert direct.low < 0.56
    assert linked.value == pytest.approx(figure(found, "turned", "auc").value, abs=0.02)
    own, old = (figure(found, "turned", name).value for name in ("rank1", "cross_rank1"))
    assert old < own / 2, "the gallery holds x, not φ"


def test_another_width_is_never_called_unlinkable(found: pd.DataFrame) -> None:
    for metric in DIRECT:
        row = figure(found, "wider", metric)
        assert row.status == "not comparable"
        assert pd.isna(row.value)
    linked = figure(found, "wider", "cross_linked")
    assert linked.status == "ok"
    assert linked.value == pytest.approx(figure(found, "wider", "auc").value, abs=0.03)
    assert linked.low > 0.5


def test_noise_is_linked_to_nothing(found: pd.DataFrame) -> None:
    for metric in ("cross", "cross_linked"):
        row = figure(found, "noise", metric)
        assert row.low < 0.52
        assert row.high > 0.48
        assert abs(row.value - 0.5) < 0.06


def test_the_cross_auc_is_that_of_scikit_learn(found: pd.DataFrame) -> None:
    from sklearn.metrics import roc_auc_score

    x = faces()
    splits = rotation(x.subjects.astype(str), np.zeros(len(x)), suppressor=True)
    each = []
    for k, split in enumerate(splits):
        new = turned(x.x.astype(float), np.random.default_rng(k)).astype(np.float32)
        left, right = (
            one[split.test] / np.linalg.norm(one[split.test], axis=1, keepdims=True)
            for one in (new, x.x)
        )
        apart = ~np.eye(len(split.test), dtype=bool)
        person = x.subjects[split.test]
        same = person[:, None] == person[None]
        each.append(roc_auc_score(same[apart], (left @ right.T)[apart]))
    assert figure(found, "turned", "cross").value == pytest.approx(np.mean(each), abs=1e-6)


def test_pairs_of_a_protocol_are_crossed_without_a_map(tmp_path: Path) -> None:
    x = faces()
    pairs = [(f"f{k}", f"f{k + 1}", True, k // 5 % 2) for k in range(0, len(x), 5)]
    pairs += [(f"f{k}", f"f{(k + 7) % len(x)}", False, k // 5 % 2) for k in range(0, len(x), 5)]
    told = pd.DataFrame(pairs, columns=["a", "b", "same", "fold"])
    base = Embeddings(x.x, x.table, (), "toy", "0", pairs=told)
    named = {"x": Representation(base), "x@blur": Representation(base.replaced(base.x + 0.1))}
    store = Store(tmp_path)
    result = verification(named, [], store=store, progress=Progress(), seed=0, resamples=200)
    own = result.tables["verification"]
    assert figure(own, "x@blur", "cross").status == "ok"
    assert figure(own, "x@blur", "cross_linked").status == "not enough data"
    assert figure(own, "x@blur", "cross_accepted").status == "not enough data"


def test_a_wider_phi_on_a_protocols_own_pairs_has_no_cross_figure_and_ends_no_audit(
    tmp_path: Path,
) -> None:
    x = faces()
    random = np.random.default_rng(3)
    first = random.integers(PEOPLE, size=400) * EACH
    same = np.arange(400) % 2 == 0
    second = np.where(same, first + 1, (first + EACH) % len(x))
    pairs = pd.DataFrame(
        {
            "a": x.table["id"].to_numpy()[first],
            "b": x.table["id"].to_numpy()[second],
            "same": same,
            "fold": np.arange(400) // 2 % 10,
        }
    )
    given = replace(x, pairs=pairs)
    nobody = np.empty(0, dtype=np.int64)
    everybody = [Split(nobody, nobody, np.arange(len(x)), 0, 0)]
    named = {"x": Representation(given), "wider": fitted(given, everybody, FITS["wider"])}
    result = verification(
        named, everybody, store=Store(tmp_path), progress=Progress(), seed=0, resamples=100,
        whole=True,
    )  # fmt: skip
    told = result.tables["verification"]
    own = told[(told["representation"] == "wider") & told["metric"].str.startswith("cross")]
    assert set(own["metric"]) == set(METRICS)
    assert own["value"].isna().all()
    assert result.facts["verification"]["pairs"] == "given"
