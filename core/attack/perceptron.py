"""Networks of no, one, two or three hidden layers: TPAMI's softmax probe and the tuned `mlp`.

Adam (Kingma and Ba 2015) at 1e-3 on batches of 128, as the papers train theirs. `mlp` has layers of
256 ReLU and learns for a fixed time: its depth is the one thing that inner folds choose. Stopping
where held-out people are read best made its figure on them .83 where strangers gave .61 (London,
gender, 40 people), and so made it the strongest where it was not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from core.attack.fit import CHOSEN, Fit, Setting
from core.attack.neural import BATCH, RATE

if TYPE_CHECKING:
    import torch

WIDTH = 256
DECAY = 1e-2
"""Weight decay of the deep networks (AdamW, Loshchilov and Hutter 2019); the papers' has none."""
EPOCHS = 25


class Perceptron:
    """One to three layers of 256 ReLU and a softmax; the number of layers by inner folds."""

    name = "mlp"
    version = 1
    views = (CHOSEN,)
    folds = 2
    settings: tuple[Setting, ...] = ((1.0,), (2.0,), (3.0,))
    """Hidden layers."""

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Log-probabilities (t, classes) of each job."""
        return [_last(fit, EPOCHS, int(fit.setting[0]), DECAY, device) for fit in fits]


class Softmax:
    """TPAMI's own probe: a single softmax layer, 150 epochs as its other network has."""

    name = "softmax"
    version = 1
    views = ("unit standard",)
    folds = 2
    epochs = 150
    variant = "as printed"

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Log-probabilities (t, classes) of each job."""
        return [_last(fit, self.epochs, 0, 0.0, device) for fit in fits]


def _last(fit: Fit, epochs: int, depth: int, decay: float, device: str) -> np.ndarray:
    return _scores(_trained(fit, epochs, depth, decay, device), fit, device)


def _trained(fit: Fit, count: int, depth: int, decay: float, device: str) -> torch.nn.Module:
    """The network after `count` epochs."""
    import torch

    random = torch.Generator().manual_seed(fit.seed)
    network = _network(fit, depth, random).to(device)
    x, y = torch.from_numpy(fit.x).to(device), torch.from_numpy(fit.y).to(device)
    steps = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=decay, fused=True)
    for _ in range(count):
        for batch in torch.randperm(len(x), generator=random).to(device).split(BATCH):
            steps.zero_grad()
            torch.nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
            steps.step()
    return network


def _network(fit: Fit, depth: int, random: torch.Generator) -> torch.nn.Module:
    """Dense layers with Glorot and Bengio's (2010) start, drawn from `random` alone."""
    import torch

    widths = [fit.x.shape[1], *[WIDTH] * depth, fit.classes]
    layers: list[torch.nn.Module] = []
    for before, after in pairwise(widths):
        # skip_init: the layer's own start would draw from torch's global seed.
        layer = torch.nn.utils.skip_init(torch.nn.Linear, before, after)
        if depth:
            torch.nn.init.xavier_uniform_(layer.weight, generator=random)
        else:  # convex: no start is needed, and a random one would outlast few steps
            torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def _scores(network: torch.nn.Module, fit: Fit, device: str) -> np.ndarray:
    import torch

    with torch.no_grad():
        logits = network(torch.from_numpy(fit.x_test).to(device))
        return torch.log_softmax(logits, dim=1).cpu().numpy()
