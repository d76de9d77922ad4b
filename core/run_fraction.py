"""How much of a whole run is done and how long the rest will take, from the phases it announces."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

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
"""A phase that took less of what was expected found most of it in the store: no measure of pace."""
_ENOUGH = 0.05
"""Part of a phase that must be done before it speaks for itself."""


class Fraction:
    """Follows the phases of one run; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._expected = dict(USUAL)
        self._phase = ""
        self._began = clock()
        self._part = 0.0
        self._over: dict[str, float] = {}
        self._shown = 0.0

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Take in how long each phase to come is expected to take, in their order."""
        before = {name: self._expected.get(name, 0.0) for name in self._over}
        if self._phase:
            before[self._phase] = self._expected.get(self._phase, 0.0)
        coming = {name.lower(): max(float(value), 0.0) for name, value in seconds.items()}
        self._expected = {**before, **coming}

    def at(self, phase: str, done: int, total: int) -> float:
        """The fraction (0 to 1) of the whole when `done` of `total` steps of `phase` are done.

        It never falls.
        """
        name = phase.lower()
        if name != self._phase:
            self._enter(name)
        self._part = min(done / total, 1.0) if total else 0.0
        spent = sum(self._expected.get(one, 0.0) for one in self._over)
        spent += self._expected[name] * self._part
        self._shown = min(max(self._shown, spent / sum(self._expected.values())), _KNOWN_ONLY)
        return self._shown

    def left(self) -> float | None:
        """Seconds until the end, at the pace of the phases so far; None while nothing is known."""
        pace = self._pace()
        if pace is None:
            return None
        here = self._clock() - self._began
        own = self._expected.get(self._phase, 0.0)
        rest = here / self._part * (1 - self._part) if self._part > _ENOUGH else (
            pace * own * (1 - self._part)
        )  # fmt: skip
        return rest + pace * sum(self._expected[name] for name in self._coming())

    def _pace(self) -> float | None:
        """Seconds that an expected second takes, from every phase that has really worked."""
        pairs = [(self._expected.get(name, 0.0), took) for name, took in self._over.items()]
        if self._part > _ENOUGH:
            own = self._expected.get(self._phase, 0.0) * self._part
            pairs.append((own, self._clock() - self._began))
        worked = [(hoped, took) for hoped, took in pairs if hoped > 0 and took > _WORKED * hoped]
        if not worked:
            return None
        return sum(took for _, took in worked) / sum(hoped for hoped, _ in worked)

    def _coming(self) -> list[str]:
        names = list(self._expected)
        return names[names.index(self._phase) + 1 :] if self._phase in names else names

    def _enter(self, name: str) -> None:
        now = self._clock()
        if self._phase:
            # The same phase once more, as for a second representation, goes on where it was.
            self._over[self._phase] = self._over.get(self._phase, 0.0) + now - self._began
        self._phase, self._began, self._part = name, now, 0.0
        self._over.pop(name, None)
        if name not in self._expected:
            self._expected[name] = sum(self._expected.values()) / 20
        # Phases that this run skipped are done with.
        for one in list(self._expected)[: list(self._expected).index(name)]:
            self._over.setdefault(one, 0.0)
