"""The Fairness page in a real browser. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from browsing import WIDE, Server, narrowed, sideways
from fixtures import audit, write_result
from made_up_fairness import FACTS, PAIR, SETTINGS, write_study

from core import run as runs
from core.config import config_from
from core.run import Run
from core.run_status import RunStatus, write_status

pytestmark = pytest.mark.e2e


@pytest.fixture
def decided(server: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A finished run with the study."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(server.home))
    asked = {"name": "decisions", "faces": {"preset": "synthetic"}, **SETTINGS}
    run = runs.create(config_from(asked), base=Path.cwd())
    write_result(run.path, audit(name="decisions", facts={"fairness": FACTS}))
    write_study(run.result)
    write_status(run.path, RunStatus(state="done"))
    return run


def gaps(page: Any) -> dict[str, float]:
    """The gap of every row of the first table, in points, as the browser shows it."""
    table = page.locator(".bf table").first
    heads = [one.strip() for one in table.locator("thead").locator("th, td").all_inner_texts()]
    found = {}
    for row in table.locator("tbody tr").all():
        cells = [one.strip() for one in row.locator("td").all_inner_texts()]
        named = row.locator("td b").first.inner_text()
        value = re.match(r"[−\d.]+", cells[heads.index("gap")])
        if value is not None:
            found[named] = float(value.group().replace("−", "-"))
    return found


def written(run: Run, strength: float) -> dict[str, float]:
    """The same from the CSV that the page offers, by the names that rows have."""
    rows = pd.read_csv(run.result / "tables" / "fairness.csv")
    own = rows[(rows["metric"] == "gap") & (rows["group"] == PAIR) & (rows["strength"] == strength)]
    names = {"sensitivenets": "SN", "leace": "LEACE", "x": "x"}
    return {
        names[row["representation"]] + ("" if row["method"] == "none" else f" + {row['method']}"):
            round(100 * row["value"], 1)
        for row in own.to_dict("records")
    }  # fmt: skip


def test_the_slider_moves_the_gap_and_the_figures_are_those_of_the_csv(
    decided: Run, server: Server, browser: Any
) -> None:
    errors: list[str] = []
    context = browser.new_context(viewport=WIDE, color_scheme="dark")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.url}/fairness?run={decided.id}&bias=50/50")
    page.get_by_text("Trained at 50/50").wait_for()
    page.get_by_text("Beside the papers").wait_for()
    page.locator(".js-plotly-plot .scatterlayer .trace").nth(8).wait_for(state="attached")
    before = gaps(page)
    assert before == pytest.approx(written(decided, 0.5))
    bias = page.get_by_role("slider").first
    bias.press("End")
    page.get_by_text("Not computed in this run: 95/5").wait_for()
    bias.press("ArrowLeft")
    page.get_by_text("Trained at 90/10").wait_for()
    page.get_by_text("Beside the papers").wait_for()
    after = gaps(page)
    assert after == pytest.approx(written(decided, 0.9))
    assert after["x"] > before["x"]
    assert f"run={decided.id}" in page.url
    assert "bias=90" in page.url
    assert sideways(page) <= 0
    assert not narrowed(page)
    assert not errors
    context.close()
