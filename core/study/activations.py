"""Activations of the audited faces, for methods that fine-tune the encoder's last stage."""

from __future__ import annotations

from dataclasses import dataclass

from core.encode.cut import tail_of, trunk_of
from core.encode.embeddings import Embeddings
from core.encode.layers import Chain
from core.errors import ConfigError, NotEnoughData
from core.progress import Progress
from core.store import Store
from core.study.reading import Data, same_rows

LIMIT_BYTES = 8 << 30
"""Activations that are held in memory at once; wider ones are refused before any is made."""


@dataclass(frozen=True)
class Activations:
    """`x`: activations float32 (n, width) at the faces of the audited vectors, in their order;
    `tail` makes vectors of them, with the encoder's own weights."""

    x: Embeddings
    tail: Chain


def activations_of(data: Data, *, store: Store, progress: Progress) -> Activations:
    """The activations of the faces of `data`, made in the same batches and kept as vectors are.

    Raises `ConfigError` where vectors were given and there is no picture to go back to,
    `EncoderError` where the encoder cannot be cut, `NotEnoughData` where they would not fit.
    """
    if data.encoder is None or data.faces is None:
        raise ConfigError(
            "suppressors asks for lntl in the mode tail, which fine-tunes the encoder's last stage "
            "on pictures, and this audit reads vectors: give faces and an encoder, or choose mode: "
            "adapter"
        )
    from core.encode.run import encode

    trunk, count = trunk_of(data.encoder), len(data.x)
    need = 4 * count * trunk.dimensions
    if need > LIMIT_BYTES:
        raise NotEnoughData(
            f"the activations of {count:,} faces take {need / 2**30:.0f} GiB (at most "
            f"{LIMIT_BYTES >> 30} are held): audit fewer faces with where, or choose mode: adapter"
        )
    found = encode(data.faces, trunk, store=store, progress=progress, phase="Encoding (trunk)")
    return Activations(same_rows(found, data.x), tail_of(data.encoder))
