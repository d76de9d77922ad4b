"""The queue: so many runs at a time, the others wait in the order in which they were made.

There is no server. Each waiting worker looks at the runs around it under a lock that the kernel
gives back when its holder dies, and goes ahead when it is first and there is room. Runs in the
background come after all others and take no room from them: they pause while another is at work.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace

from core.errors import ConfigError
from core.locks import locked
from core.run import Run, listing, runs_folder, status
from core.run_status import RunStatus, read_status, write_status

_LOOK_SECONDS = 0.3


def slots() -> int:
    """How many runs may be at work at once: `BLINDFOLD_JOBS`, or one."""
    asked = os.environ.get("BLINDFOLD_JOBS", "1")
    if not asked.isdecimal() or not 1 <= int(asked) <= 64:
        raise ConfigError(f"BLINDFOLD_JOBS is '{asked}': use a whole number from 1 to 64")
    return int(asked)


def ahead_of(run: Run) -> tuple[int, int]:
    """(runs at work, runs that wait and go first), the dead not counted.

    To a run in the foreground those in the background do not count.
    """
    working = waiting = 0
    for other in listing():
        if other.id == run.id or (other.background and not run.background):
            continue
        state = status(other).state
        working += state == "running"
        waiting += state == "queued" and _place(other) < _place(run)
    return working, waiting


def _place(run: Run) -> tuple[bool, float, str]:
    return run.background, run.created, run.id


def gives_way(run: Run) -> bool:
    """Whether this run is in the background and another wants the machine."""
    if not run.background:
        return False
    others = (other for other in listing() if not other.background)
    return any(status(other).active for other in others)


def wait_for_turn(run: Run, check: Callable[[], None]) -> RunStatus:
    """Wait until it is this run's turn and mark it as running; `check` may raise to give up.

    The caller has written a status with its process number already, so that others count it.
    """
    shown = ""
    while True:
        check()
        with locked(runs_folder() / "queue.lock"):
            working, waiting = ahead_of(run)
            if waiting == 0 and working < slots():
                mine = replace(read_status(run.path), state="running", message="")
                write_status(run.path, mine)
                return mine
        place = f"number {waiting + 1} in the queue" if waiting else "next in the queue"
        if place != shown:
            write_status(run.path, replace(read_status(run.path), message=place))
            shown = place
        time.sleep(_LOOK_SECONDS)
