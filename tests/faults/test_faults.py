"""The campaign of faults: it plays a fault and sees what holds, and it would see what does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.run_status import RunStatus
from core.store import Store, key
from tests.faults import small, told
from tests.faults.case import Case, Outcome
from tests.faults.damage import HOW, damage
from tests.faults.kinds import KINDS
from tests.faults.plan import PHASES, Plan, Step, Trace, read_plan
from tests.faults.play import cases, play
from tests.faults.promises import said
from tests.faults.scene import Reference, Scene, reference

KEYS = [key("test", 1, {"number": number}, []) for number in range(4)]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("inputs")
    small.make(base)
    return base


@pytest.fixture(scope="module")
def undisturbed(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return reference(tmp_path_factory.mktemp("reference"), inputs, "vectors", warm=False)


def test_a_fault_is_played_and_everything_holds(inputs: Path, undisturbed: Reference) -> None:
    outcome = play(Case("ENOSPC", "attacking", 0), inputs, {"vectors": undisturbed})
    assert not outcome.problems


def test_every_phase_has_moments(undisturbed: Reference) -> None:
    assert set(undisturbed.cold) >= set(PHASES) - {"encoding"}


def test_what_does_not_hold_is_seen(inputs: Path, undisturbed: Reference, tmp_path: Path) -> None:
    scene = Scene(tmp_path, inputs, "vectors")
    scene.stock(undisturbed.store)
    with scene.set():
        run = scene.made()
        assert scene.differs(run, undisturbed), "there is no result at all"
        assert not [*scene.half_files(), *scene.damaged_entries(), *scene.made_again()]
        entry = next((scene.home / "store").rglob("*.safetensors"))
        Trace(scene.faults, run.id).say("saved", entry.stem)
        assert scene.made_again() == [f"made 2 times: {entry.stem}"]
        Trace(scene.faults, run.id).say("damaged", entry.stem)
        assert not scene.made_again()
        entry.write_bytes(b"")
        assert scene.damaged_entries() == [f"damaged: {entry.name}"]
        below = next((scene.home / "store").rglob("*.safetensors"))
        Trace(scene.faults, run.id).say("damaged", below.stem)
        below.write_bytes(b"")
        assert not scene.damaged_entries(), "what nobody asked for"
        assert not below.exists(), "and whoever asks for it finds that it is damaged"
        (run.path / "result.tmp-1").mkdir()
        assert scene.half_files() == [f"left behind: runs/{run.id}/result.tmp-1"]


@pytest.mark.parametrize("how", list(HOW))
def test_damage_is_damage(tmp_path: Path, how: str) -> None:
    store = Store(tmp_path)
    for number, one in enumerate(KEYS):
        store.save(one, {}, {"number": number})
    hurt = damage(tmp_path, how, 3, seed=0)
    assert len(set(hurt)) == 3
    assert {one for one in KEYS if store.load(one) is None} == set(hurt)


def test_a_status_must_say_what_happened() -> None:
    stopped = RunStatus("stopped", message="the worker is gone; run it again")
    assert not said(stopped, ("stopped",), "the worker is gone")
    assert said(stopped, ("failed",), "the worker is gone")
    assert said(stopped, ("stopped",), "is full")
    assert not said(RunStatus("done"), ("done",))


def test_a_plan_arrives_as_it_was_sent(tmp_path: Path) -> None:
    plan = Plan(3, (Step("reading", 1, ("clock 5", "hold")),), clock=-5.0)
    plan.write(tmp_path, "any")
    assert read_plan(tmp_path, "run") == plan
    Plan(4).write(tmp_path, "run")
    assert read_plan(tmp_path, "run") == Plan(4)
    shutil.rmtree(tmp_path)
    assert read_plan(tmp_path, "run") == Plan(0)


def test_the_whole_campaign_is_more_than_two_hundred_faults() -> None:
    whole = list(cases(list(KINDS), PHASES, range(2)))
    assert len(whole) == len(set(whole)) >= 200
    assert {case.phase for case in whole if case.kind == "SIGKILL"} == set(PHASES)


def test_the_table_counts_and_names_what_failed() -> None:
    found = [
        Outcome(Case("EIO", "writing", 0), (), 1.0),
        Outcome(Case("EIO", "writing", 1), ("a half file",), 1.0),
        Outcome(Case("disk", "reading", 0), (), 0.0, "no disk"),
    ]
    page = told.page(found, "a machine", "a day")
    assert "2 faults on a day, 1 passed" in page
    assert "| EIO |  |  |  |  |  |  | 1 of 2 |  | 1 of 2 |" in page
    assert "left out: no disk" in page
    assert "- EIO, writing, seed 1: a half file" in page
    text = f"before\n{told.BEGIN}\nold\n{told.END}\nafter\n"
    assert told.put(text, page) == f"before\n{page}\nafter\n"
