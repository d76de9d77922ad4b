"""A machine's clock that was set, as one process sees it: the time, and when the machine started.

The kernel tells the moment of its start as the present time less the time since, so that it moves
with the clock; the monotonic clock does not.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

_platform: Any = psutil._psplatform  # type: ignore[attr-defined]
_time, _boot_time = time.time, _platform.boot_time


def shift(seconds: float) -> None:
    """From now on this process's clock is so many seconds from the real one; 0 is the real one."""
    time.time = lambda: _time() + seconds
    _platform.boot_time = lambda: _boot_time() + seconds


@contextmanager
def shifted(seconds: float) -> Iterator[None]:
    """The same for a while."""
    shift(seconds)
    try:
        yield
    finally:
        shift(0.0)
