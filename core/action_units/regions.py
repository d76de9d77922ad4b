"""Where on a face each action unit shows: the region that relevance is held against.

On drawn faces the generator says where (`core.faces.synthetic.regions`). On photographs a region
is a polygon placed by the five landmarks over the muscle that FACS names (Ekman and Friesen 1978):
approximate, the same shape for every face, and blind to what the expression has moved but the
corners of the mouth. Either is carried into the crop by the very alignment that carries the
picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core.errors import EncoderError
from core.faces.align import Alignment, Detector, Face, crop, face_from_landmarks
from core.faces.faceset import FaceSet, PictureError
from core.faces.synthetic.identity import identity
from core.faces.synthetic.regions import au_masks
from core.faces.synthetic.source import DrawnSource

VERSION = 1
"""Raised whenever the same face would have other regions."""
DRAWN, LANDMARKS = "drawn", "landmarks"
"""Where regions come from: the generator, or polygons over five landmarks (approximate)."""

Polygon = list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Frame:
    """A face's own axes: origin between the eyes, x along them, y down, one unit from eye to eye.

    `corners` float64 (2, 2) are the corners of the mouth, left and right, in these axes.
    """

    origin: np.ndarray
    across: np.ndarray
    down: np.ndarray
    corners: np.ndarray

    @property
    def mouth(self) -> np.ndarray:
        """The middle of the mouth (2,)."""
        return np.asarray(self.corners.mean(axis=0))

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) of these axes in pixels."""
        return np.asarray(self.origin + points[:, :1] * self.across + points[:, 1:] * self.down)


def frame(landmarks: np.ndarray) -> Frame:
    """The axes of the face with these `landmarks` (5, 2), in pixels.

    Raises `EncoderError` where both eyes are in one place.
    """
    left, right, _, *corners = np.asarray(landmarks, float)
    across = right - left
    if not across @ across > 0:
        raise EncoderError(
            f"both eyes are at {left.tolist()}: landmarks of two different eyes are needed"
        )
    origin, down = (left + right) / 2, np.array([-across[1], across[0]])
    away = (np.stack(corners) - origin) / (across @ across)
    return Frame(origin, across, down, np.stack([away @ across, away @ down], axis=1))


def polygons(face: Frame) -> dict[int, Polygon]:
    """Convex polygons (n, 2) for each action unit, in the axes of `face`; units as FACS has them.

    Places follow the average face: brows about .4 above the eyes, the wings of the nose .6 below,
    the chin .7 below the mouth; what belongs to the mouth goes with its corners.
    """
    mouth = face.mouth
    wide = float(np.ptp(face.corners[:, 0]))
    lips = _box(mouth, wide / 2 + 0.06, -0.2, 0.24)
    found: dict[int, Polygon] = {
        4: [_box((0, 0), 0.42, -0.5, -0.12)],
        9: [_box((0, 0), 0.3, 0.1, 0.7), _box((0, 0.6), 0.3, 0, mouth[1] - 0.7)],
        10: [_box((0, 0.6), 0.42, 0, mouth[1] - 0.65)],
        16: [_box(mouth, 0.36 * wide, 0.04, 0.32)],
        17: [_box(mouth, 0.3, 0.3, 0.75)],
        25: [lips],
        26: [_box(mouth, 0.4 * wide, 0, 0.75)],
        27: [_box(mouth, 0.45 * wide, -0.1, 0.75)],
        **{unit: [lips] for unit in (18, 22, 23, 24, 28)},
    }
    for side, corner in zip((-1, 1), face.corners, strict=True):
        for unit, one in _paired(side, corner).items():
            found.setdefault(unit, []).append(one)
    return dict(sorted(found.items()))


def _paired(side: int, corner: np.ndarray) -> dict[int, np.ndarray]:
    """The polygons of the units that both halves of a face have, on one `side` (-1 or 1)."""
    eye = np.array([0.5 * side, 0.0])
    cheek = np.array([[0.42, 0.62], [0.72, 0.55]]) * (side, 1)
    wing = np.array([[0.22, 0.55]]) * (side, 1)
    eyes = _box(eye, 0.32, -0.22, 0.16)
    return {
        1: _box((0.28 * side, 0), 0.24, -0.8, -0.25),
        2: _box((0.72 * side, 0), 0.26, -0.75, -0.2),
        5: _box(eye, 0.3, -0.28, 0.02),
        6: _oval(_by(eye, 0.08 * side, 0.34), 0.38, 0.24),
        7: _box(eye, 0.32, -0.14, 0.18),
        11: np.concatenate([wing, _by(wing, 0.2 * side, 0), _by(corner[None], 0.08 * side, -0.1)]),
        12: np.concatenate([_oval(corner, 0.16, 0.14), cheek]),
        13: np.concatenate([_oval(corner, 0.1, 0.1), _by(wing, 0.12 * side, 0)]),
        14: _oval(_by(corner, 0.12 * side, 0), 0.2, 0.16),
        15: _oval(_by(corner, 0.02 * side, 0.17), 0.17, 0.26),
        20: _oval(_by(corner, 0.1 * side, 0.03), 0.22, 0.18),
        43: eyes,
        45: eyes,
    }


def _by(points: np.ndarray, across: float, down: float) -> np.ndarray:
    return np.asarray(points + np.array([across, down]))


def _box(
    middle: Sequence[float] | np.ndarray, half: float, top: float, bottom: float
) -> np.ndarray:
    x, y = middle
    return np.array([[x - half, y + top], [x + half, y + top],
                     [x + half, y + bottom], [x - half, y + bottom]])  # fmt: skip


def _oval(middle: np.ndarray, wide: float, tall: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return np.asarray(middle + np.stack([wide * np.cos(turn), tall * np.sin(turn)], axis=1))


UNITS: tuple[int, ...] = tuple(
    polygons(Frame(np.zeros(2), np.ones(2), np.ones(2), np.array([[-0.4, 1.15], [0.4, 1.15]])))
)
"""Action units that landmarks give a region for."""


def landmark_masks(
    landmarks: np.ndarray, shape: tuple[int, int], units: Sequence[int]
) -> np.ndarray:
    """Regions bool (k, height, width) by polygons; empty for a unit that is not in `UNITS`."""
    face = frame(landmarks)
    placed = polygons(face)
    masks = np.zeros((len(units), *shape), np.uint8)
    for mask, unit in zip(masks, units, strict=True):
        for polygon in placed.get(unit, []):
            hull = cv2.convexHull(np.rint(face.pixels(polygon)).astype(np.int32))
            cv2.fillConvexPoly(mask, hull, 1)
    return masks.astype(bool)


def drawn_masks(source: DrawnSource, index: int, units: Sequence[int]) -> np.ndarray:
    """Regions bool (k, size, size) of a drawn picture; empty for a unit that is not drawn."""
    row = source.rows[index]
    person = identity(int(row["seed"]), str(row["population"]), int(row["index"]))
    found = au_masks(person, str(row["expression"]), int(row["shot"]), size=source.size)
    empty = np.zeros((source.size, source.size), bool)
    return np.stack([found.get(unit, empty) for unit in units])


def carried(masks: np.ndarray, face: Face | None, alignment: Alignment) -> np.ndarray:
    """Regions bool (k, size, size) in the crop, of `masks` bool (k, height, width) in the picture.

    A pixel belongs to a region where at least half of what the crop's pixel is made of does.
    """
    planes = np.concatenate([masks, np.zeros((-len(masks) % 3, *masks.shape[1:]), bool)])
    parts = [
        crop(
            np.ascontiguousarray(np.moveaxis(three, 0, -1)).astype(np.uint8) * 255, face, alignment
        )
        for three in np.split(planes, len(planes) // 3)
    ]
    return np.moveaxis(np.concatenate(parts, axis=2)[..., : len(masks)], -1, 0) > 127


@dataclass(frozen=True, eq=False)
class Seen:
    """Faces as an encoder sees them: `crops` uint8 (m, s, s, 3) and `regions` bool (m, k, s, s).

    `rows` int (m,): which of those asked for they are; `kind` is `DRAWN` or `LANDMARKS`.
    """

    crops: np.ndarray
    regions: np.ndarray
    rows: np.ndarray
    kind: str


def see(
    faces: FaceSet,
    rows: np.ndarray,
    alignment: Alignment,
    units: Sequence[int],
    *,
    detector: Detector,
    each: Callable[[], None] = lambda: None,
) -> Seen:
    """The crops and regions of the faces at `rows`; those without a face are left out.

    `detector` is asked where nobody said where the landmarks are; `each` is called after each.
    """
    drawn = isinstance(faces.source, DrawnSource)
    crops, regions, kept = [], [], []
    for row in rows.tolist():
        found = _one(faces, row, alignment, units, detector)
        if found is not None:
            crops.append(found[0])
            regions.append(found[1])
            kept.append(row)
        each()
    size = alignment.size
    return Seen(
        np.stack(crops) if crops else np.zeros((0, size, size, 3), np.uint8),
        np.stack(regions) if regions else np.zeros((0, len(units), size, size), bool),
        np.asarray(kept, int),
        DRAWN if drawn else LANDMARKS,
    )


def _one(
    faces: FaceSet, row: int, alignment: Alignment, units: Sequence[int], detector: Detector
) -> tuple[np.ndarray, np.ndarray] | None:
    try:
        picture = faces.source.read(row)
    except PictureError:
        return None
    face = None
    if picture.landmarks is not None:
        face = face_from_landmarks(picture.landmarks)
    elif not isinstance(faces.source, DrawnSource):
        face = detector.find(picture.image)
    if face is None:
        return None
    shape = (picture.image.shape[0], picture.image.shape[1])
    if isinstance(faces.source, DrawnSource):
        masks = drawn_masks(faces.source, row, units)
    else:
        masks = landmark_masks(face.landmarks, shape, units)
    placed = None if faces.aligned else face
    return crop(picture.image, placed, alignment), carried(masks, placed, alignment)
