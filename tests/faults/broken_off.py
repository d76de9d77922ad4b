"""What breaks a run off: signals, and disks that refuse. The run is started again after it."""

from __future__ import annotations

from collections.abc import Collection

from core.run import Run
from core.run_status import RunStatus
from tests.faults.acts import FILLER
from tests.faults.case import Case
from tests.faults.plan import Step
from tests.faults.promises import said, settled
from tests.faults.scene import Reference, Scene


def broken_off(
    scene: Scene,
    case: Case,
    reference: Reference,
    *,
    acts: tuple[str, ...],
    states: Collection[str],
    words: tuple[str, ...],
    engine: str = "local",
    tidy: bool = True,
    again: bool = False,
) -> list[str]:
    """One run that something breaks off, and that is run again.

    `tidy`: no half file is left even before that. `again`: it is broken off a second time.
    """
    run = scene.made(engine=engine)
    counts = dict(reference.cold)
    before = case.phase == "renaming" and case.odd
    if before:  # an earlier result is being replaced, which is one more moment
        scene.again(run)
        counts["renaming"] += 1
    scene.begin(run, Step(case.phase, case.number(counts), acts), seed=case.seed)
    ended = scene.ended(run)
    problems = said(ended, states, *words)
    problems += [] if scene.acted() else ["the moment never came"]
    problems += _kept(scene, run, reference, ended, before)
    problems += scene.half_files() if tidy else []
    _free(scene)
    if again:
        scene.begin(run, Step(case.phase, 0, acts), seed=case.seed)
        problems += said(scene.ended(run), states, *words)
        _free(scene)
    problems += said(scene.again(run), ("done",))
    return problems + settled(scene, reference, run)


def _free(scene: Scene) -> None:
    (scene.home / FILLER).unlink(missing_ok=True)


def _kept(
    scene: Scene, run: Run, reference: Reference, ended: RunStatus, before: bool
) -> list[str]:
    """What a broken-off run shows must be whole: an earlier result, or the new one."""
    if run.result.exists():
        # A report that could not be written is a warning of the summary, and no wrong table.
        wrong = scene.differs(run, reference)
        return [one for one in wrong if not one.endswith("audit.json")]
    if ended.state == "done":
        return ["it is done and has no result"]
    aside = any(run.path.glob("result.old-*"))
    return ["the earlier result is lost"] if before and not aside else []


def killed(scene: Scene, case: Case, reference: Reference) -> list[str]:
    """SIGKILL, as the kernel ends what takes too much memory."""
    return broken_off(
        scene, case, reference, acts=("kill",), states=("stopped",),
        words=("the worker is gone",), tidy=False,
    )  # fmt: skip


def terminated(scene: Scene, case: Case, reference: Reference) -> list[str]:
    """SIGTERM, as a machine ends what runs when it is shut down."""
    engine = "processes" if case.seed % 3 == 2 else "local"
    return broken_off(
        scene, case, reference, acts=("terminate",), states=("stopped",),
        words=("stopped from outside",), engine=engine,
    )  # fmt: skip


def child_killed(scene: Scene, case: Case, reference: Reference) -> list[str]:
    """SIGKILL to one of the processes that share the work."""
    return broken_off(
        scene, case, reference, acts=("kill-child",), states=("failed", "done"),
        words=("ended from outside",), engine="processes",
    )  # fmt: skip


def full(scene: Scene, case: Case, reference: Reference, *, act: str) -> list[str]:
    """No space left, the log and the status included; twice where the seed is odd."""
    return broken_off(
        scene, case, reference, acts=(act,), states=("failed", "done"), words=("is full",),
        again=case.odd,
    )  # fmt: skip


def broken(scene: Scene, case: Case, reference: Reference) -> list[str]:
    """Input and output errors: of every write from then on, of one write, or of one read."""
    how = ("always", "once", "read")[case.seed % 3]
    words = ("cannot be written", "cannot be read", "Input/output error")
    # A disk that takes nothing takes no last word either.
    states, more = (("stopped",), ("the worker is gone",)) if how == "always" else (("failed",), ())
    return broken_off(
        scene, case, reference, acts=(f"broken {how}",), states=(*states, "done"),
        words=(*words, *more), tidy=how != "always",
    )  # fmt: skip


def read_only(scene: Scene, case: Case, reference: Reference) -> list[str]:
    """The store, the runs, all of the home can be read and not be changed."""
    return broken_off(
        scene, case, reference, acts=("read-only",), states=("stopped",),
        words=("the worker is gone",), tidy=False,
    )  # fmt: skip
