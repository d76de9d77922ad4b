"""Fetch weights on request: resumed after a break, checked against a digest, written whole."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import BinaryIO

from core.encode.encoder import file_digest
from core.errors import EncoderError, StoreError
from core.progress import Progress
from core.store import write_atomic

PIECE = 1 << 20
TIMEOUT = 30.0
LARGEST = 2 * 1024**3
NETWORK = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)


class _Broken(Exception):
    """The transfer ended early; what came is kept and the next try goes on from there."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None,
    progress: Progress | None = None,
    attempts: int = 5,
    pause: float = 1.0,
) -> Path:
    """Bring `url` to `target` and return it; a file that is there already is only checked.

    `sha256` is the published digest. Where none is known (None), the digest of the first download
    is written beside the file and later ones are held against it: that shows a change, not that
    the first file was the right one. A transfer that breaks off is taken up again, `attempts`
    times with `pause` seconds between, and by a later run too. Raises `EncoderError` where the
    server refuses, the connection does not hold or the digest differs, `StoreError` where the
    disk does.
    """
    if target.is_file():
        return verified(target, sha256)
    part = target.with_name(target.name + ".part")
    _make_folder(target.parent)
    for attempt in range(1, attempts + 1):
        try:
            _fetch(url, part, progress or Progress())
            break
        except _Broken as error:
            if attempt == attempts:
                kept = part.stat().st_size if part.exists() else 0
                raise EncoderError(
                    f"{url} broke off {attempts} times ({error}), {kept} bytes are kept: run it "
                    "again to go on from there, or download the file by other means and give its "
                    "path as weights"
                ) from error
            time.sleep(pause)
    found = file_digest(part)
    if sha256 is not None and found != sha256:
        part.unlink()
        raise EncoderError(
            f"{url} has the SHA-256 {found}, and {sha256} was expected: nothing was kept; try "
            "again, or give the path of a file that you trust as weights"
        )
    write_atomic(_record(target), f"{found}\n".encode())
    part.replace(target)
    return target


def verified(target: Path, sha256: str | None) -> Path:
    """`target`, if its digest is `sha256`, or the one recorded when it was first downloaded."""
    record = _record(target)
    expected = sha256 or (record.read_text().strip() if record.is_file() else None)
    found = file_digest(target)
    if expected is None:
        write_atomic(record, f"{found}\n".encode())
    elif found != expected:
        raise EncoderError(
            f"{target} has the SHA-256 {found}, and {expected} was expected: it was damaged or "
            "replaced; remove it to have it downloaded again"
        )
    return target


def _record(target: Path) -> Path:
    return target.with_name(target.name + ".sha256")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _refused(folder, 0, error) from error


def _fetch(url: str, part: Path, progress: Progress) -> None:
    """One try: append to `part` what it lacks; raises `_Broken` where less came than was due."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "blindfold", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT
        ) as answer:
            if not _goes_on(answer, have):
                have = 0
            _receive(answer, part, have, progress)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # what is kept is longer than the file: it belongs to another one
            part.unlink(missing_ok=True)
            raise _Broken("the server cannot go on from what was kept") from error
        if error.code >= 500 or error.code == 429:
            raise _Broken(f"the server answered {error.code}") from error
        raise EncoderError(
            f"{url} cannot be had, the server answered {error.code} {error.reason}: download the "
            "file by other means and give its path as weights"
        ) from error
    except NETWORK as error:
        raise _Broken(str(getattr(error, "reason", error)) or type(error).__name__) from error


def _goes_on(answer: http.client.HTTPResponse, have: int) -> bool:
    """Whether the server sends what follows the first `have` bytes, and not the file anew."""
    named = answer.headers.get("Content-Range", "")
    return have > 0 and answer.status == 206 and named.startswith(f"bytes {have}-")


def _receive(answer: http.client.HTTPResponse, part: Path, have: int, progress: Progress) -> None:
    length = answer.headers.get("Content-Length")
    due = have + int(length) if length is not None else None
    if due is not None and due > LARGEST:
        raise EncoderError(
            f"{answer.url} holds {due} bytes, more than the {LARGEST} that weights may: give the "
            "path of a smaller model"
        )
    progress.start("Downloading weights", due or 0, part.stem)
    if have:
        progress.advance(have, "going on")
    with open(part, "ab" if have else "wb") as file:
        while piece := answer.read1(PIECE):
            _write(file, piece, part)
            have += len(piece)
            if have > LARGEST:
                raise EncoderError(
                    f"{answer.url} sent more than the {LARGEST} bytes that weights may hold: give "
                    "the path of a smaller model"
                )
            progress.advance(len(piece))
    if due is not None and have < due:
        raise _Broken(f"{have} of {due} bytes came")


def _write(file: BinaryIO, piece: bytes, part: Path) -> None:
    try:
        file.write(piece)
    except OSError as error:
        raise _refused(part.parent, len(piece), error) from error


def _refused(folder: Path, size: int, error: OSError) -> StoreError:
    return StoreError(
        f"{size} bytes of weights cannot be written to {folder} ({error.strerror}): free some "
        "space, or point BLINDFOLD_CACHE at a folder where this user may write"
    )
