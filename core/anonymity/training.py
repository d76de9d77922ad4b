"""How the networks learn: steps, curves, and Face, Emotion and fresh dense layers.

What is frozen is given to no optimiser and no gradient is asked for it. The optimiser, its rate,
the batches and how long each part learns are not printed: ours, in `FACTS`. One fold is one
thread's work (`one_thread`), so that its figures do not depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from core.anonymity import networks

if TYPE_CHECKING:
    import torch

    from core.anonymity.networks import Weights

VERSION = 1
RATE = 1e-3
BATCH = 64
SECTION = 32
"""Steps of the convolutions between two readings of a curve, outside of rounds."""
SECTIONS = 8
"""Sections of Emotion and of Face."""
START = 3
"""Sections of Hybrid's start: where its identity layers are never in doubt, −L_i has no slope, and
nothing is unlearnt (seen after 500 steps: L_i stayed under .01 through 20 rounds)."""
ROUND = 40
"""Steps of convolutions and emotion layers in a round."""
CATCH_UP = 120
"""Steps of the identity layers in a round, on features that do not move meanwhile."""
FRESH = 800
"""Steps of fresh dense layers on frozen convolutions."""

FACTS: dict[str, Any] = {
    "optimiser": "Adam, 0.9 and 0.999",
    "rate": RATE,
    "batch": BATCH,
    "steps": SECTIONS * SECTION,
    "steps_of_the_start": START * SECTION,
    "steps_a_round": ROUND,
    "identity_steps_a_round": CATCH_UP,
    "fresh_dense_steps": FRESH,
}
"""What of the training is ours."""

Tell = Callable[[], None]


@dataclass(frozen=True)
class Part:
    """Pictures float32 (m, 1, SIDE, SIDE) with their emotions and identities, int64 (m,)."""

    x: torch.Tensor
    emotion: torch.Tensor
    identity: torch.Tensor


@dataclass
class Curves:
    """What was seen while a network learnt: (step, name, value) in order."""

    points: list[tuple[int, str, float]] = field(default_factory=list)

    def add(self, step: int, **values: float) -> None:
        """Note the `values` of one step; what is not finite is left out."""
        found = ((step, name, float(value)) for name, value in values.items())
        self.points += [point for point in found if np.isfinite(point[2])]


@contextmanager
def one_thread() -> Iterator[None]:
    """Let this thread's torch use one core: sums come out in one order wherever it runs."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def restore_threads() -> None:
    """Give torch's later threads this one's share again, after `one_thread` in others."""
    import torch

    torch.set_num_threads(torch.get_num_threads())


class Learner:
    """Steps over the shuffled batches of `rows` pictures; all chance comes from `seed`."""

    def __init__(self, rows: int, seed: int) -> None:
        import torch

        self.rows = rows
        self._order = torch.Generator().manual_seed(seed)
        self._batches = self._endless()

    def _endless(self) -> Iterator[torch.Tensor]:
        import torch

        while True:
            yield from torch.randperm(self.rows, generator=self._order).split(BATCH)

    def steps(
        self,
        count: int,
        loss: Callable[[torch.Tensor], dict[str, torch.Tensor]],
        moving: Weights,
        optimiser: torch.optim.Optimizer,
    ) -> dict[str, float]:
        """So many steps that make the sum of what `loss` gives for a batch of rows smaller.

        Only `moving` weights have a gradient taken. Returns the mean of each part of the loss;
        stops at a batch whose loss is not finite, with that loss in the mean.
        """
        import torch

        sums: dict[str, float] = {}
        for done, batch in enumerate(islice(self._batches, count), 1):
            parts = loss(batch)
            whole = torch.stack([*parts.values()]).sum()
            for name, part in parts.items():
                sums[name] = sums.get(name, 0.0) + float(part.detach())
            if not torch.isfinite(whole):
                return {name: value / done for name, value in sums.items()}
            found = torch.autograd.grad(whole, moving)
            for weight, gradient in zip(moving, found, strict=True):
                weight.grad = gradient
            optimiser.step()
        return {name: value / count for name, value in sums.items()}


def adam(weights: Weights) -> torch.optim.Optimizer:
    """The optimiser of all parts."""
    import torch

    return torch.optim.Adam(weights, lr=RATE, betas=(0.9, 0.999), fused=True)


def cross_entropy(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Of one network's logits (1, b, k), or the sum over several (j, b, k)."""
    from torch.nn import functional

    several = truth.expand(len(logits), -1).flatten()
    return functional.cross_entropy(logits.flatten(0, 1), several) * len(logits)


def plain(
    part: Part, task: str, classes: int, held: Part, *, seed: int, tell: Tell, device: str = "cpu"
) -> tuple[Weights, Weights, Curves]:
    """Face or Emotion: convolutions and dense layers for one `task`; and how they learnt.

    `tell` is called after each section, and may raise to stop.
    """
    truth = getattr(part, task)
    conv = networks.convolutions(seed, device)
    head = networks.dense([seed + 1], classes, device)
    learner, curves = Learner(len(part.x), seed + 2), Curves()
    optimiser = adam([*conv, *head])

    def loss(batch: torch.Tensor) -> dict[str, torch.Tensor]:
        said = networks.logits(head, networks.features(conv, part.x[batch]))
        return {task: cross_entropy(said, truth[batch])}

    for section in range(1, SECTIONS + 1):
        lost = learner.steps(SECTION, loss, [*conv, *head], optimiser)
        curves.add(
            section * SECTION, **named(lost), **{f"held_{task}": accuracy(conv, head, held, task)}
        )
        tell()
    return conv, head, curves


def fresh(
    x: torch.Tensor,
    truth: torch.Tensor,
    classes: int,
    *,
    seeds: Sequence[int],
    steps: int = FRESH,
    device: str = "cpu",
) -> Weights:
    """Fresh dense layers on frozen features `x` (m, FEATURES), one network for each of `seeds`.

    All learn side by side on the same batches; none feels another.
    """
    head = networks.dense(seeds, classes, device)
    learner, optimiser = Learner(len(x), seeds[0] + 2), adam(head)

    def loss(batch: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"own": cross_entropy(networks.logits(head, x[batch]), truth[batch])}

    learner.steps(steps, loss, head, optimiser)
    return head


def all_features(conv: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Features (m, FEATURES) of all pictures, without a gradient, some hundred at a time."""
    import torch

    with torch.no_grad():
        return torch.cat([networks.features(conv, few) for few in x.split(256)])


def accuracy(conv: Weights, head: Weights, part: Part, task: str) -> float:
    """The share of `part` whose `task` the first network of `head` names rightly."""
    import torch

    with torch.no_grad():
        said = networks.logits(head, all_features(conv, part.x))[0].argmax(dim=1)
    return float((said == getattr(part, task)).float().mean())


def named(lost: dict[str, float]) -> dict[str, float]:
    """Parts of a loss under the names that curves have."""
    return {f"loss_{name}": value for name, value in lost.items()}
