"""The face as a height field, lit by one lamp and the room.

Lambert's cosine law with a wrapped terminator (skin scatters light) and a Blinn highlight.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.faces.synthetic.anatomy import SIDES, Face
from core.faces.synthetic.canvas import Grid

DEPTH = 0.95


@dataclass(frozen=True)
class Light:
    """`direction` (3,) points to the lamp: x right, y down, z to the camera."""

    direction: np.ndarray
    ambient: float
    strength: float
    colour: np.ndarray


def heights(face: Face, grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Skull and relief (h, w) in units, and the radius relative to the outline (h, w)."""
    rho = grid.radius / face.radius[grid.angle]
    inside = np.minimum(rho, 0.995)
    skull = DEPTH * cv2.pow(1 - cv2.pow(inside, 2.3), 0.55) - 0.75 * np.clip(rho - 0.995, 0, 0.6)
    return skull, _bumps(face, grid), rho


def _bumps(face: Face, grid: Grid) -> np.ndarray:
    """Brow ridge, sockets, nose, cheeks, lips and chin: (x, y, wide, tall, height) each."""
    person = face.person
    x, y, wide, tall, height = np.array(_features(face), np.float32).T[:, :, None]
    across = height * np.exp(-0.5 * ((grid.x - x) / wide) ** 2)
    down = np.exp(-0.5 * ((grid.y.T - y) / tall) ** 2)
    # Not a matrix product: BLAS may add in another order on another machine, or start threads.
    relief = np.einsum("kh,kw->hw", down, across)
    tip_y = face.nose_tip[1]
    rise = np.clip((grid.y + 0.16) / (tip_y + 0.16), 0, 1)
    rise = rise * 0.17 * person["nose_bridge"] ** 0.5 + 0.035
    rise *= 1 / (1 + np.exp(np.clip((grid.y - tip_y - 0.055) / 0.03, -30, 30)))
    rise *= 1 / (1 + np.exp(np.clip(-(grid.y + 0.16) / 0.05, -30, 30)))
    narrow = 0.058 + 0.03 * np.clip(grid.y / tip_y, 0, 1) * person["nose_width"]
    relief += rise * np.exp(-0.5 * ((grid.x - face.nose_tip[0] * rise / 0.2) / narrow) ** 2)
    return relief


def _features(face: Face) -> list[tuple[float, float, float, float, float]]:
    person, mouth = face.person, face.mouth
    middle = mouth.upper_inner[12, 1]
    lip_top, lip_low = mouth.upper[12, 1], mouth.lower[12, 1]
    strong = 0.5 + 0.5 / (1 + np.exp(-1.5 * person["masculinity"]))
    rows = [
        (*face.nose_tip, 0.075, 0.065, 0.085 * person["nose_tip"] ** 0.5),
        (0.0, middle, 0.26, 0.17, 0.06 * person["muzzle"]),
        (0.0, (lip_top + middle) / 2, 0.15, 0.035, 0.02),
        (0.0, (lip_low + mouth.lower_inner[12, 1]) / 2, 0.13, 0.04, 0.032),
        (0.0, lip_low + 0.06, 0.14, 0.04, -0.03),
        (0.0, lip_top - 0.05, 0.022, 0.05, -0.012),
        (0.0, face.chin[1] - 0.12, 0.15, 0.09, 0.055),
        (0.0, -0.17, 0.1, 0.07, 0.02),
    ]
    for side in SIDES:
        eye, brow = face.eyes[side].centre, face.brows[side]
        raised = face.unit(6, side) + 0.6 * face.unit(12, side)
        rows += [
            (side * 0.34, brow[10, 1] + 0.02, 0.17, 0.055, 0.035 * strong),
            (eye[0] - side * 0.02, 0.0, 0.15, 0.085, -0.085 * person["eye_depth"] ** 0.5),
            (eye[0], -0.01, 0.085, 0.06, 0.045),
            (side * 0.43, 0.29 - 0.04 * raised, 0.16, 0.12, 0.045 * person["cheekbones"]),
            (side * 0.40, 0.31 - 0.04 * raised, 0.11, 0.08, 0.075 * raised),
            (*face.wings[side], 0.042, 0.045, 0.075),
            (mouth.corners[(side + 1) // 2][0] + side * 0.05, middle + 0.02, 0.05, 0.06, -0.02),
            (side * 0.42, 0.66, 0.12, 0.14, -0.02),
        ]
    return rows


def shade(height: np.ndarray, ppu: float, light: Light) -> tuple[np.ndarray, np.ndarray]:
    """Diffuse light and highlight (h, w) of a height field."""
    smooth = cv2.GaussianBlur(height, (0, 0), 0.012 * ppu)
    slope_x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=ppu / 8)
    slope_y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=ppu / 8)
    norm = 1 / np.sqrt(1 + slope_x * slope_x + slope_y * slope_y)
    lx, ly, lz = (float(v) for v in light.direction)
    facing = (lz - lx * slope_x - ly * slope_y) * norm
    wrap = 0.25
    diffuse = light.ambient + light.strength * np.maximum(facing + wrap, 0) / (1 + wrap)
    diffuse -= 0.10 * (1 - norm)  # the room is darker to the sides than at the camera
    half = np.array([lx, ly, lz + 1])
    hx, hy, hz = (float(v) for v in half / np.linalg.norm(half))
    gloss = np.maximum((hz - hx * slope_x - hy * slope_y) * norm, 0)
    gloss = cv2.pow(gloss, 18.0) * light.strength
    return diffuse, gloss
