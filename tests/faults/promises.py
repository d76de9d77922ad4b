"""What must hold after every fault, as a list of what does not."""

from __future__ import annotations

from collections.abc import Collection

from core.run import Run
from core.run_status import RunStatus
from tests.faults.scene import Reference, Scene


def said(status: RunStatus, states: Collection[str], *words: str) -> list[str]:
    """What the status does not say although it happened; a run that is done need say no more."""
    if status.state not in states:
        return [f"the status says {status.state} ({status.error or status.message})"]
    told = f"{status.message} {status.error}"
    if status.state == "done" or any(word in told for word in words):
        return []
    return [f"the status of a run that {status.state} says only: {told}"]


def settled(scene: Scene, reference: Reference, *own: Run, twice: bool = False) -> list[str]:
    """In the end: the tables and the summary of an undisturbed run, no half file, every entry of
    the store that was asked for as its key says, and none that was finished and not damaged made
    again.

    `twice`: two runs made the same at the same moment. That no process is left is looked at when
    the scene is over.
    """
    found = [problem for run in own for problem in scene.differs(run, reference)]
    return found + scene.half_files() + scene.damaged_entries() + scene.made_again(twice=twice)
