"""Settings: what the contract shows loads, what it does not is refused with a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from core import audit_yaml, config_parts
from core.config import AVAILABLE, Config, config_from, dump_config, load_config, located
from core.errors import ConfigError

CONTRACT = """
name: my audit
preset: default             # default | paper-thesis | paper-tpami | careless (always labelled)
look: quick
splits: {folds: 5, seeds: 1}
faces:
  path: my_faces
  preset: auto
  subject: subject_id
  aligned: false
  where: {}
  obfuscate: null
encoder: {kind: auto}
sensitive: expression
neutral: neutral
attributes: auto
roles: {}
studies: [leakage, verification, ablation, projection, fairness]
attackers: papers
ablation: {points: 12, repeats: 5, orders: [random, most, least]}
projection: {methods: [tsne, umap], perplexity: 30, neighbors: 15}
fairness: {target: auto, protected: auto, strengths: [0.5, 0.7, 0.9], classifier: nn, repeats: 5,
           n_train: auto, n_eval: auto, phi: protected}
action_units: {group: gender, trunk: auto, skew: auto}
anonymity: {rounds: 20, alpha: 0.5, beta: 1, loss: bounded, folds: 10, images: 3000}
seed: 0
device: auto
engine: local
"""


def parsed(text: str) -> Config:
    return config_from(audit_yaml.parse(text))


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    return str(caught.value)


def test_the_contract_names_the_defaults() -> None:
    """Every value that the contract's example gives, apart from names and paths, is the default."""
    written, least = parsed(CONTRACT), parsed("name: my audit\nfaces: {path: my_faces}")
    assert written.as_run() == least.as_run()


@pytest.mark.parametrize(
    "text",
    [
        "faces: {preset: synthetic}",
        "faces: {path: a.zip, where: {condition: [normal, happy, sad, surprised]}}",
        "embeddings: {path: emb.parquet, vector: embedding, subject: subject_id}",
        "encoder: {kind: facenet-casia, weights: download}\nfaces: {path: a}",
        "encoder: {kind: onnx, weights: m.onnx, size: 112, mean: [0.485, 0.456, 0.406], "
        "std: 0.5, color: RGB, align: five points}\nfaces: {path: a}",
        "sensitive: null",
        "sensitive: [expression, gender]",
        "neutral: {expression: neutral, gender: male}",
        "attributes: [gender]",
        "preset: careless",
        "preset: paper-thesis",
        "preset: paper-tpami",
        "suppressors: [{kind: given, path: phi.parquet}, {kind: saved, path: out, name: old}]",
        "faces: {path: a, obfuscate: {kind: pixelate, size: 16}}",
        "faces: {path: a, obfuscate: {kind: paired, path: b}}",
        "roles: {primary: {faces: {path: d}}, gender: {embeddings: {path: e.parquet}}, "
        "verification: {faces: {path: lfw}, pairs: pairs.txt}, outside: {faces: {path: o}}}",
        "look: full",
        "engine: processes",
        "device: cuda",
    ],
)
def test_settings_load_and_survive_being_written(text: str, tmp_path: Path) -> None:
    config = parsed(text)
    (tmp_path / "audit.yaml").write_text(dump_config(config))
    again = load_config(tmp_path / "audit.yaml")
    assert again == config
    assert again.model_fields_set == config.model_fields_set, "what was asked for by name is known"


def test_look_gives_folds_and_seeds_unless_splits_do() -> None:
    assert (parsed("look: quick").folds, parsed("look: quick").seeds) == (5, 1)
    assert (parsed("look: full").folds, parsed("look: full").seeds) == (5, 5)
    both = parsed("look: full\nsplits: {folds: 3, seeds: 2}")
    assert (both.folds, both.seeds) == (3, 2)


def test_nothing_given_means_the_synthetic_set() -> None:
    config = config_from({})
    assert config.faces is not None
    assert config.faces.preset == "synthetic"
    assert config.sensitive == ("expression",)
    assert not config.asked("sensitive")


def test_asked_tells_a_default_from_the_same_value_written_down() -> None:
    config = parsed("faces: {path: a, subject: subject_id}\nsensitive: expression")
    assert config.asked("sensitive")
    assert config.asked("faces.subject")
    assert not config.asked("faces.aligned")
    assert not config.asked("attributes")
    assert not config.asked("no.such.thing")


@pytest.mark.parametrize(
    ("text", "place", "nearest"),
    [
        ("faces: {presset: lfw}", "faces.presset", "faces.preset"),
        ("sensative: gender", "sensative", "sensitive"),
        ("folds: 5", "folds", "splits.folds"),
        ("encoder: {kind: onnx, colour: bgr}", "encoder.colour", "encoder.color"),
        ("suppressors: [{kind: leace, dail: 1}]", "suppressors[0].dail", "suppressors[0].dial"),
        ("roles: {outside: {face: {path: a}}}", "roles.outside.face", "roles.outside.faces"),
        ("fairness: {strength: [0.5]}", "fairness.strength", "fairness.strengths"),
    ],
)
def test_an_unknown_key_names_its_place_and_the_nearest_known_one(
    text: str, place: str, nearest: str
) -> None:
    said = refusal(text)
    assert f"no setting {place}:" in said
    assert f"nearest known one is {nearest};" in said


def _models() -> list[tuple[str, type[config_parts.Frozen]]]:
    parts = [
        ("splits", config_parts.Splits),
        ("faces", config_parts.Faces),
        ("embeddings", config_parts.Vectors),
        ("encoder", config_parts.Encoder),
        ("ablation", config_parts.Ablation),
        ("projection", config_parts.Projection),
        ("fairness", config_parts.Fairness),
        ("action_units", config_parts.ActionUnits),
        ("anonymity", config_parts.Anonymity),
    ]
    return parts


@pytest.mark.parametrize(("block", "model"), _models())
def test_a_slip_in_any_key_of_any_block_is_led_back(block: str, model: Any) -> None:
    """Every key of every block, with its last letter doubled, is told its right name."""
    for name in model.model_fields:
        wrong = name + name[-1]
        with pytest.raises(ConfigError, match=f"nearest known one is {block}.{name};"):
            config_from({block: {wrong: 1}})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("splits: {folds: 1}", "splits.folds is 1, and it must be at least 2"),
        ("splits: {folds: five}", "splits.folds is 'five', and it must be a whole number"),
        ("splits: {folds: 2.5}", "a whole number"),
        ("seed: true", "seed is true, and it must be a whole number"),
        ("seed: -1", "at least 0"),
        ("look: ful", "did you mean full?"),
        ("name: 5", "name is 5, and it must be text"),
        ("faces: synthetic", "a mapping"),
        ("faces: {path: a, aligned: yes}", "true or false"),
        ("faces: {path: a, where: [x]}", "a mapping of columns to classes"),
        ("faces: {path: a, where: {x: {y: z}}}", "list the classes"),
        ("faces: {}", "faces has no path"),
        ("faces: {preset: synthetic, path: a}", "leave out path"),
        ("faces: {path: a}\nembeddings: {path: b}", "drop one"),
        ("embeddings: {path: b}\nencoder: {kind: onnx}", "vectors already"),
        ("embeddings: {}", "embeddings.path is missing"),
        ("encoder: {std: [1, 1, 0]}", "more than 0"),
        ("encoder: {mean: [1, 2]}", "one number, or three"),
        ("sensitive: 5", "sensitive is 5"),
        ("neutral: 5", "neutral is 5"),
        ("fairness: {n_train: many}", "auto or a whole number"),
        ("engine: dask", "local, processes or tcp://HOST:PORT"),
        ("engine: tcp://scheduler", "local, processes or tcp://HOST:PORT"),
        ("suppressors: [{kind: given}]", "suppressors[0] is given and has no path"),
        ("suppressors: [{kind: saved}]", "OUT/suppressors/NAME"),
        ("suppressors: [{kind: saved, path: a, dial: 0.5}]", "is not fitted here and has no dial"),
        ("suppressors: [{kind: leace, path: a}]", "which only given and saved take"),
        ("faces: {path: a, obfuscate: {kind: paired}}", "say where the obfuscated faces are"),
        ("faces: {path: a, obfuscate: {kind: blur, path: b}}", "which only paired takes"),
        ("roles: {primary: {}}", "neither of faces and embeddings"),
        (
            "roles: {primary: {faces: {path: a}, embeddings: {path: b}}}",
            "roles.primary gives both faces and embeddings",
        ),
        (
            "roles: {primary: {faces: {path: a, obfuscate: {kind: blur}}}}",
            "which only the audited set takes",
        ),
        ("roles: {gender: {faces: {path: a}, pairs: p.txt}}", "which only roles.verification"),
        ("preset: careless\nroles: {primary: {faces: {path: a}}}", "leave out the role"),
    ],
)
def test_a_wrong_value_is_told_with_its_limit(text: str, words: str) -> None:
    assert words in refusal(text)


def test_what_this_version_has_not_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AVAILABLE, "attackers", ("papers",))
    said = refusal("attackers: ladder")
    assert "this version" in said
    assert "choose from papers" in said


@pytest.mark.parametrize("engine", ["tcp://scheduler:8786", "tls://[::1]:8786"])
def test_the_address_of_a_scheduler_is_an_engine(engine: str) -> None:
    assert config_from({"engine": engine}).engine == engine
    same = config_from({"engine": "local"}).settings()
    assert config_from({"engine": engine}).settings() == same, "it is in no key of the store"


def test_every_available_thing_is_a_setting_of_the_contract() -> None:
    """A name in AVAILABLE that the settings do not know could never be chosen."""
    for study in AVAILABLE["studies"]:
        assert study in get_args(config_parts.StudyName)
        assert parsed(f"studies: [{study}]").studies == (study,)
    for preset in AVAILABLE["preset"]:
        assert parsed(f"preset: {preset}").preset == preset
    pictured = ("action_units", "anonymity")
    assert config_from({}).studies + pictured == AVAILABLE["studies"], "the others are the default"


def test_names_of_sets_and_encoders_are_those_of_their_registries() -> None:
    from core.encode.registry import KINDS
    from core.faces.presets import CHOICES

    assert set(get_args(config_parts.FacePreset)) == set(CHOICES)
    assert set(get_args(config_parts.Encoder.model_fields["kind"].annotation)) == set(KINDS)


def test_settings_are_frozen() -> None:
    config = parsed("faces: {path: a}")
    with pytest.raises(ValidationError):
        config.seed = 1
    with pytest.raises(ValidationError):
        config.faces.path = "b"  # type: ignore[union-attr]
    assert isinstance(config.studies, tuple)


def test_names_paths_and_devices_do_not_enter_keys() -> None:
    here = parsed(
        "name: a\nfaces: {path: kitchen}\nencoder: {kind: onnx, weights: w.onnx}\n"
        "device: cpu\nengine: local\nlook: full"
    )
    there = parsed(
        "name: b\nfaces: {path: /cellar}\nencoder: {kind: onnx, weights: /x/w.onnx}\n"
        "device: cuda\nengine: processes\nsplits: {folds: 5, seeds: 5}"
    )
    assert here.settings() == there.settings()
    assert "kitchen" not in str(here.settings())
    assert here.settings() != parsed("faces: {path: kitchen}\nseed: 1").settings()


@pytest.mark.parametrize("word", ["no", "off", "007", "1_000", "1:30", "2026-11-21", "0x1F", "yes"])
def test_classes_and_names_stay_the_text_that_was_written(word: str) -> None:
    """YAML 1.1 makes false, 7, 1000, 90, a date, 31 and true of these."""
    config = parsed(f"faces: {{path: a, where: {{condition: [{word}]}}}}\nsensitive: {word}")
    assert config.sensitive == (word,)
    assert config.faces is not None
    assert config.faces.where == {"condition": (word,)}
    assert parsed(dump_config(config)) == config


def test_numbers_and_truth_in_where_are_classes() -> None:
    config = parsed("faces: {path: a, where: {age: 30, smiling: true, grade: [1, 2.5]}}")
    assert config.faces is not None
    assert config.faces.where == {"age": ("30",), "smiling": ("true",), "grade": ("1", "2.5")}


def test_a_name_given_twice_counts_once() -> None:
    assert parsed("studies: [leakage, leakage]").studies == ("leakage",)
    assert parsed("sensitive: [a, b, a]").sensitive == ("a", "b")


def test_relative_paths_start_from_the_settings_folder(tmp_path: Path) -> None:
    assert located("faces", tmp_path) == tmp_path / "faces"
    assert located("/abs/faces", tmp_path) == Path("/abs/faces")
    assert located("~/faces", tmp_path) == Path.home() / "faces"
