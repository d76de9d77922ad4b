"""Batch normalisation that no longer looks at its batch, as a slope and a level of each channel.

(x − μ) / √(σ² + ε) · γ + β (Ioffe and Szegedy 2015, section 3.1: at inference a fixed linear map).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm


def fixed(norm: _BatchNorm | None, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Slope and level, float64 (width,) each; 1 and 0 where there is no `norm`."""
    if norm is None:
        return np.ones(width), np.zeros(width)
    assert norm.running_mean is not None, "statistics are fixed"
    assert norm.running_var is not None, "statistics are fixed"
    slope = array(norm.weight) / np.sqrt(array(norm.running_var) + norm.eps)
    return slope, array(norm.bias) - array(norm.running_mean) * slope


def array(tensor: torch.Tensor) -> np.ndarray:
    """The numbers of `tensor` as float64."""
    found: np.ndarray = tensor.detach().cpu().double().numpy()
    return found
