"""The page “What it looks at” in a real browser. All maps are MADE UP; nothing was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browsing import WIDE, Server, narrowed, sideways
from fixtures import audit, write_result
from test_looking_page import choice, write

from core import run as runs
from core.config import config_from
from core.faces.synthetic.source import synthetic_faces
from core.run_status import RunStatus, write_status
from core.study.looking import offered

pytestmark = pytest.mark.e2e


def test_a_face_is_chosen_shown_and_found_again(
    server: Server, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLINDFOLD_CACHE", str(server.home))
    run = runs.create(
        config_from({"name": "looked at", "faces": {"preset": "synthetic"}}), base=Path.cwd()
    )
    write_result(run.path, audit(name="looked at"))
    write_status(run.path, RunStatus(state="done"))
    table = synthetic_faces().table
    first, second = (str(table["id"].iloc[row]) for row in offered(table)[:2])
    write(run, choice(second))
    context = browser.new_context(viewport=WIDE, color_scheme="dark")
    page = context.new_page()
    page.set_default_timeout(60_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        page.goto(f"{server.url}/looking?run={run.id}")
        page.get_by_text("Nobody has looked at this face in this way yet").wait_for()
        assert page.locator(".bf.sheet img").count() == 6, "the pictures of one person"
        assert f"face={first}" in page.url

        page.locator("[data-testid=stButtonGroup]", has_text="Face").get_by_role("radio").nth(
            1
        ).click()
        page.get_by_role("heading", name="What is left when the face is").wait_for()
        page.locator(".js-plotly-plot .main-svg").first.wait_for()
        page.wait_for_url(f"**face={second}**")
        assert sideways(page) <= 0

        again = context.new_page()
        again.goto(page.url)
        again.get_by_role("heading", name="What is left when the face is").wait_for()
        assert not narrowed(again)
        again.get_by_role("radio", name="Integrated gradients").click()
        again.get_by_text("Nobody has looked at this face in this way yet").wait_for()
    finally:
        context.close()
    assert not errors
