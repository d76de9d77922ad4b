"""The training of Learning Not To Learn (Kim, Kim, Kim, Kim and Kim 2019), epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import NotEnoughData, SuppressorError
from core.progress import Progress
from core.suppress.chain import Chain
from core.suppress.detector import accuracy
from core.suppress.lntl_steps import Batch, Players, learn, unlearn
from core.suppress.prepare import classes_kept
from core.suppress.suppressor import Label, Material
from core.suppress.trainable import trainable

if TYPE_CHECKING:
    import torch

BATCH = 128
MOMENTUM = 0.9
DECAY = 5e-4
LEAST_VARIANCE = 1e-5


@dataclass(frozen=True)
class Recipe:
    """How it is trained: learning rate times `drop` every `drop_every` epochs; `entropy` and
    `reversal` are the strengths of steps 1 and 2 at a dial of 0.5; `ramp`: they grow from 0 as in
    Ganin and Lempitsky 2015, section 5.2, and the best of the epochs is chosen on held-back people;
    `hidden` is the width of an adapter; `slower`: the rate of f as a share of that of g and h;
    `level`: h reads φ at mean 0 and variance 1 of its batch, so that f cannot escape it by moving
    or shrinking all faces alike.
    """

    epochs: int
    rate: float
    drop_every: int
    drop: float
    entropy: float
    reversal: float
    ramp: bool
    hidden: int = 0
    slower: float = 1.0
    level: bool = False


class Training:
    """The three networks while they are trained on `material`: f begins as the chain `start`.

    `kept` is the label of the primary task, None for identity; `weight` multiplies both suppressing
    strengths and `rate` the learning rate. Raises `NotEnoughData` where the primary task has fewer
    than two classes here.
    """

    def __init__(
        self,
        recipe: Recipe,
        start: Chain,
        material: Material,
        kept: Label | None,
        *,
        weight: float,
        rate: float,
        generator: torch.Generator,
        device: str,
    ) -> None:
        import torch

        self.recipe, self.rate, self.weight = recipe, rate * recipe.rate, weight
        self.labels, self.generator = material.labels, generator
        y = classes_kept(material, kept)
        if len(set(y) - {-1}) < 2:
            task = "identity" if kept is None else kept.name
            raise NotEnoughData(
                f"{len(set(y) - {-1})} class of the primary task '{task}' is among these people "
                "(at least 2 are needed): bring more, or choose primary: identity"
            )
        to = torch.device(device)
        whole = (material.x, y, *(one.y for one in self.labels))
        tensors = [torch.from_numpy(np.ascontiguousarray(own)).to(to) for own in whole]
        self.x, self.y, self.s = tensors[0], tensors[1], tensors[2:]
        self.f = trainable(start).to(to)
        with torch.no_grad():
            d = self.f(self.x[:1]).shape[1]
        g = head(d, int(y.max()) + 1).to(to)
        own = (head(d, label.k, level=recipe.level) for label in self.labels)
        h = torch.nn.ModuleList(own).to(to)
        optimisers = [
            torch.optim.SGD(own.parameters(), lr=0.0, momentum=MOMENTUM, weight_decay=DECAY)
            for own in (self.f, g, h)
        ]
        self.players = Players(self.f, g, list(h), *optimisers)

    def epochs(self, progress: Progress, count: int) -> Iterator[dict[str, float]]:
        """Train for `count` epochs; the mean losses and the detectors' accuracies after each."""
        import torch

        for number in range(count):
            progress.check()
            self.set_rate(number)
            share = self.share(number)
            order = torch.randperm(len(self.x), generator=self.generator).to(self.x.device)
            parts = []
            for rows in order.split(BATCH):
                batch = Batch(self.x[rows], self.y[rows], [s[rows] for s in self.s])
                learned = learn(self.players, batch, share * self.recipe.entropy)
                unlearned = unlearn(self.players, batch, share * self.recipe.reversal)
                parts.append((*learned, unlearned))
            means = np.mean(parts, axis=0)
            if not np.isfinite(means).all():
                raise SuppressorError(
                    f"Learning Not To Learn did not converge: its loss became {means.sum()} (it "
                    "must be finite); choose a lower dial"
                )
            names = ("primary loss", "negative entropy", "sensitive loss")
            yield {**dict(zip(names, means.tolist(), strict=True)), **self._detectors()}

    def chain(self) -> Chain:
        """φ as it is now."""
        found: Chain = self.f.trained()
        return found

    def phi(self, x: np.ndarray) -> np.ndarray:
        """φ float32 (n, d') of x (n, d) as it is now, to look at while it is trained."""
        import torch

        rows = torch.from_numpy(np.ascontiguousarray(x)).to(self.x.device)
        return self._phi(rows).cpu().numpy()

    def _phi(self, x: torch.Tensor) -> torch.Tensor:
        import torch

        with torch.no_grad():
            return torch.cat([self.f(part) for part in x.split(BATCH)])

    def share(self, epoch: int) -> float:
        """How much of both strengths is in force."""
        grown = 2 / (1 + math.exp(-10 * epoch / self.recipe.epochs)) - 1 if self.recipe.ramp else 1
        return self.weight * grown

    def set_rate(self, epoch: int) -> None:
        """The learning rates of an epoch."""
        rate = self.rate * self.recipe.drop ** (epoch // self.recipe.drop_every)
        own = self.players
        for optimiser in (own.f_optimiser, own.g_optimiser, own.h_optimiser):
            share = self.recipe.slower if optimiser is own.f_optimiser else 1.0
            for group in optimiser.param_groups:
                group["lr"] = share * rate

    def _detectors(self) -> dict[str, float]:
        import torch

        phi, found = self._phi(self.x), {}
        with torch.no_grad():
            for label, h, s in zip(self.labels, self.players.h, self.s, strict=True):
                known = (s >= 0).nonzero()[:, 0]
                found[f"detector {label.name}"] = accuracy(h(phi[known]), s[known].cpu().numpy())
        return found


def head(d: int, k: int, *, level: bool = False) -> torch.nn.Module:
    """g or h: a softmax layer on φ · √d, whose entries are of about size 1; begins at 0.

    `level`: on these at mean 0 and variance 1 of the batch (Ioffe and Szegedy 2015, algorithm 1).
    """
    import torch

    class Head(torch.nn.Module):
        """φ (b, d) to logits (b, k)."""

        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.utils.skip_init(torch.nn.Linear, d, k)
            torch.nn.init.zeros_(self.layer.weight)
            torch.nn.init.zeros_(self.layer.bias)

        def forward(self, phi: torch.Tensor) -> torch.Tensor:
            seen = phi * d**0.5
            if level:
                seen = seen - seen.mean(dim=0)
                seen = seen / (seen.square().mean(dim=0) + LEAST_VARIANCE).sqrt()
            logits: torch.Tensor = self.layer(seen)
            return logits

    return Head()
