"""The way itself, in a real browser: what a newcomer clicks, waits for and sees."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.first_look import FIGURE

WIDTH, HEIGHT = 1280, 900
MOST_BYTES = 150_000
"""Of one picture; it is drawn smaller until it has no more."""
COLOURS = 128
PATIENCE = 1_500_000
"""Milliseconds that anything may take before the way counts as lost."""
AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]"
SMALLEST = "15"
"""Below so many people the report gives no figure."""
LABEL, TAKEN_OUT = "gender", "LEACE"
"""The sensitive label, and the suppressor that is to take it out."""

STEPS = (
    "See the example",
    "Bring your faces",
    "See what is in them",
    "Choose what to measure",
    "Run, and watch",
    "Read what leaks",
    "Ask for the report",
    "Open the report",
)
"""What is done after the installation; each ends with a picture."""


@dataclass
class Way:
    """A browser on the way: `pictures` are those so far, `seconds` what each step took."""

    browser: Any
    address: str
    faces: Path
    model: Path
    scale: str
    out: Path
    downloads: Path
    pictures: list[Path] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    report: tuple[Path, Path] | None = None

    def walk(self) -> Iterator[str]:
        """Take every step; yields its name when it is done."""
        context = self.browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, accept_downloads=True
        )
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        steps = (self._example, self._bring, self._look, self._choose, self._run, self._read,
                 self._ask, self._open)  # fmt: skip
        for name, step in zip(STEPS, steps, strict=True):
            began = time.monotonic()
            where = step()
            self.seconds.append(time.monotonic() - began)
            self._picture(where)
            yield name
        context.close()

    def _example(self) -> str:
        self.page.goto(self.address)
        self._said(FIGURE)
        return ""

    def _bring(self) -> str:
        self.page.get_by_role("button", name="Audit your own faces").click()
        self._said("Where they are")
        self.page.locator("input[type=file]").first.set_input_files(self.faces)
        self.page.get_by_role("button", name="Read these files").wait_for()
        return ""

    def _look(self) -> str:
        self.page.get_by_role("button", name="Read these files").click()
        self._said("can be opened")
        self._said("Contact sheet")
        return ""

    def _choose(self) -> str:
        page = self.page
        self._option("Label to treat as sensitive", LABEL)
        page.get_by_role("button", name=TAKEN_OUT, exact=True).click()
        page.locator("input[type=file]").last.set_input_files(self.model)
        self._said("Roughly")
        page.get_by_text("How this model takes its pictures").click()
        self._option("Colours are scaled", self.scale)
        self._rest()
        return "Audit"

    def _run(self) -> str:
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.wait_for_url("**/leakage?*run=*")
        self._said("The same figures")
        self.page.locator(".js-plotly-plot .main-svg").first.wait_for()
        return ""

    def _read(self) -> str:
        self._said("What passed.")
        self.page.locator(".js-plotly-plot .main-svg").first.wait_for()
        return ""

    def _ask(self) -> str:
        page = self.page
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Report", exact=True).click()
        self._said("What goes in")
        smallest = page.get_by_label("Withhold figures on fewer people than").first
        smallest.fill(SMALLEST)
        smallest.press("Enter")
        self._rest()
        self.report = (self._kept("HTML"), self._kept("PDF"))
        return ""

    def _open(self) -> str:
        assert self.report is not None
        asked: list[str] = []
        self.page.on("request", lambda request: asked.append(request.url))
        self.page.goto(self.report[0].as_uri())
        self.page.locator("h1").first.wait_for()
        outside = [one for one in asked if not one.startswith(("file:", "data:", "blob:"))]
        if outside:
            raise SystemExit(f"the report asked another machine: {outside[0]}")
        if not self.report[1].read_bytes().startswith(b"%PDF"):
            raise SystemExit("what was handed out as PDF is none")
        return ""

    def _kept(self, label: str) -> Path:
        """What the button `label` hands out."""
        with self.page.expect_download() as found:
            self.page.get_by_role("button", name=label, exact=True).click()
        at = self.downloads / found.value.suggested_filename
        found.value.save_as(at)
        return at

    def _option(self, label: str, option: str) -> None:
        """Choose `option`; a list that the page has closed by being drawn again is opened again."""
        box = self.page.get_by_role("combobox", name=label)
        wanted = self.page.get_by_role("option", name=option, exact=True)
        box.click()
        while not wanted.count():
            self._rest()
            if box.get_attribute("aria-expanded") != "true":
                box.click()
        wanted.click()
        self._rest()

    def _said(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for()

    def _rest(self) -> None:
        self.page.locator(AT_REST).wait_for()

    def _picture(self, heading: str) -> None:
        """The window, from the heading on where one is named."""
        if self.page.url.startswith("http"):  # the report is a file
            self._rest()
        if heading:
            self.page.get_by_role("heading", name=heading, exact=True).evaluate(
                "one => one.scrollIntoView({block: 'start'})"
            )
        at = self.out / f"walkthrough-{len(self.pictures) + 1}.png"
        small(Image.open(io.BytesIO(self.page.screenshot())), at)
        self.pictures.append(at)


def small(picture: Image.Image, at: Path) -> None:
    """Write `picture` as a PNG of at most `MOST_BYTES`: fewer pixels where it must be."""
    for width in range(min(WIDTH, picture.width), 0, -80):
        shown = picture.convert("RGB").resize(
            (width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS
        )
        shown.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            at, optimize=True
        )
        if at.stat().st_size <= MOST_BYTES:
            return
