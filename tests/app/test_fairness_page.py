"""The Fairness page in each of its states. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from fixtures import Maker, Opened, audit, html
from made_up_fairness import (
    FACTS,
    PAIR,
    SETTINGS,
    SYNTHETIC,
    differences,
    gap_of,
    made_up,
    write_study,
)
from streamlit.testing.v1 import AppTest

from core import run as runs
from core.run import Run

PAGE = "app/pages/fairness.py"


def told(facts: dict[str, Any]) -> dict[str, Any]:
    """An audit with these facts of the study, and six faces without a gender."""
    whole = audit(facts={"fairness": facts})
    whole["data"]["labels"]["gender"]["unknown"] = 6
    whole["data"]["labels"]["attractive"] = {"no": 690, "yes": 690}
    return whole


@pytest.fixture
def full(make: Maker) -> Run:
    """A finished run with two suppressors."""
    run = make("decisions", settings=SETTINGS, audit=told(FACTS))
    write_study(run.result)
    return run


def slider(app: AppTest) -> Any:
    """The slider of the bias; a bound one never falls back to what AppTest calls a label."""
    return next(one for one in app.select_slider if one.key == "bias")


def test_without_any_run_it_says_so(open_it: Opened) -> None:
    app = open_it()
    assert not app.exception
    assert "There is no audit yet" in html(app)


def test_the_gap_comes_first_and_the_answer_follows_from_the_figures(
    full: Run, open_it: Opened
) -> None:
    app = open_it(run=full.id)
    assert not app.exception
    shown = html(app)
    gaps = gap_of(made_up())
    x, reweighted = gaps["x", "none", 0.7], gaps["x", "reweighting", 0.7]
    assert f"Gap between groups: {100 * x:.0f} points from x" in shown
    assert f"a gap of {100 * x:.1f} points ({100 * x - 6:.1f} to {100 * x + 6:.1f})" in shown
    assert "LEACE (" in shown
    assert "makes it smaller; of SensitiveNets no change can be told" in shown
    assert f"x with reweighted training leaves {100 * reweighted:.1f}".replace("-", "−") in shown
    assert "both are labels as annotated in the data set" in shown
    assert "synthetic target" not in shown
    assert "balanced, of 40 other people, in 2 repeats" in shown


def test_every_figure_of_the_table_is_shown_with_what_it_is_called(
    full: Run, open_it: Opened
) -> None:
    shown = html(open_it(run=full.id))
    for key, gap in gap_of(made_up()).items():
        if key[2] == 0.7:
            assert f"<b>{100 * gap:.1f}</b>".replace("-", "−") in shown, key
    assert "x + threshold" in shown
    assert "(p 0.009)" in shown
    assert "(p 0.40)" in shown
    assert "label missing, 6 faces" in shown
    assert "few people" in shown
    assert "no scores" in shown, "moved decisions have no calibration"


def test_whom_a_gap_favours_is_said(full: Run, open_it: Opened) -> None:
    rows = made_up()
    gap = (rows["metric"] == "gap") & (rows["group"] == PAIR) & (rows["strength"] == 0.7)
    leace, sn = (rows["representation"] == name for name in ("leace", "sensitivenets"))
    rows.loc[gap & leace, ["value", "low", "high"]] = -0.1, -0.2, -0.02
    rows.loc[gap & sn, ["low", "high"]] = -0.1, 0.2
    write_study(full.result, rows)
    app = open_it(run=full.id)
    shown = html(app)
    sign = "Above zero female is favoured, below zero male."
    assert sign in shown
    assert sign in app.get("plotly_chart")[0].proto.alt
    assert "x favours female, and LEACE favours male." in shown
    assert "above zero female is given a wrong yes more often, below zero male" in shown
    found = {name: next(row for row in shown.split("<tr")[1:] if f"<b>{name}</b>" in row)
             for name in ("x", "LEACE", "SN")}  # fmt: skip
    assert "favours female" in found["x"]
    assert "favours male" in found["LEACE"]
    assert "favours" not in found["SN"], "whom nobody can tell is not said"


def test_the_slider_changes_the_gap_and_the_address_keeps_it(full: Run, open_it: Opened) -> None:
    at = {"90/10": 0.9, "50/50": 0.5}
    gaps = gap_of(made_up())
    app = open_it(run=full.id)
    for name, strength in at.items():
        slider(app).set_value(name).run()
        assert not app.exception
        assert f"Trained at {name}" in html(app)
        assert f"{100 * abs(gaps['x', 'none', strength]):.0f} point" in html(app)
    opened = open_it(run=full.id, bias="90/10", methods="LEACE")
    assert not opened.exception
    assert "Trained at 90/10" in html(opened)
    alts = [one.proto.alt for one in opened.get("plotly_chart")]
    assert len([one for one in alts if "accuracy against gap" in one]) == 2, "x and LEACE"


def test_what_was_not_computed_is_offered_as_a_run(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id)
    slider(app).set_value("80/20").run()
    assert "Not computed in this run: 80/20" in html(app)
    assert not app.get("plotly_chart")
    app.selectbox(key=f"classifier-{full.id}").select("svm").run()
    next(one for one in app.button if one.label == "Run with this").click().run()
    assert not app.exception
    new = next(one for one in runs.listing(None) if one.id != full.id).config()
    assert new.fairness.strengths == (0.5, 0.7, 0.8, 0.9)
    assert (new.fairness.target, new.fairness.protected) == ("attractive", "gender")
    assert new.fairness.classifier == "svm"
    assert "fairness" in new.studies
    assert [one.kind for one in new.suppressors] == ["sensitivenets", "leace"]


def test_labels_of_the_set_can_be_asked_for(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id)
    targets = app.selectbox(key=f"target-{full.id}").options
    assert targets[:2] == ["attractive", "synthetic target"]
    assert "expression=happy" in targets
    assert "age_group" in app.selectbox(key=f"protected-{full.id}").options


def test_another_threshold_moves_the_figures_and_one_half_is_the_table(
    full: Run, open_it: Opened
) -> None:
    app = open_it(run=full.id)
    gap = f"<b>{100 * gap_of(made_up())['x', 'none', 0.7]:.1f}</b>"
    before = html(app).split("FPR female")[-1]
    assert gap in before
    next(one for one in app.slider if one.key == "threshold").set_value(0.7).run()
    after = html(app).split("FPR female")[-1]
    assert not app.exception
    assert before != after
    assert gap not in after


def test_groups_of_two_labels_are_chosen_by_label(full: Run, open_it: Opened) -> None:
    shown = html(open_it(run=full.id))
    assert "female &amp; 60+" in shown
    assert "male &amp; 20-39" in shown


def test_the_papers_stand_beside_with_their_misprints(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id)
    shown = html(app)
    assert "−6.1, printed 6.8" in shown
    assert "its text repeats the bias where it means the inverse" in shown
    assert "ResNet-50" in shown
    assert "diamond-open" in app.get("plotly_chart")[0].proto.spec, "the same question"
    other = open_it(run=full.id, bias="90/10").get("plotly_chart")[0]
    assert "diamond-open" not in other.proto.spec, "the papers have no such skew"


def test_a_synthetic_target_is_called_that_and_its_truth_is_drawn(
    make: Maker, open_it: Opened
) -> None:
    run = make("truth", settings=SETTINGS, audit=told(SYNTHETIC))
    write_study(run.result, made_up().replace({"attractive": "synthetic target"}))
    app = open_it(run=run.id)
    assert not app.exception
    shown = html(app)
    assert '<span class="badge ">synthetic target</span>' in shown
    assert "a gap of 30.0 points, which x’s interval" in shown
    assert "line-ns-open" in app.get("plotly_chart")[0].proto.spec
    assert "line-ns-open" not in open_it(run=run.id, bias="90/10").get("plotly_chart")[0].proto.spec


def test_downloads(full: Run, open_it: Opened) -> None:
    labels = [one.proto.label for one in open_it(run=full.id).get("download_button")]
    assert labels == ["fairness.csv", "differences.csv", "fairness_scores.parquet"]


def test_not_enough_data_keeps_its_row(full: Run, open_it: Opened) -> None:
    rows = made_up()
    gone = rows["strength"] == 0.9
    rows.loc[gone, ["value", "low", "high", "n", "identities"]] = None
    rows.loc[gone, "status"] = "not enough data"
    write_study(full.result, rows)
    app = open_it(run=full.id, bias="90/10")
    assert not app.exception
    shown = html(app)
    assert "Gap between groups: not enough data" in shown
    assert "Not enough data to decide at 90/10" in shown
    assert shown.count('<span class="badge ">not enough data</span>') >= 6
    assert "Trained at 70/30" in html(open_it(run=full.id))


def test_a_table_without_scores_differences_and_facts_is_enough(
    make: Maker, open_it: Opened
) -> None:
    run = make("bare", settings=SETTINGS)
    made_up().to_csv(run.result / "tables" / "fairness.csv", index=False)
    app = open_it(run=run.id)
    assert not app.exception
    shown = html(app)
    assert "no scores of single faces" in shown
    assert "no change can be told" not in shown, "nothing was compared"


def test_several_groups_are_compared_in_pairs(full: Run, open_it: Opened) -> None:
    rows = made_up()
    own = rows[rows["group"].isin(["male", PAIR])]
    more = [own.replace({"male": "other", PAIR: pair}) for pair in ("female - other", "worst")]
    write_study(full.result, pd.concat([rows, *more], ignore_index=True))
    app = open_it(run=full.id)
    assert not app.exception
    assert "groups furthest apart" in html(app)
    app.selectbox(key="pair").select("female - other").run()
    assert not app.exception
    assert "labelled female" in html(app)


def test_a_run_without_it_offers_one_with_it(make: Maker, open_it: Opened) -> None:
    run = make(settings={"studies": ["leakage"]})
    app = open_it(run=run.id)
    assert "Fairness was not part of this run" in html(app)
    next(one for one in app.button if one.label == "Run with fairness").click().run()
    assert not app.exception
    assert any("fairness" in one.config().studies for one in runs.listing(None))


def test_why_it_was_left_out_is_said(make: Maker, open_it: Opened) -> None:
    why = "fairness was left out: nobody said who is who"
    run = make(settings={"studies": ["fairness"]}, audit=audit(warnings=[why]))
    assert "Fairness was left out: nobody said who is who." in html(open_it(run=run.id))


def test_a_run_at_work_says_what_comes(make: Maker, open_it: Opened) -> None:
    run = make(state="running", phase="Deciding fairly", done=3, total=20, settings=SETTINGS)
    app = open_it(run=run.id)
    assert not app.exception
    assert "its figures are not here yet" in html(app)
    assert "Deciding fairly: 3 of 20" in html(app)


@pytest.mark.parametrize("state", ["failed", "cancelled", "stopped"])
def test_a_run_that_ended_early_says_how(make: Maker, open_it: Opened, state: str) -> None:
    run = make(state=state, error="2 classes are needed, there is 1")
    app = open_it(run=run.id)
    assert not app.exception
    said = {"failed": "2 classes are needed", "cancelled": "was cancelled", "stopped": "is gone"}
    assert said[state] in html(app)


def test_hostile_names_are_text(full: Run, open_it: Opened) -> None:
    name = "<script>alert(1)</script>![x](http://example.org/x.png)"
    changed = {"attractive": name, "female": name, PAIR: f"{name} - male", "leace": name}
    write_study(full.result, made_up().replace(changed))
    differences().replace(changed).to_csv(full.result / "tables/differences.csv", index=False)
    app = open_it(run=full.id)
    assert not app.exception
    assert "<script" not in html(app)
    specs = [element.proto.spec for element in app.get("plotly_chart")]
    assert specs
    assert not any("<script" in spec or "\\u003cscript" in spec for spec in specs)
    assert "![x](" not in json.dumps(slider(app).label)
