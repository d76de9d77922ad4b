"""Chunks of a face set encoded by the workers of a cluster, a part of a chunk at a time.

A picture in a file travels as the bytes of that file; one that the generator draws is drawn where
it is encoded; of any other source the picture itself travels. The encoder travels once, is opened
once on each worker and kept there. A vector depends on neither: the same crops go through the same
network at the same inner batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.encode.chunks import Chunk, Chunks
from core.encode.encoder import Encoder
from core.encode.prepare import Prepared, Preparer
from core.engine import Engine
from core.faces.align import Detector
from core.faces.faceset import Picture, PictureError, Problem, Source
from core.faces.picture import FileSource, decode
from core.progress import Progress

PART = 32
"""Pictures of a chunk in one task: two inner batches of the encoder, some megabytes of files."""


@dataclass(frozen=True)
class Carried:
    """Pictures that travel with their task: bytes and name of a file, a picture, or a problem."""

    pictures: tuple[tuple[bytes, str] | Picture | Problem, ...]

    def read(self, index: int) -> Picture:
        """Return picture `index`; raise `PictureError` where it cannot be used."""
        one = self.pictures[index]
        if isinstance(one, Problem):
            raise PictureError(one)
        return one if isinstance(one, Picture) else Picture(decode(*one))

    def digest(self, index: int) -> str:
        """Never asked: a chunk is named by the digests of its pictures before these travel."""
        raise AssertionError(f"picture {index} was named before it travelled")


@dataclass(frozen=True)
class Part:
    """Some places of a chunk: `source` has their pictures under `rows`, or is None where the
    worker has it; `known` is what a detector saw of them before. `crops` uint8 (n, size, size, 3),
    where there are any, are all that is needed."""

    source: Source | None
    rows: tuple[int, ...]
    known: tuple[Prepared | None, ...]
    crops: np.ndarray | None = None


@dataclass(frozen=True)
class Work:
    """Prepares and encodes the pictures of a part, on a worker."""

    preparer: Preparer
    encoder: Encoder
    device: str
    batch: int
    keeps_crops: bool

    @cached_property
    def detector(self) -> Detector:
        """This worker's own, loaded at the first picture that needs it."""
        return Detector(self.device)

    def __call__(self, part: Part) -> tuple[list[Prepared], list[np.ndarray]]:
        """What became of each picture, and the vectors of those that gave a crop."""
        done = self._prepared(part)
        crops = [one.crop for one in done if one.crop is not None]
        starts = range(0, len(crops), self.batch)
        vectors = [self.encoder.vectors(np.stack(crops[i : i + self.batch])) for i in starts]
        return [self._told(one) for one in done], vectors

    def _prepared(self, part: Part) -> list[Prepared]:
        if part.crops is not None:
            return [Prepared(crop) for crop in part.crops]
        preparer = self.preparer
        if part.source is not None:
            preparer = replace(preparer, source=part.source)
        done = []
        for row, known in zip(part.rows, part.known, strict=True):
            one = preparer(row, known, self.detector)
            if isinstance(one, Picture):
                raise RuntimeError("a picture that a detector has seen is still not cut")
            done.append(one)
        return done

    def _told(self, one: Prepared) -> Prepared:
        crop = one.crop if self.keeps_crops else None
        return replace(one, crop=crop, encoded=one.crop is not None)


def each(
    chunks: Chunks, rows: Sequence[int], engine: Engine, progress: Progress, batch: int
) -> Iterator[tuple[Chunk, list[Prepared], list[np.ndarray]]]:
    """Every chunk of `rows`, in order, with what became of its pictures; nothing for one that the
    store had."""
    costly, faces = chunks.costly, chunks.faces
    # Only what draws its own pictures is worth sending whole.
    source = faces.source if costly else Carried(())
    preparer = Preparer(source, chunks.encoder.alignment, faces.aligned)
    work = Work(preparer, chunks.encoder, chunks.detector.device, batch, costly)
    opened: deque[tuple[Chunk, int]] = deque()

    def parts() -> Iterator[Part]:
        for chunk in chunks.each(rows):
            places = range(0, 0 if chunk.entry is not None else len(chunk.rows), PART)
            opened.append((chunk, len(places)))
            for start in places:
                progress.check()
                yield _part(chunks, chunk, slice(start, start + PART))

    prepared: list[Prepared] = []
    vectors: list[np.ndarray] = []
    answers, missing = engine.map(work, parts()), 0
    for more, x in answers:
        while not opened[0][1]:
            yield opened.popleft()[0], [], []
        prepared, vectors, missing = prepared + more, vectors + x, missing + 1
        if missing == opened[0][1]:
            yield opened.popleft()[0], prepared, vectors
            prepared, vectors, missing = [], [], 0
    yield from ((chunk, [], []) for chunk, _ in opened)


def _part(chunks: Chunks, chunk: Chunk, places: slice) -> Part:
    source, rows = chunks.faces.source, chunk.rows[places]
    if chunk.crops is not None:  # another encoder had them
        return Part(None, rows, (), chunk.crops[places])
    if chunks.costly:
        return Part(None, rows, chunk.seen[places])
    carried = tuple(
        chunk.unreadable.get(at) or _carried(source, row)
        for at, row in zip(range(len(chunk.rows))[places], rows, strict=True)
    )
    return Part(Carried(carried), tuple(range(len(rows))), chunk.seen[places])


def _carried(source: Source, row: int) -> tuple[bytes, str] | Picture | Problem:
    try:
        if isinstance(source, FileSource):
            return source.contents(row), source.files[row]
        return source.read(row)
    except PictureError as error:
        return error.problem
