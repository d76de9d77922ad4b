"""The store: results under the content they came from, written whole or not at all.

A key is the SHA-256 of (kind, the step's version, its settings, the keys of what went in): never
a path, a time, a name or a device. An entry is one safetensors file; strings and figures travel in
its header as JSON with the key, and a checksum over everything is read back before the entry is
believed: a file that was put under another key is none. A damaged entry is thrown away and made
again.

`BLINDFOLD_STORE` names a second place, which several machines share: what is made is written there
too, and what is missing here is looked for there first.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from core.errors import StoreError
from core.rights import make_folder, new_file
from core.store_shared import Shared

Arrays = Mapping[str, np.ndarray]

FAULTS = "faults.log"
"""Where below `home()` the command line keeps the tracebacks of faults of ours."""


@dataclass(frozen=True)
class Entry:
    """What the store holds under one key: named arrays and a JSON-able `meta`."""

    arrays: dict[str, np.ndarray]
    meta: dict[str, Any]


def home() -> Path:
    """The folder of store, runs and uploads: `BLINDFOLD_CACHE`, or `cache/` of this copy."""
    named = os.environ.get("BLINDFOLD_CACHE")
    return Path(named) if named else Path(__file__).resolve().parent.parent / "cache"


def key(kind: str, version: int, settings: Mapping[str, Any], inputs: Sequence[str]) -> str:
    """SHA-256 (hex) of a step: same content in, same key out, on every machine."""
    parts = {"kind": kind, "version": version, "settings": settings, "inputs": list(inputs)}
    return hashlib.sha256(json.dumps(parts, sort_keys=True, allow_nan=False).encode()).hexdigest()


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a crash leaves the old file or the new one, never half.

    Raises `StoreError` where the disk is full or the folder may not be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with _opened(temporary) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StoreError(refused(path, error, len(data))) from error
    finally:
        # It is gone by now, unless the disk refused, or SIGTERM came between two bytes.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _opened(path: Path) -> BinaryIO:
    """The new file `path`, in a folder that is made where there is none.

    Below `home()` both are for this user alone; elsewhere, where somebody asked for a file, it has
    the rights that their system gives to new ones.
    """
    if path.resolve().is_relative_to(home().resolve()):
        make_folder(path.parent)
        return new_file(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return open(path, "xb")


def sweep(root: Path) -> None:
    """Delete what killed writers left below `root`: temporary files whose process is gone."""
    import psutil

    for half in root.rglob(".*.tmp"):
        writer = half.name.split(".")[-3]
        if writer.isdecimal() and not psutil.pid_exists(int(writer)):
            half.unlink(missing_ok=True)


def refused(path: Path, error: OSError, size: int | None = None) -> str:
    """The sentence for a person where the disk refused to write `path`, of `size` bytes."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        wanted = "" if size is None else f" ({size} bytes were to be written)"
        return (
            f"the disk that holds {path.parent} is full{wanted}: free some space, purge old runs, "
            "or point BLINDFOLD_CACHE at another disk"
        )
    return (
        f"{path} cannot be written ({error.strerror}): give this user the right to write there, "
        "or point BLINDFOLD_CACHE at another folder"
    )


class Store:
    """Content-addressed entries under `root`; safe for several processes at once."""

    def __init__(self, root: Path | None = None, shared: str | None = None) -> None:
        """`shared` is a URL of `core.store_shared`; `BLINDFOLD_STORE` where neither is given."""
        self.root = (root or home() / "store").resolve()
        url = shared or (os.environ.get("BLINDFOLD_STORE") if root is None else None)
        self.shared = Shared(url) if url else None

    def path(self, key: str) -> Path:
        """Where the entry of `key` lies, whether it is there or not."""
        return self.root / key[:2] / f"{key}.safetensors"

    def load(self, key: str) -> Entry | None:
        """The entry of `key`, or None; a damaged one is removed and counts as none.

        One that only the shared store has is kept here from then on.
        """
        found = self._here(key)
        if found is not None or self.shared is None:
            return found
        data = self.shared.read(key)
        if data is None:
            return None
        try:
            found = _decode(data, key, bound=True)
        except (SafetensorError, ValueError, KeyError):
            self.shared.drop(key)
            return None
        write_atomic(self.path(key), data)
        return found

    def _here(self, key: str) -> Entry | None:
        path = self.path(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(
                f"{path} cannot be read ({error.strerror}): give this user the right to read "
                "there, or point BLINDFOLD_CACHE at another folder"
            ) from error
        try:
            return _decode(data, key)
        except (SafetensorError, ValueError, KeyError):
            with suppress(OSError):  # where nothing may be removed, it is made again all the same
                path.unlink(missing_ok=True)
            return None

    def save(self, key: str, arrays: Arrays, meta: Mapping[str, Any] | None = None) -> None:
        """Write the entry of `key` whole, in the shared store too; raises `StoreError` where the
        disk or the shared store refuses."""
        data = _encode(key, arrays, dict(meta or {}))
        write_atomic(self.path(key), data)
        if self.shared is not None:
            self.shared.write(key, data)

    def get(self, key: str, make: Callable[[], tuple[Arrays, Mapping[str, Any]]]) -> Entry:
        """The entry of `key`, made by `make` and kept where it was not there."""
        found = self.load(key)
        if found is None:
            arrays, meta = make()
            self.save(key, arrays, meta)
            # What is handed on is what the store would give back, so that a resumed run and an
            # undisturbed one continue from the same bits.
            found = _decode(_encode(key, arrays, dict(meta)), key)
        return found


def _checksum(key: str, arrays: Arrays, meta: str) -> str:
    whole = hashlib.sha256((key + meta).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        whole.update(f"{name}{array.dtype}{array.shape}".encode())
        whole.update(array.tobytes())
    return whole.hexdigest()


def _encode(key: str, arrays: Arrays, meta: dict[str, Any]) -> bytes:
    text = json.dumps(meta)
    solid = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    told = {"key": key, "meta": text, "checksum": _checksum(key, solid, text)}
    return save(solid, metadata=told)


def _decode(data: bytes, key: str, *, bound: bool = False) -> Entry:
    """The entry of `key`; raises where it is damaged or another key's.

    Entries from before the key stood in them have none. They are taken where they are this
    machine's own, and not where they must be `bound`: in a place that others write to as well.
    """
    arrays = load(data)
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])["__metadata__"]
    own = header.get("key", "")
    if own != key and (own or bound):
        raise ValueError("another key's entry")
    if header["checksum"] != _checksum(own, arrays, header["meta"]):
        raise ValueError("checksum differs")
    return Entry(dict(arrays), json.loads(header["meta"]))
