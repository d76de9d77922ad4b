"""The bundled encoder, trained on drawn faces: a door to `bundled`, which holds its network."""

from __future__ import annotations

from core.encode.bundled import LICENCE, load_bundled
from core.encode.encoder import Encoder, Options

__all__ = ["LICENCE", "build"]


def build(options: Options) -> Encoder:
    """The bundled encoder; raises `EncoderError` where weights or preprocessing were chosen."""
    options.refuse_preprocessing()
    encoder: Encoder = load_bundled(options.device)
    return encoder
