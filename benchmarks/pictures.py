"""The pictures of the docs, of runs on the bundled synthetic set: pages and named views.

    python -m benchmarks.pictures CACHE [--out docs/images] [--only PAGE ...]

CACHE holds the store and a finished demonstration (`BLINDFOLD_CACHE` of a dashboard that ran it),
or runs of what `--only` names. A page is drawn from the newest run that has its table.
Refuses any run whose faces were not drawn: photographs of people stay out of the repository. Needs
the packages of requirements-dev.txt and a Chromium.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from PIL import Image

from benchmarks.first_look import ADDRESS, ROOT, server
from core import run as runs
from core.plots.projection_presets import PRESETS, resolved, title

PAGES = {
    "ablation": "ablation.csv", "fairness": "fairness.csv", "action_units": "action_units.csv",
    "anonymity": "anonymity.csv", "projections": "projection.parquet",
}  # fmt: skip
"""Pages, and the table without which each has nothing to show."""
WIDTH, TALLEST = 1280, 1500
TALLER = {"action_units": 6600, "anonymity": 3600}
"""Pages that are shown further down."""
COLOURS = 256
"""Of each picture, spread over all that it has: classes are told apart by colour."""


def views(run: runs.Run, page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Name and choices of each picture of a page."""
    if page != "projections":
        yield page, {}
        return
    maps = pd.read_parquet(run.result / "tables" / "projection.parquet")
    fixed = ("representation", "method", "id", "u", "v", "subject_id", "placed")
    labels = [name for name in maps.columns if name not in fixed]
    shown = list(dict.fromkeys(maps["representation"]))
    kinds = {one.name or one.kind: one.kind for one in run.config().suppressors}
    for number, preset in enumerate(PRESETS, start=1):
        found = resolved(preset, shown, labels, kinds)
        if found.missing:
            raise SystemExit(f"{preset.name}: the run lacks {', '.join(found.missing)}")
        panes = {f"map{place}": title(name) for place, name in enumerate(found.panes, start=1)}
        yield f"projections-{number}", {
            "maps": str(len(found.panes)), "colour": found.colour, **panes
        }  # fmt: skip


def drawn(page: str) -> runs.Run:
    """The newest finished run that looks at drawn faces and has what `page` shows."""
    for run in runs.listing():
        faces = run.config().faces
        synthetic = faces is not None and faces.preset == "synthetic"
        if synthetic and (run.result / "tables" / PAGES[page]).exists():
            return run
    raise SystemExit(f"no finished run on the synthetic set has {PAGES[page]}: run one first")


def picture(browser: Any, address: str, tallest: int) -> Image.Image:
    """The main part of a page, once it has settled, down to so many pixels."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 900})
    page.goto(address)
    page.get_by_role("heading", level=1).wait_for(timeout=60_000)
    page.wait_for_timeout(8000)
    main = "document.querySelector('[data-testid=stMain]')"
    height = int(page.evaluate(f"() => {main}.scrollHeight"))
    page.set_viewport_size({"width": WIDTH, "height": min(height, tallest)})
    page.wait_for_timeout(4000)
    found = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    return found.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE)


def main(arguments: Sequence[str]) -> None:
    """Write every picture."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("cache", type=Path)
    asked.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    asked.add_argument("--only", nargs="+", choices=list(PAGES), default=list(PAGES))
    given = asked.parse_args(arguments)
    os.environ["BLINDFOLD_CACHE"] = str(given.cache.resolve())
    found = {page: drawn(page) for page in given.only}
    given.out.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as play, server(given.cache.resolve()):
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for page, run in found.items():
            for name, chosen in views(run, page):
                query = urlencode({"run": run.id, **chosen})
                tallest = TALLER.get(page, TALLEST)
                seen = picture(browser, f"{ADDRESS}/{page}?{query}", tallest)
                seen.save(given.out / f"{name}.png", optimize=True)
                print(given.out / f"{name}.png", file=sys.stderr)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
