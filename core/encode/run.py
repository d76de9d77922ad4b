"""From a face set to vectors: read and aligned ahead, encoded in batches, kept chunk by chunk.

A chunk's vectors are an entry of the store under the content of its pictures, the encoder and the
alignment: a killed run goes on where it was, and the same faces are not encoded twice. What the
detector saw is an entry of its own, so that every encoder shares it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from core.encode.chunks import Chunk, Chunks, Result
from core.encode.embeddings import Embeddings
from core.encode.encoder import Encoder
from core.encode.parts import each
from core.encode.pool import ahead
from core.encode.pool import workers as worker_pool
from core.encode.prepare import Prepared, Preparer
from core.engine import Engine
from core.errors import EncoderError, FacesError
from core.faces.align import Detector
from core.faces.faceset import FaceSet, Picture, Problem
from core.progress import Progress
from core.store import Store

READ_AHEAD = 64
"""Pictures that may be prepared beyond the one being encoded; each is a crop, not a photograph."""


def encode(
    faces: FaceSet,
    encoder: Encoder,
    *,
    store: Store,
    progress: Progress | None = None,
    batch: int = 64,
    workers: int | None = None,
    rows: Sequence[int] | None = None,
    phase: str = "Encoding",
    engine: Engine | None = None,
) -> Embeddings:
    """Vectors of `faces`, or of its `rows`, in their order; what has no vector is a problem.

    Pictures are read, aligned and, where they need it, looked at by the detector in `workers`
    threads (processes, where the source says that reading is `costly`) while the encoder works on
    `batch` crops at a time; with a remote `engine`, its workers do all of that. The vectors depend
    on none of these. Raises `FacesError` where no picture gives a vector, `EncoderError` where the
    encoder does not fit the set, `Cancelled` on request.
    """
    if encoder.alignment.kind == "generator" and not faces.synthetic:
        raise EncoderError(
            f"the encoder {encoder.name} takes what the project's generator drew, and {faces.name} "
            "holds photographs: choose a recogniser trained on photographs"
        )
    progress = progress or Progress()
    chosen = list(range(len(faces))) if rows is None else [int(row) for row in rows]
    progress.start(phase, len(chosen))
    detector = Detector(getattr(encoder, "device", "cpu"))
    chunks = Chunks(faces, encoder, store, detector)
    preparer = Preparer(faces.source, encoder.alignment, faces.aligned)
    run = _Run(chunks, preparer, progress, max(1, batch))
    gathered = _Gathered(len(chosen))
    if engine is not None and engine.remote:
        for chunk, prepared, vectors in each(chunks, chosen, engine, progress, run.batch):
            gathered.add(chunk, run.take(chunk, prepared, vectors))
        return gathered.embeddings(faces, encoder)
    with worker_pool(preparer, detector, workers) as submit:

        def begin(item: _Item) -> Future[Prepared | Picture] | None:
            chunk, at = item
            if chunk.entry is not None or chunk.crops is not None or at in chunk.unreadable:
                return None
            return submit(chunk.rows[at], chunk.seen[at])

        waiting = ahead(_items(chunks.each(chosen)), begin, READ_AHEAD)
        for chunk, group in groupby(waiting, key=lambda pair: pair[0][0]):
            gathered.add(chunk, run.finish(chunk, (future for _, future in group)))
    return gathered.embeddings(faces, encoder)


_Item = tuple[Chunk, int]
"""A chunk and a position in it."""


def _items(chunks: Iterator[Chunk]) -> Iterator[_Item]:
    """Every picture to be prepared; one item stands for a chunk that the store had."""
    for chunk in chunks:
        for at in range(1 if chunk.entry is not None else len(chunk.rows)):
            yield chunk, at


@dataclass(frozen=True)
class _Run:
    """Finishes chunks: crops to vectors, counted and kept."""

    chunks: Chunks
    preparer: Preparer
    progress: Progress
    batch: int

    def finish(self, chunk: Chunk, futures: Iterator[Future[Prepared | Picture] | None]) -> Result:
        """The result of a chunk, from the store or made now and kept there."""
        if chunk.entry is not None:
            for _ in futures:
                self.progress.advance(len(chunk.rows), "from the store")
            return Result.of(chunk.entry)
        prepared: list[Prepared] = []
        crops: list[np.ndarray] = []
        vectors: list[np.ndarray] = []
        drawn: list[np.ndarray] = []
        told = 0
        for at, future in enumerate(futures):
            self.progress.check()
            one = self._settled(chunk, at, future)
            if one.crop is not None:
                crops.append(one.crop)
                if self.chunks.costly and one.problem is None:
                    drawn.append(one.crop)
            # The crop itself is not kept on: a chunk's crops are as large as a batch, not more.
            prepared.append(Prepared(None, one.problem, one.face, one.seen, one.crop is not None))
            if len(crops) == self.batch:
                vectors.append(self.chunks.encoder.vectors(np.stack(crops)))
                crops = []
                self.progress.advance(at + 1 - told)
                told = at + 1
        if crops:
            vectors.append(self.chunks.encoder.vectors(np.stack(crops)))
        result = self._kept(chunk, prepared, vectors, drawn)
        self.progress.advance(len(chunk.rows) - told)
        return result

    def take(
        self, chunk: Chunk, prepared: Sequence[Prepared], vectors: Sequence[np.ndarray]
    ) -> Result:
        """The result of a chunk, from the store or as workers elsewhere made it and kept here."""
        if chunk.entry is not None:
            self.progress.advance(len(chunk.rows), "from the store")
            return Result.of(chunk.entry)
        drawn = [one.crop for one in prepared if one.crop is not None and one.problem is None]
        result = self._kept(chunk, prepared, vectors, drawn)
        self.progress.advance(len(chunk.rows))
        return result

    def _kept(
        self,
        chunk: Chunk,
        prepared: Sequence[Prepared],
        vectors: Sequence[np.ndarray],
        drawn: Sequence[np.ndarray],
    ) -> Result:
        self.chunks.keep_crops(chunk, drawn)
        result = _result(prepared, vectors)
        self.chunks.keep(chunk, result, prepared)
        return result

    def _settled(
        self, chunk: Chunk, at: int, future: Future[Prepared | Picture] | None
    ) -> Prepared:
        if chunk.crops is not None:
            return Prepared(chunk.crops[at])
        if future is None:
            return Prepared(None, chunk.unreadable[at])
        one = future.result()
        if isinstance(one, Picture):
            one = self.preparer.cut(one, detector=self.chunks.detector)
        if isinstance(one, Picture):
            raise RuntimeError("a picture that a detector has seen is still not cut")
        return one


def _result(prepared: Sequence[Prepared], vectors: Sequence[np.ndarray]) -> Result:
    kept = np.array([at for at, one in enumerate(prepared) if one.encoded], dtype=np.int64)
    x = np.concatenate(vectors) if vectors else np.zeros((0, 0), np.float32)
    problems = tuple(
        (at, one.problem.kind, one.problem.detail)
        for at, one in enumerate(prepared)
        if one.problem is not None
    )
    return Result(np.ascontiguousarray(x, dtype=np.float32), kept, problems)


class _Gathered:
    """The vectors of all chunks in one array, the rows that they belong to, and the problems."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.x: np.ndarray | None = None
        self.rows: list[int] = []
        self.problems: list[tuple[int, str, str]] = []

    def add(self, chunk: Chunk, result: Result) -> None:
        """Append what one chunk gave."""
        self.problems += [(chunk.rows[at], kind, text) for at, kind, text in result.problems]
        if len(result.x) == 0:
            return
        if self.x is None:
            self.x = np.empty((self.n, result.x.shape[1]), np.float32)
        start = len(self.rows)
        self.x[start : start + len(result.x)] = result.x
        self.rows += [chunk.rows[at] for at in result.kept]

    def embeddings(self, faces: FaceSet, encoder: Encoder) -> Embeddings:
        """All of it as `Embeddings`; raises `FacesError` where there is no vector at all."""
        if self.x is None:
            kinds = sorted({kind for _, kind, _ in self.problems})
            raise FacesError(
                f"none of the {self.n} pictures of {faces.name} gave a vector "
                f"({', '.join(kinds) or 'none was asked for'}): look at its list of problems, or "
                "say that the pictures are aligned already"
            )
        ids = faces.table["id"]
        table = faces.table.iloc[self.rows].reset_index(drop=True)
        problems = tuple(Problem(str(ids.iloc[row]), *rest) for row, *rest in self.problems)
        pairs = faces.pairs
        if pairs is not None:
            there = set(table["id"])
            pairs = pairs[pairs["a"].isin(there) & pairs["b"].isin(there)].reset_index(drop=True)
        return Embeddings(
            x=self.x[: len(self.rows)],
            table=table,
            labels=faces.labels,
            encoder=encoder.name,
            encoder_digest=encoder.digest,
            name=faces.name,
            problems=(*faces.problems, *problems),
            pairs=pairs,
            has_subjects=faces.has_subjects,
            synthetic=faces.synthetic,
            origin=dict(faces.origin),
        )
