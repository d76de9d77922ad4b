"""Other sets for single roles: who is learnt from is never tested, and every figure says where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core import audit_yaml
from core.attack.registry import SUITES
from core.command.faces import write_embeddings
from core.config import Config, config_from, load_config
from core.encode.embeddings import Embeddings
from core.engine import Local
from core.errors import ConfigError
from core.progress import Progress
from core.store import Store
from core.study.audit import audit
from core.study.protocol import PERMUTATIONS
from core.study.reading import Data, Reading
from core.study.roles import SHARE, Roles, read_roles
from core.study.summary import Audit

ENCODER = "e" * 64
AXES = {"expression": 0, "gender": 1, "ethnicity": 2}
WORDS = {
    "expression": ("neutral", "happy"),
    "gender": ("female", "male"),
    "ethnicity": ("asian", "other"),
}


def made(
    name: str, *, labels: tuple[str, ...], people: int = 30, each: int = 4, seed: int = 0,
    encoder: str = ENCODER, d: int = 8,
) -> Embeddings:  # fmt: skip
    """Made-up people; each label lies on an axis of its own."""
    random = np.random.default_rng(seed)
    x = np.repeat(random.normal(size=(people, d)), each, axis=0)
    x += 0.5 * random.normal(size=x.shape)
    table = pd.DataFrame(
        {
            "id": [f"{name}{i}" for i in range(len(x))],
            "subject_id": np.repeat([f"{name}-{i:03d}" for i in range(people)], each),
        }
    )
    for label in labels:
        own = np.tile(np.arange(each) % 2, people)
        between = np.arange(people) // (1 if label == "gender" else 2) % 2
        y = own if label == "expression" else np.repeat(between, each)
        x[:, AXES[label]] += 3 * y
        table[label] = np.array(WORDS[label])[y]
    return Embeddings(x.astype(np.float32), table, labels, "toy", encoder, name=name)


def written(folder: Path, x: Embeddings) -> dict[str, Any]:
    write_embeddings(x, folder / f"{x.name}.parquet")
    return {"embeddings": {"path": f"{x.name}.parquet"}}


def reading(config: Config, folder: Path) -> Reading:
    return Reading(
        config, folder, Store(folder / "store"), Progress(), lambda *_: None, Local(1), []
    )


def roles_of(folder: Path, **settings: Any) -> tuple[Roles, Reading, Data]:
    config = config_from(settings)
    read = reading(config, folder)
    data = read.data()
    return read_roles(config, read, data), read, data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with several sets of one encoder."""
    place = tmp_path_factory.mktemp("roles")
    for one in (
        made("cfee", labels=("expression",)),
        made("dive", labels=("gender", "ethnicity"), people=80, seed=1),
        made("lfw", labels=(), people=20, seed=2),
    ):
        written(place, one)
    return place


CFEE = {"embeddings": {"path": "cfee.parquet"}}
DIVE = {"embeddings": {"path": "dive.parquet"}}
LFW = {"embeddings": {"path": "lfw.parquet"}}


def test_a_set_that_is_learnt_from_and_attacked_is_dealt_by_person(folder: Path) -> None:
    roles, _, _ = roles_of(folder, **CFEE, roles={"primary": DIVE, "gender": DIVE})
    assert roles.pool is not None
    attacked = roles.attacked["gender"]
    learnt = {who.removeprefix("primary/") for who in roles.pool.people}
    assert not learnt & set(attacked.subjects)
    assert len(learnt) == round(SHARE * 80)
    assert len(learnt | set(attacked.subjects)) == 80


def test_people_whose_pictures_are_tested_are_left_out_of_what_is_learnt(tmp_path: Path) -> None:
    x, more = made("cfee", labels=("expression",)), made("more", labels=("expression",), seed=3)
    both = more.x.copy()
    both[:2] = x.x[:2]  # two of the first person's four pictures are the audited set's
    both[4] = x.x[50]
    written(tmp_path, x)
    written(tmp_path, more.replaced(both))
    wider = {"embeddings": {"path": "more.parquet"}}
    with pytest.raises(ConfigError, match="28 people"):
        roles_of(tmp_path, **CFEE, roles={"sensitive": wider})
    other = made("many", labels=("expression",), seed=3, people=40)
    both = other.x.copy()
    both[0] = x.x[0]
    written(tmp_path, other.replaced(both))
    roles, read, _ = roles_of(
        tmp_path, **CFEE, roles={"sensitive": {"embeddings": {"path": "many.parquet"}}}
    )
    assert roles.pool is not None
    assert "sensitive/many-000" not in roles.pool.people
    assert len(set(roles.pool.people)) == 39
    assert any("1 pictures are in a set that is tested" in text for text in read.warnings)


@pytest.mark.parametrize("role", ["gender", "verification"])
def test_people_whom_suppressors_learn_from_here_are_not_tested_elsewhere(
    tmp_path: Path, role: str
) -> None:
    x = made("cfee", labels=("expression",), d=20)
    other = made("other", labels=("gender",), seed=5, people=40, d=20)
    known = other.x.copy()
    known[::8] = 2 * x.x[60::-3][:20]  # a picture of every second person, in another order and size
    written(tmp_path, x)
    written(tmp_path, other.replaced(known))
    asked = {role: {"embeddings": {"path": "other.parquet"}}}
    roles, read, _ = roles_of(tmp_path, **CFEE, roles=asked, suppressors=[{"kind": "leace"}])
    found = roles.attacked["gender"] if role == "gender" else roles.verification
    assert found is not None
    assert set(found.subjects) == {f"other-{i:03d}" for i in range(1, 40, 2)}
    assert any("20 people are left out of what is tested" in text for text in read.warnings)
    roles, _, _ = roles_of(tmp_path, **CFEE, roles=asked)
    found = roles.attacked["gender"] if role == "gender" else roles.verification
    assert found is not None
    assert len(set(found.subjects)) == 40, "without suppressors nobody is learnt from"


def test_subjects_that_are_called_alike_are_told_of(tmp_path: Path) -> None:
    written(tmp_path, made("cfee", labels=("expression",)))
    other = made("other", labels=("expression",), seed=4)
    same = other.table.assign(subject_id=made("cfee", labels=("expression",)).table["subject_id"])
    namesakes = Embeddings(other.x, same, other.labels, "toy", ENCODER, name="other")
    role = written(tmp_path, namesakes)
    roles, read, data = roles_of(tmp_path, **CFEE, roles={"sensitive": role})
    assert any("30 subjects are called alike" in text for text in read.warnings)
    assert roles.pool is not None
    assert not set(roles.pool.people) & set(data.x.subjects), "and are different people here"


def test_the_audited_set_as_a_role_keeps_its_own_parts(folder: Path) -> None:
    roles, _, _ = roles_of(folder, **CFEE, roles={"primary": DIVE, "sensitive": CFEE})
    assert roles.pool is not None
    assert roles.pool.dealt
    assert not roles.pool.own_primary
    assert roles.pool.primary.all()
    alone, _, _ = roles_of(folder, **CFEE, roles={"sensitive": CFEE, "verification": CFEE})
    assert alone.pool is None
    assert alone.verification is None


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"smile": DIVE}, "is to show the label 'smile'"),
        ({"outside": CFEE}, "is the audited set itself"),
        ({"outside": LFW}, "one in common is needed"),
        ({"primary": LFW}, "brings 20 people"),
        ({"verification": {"faces": {"preset": "synthetic"}}}, "the audit reads vectors"),
    ],
)
def test_a_set_that_cannot_serve_its_role_is_an_error(
    folder: Path, roles: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        roles_of(folder, **CFEE, roles=roles)


def test_another_set_must_show_two_of_the_classes(tmp_path: Path) -> None:
    """One whose words differ would be read by nobody, and nobody would be told."""
    written(tmp_path, made("cfee", labels=("expression",)))
    other = made("o", labels=("expression",), seed=3)
    said = other.table["expression"]
    words = said.map({one: f"{one} there" for one in set(said)})
    table = other.table.assign(expression=words)
    alien = Embeddings(other.x, table, other.labels, "toy", other.encoder_digest, name="o")
    with pytest.raises(ConfigError, match="two classes of the same names are needed"):
        roles_of(tmp_path, **CFEE, roles={"outside": written(tmp_path, alien)})


def test_one_encoder_must_have_made_both(tmp_path: Path) -> None:
    written(tmp_path, made("cfee", labels=("expression",)))
    other = written(tmp_path, made("o", labels=("expression",), encoder="f" * 64))
    with pytest.raises(ConfigError, match="the same weights and preprocessing"):
        roles_of(tmp_path, **CFEE, roles={"outside": other})
    narrow = written(tmp_path, made("n", labels=("expression",), d=4))
    with pytest.raises(ConfigError, match="have 4 numbers and those of the audited set 8"):
        roles_of(tmp_path, **CFEE, roles={"outside": narrow})


def test_pairs_are_read_from_a_file_of_their_own(folder: Path) -> None:
    rows = "a,b,same,fold\nlfw0,lfw1,1,0\nlfw0,lfw4,0,1\nlfw0,gone,0,1\n"
    (folder / "pairs.csv").write_text(rows, encoding="utf-8")
    role = {**LFW, "pairs": "pairs.csv"}
    roles, read, _ = roles_of(folder, **CFEE, roles={"verification": role})
    assert roles.verification is not None
    assert roles.verification.pairs is not None
    assert roles.verification.pairs["same"].tolist() == [True, False]
    assert any("1 of 3 verification pairs" in text for text in read.warnings)
    (folder / "none.csv").write_text("a,b,same\nx,y,1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="no pair in it is of two faces"):
        roles_of(folder, **CFEE, roles={"verification": {**LFW, "pairs": "none.csv"}})


def run(folder: Path, **settings: Any) -> Audit:
    config = config_from({"device": "cpu", **settings})
    return audit(
        config, base=folder, store=Store(folder / "store"), progress=Progress(),
        publish=lambda name, table: None,
    )  # fmt: skip


SETS = {"CFEE": CFEE, "DiveFace": DIVE, "lfw": LFW}


def example() -> dict[str, Any]:
    """The thesis's own table as it is written, its four sets replaced by small ones."""
    file = Path(__file__).resolve().parents[3] / "examples" / "thesis-table.yaml"
    assert load_config(file).preset == "paper-thesis"
    asked = audit_yaml.read(file)
    roles = {name: SETS[role["faces"]["path"]] for name, role in asked.pop("roles").items()}
    del asked["encoder"]
    audited = SETS[asked.pop("faces")["path"]]
    return {**asked, **audited, "roles": roles}


@pytest.fixture(scope="module")
def thesis(folder: Path) -> Iterator[Audit]:
    """Triplets, gender and ethnicity on one set, emotion on another, identity on a third."""
    with pytest.MonkeyPatch.context() as patch:
        fast(patch)
        settings = {"look": "quick", "attackers": "papers", "suppressors": [{"kind": "leace"}]}
        yield run(folder, **{**example(), **settings})


def fast(patch: pytest.MonkeyPatch) -> None:
    """Attackers that take no time, and nulls of three permutations."""
    patch.setitem(SUITES, "papers", ("majority", "logistic"))
    patch.setitem(PERMUTATIONS, "quick", 3)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    fast(monkeypatch)


def test_each_label_is_attacked_on_its_set_and_the_file_says_which(thesis: Audit) -> None:
    told, leakage = thesis.summary, thesis.tables["leakage"]
    own = leakage[(leakage["attacker"] == "strongest") & (leakage["metric"] == "balanced_accuracy")]
    own = own.set_index(["attribute", "representation"])
    assert set(leakage["attribute"]) == {"expression", "gender", "ethnicity"}
    assert own.loc[("expression", "x"), "identities"] == 30
    assert own.loc[("gender", "x"), "identities"] == 48, "those who were not learnt from"
    # An erased expression leaves gender, on another set, where it was.
    assert own.loc[("expression", "leace"), "value"] < 0.7 < own.loc[("gender", "leace"), "value"]
    assert told["roles"]["gender"]["set"] == "dive"
    assert told["roles"]["gender"]["identities"] == 48
    assert told["roles"]["primary"]["identities"] == 32
    assert told["roles"]["sensitive"]["audited set"]
    assert told["parts"] == {"suppressor": 12, "attacker": 12, "test": 6}
    assert told["headline"]["attribute"] == "expression"
    assert "80 %" in told["preset_notes"][0]
    assert {"x, expression", "x, gender"} <= set(told["facts"]["views"])


def test_verification_is_measured_on_its_set_through_every_phi(thesis: Audit) -> None:
    table = thesis.tables["verification"]
    assert set(table["representation"]) == {"x", "leace"}
    known = table[(table["metric"] == "auc") & (table["distance"] == "cosine")]
    assert (known["identities"] == 20).all()
    assert known["value"].notna().all()
    assert thesis.summary["facts"]["verification"]["set"] == "lfw"
    assert thesis.summary["facts"]["verification"]["phi"] == 5


def test_one_fit_from_another_set_serves_every_split(folder: Path) -> None:
    found = run(
        folder, **DIVE, sensitive="gender", attributes=[],
        suppressors=[{"kind": "leace"}], studies=["leakage"],
        roles={"sensitive": written(folder, made("third", labels=("gender",), seed=7))},
    )  # fmt: skip
    assert found.summary["parts"] == {"suppressor": 0, "attacker": 64, "test": 16}
    assert len(found.summary["facts"]["suppressors"]["leace"]) == 1
    kept, people = found.suppressors["leace"]
    assert people == 30
    assert kept.fitted_on["data"] == ["third"]
    assert kept.fitted_on["encoder_digest"] == ENCODER


def test_labels_that_nobody_learns_from_are_an_error(folder: Path) -> None:
    with pytest.raises(ConfigError, match="do not carry the label 'expression'"):
        run(
            folder, **CFEE, sensitive="expression", suppressors=[{"kind": "leace"}],
            roles={"primary": DIVE},
        )  # fmt: skip
