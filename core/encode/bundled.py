"""The bundled recogniser: small, trained on synthetic faces only, and for synthetic faces only.

It lets the product run offline. Its people are drawn and so is what it knows of faces: a figure
measured through it says nothing about photographs. `weights/MODEL_CARD.md` describes it,
`benchmarks/train_bundled.py` makes it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from core.encode.cut import Cut, folded, folded_affine
from core.encode.encoder import digest_of, file_digest
from core.encode.layers import Chain, Relu
from core.encode.network import NetworkEncoder, choose_device, fill, read_state
from core.errors import EncoderError
from core.faces.align import Alignment

WEIGHTS = Path(__file__).parent / "weights" / "bundled.safetensors"
NAME = "Blindfold bundled (synthetic faces)"
ALIGNMENT = Alignment("five-points", 112)
LICENCE = (
    "Apache-2.0, trained by this project on faces that its own generator drew; it knows nothing "
    "about photographs."
)


def load_bundled(device: str = "cpu", *, weights: Path = WEIGHTS) -> NetworkEncoder:
    """The bundled recogniser on `device`: "cpu", "cuda", or "auto" for what is there.

    Vectors have 256 dimensions and are not normalised. Raises `EncoderError` where the weights
    are missing or are not this network's, or where the device is not there.
    """
    device = choose_device(device)
    if not weights.is_file():
        raise EncoderError(
            f"the bundled recogniser's weights, {weights.name}, are missing: install Blindfold "
            "again, or make them with python -m benchmarks.train_bundled"
        )
    import torch

    from core.encode.bundled_network import DIMENSIONS, MIDDLE, BundledNetwork

    network = BundledNetwork()
    fill(network, read_state(weights), weights)
    scale = {"mean": MIDDLE, "std": MIDDLE, "size": ALIGNMENT.size, "align": ALIGNMENT.kind}
    return NetworkEncoder(
        name=NAME,
        dimensions=DIMENSIONS,
        alignment=ALIGNMENT,
        digest=digest_of({"encoder": "bundled", **scale}, file_digest(weights)),
        licence=LICENCE,
        network=network.to(device).to(memory_format=torch.channels_last),
        mean=(MIDDLE, MIDDLE, MIDDLE),
        std=(MIDDLE, MIDDLE, MIDDLE),
        device=device,
        cut=partial(cut, network),
    )


def cut(network: Any) -> Cut:
    """Before the last map is widened: 128 maps of 7 × 7, 25 KB a face.

    One layer later there are twice as many numbers to keep, and the last stage is a linear map.
    """
    from core.encode.bundled_network import LAST_MAP

    places = (LAST_MAP, LAST_MAP)
    widen, weigh, vector = network.widen, network.places, network.vector
    tail = Chain(
        (
            folded(widen[0], widen[1], places),
            Relu(),
            folded(weigh[0], weigh[1], places),
            folded_affine(vector[0], vector[1]),
        )
    )
    width = widen[0].in_channels * LAST_MAP**2
    return Cut(network.body, tail, width, "widen, places and vector")
