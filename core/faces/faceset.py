"""What the faces room hands on: a table of labels and a source that opens one picture at a time.

A set of 200,000 files is a table of 200,000 short rows; no picture is opened before it is asked
for, and none is kept.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from core.errors import FacesError

UNKNOWN = "unknown"
"""The group of rows whose label is missing. It is a group of its own and is never dropped."""

PROBLEMS = (
    "not an image",
    "no face",
    "several faces",
    "too small",
    "too large",
    "unlabelled",
    "no subject",
    "duplicated",
    "missing file",
    "unsafe path",
)
"""Kinds of problem that a file can have; none of them stops the reading of the others."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one file: `kind` is one of `PROBLEMS`, `detail` speaks to a person."""

    file: str
    kind: str
    detail: str


@dataclass(frozen=True)
class Picture:
    """One picture: `image` uint8 (height, width, 3) RGB, EXIF rotation applied and dropped.

    `landmarks` is float32 (5, 2), x and y in pixels, or None: eye at image left, eye at image
    right, nose tip, mouth corner at image left, mouth corner at image right.
    """

    image: np.ndarray
    landmarks: np.ndarray | None = None


class PictureError(FacesError):
    """One picture cannot be used; carries the `Problem` for the list, and the run goes on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.file}: {problem.kind} ({problem.detail})")
        self.problem = problem


class Source(Protocol):
    """Opens pictures by row number. Implementations are picklable and safe for threads."""

    def read(self, index: int) -> Picture:
        """Return picture `index`; raise `PictureError` where it cannot be used."""
        ...

    def digest(self, index: int) -> str:
        """Return the SHA-256 of what picture `index` is made from (its bytes, its recipe)."""
        ...


@dataclass(frozen=True)
class FaceSet:
    """Faces and their labels.

    `table` has one row a face with the columns `id` (unique text), `subject_id` (text, or
    `UNKNOWN`) and one text column for each name in `labels`; missing labels are `UNKNOWN`.
    `source` opens the pictures in the same order. `pairs`, where the set comes with a
    verification protocol, has the columns `a`, `b` (ids), `same` (bool) and `fold` (int).
    `origin` tells where each label came from: "given", "file name", "generator" or "by hand".
    `has_subjects` is False where nobody said who is who; then each row is its own `UNKNOWN`.
    """

    name: str
    table: pd.DataFrame
    source: Source
    labels: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    pairs: pd.DataFrame | None = None
    has_subjects: bool = True
    aligned: bool = False
    synthetic: bool = False
    licence: str = ""
    origin: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.table)

    def digest(self) -> str:
        """SHA-256 over ids, labels and the digests of all pictures: identity is content.

        The table as it is, not the place it was read from, so a moved folder keeps its key.
        """
        whole = hashlib.sha256()
        head = {"labels": self.labels, "aligned": self.aligned, "subjects": self.has_subjects}
        whole.update(json.dumps(head, sort_keys=True).encode())
        columns = ["id", "subject_id", *self.labels]
        rows = self.table[columns].itertuples(index=False, name=None)
        for index, row in enumerate(rows):
            line = json.dumps([*map(str, row), self.source.digest(index)])
            whole.update(line.encode())
        if self.pairs is not None:
            whole.update(self.pairs.to_csv(index=False).encode())
        return whole.hexdigest()
