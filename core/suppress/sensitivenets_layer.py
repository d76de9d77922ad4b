"""One layer of SensitiveNets: triplets on one side, Δ against a detector on the other.

Morales et al. 2020 (TPAMI), eq. 4 to 6. φ = W x + b at length one, with x the layer before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import SuppressorError
from core.progress import Progress
from core.suppress.chain import Affine
from core.suppress.detector import ClosedForm, Detector, Network, accuracy, glorot
from core.suppress.suppressor import Label
from core.suppress.triplets import MARGIN

if TYPE_CHECKING:
    import torch

TARGET = 0.9
"""The probability that Δ asks the detector to give to the neutral class (TPAMI eq. 6)."""
WIDTH = 1024
"""Units of a layer in the papers; the default keeps as many as there are, up to this."""


@dataclass(frozen=True)
class Recipe:
    """How a layer is trained.

    `settled`: before Δ is taken, the detector's bias is moved so that it gives `TARGET` to the
    neutral class on average: no constant shift of φ can then meet Δ, and what is left to learn is
    to make faces alike (METHODS saw Δ met by such a shift while every new detector read on).
    `identity`: a layer begins as the map that changes nothing, without a bias; a Glorot layer of
    1,024 units with one otherwise. `detector_epochs` are those of a network: first, and then again
    each time.
    """

    triplets: int
    batch: int
    epochs: int
    rate: float
    hinge: bool
    settled: bool
    identity: bool
    detector_epochs: tuple[int, int]


@dataclass(frozen=True)
class Task:
    """What a layer learns from: `triplets` int64 (m, 3) rows, the labels to suppress, and `kept`
    one-hot float32 (n, K) where the primary loss is binary cross-entropy of a task."""

    triplets: torch.Tensor
    labels: tuple[Label, ...]
    kept: torch.Tensor | None
    detector: str
    weight: float


@dataclass(frozen=True)
class Epoch:
    """A layer after an epoch: `map` so far, the two parts of the loss, the detector's accuracy
    on φ as it was when it was refitted, by label."""

    map: Affine
    primary: float
    delta: float
    accuracy: tuple[float, ...]


def delta(chances: torch.Tensor, neutral: int | None) -> torch.Tensor:
    """Δ (n,) of probabilities (n, k): log(1 + |0.9 − P(D)|), TPAMI eq. 6.

    Without a class D, log(1 + ½ Σ |1/k − P(c)|): the distance from the uniform distribution.
    """
    if neutral is None:
        return ((1 / chances.shape[1] - chances).abs().sum(dim=1) / 2).log1p()
    return (TARGET - chances[:, neutral]).abs().log1p()


def settle(logits: torch.Tensor, neutral: int | None) -> torch.Tensor:
    """Logits (n, k) with one constant added at the neutral class, so that its mean probability is
    `TARGET`. The constant has no gradient. Unchanged where there is no neutral class."""
    import torch

    if neutral is None:
        return logits
    with torch.no_grad():
        others = torch.cat([logits[:, :neutral], logits[:, neutral + 1 :]], dim=1)
        margin = logits[:, neutral] - others.logsumexp(dim=1)
        low, high = -30.0, 30.0
        for _ in range(20):
            middle = (low + high) / 2
            if float((margin + middle).sigmoid().mean()) < TARGET:
                low = middle
            else:
                high = middle
        shift = torch.zeros_like(logits)
        shift[:, neutral] = low
    return logits + shift


def primary_triplet(phi: torch.Tensor, triplets: torch.Tensor, *, hinge: bool) -> torch.Tensor:
    """Mean of ‖A − P‖² − ‖A − N‖² + 0.2 over `triplets` (m, 3) of unit φ (n, d'), TPAMI eq. 5,
    each not below 0 with `hinge`. On unit vectors ‖a − b‖² = 2 − 2 a·b."""
    import torch

    anchor, positive, negative = triplets.unbind(dim=1)
    with torch.no_grad():
        a, p, n = phi[anchor], phi[positive], phi[negative]
        value = MARGIN + 2 * (a * (n - p)).sum(dim=1)
        active = (value > 0).to(phi.dtype)[:, None] if hinge else torch.ones_like(value)[:, None]
        # Its gradient, written out: 2 (n − p) at A, 2 a at N, −2 a at P. Automatic differentiation
        # of picked rows was most of a step.
        slope = torch.zeros_like(phi)
        slope.index_add_(0, anchor, active * (n - p))
        slope.index_add_(0, negative, active * a)
        slope.index_add_(0, positive, -active * a)
        slope *= 2 / len(triplets)
        mean = (value.clamp(min=0) if hinge else value).mean()
    along = (phi * slope).sum()
    return along - along.detach() + mean


def train(
    inputs: torch.Tensor,
    task: Task,
    recipe: Recipe,
    generator: torch.Generator,
    progress: Progress,
) -> Iterator[Epoch]:
    """Train a layer on `inputs` (n, d), the layer before, and tell of each epoch without end.

    Labels alternate from batch to batch; their detectors are new with the layer and refitted on
    detached φ each epoch. Raises `SuppressorError` where the loss is not finite.
    """
    import torch

    layer = _Layer(inputs, task, recipe, generator)
    while True:
        progress.check()
        accuracies = layer.refit()
        parts = []
        order = torch.randperm(len(task.triplets), generator=generator).to(inputs.device)
        for place, chosen in enumerate(order.split(recipe.batch)):
            parts.append(layer.step(task.triplets[chosen], place % len(task.labels)))
        primary, suppressed = torch.stack(parts).mean(dim=0).tolist()
        if not np.isfinite(primary + suppressed):
            raise SuppressorError(
                f"SensitiveNets did not converge: its loss became {primary + suppressed} (it must "
                "be finite); choose a lower dial or fewer layers"
            )
        yield Epoch(layer.map(), primary, suppressed, accuracies)


class _Layer:
    """The weights of a layer, its optimiser and its detectors, while it is trained."""

    def __init__(
        self, inputs: torch.Tensor, task: Task, recipe: Recipe, generator: torch.Generator
    ) -> None:
        import torch

        self.inputs, self.task, self.recipe = inputs, task, recipe
        self.weight, self.bias = _initial(inputs, recipe, generator)
        parameters = [self.weight] if recipe.identity else [self.weight, self.bias]
        self.head: torch.Tensor | None = None
        if task.kept is not None:
            shape = (self.weight.shape[1], task.kept.shape[1])
            self.head = torch.zeros(shape, device=inputs.device, requires_grad=True)
            parameters = [*parameters, self.head]
        if recipe.identity:
            # Plain steps stay in the directions that the losses name; Adam, which scales every
            # weight by itself, turns all of W.
            self.optimiser: torch.optim.Optimizer = torch.optim.SGD(
                parameters, lr=recipe.rate, momentum=0.9
            )
        else:
            self.optimiser = torch.optim.Adam(parameters, lr=recipe.rate)
        self.detectors = [_detector(label, task, recipe, generator) for label in task.labels]
        self.known = [
            (
                torch.from_numpy(np.flatnonzero(label.y >= 0)).to(inputs.device),
                torch.from_numpy(label.y[label.y >= 0]).to(inputs.device),
            )
            for label in task.labels
        ]

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """φ (n, d') of the layer before (n, d)."""
        import torch

        return torch.nn.functional.normalize(inputs @ self.weight + self.bias, dim=1)

    def refit(self) -> tuple[float, ...]:
        """Refit every detector on φ as it is now; their accuracies on it."""
        import torch

        with torch.no_grad():
            phi = self.forward(self.inputs)
        found = []
        for detector, (rows, y) in zip(self.detectors, self.known, strict=True):
            detector.refit(phi[rows], y)
            with torch.no_grad():
                found.append(accuracy(detector.logits(phi[rows]), y.cpu().numpy()))
        return tuple(found)

    def step(self, triplets: torch.Tensor, which: int) -> torch.Tensor:
        """One step on a batch against label `which`; (primary, Δ) of it, detached."""
        import torch

        rows, place = triplets.unique(return_inverse=True)
        phi = self.forward(self.inputs[rows])
        primary = self._primary(phi, rows, place)
        logits = self.detectors[which].logits(phi)
        neutral = self.task.labels[which].neutral
        if self.recipe.settled:
            logits = settle(logits, neutral)
        # Σ over A, P and N of each triplet, the mean over triplets: rows weigh as they occur.
        occurs = place.flatten().bincount(minlength=len(rows)) / len(triplets)
        suppressed = (occurs * delta(logits.softmax(dim=1), neutral)).sum()
        loss = primary + self.task.weight * suppressed
        self.optimiser.zero_grad()
        (loss / max(1.0, self.task.weight)).backward()
        self.optimiser.step()
        return torch.stack([primary, suppressed]).detach()

    def _primary(self, phi: torch.Tensor, rows: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        import torch

        if self.task.kept is None or self.head is None:
            return primary_triplet(phi, place, hinge=self.recipe.hinge)
        scores = phi @ self.head * phi.shape[1] ** 0.5
        return torch.nn.functional.binary_cross_entropy_with_logits(scores, self.task.kept[rows])

    def map(self) -> Affine:
        """The layer as it is, without the unit length after it."""
        return Affine(*(own.detach().cpu().numpy().copy() for own in (self.weight, self.bias)))


def _initial(
    inputs: torch.Tensor, recipe: Recipe, generator: torch.Generator
) -> Sequence[torch.Tensor]:
    """W (d, d') and b (d',) to begin with."""
    import torch

    d = inputs.shape[1]
    if not recipe.identity:
        weight, width = glorot(d, WIDTH, generator), WIDTH
    elif d <= WIDTH:
        weight, width = torch.eye(d), d
    else:
        # Orthonormal directions keep the distances of vectors, up to what falls outside of them.
        weight, width = torch.linalg.qr(torch.randn(d, WIDTH, generator=generator))[0], WIDTH
        weight = weight * (d / WIDTH) ** 0.5
    bias = torch.zeros(width)
    return [own.to(inputs.device).requires_grad_() for own in (weight, bias)]


def _detector(label: Label, task: Task, recipe: Recipe, generator: torch.Generator) -> Detector:
    if task.detector == "softmax" and recipe.identity:
        return ClosedForm(label.k)
    return Network(label.k, task.detector == "dense", *recipe.detector_epochs, generator)
