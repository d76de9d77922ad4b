"""Networks over arrays: torch's answers, any number of images, any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import nn

from core.runtime.runner import runner


def test_a_runner_takes_any_number_and_any_size() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 2, 1))
    ours = runner(network, ("n", 3, "h", "w"), "cpu")
    # Another word for the same device: torch runs it, as it would on a GPU.
    theirs = runner(network, ("n", 3, "h", "w"), "cpu:0")
    given = [np.random.default_rng(n).random((n, 3, 9, 8 + n), np.float32) for n in range(1, 6)]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(ours, given))
    for images, one in zip(given, found, strict=True):
        np.testing.assert_array_equal(one, ours(images))
        np.testing.assert_allclose(one, theirs(images), atol=1e-6)
