"""What a reader of one kind of set hands back, before labels are finished and rows are chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from core.faces.faceset import Problem

Row = Mapping[str, str]


@dataclass(frozen=True)
class Found:
    """Rows as a reader found them: `frame` has `file` (relative path) and text columns.

    `id` and `subject_id` are optional columns, those in `aside` serve `where` only, the others are
    labels. `pairs` has `a`, `b` (an id, a file or its stem), `same` and `fold`.
    """

    frame: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    aside: tuple[str, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    pairs: pd.DataFrame | None = None


def by_name(
    files: Iterable[str],
    pattern: re.Pattern[str],
    row: Callable[[re.Match[str]], Row | None],
    example: str,
    aside: tuple[str, ...] = (),
) -> Found:
    """Rows from file names: `row` turns a match into columns, or None where a code is unknown.

    Files that are named otherwise are listed and left out, as nothing is known about them.
    """
    rows, problems = [], []
    for file in files:
        match = pattern.search(file.rsplit("/", 1)[-1])
        columns = row(match) if match else None
        if columns is None:
            problems.append(Problem(file, "unlabelled", f"not named like {example}; left out"))
        else:
            rows.append({"file": file, **columns})
    frame = pd.DataFrame(rows, dtype=str)
    origin = {str(name): "file name" for name in frame.columns}
    return Found(frame, tuple(problems), aside=aside, origin=origin)


def share(files: Iterable[str], pattern: re.Pattern[str]) -> float:
    """The share of `files` whose name matches, 0 where there are none."""
    names = [file.rsplit("/", 1)[-1] for file in files]
    return sum(bool(pattern.search(name)) for name in names) / len(names) if names else 0.0
