"""Extracting a zip that a stranger packed: checked first, bounded in writing, whole or not at all.

What is wrong with one member (a path that leads out, a link, a password, a zip inside) is listed
and the member left out. What is wrong with the archive (not a zip, too many members, a bomb) is an
error.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import FacesError, StoreError
from core.faces.faceset import Problem
from core.rights import make_folder, new_file

MAX_MEMBERS = 500_000
MAX_TOTAL = 64 * 2**30
MAX_MEMBER = 200 * 2**20
MAX_PATH = 1000
"""Bytes of a member's whole path; together with its folder it must fit into the system's 4,096."""
MAX_RATIO = 200
RATIO_FROM = 2**20
"""Members smaller than this may be packed as tightly as they like."""
CHUNK = 2**20
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")


@dataclass(frozen=True)
class Extracted:
    """Where an archive was extracted to, and the members that were left out."""

    folder: Path
    problems: tuple[Problem, ...]


def extract(path: Path, into: Path) -> Extracted:
    """Extract the zip at `path` into `into`/<SHA-256 of the zip>, once; later calls find it there.

    The folder is private (0700) and appears whole by a rename. Raises `FacesError` where the
    archive is refused and `StoreError` where the disk is full; then nothing half-extracted stays.
    """
    with _opened(path) as archive:
        wanted, problems = _plan(archive, path.name)
        target = into / _sha256(path)
        if not target.is_dir():
            _write_all(archive, wanted, target)
        problems += _damaged(wanted, target)
        return Extracted(target, tuple(problems))


def _opened(path: Path) -> zipfile.ZipFile:
    """The zip at `path`; raises `FacesError` for whatever its directory makes `zipfile` raise."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise FacesError(
            f"'{path.name}' is not a zip, or a damaged one ({str(error)[:120]}): pack the folder "
            "again as .zip"
        ) from error


def _damaged(wanted: dict[str, zipfile.ZipInfo], target: Path) -> list[Problem]:
    """Members that could not be written, told from what is absent, so that every call says so."""
    lost = [clean for clean in wanted if not (target / clean).is_file()]
    return [Problem(clean, "not an image", "this member of the zip is damaged") for clean in lost]


def _plan(archive: zipfile.ZipFile, name: str) -> tuple[dict[str, zipfile.ZipInfo], list[Problem]]:
    """The members to write by their clean path, and those left out; refuses hostile archives."""
    # Not `is_dir`, which cannot tell of a name without letters.
    members = [info for info in archive.infolist() if not info.filename.endswith("/")]
    total = sum(info.file_size for info in members)
    if len(members) > MAX_MEMBERS:
        raise FacesError(
            f"'{name}' has {len(members):,} members, the limit is {MAX_MEMBERS:,}: extract it "
            "yourself and choose the folder"
        )
    if total > MAX_TOTAL:
        raise FacesError(
            f"'{name}' would take {total / 2**30:.1f} GiB extracted, the limit is "
            f"{MAX_TOTAL / 2**30:.0f} GiB: extract it yourself and choose the folder"
        )
    wanted: dict[str, zipfile.ZipInfo] = {}
    problems: list[Problem] = []
    for info in members:
        _refuse_bomb(info, name)
        clean = _clean(info.filename)
        if clean is not None and _is_clutter(clean):
            continue
        problem = _objection(info, clean, wanted)
        if problem is not None:
            problems.append(problem)
        elif clean is not None:
            wanted[clean] = info
    if not wanted:
        first = f", the first: {problems[0].file} ({problems[0].detail})" if problems else ""
        raise FacesError(
            f"'{name}' holds nothing that can be read: {len(problems)} members were left out"
            f"{first}; pack pictures into it without a password or links"
        )
    return wanted, problems


def _refuse_bomb(info: zipfile.ZipInfo, name: str) -> None:
    if info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise FacesError(
            f"'{name}' is refused: its member '{ascii(info.filename)[1:-1][:80]}' grows from "
            f"{info.compress_size:,} to {info.file_size:,} bytes, over {MAX_RATIO} times; "
            "pack ordinary pictures"
        )


def _clean(name: str) -> str | None:
    """The member's path with forward slashes and without `.` parts, or None where it leads out."""
    path = name.replace("\\", "/")
    if path.startswith("/") or re.match(r"^[A-Za-z]:", path) or not path.isprintable():
        return None
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or any(len(part.encode()) > 250 for part in parts):
        return None
    clean = "/".join(parts)
    return clean if len(parts) <= 32 and len(clean.encode()) <= MAX_PATH else None


def _is_clutter(clean: str) -> bool:
    parts = clean.split("/")
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _objection(
    info: zipfile.ZipInfo, clean: str | None, wanted: dict[str, zipfile.ZipInfo]
) -> Problem | None:
    """Why a member is left out, or None."""
    shown = ascii(info.filename)[1:-1][:200] or "(no name)"
    mode = info.external_attr >> 16
    if clean is None:
        return Problem(shown, "unsafe path", "its name leads out of the archive, or is too long")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return Problem(shown, "unsafe path", "it is a link or a device, not a file")
    if info.flag_bits & 0x1:
        return Problem(shown, "not an image", "it is encrypted; pack it without a password")
    if clean.lower().endswith(ARCHIVES):
        return Problem(shown, "not an image", "an archive inside the archive is not opened")
    if info.file_size > MAX_MEMBER:
        size = f"{info.file_size / 2**20:.0f} MiB, the limit is {MAX_MEMBER // 2**20} MiB"
        return Problem(shown, "too large", size)
    if clean in wanted:
        return Problem(shown, "duplicated", "the archive holds this name twice; the first is kept")
    return None


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_all(archive: zipfile.ZipFile, wanted: dict[str, zipfile.ZipInfo], target: Path) -> None:
    """Write all members into a folder beside `target`, and give it that name once it is whole."""
    into = target.parent
    temporary = into / f".{target.name[:16]}.{secrets.token_hex(4)}.tmp"
    try:
        make_folder(into)
        _refuse_full_disk(into, sum(info.file_size for info in wanted.values()))
        temporary.mkdir(mode=0o700)
        for clean, info in wanted.items():
            _write_one(archive, info, temporary / clean)
        _settle(temporary, target)
    except OSError as error:
        raise StoreError(
            f"the archive cannot be extracted to {into} ({error.strerror}): free some space, or "
            "point BLINDFOLD_CACHE at another disk"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _refuse_full_disk(into: Path, needed: int) -> None:
    if shutil.disk_usage(into).free < needed:
        raise OSError(errno.ENOSPC, f"no space left for {needed / 2**20:.0f} MiB")


def _settle(temporary: Path, target: Path) -> None:
    """Give the extracted folder its name; another process may have been faster with the same."""
    try:
        os.rename(temporary, target)  # noqa: PTH104
    except OSError:
        if not target.is_dir():
            raise


def _write_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: Path) -> None:
    """Write one member of at most the size that it claims; of a damaged one nothing stays."""
    try:
        make_folder(place.parent)
        with new_file(place) as file:
            for chunk in _unpacked(archive, info):
                file.write(chunk)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        return  # one member is a file where another needs a folder
    except zipfile.BadZipFile:
        place.unlink(missing_ok=True)


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a member holds, in pieces, and no more than it claims; raises `BadZipFile`, however its
    header or its decoder fails."""
    left = info.file_size
    try:
        with archive.open(info) as packed:
            while chunk := packed.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise zipfile.BadZipFile("it is larger than the directory says")
                yield chunk
    except zipfile.BadZipFile:
        raise
    # Four decoders and a parser of headers: zlib.error, LZMAError, OSError of bzip2, EOFError,
    # UnicodeDecodeError, NotImplementedError, RuntimeError, MemoryError, ...
    except Exception as error:
        raise zipfile.BadZipFile(str(error)) from error
