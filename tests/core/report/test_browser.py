"""A report in a real browser without a network: all figures drawn, nothing asked for, no scroll."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.report import html
from core.report.document import Document, Figure

pytestmark = pytest.mark.e2e


def _opened(browser: Any, path: Path, width: int, figures: int) -> tuple[Any, list[str], list[str]]:
    asked: list[str] = []
    errors: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("request", lambda one: asked.append(one.url))
    page.on("pageerror", lambda one: errors.append(str(one)))
    page.on("console", lambda one: one.type == "error" and errors.append(one.text))
    page.goto(path.as_uri(), wait_until="commit")
    page.locator(".js-plotly-plot").nth(figures - 1).wait_for(state="attached")
    return page, asked, errors


def test_a_report_opens_without_a_network(whole: Document, tmp_path: Path, browser: Any) -> None:
    path = tmp_path / "report.html"
    path.write_text(html.render(whole))
    figures = sum(isinstance(b, Figure) for part in whole.sections for b in part.blocks)
    for width in (1280, 390):
        page, asked, errors = _opened(browser, path, width, figures)
        assert page.locator(".js-plotly-plot .main-svg").count() >= figures
        assert [one for one in asked if not one.startswith(("data:", "blob:"))] == [path.as_uri()]
        assert not errors
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) == 0
    assert len(page.pdf(prefer_css_page_size=True)) > 50_000
