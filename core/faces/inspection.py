"""Looking at every picture of a set once: what can be opened, what comes twice, what there is."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from core.faces.faceset import UNKNOWN, FaceSet, PictureError, Problem
from core.progress import Progress

WORKERS = 2
AHEAD = 16
"""Pictures that may be open or waiting at one time."""


@dataclass(frozen=True)
class Inspection:
    """What a set holds. `identities` is None where nobody said who is who.

    `labels` has a count for each group of each label, `sizes` a count for each `width x height`
    (the 20 most common), `kinds` a count for each kind of problem.
    """

    name: str
    licence: str
    images: int
    readable: int
    identities: int | None
    labels: dict[str, dict[str, int]]
    origin: dict[str, str]
    sizes: dict[str, int]
    pairs: int
    problems: tuple[Problem, ...]
    kinds: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        return asdict(self) | {"problems": [asdict(problem) for problem in self.problems]}


@dataclass(frozen=True)
class _Seen:
    size: str = ""
    pixels: bytes = b""
    problem: Problem | None = None


def inspect_faces(faces: FaceSet, *, progress: Progress | None = None) -> Inspection:
    """Open every picture once, two at a time, and list what is wrong with any of them.

    Duplicates are told by the pixels, so that a copy in another lossless format is found. Memory
    does not grow with the pictures: a 16-byte digest of each is kept. Raises `Cancelled` when asked
    to stop.
    """
    progress = progress or Progress()
    progress.start("opening pictures", len(faces))
    first: dict[bytes, int] = {}
    sizes: Counter[str] = Counter()
    problems = list(faces.problems)
    readable = 0
    ids = faces.table["id"].tolist()
    for index, seen in enumerate(_look(faces)):
        if seen.problem is not None:
            problems.append(seen.problem)
        else:
            readable += 1
            sizes[seen.size] += 1
            earlier = first.setdefault(seen.pixels, index)
            if earlier != index:
                problems.append(Problem(ids[index], "duplicated", _twin(faces, earlier, index)))
        progress.advance()
    people = faces.table["subject_id"][faces.table["subject_id"] != UNKNOWN]
    return Inspection(
        name=faces.name,
        licence=faces.licence,
        images=len(faces),
        readable=readable,
        identities=int(people.nunique()) if faces.has_subjects else None,
        labels={name: _counts(faces, name) for name in faces.labels},
        origin=dict(faces.origin),
        sizes=dict(sizes.most_common(20)),
        pairs=0 if faces.pairs is None else len(faces.pairs),
        problems=tuple(problems),
        kinds=dict(Counter(problem.kind for problem in problems)),
    )


def _counts(faces: FaceSet, name: str) -> dict[str, int]:
    counts = faces.table[name].value_counts()
    return {str(group): int(count) for group, count in sorted(counts.items())}


def _look(faces: FaceSet) -> Iterator[_Seen]:
    """What is seen of each picture, in order, with at most `AHEAD` of them under way."""
    with ThreadPoolExecutor(WORKERS) as pool:
        indices = iter(range(len(faces)))
        waiting: list[Future[_Seen]] = [
            pool.submit(_see, faces, index) for index in islice(indices, AHEAD)
        ]
        try:
            while waiting:
                seen = waiting.pop(0).result()
                waiting += [pool.submit(_see, faces, index) for index in islice(indices, 1)]
                yield seen
        finally:
            pool.shutdown(cancel_futures=True)


def _see(faces: FaceSet, index: int) -> _Seen:
    try:
        image = faces.source.read(index).image
    except PictureError as error:
        return _Seen(problem=error.problem)
    height, width = image.shape[:2]
    size = f"{width} x {height}"
    pixels = hashlib.blake2b(image.tobytes(), digest_size=16, key=size.encode()).digest()
    return _Seen(size, pixels)


def _twin(faces: FaceSet, earlier: int, later: int) -> str:
    """Which picture has the same pixels, and which labels disagree on them."""
    one, two = faces.table.iloc[earlier], faces.table.iloc[later]
    detail = f"the same pixels as {one['id']}"
    odd = [name for name in ("subject_id", *faces.labels) if one[name] != two[name]]
    if odd:
        said = ", ".join(f"{name} {one[name]} and {two[name]}" for name in odd)
        detail += f", yet labelled otherwise: {said}"
    return detail
