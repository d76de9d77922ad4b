"""From faces to vectors: order, resuming, memory, and independence of batches and workers."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import core.encode.run as run
from core.encode.chunks import CHUNK
from core.encode.registry import make_encoder
from core.encode.run import encode
from core.errors import Cancelled, EncoderError, FacesError
from core.faces.align import ARCFACE_TEMPLATE, SMALLEST_FACE, Alignment, Detector, Face
from core.faces.faceset import FaceSet, Picture, PictureError, Problem
from core.progress import Progress, Status
from core.store import Store

SIDE = 32


@dataclass
class Drawn:
    """Pictures of noise by seed; those in `broken` cannot be used."""

    seeds: Sequence[int]
    side: int = SIDE
    landmarks: bool = False
    broken: dict[int, str] = field(default_factory=dict)
    folder: str = "here"

    def read(self, index: int) -> Picture:
        if index in self.broken:
            raise PictureError(Problem(f"{self.folder}/{index}", self.broken[index], "as planned"))
        rng = np.random.default_rng(self.seeds[index])
        image = rng.integers(0, 256, (self.side, self.side, 3), dtype=np.uint8)
        return Picture(image, np.float32(ARCFACE_TEMPLATE) if self.landmarks else None)

    def digest(self, index: int) -> str:
        return hashlib.sha256(f"{self.seeds[index]} {index in self.broken}".encode()).hexdigest()


@dataclass
class Counting:
    """Vectors are mean colours by quarter; counts the crops that it was given; may fail."""

    kind: Any = "whole"
    fail_after: int | None = None
    given: int = 0
    name: str = "counting"
    digest: str = "0" * 64
    licence: str = "None."
    dimensions: int = 12
    size: int = SIDE

    @property
    def alignment(self) -> Alignment:
        return Alignment(self.kind, self.size)

    def vectors(self, crops: np.ndarray) -> np.ndarray:
        if self.fail_after is not None and self.given + len(crops) > self.fail_after:
            raise KeyboardInterrupt
        self.given += len(crops)
        halves = crops.reshape(len(crops), 2, SIDE // 2, 2, SIDE // 2, 3).astype(np.float32)
        return halves.mean(axis=(2, 4)).reshape(len(crops), 12)


def _faces(source: Any, n: int, **more: Any) -> FaceSet:
    table = pd.DataFrame({"id": [f"face {i}" for i in range(n)], "subject_id": "unknown"})
    return FaceSet("drawn", table, source, (), **more)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_vectors_come_in_the_order_of_the_rows(store: Store) -> None:
    faces = _faces(Drawn(range(300)), 300)
    rows = [7, 290, 3, 3, 150]
    found = encode(faces, Counting(), store=store, rows=rows)
    assert found.table["id"].tolist() == [f"face {row}" for row in rows]
    slow = np.stack([Counting().vectors(faces.source.read(row).image[None])[0] for row in rows])
    np.testing.assert_array_equal(found.x, slow)


@pytest.mark.parametrize(("batch", "workers"), [(1, 1), (7, 3), (64, 2), (1000, 4)])
def test_neither_batch_nor_workers_change_a_bit(tmp_path: Path, batch: int, workers: int) -> None:
    source = Drawn(range(150), side=120, landmarks=True)
    faces = _faces(source, 150)
    pixels = make_encoder("pixels", synthetic=False)
    first = encode(faces, pixels, store=Store(tmp_path / "a"), batch=16, workers=1)
    other = encode(faces, pixels, store=Store(tmp_path / "b"), batch=batch, workers=workers)
    np.testing.assert_array_equal(first.x, other.x)
    assert first.digest == other.digest


def test_a_killed_run_goes_on_and_ends_the_same(tmp_path: Path, store: Store) -> None:
    faces = _faces(Drawn(range(3 * CHUNK)), 3 * CHUNK)
    undisturbed = encode(faces, Counting(), store=Store(tmp_path / "other"))
    killed = Counting(fail_after=2 * CHUNK + 10)
    with pytest.raises(KeyboardInterrupt):
        encode(faces, killed, store=store, batch=10)
    again = Counting()
    resumed = encode(faces, again, store=store)
    assert again.given == CHUNK
    assert resumed.digest == undisturbed.digest


def test_the_same_faces_are_not_encoded_twice_wherever_they_lie(store: Store) -> None:
    faces = _faces(Drawn(range(200), broken={5: "not an image"}), 200)
    first = encode(faces, Counting(), store=store)
    moved = _faces(replace(faces.source, folder="elsewhere"), 200)
    again = Counting()
    second = encode(moved, again, store=store)
    assert again.given == 0
    assert (second.digest, second.problems) == (first.digest, first.problems)
    other = Counting(digest="1" * 64)
    encode(faces, other, store=store)
    assert other.given == 199


def test_rows_in_whole_chunks_are_shared_with_the_whole_set(store: Store) -> None:
    faces = _faces(Drawn(range(2 * CHUNK + 5)), 2 * CHUNK + 5)
    encode(faces, Counting(), store=store, rows=range(CHUNK))
    rest = Counting()
    encode(faces, rest, store=store)
    assert rest.given == CHUNK + 5


def test_cancelling_stops_and_keeps_what_was_finished(store: Store) -> None:
    faces = _faces(Drawn(range(4 * CHUNK)), 4 * CHUNK)
    told: list[Status] = []
    progress = Progress(told.append, lambda: bool(told) and told[-1].done >= 2 * CHUNK)
    with pytest.raises(Cancelled):
        encode(faces, Counting(), store=store, progress=progress)
    again = Counting()
    encode(faces, again, store=store)
    assert 0 < again.given <= 2 * CHUNK
    assert not [t for t in threading.enumerate() if t.name.startswith("prepare")]


def test_progress_counts_faces_to_the_end(store: Store) -> None:
    told: list[Status] = []
    faces = _faces(Drawn(range(300), broken={4: "not an image"}), 300)
    for _ in range(2):
        told.clear()
        encode(faces, Counting(), store=store, progress=Progress(told.append), batch=50)
        assert {status.phase for status in told} == {"Encoding"}
        assert (told[-1].done, told[-1].total) == (300, 300)
        done = [status.done for status in told]
        assert done == sorted(done)


def test_pictures_without_a_vector_are_listed_and_the_others_kept(store: Store) -> None:
    broken = {0: "not an image", 199: "too large"}
    faces = _faces(
        Drawn(range(200), broken=broken), 200, problems=(Problem("x", "duplicated", ""),)
    )
    found = encode(faces, Counting(), store=store)
    assert len(found) == 198
    assert [(p.file, p.kind) for p in found.problems] == [
        ("x", "duplicated"),
        ("face 0", "not an image"),
        ("face 199", "too large"),
    ]


def test_pairs_without_both_vectors_go(store: Store) -> None:
    pairs = pd.DataFrame({"a": ["face 0", "face 1"], "b": ["face 1", "face 2"], "same": True})
    faces = _faces(Drawn(range(3), broken={0: "not an image"}), 3, pairs=pairs.assign(fold=0))
    found = encode(faces, Counting(), store=store)
    assert found.pairs is not None
    assert found.pairs[["a", "b"]].to_numpy().tolist() == [["face 1", "face 2"]]


def test_no_vector_at_all_is_an_error_with_a_way_out(store: Store) -> None:
    faces = _faces(Drawn(range(3), broken=dict.fromkeys(range(3), "not an image")), 3)
    with pytest.raises(FacesError, match=r"none of the 3 pictures.*not an image"):
        encode(faces, Counting(), store=store)


def test_a_missing_file_is_looked_for_again(store: Store) -> None:
    source = Drawn(range(5), broken={2: "missing file"})
    # Its digest is known although it cannot be read: somebody moves files while a run goes on.
    source.digest = lambda index: f"{index}"  # type: ignore[method-assign]
    assert len(encode(_faces(source, 5), Counting(), store=store)) == 4
    source.broken = {}
    assert len(encode(_faces(source, 5), Counting(), store=store)) == 5


def test_a_picture_that_is_too_small_is_left_out(store: Store) -> None:
    faces = _faces(Drawn(range(3), side=SMALLEST_FACE - 1), 3)
    with pytest.raises(FacesError, match="too small"):
        encode(faces, Counting(), store=store)
    large_enough = _faces(Drawn(range(3, 6), side=SMALLEST_FACE), 3)
    assert len(encode(large_enough, Counting(), store=store)) == 3


def test_generator_crops_are_for_drawn_faces_only(store: Store) -> None:
    with pytest.raises(EncoderError, match="photographs"):
        encode(_faces(Drawn(range(3)), 3), Counting("generator"), store=store)
    drawn = _faces(Drawn(range(3)), 3, synthetic=True)
    assert len(encode(drawn, Counting("generator"), store=store)) == 3


def _found(count: int, side: float = 30.0) -> Face:
    return Face((0.0, 0.0, side, side), np.float32(ARCFACE_TEMPLATE), 0.9, count)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A detector that finds in each picture what its first grey value says, and counts."""
    calls: list[int] = []

    def find(self: Detector, image: np.ndarray) -> Face | None:
        calls.append(int(image[0, 0, 0]))
        answers = {0: None, 1: _found(1, SMALLEST_FACE - 1), 2: _found(3)}
        return answers.get(calls[-1] % 4, _found(1))

    monkeypatch.setattr(Detector, "find", find)
    return calls


@pytest.mark.parametrize("kind", ["five-points", "margin"])
def test_what_the_detector_says_becomes_a_problem_or_a_crop(
    store: Store, asked: list[int], kind: str
) -> None:
    faces = _faces(Drawn(range(40)), 40)
    found = encode(faces, Counting(kind), store=store)
    firsts = [int(faces.source.read(i).image[0, 0, 0]) % 4 for i in range(40)]
    listed = {p.file: p.kind for p in found.problems}
    words = {0: "no face", 1: "too small", 2: "several faces", 3: None}
    assert [listed.get(f"face {i}") for i in range(40)] == [words[first] for first in firsts]
    assert found.table["id"].tolist() == [f"face {i}" for i in range(40) if firsts[i] > 1]


def test_a_second_encoder_does_not_ask_the_detector_again(store: Store, asked: list[int]) -> None:
    faces = _faces(Drawn(range(200)), 200)
    first = encode(faces, Counting("five-points"), store=store)
    assert len(asked) == 200
    second = encode(faces, Counting("margin", digest="1" * 64), store=store)
    assert len(asked) == 200
    assert second.problems == first.problems
    fresh = encode(faces, Counting("five-points", digest="2" * 64), store=store)
    np.testing.assert_array_equal(fresh.x, first.x)


def test_known_landmarks_and_aligned_pictures_are_not_looked_at(
    store: Store, asked: list[int]
) -> None:
    known = _faces(Drawn(range(9), side=120, landmarks=True), 9)
    for kind in ("five-points", "margin"):
        assert len(encode(known, Counting(kind), store=store)) == 9
    aligned = encode(_faces(Drawn(range(9)), 9, aligned=True), Counting("five-points"), store=store)
    whole = encode(_faces(Drawn(range(9)), 9), Counting("whole"), store=store)
    np.testing.assert_array_equal(aligned.x, whole.x)
    assert asked == []


def test_reading_ahead_is_bounded(store: Store) -> None:
    lock, read, most = threading.Lock(), [0], [0]

    @dataclass
    class Watched(Drawn):
        def read(self, index: int) -> Picture:
            with lock:
                read[0] += 1
            return super().read(index)

    class Slow(Counting):
        def vectors(self, crops: np.ndarray) -> np.ndarray:
            most[0] = max(most[0], read[0] - self.given)
            return super().vectors(crops)

    n = 5 * CHUNK
    encode(_faces(Watched(range(n)), n), Slow(), store=store, batch=8, workers=3)
    assert most[0] <= run.READ_AHEAD + 8 + 1


@dataclass
class Costly(Drawn):
    """Says by its picture whether it was read in another process, and whether torch is there."""

    costly: bool = True
    here: int = 0

    def read(self, index: int) -> Picture:
        import os

        image = np.full((SIDE, SIDE, 3), 100, np.uint8)
        image[:, : SIDE // 2] = [0 if os.getpid() == self.here else 255, 0, 0]
        image[:, SIDE // 2 :] = [255 if "torch" in sys.modules else 0, index, 0]
        return super().read(index) if index == 3 else Picture(image)


def test_costly_sources_are_read_in_processes_without_torch(store: Store) -> None:
    import os

    source = Costly(range(20), broken={3: "not an image"}, here=os.getpid())
    found = encode(_faces(source, 20), Counting(), store=store, workers=2)
    elsewhere, torch, index = found.x[:, 0], found.x[:, 3], found.x[:, 4]
    assert (elsewhere == 255).all()
    assert (torch == 0).all()
    assert index.tolist() == [i for i in range(20) if i != 3]
    assert [p.kind for p in found.problems] == ["not an image"]


def test_costly_pictures_are_drawn_once_for_all_encoders(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = encode(_faces(Costly(range(3)), 3), Counting(), store=store, workers=1)
    monkeypatch.setattr(
        "core.encode.run.worker_pool", lambda *_: nullcontext(lambda *_: pytest.fail("drawn again"))
    )
    second = encode(_faces(Costly(range(3)), 3), Counting(digest="1" * 64), store=store)
    np.testing.assert_array_equal(second.x, first.x)


def test_costly_pictures_that_need_a_detector_get_one(store: Store, asked: list[int]) -> None:
    faces = _faces(Costly(range(3)), 3)
    encode(faces, Counting("five-points"), store=store, workers=1)
    assert asked == [255] * 3


# Real faces, a real recogniser.


@dataclass
class Files:
    """Photographs as they lie in a folder."""

    paths: list[Path]

    def read(self, index: int) -> Picture:
        return Picture(np.asarray(Image.open(self.paths[index]).convert("RGB")))

    def digest(self, index: int) -> str:
        return hashlib.sha256(self.paths[index].read_bytes()).hexdigest()


def _photographs(folder: Path, files: Sequence[str], subjects: Sequence[str]) -> FaceSet:
    table = pd.DataFrame({"id": list(files), "subject_id": list(subjects)})
    return FaceSet(folder.name, table, Files([folder / file for file in files]), ())


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.shared
@pytest.mark.slow
def test_london_is_recognised_as_its_readme_says(shared: Path, store: Store) -> None:
    folder = shared / "faces" / "london"
    listed = pd.read_csv(folder / "metadata.csv", dtype=str)
    faces = _photographs(folder, listed["file_name"], listed["subject_id"])
    weights = shared / "encoders" / "mobilefacenet.onnx"
    found = encode(faces, make_encoder("onnx", weights=weights, synthetic=False), store=store)
    assert (len(found), found.x.shape[1], found.problems) == (204, 128, ())
    scores = _unit(found.x) @ _unit(found.x).T
    same = found.subjects[:, None] == found.subjects[None, :]
    genuine, impostor = scores[same & ~np.eye(204, dtype=bool)], scores[~same]
    assert genuine.mean() == pytest.approx(0.915, abs=0.003)
    assert impostor.mean() == pytest.approx(0.036, abs=0.003)
    assert (genuine > 0.331).all()
    assert (impostor > 0.331).mean() == pytest.approx(0.0034, abs=0.001)


@pytest.mark.shared
@pytest.mark.slow
def test_lfw_pairs_are_told_apart_as_the_encoders_readme_says(shared: Path, store: Store) -> None:
    folder = shared / "faces" / "lfw_pairs"
    lines = [line.split() for line in (folder / "pairsDevTest.txt").read_text().splitlines()[1:]]
    lines = lines[:75] + lines[500:575]
    pairs = [
        (f"{p[0]}_{int(p[1]):04d}.jpg", f"{p[-2] if len(p) == 4 else p[0]}_{int(p[-1]):04d}.jpg")
        for p in lines
    ]
    files = sorted({file for pair in pairs for file in pair})
    faces = _photographs(folder, files, [file[:-9] for file in files])
    weights = shared / "encoders" / "mobilefacenet.onnx"
    found = encode(faces, make_encoder("onnx", weights=weights, synthetic=False), store=store)
    assert len(found) == len(files)
    at = {file: row for row, file in enumerate(found.table["id"])}
    x = _unit(found.x)
    scores = np.array([x[at[a]] @ x[at[b]] for a, b in pairs])
    same = np.array([len(p) == 3 for p in lines])
    # .985 of 1,000 pairs there: 8 errors in 150 would have a chance of 3 in 1,000.
    assert ((scores > 0.331) == same).mean() >= 0.95
    assert scores[same].mean() == pytest.approx(0.657, abs=0.05)
    assert scores[~same].mean() == pytest.approx(0.014, abs=0.04)
