"""Locks between processes, which the kernel gives back when their holder dies."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TRY_SECONDS = 0.05


@contextmanager
def locked(path: Path, patience: float | None = None) -> Iterator[bool]:
    """Hold the lock file `path`; yields whether it was got within `patience` seconds.

    None waits for as long as it takes, and 0 tries once.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    how = fcntl.LOCK_EX if patience is None else fcntl.LOCK_EX | fcntl.LOCK_NB
    deadline = time.monotonic() + (patience or 0.0)
    with open(path, "ab") as file:  # closing it gives the lock back
        while True:
            try:
                fcntl.flock(file, how)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    yield False
                    return
                time.sleep(_TRY_SECONDS)
        yield True
