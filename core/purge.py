"""Deletes what audits left behind: runs, uploads, entries of the store; and proves it.

Only what looks like ours goes. `BLINDFOLD_CACHE` may name a folder that holds other things too.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from core.errors import BlindfoldError, ConfigError, StoreError
from core.run import Run, delete, listing, runs_folder, status
from core.store import FAULTS, home

DAY_SECONDS = 86_400.0
KEEP_DAYS = 7.0
"""How long uploads and runs are kept where nobody says otherwise."""

_UNITS = {"m": 60.0, "h": 3600.0, "d": DAY_SECONDS, "w": 7 * DAY_SECONDS}
_AGE = re.compile(r"(\d{1,6})([mhdw])")
_RUN = re.compile(r"(\.(new|deleted)-)?[0-9a-f]{32}")
_ENTRY = re.compile(r"[0-9a-f]{64}\.safetensors|\..*\.tmp")
_EXTRACTED = re.compile(r"[0-9a-f]{64}|\.[0-9a-f]{16}\.[0-9a-f]{8}\.tmp")
_ENCODER = re.compile(r"[0-9a-f]{64}\.onnx|\.[0-9a-f]{16}\.onnx")


@dataclass(frozen=True)
class Purged:
    """What was removed, in counts and bytes, and what was left because it is at work.

    `uploads` counts unpacked archives and uploaded encoders too.
    """

    runs: int
    uploads: int
    entries: int
    bytes: int
    at_work: int

    def __str__(self) -> str:
        counts = f"{self.runs} runs, {self.uploads} uploads and {self.entries} results of the store"
        left = f"; {self.at_work} at work were left alone" if self.at_work else ""
        return f"removed {counts}, {self.bytes:,} bytes{left}"


def age_seconds(text: str) -> float:
    """`7d`, `12h`, `30m` or `2w` in seconds; raises `ConfigError` for anything else."""
    found = _AGE.fullmatch(text.strip())
    if not found:
        raise ConfigError(
            f"'{text}' is no age: write a whole number and m, h, d or w, such as 12h or 7d"
        )
    return int(found[1]) * _UNITS[found[2]]


def purge(older_than: float | None) -> Purged:
    """Remove what was last touched more than `older_than` seconds ago; None removes everything.

    A run at work stays, unless everything goes: then it is ended first. Raises `StoreError`
    where anything is still there afterwards.
    """
    before = time.time() - older_than if older_than is not None else None
    doomed, at_work = _doomed_runs(before)
    size = sum(size_of(run.path) for run in doomed)
    kept = {run.uploads for run in listing()} - {run.uploads for run in doomed}
    for run in doomed:
        size += size_of(run.uploads) if run.uploads else 0
        delete(run)
    uploads = [path for path in _old(home() / "uploads", before) if path not in kept]
    uploads += [path for path in brought(doomed) if is_old(path, before)]
    entries = [path for path in entries_of_store() if is_old(path, before)]
    halves = [path for path in half_runs() if is_old(path, before)]
    halves += [path for path in _faults() if is_old(path, before)]
    for path in [*uploads, *entries, *halves]:
        size += size_of(path)
        remove(path)
    _prove([*(run.path for run in doomed), *uploads, *entries, *halves])
    runs = len(doomed) + sum(path.name != FAULTS for path in halves)
    with_uploads = sum(run.uploads is not None for run in doomed)
    return Purged(runs, len(uploads) + with_uploads, len(entries), size, at_work)


def _doomed_runs(before: float | None) -> tuple[list[Run], int]:
    if before is None:
        return listing(), 0
    old = [run for run in listing() if (status(run).updated or run.created) < before]
    at_work = [run for run in old if status(run).active]
    return [run for run in old if run not in at_work], len(at_work)


def half_runs() -> list[Path]:
    """Half-made, half-deleted and damaged runs, which no list shows."""
    whole = {run.path for run in listing()}
    return [
        path for path in _entries(runs_folder()) if _RUN.fullmatch(path.name) and path not in whole
    ]


def brought(doomed: list[Run]) -> list[Path]:
    """Unpacked archives and uploaded encoders, without those that a run that stays needs.

    An archive is unpacked again where it is missing, so that only a run at work needs it.
    """
    stay = [run for run in listing() if run not in doomed]
    found = [path for path in _entries(home() / "encoders") if _ENCODER.fullmatch(path.name)]
    needed = {weights_of(run) for run in stay}
    found = [path for path in found if path.name not in needed]
    if not any(status(run).active for run in stay):
        unpacked = _entries(home() / "extracted")
        found += [path for path in unpacked if _EXTRACTED.fullmatch(path.name)]
    return found


def _faults() -> list[Path]:
    """The log of our own faults: it quotes commands and tracebacks, so paths and names."""
    log = home() / FAULTS
    return [log] if log.is_file() else []


def weights_of(run: Run) -> str:
    """The name of the file that the run's encoder is in; empty where it has none of its own."""
    try:
        return Path(run.config().encoder.weights or "").name
    except BlindfoldError:
        return ""


def entries_of_store() -> list[Path]:
    """The files of this copy's store; a shared store is not among them."""
    return [path for path in _files(home() / "store") if _ENTRY.fullmatch(path.name)]


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _old(folder: Path, before: float | None) -> list[Path]:
    return [path for path in _entries(folder) if is_old(path, before)]


def _files(folder: Path) -> list[Path]:
    return [Path(place) / name for place, _, names in os.walk(folder) for name in names]


def is_old(path: Path, before: float | None) -> bool:
    """Whether nothing in `path` was written since `before`."""
    if before is None:
        return True
    inside = _files(path) if path.is_dir() and not path.is_symlink() else []
    return max(one.lstat().st_mtime for one in [path, *inside]) < before


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; links count as themselves."""
    inside = _files(path) if path.is_dir() and not path.is_symlink() else [path]
    return sum(one.lstat().st_size for one in inside if one.exists() or one.is_symlink())


def remove(path: Path) -> None:
    """Remove a file or a whole folder; a link goes, and what it points to stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return  # `_prove` says so, with all that is left


def _prove(paths: list[Path]) -> None:
    left = [str(path) for path in paths if path.exists()]
    if left:
        raise StoreError(
            f"{len(left)} of {len(paths)} could not be removed, the first is {left[0]}: give this "
            "user the right to write there, then purge again"
        )
