"""Maps of many faces on the Projections page. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

import json
from typing import Any

import made_up_crowd
import made_up_maps
import numpy as np
import pytest
from fixtures import Maker, Opened, html
from streamlit.testing.v1 import AppTest

from app import linked, picked
from core.plots.projection import FEW
from core.plots.projection_points import DIGITS, bits, unpacked
from core.run import Run

PAGE = "app/pages/projections.py"


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


@pytest.fixture
def crowd(make: Maker) -> Run:
    """A finished run with maps of more faces than figures are made for."""
    run = make("a crowd", settings=made_up_maps.SETTINGS)
    made_up_maps.write(run.path, made_up_crowd.projection(FEW + 1))
    return run


def element(app: AppTest) -> tuple[bytes, dict[str, Any]]:
    """The packet of points, and how they are drawn."""
    packet, drawn = (one.proto for one in app.get("bidi_component"))
    return packet.bytes, json.loads(drawn.json)


def test_many_faces_are_drawn_by_one_element(crowd: Run, open_it: Opened) -> None:
    app = open_it(run=crowd.id, maps="3", colour="gender")
    assert not app.exception
    assert not app.get("plotly_chart")
    packet, drawn = element(app)
    assert packet[:DIGITS].decode() == drawn["digest"]
    assert [pane["title"] for pane in drawn["panes"]] == ["x, t-SNE", "f3(x), t-SNE", "SN, t-SNE"]
    assert all(pane["alt"] and "Trustworthiness" in pane["note"] for pane in drawn["panes"])
    assert drawn["classes"] == ["female", "male", "unknown"]
    assert (drawn["faces"], drawn["how"], drawn["drag"], drawn["wide"]) == (
        FEW + 1, "replaces", "lasso", 3
    )  # fmt: skip


def test_a_choice_sends_bits_and_the_same_points(crowd: Run, open_it: Opened) -> None:
    app = open_it(run=crowd.id, **{"class": "happy"})
    before, drawn = element(app)
    assert not np.any(unpacked(drawn["chosen"], FEW + 1))
    press(app, "Choose its faces")
    after, drawn = element(app)
    assert after == before
    own = made_up_crowd.projection(FEW + 1).iloc[: FEW + 1]["expression"] == "happy"
    np.testing.assert_array_equal(unpacked(drawn["chosen"], FEW + 1), own)
    assert f"{own.sum():,} of {FEW + 1:,} faces chosen" in html(app)
    press(app, "Clear")
    assert not np.any(unpacked(element(app)[1]["chosen"], FEW + 1))


def test_names_of_classes_reach_the_browser_as_data(make: Maker, open_it: Opened) -> None:
    name = "</script><img src=x onerror=alert(1)>"
    run = make(settings=made_up_maps.SETTINGS)
    maps = made_up_crowd.projection(FEW + 1, moods=(name, "calm"))
    made_up_maps.write(run.path, maps)
    app = open_it(run=run.id)
    assert element(app)[1]["classes"] == [name, "calm"]
    for one in app.get("bidi_component"):
        assert name not in one.proto.html_content + one.proto.js_content + one.proto.css_content


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A session of its own for what browsers tell, and what was chosen in it."""
    import streamlit as st

    state: dict[str, Any] = {"asked": []}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(
        picked, "choose", lambda view, faces, how: state["asked"].append((list(faces), how))
    )
    return state


def told(who: str, *choices: tuple[int, list[bool]]) -> dict[str, Any]:
    """What a browser sends."""
    return {"who": who, "choices": [[number, bits(np.array(one))] for number, one in choices]}


def test_each_loop_counts_once_and_in_order(session: dict[str, Any]) -> None:
    first, second, third = [True, False], [False, True], [True, True]
    session["loop"] = "adds"
    linked.heard(None, 2, told("a", (1, first), (2, second)))
    linked.heard(None, 2, told("a", (1, first), (2, second), (3, third)))
    assert session["asked"] == [(one, "adds") for one in (first, second, third)]
    assert tuple(session[linked.HEARD]) == ("a", 3)
    linked.heard(None, 2, told("another browser", (1, second)))
    assert session["asked"][-1] == (second, "adds")
    assert tuple(session[linked.HEARD]) == ("another browser", 1)


@pytest.mark.parametrize(
    "said",
    [None, 3, [], {}, {"choices": 3}, {"who": "a", "choices": [3, [], ["1", "AA=="], [1, 7]]},
     {"who": "a", "choices": [[1, "no bits"], [2, "AAAA"]]}],
)  # fmt: skip
def test_what_is_no_loop_chooses_nobody(session: dict[str, Any], said: Any) -> None:
    linked.heard(None, 2, said)
    assert not session["asked"]
