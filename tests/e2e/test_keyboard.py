"""The program without a mouse, from the first page to a figure's table and a dialog. All figures
are MADE UP; nothing was measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from accessibility import findings, unknown
from browsing import PATIENCE, WIDE, Heard, Server, at_rest
from keyboard import focused, to
from serving import finished

pytestmark = pytest.mark.e2e

FOCUS_INSIDE = "() => Boolean(document.activeElement.closest('[role=dialog]'))"


@pytest.fixture
def run_id(server: Server) -> str:
    """A run of its own, the newest: what pages open that nobody told which."""
    return finished(server.home, "by the keyboard")


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A window; an error of ours ends the test."""
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    page, heard = context.new_page(), Heard()
    page.set_default_timeout(PATIENCE)
    heard.listen(page)
    yield page
    context.close()
    assert not heard.ours


def test_an_audit_is_read_and_a_dialog_left_without_a_mouse(
    server: Server, run_id: str, page: Any
) -> None:
    page.goto(server.url)
    page.get_by_text("an attacker tells the expression").first.wait_for()
    at_rest(page)
    to(page, page.locator("[data-testid=stSidebarNavLink]", has_text="Leakage"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Leakage", exact=True).wait_for()
    page.wait_for_url(f"**/leakage?run={run_id}")
    at_rest(page)

    to(page, page.get_by_role("radio", name="expression"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_role("heading", name="x gives gender away").wait_for()
    at_rest(page)
    to(page, page.get_by_role("group", name="table: attacker"))

    delete = page.get_by_role("button", name="Delete this audit")
    to(page, delete)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete for good").wait_for()
    page.wait_for_function(FOCUS_INSIDE)
    at_rest(page)
    assert not unknown(findings(page))
    for _ in range(4):
        page.keyboard.press("Tab")
        page.wait_for_function(FOCUS_INSIDE)
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.wait_for_function("() => document.activeElement.innerText?.includes('Delete this audit')")
    assert focused(delete)
    assert (server.home / "runs" / run_id).is_dir()


def test_the_dial_of_compare_turns_by_arrow_keys(server: Server, whole: Any, page: Any) -> None:
    page.goto(f"{server.url}/compare?run={whole.run_id}")
    page.get_by_text("to take along").wait_for()
    at_rest(page)
    dial = page.get_by_role("slider")
    to(page, dial)
    page.keyboard.press("End")
    page.get_by_text("SensitiveNets at 1").wait_for()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("SensitiveNets at 0.8").wait_for()
    page.wait_for_url("**dial=0.8**")
