"""Everything goes on its date, nothing sooner, and nothing that somebody is at work with."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from core import retention
from core import run as runs
from core.config import config_from
from core.errors import ConfigError, StoreError
from core.locks import locked
from core.purge import DAY_SECONDS, KEEP_DAYS
from core.retention import KEEP, Sweeper, Swept, run_expires, sweep, upload_expires
from core.run_status import RunStatus, write_status
from core.store import home, write_atomic

TERM = KEEP_DAYS * DAY_SECONDS


@pytest.fixture(autouse=True)
def _home(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEEP, raising=False)


def made(
    days: float, owner: str | None = "ada", state: str = "done", uploads: Path | None = None
) -> runs.Run:
    """A run that ended so many days ago."""
    run = runs.create(config_from({}), base=Path.cwd(), owner=owner, uploads=uploads)
    meta = json.loads((run.path / "meta.json").read_bytes())
    meta["created"] = time.time() - days * DAY_SECONDS
    (run.path / "meta.json").write_text(json.dumps(meta))
    run = runs.open_run(run.path)
    write_status(run.path, RunStatus(state=state))  # type: ignore[arg-type]
    if state == "done":
        told = json.loads((run.path / "status.json").read_bytes())
        write_atomic(
            run.path / "status.json", json.dumps({**told, "updated": meta["created"]}).encode()
        )
    return run


def uploaded(days: float, name: str = "a" * 32) -> Path:
    """An upload of so many days ago, to which something was added today."""
    folder = home() / "uploads" / name
    (folder / "files").mkdir(parents=True)
    told = {"created": time.time() - days * DAY_SECONDS}
    (folder / "upload.json").write_text(json.dumps(told))
    (folder / "same_person.parquet").write_bytes(b"made today")
    return folder


def result(days: float) -> Path:
    """A result of the store that was written so many days ago."""
    file = home() / "store" / "ab" / f"{'ab' * 32}.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"vectors")
    then = time.time() - days * DAY_SECONDS
    os.utime(file, (then, then))
    return file


def test_what_is_past_its_date_goes_and_what_is_not_stays() -> None:
    old, young = made(KEEP_DAYS + 1), made(KEEP_DAYS - 1)
    gone, here = uploaded(KEEP_DAYS + 1), uploaded(KEEP_DAYS - 1, "b" * 32)
    assert sweep() == Swept(runs=1, uploads=1)
    assert [path.exists() for path in (old.path, young.path)] == [False, True]
    assert [path.exists() for path in (gone, here)] == [False, True]
    assert sweep() == Swept()


def test_the_date_that_is_shown_is_the_date(monkeypatch: pytest.MonkeyPatch) -> None:
    run, upload = made(0), uploaded(0)
    shown = run_expires(run)
    assert shown is not None
    created = json.loads((upload / "upload.json").read_bytes())["created"]
    last = max(shown, upload_expires(created))
    for moment, there in ((min(shown, last) - 60, True), (last + 60, False)):
        monkeypatch.setattr(retention.time, "time", lambda moment=moment: moment)
        sweep()
        assert run.path.exists() is there
        assert upload.exists() is there


def test_the_runs_of_a_persons_own_computer_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    run = made(100, owner=None)
    assert run_expires(run) is None
    assert sweep() == Swept()
    monkeypatch.setenv(KEEP, "30d")
    assert run_expires(run) is not None
    assert sweep() == Swept(runs=1)


def test_a_term_of_ones_own_holds_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    run, upload = made(2), uploaded(2)
    monkeypatch.setenv(KEEP, "3d")
    assert sweep() == Swept()
    monkeypatch.setenv(KEEP, "36h")
    assert retention.kept_for() == "36 hours"
    assert sweep() == Swept(runs=1, uploads=1)
    assert not run.path.exists()
    assert not upload.exists()


def test_a_term_that_is_no_age_deletes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = made(100)
    monkeypatch.setenv(KEEP, "soon")
    with pytest.raises(ConfigError, match="soon"):
        sweep()
    assert run.path.exists()


def test_what_a_run_at_work_reads_stays() -> None:
    upload = uploaded(KEEP_DAYS + 1)
    run = made(KEEP_DAYS + 1, state="running", uploads=upload)
    assert run_expires(run) is None
    assert sweep() == Swept()
    assert run.path.exists()
    assert upload.exists()


@pytest.mark.parametrize("computed", [False, True])
def test_what_was_computed_goes_where_that_is_wanted(computed: bool) -> None:
    old = result(KEEP_DAYS + 1)
    assert sweep(computed=computed) == Swept(results=int(computed))
    assert old.exists() is not computed
    young = result(KEEP_DAYS - 1)
    sweep(computed=True)
    assert young.exists()


def test_what_is_not_ours_stays() -> None:
    other = home() / "uploads" / "mine"
    other.mkdir(parents=True)
    then = time.time() - 100 * DAY_SECONDS
    os.utime(other, (then, then))
    assert sweep(computed=True) == Swept()
    assert other.exists()


def test_one_that_cannot_go_keeps_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    made(KEEP_DAYS + 1)
    made(KEEP_DAYS + 2)
    stuck = runs.listing()[0].id
    really = retention.delete

    def delete(run: runs.Run) -> None:
        if run.id == stuck:
            raise StoreError("held")
        really(run)

    monkeypatch.setattr(retention, "delete", delete)
    assert sweep() == Swept(runs=1, failed=("held",))
    assert [run.id for run in runs.listing()] == [stuck]


def test_one_sweep_at_a_time() -> None:
    made(KEEP_DAYS + 1)
    with locked(home() / "sweep.lock"):
        assert sweep() == Swept()
    assert sweep() == Swept(runs=1)


def test_the_sweeper_sweeps_at_once_and_again(capfd: pytest.CaptureFixture[str]) -> None:
    def wait_for(path: Path) -> None:
        deadline = time.monotonic() + 60
        while path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not path.exists()

    first = made(KEEP_DAYS + 1)
    sweeper = Sweeper(computed=False, every=0.05)
    wait_for(first.path)
    wait_for(made(KEEP_DAYS + 1).path)
    sweeper.stop()
    assert "1 runs" in capfd.readouterr().err
    last = made(KEEP_DAYS + 1)
    time.sleep(0.2)
    assert last.path.exists()


def test_the_sweeper_outlives_a_failure(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(KEEP, "soon")
    sweeper = Sweeper(computed=False, every=0.05)
    deadline = time.monotonic() + 60
    while "nothing could be swept" not in capfd.readouterr().err:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    sweeper.stop()
