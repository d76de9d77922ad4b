"""What is to happen in a worker, and what a worker tells back: files in a folder beside the home.

`BLINDFOLD_FAULTS` names the folder. The campaign writes `RUN.plan.json` (or `any.plan.json`, for a
run whose id is not known yet); the worker appends to `RUN.trace`, one line an event.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = "BLINDFOLD_FAULTS"
"""The environment variable that names the folder; without it the worker is left alone."""

PHASES = (
    "reading", "encoding", "dealing", "fitting", "attacking", "measuring", "writing", "renaming",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """At moment `number`, counted from 0, of `phase` do the `acts` (see `acts.DOES`) in order."""

    phase: str
    number: int
    acts: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The steps of one worker; `seed` chooses whatever an act leaves to chance, and `clock` is how
    many seconds its clock is from the real one when it starts."""

    seed: int
    steps: tuple[Step, ...] = ()
    clock: float = 0.0

    def write(self, folder: Path, run: str) -> None:
        """Put the plan where the worker of the run with this id, or of "any", looks for it."""
        (folder / f"{run}.plan.json").write_text(json.dumps(asdict(self)))


def read_plan(folder: Path, run: str) -> Plan:
    """The plan of the run with this id; an empty one where there is none."""
    for name in (run, "any"):
        path = folder / f"{name}.plan.json"
        if path.exists():
            told = json.loads(path.read_text())
            steps = (Step(one["phase"], one["number"], tuple(one["acts"])) for one in told["steps"])
            return Plan(told["seed"], tuple(steps), told["clock"])
    return Plan(0)


def forget(folder: Path) -> None:
    """Take all plans away: workers that start from now on are left alone."""
    for path in folder.glob("*.plan.json"):
        path.unlink()


class Trace:
    """What a worker tells: appended line by line through a descriptor that was open before any
    fault, so that the lines of a worker that is killed are whole."""

    def __init__(self, folder: Path, run: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(folder / f"{run}.trace", flags, 0o600)

    def say(self, *words: object) -> None:
        """One line."""
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())


def read_trace(folder: Path, run: str = "*") -> list[list[str]]:
    """The lines of the run with this id, or of all runs, as words."""
    lines: list[str] = []
    for path in sorted(folder.glob(f"{run}.trace")):
        lines += path.read_text().splitlines()
    return [line.split() for line in lines]
