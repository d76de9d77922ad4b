"""Where one case is played: a home of its own, runs with plans, and what they left behind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from core import run as runs
from core.config import config_from
from core.run import Run
from core.run_status import RunStatus, read_status
from core.store import Store
from tests.faults import plan as plans
from tests.faults.plan import Plan, Step
from tests.faults.small import AUDITS

ROOT = Path(__file__).resolve().parent.parent.parent
SITE = Path(__file__).resolve().parent / "site"

PATIENCE = 900.0
"""Seconds within which whatever is waited for comes, on a very busy machine too."""


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run of an audit gave: digests of its tables and summary by name, how many
    moments each phase had with an empty and with a full `store`, and that store."""

    result: dict[str, str]
    cold: dict[str, int]
    warm: dict[str, int]
    store: Path


class Scene:
    """A home below `folder`, in which the audit `name` of the inputs at `base` is run."""

    def __init__(self, folder: Path, base: Path, name: str, *, slots: int = 1) -> None:
        self.home, self.faults = folder / "home", folder / "faults"
        self.base, self.name, self.slots = base, name, slots
        self.faults.mkdir(parents=True)
        self.home.mkdir()

    @contextmanager
    def set(self) -> Iterator[None]:
        """Everything that this process starts or reads belongs to this scene."""
        path = os.pathsep.join([str(SITE), str(ROOT)])
        ours = {
            "BLINDFOLD_CACHE": str(self.home),
            "BLINDFOLD_JOBS": str(self.slots),
            "PYTHONPATH": path,
            plans.FOLDER: str(self.faults),
        }
        before = {name: os.environ.get(name) for name in (*ours, "BLINDFOLD_STORE")}
        os.environ.update(ours)
        os.environ.pop("BLINDFOLD_STORE", None)
        try:
            yield
        finally:
            for run in runs.listing():
                runs.kill(run, patience=0.1)
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value

    def made(self, title: str = "audit", *, engine: str = "local") -> Run:
        """A new run of the audit; runs of another title are not repeats of each other."""
        settings = {**AUDITS[self.name], "name": title, "engine": engine}
        return runs.create(config_from(settings), base=self.base)

    def stock(self, store: Path) -> None:
        """Put a full store into the home, as if the runs of this scene had made it."""
        shutil.copytree(store, self.home / "store")
        made = plans.Trace(self.faults, "stocked")
        for path in sorted((self.home / "store").rglob("*.safetensors")):
            made.say("saved", path.stem)

    def begin(self, run: Run, *steps: Step, seed: int = 0) -> None:
        """Start the run, with these steps in its plan."""
        Plan(seed, steps).write(self.faults, run.id)
        runs.start(run)

    def again(self, run: Run, *, clock: float = 0.0) -> RunStatus:
        """Start the run without any fault, and wait for its end."""
        plans.forget(self.faults)
        Plan(0, clock=clock).write(self.faults, run.id)
        runs.resume(run)
        return self.ended(run)

    def ended(self, run: Run) -> RunStatus:
        """The last word of the run, once it has said it and its worker is gone."""
        self.wait(lambda: not runs.status(run).active)
        pid = read_status(run.path).pid
        self.wait(lambda: pid is None or _gone(pid))
        return runs.status(run)

    def wait(self, there: Callable[[], bool]) -> None:
        """Wait for something; raises TimeoutError with the logs."""
        end = time.monotonic() + PATIENCE
        while not there():
            if time.monotonic() > end:
                logs = [path.read_text()[-2000:] for path in self.home.glob("runs/*/log.txt")]
                raise TimeoutError("\n".join(["waited in vain", *logs]))
            time.sleep(0.02)

    def held(self, run: Run) -> bool:
        """Whether the run's worker waits at its moment; False where it ended before."""
        reached = self.faults / f"{run.id}.reached"
        self.wait(lambda: reached.exists() or not runs.status(run).active)
        return reached.exists()

    def go(self) -> None:
        """Let all workers that wait go on."""
        (self.faults / "go").touch()

    def acted(self) -> bool:
        """Whether any worker came to a moment of its plan."""
        return any(line[0] == "act" for line in plans.read_trace(self.faults))

    def moments(self, run: Run) -> dict[str, int]:
        """How many moments each phase of the run's workers had."""
        trace = plans.read_trace(self.faults, run.id)
        return dict(Counter(line[1] for line in trace if line[0] == "moment"))

    # -- what must hold ------------------------------------------------------------------------

    def half_files(self) -> list[str]:
        """Files and folders that were being written and are not whole."""
        patterns = (".*.tmp", "result.tmp-*", "result.old-*", ".new-*", "*.half")
        left = [path for pattern in patterns for path in self.home.rglob(pattern)]
        return [f"left behind: {path.relative_to(self.home)}" for path in sorted(left)]

    def orphans(self) -> list[str]:
        """Processes that belong to this home and are still there."""
        end = time.monotonic() + 10
        while (found := self._processes()) and time.monotonic() < end:
            time.sleep(0.05)
        return [f"still there: process {one.pid}, {' '.join(one.cmdline())}" for one in found]

    def _processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                    mine = process.environ().get("BLINDFOLD_CACHE") == str(self.home)
                    found += [process] if mine else []
            except psutil.Error:
                continue
        return found

    def damaged_entries(self) -> list[str]:
        """Entries of the store that do not read as what their keys say.

        What the campaign itself damaged, and no run has made again, is none: an entry that lies
        below another one is not asked for while that one is whole, and whoever asks for it finds
        that it is damaged.
        """
        trace = plans.read_trace(self.faults)
        saved = Counter(line[1] for line in trace if line[0] == "saved")
        unread = {line[1] for line in trace if line[0] == "damaged" and saved[line[1]] < 2}
        entries = sorted((self.home / "store").rglob("*.safetensors"))
        store = Store(self.home / "store")
        lost = [one for one in entries if store.load(one.stem) is None]
        return [f"damaged: {one.name}" for one in lost if one.stem not in unread]

    def made_again(self, *, twice: bool = False) -> list[str]:
        """Entries that were finished, were not damaged, and were made again all the same.

        `twice`: where two runs make the same at the same moment, each may.
        """
        trace = plans.read_trace(self.faults)
        saved = Counter(line[1] for line in trace if line[0] == "saved")
        hurt = Counter(line[1] for line in trace if line[0] == "damaged")
        most = 2 if twice else 1
        return [
            f"made {times} times: {key}"
            for key, times in sorted(saved.items())
            if times > most + hurt[key]
        ]

    def differs(self, run: Run, reference: Reference) -> list[str]:
        """What of the run's result is not, bit by bit, that of an undisturbed run."""
        found = result_of(run)
        names = sorted(found.keys() | reference.result.keys())
        return [f"differs: {one}" for one in names if found.get(one) != reference.result.get(one)]


def result_of(run: Run) -> dict[str, str]:
    """SHA-256 of each table of a finished run, and of its summary but for its name and time."""
    if not run.result.exists():
        return {}
    tables = sorted((run.result / "tables").iterdir())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tables}
    told = json.loads((run.result / "audit.json").read_bytes())
    told.pop("created")
    told["name"] = told["config"]["name"] = told["config"]["engine"] = ""
    found["audit.json"] = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return found


def reference(folder: Path, base: Path, name: str, *, warm: bool = True) -> Reference:
    """Run the audit `name` undisturbed: with an empty store, then, where a full one is wanted, with
    all there."""
    scene = Scene(folder, base, name)
    counts: list[dict[str, int]] = []
    with scene.set():
        for title in ("first", "second") if warm else ("first",):
            run = scene.made(title)
            scene.begin(run)
            ended = scene.ended(run)
            if ended.state != "done":
                raise RuntimeError(f"undisturbed, {name} ended as {ended}")
            counts.append(scene.moments(run))
    result = result_of(run)
    shutil.rmtree(scene.home / "runs")
    return Reference(result, counts[0], counts[-1], scene.home / "store")


def _gone(pid: int) -> bool:
    """Whether a process is over, waited for or not."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
