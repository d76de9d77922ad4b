"""The page “What it looks at” in a real browser. All maps are MADE UP; nothing was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browsing import Server
from fixtures import audit, write_result
from test_looking_page import choice, write

from core import run as runs
from core.config import config_from
from core.faces.synthetic.source import synthetic_faces
from core.run_status import RunStatus, write_status
from core.study.looking import offered

pytestmark = pytest.mark.e2e

WIDE, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}


@pytest.mark.parametrize("how", ["dark", "phone"])
def test_a_face_is_chosen_shown_and_found_again(
    server: Server, browser: Any, monkeypatch: pytest.MonkeyPatch, how: str
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
    context = browser.new_context(
        viewport=PHONE if how == "phone" else WIDE,
        color_scheme="dark" if how == "dark" else "light",
    )
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
        sideways = page.evaluate(
            "() => { const m = document.querySelector('[data-testid=stMain]');"
            " return m.scrollWidth - m.clientWidth }"
        )
        assert sideways <= 0

        again = context.new_page()
        again.goto(page.url)
        again.get_by_role("heading", name="What is left when the face is").wait_for()
        again.get_by_role("radio", name="Integrated gradients").click()
        again.get_by_text("Nobody has looked at this face in this way yet").wait_for()
    finally:
        context.close()
    assert not errors
