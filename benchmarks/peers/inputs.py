"""What the works are done on: the bundled synthetic set, and made vectors. All from a seed."""

from __future__ import annotations

from functools import cache

import numpy as np

from core.encode.embeddings import Embeddings
from core.measure.targets import Target, target
from core.split import Split, rotation


@cache
def synthetic() -> Embeddings:
    """The bundled set through the bundled encoder: 1,380 drawn faces of 230 people, 256 numbers.

    From the store of BLINDFOLD_CACHE, or drawn and encoded now.
    """
    from core.encode.registry import make_encoder
    from core.encode.run import encode
    from core.faces.synthetic import synthetic_faces
    from core.store import Store

    return encode(synthetic_faces(), make_encoder("auto", synthetic=True), store=Store())


@cache
def labelled(attribute: str) -> Target:
    """A label of the bundled set."""
    return target(synthetic().table, attribute)


@cache
def splits(attribute: str, *, suppressor: bool = False) -> list[Split]:
    """One rotation of five folds over the people of the bundled set, as a quick look has it."""
    x = synthetic()
    return rotation(x.subjects, x.table[attribute].to_numpy(), suppressor=suppressor)


@cache
def classes(n: int, d: int, k: int, *, apart: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Made vectors float32 (n, d) of k classes int64 (n,), whose means lie at `apart` from 0 in
    random directions; every number has deviation 1 around them."""
    random = np.random.default_rng(seed)
    y = random.integers(k, size=n)
    ways = random.standard_normal((k, d))
    ways *= apart / np.linalg.norm(ways, axis=1, keepdims=True)
    return (random.standard_normal((n, d)) + ways[y]).astype(np.float32), y


@cache
def people(n: int, d: int, each: int, *, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Made unit vectors float32 (n, d) of n / each people int64 (n,): a place for each person, and
    so much noise around it."""
    random = np.random.default_rng(seed)
    person = np.arange(n) // each
    x = random.standard_normal((n // each + 1, d), dtype=np.float32)[person]
    x += noise * random.standard_normal((n, d), dtype=np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True), person
