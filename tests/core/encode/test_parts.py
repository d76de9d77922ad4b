"""Encoding elsewhere: part by part, and bit for bit what is encoded here."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.encode.chunks import CHUNK
from core.encode.encoder import Encoder
from core.encode.parts import PART, Part
from core.encode.registry import make_encoder
from core.encode.run import encode
from core.engine_task import opened, packed
from core.errors import Cancelled
from core.faces.align import Detector
from core.faces.faceset import FaceSet
from core.faces.picture import FileSource
from core.faces.synthetic.source import synthetic_faces
from core.progress import Progress
from core.store import Store

SIDE = 40


@dataclass
class Far:
    """A cluster of one: what it is given comes through a pickle, as from another computer."""

    remote: bool = True
    workers: int = 1
    parts: list[Part] = field(default_factory=list)

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Answer in order, a few items ahead."""
        whole = packed(function)
        work = opened([whole.body, *whole.buffers])
        for item in list(items):
            self.parts.append(item)
            yield pickle.loads(pickle.dumps(work(pickle.loads(pickle.dumps(item)))))

    def close(self) -> None:
        """Nothing to end."""


def photographs(folder: Path, n: int) -> FaceSet:
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    for i in range(n):
        Image.fromarray(random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(
            folder / f"{i}.png"
        )
    (folder / "3.png").write_bytes(b"<html>not found</html>")
    files = tuple(f"{i}.png" for i in range(n))
    names = [str(i) for i in range(n)]
    table = pd.DataFrame({"id": names, "subject_id": names})
    return FaceSet("photographs", table, FileSource(str(folder), files), (), aligned=True)


def entries(store: Store) -> dict[str, Any]:
    """What the store holds; the order of a file's header is its library's own affair."""
    found: dict[str, Any] = {}
    for path in store.root.rglob("*.safetensors"):
        entry = store.load(path.stem)
        assert entry is not None
        arrays = {name: (one.dtype, one.tobytes()) for name, one in entry.arrays.items()}
        found[path.stem] = (arrays, entry.meta)
    return found


def pixels(*, synthetic: bool) -> Encoder:
    return make_encoder("pixels", synthetic=synthetic)


def both(faces: FaceSet, encoder: Encoder, folder: Path, **more: Any) -> tuple[Far, Store, Store]:
    """Encode here and elsewhere, and hold the one against the other."""
    far, near, there = Far(), Store(folder / "near"), Store(folder / "there")
    here = encode(faces, encoder, store=near, batch=5, workers=1, **more)
    found = encode(faces, encoder, store=there, batch=5, engine=far, **more)
    assert np.array_equal(here.x, found.x)
    assert here.problems == found.problems
    pd.testing.assert_frame_equal(here.table, found.table)
    assert entries(near) == entries(there)
    return far, near, there


def test_files_travel_as_their_bytes(tmp_path: Path) -> None:
    faces = photographs(tmp_path / "faces", CHUNK + 5)
    rows = [*range(0, CHUNK, 3), *range(CHUNK, CHUNK + 5)]
    far, _, there = both(faces, pixels(synthetic=False), tmp_path, rows=rows)
    assert [len(part.rows) for part in far.parts] == [PART, len(rows) - 5 - PART, 5]
    read = far.parts[0].source
    assert read is not None
    first = (tmp_path / "faces" / "0.png").read_bytes()
    assert read.pictures[0] == (first, "0.png")  # type: ignore[attr-defined]
    again = Far()
    encode(faces, pixels(synthetic=False), store=there, rows=rows, engine=again)
    assert not again.parts, "what the store has is not sent"


def test_what_the_store_has_of_a_set_is_not_sent_again(tmp_path: Path) -> None:
    """Chunks that are there stand between chunks that are not, and the order stays."""
    faces, rows = photographs(tmp_path / "faces", 3 * CHUNK), range(0, 3 * CHUNK, 16)
    encoder, store, far = pixels(synthetic=False), Store(tmp_path / "store"), Far()
    encode(faces, encoder, store=store, rows=[row for row in rows if row // CHUNK == 1])
    found = encode(faces, encoder, store=store, rows=rows, engine=far)
    assert len(far.parts) == 2
    here = encode(faces, encoder, store=Store(tmp_path / "other"), rows=rows)
    assert np.array_equal(found.x, here.x)


def test_drawn_faces_are_drawn_where_they_are_encoded(tmp_path: Path) -> None:
    faces = synthetic_faces(people=2)
    far, near, _ = both(faces, pixels(synthetic=True), tmp_path)
    assert all(part.source is None and part.crops is None for part in far.parts)
    # The crops that one encoder left are all that the next one needs.
    vectors = [name for name, (arrays, _) in entries(near).items() if "x" in arrays]
    assert vectors
    for name in vectors:
        near.path(name).unlink()
    again = Far()
    found = encode(faces, pixels(synthetic=True), store=near, engine=again)
    assert all(part.crops is not None for part in again.parts)
    assert set(vectors) <= set(entries(near))
    assert len(found) == len(faces)


def test_a_photograph_is_looked_at_where_it_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def find(self: Detector, image: np.ndarray) -> None:
        asked.append(image.shape)

    monkeypatch.setattr(Detector, "find", find)
    monkeypatch.setattr(Detector, "load", lambda self: None)
    whole = photographs(tmp_path / "faces", 6)
    faces = FaceSet("photographs", whole.table, whole.source, ())
    encoder = make_encoder("synthetic", device="cpu", synthetic=True)
    with pytest.raises(Exception, match="none of the 6 pictures"):
        encode(faces, encoder, store=Store(tmp_path / "store"), engine=Far())
    assert len(asked) == 5, "all but the page that was saved as a picture"
    with pytest.raises(Exception, match="none of the 6 pictures"):
        encode(faces, encoder, store=Store(tmp_path / "store"), engine=Far())
    assert len(asked) == 5, "what the detector saw is kept"


def test_cancelling_stops_and_keeps_what_was_finished(tmp_path: Path) -> None:
    faces, store = photographs(tmp_path / "faces", 3 * CHUNK), Store(tmp_path / "store")
    progress, rows = Progress(cancelled=lambda: bool(entries(store))), range(0, 3 * CHUNK, 16)
    encoder = pixels(synthetic=False)
    with pytest.raises(Cancelled):
        encode(faces, encoder, store=store, progress=progress, rows=rows, engine=Far())
    assert len(entries(store)) == 1


def test_the_bundled_encoder_travels_whole() -> None:
    encoder = make_encoder("synthetic", device="cpu", synthetic=True)
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    arrived = pickle.loads(pickle.dumps(encoder))
    assert arrived.digest == encoder.digest
    assert np.array_equal(arrived.vectors(crops), encoder.vectors(crops))
