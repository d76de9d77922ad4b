"""Inside a worker: its moments, numbered phase by phase, and the plan that is followed at them.

Moments are what happens in the main thread in the same order in every run of the same audit: a
phase begins, a file of the input is opened, an entry is looked up or written (before, in the
middle, before it is renamed), a table or the result is written, people are dealt, the result is
renamed. What depends on the time that things take (the status, the log) is no moment.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from tests.faults.clock import shift
from tests.faults.disk import Disk, Log
from tests.faults.plan import FOLDER, Trace, read_plan

SUITE = ("majority", "logistic")
"""The attackers of these audits: faults do not ask for strong ones, and two hundred cases for
cheap ones."""

_BY_PROGRESS = {
    "Reading": "reading", "Encoding": "encoding", "Attacking": "attacking",
    "verification": "measuring", "groups": "measuring", "writing": "writing",
}  # fmt: skip
_BY_KIND = {
    "vectors": "encoding", "crops": "encoding", "found faces": "encoding",
    "suppressor": "fitting", "attack": "attacking", "view": "attacking", "null": "attacking",
    "verification": "measuring", "cross": "measuring", "group": "measuring",
    "report": "writing",
}  # fmt: skip


class Moments:
    """Counts moments, and acts at those of the plan."""

    def __init__(self, folder: Path, run: Path, home: Path) -> None:
        self.folder, self.run, self.home = folder, run, home
        self.plan = read_plan(folder, run.name)
        self.base = json.loads((run / "meta.json").read_bytes())["base"] + os.sep
        self.trace = Trace(folder, run.name)
        self.disk = Disk(home, run)
        self.phase = "starting"
        self.kinds: dict[str, str] = {}
        self._seen: Counter[str] = Counter()
        self._acting = False

    def at(self, phase: str, what: str) -> None:
        """A moment of `phase`."""
        if self._acting or threading.current_thread() is not threading.main_thread():
            return
        number = self._seen[phase]
        self._seen[phase] += 1
        self.trace.say("moment", phase, number, what)
        for step in self.plan.steps:
            if (step.phase, step.number) == (phase, number):
                self._act(step.acts)

    def _act(self, acts: tuple[str, ...]) -> None:
        from tests.faults.acts import DOES

        self._acting = True
        try:
            for act in acts:
                self.trace.say("act", act)
                name, *rest = act.split()
                DOES[name](self, *rest)
        finally:
            self._acting = False

    def phase_of(self, path: Path) -> str:
        """The phase that a file is written in: that of its key's kind, or the present one."""
        kind = self.kinds.get(path.stem, "")
        for beginning, phase in _BY_KIND.items():
            if kind.startswith(beginning):
                return phase
        return self.phase

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        """The audit hook: what becomes of files, whichever library does it."""
        if event == "os.rename":
            source, target = Path(os.fsdecode(args[0])), Path(os.fsdecode(args[1]))
            if target.parent == self.run and "result" in (source.name[:6], target.name[:6]):
                self.at("renaming", "rename")
            elif source.suffix == ".tmp" and target.name != "status.json":
                self.at(self.phase_of(target), "rename")
        elif event == "open" and str(args[0]).startswith(self.base):
            self.at(self.phase, "open")
        elif event == "shutil.rmtree" and Path(os.fsdecode(args[0])).name.startswith("result.old"):
            self.at("renaming", "remove")
        self.disk.heard(event, args)


class _Halves:
    """A file of the store or of a run that comes to be in two halves."""

    def __init__(self, moments: Moments, path: Path, file: Any) -> None:
        self._moments, self._path, self._file = moments, path, file
        # `.NAME.PID.RANDOM.tmp`, as `write_atomic` calls what it writes
        self._target = Path(path.name[1:].rsplit(".", 3)[0])

    def write(self, data: bytes) -> None:
        """The first half, a moment, and the second half."""
        half = len(data) // 2
        self._file.write(data[:half])
        self._file.flush()
        if self._target.name != "status.json":
            self._moments.at(self._moments.phase_of(self._target), "half")
        self._moments.disk.written(self._path)
        self._file.write(data[half:])

    def __enter__(self) -> _Halves:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def begin() -> None:
    """Watch this process, a worker: called before anything of it has run."""
    from core import store as stores
    from core.progress import Progress

    run = Path(sys.orig_argv[3])
    moments = Moments(Path(os.environ[FOLDER]), run, stores.home())
    moments.trace.say("begin", os.getpid())
    if moments.plan.clock:
        shift(moments.plan.clock)

    real = stores._opened

    def opened(path: Path) -> Any:
        return _Halves(moments, path, real(path))

    stores._opened = opened
    stores.key = _noting_kinds(stores.key, moments)
    stores.Store.load = _told(stores.Store.load, moments, "load")  # type: ignore[method-assign]
    stores.Store.save = _told(stores.Store.save, moments, "save")  # type: ignore[method-assign]
    Progress.start = _phases(Progress.start, moments)  # type: ignore[method-assign]
    sys.stderr = Log(moments.disk)  # type: ignore[assignment]
    sys.addaudithook(moments.heard)


def _noting_kinds(key: Callable[..., str], moments: Moments) -> Callable[..., str]:
    @wraps(key)
    def noting(kind: str, *args: Any, **settings: Any) -> str:
        name = key(kind, *args, **settings)
        moments.kinds[name] = kind
        return name

    return noting


def _told(method: Callable[..., Any], moments: Moments, what: str) -> Callable[..., Any]:
    @wraps(method)
    def told(self: Any, key: str, *args: Any, **named: Any) -> Any:
        moments.at(moments.phase_of(Path(key)), what)
        found = method(self, key, *args, **named)
        if what == "save":
            moments.trace.say("saved", key)
        return found

    return told


def _phases(start: Callable[..., None], moments: Moments) -> Callable[..., None]:
    @wraps(start)
    def begun(self: Any, phase: str, *args: Any, **named: Any) -> None:
        if phase == "Reading":
            _once_loaded(moments)
        if phase in _BY_PROGRESS:
            moments.phase = _BY_PROGRESS[phase]
            moments.at(moments.phase, "begin")
        start(self, phase, *args, **named)

    return begun


def _once_loaded(moments: Moments) -> None:
    """What can be changed only when the audit's own modules are there, and not to be loaded by us:
    they come when the run's turn has come."""
    from core.attack import registry
    from core.study import protocol

    registry.SUITES["papers"] = SUITE
    dealt = protocol.rotation

    def rotation(*args: Any, **named: Any) -> Any:
        moments.at("dealing", "before")
        found = dealt(*args, **named)
        moments.at("dealing", "after")
        return found

    protocol.rotation = rotation
