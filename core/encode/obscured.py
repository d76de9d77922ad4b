"""The same encoder before faces made unclear: one more representation, measured like any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.encode.chunks import CHUNK, VERSION, found_faces
from core.encode.embeddings import Embeddings
from core.encode.encoder import Encoder, digest_of
from core.encode.run import encode
from core.errors import ConfigError
from core.faces.align import Alignment, Detector
from core.faces.faceset import FaceSet
from core.faces.obfuscate import blurred, paired, pixelated
from core.progress import Progress
from core.store import Store, key

CHANGES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "blur": blurred,
    "pixelate": pixelated,
}
CHANGE_VERSION = 1
"""Raised whenever the same crop would be changed otherwise."""
LEAST_BLOCKS = 2
"""Blocks along a side that a crop must be left with."""


@dataclass(frozen=True)
class Obscuring:
    """`encoder`, shown crops that were made unclear; all else is its own."""

    encoder: Encoder
    kind: str
    pixels: int

    @property
    def name(self) -> str:
        """The encoder in words, and what is done before it."""
        return f"{self.encoder.name}, after {self.kind} {self.pixels}"

    @property
    def dimensions(self) -> int | None:
        """Length of a vector."""
        return self.encoder.dimensions

    @property
    def size(self) -> int:
        """Side of the crop in pixels."""
        return self.encoder.size

    @property
    def alignment(self) -> Alignment:
        """The crop that the encoder was trained on."""
        return self.encoder.alignment

    @property
    def device(self) -> str:
        """Where the encoder runs, and so the detector."""
        return str(getattr(self.encoder, "device", "cpu"))

    @property
    def runtime(self) -> str:
        """What runs the encoder, where it is not torch."""
        return str(getattr(self.encoder, "runtime", ""))

    @property
    def digest(self) -> str:
        """SHA-256 of the encoder and the change."""
        change = {"kind": self.kind, "size": self.pixels, "version": CHANGE_VERSION}
        return digest_of({"obscured": change}, self.encoder.digest)

    @property
    def licence(self) -> str:
        """One sentence on the terms of the weights."""
        return self.encoder.licence

    def vectors(self, crops: np.ndarray) -> np.ndarray:
        """Vectors float32 (b, d) of `crops` uint8 (b, size, size, 3), each made unclear first."""
        change = CHANGES[self.kind]
        return self.encoder.vectors(np.stack([change(crop, self.pixels) for crop in crops]))


def unclear(
    faces: FaceSet, encoder: Encoder, kind: str, size: int, *, store: Store, progress: Progress
) -> Embeddings:
    """Vectors of `faces` whose aligned crops are blurred or pixelated by `size` pixels.

    Raises `ConfigError` where `size` leaves nothing of a crop.
    """
    most = encoder.size // LEAST_BLOCKS
    if size > most:
        raise ConfigError(
            f"faces.obfuscate.size is {size} and the crop that this encoder sees has "
            f"{encoder.size} pixels a side: choose at most {most}"
        )
    made = Obscuring(encoder, kind, size)
    return encode(faces, made, store=store, progress=progress, phase=f"Encoding after {kind}")


def partners(
    faces: FaceSet, encoder: Encoder, path: Path, *, store: Store, progress: Progress
) -> Embeddings:
    """Vectors of the obscured partners of `faces` at `path`, cut where the original's face is.

    `faces` have been encoded with `store` before: what the detector saw of them is used again; it
    looks at a partner only where it saw no face in the original. Faces without a partner are among
    the problems, and have no row.
    """
    others, rows = paired(faces, path)
    if encoder.alignment.needs_face and not faces.aligned:
        _share_faces(faces, others, rows, Detector().digest, store)
    return encode(others, encoder, store=store, progress=progress, phase="Encoding partners")


def _share_faces(
    faces: FaceSet, others: FaceSet, rows: np.ndarray, detector: str, store: Store
) -> None:
    """Keep what the detector saw of the originals as what it saw of their partners.

    A partner's digest holds the original's, so that no other set meets these entries.
    """
    kept: dict[int, dict[str, np.ndarray] | None] = {}
    for start in range(0, len(others), CHUNK):
        own = rows[start : start + CHUNK]
        name = key(
            "found faces", VERSION, {"detector": detector},
            [others.source.digest(row) for row in range(start, start + len(own))],
        )  # fmt: skip
        if store.load(name) is not None:
            continue
        seen = []
        for row in own.tolist():
            chunk = row // CHUNK
            if chunk not in kept:
                kept[chunk] = found_faces(faces, chunk, detector, store)
            arrays = kept[chunk]
            seen.append(None if arrays is None else {
                field: array[row % CHUNK] for field, array in arrays.items()
            })  # fmt: skip
        known = [one for one in seen if one is not None and one["state"] == 2]
        if not known:
            continue
        blank = {field: np.zeros_like(array) for field, array in known[0].items()}
        # Where the original shows no face, 0: the detector has not been asked of the partner.
        whole = [one if one is not None and one["state"] == 2 else blank for one in seen]
        store.save(name, {field: np.stack([one[field] for one in whole]) for field in blank})
