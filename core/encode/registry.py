"""Every encoder by its kind. A new encoder is one new file and one line here.

The file has a `LICENCE`, the sentence shown where the encoder is chosen (or a mapping from kind
to sentence), and `build(options)`, which returns an `Encoder`; it imports what is heavy lazily.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from core.encode.encoder import Encoder, Options
from core.errors import EncoderError
from core.progress import Progress

ENCODERS: dict[str, str] = {
    "synthetic": "core.encode.synthetic",
    "pixels": "core.encode.pixels",
    "facenet-vggface2": "core.encode.facenet",
    "facenet-casia": "core.encode.facenet",
    "resnet50-vggface2": "core.encode.resnet50",
    "onnx": "core.encode.onnx",
}
"""Kind → the module that builds it."""

KINDS = ("auto", *ENCODERS)

RECOGNISERS = (
    "onnx (any ONNX face recogniser: weights: its path), facenet-vggface2 or facenet-casia "
    "(weights: download, or the path of the file), or resnet50-vggface2 (weights: the path of a "
    "state dict)"
)
"""The recognisers for photographs, and how each can be had."""


def licence(kind: str) -> str:
    """The sentence on terms that is shown where `kind` is chosen."""
    named = import_module(ENCODERS[kind]).LICENCE
    return named if isinstance(named, str) else named[kind]


def make_encoder(
    kind: str,
    *,
    weights: str | Path | None = None,
    device: str = "auto",
    synthetic: bool,
    size: int | None = None,
    mean: Sequence[float] | float | None = None,
    std: Sequence[float] | float | None = None,
    color: str | None = None,
    align: str | None = None,
    progress: Progress | None = None,
) -> Encoder:
    """The encoder of `kind` for faces that the project's generator drew (`synthetic`) or not.

    `auto` takes the bundled encoder for the synthetic set and refuses to guess for photographs.
    Raises `EncoderError` for an unknown kind, for weights that are missing or do not fit, for a
    device that is not there, and for the drawn-faces encoder on photographs.
    """
    if kind not in KINDS:
        raise EncoderError(f"there is no encoder {kind!r}: choose one of {', '.join(KINDS)}")
    if kind == "auto" and not synthetic:
        raise EncoderError(
            "encoder: auto stops at photographs, since the bundled encoder has seen drawn faces "
            f"only: choose {RECOGNISERS}"
        )
    if kind == "synthetic" and not synthetic:
        raise EncoderError(
            "encoder: synthetic has seen drawn faces only and says nothing about photographs: "
            f"choose {RECOGNISERS}"
        )
    chosen = "synthetic" if kind == "auto" else kind
    options = Options(
        chosen, weights, device, size, mean, std, color, align, progress or Progress()
    )
    built: Encoder = import_module(ENCODERS[chosen]).build(options)
    return built
