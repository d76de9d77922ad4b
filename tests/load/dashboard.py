"""The server that is looked at, and the audits that it shows."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from core import run as runs
from core.config import config_from
from tests.faults import small

ROOT = Path(__file__).resolve().parent.parent.parent
STARTING = 300.0
"""Seconds that a server may take to answer at all."""

FINISHED = {
    **small.AUDITS["vectors"],
    "name": "finished",
    "studies": ["leakage", "verification", "ablation", "projection", "fairness"],
    "projection": {"methods": ["tsne"]},
    "ablation": {"points": 2, "repeats": 1, "orders": ["random"]},
    "fairness": {"strengths": [0.5], "repeats": 2},
}
"""Settings of the audit that is finished before anybody looks; every study has a page to show.
The one at work is the demonstration, which the Overview starts by itself."""


def finish(home: Path) -> str:
    """Run the audit `FINISHED` in the home that the environment names; returns the run's id."""
    small.make(home)
    run = runs.create(config_from(FINISHED), base=home)
    runs.start(run)
    while runs.status(run).active:
        time.sleep(0.2)
    if runs.status(run).state != "done":
        raise RuntimeError(f"the audit to be looked at ended as {runs.status(run)}")
    return run.id


@contextmanager
def server() -> Iterator[tuple[psutil.Process, int]]:
    """The dashboard on a free port and the environment's home: its process and port."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "streamlit", "run", "streamlit_app.py",
        "--server.port", str(port), "--server.headless", "true",
    ]  # fmt: skip
    environment = {**os.environ, "BLINDFOLD_DEMO": "quick"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(f"http://localhost:{port}/_stcore/health")
        yield psutil.Process(process.pid), port
    finally:
        process.terminate()
        process.wait()
        for run in runs.listing():
            runs.kill(run)


def _wait(address: str) -> None:
    end = time.monotonic() + STARTING
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(address, timeout=2):
            return
        time.sleep(0.1)
    raise TimeoutError(f"{address} did not answer")


class Memory:
    """Resident bytes of a process, read every second while it is looked at."""

    def __init__(self, process: psutil.Process) -> None:
        self._process, self._over = process, threading.Event()
        self.read = [process.memory_info().rss]
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        self.read.append(self._process.memory_info().rss)

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            self.read.append(self._process.memory_info().rss)

    @property
    def middle(self) -> int:
        """What was read halfway."""
        return self.read[len(self.read) // 2]

    @property
    def grew(self) -> float:
        """By how much of itself it grew in the second half."""
        return self.read[-1] / self.middle - 1
