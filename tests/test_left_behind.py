"""What a run makes of a person's pictures is private, holds no EXIF, and a purge leaves nothing.

A real audit of uploaded pictures, whose names, ids, labels, EXIF and settings carry words that
stand nowhere else. They are looked for in every byte below the cache and in the temporary folder.
"""

from __future__ import annotations

import base64
import io
import os
import stat
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app import uploads
from app.thumbnails import thumbnail
from core import __main__ as command
from core import run as runs
from core.config import config_from
from core.faces.read import read_faces
from core.purge import purge
from core.store import home

PICTURE, PERSON, LABEL, AUDIT, EXIF, ZIP = (
    "qpicturemark", "qpersonmark", "qlabelmark", "qauditmark", "qexifmark", "qzipmark",
)  # fmt: skip
WORDS = (PICTURE, PERSON, LABEL, AUDIT, EXIF, ZIP)
PEOPLE, EACH = 12, 4
SECONDS = 240


class Sent(io.BytesIO):
    """What the browser sends: bytes with a name."""

    name = f"{ZIP}.zip"
    size = 0


def photograph(seed: int, label: str) -> bytes:
    """A JPEG with EXIF: a description, an artist, an orientation; and with a comment."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 200, (24, 24, 3), dtype=np.uint8)
    if label == LABEL:
        pixels[:8] += 50
    exif = Image.Exif()
    exif[0x010E], exif[0x0112], exif[0x013B] = EXIF, 6, EXIF
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "JPEG", exif=exif.tobytes(), comment=EXIF.encode())
    assert sink.getvalue().count(EXIF.encode()) == 3
    return sink.getvalue()


def archive() -> bytes:
    """A zip of photographs with their manifest."""
    sink, lines = io.BytesIO(), ["file_name,subject_id,expression"]
    with zipfile.ZipFile(sink, "w") as packed:
        for number in range(PEOPLE * EACH):
            label = (LABEL, "neutral")[number % 2]
            packed.writestr(f"{PICTURE}{number}.jpg", photograph(number, label))
            lines.append(f"{PICTURE}{number}.jpg,{PERSON}{number // EACH},{label}")
        packed.writestr("metadata.csv", "\n".join(lines))
    return sink.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache and a temporary folder of their own, on a system that gives files to everybody."""
    folder = tmp_path_factory.mktemp("left")
    (folder / "tmp").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLINDFOLD_CACHE", str(folder / "cache"))
        patch.setenv("TMPDIR", str(folder / "tmp"))
        before = os.umask(0)
        yield folder
        os.umask(before)


@pytest.fixture(scope="module")
def run(place: Path) -> runs.Run:
    """A finished audit of the uploaded photographs, and a fault that was logged."""
    upload = uploads.save([Sent(archive())], None, 10**7)
    settings = {
        "name": AUDIT,
        "faces": {"path": str(upload.path), "aligned": True},
        "encoder": {"kind": "pixels"},
        "sensitive": "expression",
        "attributes": [],
        "studies": ["leakage"],
        "splits": {"folds": 2},
        "suppressors": [{"kind": "leace"}],
    }
    made = runs.create(config_from(settings), base=place, uploads=upload.folder)
    runs.start(made)
    end = time.monotonic() + SECONDS
    while runs.status(made).active and time.monotonic() < end:
        time.sleep(0.1)
    log = (made.path / "log.txt").read_text()
    assert runs.status(made).state == "done", f"{runs.status(made)}\n{log}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.command.faces.inspect", lambda *a, **b: 1 / 0)
        assert command.main(["inspect", str(upload.path)]) == 1
    return made


def holding(folder: Path, word: str) -> list[str]:
    """Files and folders below `folder` that have `word` in their name or in their bytes."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if word in path.name or (path.is_file() and word.encode() in path.read_bytes())
    )


def test_nobody_else_may_open_anything(run: runs.Run) -> None:
    """Every folder is 0700 and every file 0600, though the system's default is open to all."""
    everything = [home(), *home().rglob("*")]
    assert len(everything) > 50
    wrong = [
        f"{stat.S_IMODE(path.lstat().st_mode):o} {path.relative_to(home())}"
        for path in everything
        if stat.S_IMODE(path.lstat().st_mode) != (0o700 if path.is_dir() else 0o600)
    ]
    assert not wrong, "\n".join(wrong)


def test_exif_stays_in_the_pictures_that_were_uploaded(run: runs.Run) -> None:
    """Neither the store nor the result, report included, has any of it."""
    where = holding(home(), EXIF)
    assert len(where) == PEOPLE * EACH
    assert all(one.startswith("uploads/") and one.endswith(".jpg") for one in where), where


def test_names_of_pictures_and_people_stand_where_it_is_said_and_nowhere_else(
    run: runs.Run,
) -> None:
    """Names of files are ids, which stand in the predictions; not in the store nor a report."""
    for word in (PICTURE, PERSON):
        where = holding(home() / "store", word) + holding(run.result, word)
        assert [one for one in where if one != "tables/predictions.parquet"] == [], where
    assert (run.result / "report.html").is_file()


def test_a_thumbnail_is_made_of_pixels_alone(run: runs.Run) -> None:
    assert run.uploads is not None
    [folder] = {path.parent for path in run.uploads.rglob("*.jpg")}
    faces = read_faces(folder, aligned=True)
    uri = thumbnail(faces.source, "any", 0)
    assert uri is not None
    data = base64.b64decode(uri.split(",", 1)[1])
    assert not any(word.encode() in data for word in WORDS)
    with Image.open(io.BytesIO(data)) as made:
        assert not made.getexif()
        assert set(made.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_purge_leaves_nothing_of_it_anywhere(run: runs.Run, place: Path) -> None:
    """The last test of this file, since nothing is left for another."""
    assert all(holding(place, word) for word in WORDS), "the words are nowhere: this shows nothing"
    purge(None)
    left = {word: holding(place, word) for word in WORDS}
    assert not any(left.values()), left
    assert [path for path in (place / "tmp").rglob("*") if path.is_file()] == []
    files = [path for path in home().rglob("*") if path.is_file()]
    assert all(path.suffix == ".lock" and not path.stat().st_size for path in files), files
