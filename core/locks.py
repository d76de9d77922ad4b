"""Locks between processes, which the kernel gives back when their holder dies."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.rights import append_to, make_folder

_TRY_SECONDS = 0.05


@contextmanager
def locked(path: Path, patience: float | None = None) -> Iterator[bool]:
    """Hold the lock file `path`; yields whether it was got within `patience` seconds.

    None waits for as long as it takes, and 0 tries once.
    """
    make_folder(path.parent)
    how = fcntl.LOCK_EX if patience is None else fcntl.LOCK_EX | fcntl.LOCK_NB
    deadline = time.monotonic() + (patience or 0.0)
    with append_to(path) as file:  # closing it gives the lock back
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
