"""Memory of this process: its peak since a moment, and a wall that it cannot grow through."""

from __future__ import annotations

import re
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def start_peak() -> int:
    """Begin to note the peak anew; bytes resident now, or 0 where the system does not tell."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return 0
    return _told("VmRSS")


def peak() -> int:
    """The most bytes that were resident at once since `start_peak`; 0 where nobody tells."""
    return _told("VmHWM")


def wall(more: int) -> None:
    """Let this process ask the system for `more` bytes of address space and no more, for good."""
    import resource

    limit = _told("VmSize") + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _told(name: str) -> int:
    try:
        found = re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
