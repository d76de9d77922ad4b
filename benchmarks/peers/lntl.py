"""Learning Not To Learn as its authors print it (Kim et al. 2019), and the product's.

Ours is the product's preset `paper` on vectors: 100 epochs, SGD, λ .01 and gradients turned round
by .1. The loop here is the same recipe, begun alike, as its equations read, with a gradient
reversal layer and two passes a batch.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.inputs import synthetic
from benchmarks.peers.suppressing import agreement, fitted, material
from benchmarks.sidebyside import Asked, Case, Missing, Side

EPOCHS, BATCH, RATE, HIDDEN = 100, 128, 0.01, 1024
DROP_EVERY, ENTROPY, REVERSAL = 40, 0.01, 0.1
FEW = 12
"""People that a first try sees."""


def cases(asked: Asked) -> list[Case | Missing]:
    """The adapter on vectors."""
    from core.suppress.lntl import LearningNotToLearn

    people = len(set(material().people))
    return [
        Case(
            f"Learning Not To Learn as printed, {people} people × 6 × 256, synthetic",
            Side(
                "ours, preset paper",
                partial(fitted, LearningNotToLearn(preset="paper"), asked.device),
            ),
            [Side("the paper's loop in PyTorch", partial(loop, asked.device),
                  partial(loop, asked.device, FEW, 1))],
            agreement,
            most=3,
        )
    ]  # fmt: skip


def loop(device: str, people: int | None = None, epochs: int = EPOCHS) -> np.ndarray:
    """φ of every face after the paper's training."""
    import torch
    from torch.nn import functional

    own = material(people)
    torch.manual_seed(0)
    _, person = np.unique(own.people, return_inverse=True)
    x, y, s = (torch.from_numpy(one).to(device) for one in (own.x, person, own.labels[0].y))
    d = x.shape[1]
    inner, outer = torch.nn.Linear(d, HIDDEN), torch.nn.Linear(HIDDEN, d)
    torch.nn.init.normal_(inner.weight, std=2**0.5)  # numbers of a unit vector are about 1 / √d
    for one in (inner.bias, outer.weight, outer.bias):
        torch.nn.init.zeros_(one)
    f = torch.nn.Sequential(inner, torch.nn.ReLU(), outer).to(device)
    g = torch.nn.Linear(d, int(person.max()) + 1).to(device)
    h = torch.nn.Linear(d, own.labels[0].k).to(device)
    for one in (g.weight, g.bias, h.weight, h.bias):
        torch.nn.init.zeros_(one)
    every = [
        torch.optim.SGD(one.parameters(), lr=RATE, momentum=0.9, weight_decay=5e-4)
        for one in (f, g, h)
    ]
    plans = [torch.optim.lr_scheduler.StepLR(one, DROP_EVERY, 0.1) for one in every]
    reverse = _reversal()

    def phi(rows: Any) -> Any:
        own_ = functional.normalize(rows)
        return functional.normalize(own_ + f(own_)) * d**0.5

    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(BATCH):
            for optimiser in every:
                optimiser.zero_grad()
            seen = phi(x[batch])
            log_p = h(seen).log_softmax(dim=1)
            entropy = (log_p.exp() * log_p).sum(dim=1).mean()
            (functional.cross_entropy(g(seen), y[batch]) + ENTROPY * entropy).backward()
            every[0].step()
            every[1].step()
            for optimiser in every:
                optimiser.zero_grad()
            functional.cross_entropy(h(reverse(phi(x[batch]))), s[batch]).backward()
            every[0].step()
            every[2].step()
        for plan in plans:
            plan.step()
    with torch.no_grad():
        found: np.ndarray = phi(torch.from_numpy(synthetic().x).to(device)).cpu().numpy()
    return found


def _reversal() -> Any:
    """Gradient reversal (Ganin and Lempitsky 2015)."""
    import torch

    class Reversed(torch.autograd.Function):
        """Forward as it is, backward times −λ."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.view_as(x)

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return -REVERSAL * gradient

    return Reversed.apply
