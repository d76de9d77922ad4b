"""Folders with a manifest that lists whatever it likes, for `core.faces.read` and what it calls."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from core.faces.faceset import FaceSet, PictureError
from core.faces.folder import walk
from core.faces.read import read_faces
from tests.fuzz.edits import Edit, edited, edits, often
from tests.fuzz.pictures import Drawn, drawn
from tests.fuzz.reader import INTO, SECRET, Reader, one_problem

LISTED = (
    "a.png", "set/b.png", "b.png", "link.png", "out.png", "round.png", "A.PNG", "./a.png",
    "set\\b.png", "../secret/kept.png", "/etc/passwd", "SECRET", "C:\\a.png", "file:a.png",
    "~/a.png", "", " ", "set/../a.png", "a.png\0", "a\nb.png", "pipe.png", "set", "x" * 300,
    "\x1b[1m.png",
)  # fmt: skip
HEADS = ("file_name", "image", "id", "subject_id", "person", "expression", "label", "age", "male",
         "AU01", "au12_r", "", "x" * 200, "partition", "file", "same", "\x1b]0;x\x07")  # fmt: skip
CELLS = (
    "",
    "1",
    "2",
    "a",
    "happy",
    "sad",
    "nan",
    "0.5",
    "\x1b[31m",
    "é",
    "x" * 99,
    "unknown",
    "-1",
)
FOLDERS = ("set", "happy", "train/happy", "a/b/c", "deep/" * 40 + "x", ".hidden", "\u202e", "lfw",
           "Ann_Lee")  # fmt: skip
NOTES = ("{}", '{"expression": "by hand"}', "[1]", "{", '{"age": {"a": 1}}', "[" * 3000, "\ud800")
MANIFESTS = ("labels.csv", "set/metadata.csv", "METADATA.CSV")
PRESETS = ("auto", "auto", "auto", "folder", "manifest", "lfw", "yale", "kdef", "celeba", "utkface")


@dataclass(frozen=True)
class Folder:
    """A face set in a folder. Without `heads` there is no manifest, and folders are classes."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folders: tuple[str, ...] = ()
    name: str = "metadata.csv"
    note: str | None = None
    preset: str = "auto"
    where: tuple[tuple[str, Any], ...] = ()
    subject: str = "subject_id"
    pairs: str | None = None
    edits: tuple[Edit, ...] = ()


def _cases() -> st.SearchStrategy[Folder]:
    heads = st.lists(st.sampled_from(HEADS), max_size=4, unique=True).map(
        lambda h: ("file_name", *h)
    )
    row = st.tuples(st.sampled_from(LISTED), *[st.sampled_from(CELLS)] * 4)
    wanted = st.tuples(st.sampled_from(HEADS), st.sampled_from(CELLS) | st.just(1) | st.just(True))
    return st.builds(
        Folder, heads | heads | heads | st.just(()), st.lists(row, max_size=6).map(tuple),
        folders=st.lists(st.sampled_from(FOLDERS), max_size=3).map(tuple),
        name=often("metadata.csv", st.sampled_from(MANIFESTS)),
        note=often(None, st.sampled_from(NOTES)), preset=st.sampled_from(PRESETS),
        where=often((), st.lists(wanted, max_size=2).map(tuple)),
        subject=often("subject_id", st.sampled_from(("person", "nobody", "\x1b[1m"))),
        pairs=often(None, st.sampled_from(("2 1\nx 1 2\n", "a,b,same\na.png,set/b.png,1\n"))),
        edits=often((), edits(reach=40)),
    )  # fmt: skip


@lru_cache(maxsize=8)
def _face(seed: int) -> bytes:
    return drawn(Drawn("PNG", ("L", "RGB", "P", "RGBA")[seed % 4], (17, 31)))


def _build(case: Folder, folder: Path) -> Path:
    home, secret = folder / "faces", folder / SECRET
    (home / "set").mkdir(parents=True)
    for number, place in enumerate((home / "a.png", home / "set" / "b.png", secret / "kept.png")):
        place.write_bytes(_face(number))
    (home / "link.png").symlink_to(home / "a.png")
    (home / "out.png").symlink_to(secret / "kept.png")
    (home / "round.png").symlink_to(home / "round.png")
    os.mkfifo(home / "pipe.png")
    for number, name in enumerate(case.folders):
        (home / name).mkdir(parents=True, exist_ok=True)
        (home / name / f"{number}_0001.jpg").write_bytes(_face(number))
    if case.heads:
        _write_manifest(case, home, secret)
    if case.pairs is not None:
        (home / ("pairs.txt" if case.pairs[0] == "2" else "pairs.csv")).write_text(case.pairs)
    how = {"preset": case.preset, "where": dict(case.where), "subject": case.subject}
    (folder / "how.json").write_text(json.dumps(how))
    return home


def _write_manifest(case: Folder, home: Path, secret: Path) -> None:
    rows = [(one.replace("SECRET", str(secret / "kept.png")), *rest) for one, *rest in case.rows]
    lines = [",".join(f'"{cell}"' for cell in row[: len(case.heads)]) for row in rows]
    text = "\n".join([",".join(f'"{name}"' for name in case.heads), *lines])
    (home / case.name).write_bytes(edited(text.encode(), case.edits))
    if case.note is not None:
        note = (home / case.name).with_suffix(".origin.json")
        note.write_bytes(case.note.encode("utf-8", "surrogatepass"))


def _read(path: Path) -> FaceSet:
    how = json.loads((path.parent / "how.json").read_text())
    return read_faces(path, extract_to=path.parent / INTO, **how)


def _keeps(faces: FaceSet, path: Path) -> None:
    """Ids of their own, labels as text, and pictures of the folder or a problem in their place."""
    table = faces.table
    assert table["id"].is_unique
    assert len(table) >= 1
    units = [str(name) for name in table.columns if str(name).lower().startswith("au")]
    assert set(table.columns) - set(units) <= {"id", "subject_id", *faces.labels}
    for name in ("id", "subject_id", *faces.labels):
        assert all(isinstance(cell, str) for cell in table[name])
    for row in range(len(table)):
        try:
            assert faces.source.read(row).image.shape[2] == 3
        except PictureError as error:
            one_problem(error.problem)
    if faces.pairs is not None:
        assert set(faces.pairs["a"]) | set(faces.pairs["b"]) <= set(table["id"])
    for problem in faces.problems:
        one_problem(problem)
    assert len(faces.digest()) == 64
    assert all(not one.startswith(("/", "..")) for one in walk(path).files)


READER = Reader("folder", "folders with a manifest", _cases(), _build, _read, _keeps)
