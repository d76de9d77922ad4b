"""The Action units page in a real browser. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from browsing import WIDE, Server, narrowed, sideways
from fixtures import audit, write_result
from made_up_units import FACTS, PAIR, SETTINGS, TESTS, write_study

from core import run as runs
from core.config import config_from
from core.run import Run
from core.run_status import RunStatus, write_status

pytestmark = pytest.mark.e2e


@pytest.fixture
def studied(server: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A finished run with the study."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(server.home))
    asked = {"name": "units", "faces": {"preset": "synthetic"}, **SETTINGS}
    run = runs.create(config_from(asked), base=Path.cwd())
    write_result(run.path, audit(name="units", facts=FACTS))
    write_study(run.result)
    write_status(run.path, RunStatus(state="done"))
    return run


def figures(page: Any, head: str, columns: list[str]) -> dict[str, list[float]]:
    """The figures of the table with a column `head`, by what stands first in each row."""
    table = page.locator(".bf table", has=page.locator("th", has_text=re.compile(f"^{head}$")))
    heads = [
        one.strip() for one in table.first.locator("thead").locator("th, td").all_inner_texts()
    ]
    found = {}
    for row in table.first.locator("tbody tr").all():
        cells = [one.strip().replace("−", "-") for one in row.locator("td").all_inner_texts()]
        values = [re.match(r"-?[\d.]+", cells[heads.index(one)]) for one in columns]
        name = row.locator("td b").first.inner_text().replace("\xa0", " ")
        found[name] = [float(one.group()) for one in values if one is not None]
    return found


def written(run: Run, train: str) -> dict[str, list[float]]:
    """F1 on each test group and the interaction, from the CSV that the page offers."""
    rows = pd.read_csv(run.result / "tables" / "action_units.csv")
    found: dict[str, list[float]] = {}
    for au, own in rows[rows["value"].notna()].groupby("au"):
        name = "all units" if au == "all" else f"AU {int(str(au)[2:])}"
        plain = own[(own["train_group"] == train) & own["metric"].isin(["f1", "f1_macro"])]
        crossed = own.loc[own["train_group"] == PAIR, "value"].iloc[0]
        by_group = plain.set_index("test_group")["value"]
        found[name] = [round(by_group[one], 2) for one in TESTS] + [round(100 * crossed, 1)]
    return found


def ratios(run: Run, train: str) -> dict[str, list[float]]:
    """The ratios of each unit on all test faces, from its CSV."""
    rows = pd.read_csv(run.result / "tables" / "relevance.csv")
    own = rows[(rows["train_group"] == train) & (rows["group"] == "all")]
    own = own[own["model"] == "trained"]
    return {f"AU {row['au']}": [round(row["ratio"], 2)] for row in own.to_dict("records")}


def settled(page: Any) -> None:
    """Wait until the script has run: a list that is open is closed by what it still sends."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def agrees(page: Any, run: Run, train: str) -> None:
    """The page shows what its files say of this training set."""
    columns = [f"F1, tested on {one}" for one in TESTS] + ["interaction (points)"]
    assert figures(page, r"interaction \(points\)", columns) == written(run, train)
    assert figures(page, "ratio, all", ["ratio, all"]) == ratios(run, train)


def test_unit_and_group_are_chosen_and_a_link_opens_the_same(
    studied: Run, server: Server, browser: Any
) -> None:
    errors: list[str] = []
    context = browser.new_context(viewport=WIDE, color_scheme="dark")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.url}/action_units?run={studied.id}")
    page.get_by_text("In the EU, inferring emotions").wait_for()
    settled(page)
    agrees(page, studied, "female")
    page.get_by_role("radio", name="male", exact=True).first.click()
    page.get_by_text("Detector trained on male").wait_for()
    page.get_by_text(re.compile("Faces under their maps.*trained on male")).wait_for()
    settled(page)
    units = page.get_by_role("combobox", name=re.compile(r"Action unit$"))
    units.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)  # the list closes while the page still scrolls
    units.click()
    page.get_by_role("option", name="AU 12", exact=True).click()
    title = page.get_by_role("heading", name=re.compile("AU 12, lip corner puller: .* of positive"))
    title.wait_for()
    page.get_by_text(re.compile("Faces under their maps, AU 12")).wait_for()
    settled(page)
    agrees(page, studied, "male")
    assert page.locator(".bf.sheet figure img").count() == 8
    said = title.inner_text()
    page.wait_for_url(re.compile("unit=AU"))
    assert "trained=male" in page.url
    assert f"run={studied.id}" in page.url

    again = context.new_page()
    again.on("pageerror", lambda error: errors.append(str(error)))
    again.goto(page.url)
    again.get_by_role("heading", name=said).wait_for()
    again.get_by_text("In the EU, inferring emotions").wait_for()
    settled(again)
    agrees(again, studied, "male")
    assert sideways(again) <= 0
    assert not narrowed(again)
    assert not errors
    context.close()
