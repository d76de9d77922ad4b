"""Entries of the store on a disk or in an object store that several machines share, by fsspec.

Any URL that fsspec opens: a mounted folder (`file://` and its path), `s3://bucket/blindfold` (with
s3fs installed), `memory://` in tests. An entry is one object under its key; whoever reads it checks
it.
"""

from __future__ import annotations

import re
import secrets
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
        """Put `data` under `key`: another reader finds all of it or nothing."""
        path = self._path(key)
        folder, name = path.rsplit("/", 1)
        try:
            if self._whole:
                self._files.pipe_file(path, data)
                return
            self._files.makedirs(folder, exist_ok=True)
            half = f"{folder}/.{name}.{secrets.token_hex(8)}.half"
            self._files.pipe_file(half, data)
            self._files.mv(half, path)
        except Exception as error:
            raise self._refused("cannot be written", error) from error

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
