"""Inside a worker: what is done at a moment of the plan."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psutil

from tests.faults.clock import shift
from tests.faults.damage import damage

if TYPE_CHECKING:
    from tests.faults.moments import Moments

PATIENCE = 900.0
"""Seconds that a worker that was told to wait waits at most."""

FILLER = "filler"
"""The file that fills a real disk."""


def kill(moments: Moments) -> None:
    """SIGKILL."""
    os.kill(os.getpid(), signal.SIGKILL)


def terminate(moments: Moments) -> None:
    """SIGTERM."""
    os.kill(os.getpid(), signal.SIGTERM)


def kill_child(moments: Moments) -> None:
    """SIGKILL to one process of the engine, if it has any at this moment."""
    for child in psutil.Process().children():
        if "multiprocessing.spawn" in " ".join(child.cmdline()):
            child.kill()
            return


def full(moments: Moments) -> None:
    """No byte more."""
    moments.disk.refuse(errno.ENOSPC)


def broken(moments: Moments, how: str) -> None:
    """Input and output errors: `once` at the next write, at the next `read`, or `always`."""
    moments.disk.refuse(errno.EIO, once=how != "always", reads=how == "read")


def read_only(moments: Moments) -> None:
    """Nothing may be changed any more."""
    moments.disk.refuse(errno.EROFS)


def fill(moments: Moments) -> None:
    """Write to the disk itself until it is full."""
    with open(moments.home / FILLER, "ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1 << 8, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue


def clock(moments: Moments, seconds: str) -> None:
    """The clock of the machine is set."""
    shift(float(seconds))


def hurt(moments: Moments, how: str, count: str) -> None:
    """Damage entries of the store."""
    for key in damage(moments.home / "store", how, int(count), moments.plan.seed):
        moments.trace.say("damaged", key)


def hold(moments: Moments) -> None:
    """Say that the moment is there, and wait until the campaign says go."""
    (moments.folder / f"{moments.run.name}.reached").touch()
    _until(lambda: (moments.folder / "go").exists())


def meet(moments: Moments, count: str) -> None:
    """Wait until so many workers are at this point of their plans."""
    place = f"met{len(list(moments.folder.glob(f'{moments.run.name}.met*')))}"
    (moments.folder / f"{moments.run.name}.{place}").touch()
    _until(lambda: len(list(moments.folder.glob(f"*.{place}"))) >= int(count))


def _until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not there() and time.monotonic() < end:
        time.sleep(0.01)


DOES: dict[str, Callable[..., Any]] = {
    "kill": kill,
    "terminate": terminate,
    "kill-child": kill_child,
    "full": full,
    "broken": broken,
    "read-only": read_only,
    "fill": fill,
    "clock": clock,
    "hurt": hurt,
    "hold": hold,
    "meet": meet,
}
"""What a plan may ask for, by name; words after the name are arguments."""
