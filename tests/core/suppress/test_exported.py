"""Every registered method in an audit of faces: what is exported gives the reference split's φ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from core.__main__ import main
from core.config import config_from
from core.errors import ConfigError
from core.faces.faceset import FaceSet, Picture
from core.progress import Progress
from core.store import Store
from core.study.audit import audit
from core.study.summary import Audit, write
from core.suppress.registry import METHODS

KINDS = [*sorted(METHODS), "tail"]


def suppressors() -> list[dict[str, str]]:
    return [{"kind": kind} for kind in METHODS] + [{"kind": "lntl", "mode": "tail", "name": "tail"}]


PEOPLE, EACH = 36, 4


@dataclass(frozen=True)
class Patches:
    """Pictures of coarse patches: a person's own, one that everybody's expression shares, noise."""

    def read(self, index: int) -> Picture:
        person, shot = divmod(index, EACH)
        own = np.random.default_rng(person).uniform(60, 190, (7, 7, 3))
        shown = np.random.default_rng(1000 + shot % 2).uniform(-40, 40, (7, 7, 3))
        noise = np.random.default_rng(2000 + index).uniform(-15, 15, (7, 7, 3))
        coarse = np.clip(own + shown + noise, 0, 255).astype(np.uint8)
        return Picture(coarse.repeat(16, axis=0).repeat(16, axis=1))

    def digest(self, index: int) -> str:
        return hashlib.sha256(str(index).encode()).hexdigest()


def patches() -> FaceSet:
    """A set that is quickly drawn, in the place of the synthetic one, which takes its time."""
    n = PEOPLE * EACH
    table = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(n)],
            "subject_id": [f"p{i // EACH:02d}" for i in range(n)],
            "expression": [("neutral", "happy")[i % 2] for i in range(n)],
        }
    )
    return FaceSet("patches", table, Patches(), ("expression",), aligned=True, synthetic=True)


@dataclass(frozen=True)
class Exported:
    """An audit, its folder, and the vectors and activations that `embed` wrote."""

    found: Audit
    folder: Path
    files: dict[str, Path]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """An audit through the bundled encoder; one store for it and the commands."""
    folder = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLINDFOLD_CACHE", str(folder / "cache"))
        patch.setattr("core.faces.synthetic.source.synthetic_faces", patches)
        config = config_from(
            {
                "faces": {"preset": "synthetic"},
                "studies": ["verification"],
                "splits": {"folds": 2, "seeds": 1},
                "suppressors": suppressors(),
                "device": "cpu",
            }
        )
        store = Store()
        found = audit(
            config, base=folder, store=store, progress=Progress(), publish=lambda name, table: None
        )
        write(found, folder / "OUT")
        files = {}
        for depth in ("vector", "trunk"):
            files[depth] = folder / f"{depth}.parquet"
            command = ["embed", "--preset", "synthetic", "--encoder", "synthetic"]
            command += ["--device", "cpu", "--depth", depth, "--out", str(files[depth])]
            assert main(command) == 0
        yield Exported(found, folder, files)


def rows(file: Path) -> np.ndarray:
    return np.stack(pd.read_parquet(file)["embedding"]).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_and_onnx_give_the_reference_splits_phi(
    exported: Exported, kind: str, tmp_path: Path
) -> None:
    own, given = exported.folder / "OUT" / "suppressors" / kind, "vector"
    reference, people = exported.found.suppressors[kind]
    if kind == "tail":
        given = "trunk"
    file = exported.files[given]
    x, phi = rows(file), tmp_path / "phi.parquet"
    assert people == 11
    assert main(["suppress", str(own), "--in", str(file), "--out", str(phi)]) == 0
    expected = reference.transform(x)
    scale = max(1.0, float(np.abs(expected).max()))
    assert np.abs(rows(phi) - expected).max() <= 1e-5 * scale
    session = onnxruntime.InferenceSession(own / "model.onnx")
    assert np.abs(session.run(["phi"], {"x": x})[0] - expected).max() <= 1e-5 * scale
    assert "Limits" in (own / "README.md").read_text()


def test_the_last_stage_is_measured_like_the_others(exported: Exported) -> None:
    verification = exported.found.tables["verification"]
    assert {"x", "lntl", "tail"} <= set(verification["representation"])
    training = exported.found.tables["training"]
    assert "detector expression" in set(training[training["suppressor"] == "tail"]["name"])
    card = (exported.folder / "OUT" / "suppressors" / "tail" / "README.md").read_text()
    assert "activations of 6272 numbers" in card
    assert "--depth trunk" in card


def test_vectors_in_the_place_of_activations_are_refused_with_the_way_out(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = exported.folder / "OUT" / "suppressors" / "tail"
    out = tmp_path / "phi.parquet"
    assert (
        main(["suppress", str(own), "--in", str(exported.files["vector"]), "--out", str(out)]) == 2
    )
    said = capsys.readouterr().err
    assert "activations of 6272 numbers" in said
    assert "256" in said
    assert "embed PATH --depth trunk" in said
    assert not out.exists()


def test_a_saved_last_stage_is_audited_without_refitting(
    exported: Exported, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLINDFOLD_CACHE", str(exported.folder / "cache"))
        patch.setattr("core.faces.synthetic.source.synthetic_faces", patches)
        saved = {"kind": "saved", "path": str(exported.folder / "OUT" / "suppressors" / "tail")}
        config = config_from(
            {
                "faces": {"preset": "synthetic"}, "studies": ["verification"],
                "splits": {"folds": 2, "seeds": 1}, "suppressors": [saved], "device": "cpu",
            }
        )  # fmt: skip
        found = audit(
            config, base=tmp_path, store=Store(), progress=Progress(), publish=lambda n, t: None
        )
    assert "saved" in set(found.tables["verification"]["representation"])
    assert any("people of this very set" in text for text in found.summary["warnings"])


def test_an_audit_of_vectors_has_no_last_stage(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(40), 4)
    table = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(160)],
            "subject_id": [f"p{one}" for one in people],
            "expression": np.tile(["neutral", "happy"], 80),
            "embedding": list(random.normal(size=(160, 8)).astype(np.float32)),
        }
    )
    table.to_parquet(tmp_path / "emb.parquet")
    config = config_from(
        {
            "embeddings": {"path": "emb.parquet"}, "studies": ["verification"],
            "suppressors": [{"kind": "lntl", "mode": "tail"}], "device": "cpu",
        }
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"reads vectors.*mode: adapter"):
        audit(
            config, base=tmp_path, store=Store(tmp_path), progress=Progress(),
            publish=lambda name, table: None,
        )  # fmt: skip


def test_what_cannot_be_cut_is_not_embedded_at_the_trunk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLINDFOLD_CACHE", str(tmp_path / "cache"))
    command = ["embed", "--preset", "synthetic", "--encoder", "pixels", "--depth", "trunk"]
    assert main([*command, "--out", str(tmp_path / "a.parquet")]) == 2
    assert "cannot be cut" in capsys.readouterr().err
    assert not (tmp_path / "a.parquet").exists()
