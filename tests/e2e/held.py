"""A real run that stands still in the middle of its work, for as long as somebody looks at it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from core.run_status import RunStatus, read_status

PATIENCE_SECONDS = 120


@contextmanager
def held(folder: Path, known: Collection[str]) -> Iterator[tuple[Path, RunStatus]]:
    """Stop the worker of the run that comes to `folder` beside those `known`, once it is at work.

    Gives the run's folder and how it stands; at the end the worker goes on.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := _at_work(folder, known)) is None:
        assert time.monotonic() < end, "no run is at work"
        time.sleep(0.01)
    worker = psutil.Process(read_status(found).pid)
    worker.suspend()
    try:
        yield found, read_status(found)
    finally:
        worker.resume()


def _at_work(folder: Path, known: Collection[str]) -> Path | None:
    """The first new run that tells a phase of its work."""
    for path in folder.iterdir() if folder.is_dir() else ():
        status = read_status(path) if path.name not in known else RunStatus()
        if status.state == "running" and status.phase:
            return path
    return None
