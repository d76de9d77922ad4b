"""The papers' neural probe: dense 1024 ReLU, softmax, Adam.

Thesis section 4.1 and TPAMI section 4.2: learning rate 1e-3, β 0.9 and 0.999, batches of 128,
150 epochs. Ours stops where held-out people are read best, which a network of this size reaches
early: on the synthetic set and the London set, expression and gender, balanced accuracy was .480,
.922, .609 and .883 after 5 to 52 epochs, and .482, .921, .594 and .868 after 150.

Jobs of one shape train together on a graphics card, one batched network each; on a processor each
trains by itself, where its weights stay in the cache (measured: five as one batch took 28 ms a
step, five in turn 14 ms).

The gradients are written out: they are four products, and into memory that is there already a step
takes half the time of automatic differentiation (256 dimensions, one thread).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.attack.fit import CHOSEN, Fit
from core.attack.least_squares import mean_recall, recalls

if TYPE_CHECKING:
    import torch

HIDDEN = 1024
BATCH = 128
RATE = 1e-3
LONGEST = 50
PATIENCE = 5
"""Epochs without a better figure on held-out people after which training stops. Ten picked the same
epoch in 14 of 15 inner folds (expression; synthetic and London sets), after five epochs more."""
SMOOTH = 5
"""The figure of an epoch is the mean over so many around it: single epochs are noise."""


class Neural:
    """Dense 1024 ReLU + softmax, as in the papers, stopped early."""

    name = "nn"
    version = 5
    # A network costs twenty times what the others cost: one view, and one inner hold-out.
    views = (CHOSEN,)
    folds = 1

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Log-probabilities (t, classes) of each job, after its epochs."""
        found: dict[int, np.ndarray] = {}
        for group in _alike(fits, together=device != "cpu"):
            found.update(zip(group, _last([fits[i] for i in group], device), strict=True))
        return [found[i] for i in range(len(fits))]

    def watched(
        self, fits: Sequence[Fit], truths: Sequence[np.ndarray], *, device: str
    ) -> list[tuple[np.ndarray, int]]:
        """Log-probabilities (t, classes) of each job at its best epoch, and that epoch."""
        found: dict[int, tuple[np.ndarray, int]] = {}
        for group in _alike(fits, together=device != "cpu"):
            own = [fits[i] for i in group]
            best = _best(own, [truths[i] for i in group], device)
            found.update(zip(group, best, strict=True))
        return [found[i] for i in range(len(fits))]


def _alike(fits: Sequence[Fit], *, together: bool) -> list[list[int]]:
    if not together:
        return [[i] for i in range(len(fits))]
    groups: dict[tuple[int, int], list[int]] = {}
    for i, fit in enumerate(fits):
        groups.setdefault((fit.x.shape[1], fit.classes), []).append(i)
    return list(groups.values())


def _last(fits: Sequence[Fit], device: str) -> list[np.ndarray]:
    """The scores of each job after its own number of epochs."""
    wanted = [fit.epochs or LONGEST for fit in fits]
    found: list[np.ndarray | None] = [None] * len(fits)
    for epoch, parameters in epochs_of(fits, device, max(wanted)):
        for job, last in enumerate(wanted):
            if epoch == last:
                found[job] = _scores(parameters, job, fits[job], device)
    return [scores for scores in found if scores is not None]


def _best(
    fits: Sequence[Fit], truths: Sequence[np.ndarray], device: str
) -> list[tuple[np.ndarray, int]]:
    """The scores of each job at the epoch of the best smoothed balanced accuracy, from 1."""
    best: list[tuple[np.ndarray, int] | None] = [None] * len(fits)
    seen: list[list[np.ndarray]] = [[] for _ in fits]
    values: list[list[float]] = [[] for _ in fits]
    for epoch, parameters in epochs_of(fits, device, LONGEST):
        for job in (job for job, found in enumerate(best) if found is None):
            scores = _scores(parameters, job, fits[job], device)
            recall = recalls(truths[job][None], scores.argmax(axis=1)[None], fits[job].classes)
            seen[job].append(scores)
            values[job].append(float(mean_recall(*recall)[0]))
            top = peak(values[job])
            if epoch == LONGEST or epoch - top >= PATIENCE + SMOOTH // 2:
                best[job] = seen[job][top - 1], top
        if all(found is not None for found in best):
            break
    return [found for found in best if found is not None]


def peak(values: Sequence[float]) -> int:
    """The epoch, from 1, whose mean over `SMOOTH` epochs around it is highest; the first of equals.

    Epochs at either end are averaged over what there is of the window.
    """
    window = np.ones(SMOOTH)
    sums = np.convolve(values, window, "full")[SMOOTH // 2 :][: len(values)]
    counts = np.convolve(np.ones(len(values)), window, "full")[SMOOTH // 2 :][: len(values)]
    return int(np.argmax(sums / counts)) + 1


def epochs_of(
    fits: Sequence[Fit], device: str, count: int
) -> Iterator[tuple[int, Sequence[torch.Tensor]]]:
    """Train one network a job, batched; yields epoch 1 … `count` and the parameters after it.

    Jobs with fewer rows are padded with weight 0.
    """
    import torch

    data = _padded(fits, device)
    jobs, rows, d = data[0].shape
    order = torch.Generator().manual_seed(fits[0].seed)
    parameters = _initial(jobs, d, fits[0].classes, fits[0].seed, device)
    for tensor in parameters:
        tensor.grad = torch.zeros_like(tensor)
    optimiser = torch.optim.Adam(parameters, lr=RATE, betas=(0.9, 0.999), fused=True)
    for epoch in range(1, count + 1):
        shuffled = torch.randperm(rows, generator=order).to(device)
        batches = zip(*(whole[:, shuffled].split(BATCH, dim=1) for whole in data), strict=True)
        for batch in batches:
            gradients(parameters, *batch)
            optimiser.step()
        yield epoch, parameters


def _padded(fits: Sequence[Fit], device: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    import torch

    rows = max(len(fit.x) for fit in fits)
    x = torch.zeros(len(fits), rows, fits[0].x.shape[1])
    truth = torch.zeros(len(fits), rows, fits[0].classes)
    weight = torch.zeros(len(fits), rows)
    for job, fit in enumerate(fits):
        own = len(fit.x)
        x[job, :own] = torch.from_numpy(fit.x)
        truth[job, torch.arange(own), torch.from_numpy(fit.y)] = 1
        weight[job, :own] = 1
    return x.to(device), truth.to(device), weight.to(device)


def _initial(jobs: int, d: int, classes: int, seed: int, device: str) -> list[torch.Tensor]:
    """Glorot-uniform weights and zero biases, the same for every job of one seed.

    (j, 1024, d), (j, 1024, 1), (j, classes, 1024), (j, classes, 1): layers stand on the left of
    their products and a face is a column, which takes less time than a face a row.
    """
    import torch

    draw = torch.Generator().manual_seed(seed)

    def glorot(fan_in: int, fan_out: int) -> torch.Tensor:
        bound = math.sqrt(6 / (fan_in + fan_out))
        one = (torch.rand(fan_in, fan_out, generator=draw) * 2 - 1) * bound
        return one.expand(jobs, -1, -1).clone()

    tensors = [
        glorot(d, HIDDEN).mT.contiguous(),
        torch.zeros(jobs, HIDDEN, 1),
        glorot(HIDDEN, classes).mT.contiguous(),
        torch.zeros(jobs, classes, 1),
    ]
    return [tensor.to(device).requires_grad_() for tensor in tensors]


def gradients(
    parameters: Sequence[torch.Tensor],
    x: torch.Tensor,
    truth: torch.Tensor,
    weight: torch.Tensor,
) -> None:
    """Write into each parameter's `grad` that of its job's mean cross-entropy.

    `x` (j, b, d), `truth` one-hot (j, b, classes), `weight` (j, b), 0 for rows that only fill up:
    no job feels another. With h = relu(W xᵀ + b) and p = softmax(V h + c), the gradient at the
    logits is (p − truthᵀ) · weight / Σ weight; the rest is the chain rule.
    """
    import torch

    first, first_bias, second, second_bias = parameters
    with torch.no_grad():
        hidden = torch.baddbmm(first_bias, first, x.mT).relu_()
        chances = torch.baddbmm(second_bias, second, hidden).softmax(dim=1)
        share = weight / weight.sum(dim=1, keepdim=True).clamp(min=1)
        at_logits = chances.sub_(truth.mT).mul_(share[:, None])
        at_hidden = torch.bmm(second.mT, at_logits)
        torch.ops.aten.threshold_backward.grad_input(at_hidden, hidden, 0, grad_input=at_hidden)
        torch.bmm(at_logits, hidden.mT, out=second.grad)
        torch.sum(at_logits, dim=2, keepdim=True, out=second_bias.grad)
        torch.bmm(at_hidden, x, out=first.grad)
        torch.sum(at_hidden, dim=2, keepdim=True, out=first_bias.grad)


def _scores(parameters: Sequence[torch.Tensor], job: int, fit: Fit, device: str) -> np.ndarray:
    import torch

    own = [tensor.detach()[job : job + 1] for tensor in parameters]
    with torch.no_grad():
        first, first_bias, second, second_bias = own
        x = torch.from_numpy(fit.x_test)[None].to(device)
        hidden = torch.baddbmm(first_bias, first, x.mT).relu_()
        logits = torch.baddbmm(second_bias, second, hidden)[0]
        return torch.log_softmax(logits, dim=0).mT.contiguous().cpu().numpy()
