"""The page of two audits in each of its states. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from fixtures import Maker, Opened, audit, html, leakage_row, verification

from app import session
from core import run as runs
from core.run import Run
from core.table import table
from tests.core.made_up_result import predictions

PAGE = "app/pages/audits.py"
SETTINGS = {"suppressors": [{"kind": "leace"}]}


def rows(shift: float = 0.0, label: str = "expression") -> pd.DataFrame:
    """Leakage of x and LEACE on two labels, `shift` added to LEACE's."""
    found = []
    for name, value in (("x", 0.76), ("leace", 0.41 + shift), ("random", 0.17)):
        for attribute in (label, "gender"):
            found.append(
                leakage_row(representation=name, attribute=attribute, attacker="strongest",
                            value=value, low=value - 0.02, high=value + 0.02)
            )  # fmt: skip
    return table("leakage", found)


@pytest.fixture
def two(make: Maker) -> tuple[Run, Run]:
    """Two finished runs; LEACE gives more away in the second."""
    config = {"name": "spring", **SETTINGS, "seed": 0}
    first = make("spring", settings=SETTINGS, audit=audit(config=config), leakage=rows())
    later = audit(config={**config, "name": "autumn", "seed": 1})
    return first, make("autumn", settings=SETTINGS, audit=later, leakage=rows(0.2))


def figure(app: Any) -> str:
    """What a screen reader says of the figure."""
    (chart,) = app.get("plotly_chart")
    return str(chart.proto.alt)


def test_one_audit_is_not_enough(make: Maker, open_it: Opened) -> None:
    assert "This takes two finished audits." in html(open_it())
    make("alone")
    make("at work", state="running")
    app = open_it()
    assert not app.exception
    assert "This takes two finished audits." in html(app)


def test_what_changed_is_said_and_shown(two: tuple[Run, Run], open_it: Opened) -> None:
    app = open_it(first=two[0].id, second=two[1].id)
    assert not app.exception
    shown = html(app)
    assert "Attackers read expression 20.0 points better from leace in the second audit" in shown
    assert "Figures of leakage: 2 rose, 2 without a change that can be told." in shown
    assert "The seeds differ" in shown
    assert "x: 0.76 (0.74 to 0.78), then 0.76 (0.74 to 0.78); no change told" in figure(app)
    assert "LEACE: 0.41 (0.39 to 0.43), then 0.61 (0.59 to 0.63); rose +20.0" in figure(app)
    assert "random" not in figure(app)
    assert "not paired: an audit has no predictions" in shown
    assert "Independent: by the two intervals alone" in shown
    labels = [one.proto.label for one in app.get("download_button")]
    assert labels == ["changes.csv"]


def test_the_address_says_which_and_the_other_way_round_is_another_page(
    two: tuple[Run, Run], open_it: Opened
) -> None:
    app = open_it()
    assert app.query_params["first"] in (two[0].id, [two[0].id])
    assert app.query_params["second"] in (two[1].id, [two[1].id])
    turned = open_it(first=two[1].id, second=two[0].id, attribute="gender")
    shown = html(turned)
    assert "20.0 points worse from leace" in shown
    assert "rose" not in shown.split("Figures of")[1].split(";")[0]
    assert "the same audit" not in shown
    assert "one and the same audit" in html(open_it(first=two[0].id, second=two[0].id))


def test_other_tables_are_a_choice_away(two: tuple[Run, Run], open_it: Opened) -> None:
    for run in two:
        euclidean = verification().assign(distance="euclidean")
        euclidean.to_csv(run.result / "tables" / "verification.csv", index=False)
    app = open_it(first=two[0].id, second=two[1].id, **{"changes-of": "verification"})
    assert not app.exception
    assert figure(app).startswith("First and second audit. x: 0.973 (0.965 to 0.980)")


def test_the_same_faces_are_paired(two: tuple[Run, Run], open_it: Opened) -> None:
    for run, right in zip(two, (0.6, 0.6), strict=True):
        said = predictions(right, seed=1, representation="leace")
        said.to_parquet(run.result / "tables" / "predictions.parquet")
    shown = html(open_it(first=two[0].id, second=two[1].id))
    assert "paired" in shown
    assert "No change can be told in how far attackers read expression from leace" in shown


def test_a_careless_run_is_never_compared(make: Maker, two: Any, open_it: Opened) -> None:
    careless = make("loud", settings={"preset": "careless"}, audit=audit(preset="careless"))
    app = open_it(first=two[0].id, second=careless.id)
    assert not app.exception
    shown = html(app)
    assert "they are not a finding" in shown
    assert "Nothing can be compared: the second audit is careless" in shown
    assert "points" not in shown.split("<table>")[1].split("</table>")[0]


def test_nobody_sees_another_owners_audits(
    two: tuple[Run, Run], open_it: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "owner", lambda: "f" * 32)
    assert runs.listing()
    app = open_it(first=two[0].id, second=two[1].id)
    assert "This takes two finished audits." in html(app)
    assert "spring" not in html(app)


def test_hostile_names_are_text(make: Maker, open_it: Opened) -> None:
    name = "<script>alert(1)</script>"
    pair = [make(name, audit=audit(name=name), leakage=rows(shift, label=name))
            for shift in (0.0, 0.3)]  # fmt: skip
    app = open_it(first=pair[0].id, second=pair[1].id)
    assert not app.exception
    assert "<script" not in html(app)
    specs = [element.proto.spec for element in app.get("plotly_chart")]
    assert not any("<script" in spec or "\\u003cscript" in spec for spec in specs)
