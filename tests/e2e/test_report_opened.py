"""The report as it is handed on: downloaded from its page, opened without a network. All figures
are MADE UP; nothing was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from accessibility import findings
from browsing import PATIENCE, Heard, Server

pytestmark = pytest.mark.e2e


def test_a_report_is_downloaded_and_opens_without_a_network(
    server: Server, browser: Any, tmp_path: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{server.url}/report?run={server.run_id}")
    with page.expect_download() as begun:
        page.get_by_role("button", name="HTML", exact=True).click()
    assert begun.value.suggested_filename == f"report-{server.run_id[:8]}.html"
    report = tmp_path / "report.html"
    begun.value.save_as(report)
    context.close()

    context, heard = browser.new_context(offline=True), Heard()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    heard.listen(page)
    page.goto(report.as_uri(), wait_until="commit")
    page.get_by_role("heading", name="synthetic demonstration").first.wait_for()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    assert page.get_by_text("made-up test data").count()
    assert not heard.errors
    assert [url for url in heard.outside if url != report.as_uri()] == []
    assert not [one for one in findings(page) if one.impact in ("serious", "critical")]
    context.close()
