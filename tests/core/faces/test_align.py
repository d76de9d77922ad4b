"""Alignment: least squares, twins in slow code, facenet-pytorch as the oracle for its own crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import EncoderError
from core.faces.align import (
    ARCFACE_TEMPLATE,
    Alignment,
    Detector,
    Face,
    crop,
    face_from_landmarks,
    margin_crop,
    similarity,
    warp_five_points,
)


def _picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Soft coloured noise, so that half a pixel matters and aliasing does not."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def _by_normal_equations(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The slow twin: x' = a x − b y + c, y' = b x + a y + d, solved for a, b, c, d."""
    rows, values = [], []
    for (x, y), (u, v) in zip(points, target, strict=True):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        values += [u, v]
    a, b, c, d = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    return np.array([[a, -b, c], [b, a, d]])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("mirrored", [False, True])
def test_similarity_is_the_least_squares_one_and_never_reflects(seed: int, mirrored: bool) -> None:
    rng = np.random.default_rng(seed)
    points = ARCFACE_TEMPLATE * rng.uniform(0.3, 4) + rng.normal(0, 8, (5, 2))
    if mirrored:
        points = points * [-1, 1]
    found = similarity(points, ARCFACE_TEMPLATE)
    np.testing.assert_allclose(found, _by_normal_equations(points, ARCFACE_TEMPLATE), atol=1e-9)
    assert np.linalg.det(found[:, :2]) > 0


def test_landmarks_that_coincide_are_an_error_that_names_the_way_out() -> None:
    with pytest.raises(EncoderError, match="five different points"):
        similarity(np.full((5, 2), 7.0), ARCFACE_TEMPLATE)


@pytest.mark.parametrize("angle", [0.0, 0.4, -2.0])
def test_warp_agrees_with_bilinear_sampling_pixel_by_pixel(angle: float) -> None:
    image = _picture(150, 170)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = (ARCFACE_TEMPLATE - 56) @ turn.T * 1.1 + [85, 75]
    warped = warp_five_points(image, landmarks)
    matrix = np.vstack([_by_normal_equations(landmarks, ARCFACE_TEMPLATE), [0, 0, 1]])
    back = np.linalg.inv(matrix)
    for v in range(4, 112, 9):
        for u in range(4, 112, 9):
            x, y, _ = back @ [u, v, 1]
            left, top = int(np.floor(x)), int(np.floor(y))
            if not (0 <= left < 169 and 0 <= top < 149):
                continue
            right, down = x - left, y - top
            here = (
                image[top, left] * (1 - right) * (1 - down)
                + image[top, left + 1] * right * (1 - down)
                + image[top + 1, left] * (1 - right) * down
                + image[top + 1, left + 1] * right * down
            )
            np.testing.assert_allclose(warped[v, u], here, atol=2.0)


def test_a_face_on_the_template_is_left_as_it_is_and_the_rest_is_black() -> None:
    image = _picture(112, 112)
    np.testing.assert_allclose(warp_five_points(image, ARCFACE_TEMPLATE), image, atol=1)
    shifted = warp_five_points(np.full_like(image, 255), np.add(ARCFACE_TEMPLATE, [60, 0]))
    assert (shifted[:, 53:] == 0).all()
    assert (shifted[:, :51] == 255).all()


@pytest.mark.parametrize(
    "box", [(20.2, 30.7, 90.1, 120.9), (-12.0, 5.0, 60.0, 80.0), (100.0, 90.0, 171.0, 152.0)]
)
@pytest.mark.parametrize("margin", [0, 14, 44])
def test_margin_crop_is_that_of_facenet_pytorch(
    box: tuple[float, float, float, float], margin: int
) -> None:
    from facenet_pytorch import extract_face

    image = _picture(150, 170)
    theirs = extract_face(image, np.array(box), image_size=160, margin=margin)
    ours = margin_crop(image, box, 160, margin / (160 - margin))
    np.testing.assert_array_equal(ours, theirs.permute(1, 2, 0).numpy().astype(np.uint8))


def test_square_crop_keeps_the_proportions_and_the_middle() -> None:
    across, down = np.meshgrid(np.arange(200), np.arange(240))
    image = np.dstack([across, down, np.zeros_like(across)]).astype(np.uint8)
    cut = margin_crop(image, (40, 40, 120, 200), 104, margin=0.3, square=True).astype(int)
    # 80 x 160 is made longer to 104 x 208; its central square begins at (28, 68).
    assert cut[0, 0].tolist() == [28, 68, 0]
    assert cut[103, 103].tolist() == [131, 171, 0]


def test_box_of_known_landmarks_moves_and_grows_with_the_face() -> None:
    face = face_from_landmarks(ARCFACE_TEMPLATE)
    moved = face_from_landmarks(ARCFACE_TEMPLATE * 3 + [100, 50])
    expected = np.array(face.box) * 3 + [100, 50, 100, 50]
    np.testing.assert_allclose(moved.box, expected, atol=1e-3)
    assert moved.side == pytest.approx(3 * face.side, abs=1e-3)


def test_without_a_face_the_picture_is_resized_whole() -> None:
    image = _picture(50, 80)
    for kind in ("five-points", "margin", "whole", "generator"):
        whole = crop(image, None, Alignment(kind, 64))  # type: ignore[arg-type]
        assert whole.shape == (64, 64, 3)
        assert abs(float(whole.mean()) - float(image.mean())) < 3


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((10, 300, 3), np.uint8),
        np.zeros((20, 20, 3), np.uint8),
        np.full((130, 90, 3), 255, np.uint8),
        np.random.default_rng(0).integers(0, 256, (97, 61, 3), dtype=np.uint8),
    ],
)
def test_pictures_without_a_face_have_none(image: np.ndarray) -> None:
    assert Detector().find(image) is None


@pytest.fixture(scope="module")
def portraits(shared: Path) -> list[np.ndarray]:
    files = sorted((shared / "faces" / "london").glob("*_03.jpg"))[:8]
    return [np.asarray(Image.open(file).convert("RGB")) for file in files]


def _overlap(a: Face, b: Face) -> float:
    left, top = np.maximum(a.box[:2], b.box[:2])
    right, bottom = np.minimum(a.box[2:], b.box[2:])
    shared = max(0.0, right - left) * max(0.0, bottom - top)
    areas = [(f.box[2] - f.box[0]) * (f.box[3] - f.box[1]) for f in (a, b)]
    return shared / (sum(areas) - shared)


@pytest.mark.shared
def test_known_landmarks_give_the_box_that_the_detector_draws(portraits: list[np.ndarray]) -> None:
    detector = Detector()
    for image in portraits:
        face = detector.find(image)
        assert face is not None
        assert face.count == 1
        assert _overlap(face, face_from_landmarks(face.landmarks)) > 0.8


@pytest.mark.shared
def test_of_two_faces_the_large_central_one_is_chosen(portraits: list[np.ndarray]) -> None:
    from facenet_pytorch import MTCNN

    canvas = np.full((300, 500, 3), 128, np.uint8)
    canvas[20:276, 130:386] = portraits[0]
    canvas[180:276, 10:106] = np.asarray(Image.fromarray(portraits[1]).resize((96, 96)))
    face = Detector().find(canvas)
    assert face is not None
    assert face.count == 2
    assert 130 < face.landmarks[:, 0].mean() < 386
    boxes, chances, points = (theirs := MTCNN(keep_all=True)).detect(canvas, landmarks=True)
    chosen, _, _ = theirs.select_boxes(
        boxes, chances, points, Image.fromarray(canvas), method="center_weighted_size"
    )
    np.testing.assert_allclose(face.box, np.asarray(chosen, float).reshape(4), atol=1e-3)


@pytest.mark.shared
def test_a_large_photograph_is_looked_at_reduced_and_answered_in_its_own_pixels(
    portraits: list[np.ndarray],
) -> None:
    small = Detector().find(portraits[0])
    large = Detector().find(np.asarray(Image.fromarray(portraits[0]).resize((2560, 2560))))
    assert small is not None
    assert large is not None
    np.testing.assert_allclose(large.landmarks, small.landmarks * 10, atol=25)
