"""A store that machines share: what one made, another finds; half an entry is found by nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from core import store as stores
from core.errors import StoreError
from core.store import Store, key, write_atomic
from core.store_shared import Shared

KEY = key("test", 1, {}, [])
X = np.arange(6, dtype=np.float32)


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    place = f"memory://{tmp_path.name}" if request.param == "memory" else f"file://{tmp_path}/far"
    yield place
    if request.param == "memory":
        fsspec.filesystem("memory").store.clear()


def there(url: str) -> list[str]:
    files, root = fsspec.core.url_to_fs(url)
    return sorted(Path(path).name for path in files.find(root))


def never() -> Any:
    raise AssertionError("it was made already")


def test_what_one_machine_made_another_finds(url: str, tmp_path: Path) -> None:
    one, other = Store(tmp_path / "one", url), Store(tmp_path / "other", url)
    assert other.load(KEY) is None
    one.save(KEY, {"x": X}, {"n": 1})
    assert there(url) == [f"{KEY}.safetensors"], "one object an entry, and no half of one"
    found = other.get(KEY, never)
    assert found.meta == {"n": 1}
    assert np.array_equal(found.arrays["x"], X)
    assert other.path(KEY).read_bytes() == one.path(KEY).read_bytes()
    # From then on it is here, whatever becomes of the other place.
    Shared(url).drop(KEY)
    Shared(url).drop(KEY)
    assert there(url) == []
    assert other.load(KEY) is not None


def test_a_damaged_entry_is_thrown_away_and_made_again(url: str, tmp_path: Path) -> None:
    Store(tmp_path / "one", url).save(KEY, {"x": X})
    whole = Shared(url).read(KEY)
    assert whole is not None
    for bad in (b"", whole[:-1], whole[:-4] + b"\0\0\1\0", b"nonsense"):
        Shared(url).write(KEY, bad)
        other = Store(tmp_path / "other", url)
        assert other.load(KEY) is None
        assert there(url) == []
        assert not other.path(KEY).exists(), "nothing damaged is kept here"
    other.get(KEY, lambda: ({"x": X}, {}))
    # Not byte by byte: safetensors writes the names in its header in any order.
    found = Store(tmp_path / "third", url).get(KEY, never)
    assert np.array_equal(found.arrays["x"], X)


def test_a_write_that_breaks_off_leaves_the_old_entry(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = Shared(url)
    far.write(KEY, b"old")

    def half(path: str, data: bytes) -> None:
        with far._files.open(path, "wb") as file:
            file.write(data[:1])
        raise OSError("the line is down")

    monkeypatch.setattr(far._files, "pipe_file", half)
    with pytest.raises(StoreError, match=r"cannot be written .*the line is down"):
        far.write(KEY, b"new")
    assert far.read(KEY) == b"old"


def test_the_environment_names_it_for_the_usual_store_only(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Store().shared is None
    monkeypatch.setenv("BLINDFOLD_STORE", "memory://named")
    shared = Store().shared
    assert shared is not None
    assert shared.url == "memory://named"
    assert Store(workdir / "own").shared is None


@pytest.mark.parametrize("url", ["nowhere://bucket", "file:///proc/nowhere"])
def test_a_place_that_cannot_be_used_is_named(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"BLINDFOLD_STORE is {url}, .*: give an URL"):
        Store(tmp_path / "one", url).save(KEY, {"x": X})


def test_no_password_is_told() -> None:
    with pytest.raises(StoreError) as told:
        Shared("nowhere://user:secret@host/store")
    assert "secret" not in str(told.value)
    assert "nowhere://…@host/store" in str(told.value)


def test_an_entry_that_was_put_under_another_key_is_none(url: str, tmp_path: Path) -> None:
    other = key("test", 2, {}, [])
    Store(tmp_path / "one", url).save(KEY, {"x": X})
    moved = Shared(url).read(KEY)
    assert moved is not None
    Shared(url).write(other, moved)
    store = Store(tmp_path / "other", url)
    assert store.load(other) is None
    assert there(url) == [f"{KEY}.safetensors"], "it is thrown away, and the right one stays"
    assert not store.path(other).exists()
    assert store.load(KEY) is not None


def test_an_entry_without_a_key_is_taken_from_this_machine_alone(url: str, tmp_path: Path) -> None:
    """As entries were before their key stood in them."""
    old = stores._encode("", {"x": X}, {"n": 1})
    Shared(url).write(KEY, old)
    store = Store(tmp_path / "one", url)
    assert store.load(KEY) is None
    write_atomic(store.path(KEY), old)
    found = store.load(KEY)
    assert found is not None
    assert found.meta == {"n": 1}


def modes(place: Path) -> set[tuple[str, int]]:
    """Kind and mode of `place` and all below it."""
    return {("folder" if path.is_dir() else "file", path.stat().st_mode & 0o7777)
            for path in (place, *place.rglob("*"))}  # fmt: skip


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022])
def test_nobody_else_may_read_an_entry_whatever_the_umask_is(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        Shared(f"file://{tmp_path}/far").write(KEY, b"vectors of faces")
    finally:
        os.umask(before)
    assert modes(tmp_path / "far") == {("folder", 0o700), ("file", 0o600)}


def test_the_group_may_read_where_somebody_let_it_write(tmp_path: Path) -> None:
    place = tmp_path / "far"
    place.mkdir()
    place.chmod(0o2770)
    Shared(f"file://{place}").write(KEY, b"vectors of faces")
    assert modes(place) == {("folder", 0o2770), ("file", 0o660)}
    place.chmod(0o755)
    Shared(f"file://{place}").write(key("test", 2, {}, []), b"vectors of faces")
    assert ("file", 0o600) in modes(place)


def test_a_write_that_breaks_off_leaves_no_half(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    far = Shared(url)

    def fails(*_: Any, **__: Any) -> None:
        raise OSError("the line is down")

    monkeypatch.setattr(far._files, "mv", fails)
    with pytest.raises(StoreError, match="the line is down"):
        far.write(KEY, b"new")
    assert there(url) == []
