"""Linked maps in a real browser. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_up_maps
import pytest
from browsing import Server, narrowed, sideways
from fixtures import audit, write_result

from core import run as runs
from core.config import config_from
from core.run_status import RunStatus, write_status

pytestmark = pytest.mark.e2e

WIDE = {"width": 1440, "height": 1100}
# Faces marked on each map that can be seen; -1 where nobody is chosen there.
MARKED = """() => [...document.querySelectorAll('.js-plotly-plot')]
  .filter(plot => plot.getBoundingClientRect().width > 0 && plot._fullData)
  .map(plot => plot._fullData.filter(trace => trace.customdata).reduce((sum, trace) =>
    trace.selectedpoints ? Math.max(sum, 0) + trace.selectedpoints.length : sum, -1))"""


@pytest.fixture
def address(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of a finished run with maps of 60 drawn faces."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(server.home))
    asked = {"name": "maps", "faces": {"preset": "synthetic"}, **made_up_maps.SETTINGS}
    run = runs.create(config_from(asked), base=Path.cwd())
    write_result(run.path, audit(name="maps"))
    made_up_maps.write(run.path)
    write_status(run.path, RunStatus(state="done"))
    return f"{server.url}/projections?run={run.id}"


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Opens an address in a browser of its own; an error of a script ends the test."""
    contexts, errors = [], []

    def visit(url: str, *, dark: bool = False, size: dict[str, int] = WIDE) -> Any:
        context = browser.new_context(viewport=size, color_scheme="dark" if dark else "light")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.locator(".js-plotly-plot .nsewdrag").nth(1).wait_for(state="attached")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not errors


def loop(page: Any, number: int, left: float, right: float) -> None:
    """Drag a loop round a part of map `number`, from `left` to `right` as parts of its width."""
    area = page.locator(".js-plotly-plot:visible").nth(number).locator(".nsewdrag")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    x, y = ([box[at] + part * box[size] for part in parts] for at, size, parts in (
        ("x", "width", (left, right)), ("y", "height", (0.01, 0.99))))  # fmt: skip
    page.mouse.move(x[0], y[0])
    page.mouse.down()
    for corner in ((x[1], y[0]), (x[1], y[1]), (x[0], y[1]), (x[0], y[0])):
        page.mouse.move(*corner, steps=5)
    page.mouse.up()


def chosen(page: Any, before: int = 0) -> int:
    """How many faces the panel says are chosen, once it is another number than `before`."""
    page.wait_for_function(
        r"""([before]) => [...document.querySelectorAll('h2')].some(h =>
            /^\d+ of 60 faces chosen$/.test(h.innerText) && parseInt(h.innerText) !== before
            && h.getBoundingClientRect().width > 0)""",
        arg=[before],
    )
    return int(page.locator("h2:visible", has_text="faces chosen").inner_text().split()[0])


def all_marked(page: Any, faces: int) -> None:
    """Wait until both maps mark so many faces."""
    page.wait_for_function(
        f"([n]) => {{ const marked = ({MARKED})(); return marked.length === 2 "
        "&& marked.every(one => one === n) }",
        arg=[faces],
    )


def test_a_loop_in_one_map_marks_the_others_and_the_link_keeps_it(address: str, visit: Any) -> None:
    page = visit(address)
    page.get_by_text("Nobody chosen yet").wait_for()
    loop(page, 0, 0.01, 0.5)
    first = chosen(page)
    assert 0 < first < 60
    all_marked(page, first)
    pictures = page.locator(".bf.sheet img:visible")
    pictures.first.wait_for()
    assert pictures.count() == min(first, 12)

    loop(page, 1, 0.82, 0.99)  # a second loop chooses anew, in the other map
    second = chosen(page, before=first)
    all_marked(page, second)

    colour = page.locator("[data-testid=stSelectbox]", has_text="Colour").locator("input")
    colour.fill("gender")
    colour.press("Enter")
    page.locator(".legendtext", has_text="unknown").first.wait_for()
    all_marked(page, second)
    page.wait_for_url("**colour=gender**")

    again = visit(page.url)
    assert chosen(again) == second
    all_marked(again, second)
    again.locator(".legendtext", has_text="unknown").first.wait_for()
    again.get_by_role("button", name="Clear").click()
    again.get_by_text("Nobody chosen yet").wait_for()
    assert "chosen=" not in again.url


def test_maps_fit_and_are_chosen_without_a_mouse(address: str, visit: Any) -> None:
    page = visit(f"{address}&class=happy", dark=True)
    page.get_by_role("button", name="Choose its faces").press("Enter")
    assert chosen(page) == 10
    all_marked(page, 10)
    assert sideways(page) <= 0
    assert not narrowed(page)
