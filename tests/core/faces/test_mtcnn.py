"""The cascade against facenet-pytorch's, which it is to agree with to a thousandth of a pixel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from facenet_pytorch import MTCNN
from PIL import Image

from core.faces import mtcnn
from core.faces.mtcnn import Found, Mtcnn
from core.faces.sums import Sums
from core.faces.synthetic import synthetic_faces

SMALLEST = 20
NEAR = 1e-3
"""Pixels that a box or a landmark may be apart."""


@pytest.fixture(scope="module")
def ours() -> Mtcnn:
    return Mtcnn(SMALLEST)


@pytest.fixture(scope="module")
def theirs() -> MTCNN:
    return MTCNN(keep_all=True, min_face_size=SMALLEST)


def drawn(people: int) -> list[np.ndarray]:
    source = synthetic_faces(people=people).source
    return [source.read(6 * person).image for person in range(people)]


def crowd(images: list[np.ndarray]) -> np.ndarray:
    """Several faces of different sizes in one picture, one of them cut off by its edge."""
    canvas = np.full((230, 400, 3), 128, np.uint8)
    for place, side in enumerate((180, 96, 60, 120)):
        small = np.asarray(Image.fromarray(images[place]).resize((side, side)))
        left = (10, 200, 310, 330)[place]
        part = canvas[20 + 30 * (place == 3) :][:side, left : left + side]
        part[:] = small[: part.shape[0], : part.shape[1]]
    return canvas


def agree(found: Found, theirs: MTCNN, image: np.ndarray) -> int:
    boxes, chances, points = theirs.detect(image, landmarks=True)
    if boxes is None:
        assert not len(found.boxes)
        return 0
    np.testing.assert_allclose(found.boxes, boxes.astype(float), atol=NEAR)
    np.testing.assert_allclose(found.chances, chances.astype(float), atol=1e-5)
    np.testing.assert_allclose(found.landmarks, points.astype(float), atol=NEAR)
    return len(boxes)


def test_drawn_faces_are_where_facenet_pytorch_finds_them(ours: Mtcnn, theirs: MTCNN) -> None:
    images = drawn(4)
    images += [crowd(images), crowd(images)[:, ::-1].copy(), np.zeros((90, 60, 3), np.uint8)]
    images.append(np.random.default_rng(0).integers(0, 256, (97, 161, 3), dtype=np.uint8))
    counts = [agree(ours.detect(image), theirs, image) for image in images]
    assert max(counts) > 1
    assert 0 in counts


@pytest.mark.shared
def test_photographs_are_where_facenet_pytorch_finds_them(
    ours: Mtcnn, theirs: MTCNN, shared: Path
) -> None:
    files = sorted((shared / "faces" / "london").glob("*_08.jpg"))[:6]
    files += sorted((shared / "faces" / "lfw_pairs").glob("*.jpg"))[:6]
    images = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    assert all(agree(ours.detect(image), theirs, image) for image in [*images, crowd(images)])


def test_threads_and_pieces_change_nothing(ours: Mtcnn, monkeypatch: pytest.MonkeyPatch) -> None:
    image = crowd(drawn(4))
    alone = ours.detect(image)
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(ours.detect, [image] * 6):
            assert all(np.array_equal(a, b) for a, b in zip(found, alone, strict=True))
    monkeypatch.setattr(mtcnn, "AT_ONCE", 5)
    for a, b in zip(ours.detect(image), alone, strict=True):
        np.testing.assert_allclose(a, b, atol=NEAR)


def test_candidates_outside_of_the_picture_are_left_out(
    ours: Mtcnn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """facenet-pytorch fails where there is one: what it would say of the others is lost."""
    image = crowd(drawn(4))
    alone, proposed = ours.detect(image), ours._proposed

    def more(sums: Sums) -> np.ndarray:
        outside = np.float32([[-90, 5, -50, 45, 0.99], [500, 5, 540, 45, 0.99]])
        return np.concatenate([outside, proposed(sums)])

    monkeypatch.setattr(ours, "_proposed", more)
    for a, b in zip(ours.detect(image), alone, strict=True):
        np.testing.assert_allclose(a, b, atol=NEAR)
    monkeypatch.setattr(ours, "_proposed", lambda sums: more(sums)[:2])
    assert not len(ours.detect(image).boxes)


def test_a_box_is_cut_at_the_edges_and_counted_from_one() -> None:
    boxes = [[-90, 5, -50, 45], [500, 5, 540, 45], [-10, -10.6, 20.9, 20], [10, 10, 80, 80]]
    given = np.column_stack([np.float32(boxes), np.float32([0.9, 0.8, 0.7, 0.6])])
    kept, places = mtcnn._inside(Sums(np.zeros((40, 60, 3), np.uint8)), given)
    np.testing.assert_array_equal(kept, given[2:])
    np.testing.assert_array_equal(places, [[0, 0, 20, 20], [9, 9, 60, 40]])
