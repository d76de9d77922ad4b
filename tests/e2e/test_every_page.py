"""Every page in a real browser: accessible in both colour modes, on a narrow phone, by the keyboard
alone, and without an error of ours. All figures are MADE UP; nothing was measured.

One visit of each page asks all of it, since a visit costs more than the questions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from accessibility import findings, unknown
from browsing import PATIENCE, WIDE, Heard, Server, at_rest, narrowed, sideways
from fixtures import Sent, picture
from keyboard import around
from theirs import FINDINGS

from app import uploads

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parent.parent.parent
DARK = "rgb(20, 24, 27)"
EU = "In the EU, inferring emotions"


@dataclass(frozen=True)
class Place:
    """A page by its file's name, an address of it, and words that come last there."""

    page: str
    address: str
    words: str


PLACES = {
    "overview": Place("overview", "", EU),
    "faces": Place("faces", "faces", EU),
    "upload": Place("faces", "faces?upload={upload}", EU),
    "audits": Place("audits", "audits?first={other}&second={run}", "Every change, one figure"),
    "leakage": Place("leakage", "leakage?run={run}", "Delete this audit"),
    "compare": Place("compare", "compare?run={run}", "to take along"),
    "verification": Place("verification", "verification?run={run}", "One figure a row"),
    "ablation": Place("ablation", "ablation?run={run}", "ablation.csv"),
    "projections": Place("projections", "projections?run={run}", "Run with these"),
    "looking": Place("looking", "looking?run={run}&face={face}", "Maps (.npz)"),
    "fairness": Place("fairness", "fairness?run={run}", "fairness_scores.parquet"),
    "action_units": Place("action_units", "action_units?run={run}", EU),
    "anonymity": Place("anonymity", "anonymity?run={run}", "Ours, since the paper"),
    "report": Place("report", "report?run={run}", "Delete everything"),
}


@pytest.fixture(scope="module")
def named(server: Server, whole: Any) -> Iterator[dict[str, str]]:
    """What the addresses name: two finished runs, a face, and pictures without any label."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BLINDFOLD_CACHE", str(server.home))
        sent = [Sent(f"{i}.png", picture(i)) for i in range(3)]
        upload = uploads.save(sent, None, 10**7)
        yield {
            "run": whole.run_id, "face": whole.face, "other": server.run_id, "upload": upload.id,
        }  # fmt: skip
        uploads.delete(upload)


@dataclass(frozen=True)
class Window:
    """A page of a browser, and what is heard of it."""

    page: Any
    heard: Heard


@pytest.fixture(scope="module")
def window(browser: Any) -> Iterator[Window]:
    """One window for all of these pages, in which nothing moves by itself."""
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    window = Window(context.new_page(), Heard())
    window.page.set_default_timeout(PATIENCE)
    window.heard.listen(window.page)
    yield window
    context.close()


def test_no_page_is_left_out() -> None:
    there = {path.stem for path in (ROOT / "app" / "pages").glob("*.py")}
    assert {place.page for place in PLACES.values()} == there


def test_what_streamlit_does_is_written_down() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for rule, known in FINDINGS.items():
        assert f"| `{rule}` | {known.most} | {known.why} |" in guide


@pytest.mark.parametrize("name", PLACES)
def test_a_page_is_open_to_everybody(
    name: str, server: Server, window: Window, named: dict[str, str]
) -> None:
    page, heard = window.page, window.heard
    heard.forget()
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    page.goto(f"{server.url}/{PLACES[name].address.format(**named)}")
    page.get_by_text(PLACES[name].words).first.wait_for()
    at_rest(page)
    wrong = unknown(findings(page))
    wrong += around(page)
    wrong += [] if sideways(page) <= 0 else ["wider than its window"]
    wrong += [f"in the dark: {one}" for one in _dark(page)]
    wrong += [f"on a phone: {one}" for one in narrowed(page)]
    wrong += [f"error: {one}" for one in heard.ours]
    wrong += [f"asked another machine: {one}" for one in heard.outside]
    assert not wrong, "\n".join(wrong)


def _dark(page: Any) -> list[str]:
    """What cannot be told from its ground in dark colours."""
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "([dark]) => getComputedStyle(document.querySelector('.stApp')).backgroundColor === dark",
        arg=[DARK],
    )
    # The page is drawn again a moment after the mode has changed, and is pale while it is.
    end = time.monotonic() + PATIENCE / 1000
    while (found := unknown(findings(page, ["color-contrast"]))) and time.monotonic() < end:
        page.wait_for_timeout(500)
        at_rest(page)
    return found
