"""The in-loop detector of SensitiveNets: it reads the sensitive label from φ, again and again.

TPAMI has a single softmax layer (its Fig. 2), the thesis a dense layer of 1024 with ReLU before it
(section 3.2). It only ever sees φ as numbers: no gradient of its own loss reaches the suppressor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import torch

HIDDEN = 1024
CERTAINTY = 0.5
"""Deviation of the logits to which a closed-form detector is tempered. Where a detector is certain,
the gradient of Δ vanishes (METHODS); this keeps it on the slope and changes no decision."""


class Detector(Protocol):
    """Reads one label from φ."""

    def refit(self, phi: torch.Tensor, y: torch.Tensor) -> None:
        """Learn from detached φ (n, d) and classes y (n,)."""
        ...

    def logits(self, phi: torch.Tensor) -> torch.Tensor:
        """Scores (n, k) before the softmax, with a gradient for φ (n, d)."""
        ...


@dataclass
class ClosedForm:
    """A softmax layer in one step: that of Gaussian classes with one shrunken covariance.

    Linear discriminants (Fisher 1936) give a softmax layer's weights exactly where classes are
    Gaussian; the covariance is shrunk as in Chen et al. 2010 (OAS). No step size, no epochs: it is
    solved anew each time.
    """

    k: int
    weight: torch.Tensor = field(init=False)
    bias: torch.Tensor = field(init=False)

    def refit(self, phi: torch.Tensor, y: torch.Tensor) -> None:
        """Solve anew; nothing of the last fit is kept."""
        import torch

        seen = torch.nn.functional.one_hot(y, self.k).to(phi.dtype)
        counts = seen.sum(dim=0)
        means = (seen.T @ phi) / counts[:, None]
        covariance = _shrunk(phi - means[y])
        weight = torch.linalg.solve(covariance, means.T)
        bias = -0.5 * (weight * means.T).sum(dim=0) + (counts / len(y)).log()
        scores = phi @ weight
        deviation = (scores - scores.mean(dim=1, keepdim=True)).std(dim=0).max()
        temper = min(1.0, CERTAINTY / max(float(deviation), 1e-12))
        self.weight, self.bias = weight * temper, bias * temper

    def logits(self, phi: torch.Tensor) -> torch.Tensor:
        """Scores (n, k)."""
        return phi @ self.weight + self.bias


def _shrunk(residual: torch.Tensor) -> torch.Tensor:
    """OAS covariance (d, d) of centred rows (n, d)."""
    import torch

    n, d = residual.shape
    sample = residual.T @ residual / n
    level = float(sample.trace()) / d
    size = float(sample.square().sum())
    share = (size + (d * level) ** 2) / ((n + 1) * max(size - d * level**2, 1e-30))
    share = min(1.0, max(share, 1e-3))  # never singular, however many rows there are
    return (1 - share) * sample + (share * level + 1e-12) * torch.eye(d, device=residual.device)


@dataclass
class Network:
    """A softmax layer, or a dense layer of 1024 with ReLU and a softmax layer, by Adam.

    Learning rate 1e-3, batches of 128 (TPAMI section 4.2). Fitted from scratch at first, then on
    from where it was: `first` and `again` epochs.
    """

    k: int
    dense: bool
    first: int
    again: int
    generator: torch.Generator
    model: torch.nn.Module | None = None
    optimiser: torch.optim.Optimizer | None = None

    def refit(self, phi: torch.Tensor, y: torch.Tensor) -> None:
        """Some more epochs on φ as it is now."""
        import torch

        epochs = self.again if self.model is not None else self.first
        if self.model is None:
            self.model = _network(phi.shape[1], self.k, self.dense, self.generator).to(phi.device)
            self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        assert self.optimiser is not None, "a network without its optimiser"
        for _ in range(epochs):
            order = torch.randperm(len(phi), generator=self.generator).to(phi.device)
            for rows in order.split(128):
                loss = torch.nn.functional.cross_entropy(self.model(phi[rows]), y[rows])
                self.optimiser.zero_grad()
                loss.backward()
                self.optimiser.step()
        self.model.requires_grad_(True)

    def logits(self, phi: torch.Tensor) -> torch.Tensor:
        """Scores (n, k)."""
        assert self.model is not None, "a detector that was never fitted"
        scores: torch.Tensor = self.model(phi)
        return scores


def _network(d: int, k: int, dense: bool, generator: torch.Generator) -> torch.nn.Module:
    import torch

    sizes = [d, HIDDEN, k] if dense else [d, k]
    layers: list[torch.nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layer = torch.nn.utils.skip_init(torch.nn.Linear, fan_in, fan_out)
        with torch.no_grad():
            layer.weight.copy_(glorot(fan_out, fan_in, generator))
            layer.bias.zero_()
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def glorot(rows: int, columns: int, generator: torch.Generator) -> torch.Tensor:
    """Uniform weights (rows, columns) as in Glorot and Bengio 2010, the papers' framework's own."""
    import torch

    bound = math.sqrt(6 / (rows + columns))
    return (torch.rand(rows, columns, generator=generator) * 2 - 1) * bound


def accuracy(logits: torch.Tensor, y: np.ndarray) -> float:
    """Share of rows whose largest logit (n, k) is at their class `y` (n,)."""
    return float((logits.argmax(dim=1).cpu().numpy() == y).mean())
