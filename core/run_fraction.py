"""How much of a whole run is done and how long the rest will take, from the phases it announces."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

USUAL: dict[str, float] = {
    "starting": 2,
    "reading": 2,
    "encoding the first part": 8,
    "first look": 6,
    "encoding": 18,
    "suppressing": 20,
    "attacking": 60,
    "verification": 6,
    "writing": 2,
}
"""Seconds of each phase, in their order, for as long as a run has not said what it expects."""

_KNOWN_ONLY = 0.99  # the last hundredth is the rename: nothing is complete before it
_WORKED = 0.1
"""Steps that took less of what was expected were found in the store: no measure of pace."""
_ENOUGH = 0.05
"""Part of a phase that must have been worked on before it speaks for itself."""
_WINDOW = 2.0
"""Seconds whose steps are judged together: several that are told of at once took their time."""


class Fraction:
    """Follows the phases of one run; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._expected = dict(USUAL)
        self._phase = ""
        self._part = 0.0
        self._given = 0.0
        self._over: set[str] = set()
        # By phase: the part of it that was worked on, and the seconds that took.
        self._worked: dict[str, tuple[float, float]] = {}
        # Steps that were not judged yet, as a part of the phase, and since when.
        self._open, self._since = 0.0, clock()
        self._shown = 0.0

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Take in how long each phase to come is expected to take, in their order."""
        known = {*self._over, *([self._phase] if self._phase else [])}
        before = {name: self._expected[name] for name in self._expected if name in known}
        coming = {name.lower(): max(float(value), 0.0) for name, value in seconds.items()}
        self._expected = {**before, **coming}

    def at(self, phase: str, done: int, total: int, found: int = 0) -> float:
        """The fraction (0 to 1) of the whole when `done` of `total` steps of `phase` are done, of
        which `found` were in the store.

        It never falls.
        """
        name = phase.lower()
        if name != self._phase:
            self._enter(name)
        part = min(done / total, 1.0) if total else 0.0
        given = min(found / total, 1.0) if total else 0.0
        self._open += max(part - self._part - (given - self._given), 0.0)
        self._part, self._given = part, given
        if self._open and self._clock() - self._since >= _WINDOW:
            self._judge()
        spent = sum(self._expected.get(one, 0.0) for one in self._over)
        spent += self._expected[name] * self._part
        self._shown = min(max(self._shown, spent / sum(self._expected.values())), _KNOWN_ONLY)
        return self._shown

    def left(self) -> float | None:
        """Seconds until the end, at the pace of what was worked on so far; None while nothing was.

        What is to come is taken to be work, although the store may have some of it.
        """
        if not self._worked:
            self._judge()
        pace = self._pace(self._worked)
        if pace is None:
            return None
        own = pace
        if self._worked.get(self._phase, (0.0, 0.0))[0] > _ENOUGH:
            own = self._pace([self._phase]) or pace
        rest = own * self._expected.get(self._phase, 0.0) * (1 - self._part)
        return rest + pace * sum(self._expected[name] for name in self._coming())

    def _judge(self) -> None:
        """Whether the steps since the last time were worked on, or found in the store."""
        if not self._open:
            return
        now = self._clock()
        hoped, took = self._open * self._expected.get(self._phase, 0.0), now - self._since
        if took > _WORKED * hoped:
            part, spent = self._worked.get(self._phase, (0.0, 0.0))
            self._worked[self._phase] = part + self._open, spent + took
        self._open, self._since = 0.0, now

    def _pace(self, names: Iterable[str]) -> float | None:
        """Seconds that an expected second took in the phases `names`."""
        worked = [(self._expected.get(name, 0.0), *self._worked[name]) for name in names]
        hoped = sum(seconds * part for seconds, part, _ in worked)
        return sum(took for _, _, took in worked) / hoped if hoped > 0 else None

    def _coming(self) -> list[str]:
        return [one for one in self._expected if one != self._phase and one not in self._over]

    def _enter(self, name: str) -> None:
        self._judge()
        if self._phase:
            self._over.add(self._phase)
        self._phase, self._part, self._given = name, 0.0, 0.0
        self._open, self._since = 0.0, self._clock()
        self._over.discard(name)
        if name not in self._expected:
            self._expected[name] = sum(self._expected.values()) / 20
        # Phases that this run skipped are done with.
        self._over.update(list(self._expected)[: list(self._expected).index(name)])
