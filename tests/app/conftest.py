"""A home of its own, runs with made-up figures, and no worker that is really started."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import kept
from core import run as runs
from core.config import config_from
from core.run_status import write_status

sys.path.insert(0, str(Path(__file__).resolve().parent))

import fixtures
from fixtures import Maker, Open, Opened, alive

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = {"leakage": "app/pages/leakage.py", "faces": "app/pages/faces.py"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; a started run only says that it is queued, and nothing is swept."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(tmp_path))
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr(runs, "start", lambda run: write_status(run.path, alive("queued")))
    monkeypatch.setattr(kept, "sweeper", lambda: None)
    st.cache_data.clear()
    return tmp_path


@pytest.fixture
def make() -> Maker:
    """Makes a run in any state, with or without a made-up result."""

    def make(
        name: str = "synthetic demonstration",
        state: str = "done",
        *,
        settings: Mapping[str, Any] | None = None,
        audit: dict[str, Any] | None = None,
        leakage: pd.DataFrame | None = None,
        **told: Any,
    ) -> runs.Run:
        asked = {"name": name, "faces": {"preset": "synthetic"}, **(settings or {})}
        run = runs.create(config_from(asked), base=Path.cwd())
        write_status(run.path, alive(state, **told))
        if state == "done":
            fixtures.write_result(run.path, audit or fixtures.audit(name=name), leakage)
        return run

    return make


@pytest.fixture
def open_it(request: pytest.FixtureRequest) -> Opened:
    """Opens the page that the test's module names as `PAGE`, with query parameters."""

    def open_it(**query: Any) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return app.switch_page(request.module.PAGE).run()

    return open_it


@pytest.fixture
def open_page() -> Open:
    """Opens a page of the whole app, with query parameters."""

    def open_page(page: str = "overview", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        if page in PAGES:
            app.switch_page(PAGES[page])
        return app.run()

    return open_page
