"""What server and browser of these tests hand to each other, and what they ask of a page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WIDE = {"width": 1440, "height": 1000}
PHONE = {"width": 360, "height": 780}
"""The narrowest window that a page must fit into."""
PATIENCE = 60_000
"""Milliseconds that anything may take on a busy machine."""
LOCAL = ("http://localhost", "ws://localhost", "data:", "blob:")
# Streamlit looks for its base path below the root first; a missing answer there is not ours.
THEIRS = re.compile(r"404 \(Not Found\) \(\S+/_stcore/(health|host-config)\)$")


@dataclass
class Server:
    """A running server: where it listens, its home, and the run it shows."""

    url: str
    home: Path
    run_id: str
    hostile_id: str


@dataclass
class Heard:
    """What the browser asked for and what its console said."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def listen(self, page: Any) -> None:
        """Hear what happens in `page` from now on; an error of the console with its address."""
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._said)

    def _said(self, said: Any) -> None:
        if said.type == "error":
            self.errors.append(f"{said.text} ({said.location['url']})")

    def forget(self) -> None:
        """Begin anew, for another page."""
        self.requests.clear()
        self.errors.clear()

    @property
    def ours(self) -> list[str]:
        """Errors that are not known to be Streamlit's own."""
        return [error for error in self.errors if not THEIRS.search(error)]

    @property
    def outside(self) -> list[str]:
        """What was asked of another machine."""
        return [url for url in self.requests if not url.startswith(LOCAL)]


def at_rest(page: Any) -> None:
    """Wait until the script of the page has run and all of its figures are drawn."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_function(
        """() => !document.querySelector('[data-testid=stSkeleton]')
          && [...document.querySelectorAll('[data-testid=stPlotlyChart]')]
            .every(chart => chart.querySelector('.main-svg'))"""
    )


def sideways(page: Any) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate(
        "() => { const m = document.querySelector('[data-testid=stMain]');"
        " return m.scrollWidth - m.clientWidth }"
    ))  # fmt: skip


def narrowed(page: Any) -> list[str]:
    """Make the window as narrow as `PHONE`; what then sticks out of it, once the page has settled.

    Nothing where all of it fits; what scrolls in a box of its own does.
    """
    page.set_viewport_size(PHONE)
    found: list[str] = page.evaluate(_FITTED, [PHONE["width"], PATIENCE])
    return found


_FITTED = """async ([wide, patience]) => {
  const main = document.querySelector('[data-testid=stMain]'), root = document.documentElement;
  const fits = () => main.clientWidth <= wide && main.scrollWidth <= main.clientWidth
    && root.scrollWidth <= wide;
  for (const end = Date.now() + patience; !fits() && Date.now() < end;)
    await new Promise(go => setTimeout(go, 50));
  if (fits()) return [];
  const out = [...main.querySelectorAll('*')].filter(one => {
    const box = one.getBoundingClientRect();
    return box.width && box.right > wide + 1 && !one.closest('.scroll');
  });
  const told = out.filter(one => !out.some(other => other !== one && one.contains(other)));
  return [`the page takes ${main.scrollWidth} of ${main.clientWidth} pixels`,
    ...told.slice(0, 5).map(one => one.outerHTML.slice(0, 160))];
}"""
