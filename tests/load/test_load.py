"""The load of many viewers: a few of them, for a few seconds, on made-up figures."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core import run as runs
from core.config import config_from
from core.run_status import RunStatus, write_status
from tests.app import fixtures
from tests.load.__main__ import lines
from tests.load.dashboard import Memory, server
from tests.load.viewer import Viewer, together


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: a browser that this process drives keeps a loop in this one."""
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(asyncio.run, coroutine).result()


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a finished run of made-up figures, which passes for the demonstration."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(tmp_path))
    name = "synthetic demonstration"
    run = runs.create(config_from({"name": name, "faces": {"preset": "synthetic"}}), base=tmp_path)
    fixtures.write_result(run.path, fixtures.audit(name=name))
    write_status(run.path, RunStatus(state="done"))
    return run.id


def test_viewers_change_pages_and_are_counted(shown: str) -> None:
    with server() as (process, port), Memory(process) as memory:
        for seconds in (6.0, 60.0):  # where the first page alone takes seconds, look for longer
            viewers = [Viewer(port, [shown], 0.3, seed) for seed in range(2)]
            seen = _run(together(viewers, seconds))
            if len(seen.pages) > 1:
                break
    assert not seen.errors
    assert len(seen.pages["Overview"]) >= 4, "each came twice"
    assert len(seen.pages) > 1, "and went to other pages"
    assert seen.bytes > 10_000
    assert not process.is_running()
    told = "\n".join(lines(seen, memory))
    assert "Errors: 0" in told
    assert all(read > 1 << 20 for read in memory.read)


def test_a_server_that_is_gone_is_an_error() -> None:
    viewer = Viewer(1, [""], 0.1, 0)
    seen = _run(together([viewer], 0.1))
    assert len(seen.errors) == 2
    assert not seen.pages
