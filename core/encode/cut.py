"""Where an encoder's network is cut: a frozen trunk, and a last stage that can be fine-tuned.

Each encoder that is a torch network declares its own cut. The trunk is an encoder too, whose
vectors are the activations of an earlier depth, so that they are computed in the same batches and
kept in the store as vectors are. The last stage comes as a chain with its batch normalisation
folded in, which makes its statistics constants: no row depends on the others of its batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encode.encoder import Encoder, digest_of
from core.encode.layers import Affine, Chain, Convolution
from core.encode.network import NetworkEncoder
from core.errors import EncoderError
from core.runtime.folding import array, fixed

if TYPE_CHECKING:
    import torch

__all__ = ["Cut", "folded", "folded_affine", "tail_of", "trunk_of"]


@dataclass(frozen=True)
class Cut:
    """A cut network: tail(trunk(image)) is the encoder's vector.

    `trunk` is a torch network from images to maps (b, c, h, w), which laid flat are what `tail`
    takes, `width` numbers a face. `stage` names the layers of the tail.
    """

    trunk: Any
    tail: Chain
    width: int
    stage: str


def trunk_of(encoder: Encoder) -> NetworkEncoder:
    """The encoder's frozen trunk, whose vectors are activations, (b, c · h · w) of a face each.

    Raises `EncoderError` where the encoder is no network that can be cut.
    """
    network, cut = _cut(encoder)
    return replace(
        network,
        name=f"{network.name}, trunk before {cut.stage}",
        dimensions=cut.width,
        digest=digest_of({"depth": "trunk", "stage": cut.stage}, network.digest),
        network=cut.trunk,
        cut=None,
        runtime="",
    )


def tail_of(encoder: Encoder) -> Chain:
    """The encoder's last stage, from activations to vectors, with the weights that it has.

    Raises `EncoderError` where the encoder is no network that can be cut.
    """
    return _cut(encoder)[1].tail


def _cut(encoder: Encoder) -> tuple[NetworkEncoder, Cut]:
    if not isinstance(encoder, NetworkEncoder) or encoder.cut is None:
        raise EncoderError(
            f"the encoder {encoder.name} cannot be cut into a frozen trunk and a last stage, which "
            "lntl in the mode tail and --depth trunk need: choose the encoder synthetic, "
            "facenet-vggface2, facenet-casia or resnet50-vggface2, or the mode adapter"
        )
    return encoder, encoder.cut()


Cutter = Callable[[], Cut]


def folded(
    convolution: torch.nn.Conv2d,
    norm: torch.nn.BatchNorm2d | None,
    places: tuple[int, int],
    scale: float = 1.0,
) -> Convolution:
    """A convolution of stride 1 over maps of `places`, its batch normalisation with fixed
    statistics and a factor `scale`, as one layer.

    (w ∗ x + c − μ) / √(σ² + ε) · γ + β is again a convolution (Ioffe and Szegedy 2015, section
    3.1: at inference it is a fixed linear map).
    """
    weight = array(convolution.weight)
    bias = np.zeros(len(weight)) if convolution.bias is None else array(convolution.bias)
    slope, level = fixed(norm, len(weight))
    return Convolution(
        (scale * slope[:, None, None, None] * weight).astype(np.float32),
        (scale * (slope * bias + level)).astype(np.float32),
        places,
        (int(convolution.padding[0]), int(convolution.padding[1])),
        convolution.groups > 1,
    )


def folded_affine(linear: torch.nn.Linear, norm: torch.nn.BatchNorm1d) -> Affine:
    """A dense layer without a bias and its batch normalisation with fixed statistics, as one."""
    slope, level = fixed(norm, linear.out_features)
    weight = slope[:, None] * array(linear.weight)
    return Affine(np.ascontiguousarray(weight.T, np.float32), level.astype(np.float32))
