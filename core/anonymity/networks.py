"""Three convolutions and three dense layers, as weights and functions (Narula et al. 2020, 4.2).

The paper gives 3 × 3 filters at stride 1, ReLU and softmax. Widths stand in a figure that was lost
from its text; input size, pooling, padding and initial weights are not printed: ours, declared in
`FACTS`. Dense layers carry a leading axis, so that several of one shape learn as one batch: for
them a step is mostly overhead. Convolutions of several folds as one grouped network did not pay on
processors (1.7 ms a picture for ten together, 1.9 ms one by one, at 48 pixels on a busy machine):
folds are tasks of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    Weights = list[torch.Tensor]

SIDE = 32
WIDTHS = (8, 16, 32)
HIDDEN = (64, 64)
FEATURES = WIDTHS[-1] * (SIDE // 2 ** len(WIDTHS)) ** 2

FACTS: dict[str, Any] = {
    "input": f"{SIDE} x {SIDE} grey, from the five-point crop of 112",
    "convolutions": list(WIDTHS),
    "kernel": 3,
    "stride": 1,
    "padding": 1,
    "pooling": "maximum of 2 x 2 after each convolution",
    "dense": list(HIDDEN),
    "initial weights": "He et al. (2015), uniform; zero biases",
}
"""What of the networks is ours; kernel and stride are the paper's."""


def convolutions(seed: int, device: str = "cpu") -> Weights:
    """Fresh convolutions: weight (out, in, 3, 3) and bias (out,) of each layer, float32."""
    import torch

    draw = torch.Generator().manual_seed(seed)
    found: Weights = []
    for before, after in pairwise((1, *WIDTHS)):
        found.append(_uniform((after, before, 3, 3), before * 9, draw))
        found.append(torch.zeros(after))
    return _ready(found, device)


def dense(seeds: Sequence[int], classes: int, device: str = "cpu") -> Weights:
    """Fresh dense layers for each of `seeds`: weights (j, in, out) and biases (j, 1, out)."""
    import torch

    sizes = (FEATURES, *HIDDEN, classes)
    drawn = [torch.Generator().manual_seed(seed) for seed in seeds]
    found: Weights = []
    for before, after in pairwise(sizes):
        found.append(torch.stack([_uniform((before, after), before, one) for one in drawn]))
        found.append(torch.zeros(len(seeds), 1, after))
    return _ready(found, device)


def features(weights: Sequence[torch.Tensor], pictures: torch.Tensor) -> torch.Tensor:
    """What the convolutions make of `pictures` (b, 1, SIDE, SIDE): (b, FEATURES), laid flat."""
    from torch.nn.functional import conv2d, max_pool2d, relu

    for place in range(0, len(weights), 2):
        pictures = conv2d(pictures, weights[place], weights[place + 1], padding=1)
        pictures = max_pool2d(relu(pictures), 2)
    return pictures.flatten(1)


def logits(weights: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Logits (j, b, classes) of the dense layers for `x` (j, b, FEATURES), or (b, FEATURES)."""
    import torch

    last = len(weights) - 2
    if x.ndim == 2:
        x = x.expand(len(weights[0]), -1, -1)
    for place in range(0, len(weights), 2):
        x = torch.baddbmm(weights[place + 1], x, weights[place])
        x = x if place == last else x.relu()
    return x


def scaled(pictures: Any, device: str = "cpu") -> torch.Tensor:
    """Grey `pictures` uint8 (b, SIDE, SIDE) as float32 (b, 1, SIDE, SIDE), about −2 to 2."""
    import torch

    return (torch.from_numpy(pictures).to(device).float()[:, None] - 127.5) / 64


def _uniform(shape: tuple[int, ...], fan_in: int, draw: torch.Generator) -> torch.Tensor:
    import torch

    return (torch.rand(shape, generator=draw) * 2 - 1) * math.sqrt(6 / fan_in)


def _ready(weights: Weights, device: str) -> Weights:
    return [one.to(device).requires_grad_() for one in weights]
