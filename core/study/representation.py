"""A representation as studies see it: one set of vectors for all, or φ of each split's own fit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.encode.embeddings import Embeddings
from core.split import Split

Map = Callable[[np.ndarray], np.ndarray]
"""φ float32 (n, d') of x (n, d)."""


@dataclass(frozen=True)
class Representation:
    """Vectors of the faces of `base`, split by split.

    `fitted` is empty where the vectors of `base` serve every split (x and the controls). Where
    each split has a suppressor of its own, it holds the φ of all faces, one float32 (n, d') a
    split in their order, and `digests` what each was made from; `maps` are the fits themselves,
    one a split, where another set can go through them too.
    """

    base: Embeddings
    fitted: tuple[np.ndarray, ...] = ()
    digests: tuple[str, ...] = ()
    maps: tuple[Map, ...] = ()

    @classmethod
    def of_one(
        cls, base: Embeddings, phi: np.ndarray, splits: int, through: Map | None = None
    ) -> Representation:
        """One φ (n, d') of the faces of `base` for every one of so many splits.

        `through` is the map that made it, where it is known.
        """
        phi = np.ascontiguousarray(phi, np.float32)
        digest = hashlib.sha256(f"{phi.shape}{base.digest}".encode() + phi.tobytes()).hexdigest()
        maps = () if through is None else (through,) * splits
        return cls(base, (phi,) * splits, (digest,) * splits, maps)

    @property
    def single(self) -> bool:
        """Whether every split looks at the same vectors."""
        return len(set(self.digests)) <= 1

    @property
    def subjects(self) -> np.ndarray:
        """The subject of each row, text (n,)."""
        return self.base.subjects

    @property
    def content(self) -> str:
        """SHA-256 of all of it."""
        whole = hashlib.sha256("".join(self.digests).encode()).hexdigest()
        return whole if self.fitted else self.base.digest

    def vectors(self, place: int) -> np.ndarray:
        """The vectors (n, d') that the split at `place` looks at."""
        return self.fitted[place] if self.fitted else self.base.x

    def digest(self, place: int) -> str:
        """SHA-256 of what the split at `place` looks at."""
        return self.digests[place] if self.fitted else self.base.digest

    def applied(self, other: Embeddings) -> Representation | None:
        """The same representation of another set's faces; None where it cannot be made.

        Vectors that somebody gave for the faces of `base` say nothing of other faces.
        """
        if not self.fitted:
            return Representation(other)
        if not self.maps:
            return None
        made: dict[str, np.ndarray] = {}
        for digest, one in zip(self.digests, self.maps, strict=True):
            if digest not in made:  # one fit may serve several splits
                made[digest] = one(other.x)
        phi = tuple(made[digest] for digest in self.digests)
        digests = tuple(
            hashlib.sha256(f"{digest}{other.digest}".encode()).hexdigest()
            for digest in self.digests
        )
        return Representation(other, phi, digests, self.maps)

    def tested(self, splits: Sequence[Split], repeat: int) -> Embeddings:
        """Every face through the φ of the split that tests it, within one repeat of the rotation.

        A face is in one test part of a repeat, so that no two φ are ever compared: pairs are made
        within a test part. Faces that no part tests are zero. φ of unlike width are filled up.
        """
        if not self.fitted:
            return self.base
        if self.single:
            return self.base.replaced(self.fitted[0])
        width = max(phi.shape[1] for phi in self.fitted)
        whole = np.zeros((len(self.base), width), np.float32)
        for place, split in enumerate(splits):
            if split.seed == repeat:
                phi = self.fitted[place]
                whole[split.test, : phi.shape[1]] = phi[split.test]
        return self.base.replaced(whole)
