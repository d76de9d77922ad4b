"""Whatever the system's defaults are, what lies in the cache is for this user alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.locks import locked
from core.rights import append_to, keep_private, make_folder, new_file, usual_rights
from core.store import home, write_atomic


@pytest.fixture(autouse=True)
def _open_to_all(workdir: Path) -> Iterator[None]:
    """A system that gives every new file to everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_folders_are_private_all_the_way_down(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b" / "c")
    assert [rights(tmp_path / name) for name in ("a", "a/b", "a/b/c")] == [0o700] * 3
    make_folder(tmp_path / "a" / "b")


def test_a_folder_that_was_there_keeps_its_rights(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(mode=0o755)
    make_folder(tmp_path / "mine" / "new")
    assert rights(tmp_path / "mine") == 0o755


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    for place in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(NotADirectoryError, match="a"):
            make_folder(place)


def test_files_are_private_and_new(tmp_path: Path) -> None:
    with new_file(tmp_path / "a") as file:
        file.write(b"1")
    with pytest.raises(FileExistsError):
        new_file(tmp_path / "a")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        new_file(tmp_path / "link")
    with append_to(tmp_path / "b") as file:
        file.write(b"1")
    with append_to(tmp_path / "b") as file:
        file.write(b"2")
    assert (tmp_path / "b").read_bytes() == b"12"
    assert rights(tmp_path / "a") == rights(tmp_path / "b") == 0o600


def test_what_is_written_into_the_cache_is_private_and_elsewhere_is_not(tmp_path: Path) -> None:
    write_atomic(home() / "runs" / "x" / "status.json", b"{}")
    with locked(home() / "queue.lock"):
        pass
    inside = [home(), *home().rglob("*")]
    assert {rights(path) for path in inside if path.is_dir()} == {0o700}
    assert {rights(path) for path in inside if path.is_file()} == {0o600}
    write_atomic(tmp_path / "report.html", b"<p>")
    assert rights(tmp_path / "report.html") == 0o666


def test_a_process_that_keeps_private_does_so_from_then_on(tmp_path: Path) -> None:
    keep_private()
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "file").touch()
    assert (rights(tmp_path / "later"), rights(tmp_path / "later" / "file")) == (0o700, 0o600)


def test_what_is_handed_out_has_the_rights_of_new_files(tmp_path: Path) -> None:
    make_folder(tmp_path / "out" / "tables")
    with new_file(tmp_path / "out" / "tables" / "a.csv"):
        pass
    os.umask(0o022)
    usual_rights(tmp_path / "out")
    assert rights(tmp_path / "out" / "tables") == 0o755
    assert rights(tmp_path / "out" / "tables" / "a.csv") == 0o644
