"""The Ablation page in a real browser. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import WIDE, Server, narrowed, sideways
from fixtures import audit, write_result
from made_up_ablation import SETTINGS, made_up

from core import run as runs
from core.config import config_from
from core.run_status import RunStatus, write_status

pytestmark = pytest.mark.e2e


@pytest.fixture
def address(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of a finished run with curves."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(server.home))
    asked = {"name": "curves", "faces": {"preset": "synthetic"}, **SETTINGS}
    run = runs.create(config_from(asked), base=Path.cwd())
    write_result(run.path, audit(name="curves"))
    made_up().to_csv(run.path / "result" / "tables" / "ablation.csv", index=False)
    write_status(run.path, RunStatus(state="done"))
    return f"{server.url}/ablation?run={run.id}"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of a browser of its own, in dark colours."""
    context = browser.new_context(viewport=WIDE, color_scheme="dark")
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    yield opened
    context.close()


def test_curves_are_drawn_chosen_and_found_again(address: str, page: Any) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.get_by_text("3 of 256 numbers of x still give expression away").wait_for()
    page.locator(".js-plotly-plot .scatterlayer .trace").nth(12).wait_for(state="attached")
    page.get_by_role("radio", name="gender").click()
    page.get_by_role("radio", name="most first").click()
    page.get_by_text("left when the most important go first an attacker").first.wait_for()
    assert sideways(page) <= 0
    page.goto(page.url)
    page.get_by_text("left when the most important go first an attacker").first.wait_for()
    assert page.get_by_role("radio", name="gender").is_checked()
    assert not narrowed(page)
    assert not errors
