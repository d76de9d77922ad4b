"""How long things are kept: the date on which a run or an upload goes, and who sees to it.

Uploads go `KEEP_DAYS` after they were made. A run goes as long after it has ended where somebody
owns it, that is on a server for several people; the runs of a person's own computer stay until they
are deleted. `BLINDFOLD_KEEP`, an age such as `30d`, is another term, and one for every run.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.errors import BlindfoldError
from core.locks import locked
from core.purge import (
    DAY_SECONDS,
    KEEP_DAYS,
    age_seconds,
    brought,
    entries_of_store,
    half_runs,
    is_old,
    remove,
)
from core.run import Run, delete, listing, status
from core.run_status import RunStatus
from core.store import home

KEEP = "BLINDFOLD_KEEP"
"""The environment variable that names how long everything is kept."""

EVERY_SECONDS = 3600.0
"""Between two sweeps: nothing outlives its date by more than this while a server runs."""

_UPLOAD = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Swept:
    """How many runs, uploads and computed results went, and a sentence for each that did not."""

    runs: int = 0
    uploads: int = 0
    results: int = 0
    failed: tuple[str, ...] = ()

    def __str__(self) -> str:
        gone = f"{self.runs} runs, {self.uploads} uploads and {self.results} computed results"
        return "; ".join((f"their time was over: {gone}", *self.failed))


def keep_seconds() -> float:
    """How long things are kept, in seconds. Raises `ConfigError` for a `BLINDFOLD_KEEP` that is no
    age."""
    told = os.environ.get(KEEP)
    return age_seconds(told) if told else KEEP_DAYS * DAY_SECONDS


def kept_for() -> str:
    """How long things are kept, for a person: "7 days", or "36 hours"."""
    hours = keep_seconds() / 3600
    count, unit = (hours / 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{count:g} {unit}" + ("" if count == 1 else "s")


def upload_expires(created: float) -> float:
    """When an upload made at `created` goes; both in seconds since 1970."""
    return created + keep_seconds()


def run_expires(run: Run, told: RunStatus | None = None) -> float | None:
    """When `run`, whose status is `told`, goes, in seconds since 1970.

    None where nothing is promised: while it waits or works, and on a person's own computer.
    """
    if run.owner is None and not os.environ.get(KEEP):
        return None
    told = told or status(run)
    return None if told.active else max(told.updated, run.created) + keep_seconds()


def sweep(*, computed: bool = False) -> Swept:
    """Delete what is past its date; with `computed`, also what the store has kept as long.

    What a run at work reads stays until that has ended. One sweep at a time: beside another one,
    of whatever process, this does nothing. Raises `ConfigError` as `keep_seconds` does.
    """
    with locked(home() / "sweep.lock", patience=0) as alone:
        if not alone:
            return Swept()
        now, term = time.time(), keep_seconds()
        runs, refused = _delete_runs(now)
        uploads, left = _remove(_old_uploads(now))
        results, held = _remove(_old_results(now - term) if computed else ())
        return Swept(runs, uploads, results, (*refused, *left, *held))


def _delete_runs(now: float) -> tuple[int, list[str]]:
    gone, refused = 0, []
    for run in listing():
        expires = run_expires(run)
        if expires is None or expires >= now:
            continue
        try:
            delete(run)
            gone += 1
        except BlindfoldError as error:
            refused.append(str(error))
    return gone, refused


def _old_uploads(now: float) -> list[Path]:
    folder = home() / "uploads"
    busy = {run.uploads for run in listing() if status(run).active}
    return [
        path
        for path in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if _UPLOAD.fullmatch(path.name)
        and path.resolve() not in busy  # a run's own note of it is a whole path
        and upload_expires(_created(path)) < now
    ]


def _created(folder: Path) -> float:
    """When an upload was made: what was written into its folder later puts nothing off."""
    try:
        return float(json.loads((folder / "upload.json").read_bytes())["created"])
    except (OSError, ValueError, KeyError, TypeError):
        return folder.stat().st_mtime  # it never became whole


def _old_results(before: float) -> list[Path]:
    found = (*entries_of_store(), *brought([]), *half_runs())
    return [path for path in found if is_old(path, before)]


def _remove(paths: Iterable[Path]) -> tuple[int, list[str]]:
    gone, left = 0, []
    for path in paths:
        remove(path)
        if path.exists():
            left.append(f"{path} cannot be removed: give this user the right to write there")
        else:
            gone += 1
    return gone, left


class Sweeper:
    """Sweeps in a thread of its own, from now on and until it is stopped, or the process ends."""

    def __init__(self, *, computed: bool, every: float = EVERY_SECONDS) -> None:
        """`computed` is that of `sweep`; `every` so many seconds."""
        self._computed, self._every = computed, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, once the sweep at hand is done."""
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            try:
                swept = sweep(computed=self._computed)
            except (BlindfoldError, OSError) as error:  # the next sweep may fare better
                print(f"blindfold: nothing could be swept: {error}", file=sys.stderr)
            else:
                if swept != Swept():
                    print(f"blindfold: {swept}", file=sys.stderr)
            if self._over.wait(self._every):
                return
