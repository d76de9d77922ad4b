"""The control `pixels`: how much the picture itself shows, without any recogniser (METHODS 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.encode.encoder import Options, check_crops, digest_of
from core.faces.align import Alignment

LICENCE = "No weights and no licence: these are the picture's own grey values."

SIDE = 16
CROP = 112
ALIGNMENT = Alignment("five-points", CROP)
GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Luma of ITU-R BT.601, as JPEG and OpenCV use it."""


@dataclass(frozen=True)
class Pixels:
    """16 x 16 grey values of the aligned crop, row by row, each the mean of a 7 x 7 block."""

    name: str = "pixels (16 × 16 grey, a control)"
    dimensions: int = SIDE * SIDE
    size: int = CROP
    alignment: Alignment = ALIGNMENT
    licence: str = LICENCE

    @property
    def digest(self) -> str:
        """SHA-256 of the preprocessing; there are no weights."""
        return digest_of({"encoder": "pixels", "side": SIDE, "crop": CROP, "grey": GREY.tolist()})

    def vectors(self, crops: np.ndarray) -> np.ndarray:
        """Grey values float32 (b, 256) from 0 to 1 of `crops` uint8 (b, 112, 112, 3)."""
        check_crops(crops, CROP)
        grey = crops.astype(np.float32) @ (GREY / 255)
        blocks = grey.reshape(len(crops), SIDE, CROP // SIDE, SIDE, CROP // SIDE)
        return blocks.mean(axis=(2, 4)).reshape(len(crops), -1)


def build(options: Options) -> Pixels:
    """The control; raises `EncoderError` where preprocessing was chosen."""
    options.refuse_preprocessing()
    return Pixels()
