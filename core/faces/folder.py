"""Walking a folder: the names of its files, without opening one and without leaving the folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.errors import FacesError
from core.faces.archive import ARCHIVES
from core.faces.faceset import Problem
from core.faces.picture import SUFFIXES

MAX_FILES = 2_000_000
MAX_DEPTH = 32
SIDE_FILES = frozenset(
    (
        "", ".txt", ".csv", ".tsv", ".json", ".jsonl", ".parquet", ".md", ".yaml", ".yml", ".xml",
        ".xls", ".xlsx", ".pdf", ".doc", ".docx", ".npy", ".npz", ".mat", ".pts", ".py", ".log",
        ".ini", ".db", ".info", ".rtf", ".pkl",
    )
)  # fmt: skip
"""Files that ordinarily lie beside pictures and are passed over without a word."""


@dataclass(frozen=True)
class Tree:
    """The regular files below `root`, as sorted paths relative to it, and what was left out."""

    root: Path
    files: tuple[str, ...]
    problems: tuple[Problem, ...]

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        """The files that are pictures by their suffix."""
        return tuple(file for file in self.files if suffix(file) in SUFFIXES)

    def named(self, *names: str) -> str | None:
        """The first file that goes by one of `names`, the least deep one first, or None."""
        wanted = [name.casefold() for name in names]
        found = [f for f in self.files if f.rsplit("/", 1)[-1].casefold() in wanted]
        order = {name: place for place, name in enumerate(wanted)}
        key = lambda f: (f.count("/"), order[f.rsplit("/", 1)[-1].casefold()])  # noqa: E731
        return min(found, key=key, default=None)


def suffix(file: str) -> str:
    """The suffix of a relative path in lower case, with its point."""
    name = file.rsplit("/", 1)[-1]
    point = name.rfind(".")
    return name[point:].lower() if point > 0 else ""


def walk(root: Path) -> Tree:
    """List the files below `root`; links are followed to files inside `root` only.

    Raises `FacesError` where `root` cannot be read or holds too many files.
    """
    root = root.resolve()
    files: list[str] = []
    problems: list[Problem] = []
    stack = [""]
    while stack:
        below = stack.pop()
        try:
            folders = _one_folder(root, below, files, problems)
        except OSError as error:
            if not below:
                raise FacesError(
                    f"the folder {root} cannot be read ({error.strerror}): give this user the "
                    "right to read it, or choose another"
                ) from error
            problems.append(Problem(below, "missing file", f"unreadable folder: {error.strerror}"))
            continue
        stack.extend(folders)
        if len(files) > MAX_FILES:
            raise FacesError(
                f"{root} holds more than {MAX_FILES:,} files, which is the limit: split the set"
            )
    return Tree(root, tuple(sorted(files)), tuple(sorted(problems, key=lambda p: p.file)))


def _one_folder(root: Path, below: str, files: list[str], problems: list[Problem]) -> list[str]:
    """Add the files of one folder to `files` and return the folders in it."""
    folders = []
    with os.scandir(root / below if below else root) as entries:
        for entry in entries:
            name = f"{below}/{entry.name}" if below else entry.name
            if entry.name.startswith(".") or entry.name in ("__MACOSX", "Thumbs.db"):
                continue
            if not name.isprintable():
                shown = ascii(name)[1:-1][:200]
                problems.append(Problem(shown, "unsafe path", "its name cannot be printed"))
            elif entry.is_symlink():
                problem = _link(root, name)
                if problem is None:
                    files.append(name)
                else:
                    problems.append(problem)
            elif entry.is_dir(follow_symlinks=False):
                if name.count("/") >= MAX_DEPTH:
                    problems.append(Problem(name, "unsafe path", f"over {MAX_DEPTH} levels deep"))
                else:
                    folders.append(name)
            elif entry.is_file(follow_symlinks=False):
                files.append(name)
            else:
                problems.append(Problem(name, "not an image", "it is a pipe or a device"))
    return folders


def _link(root: Path, name: str) -> Problem | None:
    """What is wrong with a link, or None where it leads to a regular file below `root`."""
    target = os.path.realpath(root / name)
    if os.path.commonpath([root, target]) != str(root):
        return Problem(name, "unsafe path", "a link that leads out of the folder is not followed")
    if os.path.isdir(target):  # noqa: PTH112
        return Problem(name, "unsafe path", "a link to a folder is not followed")
    if not os.path.isfile(target):  # noqa: PTH113
        return Problem(name, "missing file", "a link that leads nowhere")
    return None


def strangers(tree: Tree) -> list[Problem]:
    """Files that are neither pictures nor of a kind that ordinarily lies beside them."""
    problems = []
    for file in tree.files:
        end = suffix(file)
        if end not in SUFFIXES and end not in SIDE_FILES:
            inner = "an archive inside the folder is not opened"
            detail = inner if end in ARCHIVES else f"{end} is no picture format"
            problems.append(Problem(file, "not an image", detail))
    return problems


def by_class(tree: Tree) -> tuple[list[str], list[str], list[str]]:
    """Pictures, their classes (the first folder, "" without one) and their part of the set.

    Where the first folders are all `train`, `val` or `test`, the class is the folder below them.
    """
    parts = {"train", "training", "val", "valid", "validation", "test", "testing"}
    split = [file.split("/") for file in tree.pictures]
    shifted = bool(split) and all(len(p) > 2 and p[0].casefold() in parts for p in split)
    start = 1 if shifted else 0
    classes = [path[start] if len(path) > start + 1 else "" for path in split]
    return list(tree.pictures), classes, [path[0] if shifted else "" for path in split]
