"""The worker, in this process: what it writes when, and what it does with what an old one left."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core import run as runs
from core import worker
from core.config import config_from
from core.errors import FacesError, StoreError
from core.progress import Progress
from core.run import Run
from core.run_fraction import USUAL, Fraction


class Auditor:
    """An audit that does what a test wants."""

    def __init__(self, do: Any = None, write: Any = None) -> None:
        self.do, self.then = do, write
        self.seen: dict[str, Any] = {}

    def audit(self, config: Any, **how: Any) -> str:
        self.seen = {"config": config, **how}
        if self.do:
            self.do(**how)
        return "found"

    def write(self, audit: Any, folder: Path) -> None:
        assert not list(folder.iterdir())
        if self.then:
            self.then(folder)
        (folder / "audit.json").write_text('{"found": 1}')


@pytest.fixture
def run(workdir: Path) -> Run:
    return runs.create(config_from({"name": "x", "seed": 3}), base=workdir / "base")


def test_the_audit_gets_what_the_run_says(run: Run, workdir: Path) -> None:
    auditor = Auditor()
    assert worker.work(run.path, audit=auditor) == 0
    assert auditor.seen["config"] == config_from({"name": "x", "seed": 3})
    assert auditor.seen["base"] == workdir / "base"
    assert auditor.seen["store"].root == workdir / "cache" / "store"
    assert runs.status(run).state == "done"
    assert (run.result / "audit.json").exists()


def test_tables_are_there_as_soon_as_they_are_published(run: Run) -> None:
    def do(publish: Any, **_: Any) -> None:
        publish("leakage", pd.DataFrame({"value": [0.5, None]}))
        assert (run.partial / "leakage.csv").read_text() == 'value\n0.5\n""\n'

    assert worker.work(run.path, audit=Auditor(do)) == 0


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "A b"])
def test_a_table_cannot_be_published_elsewhere(run: Run, name: str) -> None:
    assert worker.work(run.path, audit=Auditor(lambda publish, **_: publish(name, None))) == 1
    assert runs.status(run).fault == "ours"


def test_a_result_appears_only_when_it_is_whole(run: Run) -> None:
    def fail(folder: Path) -> None:
        (folder / "half.csv").write_text("x")
        assert not run.result.exists()
        raise OSError(errno.ENOSPC, "No space left on device")

    assert worker.work(run.path, audit=Auditor(write=fail)) == 2
    assert not run.result.exists()
    assert worker.work(run.path, audit=Auditor()) == 0
    assert [path.name for path in run.result.iterdir()] == ["audit.json"]
    assert not list(run.path.glob("result.*")), "what the first left is gone"


@pytest.mark.parametrize("there", [True, False])
def test_an_old_result_that_was_being_replaced_is_not_lost(run: Run, there: bool) -> None:
    """Killed between the two renames, a run has its old result under another name only."""
    old = run.path / "result.old-1234"
    old.mkdir()
    (old / "audit.json").write_text("old")
    if there:
        run.result.mkdir()
        (run.result / "audit.json").write_text("new")

    def look(**_: Any) -> None:
        assert (run.result / "audit.json").read_text() == ("new" if there else "old")
        assert not old.exists()
        raise FacesError("no faces: choose others")

    assert worker.work(run.path, audit=Auditor(look)) == 2


@pytest.mark.parametrize("crash_at", [1, 2, 3])
def test_a_crash_between_the_renames_leaves_the_old_result_or_the_new(
    run: Run, crash_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(folder: Path) -> None:
        (folder / "more.csv").write_text("x")

    assert worker.work(run.path, audit=Auditor(write=two)) == 0
    real, calls = Path.rename, []

    def crash(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == crash_at:
            raise OSError(errno.EIO, "power cut")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", crash)
    worker.work(run.path, audit=Auditor(write=two))
    whole = {"audit.json", "more.csv"}
    lying = [path for path in run.path.glob("result*") if "tmp" not in path.name]
    assert all({one.name for one in path.iterdir()} == whole for path in lying)
    assert lying, "one of the two is always there"


def test_a_full_disk_is_said_from_the_reserve(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no byte can be written any more, the room that was kept back serves for the status."""
    real = worker.write_status

    def full(folder: Path, status: Any) -> None:
        if (folder / "reserve").exists() and status.state == "failed":
            raise StoreError("the disk is full: free some space")
        real(folder, status)

    monkeypatch.setattr(worker, "write_status", full)

    def fail(**_: Any) -> None:
        raise StoreError("the disk is full: free some space")

    assert worker.work(run.path, audit=Auditor(fail)) == 2
    assert "free some space" in runs.status(run).error
    assert not (run.path / "reserve").exists()


def test_a_bar_that_cannot_be_written_does_not_stop_the_work(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = worker.write_status

    def flaky(folder: Path, status: Any) -> None:
        if status.phase == "encoding":
            raise StoreError("not now")
        real(folder, status)

    monkeypatch.setattr(worker, "write_status", flaky)
    step = Auditor(lambda progress, **_: progress.start("encoding", 3))
    assert worker.work(run.path, audit=step) == 0


def test_a_run_deleted_under_its_worker_is_not_made_again(run: Run) -> None:
    def gone(progress: Progress, **_: Any) -> None:
        for path in sorted(run.path.rglob("*"), reverse=True):
            path.unlink()
        run.path.rmdir()
        progress.start("encoding", 1)

    assert worker.work(run.path, audit=Auditor(gone)) == 130
    assert not run.path.exists()


def test_sigterm_breaks_into_the_work_and_the_old_handler_comes_back(run: Run) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def stopped(**_: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("the work went on")

    assert worker.work(run.path, audit=Auditor(stopped)) == 130
    assert runs.status(run).state == "stopped"
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_usual_phases_are_found_whatever_their_case() -> None:
    assert all(name == name.lower() and seconds > 0 for name, seconds in USUAL.items())


@pytest.mark.parametrize(
    "phases",
    [
        ["starting", "encoding", "attacking", "writing"],
        ["Encoding", "Attacking", "Verification"],
        ["attacking", "encoding", "attacking", "starting"],
        ["something", "something else", "and more", "encoding", "more still"],
        ["attacking"] * 6,
    ],
)
def test_the_fraction_moves_and_never_goes_back(phases: list[str]) -> None:
    fraction, seen = Fraction(), []
    for phase in phases:
        seen += [fraction.at(phase, done, 10) for done in range(11)]
    assert seen == sorted(seen)
    assert seen[0] >= 0.0
    assert seen[-1] < 1.0, "the whole is done when the result is in place"
    assert seen[10] > seen[0]


def test_a_total_that_grows_does_not_draw_the_bar_back() -> None:
    fraction = Fraction()
    before = fraction.at("encoding", 5, 10)
    assert fraction.at("encoding", 6, 1000) >= before


def test_each_phase_covers_its_share_of_what_was_planned() -> None:
    fraction, before = Fraction(), 0.0
    planned = {"Reading": 1.0, "Encoding": 5.0, "Attacking": 10.0, "Verification": 4.0}
    fraction.plan(planned)
    for phase, seconds in planned.items():
        share = seconds / 20
        assert fraction.at(phase, 0, 4) == pytest.approx(before)
        assert fraction.at(phase, 2, 4) == pytest.approx(before + share / 2)
        before = min(fraction.at(phase, 4, 4), before + share)


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("pace", [0.5, 1.0, 3.0])
def test_the_forecast_is_right_on_a_machine_of_any_pace(pace: float) -> None:
    clock = _Clock()
    fraction = Fraction(clock)
    planned = {"reading": 2.0, "encoding": 10.0, "attacking": 30.0, "writing": 1.0}
    fraction.plan(planned)
    assert fraction.left() is None, "nothing has been seen yet"
    whole = pace * sum(planned.values())
    for phase, seconds in planned.items():
        fraction.at(phase, 0, 10)
        for step in range(1, 11):
            clock.now += pace * seconds / 10
            fraction.at(phase, step, 10)
            assert fraction.left() == pytest.approx(whole - clock.now, abs=1e-9)


def test_what_the_store_had_is_no_measure_of_pace() -> None:
    clock = _Clock()
    fraction = Fraction(clock)
    fraction.plan({"encoding": 100.0, "attacking": 30.0, "writing": 10.0})
    fraction.at("encoding", 0, 10)
    clock.now += 1.0  # all vectors were there
    fraction.at("encoding", 10, 10)
    fraction.at("attacking", 0, 10)
    clock.now += 15.0
    fraction.at("attacking", 5, 10)
    assert fraction.left() == pytest.approx(15.0 + 10.0)


def test_steps_that_the_store_had_do_not_hasten_those_that_it_had_not() -> None:
    """A run that goes on where it was broken off finds the first half of a phase at once."""
    clock = _Clock()
    fraction = Fraction(clock)
    fraction.plan({"attacking": 100.0, "ablation": 60.0})
    fraction.at("attacking", 0, 100)
    for done in range(1, 51):
        clock.now += 0.01
        fraction.at("attacking", done, 100)
    for done in range(51, 71):
        clock.now += 2.0  # at half the pace that was expected
        fraction.at("attacking", done, 100)
    assert fraction.left() == pytest.approx(2 * (30 + 60), rel=0.05)


def test_results_that_come_in_pairs_took_the_time_before_both() -> None:
    clock = _Clock()
    fraction = Fraction(clock)
    fraction.plan({"attacking": 100.0})
    fraction.at("attacking", 0, 50)
    for done in range(0, 20, 2):
        clock.now += 4.0
        fraction.at("attacking", done + 1, 50)
        fraction.at("attacking", done + 2, 50)
    assert fraction.left() == pytest.approx(60.0, rel=0.06)


def test_steps_told_to_be_in_the_store_say_nothing_of_the_pace() -> None:
    """A full look finds every fifth answer, between those that it must work for."""
    clock = _Clock()
    fraction = Fraction(clock)
    fraction.plan({"attacking": 100.0, "ablation": 60.0})
    found = 0
    fraction.at("attacking", 0, 100)
    for done in range(1, 51):
        found += done % 2
        clock.now += 0.0 if done % 2 else 2.0  # at half the pace that was expected
        fraction.at("attacking", done, 100, found)
    assert fraction.left() == pytest.approx(2 * (50 + 60))


def test_a_phase_that_is_over_does_not_come_again_whatever_the_order_of_the_plan() -> None:
    clock = _Clock()
    fraction = Fraction(clock)
    fraction.plan({"attacking": 10.0, "writing": 5.0, "ablation": 100.0})
    for phase, seconds in (("attacking", 10.0), ("ablation", 100.0)):
        fraction.at(phase, 0, 10)
        clock.now += seconds
        fraction.at(phase, 10, 10)
    fraction.at("writing", 0, 1)
    assert fraction.left() == pytest.approx(5.0)
