"""What faults of the machine do to a store, a run and its worker (found by tests.faults)."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from core import run as runs
from core import store as stores
from core import worker
from core.config import config_from
from core.engine import Processes
from core.errors import Cancelled, EngineError, StoreError
from core.progress import Progress
from core.run import RESERVE_BYTES, Run
from core.run_status import RunStatus, birth, write_status
from core.store import Store, key, write_atomic
from tests.faults.clock import shifted

ONE = key("one", 1, {}, [])
X = np.arange(3.0)
HOUR = 3600.0
ME = psutil.Process()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def run(workdir: Path) -> Run:
    return runs.create(config_from({"name": "x"}), base=workdir)


class Audit:
    """An audit that does one thing, when it is made or when it is written."""

    def __init__(self, made: Any = None, written: Any = None) -> None:
        self.made, self.written = made, written

    def audit(self, config: Any, **how: Any) -> None:
        if self.made:
            self.made(**how)

    def write(self, audit: Any, folder: Path) -> None:
        (folder / "audit.json").write_text("{}")
        if self.written:
            self.written()


def refuse(number: int) -> Any:
    def refusing(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return refusing


def test_what_is_broken_off_between_two_bytes_leaves_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: int) -> None:
        raise Cancelled("SIGTERM")

    write_atomic(tmp_path / "file", b"old")
    monkeypatch.setattr(stores.os, "fsync", interrupted)
    with pytest.raises(Cancelled):
        write_atomic(tmp_path / "file", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"old"}


def test_a_damaged_entry_that_cannot_be_removed_is_none(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(ONE, {"x": X})
    store.path(ONE).write_bytes(b"damaged")
    monkeypatch.setattr(Path, "unlink", refuse(errno.EROFS))
    assert store.load(ONE) is None


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_clock_that_is_set_ends_no_run(run: Run, seconds: float) -> None:
    write_status(run.path, RunStatus("running", pid=ME.pid, born=birth(ME)))
    with shifted(seconds):
        assert runs.status(run).state == "running"
        write_status(run.path, RunStatus("running", pid=ME.pid, born=birth(psutil.Process())))
    assert runs.status(run).state == "running", "and neither does one that is set right"


def test_a_run_does_not_start_for_hours_where_the_clock_went_back(run: Run) -> None:
    write_status(run.path, RunStatus("queued", message="starting"))
    assert runs.status(run).active
    with shifted(-HOUR):
        assert not runs.status(run).active


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_start_that_the_disk_refuses_is_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(runs, "_spawned", refuse(number))
    with pytest.raises(StoreError, match="BLINDFOLD_CACHE"):
        runs.start(run)
    assert runs.status(run).state == "stopped", "it does not seem to be starting"
    assert runs.status(run).message == "not started yet"


def test_a_cancellation_that_the_disk_refuses_is_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "touch", refuse(errno.EROFS))
    with pytest.raises(StoreError, match="BLINDFOLD_CACHE"):
        runs.cancel(run)


class _FullLog:
    """A log on a disk that is full."""

    write = flush = staticmethod(refuse(errno.ENOSPC))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_the_last_word_needs_no_log(run: Run, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(sys, "stderr", _FullLog())
    assert worker.work(run.path, audit=Audit(refuse(number))) == 2
    last = runs.status(run)
    assert (last.state, last.fault) == ("failed", "input")
    assert ("is full" in last.error) == (number == errno.ENOSPC)


def test_a_disk_that_takes_no_last_word_ends_the_worker_in_order(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise StoreError("read-only")

    def broken(**_: Any) -> None:
        monkeypatch.setattr(worker, "write_status", never)
        monkeypatch.setattr(Path, "unlink", refuse(errno.EROFS))
        raise OSError(errno.EROFS, "read-only")

    assert worker.work(run.path, audit=Audit(broken)) == 2


def test_what_was_kept_back_for_a_full_disk_is_kept_back_again(run: Run) -> None:
    (run.path / "reserve").unlink()
    assert worker.work(run.path, audit=Audit()) == 0
    assert (run.path / "reserve").stat().st_size == RESERVE_BYTES


def test_a_first_word_that_the_disk_refuses_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = worker.write_status

    def full(folder: Path, status: RunStatus) -> None:
        if (folder / "reserve").exists():
            raise StoreError("the disk is full")
        real(folder, status)

    monkeypatch.setattr(worker, "write_status", full)
    assert worker.work(run.path, audit=Audit()) == 2
    assert runs.status(run).error == "the disk is full"


def test_sigterm_that_something_swallows_still_ends_the_run(run: Run) -> None:
    def swallowed(progress: Progress, **_: Any) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except Exception:
            assert progress.silent().cancelled(), "fits in threads hear of it too"
        progress.start("attacking", 1)
        pytest.fail("the work went on")

    assert worker.work(run.path, audit=Audit(swallowed)) == 130
    assert runs.status(run).message.startswith("stopped from outside")


def test_sigterm_that_comes_back_as_another_error_is_no_fault(run: Run) -> None:
    def other(**_: Any) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except Exception as error:
            raise RuntimeError("the far store does not answer") from error

    assert worker.work(run.path, audit=Audit(other)) == 130
    assert runs.status(run).state == "stopped"


@pytest.mark.parametrize("error", [StoreError("full"), Cancelled("ended"), RuntimeError("ours")])
def test_half_a_result_goes_at_once(run: Run, error: Exception) -> None:
    def fail() -> None:
        raise error

    assert worker.work(run.path, audit=Audit(written=fail)) != 0
    assert not list(run.path.glob("result*"))


def test_an_old_result_is_back_where_the_renames_are_broken_off(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert worker.work(run.path, audit=Audit()) == 0
    real = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if self.name.startswith("result.tmp"):
            raise Cancelled("SIGTERM")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    assert worker.work(run.path, audit=Audit()) == 130
    assert [path.name for path in run.path.glob("result*")] == ["result"]


def _dies(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_process_of_the_engine_that_is_killed_is_a_sentence() -> None:
    with Processes(1) as engine, pytest.raises(EngineError, match="ended from outside"):
        list(engine.map(_dies, [1]))


def test_a_worker_of_the_same_number_after_a_new_start_of_the_machine_is_another(run: Run) -> None:
    mine = RunStatus("running", pid=ME.pid, born=birth(ME))
    write_status(run.path, replace(mine, born=birth(ME) + 60))
    assert runs.status(run).state == "stopped"
