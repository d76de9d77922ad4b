"""A φ that a person brings, or a saved suppressor: audited as it is, with what is not known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.config_parts import Suppressor as Asked
from core.encode.embeddings import Embeddings
from core.encode.given import NO_ENCODER
from core.errors import EmbeddingsError, SuppressorError
from core.study.brought import brought
from core.study.suppression import Suppressed
from core.suppress.chain import Affine, Chain
from core.suppress.saved import load, save
from core.suppress.suppressor import Suppressor
from tests.core.study.test_roles import ENCODER, fast, made, run, written

X = made("cfee", labels=("expression",))


def no_trunk() -> Embeddings:
    raise AssertionError("nothing here reads activations")


def given(folder: Path, phi: np.ndarray, ids: list[str] | None, x: Embeddings = X) -> Suppressed:
    table = pd.DataFrame({"embedding": list(phi.astype(np.float32))})
    if ids is not None:
        table.insert(0, "id", ids)
    table.to_parquet(folder / "phi.parquet")
    return brought(Asked(kind="given", path="phi.parquet"), x, 5, base=folder, trunk=no_trunk)


def ids() -> list[str]:
    return list(X.table["id"])


def test_phi_is_put_to_the_faces_by_id_and_may_be_of_another_width(tmp_path: Path) -> None:
    phi = np.arange(len(X) * 3, dtype=np.float32).reshape(-1, 3) + 1
    order = np.random.default_rng(0).permutation(len(X))
    found = given(tmp_path, phi[order], [ids()[row] for row in order])
    one = found.representation
    assert one is not None
    for place in range(5):
        assert np.array_equal(one.vectors(place), phi)
    assert one.single
    assert one.applied(X) is None, "nothing is known of other faces"
    assert "not known whom" in found.told[0]
    assert found.suppressors == ()


def test_without_ids_the_order_is_taken_only_where_the_faces_have_none_either(
    tmp_path: Path,
) -> None:
    phi = np.random.default_rng(0).normal(size=(len(X), 3))
    with pytest.raises(EmbeddingsError, match="no column id"):
        given(tmp_path, phi, None)
    bare = replace(X, table=X.table.assign(id=[str(i) for i in range(len(X))]), digest="")
    assert given(tmp_path, phi, None, bare).representation is not None
    with pytest.raises(EmbeddingsError, match=r"has 119 vectors and no column id"):
        given(tmp_path, phi[1:], None, bare)


def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    phi = np.random.default_rng(0).normal(size=(len(X), 3))
    with pytest.raises(EmbeddingsError, match="none of the 120 ids"):
        given(tmp_path, phi, [f"other{i}" for i in range(len(X))])
    with pytest.raises(EmbeddingsError, match=r"no vector for 2 of 120 faces \(cfee0, cfee1\)"):
        given(tmp_path, phi[2:], ids()[2:])
    more = given(tmp_path, np.concatenate([phi, phi[:1]]), [*ids(), "extra"])
    assert any("1 of 121 vectors" in text for text in more.told)
    phi[3] = np.nan
    with pytest.raises(EmbeddingsError, match="NaN"):
        given(tmp_path, phi, ids())


def saved(folder: Path, d: int = 8, **fitted_on: Any) -> Suppressed:
    weight = np.eye(d, dtype=np.float32)[:, : d - 1]
    kept = Suppressor(
        "leace", Chain((Affine(weight, np.zeros(d - 1, np.float32)),)), {}, fitted_on=fitted_on
    )
    save(kept, folder / "old")
    assert load(folder / "old").fitted_on == fitted_on
    return brought(Asked(kind="saved", path="old"), X, 5, base=folder, trunk=no_trunk)


def test_a_saved_suppressor_is_applied_and_serves_other_sets_too(tmp_path: Path) -> None:
    found = saved(tmp_path, encoder="toy", encoder_digest=ENCODER, data_digests=["a"], people=12)
    one = found.representation
    assert one is not None
    assert np.array_equal(one.vectors(4), X.x[:, :7])
    other = made("lfw", labels=(), people=20, seed=2)
    applied = one.applied(other)
    assert applied is not None
    assert np.array_equal(applied.vectors(0), other.x[:, :7])
    assert len(found.told) == 1
    assert "if any of them is tested here" in found.told[0]


def test_what_is_known_of_its_people_is_told(tmp_path: Path) -> None:
    known = {"encoder": "toy", "encoder_digest": ENCODER, "people": 12}
    same = saved(tmp_path, **known, data_digests=[X.digest])
    assert "12 people of this very set" in same.told[0]
    assert "not known whom" in saved(tmp_path, **known).told[0]
    nobody = saved(tmp_path, encoder_digest=NO_ENCODER, data_digests=["a"])
    assert "only their width was compared" in nobody.told[0]
    assert len(saved(tmp_path).told) == 2


def test_what_cannot_be_its_vectors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuppressorError, match="takes vectors of 4 numbers and these have 8"):
        saved(tmp_path, d=4)
    with pytest.raises(SuppressorError, match="fitted on vectors of another and these are of toy"):
        saved(tmp_path, encoder="another", encoder_digest="f" * 64)


def test_nothing_fitted_here_leaves_all_people_to_the_attackers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast(monkeypatch)
    settings = written(tmp_path, X)
    erased = X.x.copy()
    erased[:, 0] = np.random.default_rng(0).normal(size=len(X))
    given(tmp_path, erased, ids())
    saved(tmp_path, encoder="toy", encoder_digest=ENCODER, data_digests=["a"], people=12)
    found = run(
        tmp_path, **settings, sensitive="expression", studies=["leakage", "verification"],
        suppressors=[
            {"kind": "given", "path": "phi.parquet", "name": "mine"},
            {"kind": "saved", "path": "old"},
        ],
    )  # fmt: skip
    assert found.summary["parts"] == {"suppressor": 0, "attacker": 24, "test": 6}
    assert found.summary["suppressors"] == [], "nothing is exported"
    leakage = found.tables["leakage"]
    own = leakage[(leakage["attacker"] == "strongest") & (leakage["metric"] == "balanced_accuracy")]
    own = own.set_index("representation")
    assert own.loc["mine", "value"] < 0.7 < own.loc["saved", "value"]
    assert own.loc["mine", "dif"] > 50
    differences = found.tables["differences"]
    assert ((differences["a"] == "mine") & (differences["b"] == "saved")).any()
    assert set(found.tables["collapse"]["representation"]) == {"x", "mine", "saved"}
    assert {"mine", "saved"} <= set(found.tables["verification"]["representation"])
