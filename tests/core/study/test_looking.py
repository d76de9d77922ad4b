"""What an encoder looks at, on pictures whose identity and label lie in places of our choosing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from core import run as runs
from core.__main__ import main
from core.config import config_from, load_config
from core.encode import attribution
from core.encode.embeddings import Embeddings
from core.errors import ConfigError, EncoderError, NotEnoughData
from core.progress import Progress
from core.store import Entry, Store
from core.study import looking as study
from core.study.looking import Asked, looking, offered
from core.study.looking_question import Probe, probe, question
from core.study.protocol import reference_of

PEOPLE, EACH, SIDE = 20, 4, 112
HALF = SIDE // 2


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Who it is shows in the upper left, the expression in the lower right; all else is noise."""
    folder = tmp_path_factory.mktemp("planted")
    rng = np.random.default_rng(0)
    rows = []
    for person in range(PEOPLE):
        own = rng.integers(0, 256, (7, 7))
        for number in range(EACH):
            picture = rng.normal(128, 12, (SIDE, SIDE))
            picture[:HALF, :HALF] += cv2.resize(own.astype(float), (HALF, HALF)) - 128
            happy = number % 2
            picture[HALF:, HALF:] += 20 if happy else -20
            name = f"p{person:02d}-{number}.png"
            grey = np.clip(picture, 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / name), np.repeat(grey[..., None], 3, axis=2))
            rows.append((name, f"p{person:02d}", ("sad", "happy")[happy], "same"))
    columns = ["file_name", "subject_id", "expression", "studio"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "metadata.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all tests that are not about it."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def audit(faces: Path, workdir: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings in a fresh working directory."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(cache))
    path = workdir / "audit.yaml"
    path.write_text(
        f"name: planted\nfaces: {{path: {faces}, aligned: true}}\nencoder: {{kind: pixels}}\n"
        "sensitive: expression\n"
    )
    return path


@pytest.fixture
def shown(faces: Path) -> str:
    """A face of a test person."""
    table = pd.read_csv(faces / "metadata.csv").rename(columns={"file_name": "id"})
    return str(table["id"].iloc[offered(table)[1]])


def look(audit: Path, face: str, **asked: object) -> Entry:
    return looking(
        load_config(audit), Asked(face, **asked), base=audit.parent, store=Store(),  # type: ignore[arg-type]
        progress=Progress(),
    )  # fmt: skip


HALVES = (slice(None, study.CELLS // 2), slice(study.CELLS // 2, None))
SECOND = HALVES[1]


def strongest(heat: np.ndarray) -> tuple[int, int]:
    """The quadrant in which most of a map lies: row and column."""
    parts = np.array([[np.abs(heat[row, col]).sum() for col in HALVES] for row in HALVES])
    row, col = np.unravel_index(parts.argmax(), parts.shape)
    return int(row), int(col)


def test_maps_find_what_was_planted(audit: Path, shown: str) -> None:
    found = look(audit, shown)
    assert strongest(found.arrays["label"]) == (1, 1)
    assert found.arrays["label"][SECOND, SECOND].mean() > 0, "covering it makes it less plain"
    assert strongest(found.arrays["identity"]) == (0, 0)
    assert found.meta["shown"] == found.meta["probe"]["says"]
    assert found.meta["probe"]["accuracy"] == 1
    assert found.meta["others"] == EACH - 1
    assert found.meta["agreement"]["identity"] < 0.5
    assert found.meta["same_vector"] < 1e-6, "the crop is the one that the audit encoded"
    assert "activation" not in found.arrays, "this encoder cannot be cut"
    for name in ("clear", "obscured", "floor", "left"):
        assert found.meta["scores"]["identity"][name] is not None


def test_what_is_left_is_one_where_nothing_is_lost(
    audit: Path, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(study.CHANGES, "blur", lambda crop, size: crop)
    found = look(audit, shown, pixels=5)
    for name in ("identity", "label"):
        np.testing.assert_array_equal(found.arrays[f"{name}_obscured"], found.arrays[name])
    told = found.meta["scores"]
    assert told["identity"]["left"] == pytest.approx(1)
    assert told["label"]["left"] == pytest.approx(1)


def test_the_second_look_comes_from_the_store_which_keeps_no_picture(
    audit: Path, shown: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BLINDFOLD_CACHE", str(tmp_path / "fresh"))
    first = look(audit, shown)

    def fail(*args: object) -> None:
        raise AssertionError("made again")

    with monkeypatch.context() as patched:
        patched.setattr(attribution, "maps", fail)
        again = look(audit, shown)
        with pytest.raises(AssertionError, match="made again"):
            look(audit, shown, pixels=4)
        with pytest.raises(AssertionError, match="made again"):
            look(audit, shown, change="pixelate")
    assert again.meta == first.meta
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
    kept = [Store().load(path.stem) for path in Store().root.rglob("*.safetensors")]
    names = {name for one in kept if one is not None for name in one.arrays}
    assert "identity" in names
    assert not [name for name in names if "crop" in name]


def vectors(labels: int = 2) -> Embeddings:
    rng = np.random.default_rng(1)
    people = np.repeat([f"p{n:02d}" for n in range(PEOPLE)], EACH)
    classes = np.array([f"c{n % labels}" for n in range(len(people))])
    table = pd.DataFrame({
        "id": [str(n) for n in range(len(people))], "subject_id": people, "mood": classes
    })  # fmt: skip
    x = rng.normal(size=(len(people), 6)).astype(np.float32)
    x[:, 0] += np.arange(len(people)) % labels
    return Embeddings(x, table, ("mood",), "given", "")


@pytest.mark.parametrize("labels", [2, 3])
def test_no_probe_has_met_who_is_shown(labels: int) -> None:
    x = vectors(labels)
    split = reference_of(x)
    found = probe(x, "mood", split)
    assert isinstance(found, Probe)
    assert set(found.rows) <= set(split.attacker)
    assert not set(x.subjects[found.rows]) & set(x.subjects[split.test])
    # Whatever the test people and the suppressor's look like, the probe is the same, bit by bit.
    other = x.x.copy()
    other[np.setdiff1d(np.arange(len(x)), split.attacker)] *= -7
    again = probe(replace(x, x=other, digest=""), "mood", split)
    assert isinstance(again, Probe)
    np.testing.assert_array_equal(again.weight, found.weight)
    np.testing.assert_array_equal(again.bias, found.bias)
    assert len(found.bias) == labels


def test_the_probe_is_scikit_learns() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = vectors(3)
    split = reference_of(x)
    found = probe(x, "mood", split)
    assert isinstance(found, Probe)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=300))
    model.fit(x.x[split.attacker].astype(float), x.table["mood"].iloc[split.attacker])
    wanted = model.predict(x.x.astype(float))
    assert [found.says(one) for one in x.x] == wanted.tolist()


def test_identity_is_against_the_same_persons_other_faces() -> None:
    x = vectors()
    config = config_from({"embeddings": {"path": "x.parquet"}, "sensitive": ["mood"]})
    split = reference_of(x)
    row = int(split.test[0])
    same = [r for r in range(len(x)) if x.subjects[r] == x.subjects[row] and r != row]
    units = x.x / np.linalg.norm(x.x, axis=1, keepdims=True)
    mean = units[same].mean(axis=0)
    score = question(config, None, x, split, row).scores["identity"]
    wanted = units[row] @ mean / np.linalg.norm(mean)
    assert attribution.figures(score, x.x[[row]])[0] == pytest.approx(wanted, rel=1e-5)
    alone = x.table.copy()
    alone.loc[row, "subject_id"] = "zz"
    one = replace(x, table=alone, digest="")
    told = question(config, None, one, replace(split, test=np.array([row])), row)
    assert attribution.figures(told.scores["identity"], x.x[[row]])[0] == pytest.approx(1)
    assert "one picture" in told.notes[0]


def test_a_label_that_cannot_be_asked(audit: Path, shown: str) -> None:
    with pytest.raises(ConfigError, match="label: 'age' is not in this set"):
        look(audit, shown, label="age")
    with pytest.raises(NotEnoughData, match="1 classes of studio"):
        look(audit, shown, label="studio")
    audit.write_text(audit.read_text().replace("expression", "studio"))
    found = look(audit, shown)
    assert "label" not in found.arrays
    assert "no map of a label" in found.meta["notes"][0]
    assert found.meta["probe"] is None


def test_faces_and_settings_that_do_not_serve(audit: Path, shown: str, faces: Path) -> None:
    table = pd.read_csv(faces / "metadata.csv").rename(columns={"file_name": "id"})
    met = np.setdiff1d(np.arange(len(table)), offered(table))
    with pytest.raises(ConfigError, match="may have met"):
        look(audit, str(table["id"].iloc[met[0]]))
    with pytest.raises(ConfigError, match="no vector of 'nobody'"):
        look(audit, "nobody")
    with pytest.raises(EncoderError, match="occlusion"):
        look(audit, shown, method="gradients")
    with pytest.raises(ConfigError, match="at most 56"):
        look(audit, shown, pixels=57)
    with pytest.raises(ConfigError, match="method: 'magic'"):
        Asked("x", method="magic")  # type: ignore[arg-type]


def test_faces_that_are_offered_are_those_of_the_test_people() -> None:
    x = vectors()
    assert offered(x.table).tolist() == reference_of(x).test.tolist()
    nobody = x.table.assign(subject_id="unknown")
    assert not len(offered(nobody))


# -- the command -------------------------------------------------------------------------------


def test_the_command_writes_maps(
    audit: Path, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["look", str(audit), "--face", shown, "--out", "maps.npz"]) == 0
    assert "maps of identity and expression by occlusion" in capsys.readouterr().out
    with np.load("maps.npz", allow_pickle=False) as held:
        assert held["identity"].shape == held["label"].shape == (study.CELLS, study.CELLS)
        assert held["crop"].shape == (SIDE, SIDE, 3)
        assert json.loads(str(held["meta"]))["face"] == shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--face", "nobody", "--out", "a.npz"], "no vector of 'nobody'"),
        (["--face", "SHOWN", "--out", "a.png"], "no .npz file"),
        (["--face", "SHOWN", "--out", "a.npz", "--method", "gradients"], "occlusion"),
        (["--face", "SHOWN", "--out", "a.npz", "--change", "melt"], "blur, pixelate"),
        (["--out", "a.npz"], "--face"),
    ],
)
def test_the_command_refuses_with_status_2(
    audit: Path, shown: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [shown if word == "SHOWN" else word for word in words]
    assert main(["look", str(audit), *given]) == 2
    assert said in capsys.readouterr().err
    assert not Path("a.npz").exists()


def test_vectors_have_no_picture(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("given.yaml").write_text("embeddings: {path: x.parquet}\n")
    assert main(["look", "given.yaml", "--face", "1", "--out", "a.npz"]) == 2
    assert "no picture to look at" in capsys.readouterr().err
    assert main(["look", "0" * 32, "--face", "1", "--out", "a.npz"]) == 2
    assert "there is no run" in capsys.readouterr().err


def test_a_run_is_looked_at_by_its_id_and_stays_deleted(
    audit: Path, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(load_config(audit), base=audit.parent)
    out = run.path / "looking" / "a.npz"
    assert main(["look", run.id, "--face", shown, "--out", str(out)]) == 0
    assert out.is_file()

    def deleting(*args: object, **named: object) -> Entry:
        runs.delete(run)
        return Entry({}, {})

    monkeypatch.setattr(study, "looking", deleting)
    assert main(["look", run.id, "--face", shown, "--out", str(out)]) == 2
    assert not run.path.exists()


def test_the_obscured_view_is_that_of_the_audit(audit: Path, shown: str) -> None:
    settings = audit.read_text().replace(
        "aligned: true", "aligned: true, obfuscate: {kind: pixelate, size: 14}"
    )
    audit.write_text(settings)
    assert main(["look", str(audit), "--face", shown, "--out", "a.npz"]) == 0
    with np.load("a.npz") as held:
        meta = json.loads(str(held["meta"]))
        assert len(np.unique(held["crop_obscured"][:14, :14].reshape(-1, 3), axis=0)) == 1
    assert (meta["change"], meta["pixels"]) == ("pixelate", 14)
