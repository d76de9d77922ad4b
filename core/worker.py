"""What runs in a run's own process: waits for its turn, audits, puts the result in place.

`python -m core.worker RUN_DIR` is started by `core.run.start`, never by hand. Whatever happens,
the status ends in a word and a sentence for a person; tracebacks go to the log only.
"""

from __future__ import annotations

import errno
import faulthandler
import json
import os
import re
import secrets
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

import psutil

from core.errors import Cancelled, InputError, StoreError
from core.locks import locked
from core.progress import Progress, Status
from core.rights import keep_private
from core.run import RESERVE_BYTES, Run, open_run
from core.run_fraction import Fraction
from core.run_queue import gives_way, wait_for_turn
from core.run_repeated import made_from, note, repeat
from core.run_status import RunStatus, birth, read_status, write_status
from core.store import Store, refused, sweep, write_atomic

if TYPE_CHECKING:
    import pandas as pd

    from core.config import Config
GRACE_SECONDS = 2.0
"""From being asked to stop until the work is interrupted, and again until the process ends."""

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
                _say(f"{state}: {error or message}; and {refusal}")


def work(folder: Path, audit: Auditor | None = None) -> int:
    """Do the run in `folder` from queue to result; returns the exit status of the contract."""
    run = open_run(folder)
    # `start` holds the lock for a moment, until it has noted who was started.
    with locked(folder / "worker.lock", patience=STARTED_SECONDS) as alone:
        if not alone:
            _say(f"another worker is on run {run.id} already: this one ends")
            return 1
        teller = Teller(run)
        progress = Progress(teller.listen, teller.asked_to_end, teller.plan)
        return _ending(teller, lambda: _audited(run, teller, progress, audit))


def _audited(run: Run, teller: Teller, progress: Progress, auditor: Auditor | None) -> None:
    teller.begin()
    teller.working(wait_for_turn(run, progress.check))
    _tidy(run)
    made = made_from(run) if auditor is None else None
    fresh = run.path / f"result.tmp-{secrets.token_hex(4)}"
    try:
        same = repeat(run, made, fresh) if made is not None else None
        if same is not None:
            _say(f"the same audit was finished as run {same.id}: its result is taken")
        else:
            _made(run, progress, auditor, fresh)
            # Files that changed meanwhile were read in part as they were: nobody repeats that.
            if made is not None and made_from(run) == made:
                note(run, made, fresh)
        progress.check()
        _into_place(fresh, run.result)
    finally:
        _settle(run)


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
    _report(fresh)


def _report(result: Path) -> None:
    """Write the report beside the tables; without one the audit is whole all the same."""
    try:
        import_module("core.report.write").write_beside(result, Store())
    except Cancelled:
        raise
    except Exception as error:
        if isinstance(error, InputError):
            _say(f"no report: {error}")
        else:
            _say(traceback.format_exc())
        _noted(result, "no report was written: the log says why; core report OUT makes one later")


def _noted(result: Path, warning: str) -> None:
    """Add a warning to an audit that is written already."""
    path = result / "audit.json"
    with suppress(OSError, ValueError, KeyError, AttributeError, TypeError, StoreError):
        told = json.loads(path.read_bytes())
        told["warnings"].append(warning)
        write_atomic(path, json.dumps(told, indent=2, ensure_ascii=False).encode())


def _tidy(run: Run) -> None:
    """Take away what a killed worker left; an old result that was being replaced comes back."""
    _settle(run)
    if not (run.path / "reserve").exists():  # a full disk took it
        write_atomic(run.path / "reserve", bytes(RESERVE_BYTES))
    sweep(Store().root)
    for half in run.path.rglob(".*.tmp"):
        half.unlink(missing_ok=True)


def _settle(run: Run) -> None:
    """One result, the new one or else the old one, and nothing beside it, wherever its renames were
    broken off."""
    for old in run.path.glob("result.old-*"):
        if run.result.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            with suppress(OSError):  # the next worker tries again
                old.rename(run.result)
    for half in run.path.glob("result.tmp-*"):
        shutil.rmtree(half, ignore_errors=True)


def _into_place(fresh: Path, result: Path) -> None:
    """Rename the finished result into place; a folder cannot be replaced in one step."""
    old = result.with_name(f"result.old-{secrets.token_hex(4)}")
    if result.exists():
        result.rename(old)
    fresh.rename(result)
    shutil.rmtree(old, ignore_errors=True)


_OURS = "this is a fault of ours and not of your data: the log of the run says where"
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def _ending(teller: Teller, do: Callable[[], None]) -> int:
    """Run `do` and turn whatever comes of it into the run's last word and an exit status."""
    try:
        with _interruptible(teller):
            do()
    except Exception as error:
        if isinstance(error, Cancelled) or teller.interrupted:
            return _stopped(teller)
        return _failed(teller, error)
    teller.end("done", "done")
    return 0


def _stopped(teller: Teller) -> int:
    """The last word of a run that its owner, or the machine's, wanted to end."""
    if teller.cancelled():
        teller.end("cancelled", "cancelled")
    else:
        said = "stopped from outside; running it again goes on from what the store holds"
        teller.end("stopped", said)
    return 130


def _failed(teller: Teller, error: Exception) -> int:
    """The last word on `error`: whose fault it is, and the way out."""
    if isinstance(error, InputError):
        _say(f"input: {error}")
        said = str(error)
    else:
        _say("".join(traceback.format_exception(error)))
        said = _foreseen(teller.run, error)
    teller.end("failed", "failed", error=said or _OURS, fault="input" if said else "ours")
    return 2 if said else 1


def _foreseen(run: Run, error: Exception) -> str:
    """The way out of an error of Python's own that the machine is to blame for; else empty."""
    if isinstance(error, MemoryError):
        return (
            "the memory of this computer was not enough for this audit: close other programs, "
            "choose a smaller set, or fewer processes"
        )
    if isinstance(error, OSError) and error.errno in _DISK:
        return refused(Path(error.filename or run.path / "result"), error)
    return ""


def _say(text: str) -> None:
    """Write to the log of the run; a full disk takes nothing, and that ends no work."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


@contextmanager
def _interruptible(teller: Teller) -> Iterator[None]:
    """Let SIGTERM, and an owner who has waited long enough, break into the work.

    The audit looks at the cancel file between its steps, which is usually soon enough; a step that
    takes longer is interrupted from outside, and one that hangs in native code ends the process.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        teller.interrupted = True
        raise Cancelled("interrupted")

    over = threading.Event()
    before = signal.signal(signal.SIGTERM, stop)
    watch = threading.Thread(target=_watch, args=(teller, over), name="cancel", daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        signal.signal(signal.SIGTERM, before)


def _watch(teller: Teller, over: threading.Event) -> None:
    while not teller.cancelled():
        if over.wait(0.2):
            return
    if over.wait(GRACE_SECONDS):
        return
    os.kill(os.getpid(), signal.SIGTERM)
    if over.wait(GRACE_SECONDS):
        return
    # What the store and the run hold is whole at every moment, so that this loses nothing.
    teller.end("cancelled", "cancelled")
    os._exit(130)


def _note(status: Status, fraction: float, left: float | None) -> None:
    """Write to the log where a run stands, from which `benchmarks.profile` reads what it took."""
    rest = "" if left is None else f", about {left:.0f} s left"
    _say(
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
    _say(f"{time.strftime('%Y-%m-%d %H:%M:%S')} worker {os.getpid()} begins")
    return work(Path(folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
