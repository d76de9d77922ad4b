"""A chain as a torch network whose weights can be trained, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.suppress.chain import (
    SMALLEST,
    Affine,
    Beside,
    Chain,
    Convolution,
    Pool,
    Relu,
    Residual,
    Unit,
    packed,
    unpacked,
)

if TYPE_CHECKING:
    import torch

    Weights = dict[str, torch.Tensor]


def trainable(chain: Chain) -> Any:
    """A network that begins as `chain`, from rows (b, d) to (b, d'), with all its weights free.

    Its `trained()` is the chain that it has become.
    """
    import torch

    class Trainable(torch.nn.Module):
        """Every array of the chain as a parameter, under its name with "_" for "."."""

        def __init__(self) -> None:
            super().__init__()
            arrays, _ = packed(chain)
            self.names = list(arrays)
            for name, own in arrays.items():
                weight = torch.from_numpy(np.array(own, order="C"))
                self.register_parameter(name.replace(".", "_"), torch.nn.Parameter(weight))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return _walk(chain, "", dict(zip(self.names, self.parameters(), strict=True)), x)

        def trained(self) -> Chain:
            """The chain with the weights as they are."""
            now = zip(self.names, self.parameters(), strict=True)
            arrays = {name: own.detach().cpu().numpy().copy() for name, own in now}
            return unpacked(arrays, packed(chain)[1])

    return Trainable()


def _walk(chain: Chain, prefix: str, weights: Weights, x: torch.Tensor) -> torch.Tensor:
    """`chain` on x (b, d), its arrays looked up in `weights` by the names of `packed`."""
    import torch

    for place, layer in enumerate(chain.layers):
        name = f"{prefix}{place}"
        match layer:
            case Affine():
                x = torch.addmm(weights[f"{name}.bias"], x, weights[f"{name}.weight"])
            case Convolution():
                x = _convolved(layer, weights[f"{name}.weight"], weights[f"{name}.bias"], x)
            case Relu():
                x = torch.relu(x)
            case Unit():
                x = torch.nn.functional.normalize(x, dim=1, eps=SMALLEST)
            case Pool(maps):
                x = x.view(len(x), maps, -1).mean(dim=2)
            case Beside(chains):
                parts = [_walk(own, f"{name}.{i}.", weights, x) for i, own in enumerate(chains)]
                x = torch.cat(parts, dim=1)
            case Residual(inner):
                x = x + _walk(inner, f"{name}.", weights, x)
    return x


def _convolved(
    layer: Convolution, weight: torch.Tensor, bias: torch.Tensor, x: torch.Tensor
) -> torch.Tensor:
    import torch

    maps = x.view(len(x), layer.maps, *layer.places)
    if layer.depthwise and layer.left == (1, 1):
        # One weighted sum a map: torch's grouped convolution is slow at that on a processor.
        return (maps * weight[:, 0]).flatten(2).sum(dim=2) + bias
    groups = layer.maps if layer.depthwise else 1
    found = torch.nn.functional.conv2d(maps, weight, bias, padding=layer.padding, groups=groups)
    return found.flatten(1)
