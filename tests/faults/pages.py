"""Faults on the pages' side: what `app.jobs` tells of a run when a browser or a server is gone."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from typing import Any

import pandas as pd
import streamlit as st

from app import jobs
from core import run as runs
from core.run import Run
from tests.faults.case import Case
from tests.faults.plan import Plan, Step
from tests.faults.promises import said, settled
from tests.faults.scene import ROOT, Reference, Scene
from tests.faults.small import AUDITS

TABLES = ("first", "leakage")
"""Tables that arrive while a run is at work."""

logging.getLogger("streamlit").setLevel(logging.ERROR)  # it misses a browser, and says so each time


def browser(scene: Scene, case: Case, reference: Reference) -> list[str]:
    """Looked at, closed, opened again; where the seed is odd, beside a run that is damaged."""
    run = scene.made()
    if case.odd:
        (scene.made("damaged").path / "config.yaml").write_text("{")
    _closed()
    scene.begin(run, Step(case.phase, case.number(reference.cold), ("hold",)))
    if not scene.held(run):
        return ["the moment never came"]
    opened = _shown(run)
    _closed()
    again = _shown(run)
    problems = [] if opened == again else [f"a page shows {again} where it showed {opened}"]
    if opened is None or opened["state"] != "running":
        problems.append(f"a page shows a run at work as {opened}")
    scene.go()
    fraction = 0.0

    def over() -> bool:
        nonlocal fraction, problems
        seen = _shown(run)
        if seen is None or seen["fraction"] < fraction:
            problems += [f"the bar went back to {seen} from {fraction}"]
        fraction = fraction if seen is None else seen["fraction"]
        return not runs.status(run).active

    scene.wait(over)
    problems += said(scene.ended(run), ("done",))
    _closed()
    view = jobs.view(run.id, None)
    if view is None or view.audit is None:
        return [*problems, "a page shows no result of a run that is done"]
    frame = jobs.frame(view, "leakage")
    written = pd.read_csv(run.result / "tables" / "leakage.csv", keep_default_na=False)
    if frame is None or len(frame) != len(written):
        problems.append("a page shows another table than was written")
    return problems + settled(scene, reference, run)


def _closed() -> None:
    """What a server forgets when nobody looks, it forgets here at once."""
    st.cache_data.clear()
    jobs._config.cache_clear()


def _shown(run: Run) -> dict[str, Any] | None:
    """What a page shows of the run: its state, bar, and how many rows have arrived."""
    view = jobs.view(run.id, None)
    if view is None:
        return None
    frames = {name: jobs.frame(view, name) for name in TABLES}
    rows = {name: None if frame is None else len(frame) for name, frame in frames.items()}
    return {"state": view.status.state, "fraction": view.status.fraction, **rows}


def server(scene: Scene, case: Case, reference: Reference) -> list[str]:
    """Killed with all that belongs to it: by SIGKILL, or by SIGTERM where the seed is odd."""
    step = Step(case.phase, case.number(reference.cold), ("hold",))
    Plan(case.seed, (step,)).write(scene.faults, "any")
    settings = json.dumps({**AUDITS[scene.name], "name": "audit"})
    first = subprocess.Popen(
        [*_COMMAND, "start", settings, str(scene.base)], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    assert first.stdout is not None
    run = runs.find(first.stdout.readline().strip())
    held = scene.held(run)
    os.killpg(first.pid, signal.SIGTERM if case.odd else signal.SIGKILL)
    first.wait()
    if not held:
        return ["the moment never came"]
    problems = [] if _looked(run) == {"state": "running", "result": False} else [
        "the next server does not see the run at work"
    ]  # fmt: skip
    scene.go()
    problems += said(scene.ended(run), ("done",))
    if _looked(run) != {"state": "done", "result": True}:
        problems.append("the next server does not see the result")
    return problems + settled(scene, reference, run)


_COMMAND = [sys.executable, "-m", "tests.faults.server"]


def _looked(run: Run) -> Any:
    """What a server that is new sees of the run."""
    done = subprocess.run(
        [*_COMMAND, "look", run.id], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)
