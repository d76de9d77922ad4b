"""Mean colours of many boxes of one picture, from its table of sums (Crow 1984, "Summed-area
tables for texture mapping"): four numbers a mean, however large the box.

Cell i of m over a side of s pixels is the mean of pixels ⌊i s / m⌋ to ⌈(i + 1) s / m⌉ − 1, as
adaptive average pooling has it: bit for bit torch's `interpolate(…, mode="area")`.
"""

from __future__ import annotations

import cv2
import numpy as np

Edges = tuple[np.ndarray, np.ndarray]
"""First and past-the-last pixel of each cell along one axis, int64 (n, cells) each."""


class Sums:
    """The table of sums of a picture uint8 (h, w, 3).

    Sums are int32, which 8 million pixels of 255 fit into: what is larger is to be reduced first.
    """

    def __init__(self, image: np.ndarray) -> None:
        self.height, self.width = image.shape[:2]
        # With a fourth colour a corner of all colours is 16 bytes, which numpy gathers as one
        # number: one look-up in place of three.
        four = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2RGBA)
        self._table = cv2.integral(four, sdepth=cv2.CV_32S)

    def whole(self, rows: int, columns: int) -> np.ndarray:
        """The whole picture as float32 (1, 3, rows, columns)."""
        above, below = _edges(np.array([0]), np.array([self.height]), rows)
        before, behind = _edges(np.array([0]), np.array([self.width]), columns)
        bands = self._table[below[0]]
        bands -= self._table[above[0]]
        corners = _corners(bands)
        total = _numbers(corners[:, behind[0]])
        total -= _numbers(corners[:, before[0]])
        return _means(total[None], below - above, behind - before)

    def means(self, boxes: np.ndarray, side: int) -> np.ndarray:
        """Each box int (n, 4) (left, top, right, bottom) as float32 (n, 3, side, side).

        Boxes lie inside the picture and are not empty.
        """
        left, top, right, bottom = np.asarray(boxes, np.int64).T
        above, below = _edges(top, bottom, side)
        before, behind = _edges(left, right, side)
        corners = _corners(self._table).ravel()

        def at(y: np.ndarray, x: np.ndarray) -> np.ndarray:
            return _numbers(corners.take((y * (self.width + 1))[:, :, None] + x[:, None]))

        total = at(below, behind)
        total -= at(below, before)
        total -= at(above, behind)
        total += at(above, before)
        return _means(total, below - above, behind - before)


def _edges(start: np.ndarray, end: np.ndarray, cells: int) -> Edges:
    length, cell = (end - start)[:, None], np.arange(cells)
    first = start[:, None] + cell * length // cells
    last = start[:, None] + -(-(cell + 1) * length // cells)
    return first, last


def _corners(sums: np.ndarray) -> np.ndarray:
    """int32 (…, 4) as one number of 16 bytes each, (…)."""
    corners: np.ndarray = sums.view(np.complex128)[..., 0]
    return corners


def _numbers(corners: np.ndarray) -> np.ndarray:
    """The reverse of `_corners`."""
    return corners[..., None].view(np.int32)


def _means(total: np.ndarray, heights: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Sums int32 (n, r, c, 4) by the sides of their cells (n, r) and (n, c)."""
    means = np.moveaxis(total[..., :3], 3, 1).astype(np.float32, order="C")
    # torch divides by the height and then by the width, and each division rounds.
    means /= heights.astype(np.float32)[:, None, :, None]
    means /= widths.astype(np.float32)[:, None, None, :]
    return means
