"""From a picture to a crop: what runs ahead of the encoder, in threads or in processes.

Nothing here imports torch: processes that draw synthetic faces start from this module.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from dataclasses import dataclass, replace

import numpy as np

from core.faces.align import SMALLEST_FACE, Alignment, Detector, Face, crop, face_from_landmarks
from core.faces.faceset import Picture, PictureError, Problem, Source


@dataclass(frozen=True)
class Prepared:
    """What became of one picture: its `crop`, or why there is none, and what the detector saw.

    `seen` is set where the detector looked (and then `face` may still be None: no face).
    `encoded` stays true after the crop has been handed to the encoder and dropped.
    """

    crop: np.ndarray | None
    problem: Problem | None = None
    face: Face | None = None
    seen: bool = False
    encoded: bool = False


@dataclass(frozen=True)
class Preparer:
    """Reads picture `index` of `source` and cuts the crop that `alignment` asks for.

    `aligned`: the pictures are crops already and are resized whole.
    """

    source: Source
    alignment: Alignment
    aligned: bool

    def read(self, index: int) -> Picture | Problem:
        """The picture, or the problem that it has."""
        try:
            return self.source.read(index)
        except PictureError as error:
            return error.problem

    def __call__(
        self, index: int, known: Prepared | None = None, detector: Detector | None = None
    ) -> Prepared | Picture:
        """The crop of picture `index`; `known` is what a detector saw in an earlier run.

        Without a detector, a picture that needs one comes back as it is, for somebody who has.
        """
        picture = self.read(index)
        if isinstance(picture, Problem):
            return Prepared(None, picture)
        return self.cut(picture, known, detector)

    def cut(
        self, picture: Picture, known: Prepared | None = None, detector: Detector | None = None
    ) -> Prepared | Picture:
        """The crop of a picture that has been read."""
        if self.aligned or not self.alignment.needs_face:
            side = min(picture.image.shape[:2])
            if side < SMALLEST_FACE:
                return Prepared(None, _too_small("the picture", side))
            return Prepared(crop(picture.image, None, self.alignment))
        if picture.landmarks is not None:
            return self._of(picture, Prepared(None, face=face_from_landmarks(picture.landmarks)))
        if known is None:
            if detector is None:
                return picture
            known = Prepared(None, face=detector.find(picture.image), seen=True)
        return self._of(picture, known)

    def _of(self, picture: Picture, known: Prepared) -> Prepared:
        face = known.face
        if face is None:
            return replace(known, problem=Problem("", "no face", "the detector found none"))
        if face.side < SMALLEST_FACE:
            return replace(known, problem=_too_small("the face", face.side))
        several = None
        if face.count > 1:
            detail = f"{face.count} faces; the large central one was used"
            several = Problem("", "several faces", detail)
        return replace(known, crop=crop(picture.image, face, self.alignment), problem=several)


def _too_small(what: str, side: float) -> Problem:
    detail = f"the shorter side of {what} is {side:.0f} pixels, at least {SMALLEST_FACE} are needed"
    return Problem("", "too small", detail)


_mine: Preparer | None = None


def start_process(preparer: Preparer) -> None:
    """Keep the preparer of this process; called once when the process starts."""
    global _mine
    _mine = preparer
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave when the parent is gone: a killed run must not leave painters behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def in_process(index: int, known: Prepared | None) -> Prepared | Picture:
    """Picture `index` prepared by this process's preparer, without a detector."""
    if _mine is None:
        raise RuntimeError("start_process comes before in_process")
    return _mine(index, known)
