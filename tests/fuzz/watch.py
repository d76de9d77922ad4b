"""Sees what is opened, written and started while a reader reads, by Python's audit hooks (PEP 578).

A reader may write below one folder only, may not open what lies outside of its set, and has no
reason to unpickle, to start a program or to reach for the network. Whatever does is stopped before
it happens.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORBIDDEN = (
    "pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
    "subprocess.Popen", "socket.connect", "socket.bind", "socket.getaddrinfo",
)  # fmt: skip
CHANGES = (
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate",
    "os.chmod", "os.chown",
)  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Trespass(BaseException):
    """A reader did what no reader may. No `Exception`, so that no reader can swallow it."""


@dataclass(frozen=True)
class _Fence:
    """Real paths: what may be written lies below `writable`, nothing below `secret` is opened."""

    writable: str
    secret: str


_fence: list[_Fence] = []
_installed: list[bool] = []


@contextmanager
def watched(writable: Path, secret: Path) -> Iterator[None]:
    """Stop with `Trespass` what writes anywhere but below `writable`, or opens a file below
    `secret`, until the end of the block."""
    if not _installed:  # a hook stays for as long as the process lives
        sys.addaudithook(_hook)
        _installed.append(True)
    _fence.append(_Fence(os.path.realpath(writable), os.path.realpath(secret)))
    try:
        yield
    finally:
        _fence.pop()


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _fence:
        return
    if event in FORBIDDEN:
        raise Trespass(f"{event} {args!r:.200}")
    if event == "open":
        path, _, flags = args
        writes = isinstance(flags, int) and bool(flags & WRITING)
        _check(path, writes, event)
    elif event in CHANGES:
        for path, folder in _places(event, args):
            _check(path, True, event, folder)


def _places(event: str, args: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    """(path, descriptor of the folder that it starts from or -1) of what an event changes."""
    match event:
        case "os.rename" | "os.link":
            return [(args[0], args[2]), (args[1], args[3])]
        case "os.symlink":
            return [(args[1], args[2])]
        case "os.mkdir" | "os.chmod":
            return [(args[0], args[2])]
        case "os.chown":
            return [(args[0], args[3])]
        case "os.truncate":
            return [(args[0], -1)]
    return [(args[0], args[1])]


def _check(path: Any, writes: bool, event: str, folder: Any = -1) -> None:
    if not isinstance(path, str | bytes | os.PathLike):
        return  # a descriptor: its file was opened before
    named = os.fsdecode(path)
    if isinstance(folder, int) and folder >= 0:
        named = f"/proc/self/fd/{folder}/{named}"
    real, fence = os.path.realpath(named), _fence[-1]
    if _below(real, fence.secret):
        raise Trespass(f"{event} of {real}, which lies outside of the set")
    ours = _below(real, fence.writable) or real == os.devnull or "__pycache__" in real
    if writes and not ours:
        raise Trespass(f"{event} writes {real}")


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)
