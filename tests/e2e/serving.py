"""A real server with a home of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core import run as runs
from core.config import config_from
from core.run_status import RunStatus, write_status

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def serving(home: Path, *options: str, **environment: str) -> Iterator[str]:
    """Streamlit on a free port, with the folder `home`; yields its address."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    told = {"BLINDFOLD_CACHE": str(home), "OMP_NUM_THREADS": "1", "BLINDFOLD_DEMO": "quick"}
    command = [
        sys.executable, "-m", "streamlit", "run", "streamlit_app.py",
        "--server.port", str(port), "--server.headless", "true", *options,
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **told, **environment})
    try:
        _wait(f"http://localhost:{port}/_stcore/health")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def finished(home: Path, name: str, owner: str | None = None) -> str:
    """A finished run of made-up figures in `home`; returns its id."""
    import fixtures  # its folder has been made known by now

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BLINDFOLD_CACHE", str(home))
        settings = config_from({"name": name, "faces": {"preset": "synthetic"}})
        run = runs.create(settings, base=ROOT, owner=owner)
        fixtures.write_result(run.path, fixtures.audit(name=name))
        write_status(run.path, RunStatus(state="done"))
    time.sleep(0.01)  # runs are listed by when they were made
    return run.id


def _wait(url: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(f"{url} did not answer")
