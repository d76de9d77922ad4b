"""Walk the newcomer's way and write it down: pictures, and the times of the steps.

    python -m benchmarks.walkthrough [--here] [--faces ZIP --model ONNX --out FOLDER]

Copies the project into an empty folder, makes a fresh environment there, runs the first command of
the README and drives Chromium from the Overview to a report of one's own faces, which are drawn.
Writes docs/images/walkthrough-*.png and the table of docs/walkthrough.md. With --here it uses the
packages that are there and leaves the table alone. With faces and a model of one's own nothing is
written but pictures in a folder outside of the project: photographs of people stay out of it.

Takes the packages of requirements-dev.txt, a Chromium and a package index; some ten minutes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from benchmarks.machine import PACKAGES, hardware
from benchmarks.walkthrough import page
from benchmarks.walkthrough.people import write_recogniser, write_zip
from benchmarks.walkthrough.setting_up import ROOT, from_here, from_nothing
from benchmarks.walkthrough.way import Way
from core import run as runs

IMAGES, PAGE = ROOT / "docs" / "images", ROOT / "docs" / "walkthrough.md"
DRAWN, OTHERS = "from −1 to 1", "ImageNet's mean and deviation"
"""How the drawn set's recogniser scales colours, and one that was brought."""


def main(arguments: Sequence[str]) -> None:
    """Walk, and write."""
    given = _given(arguments)
    folder = Path(tempfile.mkdtemp(prefix="walkthrough-"))
    try:
        own = given.faces is not None
        faces = given.faces if own else write_zip(folder / "my people.zip")
        model = given.model if own else write_recogniser(folder / "recogniser.onnx")
        seconds = _walked(given, folder, faces, model, OTHERS if own else DRAWN)
        table = page.times(seconds, f"{date.today():%-d %B %Y}", _machine())
        if not (own or given.here):
            page.write(PAGE, table)
        print(table)
    finally:
        os.environ["BLINDFOLD_CACHE"] = str(folder / "cache")
        for run in runs.listing():  # workers outlive the server
            runs.delete(run)
        shutil.rmtree(folder, ignore_errors=True)


def _given(arguments: Sequence[str]) -> argparse.Namespace:
    asked = argparse.ArgumentParser(
        prog="python -m benchmarks.walkthrough", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    asked.add_argument("--here", action="store_true", help="use the packages that are there")
    asked.add_argument("--faces", type=Path, help="a zip of your own")
    asked.add_argument("--model", type=Path, help="and an ONNX recogniser for it")
    asked.add_argument("--out", type=Path, help="where the pictures go")
    given = asked.parse_args(arguments)
    if (given.faces is None) != (given.model is None):
        asked.error("--faces and --model come together: photographs need a recogniser")
    if given.faces is not None and (given.out is None or given.out.resolve().is_relative_to(ROOT)):
        asked.error("pictures of your own faces go outside of the project: name --out FOLDER")
    given.out = given.out or IMAGES
    return given


def _walked(
    given: argparse.Namespace, folder: Path, faces: Path, model: Path, scale: str
) -> list[tuple[str, float]]:
    """The name of each step and its seconds."""
    from playwright.sync_api import sync_playwright

    given.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    served = from_here(folder) if given.here else from_nothing(folder)
    with sync_playwright() as play, served as here:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        way = Way(browser, here.address, faces, model, scale, given.out, folder)
        found = [] if here.installed is None else [(page.INSTALL, here.installed)]
        found.append((page.START, here.started))
        for name in way.walk():
            found.append((name, way.seconds[-1]))
            print(f"{name}: {way.seconds[-1]:.1f} s", file=sys.stderr, flush=True)
        browser.close()
    return found


def _machine() -> str:
    machine = hardware().split(f", {PACKAGES[0]} ")[0]  # versions are those of the lock
    wanted = os.getloadavg()[2]
    return f"{machine}; {wanted:.1f} processes at work on them in the last quarter of an hour"


if __name__ == "__main__":
    main(sys.argv[1:])
