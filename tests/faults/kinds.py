"""What can go wrong, by the name that the table has."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from tests.faults import around, broken_off, pages
from tests.faults.case import Case
from tests.faults.plan import PHASES
from tests.faults.scene import Reference, Scene

DAY = 86_400.0
"""Seconds."""


@dataclass(frozen=True)
class Kind:
    """How a kind is played (what did not hold, in sentences), in which phases, with how many runs
    at once, and whether it needs a disk of its own."""

    played: Callable[[Scene, Case, Reference], list[str]]
    phases: Collection[str] = PHASES
    slots: int = 1
    own_disk: bool = False


KINDS: dict[str, Kind] = {
    "SIGKILL": Kind(broken_off.killed),
    "SIGTERM": Kind(broken_off.terminated),
    "SIGKILL of an engine's process": Kind(
        broken_off.child_killed, phases=("fitting", "attacking")
    ),
    "ENOSPC": Kind(partial(broken_off.full, act="full")),
    "full disk, a real one": Kind(partial(broken_off.full, act="fill"), own_disk=True),
    "EIO": Kind(broken_off.broken),
    "read-only": Kind(broken_off.read_only),
    "clock set a day on": Kind(partial(around.clock, seconds=DAY)),
    "clock set a day back": Kind(partial(around.clock, seconds=-DAY)),
    "entries truncated": Kind(partial(around.damaged, how="truncated")),
    "entries with flipped bytes": Kind(partial(around.damaged, how="flipped")),
    "entries emptied": Kind(partial(around.damaged, how="empty")),
    "entries of other keys": Kind(partial(around.damaged, how="wrong")),
    "full queue": Kind(around.queued),
    "two runs, one key": Kind(around.same_key, slots=2),
    "browser closed and opened": Kind(pages.browser),
    "server restarted": Kind(pages.server),
}
