"""The Anonymity page in a real browser. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browsing import WIDE, Server, narrowed
from fixtures import audit, write_result
from made_up_anonymity import FACTS, write_study

from core import run as runs
from core.config import config_from
from core.run import Run
from core.run_status import RunStatus, write_status

pytestmark = pytest.mark.e2e


@pytest.fixture
def finished(server: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A finished run with the study."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(server.home))
    asked = config_from({"name": "six networks", "faces": {"preset": "synthetic"}})
    run = runs.create(asked, base=Path.cwd())
    write_result(run.path, audit(name="six networks", facts={"anonymity": FACTS}))
    write_study(run.result)
    write_status(run.path, RunStatus(state="done"))
    return run


def test_the_finding_the_figures_and_a_phone(finished: Run, server: Server, browser: Any) -> None:
    errors: list[str] = []
    context = browser.new_context(viewport=WIDE, color_scheme="dark")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.url}/anonymity?run={finished.id}&network=Face")
    page.get_by_text("fresh attackers still name who is shown").first.wait_for()
    page.get_by_text("Beside the paper").wait_for()
    page.locator(".js-plotly-plot").nth(3).wait_for(state="attached")
    own = page.locator(".bf table").first.locator("tbody tr").filter(has_text="Hybrid2Face")
    assert "31.0" in own.inner_text()
    assert "52.0" in own.inner_text()
    assert "network=Face" in page.url
    page.get_by_role("radio", name="none").click()
    page.wait_for_function("() => location.search.includes('papers=none')")
    assert not narrowed(page)
    assert not errors
    context.close()
