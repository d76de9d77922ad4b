"""The Projections page in each of its states. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import made_up_maps
import numpy as np
import pandas as pd
import pytest
from fixtures import Maker, Opened, html
from streamlit.testing.v1 import AppTest

from app import atlas, picked
from app.lasso import rows_of
from core import run as runs
from core.plots.projection_maps import maps_of
from core.run import Run

PAGE = "app/pages/projections.py"


@pytest.fixture
def full(make: Maker) -> Run:
    """A finished run with two suppressors and their maps."""
    run = make("two methods", settings=made_up_maps.SETTINGS)
    made_up_maps.write(run.path)
    return run


def figures(app: AppTest) -> list[dict[str, Any]]:
    """The maps as plotly has them."""
    return [json.loads(element.proto.spec) for element in app.get("plotly_chart")]


def points(figure: dict[str, Any]) -> list[dict[str, Any]]:
    """The traces that hold faces."""
    return [trace for trace in figure["data"] if "customdata" in trace]


def box(app: AppTest, key: str) -> Any:
    """A choice of the page."""
    return next(one for one in app.selectbox if one.key == key)


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def test_without_any_run_it_says_so(open_it: Opened) -> None:
    app = open_it()
    assert not app.exception
    assert "There is no audit yet" in html(app)


def test_maps_stand_beside_what_they_are_worth(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id)
    assert not app.exception
    shown = html(app)
    assert "share the expression: x 22 %, f3(x) 71 %; by chance 17 %" in shown
    assert "Trustworthiness 0.93" in shown
    assert "silhouette −0.04" in shown
    assert "A picture is no evidence of privacy" in shown
    assert "balanced accuracy of the strongest attacker 0.76" in shown
    assert box(app, "preset").value.startswith("Thesis Fig. 4.1")
    assert all(element.proto.alt for element in app.get("plotly_chart"))
    assert "Nobody chosen yet" in shown


@pytest.mark.parametrize(
    ("name", "panes", "colour"),
    [
        ("x beside SN beside LNTL", ["x", "sensitivenets", "lntl"], "expression"),
        ("Thesis Fig. 4.3", ["f3(sensitivenets)", "f3(lntl)"], "expression"),
        ("Thesis Fig. 4.4", ["f3(lntl)", "lntl"], "gender"),
        ("TPAMI Fig. 4", ["x", "sensitivenets"], "gender"),
    ],
)
def test_a_named_view_sets_every_choice(
    full: Run, open_it: Opened, name: str, panes: list[str], colour: str
) -> None:
    app = open_it(run=full.id)
    preset = box(app, "preset")
    preset.select(next(one for one in preset.options if one.startswith(name))).run()
    assert not app.exception
    assert [box(app, f"map{n}").value for n in range(1, len(panes) + 1)] == panes
    assert box(app, "colour").value == colour
    assert len(figures(app)) == len(panes)
    assert box(app, "preset").value.startswith(name)


def test_a_named_view_that_the_run_lacks_says_what_is_missing(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id)
    preset = box(app, "preset")
    preset.select(preset.options[-1]).run()
    assert not app.exception
    assert "This run has no f3(LEACE)" in html(app)
    assert box(app, "preset").value.startswith("Thesis Fig. 4.1"), "what is shown has not changed"


def test_a_class_is_chosen_without_a_mouse_and_cleared(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id, **{"class": "happy"})
    press(app, "Choose its faces")
    assert not app.exception
    assert "10 of 60 faces chosen" in html(app)
    for figure in figures(app):
        marked = {t["name"]: len(_array(t["selectedpoints"])) for t in points(figure)}
        assert marked.pop("happy") == 10
        assert set(marked.values()) == {0}
    assert "<img" in html(app), "the contact sheet shows them"
    assert "chosen" in app.query_params
    press(app, "Clear")
    assert "Nobody chosen yet" in html(app)
    assert "chosen" not in app.query_params
    assert not any("selectedpoints" in t for f in figures(app) for t in points(f))


def test_what_attackers_said_of_the_chosen(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id, every="true", singly="true", **{"class": "happy"})
    press(app, "Choose its faces")
    assert not app.exception
    shown = html(app)
    assert "expression, strongest" in shown
    assert "expression, read rightly by" in shown
    assert "svm" in shown
    assert "expression read from x" in shown
    truth = made_up_maps.predictions(made_up_maps.projection())
    own = truth[(truth.representation == "x") & (truth.attacker == "strongest")]
    right = (own[own.truth == "happy"].predicted == "happy").mean()
    assert f"{100 * right:.0f} %" in shown


def test_the_address_opens_the_same_choice(full: Run, open_it: Opened) -> None:
    maps = maps_of(pd.read_parquet(full.path / "result/tables/projection.parquet"))
    faces = np.zeros(len(maps), bool)
    faces[[3, 17, 40]] = True
    told = picked.encode(faces, list(maps.faces["id"]))
    app = open_it(run=full.id, chosen=told, maps="4", map2="LNTL", colour="gender", zoom="true")
    assert not app.exception
    assert "3 of 60 faces chosen" in html(app)
    assert len(figures(app)) == 4
    assert box(app, "map2").value == "lntl"
    rows = [
        row for trace in points(figures(app)[1])
        for row in _array(trace["customdata"])[_array(trace["selectedpoints"])]
    ]  # fmt: skip
    assert sorted(rows) == [3, 17, 40]
    assert app.query_params["chosen"] in (told, [told])


def test_a_choice_of_other_faces_in_the_address_means_nothing(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id, chosen="00000000eNpjAAAAAQAB")
    assert not app.exception
    assert "Nobody chosen yet" in html(app)
    assert "belongs to other faces" in html(app)


def test_right_or_wrong_identity_and_a_class_alone(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id, colour="right or wrong")
    assert {t["name"] for t in points(figures(app)[0])} == {"read rightly", "read wrongly"}
    assert "named its expression in more than half" in html(app)
    box(app, "colour").select("identity").run()
    assert not app.exception
    app = open_it(run=full.id, only="true", density="true", **{"class": "sad"})
    (trace,) = points(figures(app)[0])
    assert trace["name"] == "sad"
    assert "Only sad is shown" in html(app)


def test_unknown_is_a_group_of_its_own(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id, colour="gender")
    names = [t["name"] for t in points(figures(app)[0])]
    assert names[-1] == "unknown"


def test_other_values_start_a_new_run_of_the_same_settings(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id)
    next(one for one in app.number_input if one.key == "perplexity").set_value(50.0)
    press(app, "Run with these")
    assert not app.exception
    (fresh,) = [one for one in runs.listing(None) if one.id != full.id]
    config = fresh.config()
    assert config.projection.perplexity == 50.0
    assert "projection" in config.studies
    assert config.suppressors == full.config().suppressors
    assert not fresh.background


def test_a_run_without_maps_says_how_to_have_them(make: Maker, open_it: Opened) -> None:
    run = make(settings={"studies": ["leakage"]})
    app = open_it(run=run.id)
    assert not app.exception
    assert "Projections were not part of this run" in html(app)
    press(app, "Run with these")
    assert not app.exception
    assert len(runs.listing(None)) == 2


def test_too_few_faces_for_a_map_are_said(make: Maker, open_it: Opened) -> None:
    from fixtures import audit

    said = "6 test faces are too few for a map (at least 10 are needed): none is drawn"
    run = make(audit=audit(warnings=[said]), settings={"studies": ["leakage", "projection"]})
    assert said in html(open_it(run=run.id))


@pytest.mark.parametrize("name", ["projection_quality.csv", "predictions.parquet", "leakage.csv"])
def test_any_other_table_may_be_missing(full: Run, open_it: Opened, name: str) -> None:
    (full.path / "result" / "tables" / name).unlink()
    app = open_it(run=full.id, every="true", **{"class": "happy"})
    press(app, "Choose its faces")
    assert not app.exception
    if name == "projection_quality.csv":
        assert "was not measured in this run" in html(app)


def test_pictures_that_are_gone_are_said(
    full: Run, open_it: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import maps
    from core.errors import FacesError

    def gone(view: object) -> None:
        raise FacesError("they are gone")

    monkeypatch.setattr(maps, "pictures", gone)
    app = press(open_it(run=full.id, **{"class": "happy"}), "Choose its faces")
    assert not app.exception
    assert "no longer where they were" in html(app)


def test_a_run_at_work_shows_its_bar(make: Maker, open_it: Opened) -> None:
    run = make(state="running", phase="Projecting", done=3, total=20)
    app = open_it(run=run.id)
    assert not app.exception
    assert "Projecting: 3 of 20" in html(app)
    assert "Maps come after the attacks" in html(app)


def test_a_run_that_failed_says_how(make: Maker, open_it: Opened) -> None:
    run = make(state="failed", error="2 classes are needed, there is 1")
    assert "2 classes are needed" in html(open_it(run=run.id))


def test_classes_with_hostile_names_are_text(make: Maker, open_it: Opened) -> None:
    name = "<script>alert(1)</script>![x](http://example.org/x.png)"
    run = make(settings=made_up_maps.SETTINGS)
    made_up_maps.write(run.path, made_up_maps.projection().replace({"happy": name}))
    app = open_it(run=run.id, **{"class": name})
    assert not app.exception
    press(app, "Choose its faces")
    assert "<script" not in html(app)
    specs = [element.proto.spec for element in app.get("plotly_chart")]
    assert not any("<script" in spec or "\\u003cscript" in spec for spec in specs)


# -- the choice in the address, and the loop ---------------------------------------------------


@pytest.mark.parametrize("n", [1, 7, 8, 552, 100_003])
def test_a_choice_survives_its_link(n: int) -> None:
    ids = [f"face {i}" for i in range(n)]
    faces = np.zeros(n, bool)
    faces[:: max(n // 40, 1)] = True
    told = picked.encode(faces, ids)
    assert told is not None
    found = picked.decode(told, ids)
    assert found is not None
    np.testing.assert_array_equal(found, faces)
    assert picked.decode(told, [*ids[:-1], "another"]) is None


def test_a_choice_too_scattered_for_a_link_is_left_out() -> None:
    ids = [str(i) for i in range(100_000)]
    assert picked.encode(np.random.default_rng(0).random(100_000) < 0.5, ids) is None


@pytest.mark.parametrize("told", ["", "x", "0" * 40, "é" * 20, "A" * 5000])
def test_a_damaged_link_is_no_crash(told: str) -> None:
    ids = ["a", "b"]
    assert picked.decode(told, ids) is None
    good = picked.encode(np.array([True, False]), ids)
    assert good is not None
    assert picked.decode(good[:8] + told, ids) is None


def test_a_loop_is_read_by_the_rows_of_its_points() -> None:
    assert rows_of([{"customdata": 3}, {"customdata": [5]}, {"x": 1}, {"customdata": []}]) == [3, 5]


# -- the optional package ----------------------------------------------------------------------


def test_a_large_set_names_the_package_that_draws_it_whole(
    full: Run, open_it: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "embedding-atlas" not in html(open_it(run=full.id))
    monkeypatch.setattr(atlas, "LIMIT", 50)
    monkeypatch.setattr(atlas, "find_spec", lambda name: None)
    assert atlas.INSTALL in html(open_it(run=full.id))
    monkeypatch.setattr(atlas, "find_spec", lambda name: object())
    app = open_it(run=full.id)
    assert "Open in embedding-atlas" in [one.label for one in app.button]


def test_it_gets_one_map_and_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(atlas, "command", lambda file, port: sleeper)
    found = maps_of(made_up_maps.projection())
    running = atlas.start(("run", ("x", "tsne")), found)
    try:
        (file,) = running.folder.iterdir()
        given = pd.read_parquet(file)
        assert len(given) == len(found)
        np.testing.assert_array_equal(given[["u", "v"]], found.places["x", "tsne"])
        assert not running.ended
    finally:
        running.stop()
    assert running.ended
    assert not running.folder.exists()


def test_its_command_line_computes_nothing_and_stays_on_this_computer() -> None:
    words = atlas.command(Path("map.parquet"), 5055)
    pairs = dict(pairwise(words))
    assert pairs["--host"] == "127.0.0.1"
    assert (pairs["--x"], pairs["--y"], pairs["--duckdb"]) == ("u", "v", "wasm")
    assert {"--disable-projection", "--no-auto-port"} <= set(words)


def _array(value: Any) -> np.ndarray:
    """Numbers as plotly writes them: a list, or packed."""
    import base64

    if isinstance(value, dict):
        return np.frombuffer(base64.b64decode(value["bdata"]), np.dtype(value["dtype"]))
    return np.asarray(value, int)


def test_maps_are_shown_while_the_run_goes_on_and_are_those_of_its_end(
    make: Maker, open_it: Opened, full: Run
) -> None:
    run = make(state="running", phase="Ablation", done=3, total=20, settings=made_up_maps.SETTINGS)
    run.partial.mkdir(parents=True, exist_ok=True)
    made_up_maps.projection().to_csv(run.partial / "projection.csv", index=False)
    early, late = open_it(run=run.id), open_it(run=full.id)
    assert not early.exception
    assert figures(late)
    for one, other in zip(figures(early), figures(late), strict=True):
        for mine, theirs in zip(points(one), points(other), strict=True):
            assert mine["customdata"] == theirs["customdata"]
            assert mine["x"] == theirs["x"], "float32 survives the text"
