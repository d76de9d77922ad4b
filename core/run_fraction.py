"""How much of a whole run is done, from the phases that it announces; it never goes back."""

from __future__ import annotations

SHARES: dict[str, float] = {
    "starting": 0.02,
    "reading": 0.03,
    "encoding the first part": 0.07,
    "first look": 0.05,
    "encoding": 0.15,
    "attacking": 0.55,
    "verification": 0.05,
    "writing": 0.02,
}
"""Each phase's share of the time of a whole run, in their order. Phases not named here share
what these leave."""

_KNOWN_ONLY = 0.99  # the last hundredth is the rename: nothing is complete before it


class Fraction:
    """Follows the phases of one run."""

    def __init__(self) -> None:
        self._phase = ""
        self._from = 0.0
        self._to = 0.0
        self._shown = 0.0
        self._last_done = 0

    def at(self, phase: str, done: int, total: int) -> float:
        """The fraction (0 to 1) of the whole when `done` of `total` steps of `phase` are done."""
        if phase != self._phase:
            self._enter(phase)
        elif done < self._last_done:
            # The same phase once more, as for a second representation: half of what it has left.
            self._from, self._to = self._shown, self._shown + (self._to - self._shown) / 2
        self._last_done = done
        part = min(done / total, 1.0) if total else 0.0
        inside = self._from + (self._to - self._from) * part
        self._shown = min(max(self._shown, inside), _KNOWN_ONLY)
        return self._shown

    def _enter(self, phase: str) -> None:
        self._from = max(self._to, self._shown) if self._phase else 0.0
        self._phase = phase
        names = list(SHARES)
        name = phase.lower()
        if name in SHARES:
            # Phases that this run skipped are done with.
            before = sum(SHARES[one] for one in names[: names.index(name)])
            self._from = max(self._from, before)
            self._to = max(self._from, min(before + SHARES[name], 1.0))
        else:
            self._to = self._from + (1.0 - sum(SHARES.values())) / 2
