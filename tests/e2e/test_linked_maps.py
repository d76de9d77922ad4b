"""Linked maps of many faces in a real browser. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import made_up_crowd
import made_up_maps
import numpy as np
import pandas as pd
import pytest
from browsing import PHONE, Heard, Server, narrowed, sideways
from fixtures import audit, write_result
from shapes import within

from core import run as runs
from core.config import config_from
from core.run_status import RunStatus, write_status

pytestmark = pytest.mark.e2e

N = 3_000
HOSTILE = "<script>alert(1)</script>"
MOODS = (HOSTILE, *made_up_crowd.MOODS[1:])
WIDE = {"width": 1440, "height": 1300}
Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def maps() -> pd.DataFrame:
    """Four maps of 3,000 points."""
    return made_up_crowd.projection(N, moods=MOODS)


@pytest.fixture
def address(server: Server, maps: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of a finished run with these maps."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(server.home))
    asked = {"name": "a crowd", "faces": {"preset": "synthetic"}, **made_up_maps.SETTINGS}
    run = runs.create(config_from(asked), base=Path.cwd())
    write_result(run.path, audit(name="a crowd"))
    made_up_maps.write(run.path, maps)
    write_status(run.path, RunStatus(state="done"))
    return f"{server.url}/projections?run={run.id}"


@pytest.fixture
def visit(browser: Any) -> Iterator[Visit]:
    """Opens an address in a browser of its own; whatever goes wrong there ends the test."""
    contexts, heard = [], Heard()

    def visit(url: str, *, size: dict[str, int] = WIDE, **how: Any) -> Any:
        contexts.append(browser.new_context(viewport=size, **how))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        heard.listen(page)
        page.on("dialog", lambda dialog: heard.errors.append(dialog.message))
        page.goto(url)
        page.locator(".map[data-marked]").nth(1).wait_for()
        page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not heard.ours


def corners(page: Any, number: int, parts: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Places on map `number`, given as parts of its width and height, in pixels of the window."""
    hand = page.locator(".hand").nth(number)
    hand.scroll_into_view_if_needed()
    box = hand.bounding_box()
    return [
        (round(box["x"] + x * box["width"]), round(box["y"] + y * box["height"])) for x, y in parts
    ]


def drag(page: Any, places: list[tuple[float, float]]) -> None:
    """Draw a shape with the mouse, one move from each corner to the next."""
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
    page.mouse.up()


def enclosed(page: Any, number: int, places: list[tuple[float, float]], at: np.ndarray) -> int:
    """How many of the points `at` (n, 2) a shape on map `number` holds, by our own reckoning."""
    box = page.locator(".hand").nth(number).bounding_box()
    low, high = at.min(axis=0), at.max(axis=0)
    middle, reach = (low + high) / 2, 1.08 * (high - low) / 2
    scale = min(box["width"] / (2 * reach[0]), box["height"] / (2 * reach[1]))
    x = box["x"] + box["width"] / 2 + scale * (at[:, 0] - middle[0])
    y = box["y"] + box["height"] / 2 - scale * (at[:, 1] - middle[1])
    return int(within(np.stack([x, y], 1), np.array(places, float)).sum())


def place_of(maps: pd.DataFrame, name: str) -> np.ndarray:
    return maps[maps["representation"] == name][["u", "v"]].to_numpy(np.float32).astype(float)


MARKS = """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
  .flatMap(one => [...one.shadowRoot.querySelectorAll('.map')]).map(one => +one.dataset.marked)"""


def marked(page: Any, faces: int, of: int = 2) -> None:
    """Wait until every map marks so many faces."""
    page.wait_for_function(
        f"([n, of]) => {{ const marks = ({MARKS})();"
        " return marks.length === of && marks.every(one => one === n) }",
        arg=[faces, of],
    )


def panel(page: Any, faces: int) -> None:
    """Wait until the panel says that so many are chosen."""
    page.locator("h2:visible", has_text=f"{faces:,} of {N:,} faces chosen").wait_for()


# A pentagram: its middle is outside by the even-odd rule.
STAR = [(0.5 + 0.48 * np.sin(0.8 * np.pi * k), 0.5 - 0.48 * np.cos(0.8 * np.pi * k))
        for k in range(5)]  # fmt: skip


def test_a_loop_marks_the_same_faces_in_every_map_and_the_link_keeps_them(
    address: str, maps: pd.DataFrame, visit: Visit
) -> None:
    page = visit(address)
    assert page.locator(".js-plotly-plot").count() == 0
    star = corners(page, 0, STAR)
    drag(page, star)
    at_once = page.evaluate(MARKS)
    expected = enclosed(page, 0, star, place_of(maps, "x"))
    assert 100 < expected < N
    assert at_once == [expected, expected], "no answer of the server is waited for"
    panel(page, expected)
    page.locator(".bf.sheet img:visible").nth(11).wait_for()

    half = corners(page, 1, [(0.02, 0.02), (0.3, 0.02), (0.3, 0.98), (0.02, 0.98)])
    drag(page, half)  # chooses anew, in the other map
    second = enclosed(page, 1, half, place_of(maps, "f3(x)"))
    assert second not in (0, expected)
    marked(page, second)
    panel(page, second)

    colour = page.locator("[data-testid=stSelectbox]", has_text="Colour").locator("input")
    colour.fill("gender")
    colour.press("Enter")
    page.locator(".legend button", has_text="unknown").wait_for()
    page.wait_for_url("**colour=gender**")
    marked(page, second)

    again = visit(page.url)
    panel(again, second)
    marked(again, second)
    again.locator(".legend button", has_text="unknown").wait_for()
    again.get_by_role("button", name="Clear").click()
    marked(again, -1)
    again.get_by_text("Nobody chosen yet").wait_for()
    assert "chosen=" not in again.url


def test_loops_add_and_take_away_and_an_open_one_is_dropped(
    address: str, maps: pd.DataFrame, visit: Visit
) -> None:
    page = visit(f"{address}&maps=4&drag=a+box")
    at = place_of(maps, "x")
    left, right = ([(x0, 0.02), (x1, 0.98)] for x0, x1 in ((0.02, 0.4), (0.3, 0.7)))
    faces = []
    for box in (left, right):
        (x0, y0), (x1, y1) = corners(page, 0, box)
        faces.append(enclosed(page, 0, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)], at))
    x = [corners(page, 0, box) for box in (left, right)]
    both = [(x[0][0][0], x[0][0][1]), (x[1][1][0], x[0][0][1]), x[1][1], (x[0][0][0], x[1][1][1])]
    either = enclosed(page, 0, both, at)

    page.mouse.move(*x[0][0])
    page.mouse.down()
    page.mouse.move(*x[0][1])
    page.keyboard.press("Escape")
    page.mouse.up()
    page.get_by_role("radio", name="adds").click()
    drag(page, x[0])
    drag(page, x[1])  # before the server has answered
    marked(page, either, of=4)
    panel(page, either)
    page.get_by_role("radio", name="takes away").click()
    page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")
    drag(page, x[0])
    panel(page, either - faces[0])
    marked(page, either - faces[0], of=4)


def test_a_finger_draws_a_loop(address: str, maps: pd.DataFrame, visit: Visit) -> None:
    page = visit(address, size=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
    shape = corners(page, 1, [(0.05, 0.1), (0.95, 0.1), (0.5, 0.9)])
    finger = page.context.new_cdp_session(page)
    for kind, place in (("Start", shape[0]), ("Move", shape[1]), ("Move", shape[2])):
        finger.send("Input.dispatchTouchEvent", {
            "type": f"touch{kind}", "touchPoints": [{"x": place[0], "y": place[1]}],
        })  # fmt: skip
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expected = enclosed(page, 1, shape, place_of(maps, "f3(x)"))
    assert 0 < expected < N
    marked(page, expected)
    panel(page, expected)


def test_the_legend_hides_and_isolates_classes(
    address: str, maps: pd.DataFrame, visit: Visit
) -> None:
    page = visit(address)
    names = page.locator(".legend button").all_inner_texts()
    assert names == sorted(MOODS), "names are text"
    everything = corners(page, 0, [(0, 0), (1, 0), (1, 1), (0, 1)])
    happy, sad = (page.locator(".legend button", has_text=name) for name in ("happy", "sad"))
    counts = maps.iloc[:N]["expression"].value_counts().to_dict()

    sad.click()
    assert sad.get_attribute("aria-pressed") == "false"
    drag(page, everything)
    marked(page, N - counts["sad"])
    panel(page, N - counts["sad"])
    happy.press("Enter")
    pressed = [one.get_attribute("aria-pressed") for one in page.locator(".legend button").all()]
    assert pressed == [str(name == "happy").lower() for name in names]
    drag(page, everything)
    marked(page, counts["happy"])
    panel(page, counts["happy"])
    happy.press("Enter")
    happy.dblclick()
    sad.dblclick()
    drag(page, everything)
    panel(page, counts["sad"])


def test_keys_draw_a_box_and_points_are_named(
    address: str, maps: pd.DataFrame, visit: Visit
) -> None:
    page = visit(address)
    hand = page.locator(".hand").first
    assert "3,000 faces" in hand.get_attribute("aria-label")
    hand.focus()
    right, down = ["Shift+ArrowRight"] * 3, ["Shift+ArrowDown"] * 3
    for key in ("Enter", *right, "ArrowRight", *down, "ArrowUp", "Enter"):
        page.keyboard.press(key)
    box = hand.bounding_box()
    x, y = (box[at] + int(box[size] / 2 + 0.5) for at, size in (("x", "width"), ("y", "height")))
    shape = [(x, y), (x + 128, y), (x + 128, y + 112), (x, y + 112)]
    expected = enclosed(page, 0, shape, place_of(maps, "x"))
    assert expected > 0
    marked(page, expected)
    panel(page, expected)

    # The point farthest out is named when one points beside it.
    at = place_of(maps, "x")
    alone = int(np.argmax(np.hypot(*(at - at.mean(axis=0)).T)))
    low, high = at.min(axis=0), at.max(axis=0)
    reach = 1.08 * (high - low) / 2
    scale = min(box["width"] / (2 * reach[0]), box["height"] / (2 * reach[1]))
    right, up = scale * (at[alone] - (low + high) / 2)
    hand.hover(position={"x": box["width"] / 2 + right + 2, "y": box["height"] / 2 - up})
    row = maps.iloc[alone]
    page.locator(".named:visible").wait_for()
    assert page.locator(".named:visible").inner_text() == f"{row['id']}: {row['expression']}"


def test_maps_fit_and_are_chosen_without_a_mouse(
    address: str, maps: pd.DataFrame, visit: Visit
) -> None:
    page = visit(f"{address}&class=happy&density=true&zoom=true", color_scheme="dark")
    page.get_by_role("button", name="Choose its faces").press("Enter")
    expected = int((maps.iloc[:N]["expression"] == "happy").sum())
    panel(page, expected)
    marked(page, expected)
    assert sideways(page) <= 0
    text = page.locator(".legend button").first.evaluate("one => getComputedStyle(one).color")
    assert text == "rgb(232, 230, 224)"
    assert not narrowed(page)
