"""The same audit once more: a run whose settings, files, code and libraries are those of a finished
run of the same owner is given a copy of its result.

Nothing random goes into an audit but its seed, so that making it again would give the same figures
(`audit.json` says when they were made). A finished run notes what it was made from; whoever deletes
that run deletes what could be repeated with it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from core.config import located
from core.run import Run, listing, status
from core.store import write_atomic

NOTE = "made_from"
"""The file in a run's directory that says what its result was made from, and what it holds."""
_CORE = Path(__file__).resolve().parent


def made_from(run: Run) -> str | None:
    """SHA-256 (hex) of all that the result of `run` depends on.

    Files are told by name, size and the times of their last change, which any writing moves, and
    are not read. None where the settings do not name every file: a list of pictures that lie
    elsewhere.
    """
    settings = run.config().model_dump(mode="json")
    named = [settings, *(settings.get("roles") or {}).values()]
    if any(_is_list(one.get("faces") or {}, run.base) for one in named):
        return None
    whole = hashlib.sha256(json.dumps([settings, str(run.base)], sort_keys=True).encode())
    whole.update(_program().encode())
    for path in sorted({located(text, run.base) for text in _texts(settings)}):
        for line in _stamps(path):
            whole.update(line.encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def note(run: Run, made: str, result: Path) -> None:
    """Keep with the run what its `result`, which is whole now, was made from, and what it holds."""
    told = {"made_from": made, "files": _digests(result)}
    write_atomic(run.path / NOTE, json.dumps(told).encode())


def repeat(run: Run, made: str, into: Path) -> Run | None:
    """Copy the result of a finished run that was made from the same to the new folder `into`.

    The run that it came from; None where there is none, where a file of it is not as it was
    written, or where it is deleted at this moment.
    """
    for other in listing(run.owner):
        files = _noted(other, made) if other.owner == run.owner and other.id != run.id else None
        if files is None or status(other).state != "done":
            continue
        with suppress(OSError, shutil.Error):
            shutil.copytree(other.result, into)
            into.chmod(0o700)
            if _digests(into) == files:
                return other
        shutil.rmtree(into, ignore_errors=True)
    return None


def _noted(run: Run, made: str) -> dict[str, str] | None:
    """The digests of the result's files where it was `made` from the same, and with a report."""
    try:
        told = json.loads((run.path / NOTE).read_bytes())
        files: dict[str, str] = told["files"] if told["made_from"] == made else {}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # One without its report was not written whole; made again, it may be.
    return files if "report.html" in files else None


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of every file below `folder`."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _is_list(faces: dict[str, Any], base: Path) -> bool:
    """Whether faces are named by a table: its pictures may lie anywhere."""
    path = faces.get("path")
    return path is not None and Path(path).suffix != ".zip" and located(path, base).is_file()


def _texts(settings: Any) -> Iterator[str]:
    """Every text in the settings; those that are no paths name nothing that is there."""
    if isinstance(settings, str):
        if settings:
            yield settings
    elif isinstance(settings, dict):
        for one in settings.values():
            yield from _texts(one)
    elif isinstance(settings, list):
        for one in settings:
            yield from _texts(one)


def _stamps(path: Path) -> Iterator[str]:
    """A line for every file at or below `path`, and for those that share a file's stem: vectors
    may have a table beside them."""
    with suppress(OSError, ValueError):
        if path.is_dir():
            for folder, _, names in os.walk(path, followlinks=True):
                for name in sorted(names):
                    yield from _stamp(Path(folder) / name)
        elif path.is_file():
            for one in sorted(path.parent.glob(f"{_plain(path.stem)}.*")):
                yield from _stamp(one)


def _plain(stem: str) -> str:
    return "".join(f"[{one}]" if one in "*?[" else one for one in stem)


def _stamp(path: Path) -> Iterator[str]:
    with suppress(OSError):
        found = path.stat()
        yield f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ctime_ns}\n"


@cache
def _program() -> str:
    """SHA-256 (hex) of this copy's code and weights, and of every package that is installed."""
    whole = hashlib.sha256()
    for path in sorted(_CORE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            whole.update(f"{path.relative_to(_CORE)}\0".encode() + path.read_bytes())
    for line in sorted({f"{one.name} {one.version}\n" for one in distributions()}):
        whole.update(line.encode())
    return whole.hexdigest()
