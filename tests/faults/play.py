"""Plays cases, each in a folder of its own that is removed afterwards."""

from __future__ import annotations

import subprocess
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.faults.case import Case, Outcome
from tests.faults.kinds import KINDS
from tests.faults.scene import Reference, Scene
from tests.faults.small import audit_of

TMPFS_BYTES = 24 << 20
"""The real disk that is filled: large enough for one of the small audits."""


def cases(kinds: Sequence[str], phases: Sequence[str], seeds: Sequence[int]) -> Iterator[Case]:
    """All of these kinds in all of these phases that they can be in, seed by seed."""
    for seed in seeds:
        for kind in kinds:
            for phase in phases:
                if phase in KINDS[kind].phases:
                    yield Case(kind, phase, seed)


def play(case: Case, base: Path, references: Mapping[str, Reference]) -> Outcome:
    """Play one case on the inputs at `base`; whatever is raised on the way is a problem too."""
    kind, began = KINDS[case.kind], time.monotonic()
    name = audit_of(case.phase)
    with tempfile.TemporaryDirectory(prefix="fault-") as folder:
        scene = Scene(Path(folder), base, name, slots=kind.slots)
        try:
            with _disk(scene.home, kind.own_disk) as refused:
                if refused:
                    return Outcome(case, (), 0.0, refused)
                with scene.set():
                    problems = kind.played(scene, case, references[name])
                    problems += scene.orphans()
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            problems = [f"{type(error).__name__} in {last.name}: {error}"]
    return Outcome(case, tuple(problems), time.monotonic() - began)


@contextmanager
def _disk(home: Path, wanted: bool) -> Iterator[str]:
    """A small disk of its own at `home`, where it is wanted; yields why there can be none."""
    if not wanted:
        yield ""
        return
    command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES},mode=700", "tmpfs", str(home)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        yield str(error)
        return
    if done.returncode:
        yield "only who may mount a disk can fill one"
        return
    try:
        yield ""
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=False)
