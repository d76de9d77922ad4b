"""The Leakage page in each of its states."""

from __future__ import annotations

import fixtures
import pytest
from fixtures import Maker, Open, html

from core.table import table


def _one(**changes: object) -> object:
    row = fixtures.leakage_row(**changes)
    return table("leakage", [row, {**row, "attacker": "strongest", "chosen": row["attacker"]}])


def test_without_any_run_it_says_so(open_page: Open) -> None:
    app = open_page("leakage")
    assert not app.exception
    assert "There is no audit yet" in html(app)


def test_a_finished_run_is_a_figure_and_the_same_table(make: Maker, open_page: Open) -> None:
    run = make()
    app = open_page("leakage")
    assert not app.exception
    assert app.query_params["run"] in (run.id, [run.id])
    assert len(app.get("plotly_chart")) == 1
    shown = html(app)
    assert "x gives expression away: 0.76, where guessing gives 0.17" in shown
    assert "svm (strongest)" in shown or "mostly svm" in shown
    assert "0.881" in shown, "the paper's figure stands beside ours"
    assert shown.index("What passed.") > shown.index("The same figures")


def test_the_address_chooses_run_attribute_and_figure(make: Maker, open_page: Open) -> None:
    first = make("first")
    make("second")
    app = open_page("leakage", run=first.id, attribute="gender", figure="AUC")
    shown = html(app)
    assert "first, quick look" in shown
    assert "x gives gender away" in shown
    assert '<th scope="col" class="n">AUC</th>' in shown


def test_figures_that_arrive_are_shown_before_the_end(make: Maker, open_page: Open) -> None:
    run = make(state="running", phase="Attacking", done=1, total=4)
    rows = fixtures.leakage().query("representation == 'x' and attribute == 'expression'")
    fixtures.write_partial(run.path, rows.assign(null=None).query("attacker == 'svm'"))
    app = open_page("leakage", run=run.id)
    assert not app.exception
    shown = html(app)
    assert "Attacking: 1 of 4" in shown
    assert "no null yet" in shown
    assert "badge leaks" not in shown


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("failed", "2 classes are needed, there is 1"),
        ("cancelled", "This run was cancelled"),
        ("stopped", "The worker of this run is gone"),
    ],
)
def test_a_run_that_ended_early_says_how_and_goes_on(
    make: Maker, open_page: Open, state: str, sentence: str
) -> None:
    run = make(state=state, error="2 classes are needed, there is 1")
    app = open_page("leakage", run=run.id)
    assert sentence in html(app)
    next(button for button in app.button if button.label == "Resume").click().run()
    assert "queued" in html(app)


def test_a_careless_run_is_loud(make: Maker, open_page: Open) -> None:
    run = make("loud", settings={"preset": "careless"})
    assert "they are not a finding" in html(open_page("leakage", run=run.id))


def test_few_people_are_said(make: Maker, open_page: Open) -> None:
    run = make("few", leakage=_one(status="few people", low=0.1))
    shown = html(open_page("leakage", run=run.id))
    assert "Too few people to tell whether x gives expression away" in shown
    assert "few people</span>" in shown


def test_labels_made_by_hand_are_marked(make: Maker, open_page: Open) -> None:
    by_hand = fixtures.audit()
    by_hand["data"]["origin"]["expression"] = "by hand"
    run = make("hand", audit=by_hand)
    shown = html(open_page("leakage", run=run.id))
    assert shown.count("labelled by hand") == 2, "beside the run and beside the finding"


def test_labels_with_hostile_names_are_text(make: Maker, open_page: Open) -> None:
    name = "<script>alert(1)</script>![x](http://example.org/x.png)"
    run = make("hostile", leakage=_one(attribute=name))
    app = open_page("leakage", run=run.id)
    assert not app.exception
    assert "<script" not in html(app)
    labels = [str(label) for group in app.get("button_group") for label in group.options]
    assert not any("![" in label and "\\[" not in label for label in labels)


def test_a_run_is_deleted_after_a_second_question(make: Maker, open_page: Open) -> None:
    run, other = make("to go"), make("to stay")
    app = open_page("leakage", run=run.id)
    for label in ("Delete this audit", "Delete for good"):
        assert run.path.exists()
        next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    assert not run.path.exists()
    assert other.path.exists()
    assert "Deleted now: to go; " in html(app)
    assert "<b>0 are left</b>" in html(app)
    assert "to stay" in html(app)
