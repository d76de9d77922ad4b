"""Uploads are private, bounded, kept for a stated time, and gone when told to go."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import Sent, picture, zipped

from app import uploads
from core.errors import FacesError


def test_a_zip_becomes_one_private_folder_and_what_it_hid_is_listed(home: Path) -> None:
    upload = uploads.save([zipped(a=picture(1), b=picture(2))], None, 10**7)
    assert upload.folder.parent == home / "uploads"
    assert upload.folder.stat().st_mode & 0o777 == 0o700
    assert upload.folder.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(p.name for p in upload.path.iterdir()) == ["a.png", "b.png"]
    assert not list(upload.folder.rglob("*.zip"))
    assert [problem.kind for problem in upload.problems] == ["unsafe path"]
    assert not (home / "out.png").exists()


def test_names_stay_inside_and_never_overwrite(home: Path) -> None:
    names = ["../../a.png", "x/A.PNG", "..\\a.png", "\x00.png"]
    upload = uploads.save([Sent(n, picture(i)) for i, n in enumerate(names)], None, 10**7)
    assert uploads.count(upload) == 5, "four pictures and the note of the upload"
    inside = {path.resolve() for path in home.rglob("*.png")} | {
        path.resolve() for path in home.rglob("*.PNG")
    }
    assert all(upload.path.resolve() in path.parents for path in inside)


def test_what_was_announced_is_not_believed(home: Path) -> None:
    sent = Sent("a.png", picture())
    sent.size = 1
    with pytest.raises(FacesError, match="larger than 100 bytes"):
        uploads.save([sent], None, 100)
    assert not list((home / "uploads").iterdir())


def test_delete_now_leaves_nothing(home: Path) -> None:
    upload = uploads.save([Sent("a.png", picture())], None, 10**7)
    assert uploads.count(upload) == 2
    assert uploads.delete(upload) == 0
    assert not upload.folder.exists()
    assert uploads.find(upload.id, None) is None


def test_only_the_owner_finds_an_upload() -> None:
    upload = uploads.save([Sent("a.png", picture())], "me", 10**7)
    assert uploads.find(upload.id, "me") == upload
    assert uploads.find(upload.id, "you") is None
    assert uploads.find("../" + upload.id, "me") is None


@pytest.mark.parametrize("names", [["a.exe"], ["a.zip", "b.zip"], ["a.zip", "b.png"]])
def test_what_cannot_be_read_is_refused_whole(home: Path, names: list[str]) -> None:
    with pytest.raises(FacesError):
        uploads.save([Sent(name, b"x") for name in names], None, 10**7)
    assert not (home / "uploads").exists() or not list((home / "uploads").iterdir())
