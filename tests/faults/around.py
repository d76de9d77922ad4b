"""What happens around a run: its clock is set, its store is damaged, others run beside it."""

from __future__ import annotations

import os
import signal

from core import run as runs
from core.run import Run
from tests.faults.case import Case
from tests.faults.clock import shifted
from tests.faults.plan import Step
from tests.faults.promises import said, settled
from tests.faults.scene import Reference, Scene

HURT = 3
"""Entries that are damaged at a time."""


def clock(scene: Scene, case: Case, reference: Reference, *, seconds: float) -> list[str]:
    """The clock is set while a run is at work; where the seed is odd, it is killed after that."""
    run, problems = scene.made(), []
    number = case.number(reference.cold)
    scene.begin(run, Step(case.phase, number, (f"clock {seconds}", "hold")))
    if not scene.held(run):
        return ["the moment never came"]
    with shifted(seconds):
        seen = runs.status(run)
        if not seen.active:
            problems.append(f"with another clock a run at work reads as {seen.state}")
        if case.odd:
            os.kill(_pid(run), signal.SIGKILL)
            problems += said(scene.ended(run), ("stopped",), "the worker is gone")
            problems += said(scene.again(run, clock=seconds), ("done",))
        else:
            scene.go()
            problems += said(scene.ended(run), ("done",))
    return problems + settled(scene, reference, run)


def damaged(scene: Scene, case: Case, reference: Reference, *, how: str) -> list[str]:
    """Entries of a full store are damaged under a run; killed too, where the seed is odd."""
    scene.stock(reference.store)
    run = scene.made()
    acts = (f"hurt {how} {HURT}", "kill") if case.odd else (f"hurt {how} {HURT}",)
    scene.begin(run, Step(case.phase, case.number(reference.warm), acts), seed=case.seed)
    states = ("stopped",) if case.odd else ("done", "failed")
    problems = said(scene.ended(run), states, "the worker is gone", "run again")
    problems += [] if scene.acted() else ["the moment never came"]
    problems += said(scene.again(run), ("done",))
    return problems + settled(scene, reference, run)


def queued(scene: Scene, case: Case, reference: Reference) -> list[str]:
    """Three runs for one place. The one at work is killed; where the seed is odd, one that waits
    is ended, and the other is a repeat of the first."""
    first, second = scene.made("first"), scene.made("second")
    third = scene.made("first" if case.odd else "third")
    step = Step(case.phase, case.number(reference.cold), ("hold",) if case.odd else ("kill",))
    scene.begin(first, step, seed=case.seed)
    scene.wait(lambda: runs.status(first).state != "queued")
    for run in (second, third):
        scene.begin(run)
    problems = []
    if case.odd:
        if not scene.held(first):
            return ["the moment never came"]
        scene.wait(lambda: "queue" in runs.status(second).message)
        os.kill(_pid(second), signal.SIGTERM)
        problems += said(scene.ended(second), ("stopped",), "stopped from outside")
        scene.go()
    problems += _one_at_a_time(scene, (first, second, third))
    ended, others = (second, (first, third)) if case.odd else (first, (second, third))
    for run in others:
        problems += said(scene.ended(run), ("done",))
    problems += said(runs.status(ended), ("stopped",), "the worker is gone", "stopped from outside")
    problems += said(scene.again(ended), ("done",))
    return problems + settled(scene, reference, first, second, third)


def _one_at_a_time(scene: Scene, own: tuple[Run, ...]) -> list[str]:
    """Wait until none of these runs is at work any more; was there ever more than one?"""
    most = 0

    def over() -> bool:
        nonlocal most
        seen = [runs.status(run) for run in own]
        most = max(most, sum(one.state == "running" for one in seen))
        return not any(one.active for one in seen)

    scene.wait(over)
    return [f"{most} runs were at work at once where there is one place"] if most > 1 else []


def same_key(scene: Scene, case: Case, reference: Reference) -> list[str]:
    """Two runs make the same entries at the same moment; one is killed there if the seed is odd."""
    first, second = scene.made("first"), scene.made("second")
    steps = {run: [Step("reading", 0, ("meet 2",))] for run in (first, second)}
    last = ("meet 2", "kill") if case.odd else ("meet 2",)
    if case.phase == "reading":
        steps[first] = [Step("reading", 0, last)]
    else:
        steps[first].append(Step(case.phase, 0, last))
        steps[second].append(Step(case.phase, 0, ("meet 2",)))
    for run in (first, second):
        scene.begin(run, *steps[run])
    problems = said(scene.ended(second), ("done",))
    states, words = (("stopped",), "the worker is gone") if case.odd else (("done",), "")
    problems += said(scene.ended(first), states, words)
    if case.odd:
        problems += said(scene.again(first), ("done",))
    return problems + settled(scene, reference, first, second, twice=True)


def _pid(run: Run) -> int:
    found = runs.status(run).pid
    assert found is not None, "a run at work has a worker"
    return found
