"""Turning a frontal face: every point moves by its depth, and the camera follows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.faces.synthetic.canvas import Grid

_AXIS = 0.15  # depth of the neck's axis, in units
_SCALE = 0.347  # drawing sizes per unit
_EYE_LINE = 0.472  # where the eyes lie, as a share of the drawing


@dataclass(frozen=True)
class Pose:
    """Angles in radians (yaw, pitch, roll), scale about 1, shift (2,) in drawing sizes."""

    yaw: float
    pitch: float
    roll: float
    scale: float
    shift: np.ndarray

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Pose:
        """A face that looks near the camera: yaw within 17 degrees, pitch 10, roll 7."""
        yaw, pitch, roll = np.clip(rng.standard_normal(3), -2.2, 2.2) * (0.13, 0.075, 0.055)
        return cls(
            float(yaw), float(pitch), float(roll),
            float(1 + 0.045 * np.clip(rng.standard_normal(), -2, 2)),
            0.014 * np.clip(rng.standard_normal(2), -2, 2),
        )  # fmt: skip

    def _camera(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        turn = np.array([[cos, -sin], [sin, cos]]) * (_SCALE * self.scale * size)
        return turn, (np.array([0.5, _EYE_LINE]) + self.shift) * size - 0.5

    def project(self, points: np.ndarray, depth: np.ndarray, grid: Grid, size: int) -> np.ndarray:
        """Drawing pixels (n, 2) of points (n, 2) in units on a surface `depth` (h, w)."""
        points = np.asarray(points, float).reshape(-1, 2)
        where = grid.pixels(points).astype(np.float32)
        z = cv2.remap(
            depth, where[None, :, 0], where[None, :, 1], cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )[0] - _AXIS  # fmt: skip
        turned = np.stack(
            [
                points[:, 0] * np.cos(self.yaw) + z * np.sin(self.yaw),
                points[:, 1] * np.cos(self.pitch) + z * np.sin(self.pitch),
            ],
            1,
        )
        turn, origin = self._camera(size)
        return (turned @ turn.T + origin).astype(np.float32)

    def maps(self, depth: np.ndarray, grid: Grid, size: int) -> tuple[np.ndarray, np.ndarray]:
        """For each drawing pixel, the canvas pixel it shows: x and y maps (size, size)."""
        turn, origin = self._camera(size)
        back = np.linalg.inv(turn)
        column = np.arange(size, dtype=np.float32)[None] - np.float32(origin[0])
        row = np.arange(size, dtype=np.float32)[:, None] - np.float32(origin[1])
        start = grid.pixels(np.zeros(2))
        ppu = np.float32(grid.ppu)
        goal_x = (column * back[0, 0] + row * back[0, 1]).astype(np.float32) * ppu
        goal_y = (column * back[1, 0] + row * back[1, 1]).astype(np.float32) * ppu
        along = np.float32(np.tan(self.yaw)) * ppu
        down = np.float32(np.tan(self.pitch)) * ppu
        goal_x = goal_x / np.float32(np.cos(self.yaw)) + np.float32(start[0])
        goal_y = goal_y / np.float32(np.cos(self.pitch)) + np.float32(start[1])
        x, y = goal_x, goal_y
        # Depth is known where the face was drawn, not where it lands: a fixed point, which
        # converges because slope times tangent stays under one.
        for _ in range(4):
            z = cv2.remap(depth, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            x, y = goal_x - along * (z - _AXIS), goal_y - down * (z - _AXIS)
        return x, y


def surface(rho: np.ndarray, relief: np.ndarray, ppu: float) -> np.ndarray:
    """The depth (h, w) that poses turn: a dome over the head's outline (`rho` 1), with relief.

    Flatter at its rim than the skull that is lit, so that no edge folds over itself.
    """
    dome = np.maximum(0.82 * (1 - rho * rho), -0.3)
    return cv2.GaussianBlur(dome + 0.85 * relief, (0, 0), 0.05 * ppu)
