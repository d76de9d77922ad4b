"""How a run stands: one small file, replaced whole, that anybody may read at any time."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import psutil

from core.store import write_atomic

State = Literal["queued", "running", "done", "failed", "cancelled", "stopped"]

STARTING_SECONDS = 30.0
"""How long a run may be about to start, with no worker known, before it counts as stopped."""

_SAME_BIRTH_SECONDS = 2.0  # `born` is the difference of two clocks, read one after the other


@dataclass(frozen=True)
class RunStatus:
    """One reading of a run.

    `fraction` of the whole is from 0 to 1 and never falls; `eta` is in seconds for the whole run,
    None while unknown; `done` of `total` counts within `phase`. `error` is one sentence for a
    person, and `fault` says whose it is: "input" or "ours". `pid` and `born` (see `birth`) name
    the worker. Times are seconds since 1970, None where not reached.
    """

    state: State = "stopped"
    phase: str = ""
    done: int = 0
    total: int = 0
    eta: float | None = None
    fraction: float = 0.0
    message: str = ""
    error: str = ""
    fault: str = ""
    pid: int | None = None
    born: float | None = None
    started: float | None = None
    updated: float = 0.0
    finished: float | None = None

    @property
    def active(self) -> bool:
        """Whether a worker is on it, or waits for its turn."""
        return self.state in ("queued", "running")


def write_status(folder: Path, status: RunStatus) -> None:
    """Replace the status of the run in `folder`; raises `StoreError` where the disk refuses."""
    stamped = replace(status, updated=time.time())
    write_atomic(folder / "status.json", json.dumps(asdict(stamped)).encode())


def read_status(folder: Path) -> RunStatus:
    """The status as it was last written; an unreadable one counts as stopped."""
    try:
        found: dict[str, Any] = json.loads((folder / "status.json").read_bytes())
        known = {field.name for field in fields(RunStatus)}
        return RunStatus(**{name: value for name, value in found.items() if name in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return RunStatus(message="the status of this run cannot be read: run it again")


def birth(process: psutil.Process) -> float:
    """Seconds from the machine's boot to the start of `process`.

    Setting the clock moves both ends alike, so that whoever looks at any time finds the same.
    """
    return float(process.create_time() - psutil.boot_time())


def alive(status: RunStatus) -> bool:
    """Whether the worker that wrote `status` still lives; a reused process number is not it."""
    if status.pid is None:
        # Either way: a clock that was set back must not keep a run starting for hours.
        return abs(time.time() - status.updated) < STARTING_SECONDS
    try:
        process = psutil.Process(status.pid)
        same = abs(birth(process) - (status.born or 0.0)) < _SAME_BIRTH_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def current_status(folder: Path) -> RunStatus:
    """The status as it is now: a run whose worker is gone is `stopped`, whatever it wrote last."""
    found = read_status(folder)
    if not found.active or alive(found):
        return found
    # The worker may have ended between the two looks: what it wrote last is the truth.
    found = read_status(folder)
    if not found.active:
        return found
    gone = "the worker is gone; running it again goes on from what the store holds"
    return replace(found, state="stopped", eta=None, message=gone)
