"""Chunks of a face set in the store: vectors under their content, and what the detector saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

import numpy as np

from core.encode.encoder import Encoder
from core.encode.prepare import Prepared
from core.faces.align import Detector, Face
from core.faces.faceset import FaceSet, PictureError, Problem
from core.store import Arrays, Entry, Store, key

VERSION = 1
"""Raised whenever the same picture and encoder would give another crop or another vector."""

CHUNK = 128
"""Rows of the set in one entry: row r lies in chunk r // CHUNK, whichever rows are asked for."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Rows that share an entry: what the store had of them, or what is to be done.

    `crops` uint8 (n, size, size, 3) are those of a costly source that another encoder has had.
    """

    rows: tuple[int, ...]
    key: str
    faces_key: str
    entry: Entry | None
    seen: tuple[Prepared | None, ...]
    unreadable: dict[int, Problem]
    crops_key: str
    crops: np.ndarray | None


@dataclass(frozen=True)
class Result:
    """Vectors x float32 (k, d) of the positions `kept` in a chunk, and problems by position."""

    x: np.ndarray
    kept: np.ndarray
    problems: tuple[tuple[int, str, str], ...]

    @classmethod
    def of(cls, entry: Entry) -> Result:
        """What an entry of the store holds."""
        problems = tuple(
            (int(at), str(kind), str(text)) for at, kind, text in entry.meta["problems"]
        )
        return cls(entry.arrays["x"], entry.arrays["kept"], problems)


@dataclass(frozen=True)
class Chunks:
    """Opens and keeps the chunks of `faces` for one encoder."""

    faces: FaceSet
    encoder: Encoder
    store: Store
    detector: Detector

    def each(self, rows: Sequence[int]) -> Iterator[Chunk]:
        """The chunks of `rows`, in their order, each looked up in the store when its turn comes."""
        for _, group in groupby(rows, key=lambda row: row // CHUNK):
            yield self._open(tuple(group))

    def _open(self, rows: tuple[int, ...]) -> Chunk:
        digests, unreadable = [], {}
        for position, row in enumerate(rows):
            try:
                digests.append(self.faces.source.digest(row))
            except PictureError as error:
                unreadable[position] = error.problem
                digests.append(f"unreadable: {error.problem.kind}")
        looks = self.encoder.alignment.needs_face and not self.faces.aligned
        detector = self.detector.digest if looks else ""
        settings = {
            "encoder": self.encoder.digest,
            "alignment": asdict(self.encoder.alignment),
            "detector": detector,
            "aligned": self.faces.aligned,
        }
        runtime = getattr(self.encoder, "runtime", "")  # another one would round differently
        by = {**settings, "runtime": runtime} if runtime else settings
        vectors_key = key("vectors", VERSION, by, digests)
        faces_key = key("found faces", VERSION, {"detector": detector}, digests)
        entry = self.store.load(vectors_key)
        seen: tuple[Prepared | None, ...] = (None,) * len(rows)
        if entry is None and looks:
            kept = self.store.load(faces_key)
            seen = seen if kept is None else _seen(kept.arrays)
        crops_key = key("crops", VERSION, {**settings, "encoder": ""}, digests)
        drawn = self.store.load(crops_key) if entry is None and self.costly else None
        crops = None if drawn is None else drawn.arrays["crops"]
        return Chunk(rows, vectors_key, faces_key, entry, seen, unreadable, crops_key, crops)

    @property
    def costly(self) -> bool:
        """Whether reading costs more than the room that a crop takes in the store."""
        return bool(getattr(self.faces.source, "costly", False))

    def keep_crops(self, chunk: Chunk, crops: Sequence[np.ndarray]) -> None:
        """Write the crops of a chunk for the next encoder, where all its pictures gave one."""
        if self.costly and chunk.crops is None and len(crops) == len(chunk.rows):
            self.store.save(chunk.crops_key, {"crops": np.stack(crops)})

    def keep(self, chunk: Chunk, result: Result, prepared: Sequence[Prepared]) -> None:
        """Write a finished chunk, unless a file was missing: it may be there the next time."""
        looked = any(one.seen for one in prepared) and not any(chunk.seen)
        if any(kind == "missing file" for _, kind, _ in result.problems):
            return
        if looked:
            self.store.save(chunk.faces_key, _faces(prepared))
        arrays = {"x": result.x, "kept": result.kept}
        self.store.save(chunk.key, arrays, {"problems": result.problems})


def found_faces(
    faces: FaceSet, chunk: int, detector: str, store: Store
) -> dict[str, np.ndarray] | None:
    """What the `detector` (its digest) saw in a chunk of `faces`, as `_faces` has it, or None."""
    rows = range(chunk * CHUNK, min((chunk + 1) * CHUNK, len(faces)))
    digests = []
    for row in rows:
        try:
            digests.append(faces.source.digest(row))
        except PictureError as error:
            digests.append(f"unreadable: {error.problem.kind}")
    entry = store.load(key("found faces", VERSION, {"detector": detector}, digests))
    return None if entry is None else entry.arrays


def _faces(prepared: Sequence[Prepared]) -> Arrays:
    """What the detector saw: state 0 not asked, 1 no face, 2 a face; box, landmarks, and so on."""
    n = len(prepared)
    state, count = np.zeros(n, np.int8), np.zeros(n, np.int32)
    box, probability = np.zeros((n, 4)), np.zeros(n)
    landmarks = np.zeros((n, 5, 2), np.float32)
    for at, one in enumerate(prepared):
        if one.seen:
            state[at] = 1
        if one.seen and one.face is not None:
            state[at], count[at], probability[at] = 2, one.face.count, one.face.probability
            box[at], landmarks[at] = one.face.box, one.face.landmarks
    return {
        "state": state,
        "count": count,
        "box": box,
        "landmarks": landmarks,
        "probability": probability,
    }


def _seen(arrays: Arrays) -> tuple[Prepared | None, ...]:
    """The reverse of `_faces`: for each position what an earlier run saw, None where unknown."""
    found: list[Prepared | None] = []
    for at, state in enumerate(arrays["state"]):
        face = None
        if state == 2:
            left, top, right, bottom = map(float, arrays["box"][at])
            face = Face(
                (left, top, right, bottom),
                arrays["landmarks"][at],
                float(arrays["probability"][at]),
                int(arrays["count"][at]),
            )
        found.append(Prepared(None, face=face, seen=True) if state else None)
    return tuple(found)
