"""The Action units page in each of its states. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

import base64
import io
import json
import re
from typing import Any

import numpy as np
import pytest
from fixtures import Maker, Opened, audit, html
from made_up_units import (
    FACTS,
    INTERACTIONS,
    PAIR,
    RULES,
    SETTINGS,
    TESTS,
    TRAINS,
    UNITS,
    action_units,
    f1,
    faces,
    maps,
    relevance,
    write_study,
)
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import run as runs
from core.action_units.emfacs import EXPRESSIONS
from core.action_units.emfacs import UNITS as KNOWN
from core.run import Run

PAGE = "app/pages/action_units.py"


@pytest.fixture
def full(make: Maker) -> Run:
    """A finished run with detectors and their maps, without single faces."""
    run = make("detectors", settings=SETTINGS, audit=audit(facts=FACTS))
    write_study(run.result, shown=False)
    return run


@pytest.fixture
def pictured(full: Run) -> Run:
    """The same with faces."""
    write_study(full.result)
    return full


def box(app: AppTest, key: str) -> Any:
    """A choice of the page."""
    return next(one for one in (*app.selectbox, *app.button_group) if one.key == key)


def pictures(app: AppTest) -> list[np.ndarray]:
    """The faces under their maps, uint8 (s, s, 3) each."""
    coded = re.findall(r'src="data:image/png;base64,([^"]+)"', html(app))
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one)))) for one in coded]


def test_without_any_run_it_says_so(open_it: Opened) -> None:
    app = open_it()
    assert not app.exception
    assert "There is no audit yet" in html(app)


def test_the_headline_follows_from_the_figures(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id)
    assert not app.exception
    shown = html(app)
    gap = 100 * (f1("male", "male") - f1("male", "female"))
    assert (
        "Trained on people labelled male, the detector reads the units of people labelled female "
        f"with a macro F1 of {f1('male', 'female'):.2f} [0.61 to 0.71], of people labelled male "
        f"with {f1('male', 'male'):.2f} [0.75 to 0.85]: {gap:.0f} points less [10 to 18]."
    ) in re.sub('<span class="i">([^<]*)</span>', r"[\1]", shown)
    assert "Trained on people of every group: 0.79 (0.74 to 0.84) for female" in shown
    assert "better than the other, by 17.0 (11.0 to 23.0) points in sum" in shown
    assert "Of 4 units AU 4 and AU 12 have an interaction" in shown
    assert "gender</b> (female, male), a label as annotated in the data set" in shown
    assert "AI Act, Art. 5(1)(f)" in shown


def test_the_weighted_mean_can_be_chosen_and_is_in_the_address(full: Run, open_it: Opened) -> None:
    shown = html(open_it(run=full.id, f1="weighted"))
    assert f"with a weighted F1 of {f1('male', 'female') + 0.03:.2f}" in shown


def test_an_interaction_that_is_none_is_not_told(full: Run, open_it: Opened) -> None:
    rows = action_units()
    rows.loc[rows["metric"] == "interaction", ["low", "high"]] = [-0.05, 0.4]
    write_study(full.result, rows, looked=False)
    shown = html(open_it(run=full.id))
    assert "no sign that detectors read the group that they were trained on better" in shown
    assert "Of 4 units none has an interaction" in shown
    assert '<span class="badge ">interaction</span>' not in shown


def test_all_figures_stand_in_the_tables(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id, trained="male")
    shown = html(app)
    for train in TRAINS:
        for test in TESTS:
            assert f'<td class="n">{f1(train, test):.2f} <span class="i">' in shown
    table = shown.split("Unit by unit")[1]
    for unit in UNITS:
        for test in TESTS:
            assert f'{f1("male", test, unit):.2f} <span class="i">' in table, unit
        points = f"{100 * INTERACTIONS[unit]:.1f}".replace("-", "−")
        assert f'<td class="n">{points} <span class="i">' in table
    assert "Few people were tested." in shown
    assert "few people</span>" in shown, "the status stands beside the figures"


def test_a_unit_that_was_left_out_is_counted(full: Run, open_it: Opened) -> None:
    shown = html(open_it(run=full.id))
    figures, left = shown.split("Unit by unit")[1].split("Units left out")
    assert "<b>AU\u00a026</b>" not in figures
    assert '<b>AU\u00a026</b> <span class="m wide">jaw drop</span></td><td class="n">7</td>' in left
    assert "10 faces must show it" in left


def test_unit_and_training_set_change_the_maps_and_stand_in_the_address(
    full: Run, open_it: Opened
) -> None:
    table = relevance()
    app = open_it(run=full.id)
    for unit, train in ((4, "male"), (12, "mixed")):
        box(app, "trained").set_value(train)
        box(app, "unit").select(f"AU {unit}").run()
        assert not app.exception
        own = table[(table["au"] == unit) & (table["train_group"] == train)]
        row = own[(own["group"] == "all") & (own["model"] == "trained")].iloc[0]
        shown = html(app)
        assert f"{100 * row['share_in_region']:.0f} % of positive relevance" in shown
        assert f"{row['ratio']:.1f} times the region’s share of the picture" in shown
        assert f"Detector trained on {train}" in shown
    linked = open_it(run=full.id, unit="AU 12", trained="mixed")
    assert html(linked) == html(app), "a link opens the same view"


def test_a_group_with_too_few_faces_says_so(full: Run, open_it: Opened) -> None:
    shown = html(open_it(run=full.id, unit="AU 25"))
    assert "No figure for male: not enough data." in shown


def test_what_was_checked_is_shown(full: Run, open_it: Opened) -> None:
    shown = html(open_it(run=full.id)).split("What was checked")[1]
    for name in (
        "relevance is conserved",
        "a planted shortcut is found",
        "a randomised network looks elsewhere",
        "detectors look where the units are",
    ):
        assert f"<b>{name}</b></td>" in shown
    assert shown.count('<span class="badge done">passed</span>') == 4
    assert "ratio 41.00 (36.00 to 45.00); 46 % of relevance on 1.1 % of the picture" in shown


def test_a_check_that_failed_is_said_to_have(make: Maker, open_it: Opened) -> None:
    facts = {**FACTS["relevance"], "conservation": {"female": 0.3}}
    facts["shortcut"] = {**facts["shortcut"], "ratio": 1.2, "low": 0.8, "high": 1.6}
    run = make("fails", settings=SETTINGS, audit=audit(facts={**FACTS, "relevance": facts}))
    write_study(run.result)
    shown = html(open_it(run=run.id)).split("What was checked")[1]
    assert shown.count('<span class="badge alarm">failed</span>') == 2


def test_faces_are_shown_with_what_was_said_and_why_these(pictured: Run, open_it: Opened) -> None:
    app = open_it(run=pictured.id, unit="AU 12", trained="male")
    shown = html(app).split("Faces under their maps")[1]
    assert shown.count("<figure>") == len(TESTS) * len(RULES)
    assert shown.count("detector no (−1.0), truth yes: <b>wrong</b>") == len(TESTS)
    for rule in RULES:
        assert rule in shown
    drawn = pictures(app)
    assert len(drawn) == len(TESTS) * len(RULES)
    assert all(one[:80].std() > 8 for one in drawn), "faces, not a plain ground"
    middle = drawn[0][150:175, 90:135].astype(int)
    assert (middle[..., 2] - middle[..., 1]).mean() > 20, "purple where AU 12 is"


def test_without_pictures_maps_stand_alone(
    pictured: Run, open_it: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import maps as found
    from core.errors import FacesError

    def gone(view: object) -> None:
        raise FacesError("0 of 1 folders are there")

    monkeypatch.setattr(found, "pictures", gone)
    app = open_it(run=pictured.id)
    assert not app.exception
    assert "no longer where they were: maps alone" in html(app)
    ground = pictures(app)[0][150:]
    assert (np.abs(ground.astype(int) - 200) <= 1).all(), "AU 1 lies above"


def test_expressions_are_looked_up_and_exchanged_rows_marked(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id, **{"look-up": "angry"})
    assert not app.exception
    shown = html(app).split("Which units make which expression")[1]
    assert "Angry: 4 + 5 + 7 + 23" in shown
    assert "has 9 + 15 + 16: the thesis prints the units of disgusted here" in shown
    assert shown.count('<span class="badge ">exchanged</span>') == 2
    assert "corrugator supercilii" in shown
    box(app, "look-up").select("AU 12").run()
    assert not app.exception
    shown = html(app).split("Which units make which expression")[1]
    assert "zygomaticus major" in shown
    assert "It belongs to happy." in shown
    options = box(app, "look-up").options
    assert len(options) == len(EXPRESSIONS) - 1 + len(KNOWN)


def test_downloads(pictured: Run, open_it: Opened) -> None:
    labels = [one.proto.label for one in open_it(run=pictured.id).get("download_button")]
    assert labels == [
        "action_units.csv", "relevance.csv", "relevance_maps.parquet", "relevance_faces.parquet"
    ]  # fmt: skip


def test_figures_without_maps(make: Maker, open_it: Opened) -> None:
    why = "relevance: left out, since this trunk has no rule"
    run = make("bare", settings=SETTINGS, audit=audit(warnings=[why]))
    write_study(run.result, looked=False)
    app = open_it(run=run.id)
    assert not app.exception
    assert f"No relevance in this result. {why}" in html(app)
    assert "17.0 (11.0 to 23.0)" in html(app)


def test_not_enough_data_is_an_answer(full: Run, open_it: Opened) -> None:
    rows = action_units()
    rows[["value", "low", "high"]] = None
    rows["status"] = "not enough data"
    write_study(full.result, rows, looked=False)
    few = relevance()
    few[["ratio", "low", "high", "share_in_region", "pointing"]] = None
    few["status"] = "not enough data"
    few.to_csv(full.result / "tables" / "relevance.csv", index=False)
    app = open_it(run=full.id)
    assert not app.exception
    shown = html(app)
    assert "How the detector reads each group: not enough data." in shown
    assert "Interaction: not enough data." in shown
    assert "AU 1, inner brow raiser: not enough data" in shown
    assert "points less" not in shown
    drawn = [one.proto.alt for one in app.get("plotly_chart")]
    assert drawn == [one for one in drawn if "relevance" in one], "no empty figure of F1"


def test_several_groups_are_compared_in_pairs(full: Run, open_it: Opened) -> None:
    import pandas as pd

    rows = action_units()
    more = rows[(rows["train_group"] == "male") | (rows["train_group"] == PAIR)]
    more = more.replace({"male": "other", PAIR: "female x other"})
    write_study(full.result, pd.concat([rows, more], ignore_index=True), looked=False)
    app = open_it(run=full.id)
    assert not app.exception
    assert "Interaction of female and other: detectors" in html(app)
    box(app, "pair").select("female and other").run()
    assert not app.exception


def test_one_skewed_set_beside_a_balanced_one(full: Run, open_it: Opened) -> None:
    rows = action_units()
    rows = rows[rows["train_group"].isin(["female", "mixed", PAIR])]
    crossed = {"female": "female 85%", PAIR: "female 85% x mixed"}
    write_study(full.result, rows.replace({"train_group": crossed}), looked=False)
    app = open_it(run=full.id)
    assert not app.exception
    shown = html(app)
    assert "Trained on a set of female 85%, the detector reads" in shown
    assert '3 points less <span class="i">−1 to 7</span>, which may be chance' in shown
    assert "the set female 85%, instead of mixed, favours female by 17.0" in shown


def test_a_run_without_it_offers_one_with_it(make: Maker, open_it: Opened) -> None:
    run = make(settings={"studies": ["leakage"]})
    app = open_it(run=run.id)
    assert "Action units were not part of this run" in html(app)
    assert "Which units make which expression" in html(app), "the lookup needs no figures"
    next(one for one in app.button if one.label == "Run with action units").click().run()
    assert not app.exception
    assert any("action_units" in one.config().studies for one in runs.listing(None))


def test_vectors_have_no_pictures(make: Maker, open_it: Opened) -> None:
    run = make("vectors", settings={"faces": None, "embeddings": {"path": "x.parquet"}})
    app = open_it(run=run.id)
    assert not app.exception
    assert "action units are read from pictures" in html(app)
    assert not [one for one in app.button if one.label == "Run with action units"]


def test_why_it_was_left_out_is_said(make: Maker, open_it: Opened) -> None:
    why = "action_units: left out, since skin_tone has 1 group"
    run = make(settings={"studies": ["action_units"]}, audit=audit(warnings=[why]))
    assert "Action units: left out, since skin_tone has 1 group." in html(open_it(run=run.id))


def test_a_run_at_work_says_what_comes(make: Maker, open_it: Opened) -> None:
    run = make(state="running", phase="Reading action units", done=3, total=20, settings=SETTINGS)
    app = open_it(run=run.id)
    assert not app.exception
    assert "their figures are not here yet" in html(app)
    assert "Reading action units: 3 of 20" in html(app)


def test_first_figures_of_a_run_at_work_are_shown(make: Maker, open_it: Opened) -> None:
    run = make(state="running", phase="Reading action units", done=3, total=20, settings=SETTINGS)
    run.partial.mkdir(parents=True, exist_ok=True)
    rows = action_units()
    rows[rows["train_group"] == "female"].to_csv(run.partial / "action_units.csv", index=False)
    app = open_it(run=run.id)
    assert not app.exception
    assert "Trained on people labelled female, the detector reads" in html(app)
    assert "it is not here yet" in html(app), "the maps come later"


@pytest.mark.parametrize("state", ["failed", "cancelled", "stopped"])
def test_a_run_that_ended_early_says_how(make: Maker, open_it: Opened, state: str) -> None:
    run = make(state=state, error="2 groups are needed, there is 1")
    app = open_it(run=run.id)
    assert not app.exception
    said = {"failed": "2 groups are needed", "cancelled": "was cancelled", "stopped": "is gone"}
    assert said[state] in html(app)


def test_hostile_names_are_text(pictured: Run, open_it: Opened) -> None:
    name = "<script>alert(1)</script>![x](http://example.org/x.png)"
    changed = {"female": name, PAIR: f"{name} x male"}
    write_study(pictured.result, action_units().replace(changed))
    tables = pictured.result / "tables"
    relevance().replace(changed).to_csv(tables / "relevance.csv", index=False)
    for table, file in ((maps(), "relevance_maps"), (faces(), "relevance_faces")):
        columns = {one: table[one].replace(changed) for one in ("train_group", "group")}
        table.assign(**columns).to_parquet(tables / f"{file}.parquet")
    app = open_it(run=pictured.id)
    assert not app.exception
    assert "<script" not in html(app)
    specs = [element.proto.spec for element in app.get("plotly_chart")]
    assert not any("<script" in spec or "\\u003cscript" in spec for spec in specs)
    assert "![x](" not in json.dumps([one.label for one in app.button_group])


def test_the_paper_stands_beside_with_what_differs(full: Run, open_it: Opened) -> None:
    shown = html(open_it(run=full.id)).split("Beside the paper")[1].split("Unit by unit")[0]
    assert '<td class="n">0.44</td><td class="n">0.66 <span' in shown
    assert "gives an interaction of 10 points; ours is 17.0 (11.0 to 23.0)" in shown
    assert "theirs are faces of the Actor Study and CK+, a VGG16" in shown
    assert "ours are drawn faces, the trunk a made-up trunk, 5 draws of people" in shown
    write_study(full.result, action_units().replace({"female": "young"}), looked=False)
    shown = html(open_it(run=full.id)).split("Beside the paper")[1]
    assert '<td class="n">0.55</td><td class="n">0.80 <span' in shown, "male on male is left"
    write_study(full.result, action_units().replace({"female": "a", "male": "b"}), looked=False)
    assert "none of its cells is of groups of gender" in html(open_it(run=full.id))


def test_what_is_no_better_than_chance_says_so(full: Run, open_it: Opened) -> None:
    rows = action_units()
    cell = (rows["train_group"] == "male") & (rows["test_group"] == "female")
    rows.loc[cell & rows["value"].notna(), "status"] = "nothing found"
    write_study(full.result, rows, looked=False)
    shown = html(open_it(run=full.id))
    assert "Read no better than permuted labels do: female by the set male." in shown
    assert '<span class="badge ">nothing found</span>' in shown


def test_counts_and_protocol_are_told(make: Maker, open_it: Opened) -> None:
    noted = ["action units: 3 people are of several groups", "action units: AU26 is left out, 7",
             "relevance: fewer than 10 test people show AU 25"]  # fmt: skip
    run = make("told", settings=SETTINGS, audit=audit(facts=FACTS, warnings=noted))
    write_study(run.result, shown=False)
    shown = html(open_it(run=run.id))
    assert "no part of the intervals. 3 people are of several groups." in shown
    assert "AU26 is left out" not in shown, "it has a row"
    assert "Relevance: fewer than 10 test people show AU 25." in shown
    assert "Each training set has 36 people and about 300 faces" in shown
    assert "tests other people, 10 female, 10 male" in shown
    assert "yes to everything" in shown
    assert "0.31" in shown
