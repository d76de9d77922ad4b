"""The papers' neural probe: dense 1024 ReLU, softmax, Adam, 150 epochs.

Thesis section 4.1 and TPAMI section 4.2: learning rate 1e-3, β 0.9 and 0.999, batches of 128,
150 epochs. Jobs of one shape train together on a graphics card, one batched network each; on a
processor each trains by itself, where its weights stay in the cache (measured: five as one batch
took 28 ms a step, five in turn 14 ms), as many side by side as there are processors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from joblib import cpu_count

from core.attack.fit import CHOSEN, Fit

if TYPE_CHECKING:
    import torch

HIDDEN = 1024
EPOCHS = 150
BATCH = 128
RATE = 1e-3


class Neural:
    """Dense 1024 ReLU + softmax, as in the papers."""

    name = "nn"
    version = 1
    # A network costs fifty times what the others cost: one view, and one inner hold-out.
    views = (CHOSEN,)
    folds = 1

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Log-probabilities (t, classes) of each job."""
        groups = _alike(fits, together=device != "cpu")
        found: dict[int, np.ndarray] = {}
        # On a processor each job has a thread and torch no further ones: two jobs side by side
        # were seen to take the time of one, two threads in one job to gain little.
        side_by_side = cpu_count() if device == "cpu" else 1
        with ThreadPoolExecutor(side_by_side, initializer=_single) as pool:
            trained = pool.map(lambda group: _train([fits[i] for i in group], device), groups)
            for group, scores in zip(groups, trained, strict=True):
                found.update(zip(group, scores, strict=True))
        return [found[i] for i in range(len(fits))]


def _single() -> None:
    import torch

    torch.set_num_threads(1)


def _alike(fits: Sequence[Fit], *, together: bool) -> list[list[int]]:
    if not together:
        return [[i] for i in range(len(fits))]
    groups: dict[tuple[int, int], list[int]] = {}
    for i, fit in enumerate(fits):
        groups.setdefault((fit.x.shape[1], fit.classes), []).append(i)
    return list(groups.values())


def _train(fits: Sequence[Fit], device: str) -> list[np.ndarray]:
    """Train one network a job, batched; jobs with fewer rows are padded with weight 0."""
    import torch

    x, y, weight = _padded(fits, device)
    jobs, rows, _ = x.shape
    order = torch.Generator().manual_seed(fits[0].seed)
    parameters = _initial(jobs, x.shape[2], fits[0].classes, fits[0].seed, device)
    optimiser = torch.optim.Adam(parameters, lr=RATE, betas=(0.9, 0.999), fused=True)
    for _ in range(EPOCHS):
        shuffled = torch.randperm(rows, generator=order).to(device)
        for start in range(0, rows, BATCH):
            batch = shuffled[start : start + BATCH]
            optimiser.zero_grad(set_to_none=True)
            _loss(parameters, x[:, batch], y[:, batch], weight[:, batch]).backward()
            optimiser.step()
    return [_scores(parameters, job, fit, device) for job, fit in enumerate(fits)]


def _padded(fits: Sequence[Fit], device: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    import torch

    rows = max(len(fit.x) for fit in fits)
    x = torch.zeros(len(fits), rows, fits[0].x.shape[1])
    y = torch.zeros(len(fits), rows, dtype=torch.long)
    weight = torch.zeros(len(fits), rows)
    for job, fit in enumerate(fits):
        own = len(fit.x)
        x[job, :own] = torch.from_numpy(fit.x)
        y[job, :own] = torch.from_numpy(fit.y)
        weight[job, :own] = 1
    return x.to(device), y.to(device), weight.to(device)


def _initial(jobs: int, d: int, classes: int, seed: int, device: str) -> list[torch.Tensor]:
    """Glorot-uniform weights and zero biases, the same for every job of one seed."""
    import torch

    draw = torch.Generator().manual_seed(seed)

    def glorot(fan_in: int, fan_out: int) -> torch.Tensor:
        bound = math.sqrt(6 / (fan_in + fan_out))
        one = (torch.rand(fan_in, fan_out, generator=draw) * 2 - 1) * bound
        return one.expand(jobs, -1, -1).clone()

    tensors = [
        glorot(d, HIDDEN),
        torch.zeros(jobs, 1, HIDDEN),
        glorot(HIDDEN, classes),
        torch.zeros(jobs, 1, classes),
    ]
    return [tensor.to(device).requires_grad_() for tensor in tensors]


def _logits(parameters: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    import torch

    first, first_bias, second, second_bias = parameters
    hidden = torch.relu(torch.baddbmm(first_bias, x, first))
    return torch.baddbmm(second_bias, hidden, second)


def _loss(
    parameters: Sequence[torch.Tensor], x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Mean cross-entropy of each job, summed over jobs, so that no job feels another."""
    import torch

    logits = _logits(parameters, x)
    each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), y, reduction="none")
    return ((each * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)).sum()


def _scores(parameters: Sequence[torch.Tensor], job: int, fit: Fit, device: str) -> np.ndarray:
    import torch

    own = [tensor.detach()[job : job + 1] for tensor in parameters]
    with torch.no_grad():
        logits = _logits(own, torch.from_numpy(fit.x_test)[None].to(device))[0]
        return torch.log_softmax(logits, dim=1).cpu().numpy()
