"""A small canvas in face units: smooth curves, soft fills, soft blobs.

Lengths are in units of 100 mm with the origin midway between the eyes, x to the image's right
and y down. Colours are display values from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

LEFT, TOP, WIDTH, HEIGHT = -1.6, -1.5, 3.2, 3.2
_SHIFT = 4  # cv2 draws at a sixteenth of a pixel


@dataclass(frozen=True, eq=False)
class Grid:
    """The canvas's pixels: x (1, w) and y (h, 1) are the units at their centres."""

    ppu: float
    x: np.ndarray
    y: np.ndarray
    radius: np.ndarray
    angle: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y.shape[0], self.x.shape[1]

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Canvas pixels of points in units; (..., 2) in and out."""
        return (np.asarray(points) - (LEFT, TOP)) * self.ppu - 0.5


HEAD_CENTRE = (0.0, 0.08)
ANGLES = 720


@lru_cache(maxsize=8)
def grid(size: int) -> Grid:
    """The canvas behind a drawing of `size` pixels; slightly finer than the drawing."""
    ppu = 0.375 * size
    columns, rows = round(WIDTH * ppu), round(HEIGHT * ppu)
    x = (LEFT + (np.arange(columns, dtype=np.float32) + 0.5) / ppu)[None]
    y = (TOP + (np.arange(rows, dtype=np.float32) + 0.5) / ppu)[:, None]
    dx, dy = x - HEAD_CENTRE[0], y - HEAD_CENTRE[1]
    turn = np.arctan2(dy, dx) / (2 * np.pi) * ANGLES
    return Grid(
        ppu,
        x.astype(np.float32),
        y.astype(np.float32),
        np.hypot(dx, dy).astype(np.float32),
        np.floor(turn).astype(np.intp) % ANGLES,
    )


@lru_cache(maxsize=64)
def _weights(knots: int, samples: int, closed: bool) -> np.ndarray:
    """Catmull-Rom weights (samples, knots); the curve passes through every knot."""
    spans = knots if closed else knots - 1
    weights = np.zeros((samples, knots))
    for row, t in enumerate(np.linspace(0, spans, samples, endpoint=not closed)):
        span = min(int(t), spans - 1)
        u = t - span
        basis = (
            0.5 * (-u + 2 * u**2 - u**3),
            0.5 * (2 - 5 * u**2 + 3 * u**3),
            0.5 * (u + 4 * u**2 - 3 * u**3),
            0.5 * (-(u**2) + u**3),
        )
        for step, value in enumerate(basis):
            knot = span + step - 1
            weights[row, knot % knots if closed else min(max(knot, 0), knots - 1)] += value
    return weights


def curve(knots: np.ndarray, samples: int = 24, *, closed: bool = False) -> np.ndarray:
    """A smooth curve through `knots` (k, 2), as (samples, 2)."""
    return _weights(len(knots), samples, closed) @ np.asarray(knots, float)


def moved(points: np.ndarray, x: float, y: float) -> np.ndarray:
    """Points (..., 2) shifted by x and y units."""
    return points + np.array((x, y))


def ribbon(line: np.ndarray, widths: np.ndarray | float) -> np.ndarray:
    """The polygon around a line (n, 2) of the given full widths (n,)."""
    along = np.empty_like(line)
    along[1:-1] = line[2:] - line[:-2]
    along[0], along[-1] = line[1] - line[0], line[-1] - line[-2]
    share = np.asarray(widths) / (2 * np.sqrt((along * along).sum(1)) + 1e-9)
    across = along[:, ::-1] * (-1.0, 1.0) * share[:, None]
    return np.concatenate([line + across, (line - across)[::-1]])


def taper(samples: int, start: float, middle: float, end: float) -> np.ndarray:
    """Widths along a stroke, thickest where a brush presses."""
    rising, both, falling = _bernstein(samples)
    return start * falling + middle * both + end * rising


@lru_cache(maxsize=32)
def _bernstein(samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    t = np.linspace(0, 1, samples)
    return t**2, 2 * t * (1 - t), (1 - t) ** 2


@dataclass(frozen=True, eq=False)
class Canvas:
    """An image under the brush, changed in place.

    `rgb` float32 (3, h, w): planes first, which numpy adds several times faster. `cover` float32
    (h, w): what of the background the picture hides.
    """

    grid: Grid
    rgb: np.ndarray
    cover: np.ndarray

    @classmethod
    def empty(cls, area: Grid) -> Canvas:
        """A black canvas that covers nothing."""
        return cls(area, np.zeros((3, *area.shape), np.float32), np.zeros(area.shape, np.float32))

    def fill(
        self,
        shape: np.ndarray | list[np.ndarray],
        colour: tuple[float, float, float] | np.ndarray,
        alpha: float = 1.0,
        *,
        soft: float = 0.0,
        multiply: bool = False,
        solid: bool = False,
    ) -> None:
        """Paint a polygon (n, 2), or several at once, the edge blurred by `soft` units.

        `multiply` darkens or tints instead of covering; `solid` hides the background too.
        """
        pieces = shape if isinstance(shape, list) else [shape]
        points = self.grid.pixels(np.concatenate(pieces) if len(pieces) > 1 else pieces[0])
        corners = np.rint(points * (1 << _SHIFT)).astype(np.int32)
        blur = soft * self.grid.ppu
        left, top, wide, tall = cv2.boundingRect(corners)
        room = int(2.5 * blur) + 2
        left, top = (left >> _SHIFT) - room, (top >> _SHIFT) - room
        room = 2 * room + 2
        window = self._window(
            (left, top), (left + (wide >> _SHIFT) + room, top + (tall >> _SHIFT) + room)
        )
        if window is None:
            return
        rows, columns = window
        mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        corners -= np.array([columns.start << _SHIFT, rows.start << _SHIFT], np.int32)
        start = 0
        for piece in pieces:  # one by one: drawn together, overlaps would cancel out
            end = start + len(piece)
            cv2.fillPoly(mask, [corners[start:end]], 255, cv2.LINE_AA, _SHIFT)
            start = end
        if blur > 0.3:
            mask = cv2.GaussianBlur(mask, (0, 0), blur)
        if solid:
            cover = self.cover[window]
            np.maximum(cover, mask * np.float32(1 / 255), out=cover)
        self._blend(window, mask * np.float32(alpha / 255), colour, multiply)

    def stroke(
        self,
        line: np.ndarray,
        widths: np.ndarray | float,
        colour: tuple[float, float, float] | np.ndarray,
        alpha: float = 1.0,
        *,
        soft: float = 0.0,
        multiply: bool = False,
    ) -> None:
        """Paint a line of varying width."""
        self.fill(ribbon(line, widths), colour, alpha, soft=soft, multiply=multiply)

    def blob(
        self,
        centre: tuple[float, float] | np.ndarray,
        spread: tuple[float, float],
        colour: tuple[float, float, float] | np.ndarray,
        alpha: float,
        *,
        multiply: bool = False,
    ) -> None:
        """Paint a Gaussian patch with standard deviations `spread`."""
        points = self.grid.pixels(np.array(centre))
        reach = 2.7 * np.array(spread) * self.grid.ppu
        window = self._window(points - reach, points + reach + 1)
        if window is None:
            return
        rows, columns = window
        across = np.exp(-0.5 * ((self.grid.x[0, columns] - centre[0]) / spread[0]) ** 2)
        down = np.exp(-0.5 * ((self.grid.y[rows, 0] - centre[1]) / spread[1]) ** 2)
        # Brought to zero at the window's edge, so that no frame shows.
        mask = np.maximum(np.outer(down, across) - 0.03, 0) * (alpha / 0.97)
        self._blend(window, mask.astype(np.float32), colour, multiply)

    def _window(
        self, low: tuple[float, float] | np.ndarray, high: tuple[float, float] | np.ndarray
    ) -> tuple[slice, slice] | None:
        height, width = self.grid.shape
        left, top = max(int(low[0]), 0), max(int(low[1]), 0)
        right, bottom = min(int(high[0]) + 1, width), min(int(high[1]) + 1, height)
        if left >= right or top >= bottom:
            return None
        return slice(top, bottom), slice(left, right)

    def _blend(
        self,
        window: tuple[slice, slice],
        mask: np.ndarray,
        colour: tuple[float, float, float] | np.ndarray,
        multiply: bool,
    ) -> None:
        area = self.rgb[:, window[0], window[1]]
        paint = np.array(colour, np.float32)[:, None, None]
        if multiply:
            area *= 1 - mask * (1 - paint)
        else:
            area += mask * (paint - area)

    def lay(self, mask: np.ndarray, paint: np.ndarray, *, solid: bool = False) -> None:
        """Blend a whole picture (3, h, w) over this one where `mask` (h, w) says so.

        Uses `paint` up: it is changed in place.
        """
        paint -= self.rgb
        paint *= mask
        np.add(self.rgb, paint, out=self.rgb)
        if solid:
            np.maximum(self.cover, mask, out=self.cover)
