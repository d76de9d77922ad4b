"""Tables of sums against torch's own pooling, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from core.faces.sums import Sums


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def pooled(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    maps = torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)[None]
    return interpolate(maps, (rows, columns), mode="area").numpy()


@pytest.mark.parametrize("side", [2, 24, 48])
def test_means_of_boxes_are_torchs(side: int) -> None:
    """Larger and smaller than the grid, square or not, up to the whole picture."""
    image, random = picture(97, 131), np.random.default_rng(side)
    corners = random.integers(0, [130, 96], (200, 2))
    sides = 1 + random.integers(0, [131, 97] - corners)
    boxes = np.vstack([np.hstack([corners, corners + sides]), [[0, 0, 131, 97]]])
    means = Sums(image).means(boxes, side)
    assert means.dtype == np.float32
    for (left, top, right, bottom), found in zip(boxes, means, strict=True):
        expected = pooled(image[top:bottom, left:right], side, side)[0]
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("rows", "columns"), [(59, 80), (7, 161), (97, 131), (2, 1)])
def test_a_whole_picture_is_made_smaller_as_torch_does(rows: int, columns: int) -> None:
    image = picture(97, 131)
    found = Sums(image).whole(rows, columns)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, pooled(image, rows, columns))


def test_the_largest_white_picture_does_not_overflow() -> None:
    sums = Sums(np.full((2560, 2560, 3), 255, np.uint8))
    np.testing.assert_array_equal(sums.whole(12, 13), 255)
    np.testing.assert_array_equal(sums.means(np.array([[0, 0, 2560, 2560]]), 24), 255)


def test_no_boxes_have_no_means() -> None:
    assert Sums(picture(20, 30)).means(np.zeros((0, 4), int), 24).shape == (0, 3, 24, 24)
