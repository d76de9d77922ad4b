"""What Learning Not To Learn begins with: an adapter, or the encoder's last stage."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from core.suppress.chain import Affine, Chain, Relu, Residual, Unit

if TYPE_CHECKING:
    import torch


def adapter(d: int, hidden: int, generator: torch.Generator) -> Chain:
    """x at length one, what a residual network of one hidden layer adds, length one.

    Its second layer begins at 0, so that φ begins as x / ‖x‖.
    """
    import torch

    # He et al. 2015; entries of a unit vector are about 1 / √d.
    first = torch.randn(hidden, d, generator=generator).numpy().T * np.float32(math.sqrt(2))
    inner = (
        Affine(np.ascontiguousarray(first), np.zeros(hidden, np.float32)),
        Relu(),
        Affine(np.zeros((hidden, d), np.float32), np.zeros(d, np.float32)),
    )
    return Chain((Unit(), Residual(Chain(inner)), Unit()))


def stage(tail: Chain) -> Chain:
    """The encoder's own last stage from activations, then length one: φ begins as x / ‖x‖.

    Batch normalisation is folded into the stage's layers, its statistics fixed: they would
    otherwise make a face's φ depend on the faces of its batch.
    """
    ends = isinstance(tail.layers[-1], Unit)
    return tail if ends else Chain((*tail.layers, Unit()))
