"""The page “What it looks at” in each of its states. All figures are MADE UP."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixtures import Maker, Opened, html
from streamlit.testing.v1 import AppTest

from app import jobs, looking
from app.looking import Choice
from core.faces.synthetic.source import synthetic_faces
from core.run import Run

PAGE = "app/pages/looking.py"


@pytest.fixture
def open_it(open_it: Opened, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens the page as everywhere; no process is really started."""

    def refuse(view: object, choice: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(looking, "start", refuse)
    return open_it


@pytest.fixture(scope="module")
def face() -> str:
    """The second face that is offered."""
    from core.study.looking import offered

    table = synthetic_faces().table
    return str(table["id"].iloc[offered(table)[1]])


def choice(face: str, method: str = "occlusion") -> Choice:
    return Choice(face, method, "expression", "blur", 8)


def write(run: Run, own: Choice, **changes: Any) -> Path:
    """Made-up maps of a face, as the command writes them."""
    heat = np.linspace(-1, 1, 28 * 28, dtype=np.float32).reshape(28, 28)
    crop = np.full((112, 112, 3), 90, np.uint8)
    names = ("identity", "identity_obscured", "label", "label_obscured")
    arrays = {**dict.fromkeys(names, heat), "crop": crop, "crop_obscured": crop}
    score = {"clear": 0.91, "obscured": 0.52, "floor": 0.13, "left": 0.5}
    meta = {
        "face": own.face, "method": own.method, "label": "expression", "shown": "happy",
        "change": "blur", "pixels": 8, "encoder": "made-up encoder", "notes": [],
        "scores": {"identity": score, "label": score}, "agreement": {"identity": 0.1},
        "checks": {"identity": {"largest_drop": 0.3}, "label": {"largest_drop": 0.3}},
        "probe": None,
        "seconds": 41.0, **changes,
    }  # fmt: skip
    view = jobs.view(run.id, None)
    assert view is not None
    path = looking.path(view, own)
    path.parent.mkdir(exist_ok=True)
    np.savez(path, meta=np.array(json.dumps(meta)), **arrays)
    return path


def linked(app: AppTest) -> str:
    """The face in the address."""
    told = app.query_params["face"]
    return str(told[0] if isinstance(told, list) else told)


def test_without_any_run_it_says_so(open_it: Opened) -> None:
    app = open_it()
    assert not app.exception
    assert "There is no audit yet" in html(app)


def test_vectors_have_no_picture(make: Maker, open_it: Opened) -> None:
    run = make("vectors", settings={"faces": None, "embeddings": {"path": "x.parquet"}})
    app = open_it(run=run.id)
    assert not app.exception
    assert "vectors have no picture" in html(app)
    assert "look" not in [one.key for one in app.button]


def test_an_unseen_face_offers_to_look(make: Maker, open_it: Opened, face: str) -> None:
    run = make()
    app = open_it(run=run.id, face=face)
    assert not app.exception
    shown = html(app)
    assert "Nobody has looked at this face in this way yet" in shown
    assert "About 25 s" in shown
    assert shown.count("<img") == 6, "the faces of one person"
    assert "A map shows where a score reacts, not why" in shown
    assert linked(app) == face


def test_only_faces_with_a_vector_are_dealt_and_offered(make: Maker, open_it: Opened) -> None:
    run = make("done")
    table = synthetic_faces().table
    kept = table[table["subject_id"] != table["subject_id"].iloc[0]]
    asked = pd.DataFrame({"id": kept["id"], "representation": "x"})
    asked.to_parquet(run.result / "tables" / "predictions.parquet")
    app = open_it()
    assert not app.exception
    from core.study.looking import offered

    dealt = kept.iloc[offered(kept)]
    assert list(app.selectbox(key="person").options) == list(dict.fromkeys(dealt["subject_id"]))
    assert linked(app) == dealt["id"].iloc[0]


def test_a_face_that_is_not_offered_is_not_shown(make: Maker, open_it: Opened) -> None:
    app = open_it(run=make().id, face="demo-0000-nobody")
    assert not app.exception
    assert linked(app) == "demo-0003-neutral-0", "the first that is offered"


def test_maps_are_shown_with_what_speaks_against_them(
    make: Maker, open_it: Opened, face: str
) -> None:
    run = make()
    write(run, choice(face))
    app = open_it(run=run.id, face=face)
    assert not app.exception
    drawn = app.get("plotly_chart")
    assert len(drawn) == 4
    assert all(element.proto.alt for element in drawn)
    shown = html(app)
    assert "Blurred by 8 pixels" in shown
    assert "0.91" in shown
    assert "50 %" in shown
    assert "Activation maps are not available for this encoder (made-up encoder)" in shown
    assert "takes 0.30 of a score of 0.91" in shown
    assert "rank correlation 0.10" in shown
    assert "look" not in [one.key for one in app.button]


def test_activations_are_shown_where_they_are_known(
    make: Maker, open_it: Opened, face: str
) -> None:
    run = make()
    path = write(run, choice(face))
    with np.load(path) as held:
        arrays = dict(held)
    arrays |= dict.fromkeys(("activation", "activation_obscured"), np.ones((7, 7), np.float32))
    np.savez(path, **arrays)
    app = open_it(run=run.id, face=face)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 6
    assert "not available" not in html(app)


def test_the_estimate_follows_what_faces_took(make: Maker, open_it: Opened, face: str) -> None:
    run = make()
    write(run, choice("another"))
    assert "About 46 s" in html(open_it(run=run.id, face=face))


def test_looking_is_started_watched_and_said_to_have_failed(
    make: Maker, open_it: Opened, face: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run, asked = make(), list[Choice]()
    log = tmp_path / "work.log"
    log.write_text(" 40%  Looking 136 of 340  about 9 s left\n")
    import subprocess

    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = subprocess.Popen(sleeper)

    def start(view: object, own: Choice) -> jobs.Beside:
        asked.append(own)
        return jobs.Beside(process, log)

    try:
        app = open_it(run=run.id, face=face)
        monkeypatch.setattr(looking, "start", start)
        app = next(one for one in app.button if one.key == "look").click().run()
        assert not app.exception
        assert asked == [choice(face)]
        assert "Looking 136 of 340" in html(app)
        assert 'aria-valuenow="40"' in html(app)
        log.write_text("blindfold: the disk is <b>full</b>\n")
    finally:
        process.kill()
        process.wait()
    app.run()
    assert not app.exception
    assert "ended before it was done: the disk is &lt;b&gt;full" in html(app)
    assert "look" in [one.key for one in app.button], "it can be tried again"


def test_cancel_ends_the_process_and_is_no_failure(
    make: Maker, open_it: Opened, face: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import subprocess

    log = tmp_path / "work.log"
    log.write_text("")
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        app = open_it(run=make().id, face=face)
        monkeypatch.setattr(looking, "start", lambda view, own: jobs.Beside(process, log))
        app = next(one for one in app.button if one.key == "look").click().run()
        assert "starting" in html(app)
        app = next(one for one in app.button if one.key == "cancel").click().run()
        assert process.poll() is not None
        assert not app.exception
        assert "failed" not in html(app)
        assert "Nobody has looked" in html(app)
    finally:
        process.kill()
        process.wait()


def test_a_black_box_offers_no_gradients(make: Maker, open_it: Opened) -> None:
    run = make("onnx", settings={"encoder": {"kind": "pixels"}})
    app = open_it(run=run.id)
    assert not app.exception
    assert "no gradient to follow" in html(app)


def test_the_command_is_the_pages_own_run(
    make: Maker, face: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    class Started:
        def __init__(self, command: list[str], **named: Any) -> None:
            seen.update(command=command, **named)

    monkeypatch.setattr(jobs.subprocess, "Popen", Started)
    run = make()
    view = jobs.view(run.id, None)
    assert view is not None
    own = choice(face, "gradients")
    looking.start(view, own)
    words = seen["command"]
    assert words[1:5] == ["-m", "core", "look", run.id]
    pairs = dict(zip(words[5::2], words[6::2], strict=True))
    assert pairs == {
        "--face": face, "--out": str(looking.path(view, own)), "--method": "gradients",
        "--change": "blur", "--size": "8", "--label": "expression",
    }  # fmt: skip
    assert looking.path(view, own).is_relative_to(run.path), "deleted with the run"
    assert looking.path(view, own) != looking.path(view, choice(face))
