"""Runs: an audit is a directory, and whoever opens it sees how it stands.

    config.yaml   what was asked for          meta.json    name, owner, created, base, uploads
    status.json   see `run_status`            log.txt      what the worker said, tracebacks too
    partial/      tables as they arrive       result/      everything, renamed into place at the end

The pages and the command line call the functions here and nothing else; the work is done by
`core.worker` in a process of its own, which outlives whoever started it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from core.config import Config, dump_config, load_config
from core.errors import InputError, StoreError
from core.locks import locked
from core.rights import append_to, make_folder
from core.run_status import (
    RunStatus,
    alive,
    birth,
    current_status,
    read_status,
    write_status,
)
from core.store import home, refused, write_atomic

RESERVE_BYTES = 65_536
"""Kept back in each run, and given up when the disk is full, so that the run can still say so."""

WORKER = ("-m", "core.worker")
"""What the interpreter is given to run, before the run's directory."""

_ROOT = Path(__file__).resolve().parent.parent
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Run:
    """One audit's directory. Relative paths in its settings start from the folder `base`.

    A run in the `background` begins when no other waits, and pauses while another is at work.
    """

    path: Path
    name: str
    owner: str | None
    created: float
    base: Path
    uploads: Path | None = None
    background: bool = False

    @property
    def id(self) -> str:
        """128 random bits, hex: who does not know it cannot guess it."""
        return self.path.name

    @property
    def result(self) -> Path:
        """Where the finished result lies; there only once it is complete."""
        return self.path / "result"

    @property
    def partial(self) -> Path:
        """Where the tables lie that have arrived so far, `<name>.csv` each."""
        return self.path / "partial"

    def config(self) -> Config:
        """The settings of the run."""
        return load_config(self.path / "config.yaml")


def runs_folder() -> Path:
    """The folder that holds all runs; nobody else may list it, since a run's id opens it."""
    folder = home() / "runs"
    if folder.is_dir() and folder.stat().st_mode & 0o077:
        with suppress(OSError):
            folder.chmod(0o700)
    return folder


ENDING_SECONDS = 20
"""How long a start waits for the last worker of the same run to be gone."""


def create(
    config: Config,
    *,
    base: Path,
    owner: str | None = None,
    uploads: Path | None = None,
    background: bool = False,
) -> Run:
    """Make the directory of a new run, which `start` sets going.

    Relative paths in the settings are taken from `base`. `uploads`, if given, is a folder below
    `home()/uploads` that is deleted with the run. In the `background` it gives way to others.
    Raises `StoreError` where the disk refuses.
    """
    path = runs_folder() / secrets.token_hex(16)
    # Made under another name first: a run that is listed has all its files.
    fresh = path.with_name(f".new-{path.name}")
    meta = {
        "name": config.name,
        "owner": owner,
        "created": time.time(),
        "base": str(base.resolve()),
        "uploads": str(uploads.resolve()) if uploads else None,
        "background": background,
    }
    try:
        make_folder(fresh)
        write_atomic(fresh / "config.yaml", dump_config(config).encode())
        write_atomic(fresh / "meta.json", json.dumps(meta).encode())
        write_atomic(fresh / "reserve", bytes(RESERVE_BYTES))
        write_status(fresh, RunStatus(message="not started yet"))
        fresh.rename(path)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise StoreError(
            f"no run can be made in {path.parent} ({error.strerror}): give this user the right to "
            "write there, or point BLINDFOLD_CACHE at another folder"
        ) from error
    except StoreError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return open_run(path)


def start(run: Run) -> None:
    """Set a worker going in a process of its own; one that is at work already goes on alone.

    Raises `StoreError` where the last worker has told its end but does not go, or the disk refuses.
    """
    before = status(run)
    if before.active:
        return
    try:
        _start(run)
    except OSError as error:
        with suppress(StoreError):  # else it would seem to be starting for a while
            write_status(run.path, before)
        raise StoreError(refused(Path(error.filename or run.path), error)) from error


def _start(run: Run) -> None:
    # A worker that has told its end still holds its lock for a moment.
    with locked(run.path / "worker.lock", patience=ENDING_SECONDS) as alone:
        if status(run).active:
            return
        if not alone:
            raise StoreError(
                f"the last worker of '{run.name}' has not ended after {ENDING_SECONDS} s: end it, "
                "then start the run again"
            )
        (run.path / "cancel").unlink(missing_ok=True)
        queued = RunStatus(state="queued", message="starting", started=time.time())
        write_status(run.path, queued)
        worker = _spawned(run)
        # Somebody must wait for a child, or it stays behind as a zombie.
        threading.Thread(target=worker.wait, name=f"wait-{worker.pid}", daemon=True).start()
        with suppress(psutil.Error):  # it died at once: the log says why, and it reads as stopped
            born = birth(psutil.Process(worker.pid))
            write_status(run.path, replace(queued, pid=worker.pid, born=born))


_WORKER_SETTINGS = {
    # Linear algebra stays in the thread that asked for it, and whole fits run beside each other:
    # threads that spin while they wait for one another were seen to take most of an audit's time.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # glibc gives large arrays back to the system as soon as they are free, and a network asks for
    # the same ones at every step (measured: a fifth of an encoder's time, a sixth of a probe's).
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}


def _spawned(run: Run) -> subprocess.Popen[bytes]:
    # The worker's directory is this copy's, so a relative BLINDFOLD_CACHE must be made whole.
    environment = {**_WORKER_SETTINGS, **os.environ, "BLINDFOLD_CACHE": str(home().resolve())}
    with append_to(run.path / "log.txt") as log:
        return subprocess.Popen(
            [sys.executable, *WORKER, str(run.path.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=_ROOT,
            env=environment,
            start_new_session=True,
        )


def status(run: Run | Path) -> RunStatus:
    """How the run stands now; one whose worker was killed reads as `stopped`."""
    return current_status(run.path if isinstance(run, Run) else run)


def cancel(run: Run) -> None:
    """Ask the run to end; its worker does within seconds, and the store keeps what was finished.

    Raises `StoreError` where the disk refuses.
    """
    wish = run.path / "cancel"
    try:
        wish.touch()
    except OSError as error:
        raise StoreError(refused(wish, error)) from error
    found = status(run)
    if not found.active and found.state != "done":
        ended = replace(found, state="cancelled", eta=None, finished=time.time(), error="")
        write_status(run.path, replace(ended, message="cancelled"))


def resume(run: Run) -> None:
    """Start again a run that stopped, failed or was cancelled; the store has its finished steps."""
    start(run)


def find(run_id: str) -> Run:
    """The run of this id; raises `InputError` where there is none, or the id is no id."""
    if not _ID.fullmatch(run_id):
        raise InputError("this is no run's id, which is 32 digits 0-9a-f: open a run from the list")
    try:
        return open_run(runs_folder() / run_id)
    except (OSError, ValueError, KeyError):
        raise InputError(
            f"there is no run {run_id} (deleted, or made by another copy): open one from the list"
        ) from None


def listing(owner: str | None = None) -> list[Run]:
    """All runs, or those of one owner, newest first."""
    found = []
    folder = runs_folder()
    for path in folder.iterdir() if folder.is_dir() else ():
        if _ID.fullmatch(path.name):
            try:
                found.append(open_run(path))
            except (OSError, ValueError, KeyError):
                continue  # being deleted at this moment, or damaged: `purge` takes it away
    mine = [run for run in found if owner is None or run.owner == owner]
    return sorted(mine, key=lambda run: (run.created, run.id), reverse=True)


def open_run(path: Path) -> Run:
    """The run in the directory `path`; raises OSError, ValueError or KeyError where it is none."""
    meta = json.loads((path / "meta.json").read_bytes())
    uploads = Path(meta["uploads"]) if meta["uploads"] else None
    created, base = float(meta["created"]), Path(meta["base"])
    background = bool(meta.get("background", False))  # older runs do not say
    return Run(path, str(meta["name"]), meta["owner"], created, base, uploads, background)


def delete(run: Run) -> None:
    """End the run's worker and remove its directory and its uploads, at once and for good.

    Uploads that another run reads too stay until that one goes. Raises `StoreError` where
    anything is left.
    """
    kill(run)
    gone = run.path.with_name(f".deleted-{run.id}")
    folders = [gone]
    if run.uploads is not None and _own_upload(run):
        folders.append(run.uploads)
    try:
        if run.path.exists():
            run.path.rename(gone)
    except OSError:
        folders[0] = run.path
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    left = [str(folder) for folder in [run.path, *folders] if folder.exists()]
    if left:
        raise StoreError(
            f"{', '.join(left)} cannot be removed whole: give this user the right to write there, "
            "then delete again"
        )


def _own_upload(run: Run) -> bool:
    """Whether `run.uploads` lies where uploads live, and nobody else needs it."""
    assert run.uploads is not None
    inside = (home() / "uploads").resolve() in run.uploads.resolve().parents
    return inside and all(other.uploads != run.uploads for other in listing() if other.id != run.id)


def kill(run: Run, patience: float = 2.0) -> None:
    """End the run's worker and what it started, gently for `patience` seconds, then for sure."""
    family: list[psutil.Process] = []
    for worker in _workers(run):
        try:
            family += [worker, *worker.children(recursive=True)]
        except psutil.Error:
            continue
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for process in family:
            try:
                end(process)
            except psutil.Error:
                continue
        _, family = psutil.wait_procs(family, timeout=patience)


def _workers(run: Run) -> list[psutil.Process]:
    """The processes at work on this run: its status names them, unless they are too young."""
    found = read_status(run.path)
    named = {found.pid} if found.active and found.pid is not None and alive(found) else set()
    command = [*WORKER, str(run.path.resolve())]
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid()
        and (process.pid in named or (process.info["cmdline"] or [])[1:] == command)
    ]
