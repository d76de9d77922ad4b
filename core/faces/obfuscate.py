"""Faces made unclear: blurred or pixelated crops, or pictures that somebody obscured already.

TPAMI, Table II (Morales et al. 2020), measures pictures that were obscured elsewhere beside those
that were not. A person's own come as a folder with the same relative file names, or a manifest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from core.errors import ConfigError, FacesError
from core.faces.faceset import FaceSet, Picture, PictureError, Problem, Source
from core.faces.folder import walk
from core.faces.picture import FileSource, subset
from core.faces.read import read_faces
from core.faces.tables import TABLES

SHAPE = 0.02
"""Relative difference of the aspect ratios up to which two pictures count as of one shape."""


def blurred(crop: np.ndarray, size: int) -> np.ndarray:
    """`crop` uint8 (h, w, 3) under a Gaussian of standard deviation `size` / 2 pixels.

    The picture is mirrored at its edge, so that no border darkens it.
    """
    return cv2.GaussianBlur(
        np.ascontiguousarray(crop), (0, 0), sigmaX=size / 2, borderType=cv2.BORDER_REFLECT_101
    )


def pixelated(crop: np.ndarray, size: int) -> np.ndarray:
    """`crop` uint8 (h, w, 3) in blocks of `size` pixels, each its own mean colour, rounded.

    Blocks begin at the upper left; those at the other edges are what is left.
    """
    height, width = crop.shape[:2]
    tops, lefts = np.arange(0, height, size), np.arange(0, width, size)
    sums = np.add.reduceat(np.add.reduceat(crop.astype(np.float64), tops, axis=0), lefts, axis=1)
    tall, wide = np.diff([*tops, height]), np.diff([*lefts, width])
    means = np.rint(sums / (tall[:, None] * wide)[:, :, None]).astype(np.uint8)
    return np.repeat(np.repeat(means, tall, axis=0), wide, axis=1)


@dataclass(frozen=True)
class PairedSource:
    """Opens the partner of each picture, at the size of the original and with its landmarks.

    `original` and `partner` have the same rows in the same order.
    """

    original: Source
    partner: Source

    @property
    def costly(self) -> bool:
        """Whether processes serve the original better than threads."""
        return bool(getattr(self.original, "costly", False))

    def read(self, index: int) -> Picture:
        """The partner of picture `index`; raises `PictureError` where one of the two is unusable
        or they are of different shapes."""
        original, image = self.original.read(index), self.partner.read(index).image
        (height, width), (own_height, own_width) = original.image.shape[:2], image.shape[:2]
        if abs(own_width * height / (own_height * width) - 1) > SHAPE:
            detail = (
                f"its partner has {own_width} x {own_height} pixels and it has {width} x {height}: "
                "they are of different shapes"
            )
            raise PictureError(Problem("", "not an image", detail))
        if (own_height, own_width) != (height, width):
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return Picture(image, original.landmarks)

    def digest(self, index: int) -> str:
        """SHA-256 of both: where the face is comes from the original."""
        both = f"paired {self.original.digest(index)} {self.partner.digest(index)}"
        return hashlib.sha256(both.encode()).hexdigest()


def paired(faces: FaceSet, path: Path) -> tuple[FaceSet, np.ndarray]:
    """The faces of `faces` that have a partner at `path`, and their rows int64 (m,).

    `path` is a folder with the same relative file names (the suffix may differ), or a manifest
    with the same ids or file names. Faces without a partner are problems of the set. Raises
    `ConfigError` where there is none at all.
    """
    root, known = _partners(path)
    names = faces.source.files if isinstance(faces.source, FileSource) else ("",) * len(faces)
    found = [
        next((known[word] for word in _words(one, name) if word in known), None)
        for one, name in zip(faces.table["id"].astype(str), names, strict=True)
    ]
    rows = np.array([row for row, file in enumerate(found) if file is not None], dtype=np.int64)
    if not len(rows):
        raise ConfigError(
            f"faces.obfuscate: none of the {len(faces):,} faces has a partner in {path}, such as "
            f"'{next(iter(known), 'nothing')}': give a folder with the same relative file names"
        )
    missing = tuple(
        Problem(str(faces.table["id"].iloc[row]), "missing file", "it has no obfuscated partner")
        for row, file in enumerate(found)
        if file is None
    )
    partner = FileSource(str(root), tuple(file for file in found if file is not None))
    return (
        replace(
            faces,
            table=faces.table.iloc[rows].reset_index(drop=True),
            source=PairedSource(subset(faces.source, rows.tolist()), partner),
            problems=missing,
            pairs=None,
        ),
        rows,
    )


def _partners(path: Path) -> tuple[Path, dict[str, str]]:
    """The folder that partners lie in, and their files by every word they go by."""
    if path.is_dir():
        tree = walk(path)
        return tree.root, _by_word((file, file) for file in tree.pictures)
    if path.suffix.lower() not in TABLES or not path.is_file():
        raise FacesError(
            f"faces.obfuscate.path is {path}, which is no folder and no manifest "
            f"({', '.join(TABLES)}): give one with the obfuscated faces"
        )
    listed = read_faces(path, preset="manifest")
    assert isinstance(listed.source, FileSource), "a manifest lists files"
    named = zip(listed.table["id"].astype(str), listed.source.files, strict=True)
    words = _by_word((word, file) for name, file in named for word in (file, name))
    return Path(listed.source.root), words


def _by_word(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Files by their names; without the suffix too, where only one is called so."""
    exact: dict[str, str] = {}
    bare: dict[str, set[str]] = {}
    for word, file in named:
        exact[word] = file
        bare.setdefault(_bare(word), set()).add(file)
    alone = {word: next(iter(files)) for word, files in bare.items() if len(files) == 1}
    return {**alone, **exact}


def _words(one: str, file: str) -> list[str]:
    """What a face goes by: its file and its id, with and without the suffix."""
    return [word for name in (file, one) if name for word in (name, _bare(name))]


def _bare(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")) if PurePosixPath(name).name else name
