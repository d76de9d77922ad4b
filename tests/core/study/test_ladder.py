"""The ladder in the study: who is asked where, with what in the key, and the tables beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.attack.planted import plant
from core.attack.registry import ATTACKERS
from core.encode.embeddings import Embeddings
from core.engine import Local
from core.measure.targets import target
from core.progress import Progress
from core.split import Split, rotation
from core.store import Store
from core.study import knowing
from core.study.attacking import Attacks
from core.study.leakage import Leakage, Plan
from core.study.pair import MOST, Pairs, couples
from core.study.people_curve import POINTS, PeopleCurve, sizes, subset
from core.study.representation import Representation
from core.study.selectivity import Selectivity, task
from core.table import COLUMNS

LADDER = ("majority", "logistic", "similarity", "difference", "inverse", "outside")
D = 6


def faces(
    people: int = 40, each: int = 4, *, loud: float = 0.0, leak: float = 2.0, seed: int = 0
) -> Embeddings:
    """People `loud` apart, an expression that moves every vector, a group that is theirs."""
    random = np.random.default_rng(seed)
    shown = np.tile(np.arange(each) % 2, people)
    x = random.normal(size=(people * each, D))
    x += np.repeat(random.normal(size=(people, D)) * loud, each, axis=0)
    x[:, 0] += leak * shown
    group = np.repeat(np.arange(people) % 2, each)
    table = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(len(x))],
            "subject_id": np.repeat([f"p{i:03d}" for i in range(people)], each),
            "expression": np.array(["neutral", "smiling"])[shown],
            "group": np.array(["a", "b"])[group],
        }
    )
    return Embeddings(x.astype(np.float32), table, ("expression", "group"), "toy", "0" * 64)


def phi_of(x: Embeddings, splits: Sequence[Split]) -> Representation:
    """A φ that turns the vectors, another way for each split."""
    turns = [
        np.linalg.qr(np.random.default_rng(i).normal(size=(D, D)))[0].astype(np.float32)
        for i, _ in enumerate(splits)
    ]
    maps = tuple(lambda own, turn=turn: own @ turn for turn in turns)
    phi = tuple(one(x.x) for one in maps)
    digests = tuple(hashlib.sha256(one.tobytes()).hexdigest() for one in phi)
    return Representation(x, phi, digests, maps)


def plan(splits: Sequence[Split], attackers: Sequence[str] = LADDER, **named: Any) -> Plan:
    return Plan(splits, attackers, attackers, 20, 0, "cpu", 200, **{"suite": "ladder", **named})


def kept(folder: Path) -> dict[str, Any]:
    return {"store": Store(folder), "progress": Progress(), "engine": Local(2)}


def ladder(
    x: Embeddings,
    folder: Path,
    attribute: str = "expression",
    outside: Embeddings | None = None,
    attackers: Sequence[str] = LADDER,
) -> pd.DataFrame:
    splits = rotation(x.subjects, np.zeros(len(x)))
    every = {"x": Representation(x), "phi": phi_of(x, splits)}
    walk = Leakage(
        every, [target(x.table, attribute)], plan(splits, attackers), outside=outside,
        publish=lambda name, table: None, **kept(folder),
    )  # fmt: skip
    table = walk.run().tables["leakage"]
    return table[table["metric"] == "balanced_accuracy"]


def test_everybody_who_has_what_it_needs_stands_in_a_row_and_finds_its_code(
    tmp_path: Path,
) -> None:
    found = ladder(faces(leak=3.0), tmp_path, outside=faces(30, seed=7, leak=3.0))
    rows = {name: set(own["attacker"]) for name, own in found.groupby("representation")}
    assert rows["x"] == {*LADDER, "strongest"} - {"inverse"}, "x has nothing to undo"
    assert rows["phi"] == {*LADDER, "strongest"}
    assert not (found["status"] == "probe failed").any()
    told = found[~found["attacker"].isin(["majority", "difference"])]
    assert (told["status"] == "ok").all()


def test_who_has_not_what_it_needs_stands_in_no_row(tmp_path: Path) -> None:
    found = ladder(faces(30, 3), tmp_path, "group", attackers=("logistic", *LADDER[3:]))
    rows = {name: set(own["attacker"]) for name, own in found.groupby("representation")}
    assert "outside" not in rows["x"] | rows["phi"], "no other set"
    assert "difference" not in rows["x"] | rows["phi"], "a group is a person's own"
    assert not (found["status"] == "probe failed").any()


def test_the_difference_can_be_the_strongest_and_its_null_is_of_differences_too(
    tmp_path: Path,
) -> None:
    x, few = faces(60, 2, loud=6.0, leak=3.0), ("majority", "logistic", "difference")
    found = ladder(x, tmp_path, attackers=few).set_index(["representation", "attacker"])
    assert found.loc[("x", "logistic"), "status"] == "nothing found"
    assert found.loc[("x", "difference"), "status"] == "ok"
    assert found.loc[("x", "strongest"), "chosen"] == "difference"
    assert found.loc[("phi", "strongest"), "status"] == "ok"
    blind = x.table.assign(
        expression=np.concatenate(
            [np.random.default_rng(i).permutation(["neutral", "smiling"]) for i in range(60)]
        )
    )
    noise = Embeddings(x.x, blind, x.labels, x.encoder, x.encoder_digest)
    found = ladder(noise, tmp_path, attackers=few).set_index(["representation", "attacker"])
    assert found.loc[("x", "strongest"), "status"] == "nothing found"
    assert found.loc[("x", "difference"), "status"] == "nothing found"


def test_a_label_varies_where_people_show_several_classes() -> None:
    x = faces(30, 2)
    assert knowing.varies(target(x.table, "expression"), x.subjects)
    assert not knowing.varies(target(x.table, "group"), x.subjects)
    few = faces(9, 2)
    assert not knowing.varies(target(few.table, "expression"), few.subjects)


def test_classes_of_another_set_are_matched_by_name() -> None:
    x = faces()
    asked = target(x.table, "expression")
    other = faces(20, seed=3)
    names = other.table["expression"].map({"neutral": "smiling", "smiling": "other"})
    names.iloc[:30] = "neutral"
    mixed = Embeddings(other.x, other.table.assign(expression=names), other.labels, "toy", "0" * 64)
    found = knowing.others_of(Representation(mixed), asked)
    assert found is not None
    assert [asked.classes[y] for y in found.y] == list(names.iloc[found.rows])
    assert "other" not in set(names.iloc[found.rows])
    lone = mixed.table.assign(expression="smiling")
    one = Embeddings(other.x, lone, other.labels, "toy", "0" * 64)
    assert knowing.others_of(Representation(one), asked) is None
    assert knowing.others_of(None, asked) is None


def test_one_code_is_planted_in_both_sets() -> None:
    x, other = faces(leak=0), faces(seed=3, leak=0)
    asked = target(x.table, "expression")
    others = knowing.others_of(Representation(other), asked)
    real = knowing.scene(Representation(x), Representation(other), 0)
    coded = knowing.with_code(real, asked, others, "outside", 4.0, 0)
    assert others is not None
    assert coded.outside is not None
    here = coded.x[asked.rows] - real.x[asked.rows]
    there = coded.outside[others.rows] - real.outside[others.rows]
    for number in range(2):
        assert np.allclose(here[asked.y == number], there[others.y == number][0], atol=1e-5)
    before = knowing.with_code(real, asked, None, "before", 4.0, 0)
    assert np.array_equal(before.x, before.before), "x is what it was before"
    assert np.array_equal(before.x[asked.rows], plant(real.x, asked.y, 4.0, seed=0)[asked.rows])


@pytest.mark.parametrize("name", ["inverse", "outside"])
def test_the_key_holds_what_an_informed_attacker_looks_at(name: str, tmp_path: Path) -> None:
    x = faces()
    splits = rotation(x.subjects, np.zeros(len(x)))
    asked = target(x.table, "expression")
    own = phi_of(x, splits)
    moved = Representation(x.replaced(x.x + 1), own.fitted, own.digests, own.maps)

    def keys(one: Representation, outside: Embeddings) -> list[str]:
        attacks = Attacks(
            one, splits, 0, "cpu", Store(tmp_path), Progress(), Local(1),
            outside=own.applied(outside),
        )  # fmt: skip
        return [question.name for question in attacks._real(asked, name)]

    first = keys(own, faces(seed=7))
    assert first == keys(own, faces(seed=7))
    other = keys(moved, faces(seed=7)) if name == "inverse" else keys(own, faces(seed=8))
    assert not set(first) & set(other)


def test_a_papers_probe_and_ours_lie_under_different_keys(tmp_path: Path) -> None:
    from core.attack.registry import members

    x = faces()
    splits = rotation(x.subjects, np.zeros(len(x)))
    asked, names = target(x.table, "expression"), []
    for suite in ("papers", "paper-thesis"):
        attacks = Attacks(
            Representation(x), splits, 0, "cpu", Store(tmp_path), Progress(), Local(1),
            attackers=members(suite),
        )  # fmt: skip
        names.append({one.name for one in attacks._real(asked, "nn")})
    assert not names[0] & names[1]


# -- pairs -----------------------------------------------------------------------------------


def pairs(x: Embeddings, folder: Path, attribute: str = "expression") -> pd.DataFrame:
    splits = rotation(x.subjects, np.zeros(len(x)))
    asked = [target(x.table, attribute)]
    return Pairs(plan(splits), **kept(folder)).run({"x": Representation(x)}, asked).tables["pairs"]


def test_a_pair_shows_what_single_vectors_hide(tmp_path: Path) -> None:
    (found,) = pairs(faces(60, 2, loud=6.0, leak=3.0), tmp_path).to_dict("records")
    assert found["status"] == "ok"
    # Two Gaussians three apart, seen twice: Φ(3 / √2) of the pairs are told at best, .983.
    assert found["low"] > 0.8
    assert found["high"] <= 1
    assert (found["pairs"], found["identities"], found["chance"]) == (60, 60, 0.5)
    again = pairs(faces(60, 2, loud=6.0, leak=3.0), tmp_path)
    assert again.to_dict("records") == [found]


def test_a_pair_of_noise_is_nothing_found(tmp_path: Path) -> None:
    (found,) = pairs(faces(60, 2, loud=1.0, leak=0.0), tmp_path).to_dict("records")
    assert found["status"] == "nothing found"
    assert found["null"] > 0.5


def test_a_label_that_is_a_persons_own_has_no_pairs(tmp_path: Path) -> None:
    found = pairs(faces(), tmp_path, "group")
    assert found.empty
    assert tuple(found.columns) == COLUMNS["pairs"]


def test_every_class_is_asked_of_and_of_two_one(tmp_path: Path) -> None:
    x = faces(30, 3)
    names = np.tile(["angry", "neutral", "smiling"], 30)
    three = Embeddings(x.x, x.table.assign(expression=names), x.labels, "toy", "0" * 64)
    assert list(pairs(three, tmp_path)["class"]) == ["angry", "neutral", "smiling"]
    assert list(pairs(x, tmp_path)["class"]) == ["smiling"]


def test_couples_are_of_one_person_and_one_shows_the_class() -> None:
    x = faces(12, 12)
    asked = target(x.table, "expression")
    found = couples(asked, x.subjects, np.arange(len(asked.rows)), 1, seed=0)
    shown = x.table["expression"].to_numpy()
    assert (shown[found.shows] == "smiling").all()
    assert (shown[found.other] == "neutral").all()
    assert (x.subjects[found.shows] == x.subjects[found.other]).all()
    assert set(np.unique(found.people, return_counts=True)[1]) == {MOST}


# -- selectivity -----------------------------------------------------------------------------


def test_a_control_task_is_a_class_a_person_on_their_own_pictures() -> None:
    x = faces(41, 4)
    asked = target(x.table, "expression")
    (split, *_) = rotation(x.subjects, np.zeros(len(x)))
    own = task(asked, x.subjects, split)
    assert not set(own.learned) & set(own.judged)
    assert set(asked.rows[own.learned]) | set(asked.rows[own.judged]) == set(split.attacker)
    who = x.subjects[asked.rows]
    assert set(who[own.learned]) == set(who[own.judged])
    for person in set(who[own.judged]):
        assert len(set(own.control[who == person])) == 1
    shares = np.bincount(own.control[own.judged])
    assert shares.max() - shares.min() <= 4, "as even as people allow"


def test_people_who_are_loud_are_learned_by_heart_and_quiet_ones_are_not(tmp_path: Path) -> None:
    figures = {}
    for loud in (0.0, 8.0):
        x = faces(40, 6, loud=loud, leak=2.5)
        splits = rotation(x.subjects, np.zeros(len(x)))
        found = Selectivity(plan(splits, ("logistic", "svm")), **kept(tmp_path)).run(
            {"x": Representation(x)}, [target(x.table, "expression")]
        )
        figures[loud] = found.tables["selectivity"].set_index("attacker").loc["svm"]
    quiet, heart = figures[0.0], figures[8.0]
    assert heart["control"] > 0.9
    assert abs(quiet["control"] - 0.5) < 0.12
    assert quiet["real"] > 0.75
    assert quiet["selectivity"] == pytest.approx(quiet["real"] - quiet["control"])
    assert quiet["low"] < quiet["selectivity"] < quiet["high"]
    assert quiet["low"] > 0 > heart["selectivity"]


# -- leakage against people ------------------------------------------------------------------


def test_subsets_are_nested_and_all_is_the_split_itself() -> None:
    x = faces(50)
    asked = target(x.table, "expression")
    (split, *_) = rotation(x.subjects, np.zeros(len(x)))
    before: set[str] = set()
    for share in (0.2, 0.4, 0.7):
        small = subset(split, x.subjects, asked, share)
        people = set(x.subjects[small.attacker])
        assert before < people
        assert len(people) == round(40 * share)
        assert set(small.attacker) < set(split.attacker)
        assert np.array_equal(small.test, split.test)
        before = people
    assert subset(split, x.subjects, asked, 1.0) is split


def test_sizes_grow_by_equal_ratios_up_to_all() -> None:
    assert sizes(80) == [8, 14, 25, 45, 80]
    assert sizes(5) == [5]
    assert len(sizes(1000)) == POINTS
    assert sizes(1000)[-1] == 1000


def test_the_curve_ends_at_the_figure_of_the_leakage_table(tmp_path: Path) -> None:
    x = faces(60, 4, loud=0.5, leak=2.0)
    splits = rotation(x.subjects, np.zeros(len(x)))
    asked = [target(x.table, "expression")]
    whole = plan(splits, ("logistic", "svm", "lda"))
    walk = Leakage(
        {"x": Representation(x)}, asked, whole, publish=lambda name, table: None, **kept(tmp_path)
    )
    leakage = walk.run().tables["leakage"]
    curve = PeopleCurve(whole, **kept(tmp_path)).run({"x": Representation(x)}, asked)
    found = curve.tables["people_curve"]
    assert list(found["attacker_identities"]) == sizes(48)
    last = found.iloc[-1]
    own = leakage[
        (leakage["attacker"] == "strongest") & (leakage["metric"] == "balanced_accuracy")
    ].iloc[0]
    assert (last["value"], last["low"], last["attacker"]) == (
        own["value"],
        own["low"],
        own["chosen"],
    )
    assert found["status"].iloc[-1] == "ok"


def test_every_name_of_the_ladder_is_known() -> None:
    assert set(LADDER) <= set(ATTACKERS)
