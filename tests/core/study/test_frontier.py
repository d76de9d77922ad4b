"""The frontier: each setting is what an audit at that setting would have found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.command.faces import write_embeddings
from core.engine import Local
from core.errors import SuppressorError
from core.measure.leakage import HEADLINE, STRONGEST
from core.measure.targets import target
from core.progress import Progress
from core.split import rotation
from core.store import Store
from core.study.frontier import DIALS, frontier, name_of, points
from core.study.leakage import Leakage, Plan
from core.study.protocol import PERMUTATIONS
from core.study.representation import Representation
from core.study.suppression import Suppression, labels_of
from core.study.verification import verification
from core.suppress.blindfold import Blindfold
from core.suppress.chain import Affine, Chain
from core.suppress.leace import Leace
from core.suppress.lntl import LearningNotToLearn
from core.suppress.sensitivenets import SensitiveNets
from core.suppress.suppressor import Material, Suppressor
from tests.core.study.test_suppression import audited, people


@dataclass(frozen=True)
class Dimmer:
    """Squashes the first number, which tells the expression, as far as the dial says."""

    dial: float = 0.5
    kind = "dimmer"
    version = 1

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        if self.dial > 0.9:
            raise SuppressorError("the suppressed vectors collapsed: choose a lower dial")
        scale = np.ones(material.x.shape[1], np.float32)
        scale[0] = 0 if self.dial > 0.6 else 1
        return Suppressor("dimmer", Chain((Affine(np.diag(scale), np.zeros_like(scale)),)), {})


@pytest.fixture
def work(tmp_path: Path) -> Suppression:
    x = people()
    values = x.table["expression"].to_numpy()
    splits = rotation(x.subjects, values, folds=5, seeds=1, seed=0, suppressor=True)
    labels = labels_of(x, ["expression"], "neutral")
    store = Store(tmp_path / "store")
    return Suppression(x, labels, splits, 0, "cpu", store, Progress(), Local(1))


def plan(work: Suppression) -> Plan:
    return Plan(work.splits, ("majority", "logistic", "svm"), ("logistic",), 20, 0, "cpu")


def test_every_method_with_a_dial_is_turned_and_no_other() -> None:
    methods = {"sn": SensitiveNets(), "lntl": LearningNotToLearn(), "leace": Leace()}
    found = points({**methods, "ours": Blindfold(dial=0.6)})
    assert {one.suppressor for one in found} == {"sn", "lntl", "ours"}
    assert [one.dial for one in found if one.suppressor == "sn"] == list(DIALS)
    assert [one.dial for one in found if one.suppressor == "ours"] == [0, 0.25, 0.5, 0.6, 0.75, 1]
    assert all(one.method.dial == one.dial for one in found)  # type: ignore[attr-defined]


def test_a_point_is_what_the_audit_finds_at_that_setting(work: Suppression) -> None:
    asked = target(work.x.table, "expression")
    found = frontier({"dimmer": Dimmer()}, work, asked, plan(work))
    rows = found.result.tables["frontier"].set_index("dial")

    own = work.fit("dimmer", Dimmer()).representation
    assert own is not None
    both = {"x": Representation(work.x), "dimmer": own}
    leakage = Leakage(
        both, [asked], plan(work), store=work.store, progress=Progress(), engine=Local(1),
        publish=lambda name, table: None,
    ).run().tables["leakage"]  # fmt: skip
    wanted = leakage[
        (leakage["representation"] == "dimmer")
        & (leakage["attacker"] == STRONGEST)
        & (leakage["metric"] == HEADLINE)
    ].iloc[0]
    at = rows.loc[0.5]
    assert (at["leakage"], at["leakage_low"], at["leakage_high"]) == (
        wanted["value"],
        wanted["low"],
        wanted["high"],
    )
    assert at["null"] == wanted["null"]
    assert at["status"] == wanted["status"]
    told = verification(both, work.splits, store=work.store, progress=Progress(), seed=0)
    table = told.tables["verification"].set_index(["representation", "metric", "distance"])
    verified = table.loc[("dimmer", "accuracy", "euclidean")]
    assert at["verification"] == verified["value"]
    assert at["verification_low"] == verified["low"]


def test_what_the_dial_takes_out_is_gone_and_a_collapse_is_an_empty_row(work: Suppression) -> None:
    found = frontier({"dimmer": Dimmer()}, work, target(work.x.table, "expression"), plan(work))
    rows = found.result.tables["frontier"].set_index("dial")
    assert rows.loc[0.0, "leakage"] > 0.8
    assert rows.loc[0.75, "leakage_low"] < 0.55
    assert rows.loc[0.75, "status"] == "nothing found", "the null is the audit's"
    assert rows.loc[1.0, ["leakage", "verification"]].isna().all()
    assert rows.loc[1.0, "status"] == "not enough data"
    assert "collapsed" in found.result.facts["frontier"][name_of("dimmer", 1.0)]


def test_every_point_that_stands_can_be_exported(work: Suppression) -> None:
    found = frontier({"dimmer": Dimmer()}, work, target(work.x.table, "expression"), plan(work))
    assert set(found.suppressors) == {name_of("dimmer", dial) for dial in DIALS if dial < 0.9}
    suppressor, count = found.suppressors[name_of("dimmer", 0.75)]
    assert not suppressor.transform(work.x.x)[:, 0].any()
    assert 0 < count < 40


@pytest.mark.slow
def test_a_full_look_draws_the_frontier_and_exports_each_point_with_its_own_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By cheap attackers and with short nulls: each point is attacked as x itself is."""
    monkeypatch.setitem(PERMUTATIONS, "full", 10)
    write_embeddings(people(32, 4, 5), tmp_path / "x.parquet")
    out = audited(
        tmp_path, embeddings={"path": "x.parquet"}, look="full",
        splits={"folds": 5, "seeds": 1}, attributes=[],
        suppressors=[{"kind": "blindfold"}, {"kind": "leace"}],
    )  # fmt: skip
    rows = pd.read_csv(out / "tables" / "frontier.csv").set_index("dial")
    assert set(rows["suppressor"]) == {"blindfold"}, "LEACE has no dial"
    leakage = pd.read_csv(out / "tables" / "leakage.csv")
    own = leakage[
        (leakage["representation"] == "blindfold")
        & (leakage["attacker"] == STRONGEST)
        & (leakage["metric"] == HEADLINE)
    ].iloc[0]
    assert rows.loc[0.5, "leakage"] == pytest.approx(own["value"])
    assert set(leakage["representation"]) == {"x", "blindfold", "leace", "random", "norm"}
    for dial, row in rows.iterrows():
        folder = out / "suppressors" / f"blindfold@{dial:g}"
        if pd.isna(row["leakage"]):
            assert not folder.exists()
            continue
        assert {one.name for one in folder.iterdir()} == {
            "README.md", "config.yaml", "model.onnx", "weights.safetensors"
        }  # fmt: skip
        assert f"{row['leakage']:.3f}" in (folder / "README.md").read_text()
