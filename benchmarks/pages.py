"""How long a page takes in a real browser, from a store that holds a finished audit.

    BLINDFOLD_CACHE=CACHE python -m benchmarks.pages [--rounds 5]

CACHE is one in which an audit has been finished (a run of the demonstration shows every page full).
Starts the dashboard on it and takes, in headless Chromium: the first paint and the whole Overview
of a browser that comes for the first time; and, within one visit, the change to every other page
from the click on its link until the last change of what is on the screen, charts included (seen by
an observer in the browser; nothing has changed for a second after it and the server is at rest).
The first round after the start of the server is told apart, since it imports and reads what later
ones find in memory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.first_look import ADDRESS, server
from benchmarks.machine import hardware
from core import run as runs

PAGES = ("Faces", "Two audits", "Leakage", "Compare", "Verification", "Ablation", "Projections",
         "What it looks at", "Fairness", "Report", "Overview")  # fmt: skip
AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]"
PAINTED = """() => {
  const paints = performance.getEntriesByType('paint');
  const first = paints.find((one) => one.name === 'first-contentful-paint');
  return first ? first.startTime / 1000 : null;
}"""
WATCH = """() => {
  window.lastChange = performance.now();
  const within = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)
    ?.closest('[data-testid=stMain]');
  new MutationObserver((seen) => {
    if (seen.some((one) => within(one.target))) { window.lastChange = performance.now(); }
  }).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
}"""
CALM = f"""() => document.querySelector('{AT_REST}') !== null
  && document.querySelector('[data-testid=stMain] :is(h1, h2, h3)') !== null
  && performance.now() - window.lastChange > 1000"""
FIRST, WHOLE = "first paint", "Overview, whole"
LIMITS = {FIRST: 3.0}
CHANGE = 1.0
"""Seconds that a change of page may take (issue 8); `LIMITS` are those of the first visit."""


def first_visit(browser: Any) -> tuple[Any, dict[str, float]]:
    """A browser of its own on the Overview: its page, the first paint and the whole."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(f"({WATCH})()")
    page.goto(ADDRESS)
    page.wait_for_function(CALM)
    return page, {FIRST: float(page.evaluate(PAINTED)), WHOLE: _last_change(page)}


def change(page: Any, title: str) -> float:
    """Seconds from the click on the link of the page `title` until the last change it brought."""
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True)
    link.evaluate(
        "one => one.addEventListener('click', () => { window.clicked = performance.now(); },"
        " {once: true, capture: true})"
    )
    link.click()
    page.locator(f"[data-testid=stSidebarNav] a[aria-current=page]:has-text('{title}')").wait_for()
    page.wait_for_function(CALM)
    return _last_change(page) - float(page.evaluate("() => window.clicked / 1000"))


def _last_change(page: Any) -> float:
    """Seconds from the beginning of the visit to the last change of the page."""
    return float(page.evaluate("() => window.lastChange / 1000"))


def one_round(browser: Any) -> dict[str, float]:
    """Seconds of a first visit, and of every change of page in it."""
    page, seconds = first_visit(browser)
    try:
        return seconds | {title: change(page, title) for title in PAGES}
    finally:
        page.context.close()


def lines(rounds: Sequence[dict[str, float]]) -> list[str]:
    """The table: the first round, and the median and the slowest of the others."""
    head = ["| | first round, s | later: median, s | later: slowest, s | limit, s |",
            "|---|---:|---:|---:|---:|"]  # fmt: skip
    rows = []
    for name in rounds[0]:
        later = [one[name] for one in rounds[1:]]
        limit = LIMITS.get(name, "" if name == WHOLE else CHANGE)
        rows.append(
            f"| {name} | {rounds[0][name]:.2f} | {statistics.median(later):.2f} "
            f"| {max(later):.2f} | {limit} |"
        )
    return [*head, *rows]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5, help="visits after the first one")
    rounds = parser.parse_args().rounds
    from playwright.sync_api import sync_playwright

    cache = Path(os.environ.get("BLINDFOLD_CACHE", "cache"))
    if not any(runs.status(one).state == "done" for one in runs.listing()):
        raise SystemExit(f"no audit is finished in {cache}: run one, then measure its pages")
    os.environ["BLINDFOLD_DEMO"] = "quick"
    with sync_playwright() as play, server(cache):
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        found = [one_round(browser) for _ in range(rounds + 1)]
        browser.close()
    print(f"{hardware()}; load {os.getloadavg()[0]:.1f}\n")
    print("\n".join(lines(found)))


if __name__ == "__main__":
    main()
