"""A real server with a home of its own, and one real browser that may talk to nobody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "app"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from browsing import Server  # noqa: E402  its folder has just been made known


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Streamlit on a free port, with two finished runs of made-up figures."""
    home = tmp_path_factory.mktemp("home")
    run_id, hostile_id = _runs(home)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "BLINDFOLD_CACHE": str(home), "OMP_NUM_THREADS": "1"}
    environment["BLINDFOLD_DEMO"] = "quick"
    command = [
        sys.executable, "-m", "streamlit", "run", "streamlit_app.py",
        "--server.port", str(port), "--server.headless", "true",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        _wait(f"http://localhost:{port}/_stcore/health")
        yield Server(f"http://localhost:{port}", home, run_id, hostile_id)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _runs(home: Path) -> tuple[str, str]:
    import fixtures

    from core import run as runs
    from core.config import config_from
    from core.run_status import RunStatus, write_status

    before = os.environ.get("BLINDFOLD_CACHE")
    os.environ["BLINDFOLD_CACHE"] = str(home)
    try:
        made = []
        for name in ("<script>alert(1)</script>", "synthetic demonstration"):
            settings = config_from({"name": name, "faces": {"preset": "synthetic"}})
            run = runs.create(settings, base=ROOT)
            fixtures.write_result(run.path, fixtures.audit(name=name))
            write_status(run.path, RunStatus(state="done"))
            made.append(run.id)
            time.sleep(0.01)
        return made[1], made[0]
    finally:
        os.environ.pop("BLINDFOLD_CACHE")
        if before is not None:
            os.environ["BLINDFOLD_CACHE"] = before


def _wait(url: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(f"{url} did not answer")
