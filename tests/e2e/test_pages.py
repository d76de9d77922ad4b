"""The pages in a real browser: nothing leaves the machine, and links mean the same."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, WIDE, Heard, Server, sideways
from fixtures import picture

pytestmark = pytest.mark.e2e

Open = Callable[..., Any]


@pytest.fixture
def heard() -> Heard:
    """What happens in this test's pages."""
    return Heard()


@pytest.fixture
def visit(server: Server, browser: Any, heard: Heard) -> Iterator[Open]:
    """Opens an address in a browser of its own, and listens."""
    contexts = []

    def visit(address: str, *, dark: bool = False, size: dict[str, int] = WIDE) -> Any:
        scheme = "dark" if dark else "light"
        contexts.append(browser.new_context(viewport=size, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        heard.listen(page)
        page.goto(f"{server.url}/{address}")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert heard.requests
    assert not heard.outside, "asked another machine"
    assert not heard.ours


def _settled(page: Any, words: str) -> None:
    page.get_by_text(words).first.wait_for()
    page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")


@pytest.mark.parametrize(
    ("address", "words"),
    [("", "an attacker tells the expression"), ("leakage?run={run}", "The same figures")],
    ids=["overview", "leakage"],
)
@pytest.mark.parametrize("how", ["dark", "phone"])
def test_a_page_fits_and_keeps_to_this_machine(
    server: Server, visit: Open, tmp_path: Path, address: str, words: str, how: str
) -> None:
    size = PHONE if how == "phone" else WIDE
    page = visit(address.format(run=server.run_id), dark=how == "dark", size=size)
    _settled(page, words)
    if "leakage" in address:
        page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.screenshot(path=tmp_path / f"{how}.png")
    assert sideways(page) <= 0
    ground = page.evaluate(
        "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    )
    assert ground == ("rgb(20, 24, 27)" if how == "dark" else "rgb(251, 250, 247)")


def test_a_link_opens_the_same_view(server: Server, visit: Open) -> None:
    page = visit(f"leakage?run={server.run_id}")
    _settled(page, "x gives expression away")
    page.get_by_role("radio", name="gender").click()
    page.get_by_text("x gives gender away").wait_for()
    page.get_by_role("radio", name="AUC").click()
    page.get_by_text("Dot: AUC").wait_for()
    again = visit(page.url.removeprefix(server.url + "/"))
    again.get_by_text("x gives gender away").wait_for()
    again.get_by_text("Dot: AUC").wait_for()
    assert f"run={server.run_id}" in again.url


def test_a_change_of_colour_mode_is_followed(server: Server, visit: Open) -> None:
    page = visit(f"leakage?run={server.run_id}")
    _settled(page, "The same figures")
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.js-plotly-plot .ytick text')]"
        ".some(t => t.style.fill === 'rgb(166, 172, 177)')"
    )


def test_a_name_is_text_and_runs_nothing(server: Server, visit: Open) -> None:
    page = visit(f"leakage?run={server.hostile_id}")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    _settled(page, "<script>alert(1)</script>")
    assert not dialogs


def test_a_zip_is_uploaded_counted_and_deleted_now(server: Server, visit: Open) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for person in range(3):
            for index, label in enumerate(("happy", "sad")):
                archive.writestr(f"set/{label}/{person}.png", picture(10 * person + index))
    page = visit("faces")
    _settled(page, "Nothing leaves this machine")
    sent = {"name": "set.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}
    page.locator("input[type=file]").first.set_input_files(sent)
    page.get_by_role("button", name="Read these files").click()
    page.get_by_text("6 can be opened").wait_for()
    assert len(list((server.home / "uploads").iterdir())) == 1
    assert "upload=" in page.url
    page.get_by_role("button", name="Delete now").click()
    page.get_by_text("0 are left").wait_for()
    assert not list((server.home / "uploads").iterdir())


def test_keys_label_faces(server: Server, visit: Open) -> None:
    page = visit("faces")
    _settled(page, "Nothing leaves this machine")
    sent = [{"name": f"{i}.png", "mimeType": "image/png", "buffer": picture(i)} for i in range(3)]
    page.locator("input[type=file]").first.set_input_files(sent)
    page.get_by_role("button", name="Read these files").click()
    page.get_by_text("Face 1 of 3").wait_for()
    page.keyboard.press("2")
    page.get_by_text("Face 2 of 3").wait_for()
    page.keyboard.press("1")
    page.get_by_text("Face 3 of 3").wait_for()
    page.keyboard.press("u")
    page.get_by_text("Face 2 of 3").wait_for()
    (written,) = (server.home / "uploads").rglob("metadata.csv")
    assert written.read_text().splitlines()[1:] == ["0.png,happy", "1.png,", "2.png,"]
    page.get_by_role("button", name="Delete now").click()
    page.get_by_text("0 are left").wait_for()


def test_the_keyboard_reaches_the_choices(server: Server, visit: Open) -> None:
    page = visit(f"leakage?run={server.run_id}")
    _settled(page, "x gives expression away")
    page.get_by_role("radio", name="expression").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_text("x gives gender away").wait_for()
