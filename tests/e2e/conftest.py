"""A real server with a home of its own, and one real browser that may talk to nobody else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "app"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from browsing import Server  # noqa: E402  its folder has just been made known
from serving import finished, serving  # noqa: E402


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Streamlit on a free port, with two finished runs of made-up figures."""
    home = tmp_path_factory.mktemp("home")
    hostile_id = finished(home, "<script>alert(1)</script>")
    run_id = finished(home, "synthetic demonstration")
    with serving(home) as url:
        yield Server(url, home, run_id, hostile_id)


@dataclass(frozen=True)
class Whole:
    """A finished run with a table for every page: its id, and the face that was looked at."""

    run_id: str
    face: str


@pytest.fixture(scope="session")
def whole(server: Server) -> Whole:
    """Such a run on the server; all of its figures are made up."""
    from everything import everything

    return Whole(*everything(server.home, ROOT))
