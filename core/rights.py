"""Folders and files that nobody but this user may open, whatever the system's defaults are."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

FOLDER = 0o700
FILE = 0o600


def make_folder(path: Path) -> None:
    """Make the folder `path` and what is missing above it, each for this user alone.

    `Path.mkdir(parents=True)` gives its mode to the last one only. Raises `FileExistsError` or
    `NotADirectoryError` where a file is in the way.
    """
    if path.is_dir():
        return
    if path.parent != path:
        make_folder(path.parent)
    with suppress(FileExistsError):  # another process was faster
        path.mkdir(mode=FOLDER)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def new_file(path: Path) -> BinaryIO:
    """Open the new file `path` for writing, for this user alone; raises `FileExistsError`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0), FILE), "wb")


def append_to(path: Path) -> BinaryIO:
    """Open the file `path` to write at its end; made for this user alone where there is none."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE), "ab")


def keep_private() -> None:
    """From here on, what this process and its children make is for this user alone.

    Pictures of people and what was found in them are nobody else's business on a shared machine.
    """
    os.umask(os.umask(0o077) | 0o077)


def usual_rights(folder: Path) -> None:
    """Give `folder` and all in it the rights that this user's new files have.

    What somebody asked for by name is theirs to hand on.
    """
    mask = os.umask(0)
    os.umask(mask)
    for path in [folder, *folder.rglob("*")]:
        path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)
