"""The Ablation page in each of its states. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

import pandas as pd
import pytest
from fixtures import Maker, Opened, audit, html
from made_up_ablation import SETTINGS, made_up
from streamlit.testing.v1 import AppTest

from core.run import Run

PAGE = "app/pages/ablation.py"


def write(run: Run, rows: pd.DataFrame, folder: str = "result/tables") -> None:
    (run.path / folder).mkdir(parents=True, exist_ok=True)
    rows.to_csv(run.path / folder / "ablation.csv", index=False)


@pytest.fixture
def full(make: Maker) -> Run:
    """A finished run with two suppressors."""
    facts = {"ablation": {"rule": "at every point the network is fitted from scratch"}}
    run = make("two methods", settings=SETTINGS, audit=audit(facts=facts))
    write(run, made_up())
    return run


def alts(app: AppTest) -> list[str]:
    return [element.proto.alt for element in app.get("plotly_chart")]


def test_without_any_run_it_says_so(open_it: Opened) -> None:
    app = open_it()
    assert not app.exception
    assert "There is no audit yet" in html(app)


def test_how_few_numbers_give_the_label_away_is_said_from_the_statuses(
    full: Run, open_it: Opened
) -> None:
    app = open_it(run=full.id)
    assert not app.exception
    shown = html(app)
    assert "3 of 256 numbers of x still give expression away" in shown
    assert (
        "From 3 of 256 numbers chosen at random an attacker still tells expression: balanced "
        "accuracy 0.35 (0.30 to 0.40)."
    ) in shown
    assert "of SensitiveNets chosen at random" in shown
    assert "from 118 no better than shuffled labels" in shown
    assert "beyond, nothing can be said: probe failed" in shown
    assert "Attackers learned on 69 people and were asked about 92 others" in shown
    assert "At every point the network is fitted from scratch." in shown


def test_where_accuracy_meets_the_null_never_is_an_answer(full: Run, open_it: Opened) -> None:
    shown = html(open_it(run=full.id))
    assert "never" in shown
    assert "% removed, " in shown
    assert "probe failed" in shown


def test_the_papers_claims_stand_with_the_encoder_that_they_hold_for(
    full: Run, open_it: Opened
) -> None:
    app = open_it(run=full.id)
    shown = html(app)
    assert "over 80 % until 1,500 of 2,048 are removed" in shown
    assert "ResNet-50 trained on VGGFace2, 2,048 numbers" in shown
    assert "diamond-open" in app.get("plotly_chart")[0].proto.spec
    ranked = open_it(run=full.id, order="most first")
    assert "over 80 % until" not in html(ranked), "they removed at random"
    gender = open_it(run=full.id, attribute="gender")
    assert "still accurate with 10 % left (its text gives no figure)" in html(gender)


def test_the_address_chooses_label_figure_and_order(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id, attribute="gender", figure="accuracy",
                  order="most first", **{"orders-of": "SN"})  # fmt: skip
    assert not app.exception
    shown = html(app)
    assert "left when the most important go first an attacker still tells gender: accuracy" in shown
    assert "SensitiveNets: which numbers go first" in shown
    first, second = alts(app)
    assert first.startswith("accuracy against the share of numbers removed. x, most important")
    assert "least important first" in second


def test_the_table_can_be_downloaded(full: Run, open_it: Opened) -> None:
    labels = [one.proto.label for one in open_it(run=full.id).get("download_button")]
    assert labels == ["ablation.csv"]


def test_a_run_without_it_says_how_to_have_it(make: Maker, open_it: Opened) -> None:
    app = open_it(run=make().id)
    assert not app.exception
    assert "Ablation was not part of this run" in html(app)


def test_one_order_alone_has_no_comparison_of_orders(full: Run, open_it: Opened) -> None:
    rows = made_up()
    write(full, rows[rows["order"] == "random"])
    app = open_it(run=full.id)
    assert not app.exception
    assert len(alts(app)) == 1
    assert "which numbers go first" not in html(app)


def test_a_table_of_the_contract_alone_is_enough(full: Run, open_it: Opened) -> None:
    """Whoever wrote the table may not have had the further columns."""
    more = ["kept", "width", "repeat_low", "repeat_high", "attacker_identities"]
    write(full, made_up().drop(columns=more))
    app = open_it(run=full.id)
    assert not app.exception
    assert "From 1 % of the numbers chosen at random an attacker still tells" in html(app)


def test_curves_of_a_run_at_work_are_shown_as_they_grow(make: Maker, open_it: Opened) -> None:
    run = make(state="running", phase="Ablation", done=3, total=20, settings=SETTINGS)
    assert "its curves are not here yet" in html(open_it(run=run.id))
    rows = made_up()
    write(run, rows[(rows["representation"] == "x") & (rows["removed"] < 0.6)], "partial")
    app = open_it(run=run.id)
    assert not app.exception
    shown = html(app)
    assert "Ablation: 3 of 20" in shown
    assert "as far as the curve has come" in shown
    assert "not yet" in shown
    assert "never" not in shown.replace("it has never seen", "").replace("“never” is", "")


@pytest.mark.parametrize("state", ["failed", "cancelled", "stopped"])
def test_a_run_that_ended_early_says_how(make: Maker, open_it: Opened, state: str) -> None:
    run = make(state=state, error="2 classes are needed, there is 1")
    app = open_it(run=run.id)
    assert not app.exception
    said = {"failed": "2 classes are needed", "cancelled": "was cancelled", "stopped": "is gone"}
    assert said[state] in html(app)


def test_nothing_measured_is_no_figure_and_no_crash(full: Run, open_it: Opened) -> None:
    rows = made_up()
    rows[["value", "low", "high", "null", "chance", "kept", "width"]] = None
    rows["status"] = "not enough data"
    write(full, rows)
    app = open_it(run=full.id)
    assert not app.exception
    shown = html(app)
    assert "Of expression nothing can be said: not enough data." in shown
    assert "0.00" not in shown


def test_a_careless_run_is_loud(make: Maker, open_it: Opened) -> None:
    run = make("loud", settings={"preset": "careless"})
    assert "they are not a finding" in html(open_it(run=run.id))


def test_hostile_names_are_text(full: Run, open_it: Opened) -> None:
    name = "<script>alert(1)</script>![x](http://example.org/x.png)"
    write(full, made_up().replace({"expression": name, "sensitivenets": name}))
    app = open_it(run=full.id)
    assert not app.exception
    assert "<script" not in html(app)
    specs = [element.proto.spec for element in app.get("plotly_chart")]
    assert not any("<script" in spec or "\\u003cscript" in spec for spec in specs)


def test_a_run_at_work_comes_before_one_that_waits(make: Maker, open_it: Opened) -> None:
    """The demonstration's full look is queued from the first visit on, and is the newer one."""
    running = make("at work", state="running", phase="Attacking", done=1, total=9)
    make("waiting", state="queued")
    app = open_it()
    assert app.query_params["run"] == running.id
    assert "at work" in html(app)
