"""Labels made by hand are kept, marked, undone, and come back from the same reader as others."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import picture

from app import by_hand
from app.grid import Hand
from core.errors import FacesError
from core.faces.read import read_faces


def _set(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for seed, name in enumerate(names):
        (folder / name).write_bytes(picture(seed))
    return folder


def test_labels_are_read_back_and_marked(tmp_path: Path) -> None:
    root = _set(tmp_path / "set", "a.png", "b.png", "c.png")
    found = read_faces(root)
    by_hand.write(found, "expression", ["happy", "", "sad"])
    again = read_faces(root)
    assert list(again.table["expression"]) == ["happy", "unknown", "sad"]
    assert again.origin["expression"] == "by hand"


def test_what_the_manifest_held_stays(tmp_path: Path) -> None:
    root = _set(tmp_path / "set", "a.png", "b.png")
    (root / "manifest.csv").write_text("file_name,who,emotion\n./b.png,7,\na.png,8,sad\n")
    found = read_faces(root, subject="who")
    said = {"a.png": "angry", "b.png": "happy"}
    by_hand.write(found, "expression", [said[file] for file in found.source.files])  # type: ignore[attr-defined]
    again = read_faces(root, subject="who")
    assert list(again.table["expression"]) == ["happy", "angry"]
    assert list(again.table["subject_id"]) == ["7", "8"]
    assert again.labels == ("expression",)


def test_people_are_marked_too(tmp_path: Path) -> None:
    root = _set(tmp_path / "set", "a.png", "b.png")
    by_hand.write(read_faces(root), "subject_id", ["person 001", "person 001"])
    again = read_faces(root)
    assert again.has_subjects
    assert again.origin == {"subject_id": "by hand"}
    assert again.labels == ()


def test_undo_returns_to_the_face_and_its_old_label() -> None:
    hand = Hand("expression", ["", "", "sad"])
    hand.say("happy")
    assert (hand.at, hand.left) == (1, 1)
    hand.say("happy")
    assert (hand.at, hand.left) == (2, 0)
    hand.back()
    hand.back()
    assert (hand.values, hand.at) == (["", "", "sad"], 0)
    hand.back()
    assert hand.values == ["", "", "sad"]


@pytest.mark.parametrize("name", ["file_name", "Subject ID", "id", "  "])
def test_a_label_cannot_take_the_name_of_a_file_or_a_person(name: str) -> None:
    with pytest.raises(FacesError, match="cannot be called"):
        by_hand.column_name(name)


def test_aliases_share_one_label() -> None:
    assert by_hand.column_name("Emotion") == "expression"
