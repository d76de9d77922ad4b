"""The bundled encoder, trained on drawn faces: a door to `bundled`, which holds its network."""

from __future__ import annotations

from core.encode.encoder import Encoder, Options

LICENCE = (
    "Apache-2.0, trained by this project on faces that its own generator drew; it knows nothing "
    "about photographs."
)


def build(options: Options) -> Encoder:
    """The bundled encoder; raises `EncoderError` where weights or preprocessing were chosen."""
    options.refuse_preprocessing()
    from core.encode.bundled import load_bundled

    encoder: Encoder = load_bundled(options.device)
    return encoder
