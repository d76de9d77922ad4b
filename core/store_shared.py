"""Entries of the store on a disk or in an object store that several machines share, by fsspec.

Any URL that fsspec opens: a mounted folder (`file://` and its path), `s3://bucket/blindfold` (with
s3fs installed), `memory://` in tests. An entry is one object under its key, which stands in it too;
whoever reads it checks both (`core.store`).
"""

from __future__ import annotations

import re
import secrets
import stat
from contextlib import suppress
from typing import Any

from core.errors import StoreError

_SECRET = re.compile(r"//[^/\s@]*@")
"""A name and a password in an address, which no message shows."""
OBJECT_STORES = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"))
"""Protocols that put an object whole or not at all. Elsewhere an entry is written under another
name and then renamed."""


class Shared:
    """Entries below `url`. Raises `StoreError` where it cannot be opened, read or written."""

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        self.url = url
        try:
            self._files, root = url_to_fs(url)
        except Exception as error:  # every file system raises what its own library raises
            raise self._refused("cannot be opened", error) from error
        self._root = root.rstrip("/")
        protocol = self._files.protocol
        own = {protocol} if isinstance(protocol, str) else set(protocol)
        self._whole = bool(own & OBJECT_STORES)

    def read(self, key: str) -> bytes | None:
        """The bytes under `key`, or None where there are none; they may be damaged."""
        try:
            data: bytes = self._files.cat_file(self._path(key))
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._refused("cannot be read", error) from error
        return data

    def write(self, key: str, data: bytes) -> None:
        """Put `data` under `key`: another reader finds all of it or nothing.

        Where the file system has modes, nobody but this user may read it, whatever the umask is;
        the group may where it may write to the folder that `url` names, which somebody decided.
        """
        path = self._path(key)
        folder, name = path.rsplit("/", 1)
        try:
            if self._whole:
                self._files.pipe_file(path, data)
                return
            for place in (self._root, folder):
                if place and not self._files.exists(place):
                    self._files.makedirs(place, exist_ok=True)
                    self._restrict(place, folder=True)
            half = f"{folder}/.{name}.{secrets.token_hex(8)}.half"
            try:
                self._files.touch(half)
                self._restrict(half)  # before there is anything in it
                self._files.pipe_file(half, data)
                self._files.mv(half, path)
            except Exception:
                with suppress(Exception):  # gone, or what failed fails again
                    self._files.rm_file(half)
                raise
        except Exception as error:
            raise self._refused("cannot be written", error) from error

    def _restrict(self, path: str, *, folder: bool = False) -> None:
        """Set who may read `path`, where there are modes: on a disk, not in an object store."""
        change = getattr(self._files, "chmod", None)
        if change is None:
            return
        root = 0 if path == self._root else int(self._files.info(self._root).get("mode") or 0)
        mode = 0o770 if root & stat.S_IWGRP else 0o700
        # Without its set-group-ID a folder would give what is put into it to another group.
        change(path, mode | root & stat.S_ISGID if folder else mode & 0o666)

    def drop(self, key: str) -> None:
        """Remove what is under `key`; another reader may have been faster."""
        try:
            self._files.rm_file(self._path(key))
        except FileNotFoundError:
            pass
        except Exception as error:
            raise self._refused("cannot be written", error) from error

    def _path(self, key: str) -> str:
        return f"{self._root}/{key[:2]}/{key}.safetensors"

    def _refused(self, what: str, error: Any) -> StoreError:
        line = (str(error).strip().splitlines() or [""])[0][:200]
        told = f"BLINDFOLD_STORE is {self.url}, which {what} ({type(error).__name__}: {line})"
        return StoreError(
            f"{_SECRET.sub('//…@', told)}: give an URL that fsspec opens and this user may write "
            "to, or leave it out"
        )
