"""The anonymity study on pictures made here: who takes part, what is kept, what is an alarm."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.anonymity import attackers, fold, networks, training
from core.config import config_from
from core.config_parts import Anonymity
from core.engine import Local
from core.errors import Cancelled, ConfigError
from core.faces.faceset import FaceSet, Picture
from core.faces.read import read_faces
from core.measure.intervals import Interval
from core.progress import Progress, Status
from core.store import Store
from core.study import anonymity as study
from core.study import anonymity_rows as rows
from core.study.anonymity_plan import SHOTS, Stage, cast
from core.study.anonymity_rows import Answer, Answers, Null, below_chance, status
from core.table import COLUMNS

SIDE = 48
ASKED = Anonymity(folds=3, rounds=2, images=150)


@dataclass(frozen=True)
class Drawn:
    """Pictures in memory; `copy` are places whose picture is that of another place."""

    pictures: tuple[bytes, ...]

    def read(self, index: int) -> Picture:
        grey = np.frombuffer(self.pictures[index], np.uint8).reshape(SIDE, SIDE)
        return Picture(np.repeat(grey[:, :, None], 3, axis=2))

    def digest(self, index: int) -> str:
        return hashlib.sha256(self.pictures[index]).hexdigest()


def made(people: int = 10, *, each: int = 3, copies: dict[int, int] | None = None) -> FaceSet:
    """People by the place of a bright patch above, three moods by one below."""
    random, found, table = np.random.default_rng(0), [], []
    for person in range(people):
        for shot in range(each):
            grey = random.normal(110, 6, (SIDE, SIDE))
            row, column = divmod(person, 5)
            grey[11 * row : 11 * row + 10, 9 * column : 9 * column + 9] += 90
            grey[30:, 15 * (shot % 3) : 15 * (shot % 3) + 14] += 90
            found.append(np.clip(grey, 0, 255).astype(np.uint8).tobytes())
            mood = ("calm", "glad", "cross")[shot % 3]
            table.append({"id": f"{person}-{shot}", "subject_id": f"p{person:02}", "mood": mood})
    for place, other in (copies or {}).items():
        found[place] = found[other]
    return FaceSet("made", pd.DataFrame(table), Drawn(tuple(found)), ("mood",), aligned=True)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller networks, fewer steps and two attackers: the study's own order is what is tested."""
    sizes = {"WIDTHS": (4, 4, 4), "HIDDEN": (16, 16), "FEATURES": 64}
    for name, size in sizes.items():
        monkeypatch.setattr(networks, name, size)
    few = {name: attackers.ATTACKERS[name] for name in ("logistic", "dense")}
    monkeypatch.setattr(attackers, "ATTACKERS", few)
    steps = {"SECTION": 10, "SECTIONS": 4, "START": 1, "ROUND": 3, "CATCH_UP": 5}
    for name, value in steps.items():
        monkeypatch.setattr(training, name, value)
    monkeypatch.setattr(training, "fresh", partial(training.fresh, steps=20))
    monkeypatch.setattr(attackers, "fresh", training.fresh)
    monkeypatch.setattr(attackers, "LONGER", 10)
    monkeypatch.setattr(attackers, "RESTARTS", 1)
    monkeypatch.setattr(attackers, "ROWS", 60)


def run(
    faces: FaceSet, store: Store, asked: Anonymity = ASKED, *, workers: int = 2, **more: Any
) -> Any:
    told: dict[str, Any] = {"progress": Progress(), "publish": lambda name, table: None, **more}
    with Local(workers) as engine:
        return study.anonymity(
            faces, "mood", asked, permutations=4, seed=0, device="cpu", store=store, engine=engine,
            **told,
        )  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


def test_the_tables_are_the_contracts_with_any_workers_and_a_warm_run_learns_nothing(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []
    seen: list[Status] = []
    first = run(
        made(), Store(kept), publish=lambda name, table: published.append(name),
        progress=Progress(seen.append),
    )  # fmt: skip
    table = first.tables["anonymity"]
    assert list(table.columns) == list(COLUMNS["anonymity"])
    assert list(table.columns)[:12] == [
        "network", "task", "attacker", "split", "accuracy", "low", "high", "chance", "null", "n",
        "identities", "status",
    ]  # fmt: skip
    assert {"Face", "Emotion", "Emotion2Face", "Hybrid", "Hybrid2Emotion", "Hybrid2Face"} < set(
        table["network"]
    )
    own = table[(table["attacker"] == "own") & (table["split"] == "originals")]
    assert (own["n"] == 30).all(), "every picture is held out once, as it was taken"
    assert (table.loc[table["split"] == "augmented", "n"] == 30 * 4).all()
    assert set(table["identities"]) == {10}
    assert set(first.tables["anonymity_training"]["fold"]) == {0, 1, 2}
    assert {"loss_hiding_weighted", "loss_identity", "held_identity", "held_emotion"} <= set(
        first.tables["anonymity_training"]["name"]
    )
    phases = {one.phase: one for one in seen}
    assert [one.lower() for one in phases] == list(study.check(made(), "mood", ASKED))
    assert all(one.done == one.total for one in phases.values()), "each bar ends full"
    assert published.count("anonymity") == 4, "after each fold, and at the end"

    alone = run(made(), Store(kept / "alone"), workers=1)
    for name, one in first.tables.items():
        pd.testing.assert_frame_equal(one, alone.tables[name], check_exact=True)

    def never(*_: object) -> None:
        raise AssertionError("a warm run trains and attacks nothing")

    monkeypatch.setattr(fold, "learn", never)
    monkeypatch.setattr(attackers, "answers", never)
    second = run(made(), Store(kept), workers=1)
    for name, one in first.tables.items():
        pd.testing.assert_frame_equal(one, second.tables[name])
    assert first.facts == second.facts


def test_a_run_is_cancelled_between_rounds_and_keeps_what_is_finished(tmp_path: Path) -> None:
    seen: list[Status] = []

    def stop() -> bool:
        return any(one.phase == "Six networks" and one.done > 9 for one in seen)

    asked = ASKED.model_copy(update={"rounds": 500})
    with pytest.raises(Cancelled):
        run(made(), Store(tmp_path), asked, progress=Progress(seen.append, stop), workers=1)
    done = max(one.done for one in seen if one.phase == "Six networks")
    assert done < 20, "it stopped between two of 500 rounds"
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2, "Face and Emotion of the first fold"


def test_copies_with_two_labels_are_told_and_stay_together(tmp_path: Path) -> None:
    from core.study.anonymity_plan import stage

    faces = made(copies={1: 0})
    ready = stage(
        cast(faces, "mood", ASKED), ASKED, seed=0, store=Store(tmp_path), progress=Progress()
    )
    sides = [{0, 1} & set(one.test) for one in ready.folds]
    assert sorted(map(len, sides)) == [0, 0, 2]
    assert any("very same pixels (labelled calm and glad)" in one for one in ready.told)


@pytest.mark.parametrize(
    ("change", "asked", "words"),
    [
        ({"has_subjects": False}, ASKED, "nobody said who is who"),
        ({"labels": ()}, ASKED, "no label 'mood'"),
        ({}, Anonymity(folds=3, images=29), "images is 29, and 30 pictures were taken"),
        ({}, Anonymity(folds=50), "30 pictures cannot be dealt into 50 folds"),
    ],
)
def test_what_the_set_cannot_serve_is_refused_before_any_work(
    change: dict[str, Any], asked: Anonymity, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        study.check(replace(made(), **change), "mood", asked)


def test_one_picture_a_person_is_refused() -> None:
    with pytest.raises(ConfigError, match="0 people with two pictures or more"):
        study.check(made(each=1), "mood", ASKED)


def test_at_most_so_many_people_take_part_those_with_the_most_pictures() -> None:
    faces = made()
    fewer = faces.table[~faces.table["id"].isin(["0-0", "3-1"])]
    faces = replace(faces, table=fewer.reset_index(drop=True))
    who = cast(faces, "mood", ASKED.model_copy(update={"people": 8}))
    assert sorted(set(who.people)) == ["p01", "p02", "p04", "p05", "p06", "p07", "p08", "p09"]
    assert any("2 people do not take part" in one for one in who.left_out)


def test_drawn_people_show_each_expression_more_than_once() -> None:
    who = cast(read_faces(None, preset="synthetic"), "expression", Anonymity())
    counts = pd.Series(who.people).value_counts()
    assert len(counts) == 30
    assert set(counts) == {6 * SHOTS}
    assert len(set(who.faces.table["id"])) == len(who.faces.table)
    assert len({who.faces.source.digest(row) for row in who.rows}) == len(who.rows)


def test_the_expected_time_grows_with_the_folds_and_shrinks_with_the_cores() -> None:
    few, many, two = (
        sum(study.check(made(), "mood", Anonymity(folds=folds), workers=workers).values())
        for folds, workers in ((5, 1), (10, 1), (10, 2))
    )
    assert many > 1.5 * few
    assert two < many


def test_a_preset_fills_in_only_what_nobody_wrote() -> None:
    quick = config_from({"anonymity": {"preset": "quick", "folds": 7}}).anonymity
    assert (quick.folds, quick.images, quick.rounds, quick.loss) == (7, 900, 12, "bounded")
    paper = config_from({"anonymity": {"preset": "paper"}}).anonymity
    assert (paper.loss, paper.alpha, paper.beta, paper.rounds, paper.folds) == (
        "paper", 0.5, 1, 20, 10
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"anonymity.preset is 'quik'"):
        config_from({"anonymity": {"preset": "quik"}})


# -- what a figure is called ---------------------------------------------------------------------


def found(value: float, low: float, high: float, people: int = 15) -> Interval:
    return Interval(value, low, high, people, "few people" if people < 30 else "ok")


GUESS = Null(1 / 15, 0.01, 0.14)


def test_the_papers_one_per_cent_for_fifteen_people_is_an_alarm() -> None:
    p = below_chance(0, 60, 1 / 15)
    assert p < 0.025
    assert status(found(0, 0, 0.2), GUESS, 1 / 15, p, control=True, counts=True) == "anti-learning"


def test_an_anti_learned_case_fires_and_chance_does_not() -> None:
    """400 times a guesser, who must be called so in few; and somebody who avoids the truth."""
    random, fired = np.random.default_rng(0), 0
    for _ in range(400):
        hits = int(random.binomial(60, 1 / 15))
        fired += below_chance(hits, 60, 1 / 15) < rows.ALARM
    assert fired <= 400 * 0.04
    stage_ = _stage()
    avoids = {name: (getattr(stage_, name) + 1) for name in rows.TASKS}
    answers = _answers(stage_, {"identity": avoids["identity"] % 15})
    (row,) = rows.measured(answers, stage_, seed=0).rows
    assert row["status"] == "anti-learning"
    assert row["accuracy"] == 0
    guesses = np.random.default_rng(4).integers(15, size=60)
    (row,) = rows.measured(_answers(stage_, {"identity": guesses}), stage_, seed=0).rows
    assert row["status"] != "anti-learning"


def test_the_words_follow_from_interval_null_control_and_face() -> None:
    high = found(0.5, 0.4, 0.6, people=40)
    low = found(0.1, 0.04, 0.2, people=40)
    said = lambda one, control, counts: status(one, GUESS, 1 / 15, 0.9, control=control,  # noqa: E731
                                               counts=counts)  # fmt: skip
    assert said(high, True, True) == "ok"
    assert said(found(0.5, 0.4, 0.6), None, True) == "few people"
    assert said(low, True, True) == "nothing found"
    assert said(low, False, True) == "probe failed"
    assert said(low, True, False) == "not comparable", "Face learnt too little for any claim"
    assert said(Interval(None, None, None, 9, "not enough data"), True, True) == "not enough data"


def test_a_face_network_that_learns_too_little_makes_no_claim() -> None:
    stage_ = _stage()
    weak = np.where(np.arange(60) % 2, stage_.identity, 0)
    measured = rows.measured(_answers(stage_, {"identity": weak}, "Face", "face"), stage_, seed=0)
    assert not measured.counts
    told = rows.warnings(stage_, measured, {})
    assert any("a net too small to learn proves nothing" in one for one in told)


def test_permuted_labels_stay_with_the_person_and_with_the_emotion() -> None:
    stage_ = _stage()
    moods = rows.permuted(stage_, "emotion", 5, seed=0)
    people = rows.permuted(stage_, "identity", 5, seed=0)
    for one in moods:
        for who in range(15):
            own = stage_.identity == who
            assert sorted(one[own]) == sorted(stage_.emotion[own])
    for one in people:
        for mood in range(4):
            own = stage_.emotion == mood
            assert sorted(one[own]) == sorted(stage_.identity[own])
    assert (moods != stage_.emotion).mean() > 0.5


def _stage() -> Stage:
    identity, emotion = np.repeat(np.arange(15), 4), np.tile(np.arange(4), 15)
    people = tuple(f"p{one:02}" for one in range(15))
    twins = np.zeros((60, 1, 2, 2), np.uint8)
    return Stage(twins, emotion, identity, people, tuple("abcd"), (), (), {})


def _answers(
    stage_: Stage, said: dict[str, np.ndarray], network: str = "Hybrid2Face", base: str = "hybrid"
) -> Answers:
    answers = Answers()
    for task, own in said.items():
        answers.add((network, task, "own", "originals", base), Answer(0, np.arange(60), own))
    return answers
