"""How fast the linked maps of the Projections page are, in a real browser, with MADE-UP points.

    python -m benchmarks.maps_in_browser [--points 100000] [--panes 2 --panes 4]

Starts a server of its own with one made-up run, opens its page in headless Chromium (which draws
without a graphics card), and draws three loops with the mouse. Prints Markdown: how long the maps
took to come, the longest time between two frames while a loop was drawn, and the time from its
release until every map marked the faces, and until the panel beside them said how many. The
browser's own clock measures all of them; the load of the machine stands beside them.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu")
LOOPS = ((0.02, 0.5), (0.6, 0.98), (0.45, 0.55))
"""Left and right end of each loop, as parts of the width of the first map."""
HEAD = ("loop", "chosen", "first drawn (s)", "longest frame of the drag (ms)", "marked (ms)",
        "panel (ms)", "load")  # fmt: skip
MOVES = 60
"""Mouse moves of a loop."""
WATCH = """() => {
  const maps = () => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
    .flatMap((one) => [...one.shadowRoot.querySelectorAll('.map')]);
  const told = () => [...document.querySelectorAll('h2')].map((one) => one.innerText)
    .filter((one) => / faces chosen$/.test(one)).join();
  const marks = () => maps().map((one) => one.dataset.marked);
  const before = told(), stood = marks().join(), seen = { longest: 0 };
  let last = performance.now();
  addEventListener('pointerup', () => (seen.released = performance.now()),
                   { capture: true, once: true });
  const frame = () => {
    const now = performance.now();
    if (!seen.released) seen.longest = Math.max(seen.longest, now - last);
    last = now;
    const all = marks();
    if (seen.released && !seen.marked && all.join() !== stood && new Set(all).size === 1) {
      seen.marked = now - seen.released;
    }
    if (seen.released && told() !== before) seen.panel = now - seen.released;
    if (!seen.panel || !seen.marked) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  window.seen = seen;
}"""


def main(arguments: Sequence[str]) -> None:
    """Print a table for each number of maps."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--points", type=int, default=100_000)
    asked.add_argument("--panes", type=int, action="append")
    given = asked.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        address = _run(Path(home), given.points)
        with _server(Path(home)) as url, _browser() as browser:
            print(f"| points | maps | {' | '.join(HEAD)} |\n{'|---' * (len(HEAD) + 2)}|")
            for panes in given.panes or (2, 4):
                for row in _loops(browser, f"{url}/{address}&maps={panes}", panes):
                    print(f"| {given.points:,} | {panes} | {' | '.join(row)} |", flush=True)


def _run(home: Path, n: int) -> str:
    """Make the run in `home`; returns its page."""
    sys.path[:0] = [str(ROOT / "tests" / "app")]
    os.environ["BLINDFOLD_CACHE"] = str(home)
    import fixtures
    import made_up_crowd
    import made_up_maps

    from core import run as runs
    from core.config import config_from
    from core.run_status import RunStatus, write_status

    asked = {"name": "made-up points", "faces": {"preset": "synthetic"}, **made_up_maps.SETTINGS}
    run = runs.create(config_from(asked), base=ROOT)
    fixtures.write_result(run.path, fixtures.audit(name="made-up points"))
    maps = made_up_crowd.projection(n)
    tables = run.path / "result" / "tables"
    maps.to_parquet(tables / "projection.parquet", index=False)
    made_up_maps.quality(maps).to_csv(tables / "projection_quality.csv", index=False)
    write_status(run.path, RunStatus(state="done"))
    return f"projections?run={run.id}"


@contextmanager
def _server(home: Path) -> Iterator[str]:
    """The dashboard on a free port."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py",
               "--server.port", str(port), "--server.headless", "true"]  # fmt: skip
    environment = {**os.environ, "BLINDFOLD_CACHE": str(home), "BLINDFOLD_DEMO": "quick"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def _loops(browser: Any, address: str, panes: int) -> Iterator[list[str]]:
    """The cells of one row for each loop."""
    context = browser.new_context(viewport={"width": 1440, "height": 1300})
    page = context.new_page()
    page.set_default_timeout(180_000)
    begun = time.perf_counter()
    page.goto(address)
    page.locator(".map[data-marked]").nth(panes - 1).wait_for()
    first = f"{time.perf_counter() - begun:.1f}"
    for number, (left, right) in enumerate(LOOPS, start=1):
        page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")
        page.wait_for_timeout(1_000)
        hand = page.locator(".hand").first
        hand.scroll_into_view_if_needed()
        box = hand.bounding_box()
        x, y = ([box[at] + part * box[size] for part in parts] for at, size, parts in (
            ("x", "width", (left, right)), ("y", "height", (0.02, 0.98))))  # fmt: skip
        page.evaluate(WATCH)
        page.mouse.move(x[0], y[0])
        page.mouse.down()
        for corner in ((x[1], y[0]), (x[1], y[1]), (x[0], y[1])):
            page.mouse.move(*corner, steps=MOVES // 3)
        page.mouse.up()
        page.wait_for_function("() => window.seen.panel && window.seen.marked")
        seen = page.evaluate("() => window.seen")
        faces = page.locator("h2:visible", has_text="faces chosen").inner_text().split()[0]
        times = [f"{seen[what]:.0f}" for what in ("longest", "marked", "panel")]
        yield [str(number), faces, first, *times, f"{os.getloadavg()[0]:.1f}"]
        first = ""
    context.close()


if __name__ == "__main__":
    main(sys.argv[1:])
