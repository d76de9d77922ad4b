"""The fairness study: whom it asks, what it draws, and whether it finds what was planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.config_parts import Fairness
from core.encode.embeddings import Embeddings
from core.engine import Local
from core.errors import ConfigError
from core.faces.faceset import UNKNOWN
from core.faces.synthetic import identity, table
from core.progress import Progress, Status
from core.store import Store
from core.study import fairness_draws
from core.study.fairness import Study, fairness, prepare
from core.study.fairness_draws import FEWEST_TRAIN, deal, draw
from core.study.fairness_facts import truth
from core.study.fairness_phi import Fitting
from core.study.fairness_question import question, shares
from core.study.representation import Representation
from core.study.suppression import Suppression, labels_of
from core.suppress.leace import Leace
from core.table import COLUMNS, StudyResult


def people(count: int = 60, each: int = 8, seed: int = 0, **labels: Sequence[str]) -> Embeddings:
    """Made-up people whose first numbers tell gender and, weakly, a target of each picture."""
    random = np.random.default_rng(seed)
    gender = np.repeat(random.permutation(np.arange(count) % 2), each)
    y = random.integers(2, size=count * each)
    x = 0.3 * np.repeat(random.normal(size=(count, 10)), each, axis=0)
    x += random.normal(size=x.shape)
    x[:, 0] += 3 * (gender - 0.5)
    x[:, 1] += 1.2 * (y - 0.5)
    columns = {
        "gender": np.array(["female", "male"])[gender],
        "hired": np.array(["no", "yes"])[y],
        "colour": np.array(["red", "green", "blue"])[random.integers(3, size=len(y))],
        **labels,
    }
    start = {
        "id": [f"f{i}" for i in range(len(y))],
        "subject_id": np.repeat([f"p{i:03d}" for i in range(count)], each),
    }
    whole = pd.DataFrame({**start, **columns}).astype(object)
    return Embeddings(x.astype(np.float32), whole, tuple(columns), "toy", "0" * 64)


def run(
    x: Embeddings, folder: Path, fitting: Fitting | None = None, *, workers: int = 1,
    progress: Progress | None = None, **settings: Any,
) -> StudyResult:  # fmt: skip
    asked = Fairness(**{"classifier": "svm", "strengths": (0.5, 0.8), **settings})
    return fairness(
        x, asked, fitting or Fitting(), named=True, seed=0, device="cpu", store=Store(folder),
        progress=progress or Progress(), engine=Local(workers), resamples=500,
    )  # fmt: skip


def fitting(x: Embeddings, folder: Path) -> Fitting:
    work = Suppression(x, (), (), 0, "cpu", Store(folder), Progress(), Local(1))
    return Fitting({"leace": Leace()}, work)


def one(found: StudyResult, **wanted: Any) -> Any:
    rows = found.tables["fairness"]
    for name, value in wanted.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1, f"{len(rows)} rows of {wanted}"
    return rows.iloc[0]


# -- the question ------------------------------------------------------------------------------


def test_the_labels_of_celeba_are_found_as_the_papers_used_them() -> None:
    half = ["yes", "no"] * 240
    x = people(attractive=half, smiling=half[::-1], young=half)
    found = question(x, Fairness())
    assert (found.target.name, found.target.classes) == ("attractive", ("no", "yes"))
    assert found.protected.name == "smiling"
    assert found.protected.classes == ("yes", "no"), "the thesis favours those who smile"
    assert found.balance is not None
    assert found.balance.name == "gender"
    by_gender = question(x, Fairness(protected="gender"))
    assert by_gender.protected.classes == ("female", "male"), "TPAMI's gap is TPR F - TPR M"
    assert by_gender.balance is None
    smiles = question(x, Fairness(target="smiling"))
    assert (smiles.target.name, smiles.protected.name) == ("smiling", "gender")


def test_other_sets_take_a_binary_label_and_one_class_against_the_others() -> None:
    found = question(people(), Fairness())
    assert (found.target.name, found.protected.name) == ("hired", "gender")
    assert [one.name for one in found.beside] == ["colour"]
    red = question(people(), Fairness(target="colour=red"))
    x = people()
    assert np.array_equal(red.y == 1, (x.table["colour"] == "red").to_numpy())
    assert red.target.classes == ("not red", "red")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"target": "attractive"}, "names the label 'attractive', and this set has gender"),
        ({"target": "colour"}, "colour=CLASS"),
        ({"target": "colour=pink"}, "the classes blue, green, red"),
        ({"protected": "ethnicity"}, "names the label 'ethnicity'"),
        ({"target": "hired", "protected": "hired"}, "are one label"),
        ({"target": "synthetic target"}, "only the synthetic set has"),
    ],
)
def test_what_was_named_and_cannot_serve_is_an_error(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        prepare(people(), Fairness(**settings), Fitting(), seed=0, named=False)


def test_what_came_from_a_default_is_left_out_with_a_warning() -> None:
    x = people()
    bare = replace(x, labels=("gender",), digest="")
    found = prepare(bare, Fairness(), Fitting(), seed=0, named=False)
    assert isinstance(found, str)
    assert "no label of this set beside gender has two classes" in found
    with pytest.raises(ConfigError, match="fairness cannot be studied"):
        prepare(bare, Fairness(), Fitting(), seed=0, named=True)


def test_faces_without_a_label_are_left_out_and_told() -> None:
    hired = ["yes", "no", UNKNOWN] * 160
    found = question(people(hired=hired), Fairness(target="hired"))
    assert len(found.usable) == 320
    assert "160 of 480 faces" in found.left_out[0]


# -- whom it draws -----------------------------------------------------------------------------


def test_shares_of_two_groups_are_the_papers_and_of_more_go_the_same_way() -> None:
    assert np.allclose(shares(2, 0.7), [[0.3, 0.7], [0.7, 0.3]])
    assert np.allclose(shares(2, 0.5), 0.5)
    assert np.allclose(shares(4, 0.5), 0.25)
    assert np.allclose(shares(3, 1.0), [[0, 0.5, 0.5], [1, 0, 0]])
    for k in (2, 3, 5):
        assert np.allclose(shares(k, 0.8).sum(axis=1), 1)


@pytest.mark.parametrize("many", [2000, 50])
def test_sets_are_drawn_as_asked_from_parts_that_share_nobody(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness_draws, "MANY", many)
    x = people(count=150, smiling=["yes", "no", "no", "yes"] * 300)
    settings = Fairness(protected="smiling", target="hired", strengths=(0.5, 0.7), repeats=4)
    asked = question(x, settings)
    splits = deal(x.subjects, asked, repeats=4, seed=0, suppressor=True)
    found = draw(x.subjects, asked, splits, settings)
    assert found.balanced_by == "gender"
    assert len({id(split) for split in splits}) == (4 if many == 2000 else 1)
    who = x.subjects
    sheet = x.table
    for (strength, repeat), own in found.train.items():
        both = np.concatenate([own.fit, own.held])
        assert len(both) == len(set(both)) <= found.n_train
        assert len(both) > 0.9 * found.n_train
        parts = [splits[repeat].suppressor, own.fit, own.held, found.evaluation[repeat]]
        for i, rows in enumerate(parts):
            assert len(rows)
            for other in parts[i + 1 :]:
                assert not set(who[rows]) & set(who[other])
        rows = sheet.iloc[both]
        for hired, share in (("yes", strength), ("no", 1 - strength)):
            inside = rows[rows["hired"] == hired]
            assert (inside["smiling"] == "yes").mean() == pytest.approx(share, abs=0.03)
            assert len(inside) == pytest.approx(len(both) / 2, abs=6)
            assert (inside["gender"] == "male").mean() == pytest.approx(0.5, abs=0.04)
    for rows in found.evaluation:
        counts = sheet.iloc[rows].groupby(["hired", "smiling", "gender"]).size()
        assert len(counts) == 8
        assert set(counts) == {counts.iloc[0]}
    assert not np.array_equal(found.evaluation[0], found.evaluation[1])
    light, strong = (set(found.train[s, 0].fit) | set(found.train[s, 0].held) for s in (0.5, 0.7))
    assert len(light & strong) > 0.75 * len(light), "as many faces as can be are in both"


def test_counts_scale_with_the_rarest_cell_and_it_is_said() -> None:
    x = people()
    found = prepare(x, Fairness(strengths=(0.5, 0.9)), Fitting(), seed=0, named=True)
    assert isinstance(found, Study)
    cells = [
        ((found.question.y[s.attacker] == y) & (found.question.s[s.attacker] == g)).sum()
        for s in found.draws.splits
        for y, g in ((1, 0), (0, 1))
    ]
    assert found.draws.n_train == int(min(cells) / 0.45 + 1e-6)
    assert any(f"hold {found.draws.n_train} of 40000 faces" in one for one in found.draws.told)
    asked = Fairness(strengths=(0.5,), n_train=120, n_eval=60)
    small = prepare(x, asked, Fitting(), seed=0, named=True)
    assert isinstance(small, Study)
    assert (small.draws.n_train, small.draws.n_eval, small.draws.told) == (120, 60, ())


def test_too_few_faces_give_rows_without_figures_or_an_error_where_asked_for(
    tmp_path: Path,
) -> None:
    x = people(count=14, each=6)
    with pytest.raises(ConfigError, match="bring more people"):
        run(x, tmp_path)
    found = fairness(
        x, Fairness(), Fitting(), named=False, seed=0, device="cpu", store=Store(tmp_path),
        progress=Progress(), engine=Local(1),
    )  # fmt: skip
    rows = found.tables["fairness"]
    assert set(rows["status"]) == {"not enough data"}
    assert rows[["value", "low", "high"]].isna().all(axis=None)
    assert any(f"at least {FEWEST_TRAIN} are needed" in one for one in found.warnings)


# -- what it finds -----------------------------------------------------------------------------


def test_a_bias_is_found_in_its_direction_and_suppression_takes_it_away(tmp_path: Path) -> None:
    x = people()
    found = run(x, tmp_path, fitting(x, tmp_path))
    rows = found.tables["fairness"]
    assert tuple(rows.columns) == COLUMNS["fairness"]
    gap = {"metric": "gap", "group": "female - male"}
    even = one(found, representation="x", method="none", strength=0.5, **gap)
    assert even["low"] < 0 < even["high"]
    biased = one(found, representation="x", method="none", strength=0.8, **gap)
    assert biased["low"] > 0
    tpr = [
        one(found, representation="x", method="none", strength=0.8, metric="tpr", group=name)
        for name in ("female", "male")
    ]
    assert tpr[0]["value"] - tpr[1]["value"] == pytest.approx(biased["value"])
    shift = one(
        found, representation="x", method="none", strength=0.8, metric="shift",
        group="female - male",
    )  # fmt: skip
    assert shift["value"] == pytest.approx(biased["value"] - even["value"])
    assert shift["low"] > 0
    phi = one(found, representation="leace", strength=0.8, **gap)
    changes = found.tables["differences"].set_index(["metric", "a", "b"])
    change = changes.loc[("gap@0.8", "leace", "x")]
    assert change["difference"] == pytest.approx(phi["value"] - biased["value"])
    assert change["high"] < 0
    assert change["p_holm"] < 0.05
    assert changes.loc[("gap@0.8", "x+reweighting", "x"), "high"] < 0
    weighted = one(found, representation="x", method="reweighting", strength=0.8, **gap)
    other = changes.loc[("gap@0.8", "leace", "x+reweighting")]
    assert other["difference"] == pytest.approx(phi["value"] - weighted["value"])
    assert set(changes.loc["gap@0.8"].index.get_level_values("b")) == {"x", "x+reweighting"}
    assert {"female & red", "male & blue"} <= set(rows["group"])


def test_a_bias_the_other_way_round_turns_no_sign_but_the_names(tmp_path: Path) -> None:
    """The favoured group is the first by name: called otherwise, the other one is favoured."""
    x = people()
    named = x.table["gender"].map({"female": "z", "male": "a"})
    turned = replace(x, table=x.table.assign(gender=named), digest="")
    found = run(turned, tmp_path)
    gap = one(found, method="none", strength=0.8, metric="gap")
    assert gap["group"] == "a - z"
    assert gap["low"] > 0


def test_several_groups_have_every_pair_and_the_worst(tmp_path: Path) -> None:
    found = run(people(), tmp_path, protected="colour", target="hired", strengths=(0.5,))
    rows = found.tables["fairness"]
    gaps = rows[(rows["metric"] == "gap") & (rows["method"] == "none")].set_index("group")["value"]
    pairs = ["blue - green", "blue - red", "green - red"]
    assert sorted(gaps.index) == [*pairs, "worst"]
    assert gaps["worst"] >= gaps[pairs].abs().max() - 1e-12
    few = fairness(
        people(count=14, each=6), Fairness(protected="colour", target="hired"), Fitting(),
        named=False, seed=0, device="cpu", store=Store(tmp_path), progress=Progress(),
        engine=Local(1),
    ).tables["fairness"]  # fmt: skip
    assert "worst" in set(few[few["metric"] == "gap"]["group"])
    assert set(few["status"]) == {"not enough data"}


def test_each_repeat_looks_through_the_phi_of_its_own_deal(tmp_path: Path) -> None:
    """A φ that shows the target in one repeat alone is of use in that repeat alone."""
    x = people()
    hired = (x.table["hired"] == "yes").to_numpy().astype(np.float32)
    blind = np.random.default_rng(0).normal(size=(len(x), 4)).astype(np.float32)
    clear = blind + 9 * hired[:, None]
    own = Representation(x, (blind, clear), ("blind", "clear"))
    found = run(x, tmp_path, Fitting(brought={"own": own}), repeats=2, strengths=(0.5,))
    scores = found.tables["fairness_scores"]
    scores = scores[scores["representation"] == "own"]
    right = ((scores["score"] >= 0.5) == (scores["target"] == 1)).groupby(scores["repeat"]).mean()
    assert right[0] < 0.7
    assert right[1] > 0.95
    # What somebody brought is one for all, however many repeats there are.
    one_ = Representation.of_one(x, clear, 1)
    found = run(x, tmp_path, Fitting(brought={"own": one_}), repeats=3, strengths=(0.5,))
    assert one(found, representation="own", metric="accuracy", group="all")["value"] > 0.95
    assert any("holds no" in text for text in run(x, tmp_path, strengths=(0.8,)).warnings)


def test_a_label_that_is_carried_over_is_suppressed_and_not_the_protected_one(
    tmp_path: Path,
) -> None:
    x = people()
    bare = fitting(x, tmp_path)
    assert bare.work is not None
    found = run(x, tmp_path, bare, phi="carried", repeats=1)
    assert "leace" not in set(found.tables["fairness"]["representation"])
    assert any(text.startswith("leace was left out of fairness") for text in found.warnings)
    work = replace(bare.work, labels=labels_of(x, ["colour"], ""))
    asked = prepare(x, Fairness(), bare, seed=0, named=True)
    assert isinstance(asked, Study)
    for phi, name in (("carried", "colour"), ("protected", "gender")):
        each = replace(bare, work=work).each(asked.draws.splits[:1], phi, asked.question.protected)
        fit = next(iter(each)).suppressors[0]
        rows = asked.draws.splits[0].suppressor
        codes = x.table[name].to_numpy()[rows]
        means = [fit.transform(x.x[rows][codes == c]).mean(axis=0) for c in sorted(set(codes))]
        assert max(np.abs(m - means[0]).max() for m in means) < 1e-3, name


def test_scores_are_those_the_figures_were_made_of(tmp_path: Path) -> None:
    x = people()
    found = run(x, tmp_path)
    scores = found.tables["fairness_scores"]
    own = scores[(scores["method"] == "none") & np.isclose(scores["strength"], 0.8)]
    positives = own[own["target"] == 1].assign(yes=lambda t: t["score"] >= 0.5)
    each = positives.pivot_table(index="repeat", columns="group", values="yes")
    gap = one(found, method="none", strength=0.8, metric="gap", group="female - male")
    assert (each["female"] - each["male"]).mean() == pytest.approx(gap["value"])
    labels = x.table.set_index("id").loc[own["id"]]
    assert ((labels["hired"] == "yes").to_numpy() == (own["target"] == 1).to_numpy()).all()
    assert (labels["gender"].to_numpy() == own["group"].to_numpy()).all()


def test_the_same_study_is_the_same_bit_by_bit_and_trains_nothing_twice(tmp_path: Path) -> None:
    x = people()
    first = run(x, tmp_path / "a", fitting(x, tmp_path / "a"), workers=2, repeats=2)
    second = run(x, tmp_path / "b", fitting(x, tmp_path / "b"), repeats=2)
    for name, rows in first.tables.items():
        pd.testing.assert_frame_equal(rows, second.tables[name], check_exact=True)
    assert first.facts == second.facts
    there = len(list((tmp_path / "b").rglob("*.safetensors")))
    again = run(x, tmp_path / "b", fitting(x, tmp_path / "b"), repeats=2)
    assert len(list((tmp_path / "b").rglob("*.safetensors"))) == there
    pd.testing.assert_frame_equal(again.tables["fairness"], first.tables["fairness"])


def test_progress_counts_to_its_total(tmp_path: Path) -> None:
    seen: list[Status] = []
    x = people()
    run(x, tmp_path, fitting(x, tmp_path), progress=Progress(seen.append), repeats=2)
    assert seen[0].phase == "Deciding fairly"
    # Suppressors tell a progress of their own here, and in an audit the same one.
    fits = fitting(x, tmp_path).steps(prepared(x).draws.splits, "protected")
    assert seen[-1].done + fits == seen[-1].total


def prepared(x: Embeddings) -> Study:
    found = prepare(x, Fairness(repeats=2), Fitting(), seed=0, named=True)
    assert isinstance(found, Study)
    return found


# -- the synthetic set -------------------------------------------------------------------------


READ = ("melanin", "age", "masculinity", "hair_melanin", "glasses", "face_width", "eye_spacing")
"""Traits that the bundled encoder's vectors tell best."""


def drawn_people() -> Embeddings:
    """Vectors that carry traits of the bundled set's people and noise; no picture is drawn."""
    sheet = table(people=230)
    random = np.random.default_rng(0)
    own = [identity(0, "demo", int(i)) for i in sheet["index"]]
    z = np.array([[person[name] for name in READ] for person in own])
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    x = z @ np.linalg.qr(random.normal(size=(32, len(READ))))[0].T
    x += 0.4 * random.normal(size=x.shape)
    labels = ("expression", "gender", "skin_tone", "age_group")
    columns = sheet[["id", "subject_id", *labels]].astype(object)
    return Embeddings(x.astype(np.float32), columns, labels, "toy", "0" * 64, synthetic=True)


def test_on_the_synthetic_set_the_truth_is_covered_and_suppression_shrinks_the_gap(
    tmp_path: Path,
) -> None:
    x = drawn_people()
    found = run(x, tmp_path, fitting(x, tmp_path), strengths=(0.5, 0.7))
    facts = found.facts["fairness"]
    assert facts["target"] == "synthetic target"
    assert facts["favoured"] == "feminine"
    known = facts["truth"]
    gap = {"representation": "x", "method": "none", "metric": "gap"}
    even, biased = (one(found, strength=s, **gap) for s in (0.5, 0.7))
    assert known["0.5"]["gap"] == 0
    assert even["low"] <= known["0.5"]["gap"] <= even["high"]
    assert biased["low"] > 0
    assert known["0.7"]["gap"] > 0, "the best classifier leans the same way"
    changes = found.tables["differences"].set_index(["metric", "a", "b"])
    assert changes.loc[("gap@0.7", "leace", "x"), "high"] < 0
    assert changes.loc[("gap@0.7", "leace", "x"), "p_holm"] < 0.05


def test_the_truth_is_told_for_the_favoured_group_first() -> None:
    found = truth(("feminine", "masculine"), (0.5, 0.9))
    assert found["0.9"]["tpr"]["feminine"] > found["0.9"]["tpr"]["masculine"]
    assert found["0.9"]["gap"] > found["0.5"]["gap"] == 0
    assert found["0.5"]["accuracy"] > found["0.9"]["accuracy"]


def test_a_label_may_have_the_sign_that_names_a_class_in_its_name() -> None:
    x = people(**{"a=b": ["u", "v"] * 240})
    assert question(x, Fairness()).protected.name == "gender"
    assert question(x, Fairness(target="a=b")).target.classes == ("v", "u")


def test_what_decides_by_itself_leaves_the_protected_label_alone() -> None:
    x = people(smiling=["no", "yes", "yes"] * 160)
    asked = question(x, Fairness(protected="smiling=yes"))
    assert asked.target.name == "hired"
