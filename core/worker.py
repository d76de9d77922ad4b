"""What runs in a run's own process: waits for its turn, audits, writes the result.

`python -m core.worker RUN_DIR` is started by `core.run.start`, never by hand. How it ends, whatever
happens, is in `core.run_ending`.
"""

from __future__ import annotations

import faulthandler
import os
import re
import secrets
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psutil

from core.errors import StoreError
from core.locks import locked
from core.progress import Progress, Status
from core.rights import keep_private
from core.run import RESERVE_BYTES, Run, open_run
from core.run_ending import ending, into_place, report, say, settle
from core.run_fraction import Fraction
from core.run_queue import gives_way, wait_for_turn
from core.run_repeated import made_from, note, repeat
from core.run_status import RunStatus, birth, read_status, write_status
from core.store import Store, sweep, write_atomic

if TYPE_CHECKING:
    import pandas as pd

    from core.config import Config

STARTED_SECONDS = 3.0
"""How long a worker waits for the one that started it; for another worker it waits no longer."""

_WRITE_SECONDS = 0.3

_LOG_SECONDS = 30.0
"""How often the log notes how far a run is; it notes the beginning of each phase too."""

_GIVE_WAY_SECONDS = 1.0
"""How often a run in the background looks whether another wants the machine."""
_TABLE = re.compile(r"[a-z0-9_]+")


class Auditor(Protocol):
    """What does the work: `core.study.audit`, or a stand-in in a test."""

    def audit(
        self,
        config: Config,
        *,
        base: Path,
        store: Store,
        progress: Progress,
        publish: Callable[[str, pd.DataFrame], None],
    ) -> Any:
        """Audit as `config` says; `publish` hands out a table as soon as it is there."""
        ...

    def write(self, audit: Any, folder: Path) -> None:
        """Write `audit.json` and the tables into the empty `folder`."""
        ...


class Teller:
    """Writes the status of one run, and says when its owner wants it to end."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.status = read_status(run.path)
        self._told = self._looked = self._paused = 0.0
        self._noted = -_LOG_SECONDS
        self._fraction = Fraction(self._clock)
        self._at_work = False
        self._pausing = threading.Lock()
        self.interrupted = False
        """Whether SIGTERM came. What it breaks into may swallow it, or call it something else."""

    def cancelled(self) -> bool:
        """Whether the owner asked for an end, or deleted the run."""
        return (self.run.path / "cancel").exists() or not self.run.path.exists()

    def asked_to_end(self) -> bool:
        """Whether to end, asked between steps: a run in the background pauses here for others."""
        self._give_way()
        return self.cancelled() or self.interrupted

    def _clock(self) -> float:
        """Seconds at work; pauses do not count."""
        return time.monotonic() - self._paused

    def _give_way(self) -> None:
        # Fits in threads ask too: a pause is one, however many wait for its end.
        with self._pausing:
            self._give_way_alone()

    def _give_way_alone(self) -> None:
        now = time.monotonic()
        if not self._at_work or not self.run.background or now - self._looked < _GIVE_WAY_SECONDS:
            return
        if gives_way(self.run):
            before = self.status
            with suppress(StoreError):
                self.tell(replace(before, eta=None, message="paused: another audit is at work"))
            while gives_way(self.run) and not self.cancelled():
                time.sleep(_GIVE_WAY_SECONDS)
            self._paused += time.monotonic() - now
            with suppress(StoreError):
                self.tell(before)
        self._looked = time.monotonic()

    def begin(self) -> None:
        """Say who is at work."""
        me = psutil.Process()
        fresh = RunStatus("queued", message="waiting", pid=me.pid, born=birth(me))
        self.tell(replace(fresh, started=time.time()))

    def tell(self, status: RunStatus) -> None:
        """Write `status`, unless the run was deleted meanwhile and is not to be made again."""
        self.status = status
        if self.run.path.exists():
            write_status(self.run.path, status)

    def listen(self, status: Status) -> None:
        """Take in the progress of the audit, and pass it on a few times a second."""
        fraction = self._fraction.at(status.phase, status.done, status.total, status.found)
        now = time.monotonic()
        if status.phase != self.status.phase or now - self._noted >= _LOG_SECONDS:
            self._noted = now
            _note(status, fraction, self._fraction.left())
        if status.phase == self.status.phase and now - self._told < _WRITE_SECONDS:
            return
        self._told = now
        told = replace(
            self.status,
            phase=status.phase,
            done=status.done,
            total=status.total,
            eta=self._fraction.left(),
            fraction=fraction,
            message=status.message,
        )
        with suppress(StoreError):  # a bar that stands still is no reason to stop the work
            self.tell(told)

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Take in what the audit expects of its phases."""
        self._fraction.plan(seconds)

    def working(self, status: RunStatus) -> None:
        """The turn has come: the clock of the estimate starts."""
        self.status, self._fraction, self._at_work = status, Fraction(self._clock), True

    def end(self, state: Any, message: str, *, error: str = "", fault: str = "") -> None:
        """The last word; where the disk takes none at all, the run reads as stopped."""
        whole = 1.0 if state == "done" else self.status.fraction
        said = replace(self.status, state=state, message=message, error=error, fault=fault)
        last = replace(said, fraction=whole, eta=None, finished=time.time())
        try:
            self.tell(last)
        except StoreError:
            with suppress(OSError):  # the disk is full: room for a word
                (self.run.path / "reserve").unlink(missing_ok=True)
            try:
                self.tell(last)
            except StoreError as refusal:
                say(f"{state}: {error or message}; and {refusal}")


def work(folder: Path, audit: Auditor | None = None) -> int:
    """Do the run in `folder` from queue to result; returns the exit status of the contract."""
    run = open_run(folder)
    # `start` holds the lock for a moment, until it has noted who was started.
    with locked(folder / "worker.lock", patience=STARTED_SECONDS) as alone:
        if not alone:
            say(f"another worker is on run {run.id} already: this one ends")
            return 1
        teller = Teller(run)
        progress = Progress(teller.listen, teller.asked_to_end, teller.plan)
        return ending(teller, lambda: _audited(run, teller, progress, audit))


def _audited(run: Run, teller: Teller, progress: Progress, auditor: Auditor | None) -> None:
    teller.begin()
    teller.working(wait_for_turn(run, progress.check))
    _tidy(run)
    made = made_from(run) if auditor is None else None
    fresh = run.path / f"result.tmp-{secrets.token_hex(4)}"
    try:
        same = repeat(run, made, fresh) if made is not None else None
        if same is not None:
            say(f"the same audit was finished as run {same.id}: its result is taken")
        else:
            _made(run, progress, auditor, fresh)
            # Files that changed meanwhile were read in part as they were: nobody repeats that.
            if made is not None and made_from(run) == made:
                note(run, made, fresh)
        progress.check()
        into_place(fresh, run.result)
    finally:
        settle(run)


def _made(run: Run, progress: Progress, auditor: Auditor | None, fresh: Path) -> None:
    """Do the audit, and write its result into the new folder `fresh`."""
    progress.start("starting", 1, "loading what the audit needs")
    # torch and its kin are loaded here, after the turn has come, and never before.
    chosen: Any = auditor or import_module("core.study.audit")

    def publish(name: str, table: pd.DataFrame) -> None:
        if not _TABLE.fullmatch(name):
            raise ValueError(f"'{name}' is no name of a table")
        write_atomic(run.partial / f"{name}.csv", table.to_csv(index=False).encode())

    found = chosen.audit(
        run.config(), base=run.base, store=Store(), progress=progress, publish=publish
    )
    progress.start("writing", 1, "writing the result")
    fresh.mkdir(mode=0o700)
    chosen.write(found, fresh)
    report(fresh)


def _tidy(run: Run) -> None:
    """Take away what a killed worker left; an old result that was being replaced comes back."""
    settle(run)
    if not (run.path / "reserve").exists():  # a full disk took it
        write_atomic(run.path / "reserve", bytes(RESERVE_BYTES))
    sweep(Store().root)
    for half in run.path.rglob(".*.tmp"):
        half.unlink(missing_ok=True)


def _note(status: Status, fraction: float, left: float | None) -> None:
    """Write to the log where a run stands, from which `benchmarks.profile` reads what it took."""
    rest = "" if left is None else f", about {left:.0f} s left"
    say(
        f"{time.strftime('%Y-%m-%d %H:%M:%S')} {fraction:.0%} {status.phase} {status.done} of "
        f"{status.total}{rest}"
    )


NICE = 10
"""Whoever looks at a page does not wait for an audit: a worker takes what pages leave."""


def main(arguments: list[str]) -> int:
    """Do the run whose directory is the one argument."""
    faulthandler.enable()
    os.nice(NICE)
    keep_private()
    [folder] = arguments
    say(f"{time.strftime('%Y-%m-%d %H:%M:%S')} worker {os.getpid()} begins")
    return work(Path(folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
