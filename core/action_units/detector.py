"""The detector: a frozen convolutional trunk, and a fully connected part that was fine-tuned.

Deuschel, Finzel and Rieger (2020), "Training": a VGG16 whose fully connected layers alone are
trained, one output an action unit. An output above 0 says that the unit is present. Trunk and
fully connected part can be put together again as one torch network, which is what relevance is
propagated through.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.encode.encoder import in_fixed_batches
from core.encode.layers import Affine, Chain, Relu
from core.encode.network import NetworkEncoder

if TYPE_CHECKING:
    import torch

ROWS = 64
"""Rows scored at a time, the last batch padded."""


@dataclass(frozen=True, eq=False)
class Detector:
    """Which of `units` a face shows: `chain` makes logits (n, k) of a trunk's activations (n, w).

    Whatever was done to the activations before they were learnt from, and the threshold of each
    unit, are folded into the weights and biases. `epochs` is for how long it was trained.
    """

    units: tuple[int, ...]
    chain: Chain
    epochs: int = 0

    def scores(self, activations: np.ndarray) -> np.ndarray:
        """Logits float32 (n, k) of `activations` float32 (n, w); above 0 is a yes."""
        return in_fixed_batches(activations, self.chain, ROWS)

    @property
    def width(self) -> int:
        """Numbers w of a face that it reads."""
        return int(self._affine[0].weight.shape[0])

    @property
    def _affine(self) -> list[Affine]:
        return [layer for layer in self.chain.layers if isinstance(layer, Affine)]

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights and biases by name, for the store."""
        named = enumerate(self._affine)
        return {
            f"{name}{place}": array
            for place, layer in named
            for name, array in (("weight", layer.weight), ("bias", layer.bias))
        }


def dense(units: tuple[int, ...], arrays: dict[str, np.ndarray], epochs: int = 0) -> Detector:
    """The detector with the weights (d, d') and biases of `Detector.arrays`, ReLU in between."""
    layers: list[Affine | Relu] = []
    for place in range(len(arrays) // 2):
        layers += [Relu()] if layers else []
        layers.append(Affine(arrays[f"weight{place}"], arrays[f"bias{place}"]))
    return Detector(units, Chain(tuple(layers)), epochs)


def full_network(trunk: NetworkEncoder, detector: Detector) -> torch.nn.Module:
    """Trunk and detector as one network: images (b, 3, s, s) to logits (b, k), in evaluation mode.

    Images come as the trunk takes them (`trunk.color`, less `trunk.mean`, by `trunk.std`). The
    weights are copies. Raises `ValueError` where the trunk's activations are not what the detector
    reads.
    """
    from torch import nn

    if trunk.dimensions != detector.width:
        raise ValueError(
            f"a trunk of {trunk.dimensions} numbers a face, and a detector that reads "
            f"{detector.width}"
        )
    body = copy.deepcopy(trunk.network).cpu()
    network = nn.Sequential(body, nn.Flatten(1), *_modules(detector.chain))
    return network.float().requires_grad_(False).eval()


def _modules(chain: Chain) -> Iterator[torch.nn.Module]:
    import torch
    from torch import nn

    for layer in chain.layers:
        if isinstance(layer, Relu):
            yield nn.ReLU()
            continue
        assert isinstance(layer, Affine), "a detector is made of dense layers"
        linear = nn.Linear(*layer.weight.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(layer.weight.T.copy()))
            linear.bias.copy_(torch.from_numpy(layer.bias))
        yield linear
