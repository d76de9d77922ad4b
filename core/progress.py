"""Progress of a run: phase, done, total and estimated seconds left, told to whoever listens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.errors import Cancelled


@dataclass(frozen=True)
class Status:
    """One reading of a run; `eta` is in seconds, None while unknown. Of the steps that are `done`,
    `found` were in the store."""

    phase: str
    done: int
    total: int
    eta: float | None
    message: str = ""
    found: int = 0


def _ignore(status: Status) -> None:
    """Listen to nothing."""


def _unplanned(seconds: Mapping[str, float]) -> None:
    """Plan nothing."""


def _never() -> bool:
    """Never cancel."""
    return False


@dataclass
class Progress:
    """Counts work and tells a listener; raises `Cancelled` at the next step once asked to stop."""

    listener: Callable[[Status], None] = _ignore
    cancelled: Callable[[], bool] = _never
    planner: Callable[[Mapping[str, float]], None] = _unplanned
    _phase: str = ""
    _done: int = 0
    _found: int = 0
    _total: int = 0
    _began: float = field(default_factory=time.monotonic)

    def start(self, phase: str, total: int, message: str = "") -> None:
        """Begin a phase of `total` steps."""
        self._phase, self._done, self._found, self._total = phase, 0, 0, max(int(total), 0)
        self._began = time.monotonic()
        self._tell(message)

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Announce the phases to come, in their order, and how long each is expected to take."""
        self.planner(seconds)

    def advance(self, steps: int = 1, message: str = "", *, found: bool = False) -> None:
        """Count `steps` as done; `found`: they were in the store, and say nothing of the pace."""
        self._done += steps
        self._found += steps if found else 0
        self._tell(message)

    def check(self) -> None:
        """Raise `Cancelled` if the owner asked for it."""
        if self.cancelled():
            raise Cancelled("the run was cancelled; what it had finished is kept in the store")

    def silent(self) -> Progress:
        """Hears of a cancellation as this one does, and counts for nobody: for work in a thread."""
        return Progress(cancelled=self.cancelled)

    def _tell(self, message: str) -> None:
        self.check()
        spent = time.monotonic() - self._began
        eta = spent / self._done * (self._total - self._done) if self._done else None
        self.listener(Status(self._phase, self._done, self._total, eta, message, self._found))
