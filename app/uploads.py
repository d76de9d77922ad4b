"""Uploads: each in a private folder of its own, for a stated time, and gone when told to go."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import FacesError, StoreError
from core.faces.archive import extract
from core.faces.faceset import Problem
from core.retention import upload_expires
from core.rights import FOLDER, make_folder, new_file
from core.store import home, write_atomic

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
VECTORS = (".parquet", ".npz", ".npy")
TABLES = (".csv", ".tsv")
_ID = re.compile(r"[0-9a-f]{32}")
_CHUNK = 2**20


class UploadedFile(Protocol):
    """What the browser sent: a name, the size that was announced, and the bytes."""

    name: str
    size: int

    def seek(self, offset: int) -> int:
        """Go to a place in the file."""
        ...


@dataclass(frozen=True)
class Upload:
    """One upload: `path` is what to read, and `vectors` whether it holds vectors, not pictures.

    `problems` lists the members of a zip that were left out.
    """

    folder: Path
    path: Path
    vectors: bool
    owner: str | None
    created: float
    problems: tuple[Problem, ...] = ()

    @property
    def id(self) -> str:
        """128 random bits, hex."""
        return self.folder.name

    @property
    def expires(self) -> float:
        """When it is deleted, in seconds since 1970."""
        return upload_expires(self.created)


def save(files: Sequence[UploadedFile], owner: str | None, most_bytes: int) -> Upload:
    """Write `files` into a new private folder, in pieces.

    Raises `FacesError` where they are of no kind that can be read, or more than `most_bytes`
    whatever the browser announced, and `StoreError` where the disk refuses; then nothing stays.
    """
    names = [_clean(file.name) for file in files]
    path_of, vectors = _kind(names)
    folder = home() / "uploads" / secrets.token_hex(16)
    try:
        make_folder(folder / "files")
        folder.parent.chmod(FOLDER)  # one that older versions made could be listed by others
        left = most_bytes
        for name, file in zip(_distinct(names), files, strict=True):
            left -= _write(file, folder / "files" / name, left, most_bytes)
        problems: tuple[Problem, ...] = ()
        if path_of.lower().endswith(".zip"):
            path_of, problems = _unpack(folder, path_of)
        meta = {
            "owner": owner,
            "created": time.time(),
            "path": path_of,
            "vectors": vectors,
            "problems": [asdict(problem) for problem in problems],
        }
        write_atomic(folder / "upload.json", json.dumps(meta).encode())
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StoreError(
            f"the upload cannot be written ({error.strerror}): free some space, or point "
            "BLINDFOLD_CACHE at another disk"
        ) from error
    except (FacesError, StoreError):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    found = find(folder.name, owner)
    assert found is not None
    return found


def find(upload_id: str, owner: str | None) -> Upload | None:
    """The upload of this id if `owner` owns it; None where there is none (any more)."""
    if not _ID.fullmatch(upload_id):
        return None
    folder = home() / "uploads" / upload_id
    try:
        meta = json.loads((folder / "upload.json").read_bytes())
        if meta["owner"] != owner:
            return None
        problems = tuple(Problem(**problem) for problem in meta["problems"])
        path = folder / "files" / meta["path"]
        return Upload(folder, path, bool(meta["vectors"]), owner, float(meta["created"]), problems)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def delete(upload: Upload) -> int:
    """Delete the upload at once and return how many of its files are left, which is 0.

    Raises `StoreError` where the disk keeps any.
    """
    shutil.rmtree(upload.folder, ignore_errors=True)
    left = count(upload)
    if left or upload.folder.exists():
        raise StoreError(
            f"{left} files of the upload could not be deleted: give this user the right to write "
            f"in {upload.folder}, then delete again"
        )
    return left


def count(upload: Upload) -> int:
    """How many files the upload has on the disk, extracted ones included."""
    return sum(path.is_file() for path in upload.folder.rglob("*"))


def _clean(name: str) -> str:
    """The last part of a name, without what a file system or a terminal could trip over."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter for letter in last if letter.isprintable()).strip(". ")
    return kept[-120:] or "file"


def _distinct(names: Sequence[str]) -> list[str]:
    """Names that differ, whatever their case: the second `a.jpg` becomes `a (2).jpg`."""
    seen: set[str] = set()
    found = []
    for name in names:
        path, number = Path(name), 1
        while name.casefold() in seen:
            number += 1
            name = f"{path.stem} ({number}){path.suffix}"
        seen.add(name.casefold())
        found.append(name)
    return found


def _kind(names: Sequence[str]) -> tuple[str, bool]:
    """What to read, below the folder of the files, and whether it holds vectors."""
    ends = [Path(name).suffix.lower() for name in names]
    zips = [name for name, end in zip(names, ends, strict=True) if end == ".zip"]
    if zips:
        if len(names) > 1:
            raise FacesError(
                f"{len(names)} files with a zip among them: give one zip, or pictures, or vectors"
            )
        return zips[0], False
    if any(end in PICTURES for end in ends):
        return "", False
    for wanted in (VECTORS, TABLES):
        for name, end in zip(names, ends, strict=True):
            if end in wanted:
                return name, True
    kinds = ", ".join((".zip", *PICTURES, *VECTORS, *TABLES))
    raise FacesError(f"'{names[0] if names else ''}' cannot be read: give one of {kinds}")


def _unpack(folder: Path, name: str) -> tuple[str, tuple[Problem, ...]]:
    """Replace the zip by what it holds, so that one folder has everything and the name is kept."""
    extracted = extract(folder / "files" / name, folder / "extracted")
    (folder / "files" / name).unlink()
    place = folder / "files" / (Path(name).stem or "faces")
    extracted.folder.rename(place)
    shutil.rmtree(folder / "extracted")
    inside = list(place.iterdir())
    while len(inside) == 1 and inside[0].is_dir():  # a zip of a folder
        place = inside[0]
        inside = list(place.iterdir())
    return str(place.relative_to(folder / "files")), extracted.problems


def save_encoder(file: UploadedFile, most_bytes: int) -> Path:
    """Keep an uploaded ONNX model under its content, and return where it lies."""
    folder = home() / "encoders"
    make_folder(folder)
    fresh = folder / f".{secrets.token_hex(8)}.onnx"
    try:
        _write(file, fresh, most_bytes, most_bytes)
        with open(fresh, "rb") as model:
            target = folder / f"{hashlib.file_digest(model, 'sha256').hexdigest()}.onnx"
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target


def _write(file: UploadedFile, target: Path, left: int, most_bytes: int) -> int:
    file.seek(0)
    written = 0
    with new_file(target) as out:
        while chunk := _read(file):
            written += len(chunk)
            if written > left:
                raise FacesError(
                    f"the upload is larger than {most_bytes:,} bytes: give a smaller one, a path "
                    "on this computer, or raise server.maxUploadSize"
                )
            out.write(chunk)
    return written


def _read(file: UploadedFile) -> bytes:
    stream: BinaryIO = file  # type: ignore[assignment]
    return stream.read(_CHUNK)
