"""How a run ends: its report, its result in place, half ones away, and the last word.

Whatever comes of the work, the status ends in a word and a sentence for a person; tracebacks go to
the log only. What ends it from outside, an owner or SIGTERM, is listened for here.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from core.errors import Cancelled, InputError, StoreError
from core.run import Run
from core.store import Store, refused, write_atomic

if TYPE_CHECKING:
    from core.worker import Teller

GRACE_SECONDS = 2.0
"""From being asked to stop until the work is interrupted, and again until the process ends."""

_OURS = "this is a fault of ours and not of your data: the log of the run says where"
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def ending(teller: Teller, do: Callable[[], None]) -> int:
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


def say(text: str) -> None:
    """Write to the log of the run; a full disk takes nothing, and that ends no work."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


# -- the result ------------------------------------------------------------------------------------


def report(result: Path) -> None:
    """Write the report beside the tables; without one the audit is whole all the same."""
    try:
        import_module("core.report.write").write_beside(result, Store())
    except Cancelled:
        raise
    except Exception as error:
        if isinstance(error, InputError):
            say(f"no report: {error}")
        else:
            say(traceback.format_exc())
        _noted(result, "no report was written: the log says why; core report OUT makes one later")


def _noted(result: Path, warning: str) -> None:
    """Add a warning to an audit that is written already."""
    path = result / "audit.json"
    with suppress(OSError, ValueError, KeyError, AttributeError, TypeError, StoreError):
        told = json.loads(path.read_bytes())
        told["warnings"].append(warning)
        write_atomic(path, json.dumps(told, indent=2, ensure_ascii=False).encode())


def into_place(fresh: Path, result: Path) -> None:
    """Rename the finished result into place; a folder cannot be replaced in one step."""
    old = result.with_name(f"result.old-{secrets.token_hex(4)}")
    if result.exists():
        result.rename(old)
    fresh.rename(result)
    shutil.rmtree(old, ignore_errors=True)


def settle(run: Run) -> None:
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


# -- the last word ---------------------------------------------------------------------------------


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
        say(f"input: {error}")
        said = str(error)
    else:
        say("".join(traceback.format_exception(error)))
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


# -- an end from outside ---------------------------------------------------------------------------


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
