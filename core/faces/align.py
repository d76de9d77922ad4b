"""Alignment: where the face is, and the square crop that an encoder was trained on.

Coordinates follow `Picture`: x to the right, y down, in pixels, landmarks in the order left eye,
right eye, nose tip, left and right mouth corner (left as seen in the image). Nothing here imports
torch before a detector is asked to look at its first picture.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from core.errors import EncoderError
from core.faces.mtcnn import Mtcnn

ARCFACE_TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
"""Where the five landmarks lie in a crop of 112 x 112 pixels (Deng et al. 2019, ArcFace)."""

TEMPLATE_SIZE = 112
SMALLEST_FACE = 20
"""Shorter side in pixels below which a face is too small to encode (MTCNN's own smallest)."""

Kind = Literal["five-points", "margin", "whole", "generator"]


@dataclass(frozen=True)
class Alignment:
    """How an encoder wants its crop: uint8 (size, size, 3) RGB.

    "five-points" warps the landmarks onto the ArcFace template; "margin" cuts the detector's box,
    made larger by `margin` (a share of its sides) and, where `square`, cut to its central square
    instead of being stretched; "whole" resizes the picture; "generator" does too, and accepts only
    what the project's own generator drew.
    """

    kind: Kind
    size: int
    margin: float = 0.0
    square: bool = False

    @property
    def needs_face(self) -> bool:
        """Whether the crop depends on where the face is."""
        return self.kind in ("five-points", "margin")


@dataclass(frozen=True)
class Face:
    """One face found: `box` (left, top, right, bottom), `landmarks` float32 (5, 2).

    `count` says how many faces the picture showed, this one included.
    """

    box: tuple[float, float, float, float]
    landmarks: np.ndarray
    probability: float = 1.0
    count: int = 1

    @property
    def side(self) -> float:
        """Shorter side of the box in pixels."""
        left, top, right, bottom = self.box
        return min(right - left, bottom - top)


def similarity(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The similarity that brings `points` (n, 2) nearest to `target` (n, 2), float64 (2, 3).

    Least squares over rotation, one scale and a shift, no reflection: Umeyama (1991), eq. 40 to
    43. Raises `EncoderError` where all points coincide.
    """
    points, target = np.asarray(points, float), np.asarray(target, float)
    middle, aim = points.mean(axis=0), target.mean(axis=0)
    spread = ((points - middle) ** 2).sum() / len(points)
    if not np.isfinite(spread) or spread < 1e-12:
        raise EncoderError(
            f"{len(points)} landmarks coincide at {middle.tolist()}: five different points are "
            "needed to align a face; give other landmarks, or none to have the face detected"
        )
    covariance = (target - aim).T @ (points - middle) / len(points)
    left, strengths, right = np.linalg.svd(covariance)
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    rotation = left @ np.diag(signs) @ right
    scale = (strengths * signs).sum() / spread
    return np.column_stack([scale * rotation, aim - scale * rotation @ middle])


def warp_five_points(
    image: np.ndarray, landmarks: np.ndarray, size: int = TEMPLATE_SIZE
) -> np.ndarray:
    """The face of `image` uint8 (h, w, 3) on the ArcFace template, uint8 (size, size, 3).

    Bilinear; what lies outside the picture is black. For another `size` the template is scaled.
    """
    template = ARCFACE_TEMPLATE * (size / TEMPLATE_SIZE)
    matrix = similarity(landmarks, template)
    return cv2.warpAffine(np.ascontiguousarray(image), matrix, (size, size), flags=cv2.INTER_LINEAR)


def resize(image: np.ndarray, size: int) -> np.ndarray:
    """The whole picture as uint8 (size, size, 3), by area as facenet-pytorch does."""
    if image.shape[:2] == (size, size):
        return np.ascontiguousarray(image)
    return cv2.resize(np.ascontiguousarray(image), (size, size), interpolation=cv2.INTER_AREA)


def margin_crop(
    image: np.ndarray,
    box: tuple[float, float, float, float],
    size: int,
    margin: float,
    square: bool = False,
) -> np.ndarray:
    """The box of a face, its sides made longer by the share `margin`, as uint8 (size, size, 3).

    The longer box is cut at the picture's edge. Where `square`, its central square is taken and
    the face keeps its proportions; else it is stretched, as facenet-pytorch's `extract_face` does
    (there `margin` is in pixels m of the crop: m / (size - m) here).
    """
    height, width = image.shape[:2]
    extra_x, extra_y = margin * (box[2] - box[0]) / 2, margin * (box[3] - box[1]) / 2
    left, top = int(max(box[0] - extra_x, 0)), int(max(box[1] - extra_y, 0))
    right, bottom = int(min(box[2] + extra_x, width)), int(min(box[3] + extra_y, height))
    if square:
        side = min(right - left, bottom - top)
        left, top = left + (right - left - side) // 2, top + (bottom - top - side) // 2
        right, bottom = left + side, top + side
    return resize(image[top : max(bottom, top + 1), left : max(right, left + 1)], size)


TEMPLATE_BOX = (16.0, 11.5, 94.6, 116.5)
"""MTCNN's mean box on the template of 112 x 112, measured on 204 London and 130 LFW faces (sd of
its sides 2 to 4 pixels)."""


def face_from_landmarks(landmarks: np.ndarray) -> Face:
    """The face whose `landmarks` (5, 2) are known, with the box that MTCNN would have drawn.

    The box is the mean box on the template, scaled and moved with the face but not turned.
    """
    landmarks = np.asarray(landmarks, dtype=np.float32)
    matrix = similarity(ARCFACE_TEMPLATE, landmarks)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    left, top, right, bottom = TEMPLATE_BOX
    x, y = matrix @ [(left + right) / 2, (top + bottom) / 2, 1.0]
    half_x, half_y = scale * (right - left) / 2, scale * (bottom - top) / 2
    box = (float(x - half_x), float(y - half_y), float(x + half_x), float(y + half_y))
    return Face(box, landmarks)


def crop(image: np.ndarray, face: Face | None, alignment: Alignment) -> np.ndarray:
    """The crop that `alignment` asks for, uint8 (size, size, 3).

    Without a `face` the picture counts as aligned already and is resized whole.
    """
    if face is None or not alignment.needs_face:
        return resize(image, alignment.size)
    if alignment.kind == "five-points":
        return warp_five_points(image, face.landmarks, alignment.size)
    return margin_crop(image, face.box, alignment.size, alignment.margin, alignment.square)


class Detector:
    """MTCNN (Zhang et al. 2016, as ported by facenet-pytorch), loaded at the first picture.

    Several threads may share a detector. A picture whose longer side exceeds the first of `sides`
    pixels is looked at reduced to it, and at the second only where nothing was found: a photograph
    of 80 million pixels would take gigabytes.
    """

    smallest = SMALLEST_FACE
    sides = (1280, 2560)
    version = 2
    """Raised whenever the same networks and settings would find another face in a picture."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the three networks' weights and the settings, without importing torch."""
        package = importlib.util.find_spec("facenet_pytorch")
        if package is None or package.origin is None:
            raise EncoderError(
                "0 of 1 face detectors are installed: install facenet-pytorch as requirements.txt "
                "says, or say that the pictures are aligned already"
            )
        settings = f"{self.smallest} {self.sides} {self.version}"
        whole = hashlib.sha256(settings.encode())
        for name in ("pnet", "rnet", "onet"):
            whole.update((Path(package.origin).parent / "data" / f"{name}.pt").read_bytes())
        return whole.hexdigest()

    @cached_property
    def _network(self) -> Mtcnn:
        return Mtcnn(self.smallest, self.device)

    def load(self) -> None:
        """Load the networks now, so that threads need not race for it."""
        _ = self._network

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Face]]:
        """All faces of each image uint8 (h, w, 3), largest first; sizes may differ."""
        return [self._one(image) for image in images]

    def find(self, image: np.ndarray) -> Face | None:
        """The face to encode: the largest central one, None where there is no face.

        Chosen by area minus twice the squared distance from the middle of the picture, as
        facenet-pytorch's "center_weighted_size".
        """
        faces = self._one(image)
        middle = np.array([image.shape[1], image.shape[0]]) / 2

        def weight(face: Face) -> float:
            left, top, right, bottom = face.box
            away = np.array([left + right, top + bottom]) / 2 - middle
            return (right - left) * (bottom - top) - 2.0 * float(away @ away)

        return max(faces, key=weight, default=None)

    def _one(self, image: np.ndarray) -> list[Face]:
        longer = max(image.shape[:2])
        for side in self.sides:
            scale = min(1.0, side / longer)
            faces = self._look(_reduced(image, scale), 1 / scale)
            if faces or scale == 1.0:
                break
        return faces

    def _look(self, image: np.ndarray, scale: float) -> list[Face]:
        if min(image.shape[:2]) < self.smallest:
            return []
        boxes, chances, points = self._network.detect(image)
        found = zip(boxes * scale, chances, points * scale, strict=True)
        return [
            Face(tuple(map(float, box)), landmarks, float(chance), len(boxes))  # type: ignore[arg-type]
            for box, chance, landmarks in found
        ]


def _reduced(image: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1.0:
        return image
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
