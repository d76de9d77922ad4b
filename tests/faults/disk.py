"""Inside a worker: a disk that refuses from a moment on, as a full, a broken or a read-only one.

An audit hook hears of every file that this process opens, and every folder that it makes, whichever
library does it, and may refuse in the kernel's place.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR
_CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.truncate")


class Disk:
    """The disk below `home`, with the directory of `run` on it."""

    def __init__(self, home: Path, run: Path) -> None:
        self._home, self._reserve = str(home), run / "reserve"
        self._number = 0
        self._once = self._reads = self._had_reserve = False

    def refuse(self, number: int, *, once: bool = False, reads: bool = False) -> None:
        """Refuse with this errno from now on, or `once`; writes, or else `reads` of entries."""
        self._had_reserve = self._reserve.exists()
        self._number, self._once, self._reads = number, once, reads

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        """Called by Python before each thing that it does to a file."""
        if not self._number:
            return
        if event == "open":
            path, _, flags = args
            writes = bool(flags & _WRITING)
        elif event == "os.mkdir" or (event in _CHANGES and self._number != errno.ENOSPC):
            path, writes = args[0], True
        else:
            return
        self._perhaps(str(path), writes)

    def written(self, path: Path) -> None:
        """Called in the middle of a write that had been let begin."""
        if self._number:
            self._perhaps(str(path), writes=True)

    def log(self) -> None:
        """Called before each write to the log, which lies on the same disk and is open already."""
        if self._number in (errno.ENOSPC, errno.EIO) and not self._once and not self._reads:
            raise OSError(self._number, os.strerror(self._number))

    def _perhaps(self, path: str, writes: bool) -> None:
        entry = path.endswith(".safetensors")
        if not path.startswith(self._home) or (self._reads and (writes or not entry)):
            return
        if not writes and not self._reads:
            return
        if self._number == errno.ENOSPC and "status.json" in path and self._room():
            return
        number = self._number
        if self._once:
            self._number = 0
        raise OSError(number, os.strerror(number), path)

    def _room(self) -> bool:
        """Whether the run has given up what it kept back."""
        if not self._had_reserve:
            return False
        try:
            os.lstat(self._reserve)
        except FileNotFoundError:
            return True
        return False


class Log:
    """The worker's stderr, on that disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk, self._real = disk, sys.stderr

    def write(self, text: str) -> int:
        """Write, unless the disk refuses."""
        self._disk.log()
        return self._real.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
