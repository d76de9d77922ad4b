"""From nothing to a page: a copy of the project, a fresh environment, the README's command."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED = "Successfully installed"
"""What pip says when it is done."""
PATIENCE = 1500.0
"""Seconds after which the command is given up."""


@dataclass(frozen=True)
class Served:
    """Where the dashboard answers, and the seconds that passed until the packages were there (None
    where they were there before) and from then until the page answered."""

    address: str
    installed: float | None
    started: float


def readme_command() -> str:
    """The first command of the README's section "Set-up"."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("## Set-up", 1)[1]
    found = re.search(r"^ {4}(\S.*)$", text, re.MULTILINE)
    assert found is not None, "the README's Set-up has no command"
    return found[1]


@contextmanager
def from_nothing(folder: Path) -> Iterator[Served]:
    """The README's way, in the empty `folder`, without packages or pip's cache."""
    project = copied(folder / "blindfold")
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    place = {
        "PATH": f"{folder / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(folder / "venv"), "PIP_CACHE_DIR": str(folder / "pip"),
    }  # fmt: skip
    with _running(readme_command(), project, folder, place, began) as served:
        yield served


@contextmanager
def from_here(folder: Path) -> Iterator[Served]:
    """This checkout with the packages that are there, and a fresh cache in `folder`."""
    place = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    start = readme_command().split("&&")[1].strip()
    with _running(start, ROOT, folder, place, time.monotonic()) as served:
        yield served


def copied(target: Path) -> Path:
    """What git has of this checkout, and what it does not ignore, as it lies here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        if (ROOT / name).is_file():  # one that is gone is listed until that is committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


@contextmanager
def _running(
    command: str, project: Path, folder: Path, place: Mapping[str, str], began: float
) -> Iterator[Served]:
    """The command until it answers; it ends, with what it started, when the caller is done."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    told = {
        "STREAMLIT_SERVER_HEADLESS": "true", "STREAMLIT_SERVER_PORT": str(port),
        "BLINDFOLD_CACHE": str(folder / "cache"),
    }  # fmt: skip
    address, log = f"http://localhost:{port}", folder / "log.txt"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            ["bash", "-c", command], cwd=project, env={**os.environ, **place, **told},
            stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        installed = _installed(process, log, began) if "pip" in command else None
        since = time.monotonic()
        _wait(process, log, lambda: _answers(address))
        yield Served(address, installed, time.monotonic() - since)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _installed(process: subprocess.Popen[bytes], log: Path, began: float) -> float:
    _wait(process, log, lambda: INSTALLED in log.read_text(errors="replace"))
    return time.monotonic() - began


def _wait(process: subprocess.Popen[bytes], log: Path, there: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not there():
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"the command ended early: {log.read_text(errors='replace')[-600:]}")
        time.sleep(0.1)


def _answers(address: str) -> bool:
    with suppress(OSError):
        urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
        return True
    return False
