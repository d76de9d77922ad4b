"""Where each action unit shows: a mask of the skin that its muscles move.

Regions follow the muscles that FACS names (Ekman & Friesen 1978): frontalis (1, 2), corrugator
(4), levator palpebrae (5), orbicularis oculi (6, 7), levator labii alaeque nasi (9), zygomatic
major (12), depressor anguli oris (15), depressor labii (16), risorius (20), orbicularis oris
(23), lips (25), jaw (26).
"""

from __future__ import annotations

import cv2
import numpy as np

from core.faces.synthetic.anatomy import SIDES, Face
from core.faces.synthetic.canvas import moved
from core.faces.synthetic.drawing import SIZE, stage
from core.faces.synthetic.identity import ACTION_UNITS, Identity


def au_masks(
    person: Identity, expression: str, shot: int, *, size: int = SIZE
) -> dict[int, np.ndarray]:
    """For each action unit, bool (size, size): its region in that drawing."""
    set_up = stage(person, expression, shot, size)
    x, y = set_up.scene.pose.maps(set_up.depth, set_up.grid, size)
    inside = set_up.rho < 1.0
    masks = {}
    for unit, polygons in _polygons(set_up.face).items():
        flat = np.zeros(set_up.grid.shape, np.uint8)
        for polygon in polygons:
            hull = cv2.convexHull(np.rint(set_up.grid.pixels(polygon)).astype(np.int32))
            cv2.fillConvexPoly(flat, hull, 255)
        flat[~inside] = 0
        masks[unit] = cv2.remap(flat, x, y, cv2.INTER_LINEAR) > 127
    return masks


def _ellipse(centre: np.ndarray, wide: float, tall: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return centre + np.stack([wide * np.cos(turn), tall * np.sin(turn)], 1)


def _polygons(face: Face) -> dict[int, list[np.ndarray]]:
    """Convex polygons (n, 2) in units for every action unit drawn."""
    masks: dict[int, list[np.ndarray]] = {unit: [] for unit in ACTION_UNITS}
    mouth = face.mouth
    lips = np.concatenate([mouth.upper, mouth.lower])
    for side in SIDES:
        eye, brow, wing = face.eyes[side], face.brows[side], face.wings[side]
        corner = mouth.corners[(side + 1) // 2]
        inner, outer = brow[:11], brow[9:]
        masks[1].append(np.concatenate([moved(inner, 0, 0.03), inner - (0, 0.24)]))
        masks[2].append(np.concatenate([moved(outer, 0, 0.03), outer - (0, 0.24)]))
        masks[5].append(np.concatenate([moved(eye.upper, 0, 0.02), eye.upper - (0, 0.09)]))
        masks[6].append(_ellipse(moved(eye.centre, side * 0.08, 0.20), 0.22, 0.15))
        masks[7].append(np.concatenate([eye.upper - (0, 0.04), moved(eye.lower, 0, 0.06)]))
        cheek = np.stack([moved(wing, side * 0.07, -0.02), moved(wing, side * 0.22, -0.04)])
        masks[12].append(np.concatenate([_ellipse(corner, 0.08, 0.075), cheek]))
        masks[15].append(_ellipse(moved(corner, side * 0.01, 0.10), 0.09, 0.14))
        masks[20].append(_ellipse(moved(corner, side * 0.05, 0.02), 0.12, 0.10))
    wings, brows = face.wings, face.brows
    masks[4].append(
        np.concatenate([moved(brows[-1][:12], 0, 0.04), moved(brows[1][:12], 0, 0.04),
                        brows[-1][:8] - (0, 0.14), brows[1][:8] - (0, 0.14)])
    )  # fmt: skip
    base = np.stack([moved(wings[-1], -0.06, 0.04), moved(wings[1], 0.06, 0.04)])
    masks[9].append(np.concatenate([base, [(0.07, -0.08), (-0.07, -0.08)]]))
    masks[9].append(np.concatenate([base, mouth.upper[[6, 18]]]))
    below = moved(mouth.lower[3:22], 0, 0.08)
    masks[16].append(np.concatenate([mouth.lower_inner[3:22], below]))
    masks[23].append(np.concatenate([moved(lips, 0, 0.025), lips - (0, 0.025)]))
    masks[25].append(lips)
    jaw = _ellipse(face.chin - (0, 0.1), 0.24, 0.1)
    masks[26].append(np.concatenate([mouth.lower_inner, jaw]))
    return masks
