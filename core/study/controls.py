"""Control representations: what the picture itself shows, what nothing looks like, lengths alone.

METHODS, "Protocol" 6. `pixels` keeps a weak encoder from being mistaken for a private one, `random`
is the ceiling for any suppressor, `norm` says what the length of the vector gives away.
"""

from __future__ import annotations

import hashlib

import numpy as np

from core.encode.embeddings import Embeddings

_SAME = 1e-5
"""Lengths that differ by less, relatively, are rounding of vectors of one length."""


def random(x: Embeddings, *, seed: int) -> Embeddings:
    """Gaussian noise (n, d) in place of the vectors; seeded by the content and `seed`."""
    own = int.from_bytes(hashlib.sha256(f"{x.digest}{seed}".encode()).digest()[:8], "little")
    return x.replaced(np.random.default_rng(own).standard_normal(x.x.shape, dtype=np.float32))


def norm(x: Embeddings) -> Embeddings | None:
    """The Euclidean length of each vector (n, 1), or None where all have the same."""
    length = np.linalg.norm(x.x.astype(np.float64), axis=1, keepdims=True)
    if length.std() <= _SAME * length.mean():
        return None
    return x.replaced(length.astype(np.float32))
