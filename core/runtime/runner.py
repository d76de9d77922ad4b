"""A network that takes and gives arrays: by onnxruntime on a processor, by torch elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from core.runtime.graph import Shape
from core.runtime.session import open_session
from core.runtime.traced import ANSWERS, IMAGES, to_onnx

if TYPE_CHECKING:
    from torch import nn

Runner = Callable[[np.ndarray], np.ndarray]
"""Images float32 (b, 3, h, w) to what the network says of them."""


def runner(network: nn.Module, shape: Shape, device: str) -> Runner:
    """`network` for images of `shape`, a text standing for any number; threads may share it."""
    if device == "cpu":
        session = open_session(to_onnx(network, shape), ["CPUExecutionProvider"])
        return lambda images: np.asarray(session.run([ANSWERS], {IMAGES: images})[0])
    placed = network.eval().to(device)

    def run(images: np.ndarray) -> np.ndarray:
        import torch

        exact = torch.backends.cudnn.flags(benchmark=False, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            found: np.ndarray = placed(torch.from_numpy(images).to(device)).cpu().numpy()
        return found

    return run
