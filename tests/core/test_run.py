"""Runs: a worker may be killed at any moment, and nothing is lost, doubled or left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core import run as runs
from core.config import config_from
from core.errors import InputError, StoreError
from core.run import Run
from core.run_queue import ahead_of, slots
from core.run_status import RunStatus, birth, read_status, write_status

STAND_IN = Path(__file__).parent / "stand_in.py"
ME = psutil.Process()


@pytest.fixture(autouse=True)
def _stand_in(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(runs, "WORKER", (str(STAND_IN),))
    yield
    for run in runs.listing():
        runs.kill(run, patience=0.1)


def made(name: str = "quick", owner: str | None = None, *, background: bool = False) -> Run:
    return runs.create(
        config_from({"name": name}), base=Path.cwd(), owner=owner, background=background
    )


def wait(run: Run, until: Callable[[RunStatus], bool], seconds: float = 60) -> RunStatus:
    deadline = time.monotonic() + seconds
    while not until(now := runs.status(run)):
        if time.monotonic() > deadline:
            log = run.path / "log.txt"
            pytest.fail(f"{now}\n{log.read_text() if log.exists() else ''}")
        time.sleep(0.01)
    return now


def ended(now: RunStatus) -> bool:
    return not now.active


def worker_of(run: Run) -> psutil.Process:
    pid = runs.status(run).pid
    assert pid is not None
    return psutil.Process(pid)


def made_steps() -> list[str]:
    return (Path(os.environ["BLINDFOLD_CACHE"]) / "made.txt").read_text().split()


def test_a_run_is_a_directory_that_only_its_owner_may_open(workdir: Path) -> None:
    run = made("my audit", owner="somebody")
    assert run.path.stat().st_mode & 0o777 == 0o700
    assert len(run.id) == 32
    assert run.config().name == "my audit"
    assert runs.find(run.id) == run
    assert run.base == workdir
    assert runs.status(run).state == "stopped", "it was made, and nobody started it"


def test_a_run_goes_from_the_queue_to_its_result() -> None:
    run = made()
    runs.start(run)
    assert runs.status(run).active, "from the moment that it was started"
    fractions = []

    def finished(now: RunStatus) -> bool:
        fractions.append(now.fraction)
        return not now.active

    last = wait(run, finished)
    assert last.state == "done"
    assert last.fraction == 1.0
    assert fractions == sorted(fractions), "a bar never goes back"
    assert json.loads((run.result / "audit.json").read_text())["steps"] == 12
    assert (run.partial / "steps.csv").read_text() == (
        run.result / "tables" / "steps.csv"
    ).read_text()


KILLED_AT: list[Callable[[Run, RunStatus], bool]] = [
    lambda run, now: now.pid is not None,
    lambda run, now: now.state == "running",
    lambda run, now: (run.partial / "steps.csv").exists(),
    lambda run, now: len(made_steps()) >= 5,
    lambda run, now: len(made_steps()) >= 9,
    lambda run, now: any(run.path.glob("result.tmp-*")),
]


def test_killed_at_any_moment_it_goes_on_to_the_same_result(workdir: Path) -> None:
    """One run, killed six times on its way, against one that nobody disturbed."""
    run = made()
    for moment in KILLED_AT:
        runs.start(run)
        wait(run, lambda now, moment=moment: moment(run, now) or ended(now))  # type: ignore[misc]
        worker = worker_of(run)
        worker.kill()
        psutil.wait_procs([worker], timeout=5)
        assert runs.status(run).state == "stopped"
        assert not run.result.exists(), "nothing half-made looks finished"
    runs.resume(run)
    assert wait(run, ended).state == "done"
    steps = made_steps()
    assert set(steps) == {str(step) for step in range(12)}
    # A step that was killed between its end and its writing is made again, and no other.
    assert len(steps) <= 12 + len(KILLED_AT)
    assert not [*run.path.glob("result.tmp-*"), *run.path.rglob("*.tmp")]

    os.environ["BLINDFOLD_CACHE"] = str(workdir / "undisturbed")
    other = made()
    runs.start(other)
    wait(other, ended)
    for name in ("audit.json", "tables/steps.csv"):
        assert (run.result / name).read_bytes() == (other.result / name).read_bytes()


def test_a_resumed_run_keeps_its_result_until_the_new_one_is_whole() -> None:
    run = made()
    runs.start(run)
    wait(run, ended)
    old = run.result / "audit.json"
    old.write_text("the earlier result")
    runs.resume(run)
    wait(run, lambda now: any(run.path.glob("result.tmp-*")) or ended(now))
    assert old.read_text() == "the earlier result" or not runs.status(run).active
    wait(run, ended)
    assert json.loads(old.read_text())["steps"] == 12


def test_cancel_ends_a_run_and_keeps_what_was_finished() -> None:
    run = made("slow")
    runs.start(run)
    wait(run, lambda now: len(list(run.partial.glob("*"))) > 0)
    worker = worker_of(run)
    runs.cancel(run)
    assert wait(run, ended, 10).state == "cancelled"
    psutil.wait_procs([worker], timeout=5)
    assert not worker.is_running()
    assert 1 <= len(made_steps()) < 12
    assert not run.result.exists()


def test_cancel_breaks_into_a_step_that_does_not_listen() -> None:
    run = made("hangs")
    runs.start(run)
    wait(run, lambda now: now.phase == "attacking")
    runs.cancel(run)
    assert wait(run, ended, 20).state == "cancelled"


def test_cancelling_what_is_not_at_work_is_noted() -> None:
    run = made()
    runs.cancel(run)
    assert runs.status(run).state == "cancelled"
    runs.start(run)
    assert wait(run, ended).state == "done", "a run that was cancelled can be run again"
    runs.cancel(run)
    assert runs.status(run).state == "done", "what is done stays done"


def test_sigterm_from_outside_stops_and_is_not_taken_for_the_owners_wish() -> None:
    run = made("slow")
    runs.start(run)
    wait(run, lambda now: now.phase == "encoding")
    worker_of(run).terminate()
    assert wait(run, ended, 10).state == "stopped"


@pytest.mark.parametrize(
    ("name", "fault", "words"),
    [
        ("bad faces", "input", "choose another file"),
        ("our fault", "ours", "the log of the run says where"),
        ("no memory", "input", "memory"),
        ("full disk", "input", "free some space"),
    ],
)
def test_a_failure_is_one_sentence_and_its_traceback_is_in_the_log(
    name: str, fault: str, words: str
) -> None:
    run = made(name)
    runs.start(run)
    last = wait(run, ended)
    assert (last.state, last.fault) == ("failed", fault)
    assert words in last.error
    assert "Traceback" not in last.error
    assert "secret" not in last.error
    log = (run.path / "log.txt").read_text()
    assert ("Traceback" in log) == (name != "bad faces"), "what people do wrong is no crash"


def test_one_at_a_time_in_the_order_in_which_they_were_made() -> None:
    first, second, third = made("slow"), made(), made()
    for run in (first, third, second):  # started in another order
        runs.start(run)
        if run is first:
            wait(first, lambda now: now.state == "running")
    wait(third, lambda now: now.message == "number 2 in the queue")
    wait(second, lambda now: now.message == "next in the queue")
    assert ahead_of(second) == (1, 0)
    assert ahead_of(third) == (1, 1)
    worker_of(first).kill()  # the place of the dead is given up
    order = []
    while len(order) < 2:
        for run in (second, third):
            if run not in order and runs.status(run).state == "done":
                order.append(run)
        time.sleep(0.01)
    assert runs.status(second).finished <= runs.status(third).started + 60  # type: ignore[operator]
    assert order[0] == second
    assert runs.status(first).state == "stopped"


def test_a_run_in_the_background_waits_for_all_others_whenever_they_were_made() -> None:
    last = made(background=True)
    first, second = made("slow"), made()
    for run in (first, last, second):
        runs.start(run)
    wait(last, lambda now: "queue" in now.message)
    assert ahead_of(second)[0] + ahead_of(second)[1] <= 1
    wait(second, lambda now: now.state == "done")
    assert runs.status(first).state == "done"
    wait(last, lambda now: now.state == "done")


def test_a_run_in_the_background_pauses_while_another_is_at_work() -> None:
    last = made("slow", background=True)
    runs.start(last)
    wait(last, lambda now: now.state == "running" and now.done >= 1)
    other = made("slow")
    runs.start(other)
    wait(other, lambda now: now.state == "running")
    wait(last, lambda now: "paused" in now.message)
    before = runs.status(last).done
    wait(other, ended)
    assert runs.status(last).done == before, "it took no step meanwhile"
    assert wait(last, ended).state == "done"


def test_a_paused_run_can_be_cancelled() -> None:
    last, other = made("slow", background=True), made("slow")
    runs.start(last)
    wait(last, lambda now: now.state == "running" and now.done >= 1)
    runs.start(other)
    wait(last, lambda now: "paused" in now.message)
    runs.cancel(last)
    assert wait(last, ended).state == "cancelled"
    assert runs.status(other).active


def test_more_slots_where_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDFOLD_JOBS", "2")
    both = [made("slow"), made("slow")]
    for run in both:
        runs.start(run)
    for run in both:
        wait(run, lambda now: now.state == "running")
    assert {runs.status(run).state for run in both} == {"running"}
    for wrong in ("0", "x", "-1", "1000"):
        monkeypatch.setenv("BLINDFOLD_JOBS", wrong)
        with pytest.raises(InputError, match="from 1 to 64"):
            slots()


def test_a_second_worker_on_the_same_run_refuses() -> None:
    run = made("slow")
    runs.start(run)
    now = wait(run, lambda now: now.phase == "encoding")
    second = subprocess.run(
        [sys.executable, str(STAND_IN), str(run.path)], capture_output=True, text=True, timeout=60
    )
    assert second.returncode == 1
    assert "another worker" in second.stderr
    assert runs.status(run).pid == now.pid, "the first goes on"
    runs.start(run)  # a page opened twice
    assert runs.status(run).pid == now.pid


def test_pressing_run_twice_at_once_starts_one_worker() -> None:
    run = made("slow")
    together = [threading.Thread(target=runs.start, args=(run,)) for _ in range(5)]
    for one in together:
        one.start()
    for one in together:
        one.join()
    wait(run, lambda now: now.phase == "encoding")
    assert len(runs._workers(run)) == 1


def test_a_process_that_reuses_the_number_is_not_the_worker() -> None:
    run = made()
    mine = RunStatus("running", pid=ME.pid, born=birth(ME))
    write_status(run.path, mine)
    assert runs.status(run).state == "running"
    write_status(run.path, replace(mine, born=birth(ME) - 3600))
    assert runs.status(run).state == "stopped"
    runs.kill(run)
    assert ME.is_running(), "and is not killed for it"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"state": 1, "x": 2}', b"\xff", None])
def test_a_damaged_status_reads_as_stopped(damage: bytes | None) -> None:
    run = made()
    path = run.path / "status.json"
    path.unlink() if damage is None else path.write_bytes(damage)
    assert not runs.status(run).active


def test_a_status_is_never_read_half_written() -> None:
    run = made()
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            number += 1
            write_status(run.path, RunStatus("done", message="x" * (number % 5000), done=number))

    writer = threading.Thread(target=write)
    writer.start()
    readings = [read_status(run.path) for _ in range(2000)]
    over.set()
    writer.join()
    assert {now.state for now in readings} <= {"done", "stopped"}
    assert all(now.state == "done" or now.message == "not started yet" for now in readings)


def test_listing_is_newest_first_and_each_sees_their_own() -> None:
    mine, yours, also_mine = made(owner="me"), made(owner="you"), made(owner="me")
    assert runs.listing() == [also_mine, yours, mine]
    assert runs.listing("me") == [also_mine, mine]
    (yours.path / "meta.json").write_text("{")
    assert runs.listing() == [also_mine, mine], "a damaged one hides no other"


@pytest.mark.parametrize(
    "wrong", ["", "..", "../../etc", "A" * 32, "0" * 31, "0" * 33, "0" * 32, "\n" + "0" * 31]
)
def test_only_ids_of_runs_are_found(wrong: str) -> None:
    made()
    with pytest.raises(InputError):
        runs.find(wrong)


def test_a_path_that_leads_to_a_run_is_no_id() -> None:
    run = made()
    for wrong in (f"../runs/{run.id}", f"./{run.id}", str(run.path), f"{run.id}/"):
        with pytest.raises(InputError):
            runs.find(wrong)


def test_delete_ends_the_worker_and_leaves_nothing(workdir: Path) -> None:
    uploads = workdir / "cache" / "uploads" / "one"
    uploads.mkdir(parents=True)
    (uploads / "face.png").write_bytes(b"x")
    run = runs.create(config_from({"name": "slow"}), base=workdir, uploads=uploads)
    runs.start(run)
    wait(run, lambda now: now.phase == "encoding")
    worker = worker_of(run)
    runs.delete(run)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
    time.sleep(0.5)
    assert list(runs.runs_folder().glob("*")) in ([], [runs.runs_folder() / "queue.lock"])
    assert not list(runs.runs_folder().glob(".*"))
    assert not uploads.exists()
    with pytest.raises(InputError):
        runs.find(run.id)
    runs.delete(run)  # twice is once


def test_delete_takes_no_folder_that_is_not_an_upload(workdir: Path) -> None:
    """`uploads` of a run is written in a file: it must not lead anywhere else."""
    mine = workdir / "my faces"
    mine.mkdir()
    shared = workdir / "cache" / "uploads" / "shared"
    shared.mkdir(parents=True)
    for folder in (mine, workdir / "cache" / "uploads", workdir / "cache" / "uploads" / ".."):
        runs.delete(runs.create(config_from({}), base=workdir, uploads=folder))
        assert folder.exists()
    first, second = (runs.create(config_from({}), base=workdir, uploads=shared) for _ in range(2))
    runs.delete(first)
    assert shared.exists(), "another run still reads it"
    runs.delete(second)
    assert not shared.exists()


def test_a_run_that_cannot_be_made_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("the disk is full: free some space")

    monkeypatch.setattr(runs, "write_atomic", refuse)
    with pytest.raises(StoreError):
        made()
    assert not list(runs.runs_folder().iterdir())
