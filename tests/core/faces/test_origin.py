"""Labels and identities that a person gave by hand are told from those that came with the set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from core.faces.faceset import FaceSet
from core.faces.manifest import MAX_ORIGIN_BYTES
from core.faces.read import read_faces

ROWS = "file_name,{person},emotion,gender\n1.png,a,happy,f\n2.png,b,sad,m\n"


def _read(folder: Path, note: bytes | None, person: str = "subject_id") -> FaceSet:
    for place in (1, 2):
        Image.new("RGB", (20, 20), (place, 0, 0)).save(folder / f"{place}.png")
    (folder / "metadata.csv").write_text(ROWS.format(person=person))
    if note is not None:
        (folder / "metadata.origin.json").write_bytes(note)
    return read_faces(folder, subject=person)


def _note(**told: object) -> bytes:
    return json.dumps(told).encode()


def test_labels_and_people_made_by_hand_are_said_to_be(tmp_path: Path) -> None:
    faces = _read(tmp_path, _note(expression="by hand", subject_id="by hand"))
    assert faces.origin == {"expression": "by hand", "gender": "given", "subject_id": "by hand"}
    assert faces.labels == ("expression", "gender")


def test_without_a_note_labels_are_given_and_people_unspoken_of(tmp_path: Path) -> None:
    assert _read(tmp_path, None).origin == {"expression": "given", "gender": "given"}


def test_people_read_from_another_column_were_not_made_by_hand(tmp_path: Path) -> None:
    faces = _read(tmp_path, _note(subject_id="by hand"), person="badge_number")
    assert "subject_id" not in faces.origin


@pytest.mark.parametrize(
    "note",
    [
        b"no json",
        b"\xff\xfe\x00",
        b'["expression"]',
        b"[" * 60_000,
        _note(expression="<script>alert(1)</script>", gender=None, subject_id=["by hand"]),
        _note(expression="by hand", more="x" * MAX_ORIGIN_BYTES),
        _note(unheard_of="by hand"),
    ],
    ids=["text", "bytes", "list", "deep", "words", "huge", "column"],
)
def test_a_note_that_is_none_is_passed_over(tmp_path: Path, note: bytes) -> None:
    faces = _read(tmp_path, note)
    assert faces.origin == {"expression": "given", "gender": "given"}
    assert list(faces.table["expression"]) == ["happy", "sad"]


def test_a_note_outside_the_set_is_not_read(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_bytes(_note(expression="by hand"))
    inside = tmp_path / "set"
    inside.mkdir()
    (inside / "metadata.origin.json").symlink_to(elsewhere)
    assert _read(inside, None).origin["expression"] == "given"
