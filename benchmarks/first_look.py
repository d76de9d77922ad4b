"""How long a newcomer waits: first figure, the whole set's, and the second visit.

    python -m benchmarks.first_look [--whole SECONDS]

Starts the dashboard with an empty cache, opens the Overview in headless Chromium and prints the
seconds from then to (a) the demonstration's first figure on the page, (b) the whole set's figure
of the papers' attackers on x, chosen and with its null, (c) the same page opened once more, and
once more after the server was started anew. Needs the packages of requirements-dev.txt and a
Chromium.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core import run as runs

ROOT = Path(__file__).resolve().parent.parent
PORT = 8899
ADDRESS = f"http://localhost:{PORT}"
FIGURE = "times in 100"
PAPERS = {"nn", "svm", "rf"}


@contextmanager
def server(cache: Path) -> Iterator[None]:
    """The dashboard on its own port and cache."""
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    command += ["--server.port", str(PORT), "--server.headless", "true"]
    environment = {**os.environ, "BLINDFOLD_CACHE": str(cache)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            with suppress(OSError):
                urllib.request.urlopen(f"{ADDRESS}/_stcore/health", timeout=1)
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def whole_set(cache: Path) -> bool:
    """Whether the strongest of the papers' attackers on x stands in the table that grows."""
    for path in cache.glob("runs/*/partial/leakage.csv"):
        with open(path, encoding="utf-8", newline="") as file:
            rows = [r for r in csv.DictReader(file) if r["representation"] == "x"]
        named = {row["attacker"] for row in rows if row["attribute"] == "expression"}
        if {"strongest", *PAPERS} <= named:
            return True
    return False


def visit(browser: Any) -> tuple[Any, float]:
    """A new page on the Overview, and when it was opened."""
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    began = time.monotonic()
    page.goto(ADDRESS)
    return page, began


def until_figure(page: Any, began: float, limit: float = 300) -> float:
    """Seconds until a figure stands on the page."""
    while time.monotonic() - began < limit:
        if FIGURE in page.inner_text("body"):
            break
        time.sleep(0.1)
    return time.monotonic() - began


def main() -> None:
    """Print the four times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--whole", type=float, default=300, help="seconds to wait for the whole")
    limit = parser.parse_args().whole
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    cache = Path(tempfile.mkdtemp(prefix="first-look-"))
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            with server(cache):
                page, began = visit(browser)
                print(f"first figure        {until_figure(page, began):6.1f} s", flush=True)
                while not whole_set(cache) and time.monotonic() - began < limit:
                    time.sleep(0.5)
                print(f"whole set, x        {time.monotonic() - began:6.1f} s", flush=True)
                page.close()
                page, began = visit(browser)
                print(f"second visit        {until_figure(page, began):6.1f} s", flush=True)
            os.environ["BLINDFOLD_CACHE"] = str(cache)
            for run in runs.listing():
                runs.cancel(run)
            time.sleep(10)  # a cancelled worker takes a moment to go
            with server(cache):
                page, began = visit(browser)
                print(f"after a new start   {until_figure(page, began):6.1f} s", flush=True)
            browser.close()
    finally:
        shutil.rmtree(cache, ignore_errors=True)


if __name__ == "__main__":
    main()
