"""Zips: extracted once, privately, whole, within limits; hostile ones refused."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FacesError
from core.faces import archive
from core.faces.archive import extract


def pack(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return path


def test_what_comes_out_is_what_went_in(tmp_path: Path) -> None:
    members = {"a/one.png": b"1" * 100, "a/b/two.txt": b"two", "three.csv": b"x,y\n"}
    folder = extract(pack(tmp_path / "s.zip", members), tmp_path / "into").folder
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert found == members


def test_the_folder_is_private_and_named_by_content(tmp_path: Path) -> None:
    """The same bytes under another name lead to the same folder, other bytes to another."""
    one = pack(tmp_path / "one.zip", {"a.txt": b"1"})
    copy = tmp_path / "copy.zip"
    copy.write_bytes(one.read_bytes())
    other = pack(tmp_path / "other.zip", {"a.txt": b"2"})
    into = tmp_path / "into"
    folders = [extract(path, into).folder for path in (one, copy, other)]
    assert folders[0] == folders[1] != folders[2]
    assert stat.S_IMODE(folders[0].stat().st_mode) == 0o700
    assert len(list(into.iterdir())) == 2


def test_the_same_zip_is_not_extracted_twice_and_tells_its_problems_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / "s.zip", {"a.txt": b"1", "../b.txt": b"2"})
    first = extract(path, tmp_path / "into")
    monkeypatch.setattr(archive, "_write_all", None)  # calling it would fail
    again = extract(path, tmp_path / "into")
    assert again == first
    assert [problem.kind for problem in again.problems] == ["unsafe path"]


def test_clutter_is_ignored(tmp_path: Path) -> None:
    names = ("a.txt", ".hidden", "__MACOSX/a.txt", "b/.DS_Store", "b/c.txt")
    got = extract(pack(tmp_path / "s.zip", dict.fromkeys(names, b"1")), tmp_path / "into")
    files = sorted(str(p.relative_to(got.folder)) for p in got.folder.rglob("*") if p.is_file())
    assert files == ["a.txt", "b/c.txt"]
    assert got.problems == ()


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [("MAX_MEMBERS", 3, "limit is 3"), ("MAX_TOTAL", 2**20, "GiB extracted")],
)
def test_limits_of_the_whole_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    monkeypatch.setattr(archive, limit, value)
    members = {f"{n}.txt": bytes(range(256)) * 1200 for n in range(4)}
    with pytest.raises(FacesError, match=words):
        extract(pack(tmp_path / "s.zip", members), tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_a_member_over_the_limit_is_listed_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBER", 1000)
    path = pack(tmp_path / "s.zip", {"big.png": bytes(range(256)) * 8, "small.png": b"1"})
    got = extract(path, tmp_path / "into")
    assert [(p.file, p.kind) for p in got.problems] == [("big.png", "too large")]
    assert [p.name for p in got.folder.iterdir()] == ["small.png"]


def test_a_damaged_member_is_listed_and_nothing_of_it_stays(tmp_path: Path) -> None:
    """One byte of the packed data is changed, so the checksum no longer fits."""
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("bad.png", b"MARKED" * 100)
        packed.writestr("good.png", b"good")
    path.write_bytes(path.read_bytes().replace(b"MARKEDMARKED", b"MARKEDmarked", 1))
    got = extract(path, tmp_path / "into")
    assert [(p.file, p.kind) for p in got.problems] == [("bad.png", "not an image")]
    assert [p.name for p in got.folder.iterdir()] == ["good.png"]


def test_a_name_that_is_file_and_folder_at_once_loses_only_itself(tmp_path: Path) -> None:
    path = pack(tmp_path / "s.zip", {"a": b"file", "a/b.png": b"inside", "c.png": b"1"})
    got = extract(path, tmp_path / "into")
    assert [p.file for p in got.problems] == ["a/b.png"]
    assert (got.folder / "c.png").read_bytes() == b"1"


def test_the_same_name_twice_keeps_the_first(tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.txt", b"first")
        with pytest.warns(UserWarning, match="Duplicate"):
            packed.writestr("a.txt", b"second")
    got = extract(path, tmp_path / "into")
    assert (got.folder / "a.txt").read_bytes() == b"first"
    assert [p.kind for p in got.problems] == ["duplicated"]


@given(st.text(alphabet="ab./\\:C~ \0\n", min_size=1, max_size=20))
def test_no_name_leads_out(name: str) -> None:
    """Whatever the name, it is refused or stays below the folder it is written to."""
    clean = archive._clean(name)
    if clean is not None:
        root = Path("/somewhere/deep")
        parts = (root / clean).parts
        assert ".." not in parts
        assert parts[: len(root.parts)] == root.parts
        assert len(parts) > len(root.parts)
        assert clean.isprintable()
