"""Suppressors inside an audit: on whom they are fitted, where they are applied, what they leave."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from core.__main__ import main
from core.attack.registry import SUITES
from core.config import config_from
from core.encode.embeddings import Embeddings
from core.engine import Local
from core.errors import Cancelled, ConfigError, StoreError, SuppressorError
from core.progress import Progress, Status
from core.split import rotation
from core.store import Store
from core.study.audit import audit
from core.study.representation import Representation
from core.study.summary import write
from core.study.suppression import Suppression, fit_cost, labels_of
from core.study.verification import verification
from core.suppress.chain import Affine, Chain
from core.suppress.registry import make_method
from core.suppress.suppressor import UNLABELLED, Material, Suppressor


def people(count: int = 40, each: int = 6, d: int = 8) -> Embeddings:
    """Made-up people whose first number tells their expression."""
    random = np.random.default_rng(0)
    y = np.tile(np.arange(each) % 2, count)
    x = np.repeat(random.normal(size=(count, d)), each, axis=0)
    x = x + 0.6 * random.normal(size=x.shape)
    x[:, 0] += 2.5 * (y - 0.5)
    table = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(len(x))],
            "subject_id": np.repeat([f"p{i:02d}" for i in range(count)], each),
            "expression": np.array(["neutral", "happy"])[y],
        }
    )
    return Embeddings(x.astype(np.float32), table, ("expression",), "toy", "0" * 64)


@dataclass(frozen=True)
class Spy:
    """A method that notes whom it was fitted on, and moves every vector by their mean."""

    seen: list[set[str]] = field(default_factory=list)
    kind = "spy"
    version = 1

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        self.seen.append(set(material.people))
        d = material.x.shape[1]
        move = Affine(np.eye(d, dtype=np.float32), -material.x.mean(axis=0))
        return Suppressor("spy", Chain((move,)), {})


@dataclass(frozen=True)
class Collapsing:
    """A method that fails loudly."""

    kind = "collapsing"
    version = 1

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        raise SuppressorError("the suppressed vectors collapsed: choose another method")


STOP = Event()


@dataclass(frozen=True)
class Endless:
    """A method that trains until it is cancelled, for which it asks itself."""

    kind = "endless"
    version = 1

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        STOP.set()
        for _ in range(500):
            progress.check()
            time.sleep(0.01)
        raise AssertionError("it never heard that it was cancelled")


def work(x: Embeddings, folder: Path, seeds: int = 2) -> Suppression:
    splits = rotation(x.subjects.astype(str), np.zeros(len(x)), seeds=seeds, suppressor=True)
    labels = labels_of(x, ["expression"], "neutral")
    return Suppression(x, labels, splits, 0, "cpu", Store(folder), Progress(), Local(1))


def test_each_split_is_fitted_on_its_own_suppressor_people_and_on_nobody_else(
    tmp_path: Path,
) -> None:
    x = people()
    job, spy = work(x, tmp_path), Spy()
    found = job.fit("spy", spy)
    assert len(spy.seen) == len(job.splits) == 10
    for seen, split in zip(spy.seen, job.splits, strict=True):
        assert seen == set(x.subjects[split.suppressor])
        assert not seen & set(x.subjects[split.attacker])
        assert not seen & set(x.subjects[split.test])
    representation = found.representation
    assert representation is not None
    for place, split in enumerate(job.splits):
        moved = x.x - x.x[split.suppressor].mean(axis=0)
        assert np.allclose(representation.vectors(place), moved, atol=1e-5)
    again = Spy()
    assert work(x, tmp_path).fit("spy", again).representation is not None
    assert not again.seen, "what the store holds is not fitted again"


def test_a_method_that_collapses_is_left_out_with_its_reason(tmp_path: Path) -> None:
    seen: list[Status] = []
    own = replace(work(people(), tmp_path), progress=Progress(seen.append))
    total = len(own.splits) * fit_cost(Collapsing(), own.splits, 8)
    own.progress.start("Suppressing", total)
    found = own.fit("mine", Collapsing())
    assert found.representation is None
    assert found.warning.startswith("mine was left out: the suppressed vectors collapsed")
    assert seen[-1].done == total, "the bar waits for nothing"


class Emptied(Store):
    """A store that somebody else empties while it is in use."""

    def save(self, *_: object) -> None:
        """Keep nothing."""


def test_a_fit_that_the_store_loses_is_said_and_never_left_out(tmp_path: Path) -> None:
    emptied = replace(work(people(), tmp_path), store=Emptied(tmp_path))
    with pytest.raises(StoreError, match="lost"):
        emptied.fit("spy", Spy())
    with pytest.raises(StoreError, match="lost"):
        emptied.reference(Spy())


def test_a_fit_on_more_faces_takes_its_share_of_the_bar() -> None:
    """Steps are as much longer as there are more numbers; a method may grow faster, or slower."""
    small, large = (rotation(people(count).subjects.astype(str), np.zeros(6 * count),
                             suppressor=True) for count in (40, 4000))  # fmt: skip
    sn, lntl, leace = (make_method({"kind": kind}) for kind in ("sensitivenets", "lntl", "leace"))
    assert [fit_cost(one, small, 256) for one in (sn, lntl, leace)] == [40, 30, 1]
    assert fit_cost(sn, large, 256) < 40
    assert fit_cost(lntl, large, 256) > 30
    assert fit_cost(leace, large, 256) == 1


def test_a_fit_under_way_hears_that_it_is_cancelled(tmp_path: Path) -> None:
    own = replace(work(people(), tmp_path), progress=Progress(cancelled=STOP.is_set))
    for fit in (partial(own.fit, "endless"), own.reference):
        STOP.clear()
        with pytest.raises(Cancelled):
            fit(Endless())


def test_a_test_face_is_seen_through_the_phi_of_the_split_that_tests_it() -> None:
    x = people()
    splits = rotation(x.subjects.astype(str), np.zeros(len(x)), seeds=2, suppressor=True)
    phi = tuple(np.full((len(x), 2 + place % 2), place, np.float32) for place in range(10))
    own = Representation(x, phi, tuple("abcdefghij"))
    for repeat in (0, 1):
        whole = own.tested(splits, repeat).x
        for place, split in enumerate(splits):
            if split.seed == repeat:
                assert (whole[split.test, :2] == place).all()
    assert Representation(x).tested(splits, 0) is x


def test_a_threshold_is_chosen_through_the_phi_that_it_is_used_on(tmp_path: Path) -> None:
    """Ranks of pairs that every φ keeps, at scales of cosine that are each φ's own."""
    x = people(d=24)
    splits = rotation(x.subjects.astype(str), np.zeros(len(x)), suppressor=True)
    # A constant number beside the others, larger from split to split, lifts all cosines.
    phi = tuple(
        np.hstack([x.x, np.full((len(x), 1), 4.0 * place, np.float32)]) for place in range(5)
    )
    own = Representation(x, phi, tuple("abcde"))
    found = verification(
        {"x": Representation(x), "lifted": own}, splits,
        store=Store(tmp_path), progress=Progress(), seed=0, resamples=200,
    ).tables["verification"]  # fmt: skip
    of = found[found["distance"] == "cosine"].set_index(["representation", "metric"])["value"]
    assert of["lifted", "auc"] > of["x", "auc"] - 0.1
    assert of["lifted", "accuracy"] > of["lifted", "auc"] - 0.15
    assert of["lifted", "accuracy"] > of["x", "accuracy"] - 0.12


def test_labels_for_suppressors_keep_the_neutral_class_and_mark_the_unknown() -> None:
    x = people()
    table = x.table.assign(expression=x.table["expression"].where(x.table.index > 5, "unknown"))
    marked = Embeddings(x.x, table, x.labels, x.encoder, x.encoder_digest)
    (label,) = labels_of(marked, ["expression"], "neutral")
    assert label.classes == ("happy", "neutral")
    assert label.neutral == 1
    assert (label.y[:6] == UNLABELLED).all()
    (bare,) = labels_of(x, ["expression"], {"gender": "male"})
    assert bare.neutral is None


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a whole audit with LEACE."""
    folder = tmp_path_factory.mktemp("audit")
    x = people()
    x.table.assign(embedding=list(x.x)).to_parquet(folder / "emb.parquet")
    leace = [{"kind": "leace", "name": "erased"}]
    return audited(folder, embeddings={"path": "emb.parquet"}, suppressors=leace)


def audited(folder: Path, **settings: Any) -> Path:
    """The files of a whole audit by the cheap attackers, in `folder`: who is fitted on whom, and
    what is told of it, hangs on none of those that take their time."""
    asked = {"sensitive": "expression", "studies": ["leakage", "verification"], "device": "cpu"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SUITES, "papers", ("majority", "logistic", "svm"))
        found = audit(
            config_from({**asked, **settings}), base=folder, store=Store(folder / "store"),
            progress=Progress(), publish=lambda name, table: None,
        )  # fmt: skip
    write(found, folder / "out")
    return folder / "out"


def test_an_audit_measures_x_and_phi_at_the_same_attackers(out: Path) -> None:
    told = json.loads((out / "audit.json").read_text())
    assert told["parts"] == {"suppressor": 16, "attacker": 16, "test": 8}
    leakage = pd.read_csv(out / "tables" / "leakage.csv")
    own = leakage[(leakage["attacker"] == "strongest") & (leakage["metric"] == "balanced_accuracy")]
    own = own.set_index("representation")
    assert own.loc["x", "attacker_identities"] == own.loc["erased", "attacker_identities"] == 16
    assert own.loc["x", "status"] == "few people" or own.loc["x", "low"] > own.loc["x", "null"]
    assert own.loc["erased", "value"] < own.loc["x", "value"]
    assert own.loc["erased", "dif"] > 20
    differences = pd.read_csv(out / "tables" / "differences.csv")
    assert ((differences["a"] == "x") & (differences["b"] == "erased")).any()
    verification = pd.read_csv(out / "tables" / "verification.csv")
    assert {"x", "erased"} <= set(verification["representation"])
    collapse = pd.read_csv(out / "tables" / "collapse.csv").set_index("representation")
    assert 1 < collapse.loc["erased", "effective_rank"] <= 8
    assert set(pd.read_csv(out / "tables" / "training.csv")["suppressor"]) == {"erased"}


def test_the_exported_suppressor_gives_the_same_phi_everywhere(out: Path, tmp_path: Path) -> None:
    folder = out / "suppressors" / "erased"
    assert "Limits" in (folder / "README.md").read_text()
    given = out.parent / "emb.parquet"
    command = ["suppress", str(folder), "--in", str(given), "--out", str(tmp_path / "phi.parquet")]
    assert main(command) == 0
    phi = np.stack(pd.read_parquet(tmp_path / "phi.parquet")["embedding"])
    x = np.stack(pd.read_parquet(given)["embedding"])
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    assert np.allclose(session.run(None, {"x": x.astype(np.float32)})[0], phi, atol=1e-5)
    assert not np.allclose(phi, x, atol=0.1)


def test_vectors_of_another_length_are_refused(out: Path, tmp_path: Path) -> None:
    short = people(d=4)
    short.table.assign(embedding=list(short.x)).to_parquet(tmp_path / "short.parquet")
    folder = str(out / "suppressors" / "erased")
    command = ["suppress", folder, "--in", str(tmp_path / "short.parquet"), "--out"]
    assert main([*command, str(tmp_path / "phi.parquet")]) == 2
    assert not (tmp_path / "phi.parquet").exists()


@pytest.mark.parametrize("name", ["x", "random", "../up", "a/b", "", "."])
def test_a_name_that_is_taken_or_no_folder_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        config_from({"suppressors": [{"kind": "leace", "name": name}]})


def test_one_name_for_two_is_refused() -> None:
    with pytest.raises(ConfigError, match="twice"):
        config_from({"suppressors": [{"kind": "leace"}, {"kind": "leace"}]})


def test_a_careless_audit_fits_on_the_attackers_rows_claims_more_and_exports_nothing(
    out: Path, tmp_path: Path
) -> None:
    given = {"path": str(out.parent / "emb.parquet")}
    audited(tmp_path, embeddings=given, preset="careless", suppressors=[{"kind": "leace"}])
    told = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert told["headline"]["sentence"].startswith("A careless audit")
    assert told["suppressors"] == []
    assert not (tmp_path / "out" / "suppressors").exists()
    leakage = pd.read_csv(tmp_path / "out" / "tables" / "leakage.csv")
    own = leakage[(leakage["attacker"] == "strongest") & (leakage["metric"] == "balanced_accuracy")]
    careless = own.set_index("representation").loc["leace", "dif"]
    honest = pd.read_csv(out / "tables" / "leakage.csv")
    own = honest[(honest["attacker"] == "strongest") & (honest["metric"] == "balanced_accuracy")]
    assert careless > own.set_index("representation").loc["erased", "dif"]
