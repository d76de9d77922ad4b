"""The store: an entry is there whole or not at all, and what is damaged is made again."""

from __future__ import annotations

import errno
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import save

from core import store as stores
from core.errors import StoreError
from core.store import Entry, Store, key, sweep, write_atomic

KEY = key("test", 1, {}, [])
ARRAYS = {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "who": np.array([7], dtype=np.int64)}
META = {"words": ["ä", "b"], "n": 2}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def same(entry: Entry | None, arrays: dict[str, np.ndarray] = ARRAYS, meta: Any = META) -> bool:
    return (
        entry is not None
        and entry.meta == meta
        and entry.arrays.keys() == arrays.keys()
        and all(np.array_equal(entry.arrays[name], arrays[name]) for name in arrays)
        and all(entry.arrays[name].dtype == arrays[name].dtype for name in arrays)
    )


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_saved_is_loaded_bit_for_bit(store: Store) -> None:
    store.save(KEY, ARRAYS, META)
    assert same(store.load(KEY))
    odd = {"t": ARRAYS["x"].T, "empty": np.zeros((0, 3), np.float64), "b": np.array([True, False])}
    store.save(KEY, odd, {})
    assert same(store.load(KEY), odd, {})


def test_nothing_there_is_none(store: Store) -> None:
    assert store.load(KEY) is None


def test_get_makes_once_and_gives_back_what_the_store_would(store: Store) -> None:
    made = []

    def make() -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        made.append(1)
        return ARRAYS, {"pair": (1, 2)}

    first, second = store.get(KEY, make), store.get(KEY, make)
    assert len(made) == 1
    assert first.meta == second.meta == {"pair": [1, 2]}, "a fresh entry equals a resumed one"


@pytest.mark.parametrize("step", ["mkdir", "open", "write", "flush", "fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_write_that_fails_at_any_step_leaves_the_old_entry_and_no_rest(
    store: Store, step: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(KEY, ARRAYS, META)
    before = everything(store.root)
    _break(monkeypatch, step, OSError(number, os.strerror(number)))
    with pytest.raises(StoreError) as caught:
        store.save(KEY, {"x": np.zeros(9, np.float32)}, {})
    monkeypatch.undo()
    assert everything(store.root) == before
    assert same(store.load(KEY))
    assert "BLINDFOLD_CACHE" in str(caught.value), "the way out is named"
    assert ("full" in str(caught.value)) == (number == errno.ENOSPC)


def _break(monkeypatch: pytest.MonkeyPatch, step: str, error: OSError) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    if step == "mkdir":
        monkeypatch.setattr(Path, "mkdir", fail)
    elif step == "open":
        monkeypatch.setattr(stores, "open", fail, raising=False)
    elif step in ("fsync", "replace"):
        monkeypatch.setattr(stores.os, step, fail)
    else:
        monkeypatch.setattr(
            stores, "open", lambda path, mode: _Breaking(path, step, fail), raising=False
        )


class _Breaking:
    """A file that takes half of what it is given and then fails, at `write` or at `flush`."""

    def __init__(self, path: Path, step: str, fail: Callable[..., Any]) -> None:
        self.path, self.step, self.fail = path, step, fail

    def write(self, data: bytes) -> None:
        self.path.write_bytes(data[: len(data) // 2])
        if self.step == "write":
            self.fail()

    def flush(self) -> None:
        self.fail()

    def __enter__(self) -> _Breaking:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        write_atomic(tmp_path / "file" / "entry", b"x")


def test_an_entry_with_any_byte_changed_is_removed_and_made_again(store: Store) -> None:
    store.save(KEY, ARRAYS, META)
    whole = store.path(KEY).read_bytes()
    for place in range(len(whole)):
        for mask in (0x01, 0x20, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= mask
            store.path(KEY).write_bytes(damaged)
            found = store.load(KEY)
            # A byte of the file's header can change without changing what it says (a space).
            assert found is None or same(found), f"byte {place} ^ {mask:#x} was believed"
            assert (found is None) == (not store.path(KEY).exists())
    assert same(store.get(KEY, lambda: (ARRAYS, META)))


def test_an_entry_cut_off_anywhere_is_removed(store: Store) -> None:
    store.save(KEY, ARRAYS, META)
    whole = store.path(KEY).read_bytes()
    for length in range(len(whole)):
        store.path(KEY).write_bytes(whole[:length])
        assert store.load(KEY) is None
        assert not store.path(KEY).exists()


def test_an_entry_that_was_put_under_another_key_is_removed(store: Store) -> None:
    other = key("test", 2, {}, [])
    store.save(KEY, ARRAYS, META)
    store.path(other).parent.mkdir(parents=True, exist_ok=True)
    store.path(other).write_bytes(store.path(KEY).read_bytes())
    assert store.load(other) is None
    assert not store.path(other).exists()
    assert same(store.load(KEY))


def test_an_entry_from_before_its_key_stood_in_it_is_read(store: Store) -> None:
    meta = json.dumps(META)
    told = {"meta": meta, "checksum": stores._checksum("", ARRAYS, meta)}
    write_atomic(store.path(KEY), save(ARRAYS, metadata=told))
    assert same(store.load(KEY))


def test_pickles_are_neither_written_nor_read(store: Store) -> None:
    with pytest.raises(SafetensorError):
        store.save(KEY, {"x": np.array([object()], dtype=object)}, {})
    assert not everything(store.root)
    store.path(KEY).parent.mkdir(parents=True, exist_ok=True)
    store.path(KEY).write_bytes(pickle.dumps({"x": 1}))
    assert store.load(KEY) is None


def test_a_header_that_claims_gigabytes_is_damage(store: Store) -> None:
    store.path(KEY).parent.mkdir(parents=True)
    header = b'{"x":{"dtype":"F32","shape":[8589934592],"data_offsets":[0,34359738368]}}'
    store.path(KEY).write_bytes(len(header).to_bytes(8, "little") + header)
    assert store.load(KEY) is None
    store.path(KEY).write_bytes((1 << 62).to_bytes(8, "little") + header)
    assert store.load(KEY) is None


def test_a_reader_beside_several_writers_sees_whole_entries_only(store: Store) -> None:
    values = [np.full(20_000, number, dtype=np.float32) for number in range(4)]
    store.save(KEY, {"x": values[0]}, {"n": 0})
    over = threading.Event()
    wrong: list[str] = []

    def read() -> None:
        while not over.is_set():
            found = store.load(KEY)
            if found is None or not (found.arrays["x"] == found.meta["n"]).all():
                wrong.append("half an entry")

    def write(number: int) -> None:
        for _ in range(20):
            store.save(KEY, {"x": values[number]}, {"n": number})

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    reader.start()
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    over.set()
    reader.join()
    assert not wrong
    assert len(everything(store.root)) == 1, "no temporary file is left"


def test_a_key_changes_with_every_part_and_with_nothing_else() -> None:
    base = key("kind", 1, {"a": 1, "b": [2]}, ["k1", "k2"])
    assert len(base) == 64
    assert base == key("kind", 1, {"b": [2], "a": 1}, ("k1", "k2")), "order of settings is none"
    different = [
        key("other", 1, {"a": 1, "b": [2]}, ["k1", "k2"]),
        key("kind", 2, {"a": 1, "b": [2]}, ["k1", "k2"]),
        key("kind", 1, {"a": 2, "b": [2]}, ["k1", "k2"]),
        key("kind", 1, {"a": 1, "b": [2], "c": None}, ["k1", "k2"]),
        key("kind", 1, {"a": "1", "b": [2]}, ["k1", "k2"]),
        key("kind", 1, {"a": 1, "b": [2]}, ["k2", "k1"]),
        key("kind", 1, {"a": 1, "b": [2]}, ["k1k2"]),
    ]
    assert len({base, *different}) == 1 + len(different)


def test_a_key_of_what_is_no_number_is_refused() -> None:
    """NaN differs from itself: a key of it would promise an equality that is none."""
    with pytest.raises(ValueError, match="JSON compliant"):
        key("kind", 1, {"a": float("nan")}, [])


def test_home_is_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BLINDFOLD_CACHE", str(tmp_path))
    assert stores.home() == tmp_path
    assert Store().root == tmp_path / "store"
    monkeypatch.delenv("BLINDFOLD_CACHE")
    assert stores.home().name == "cache"


def test_what_killed_writers_left_is_swept_and_what_is_being_written_stays(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / "3a" / f".entry.safetensors.{gone.pid}.0badcafe.tmp"
    busy = tmp_path / "3a" / f".entry.safetensors.{os.getpid()}.0badcafe.tmp"
    entry = tmp_path / "3a" / "entry.safetensors"
    left.parent.mkdir()
    for path in (left, busy, entry):
        path.write_bytes(b"half")
    sweep(tmp_path)
    assert not left.exists()
    assert busy.exists()
    assert entry.exists()
