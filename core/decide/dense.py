"""The thesis's classifier: one dense layer of 1024 ReLU units and a sigmoid.

Peña, master's thesis, section 4.3, and the annex's section V.C. Neither says how it was trained, so
that the optimiser is that of their other networks (Adam, 1e-3, batches of 128). Ours stops early:
after `PATIENCE` epochs in which the cross-entropy on held-out people of the training part did not
fall (more epochs where they are short), and the epoch with the lowest counts.

A sigmoid is a softmax over two classes whose first logit stays 0, so that the gradients written out
for the attackers serve. Jobs of one shape train together on a graphics card, as one batched network
(never run on one so far); on a processor each trains by itself, where its weights stay in the
cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.attack.neural import BATCH, HIDDEN, RATE, gradients
from core.decide.fit import Job, Scores, seen

if TYPE_CHECKING:
    import torch

LONGEST, LONGEST_STEPS = 50, 500
"""Epochs that a fit takes at most, or steps where those are more epochs."""
PATIENCE, PATIENCE_STEPS = 5, 50
"""Epochs, or steps where those are more, without a lower cross-entropy on held-out people after
which training stops."""
TYPICAL = 12
"""Epochs that a fit is expected to take."""
PER_STEP, PER_NUMBER = 5e-4, 6e-8
"""Seconds a step takes, and more for each number in its batch (rows × dimensions), one thread."""

Tensors = Sequence["torch.Tensor"]


class Dense:
    """Dense 1024 ReLU + sigmoid, stopped early."""

    name = "nn"
    version = 2

    def decide(self, jobs: Sequence[Job], *, device: str) -> list[Scores]:
        """Train each job, and score its rows; on a graphics card all of one width at once."""
        found: dict[int, Scores] = {}
        for group in _alike(jobs, together=device != "cpu"):
            found.update(zip(group, trained([jobs[i] for i in group], device), strict=True))
        return [found[i] for i in range(len(jobs))]

    def seconds(self, rows: int, dimensions: int) -> float:
        """About how long one job takes on one core."""
        steps = max(TYPICAL * math.ceil(rows / BATCH), 2 * PATIENCE_STEPS)
        return steps * (PER_STEP + PER_NUMBER * BATCH * dimensions)


def _alike(jobs: Sequence[Job], *, together: bool) -> list[list[int]]:
    if not together:
        return [[i] for i in range(len(jobs))]
    groups: dict[int, list[int]] = {}
    for i, job in enumerate(jobs):
        groups.setdefault(job.x.shape[1], []).append(i)
    return list(groups.values())


def trained(jobs: Sequence[Job], device: str) -> list[Scores]:
    """The scores of each job, all of one width, after its best epoch; trained as one batch."""
    import torch

    views = [seen(job) for job in jobs]
    held = [torch.from_numpy(view[1]).to(device) for view in views]
    wanted = [torch.from_numpy(view[2]).to(device) for view in views]
    best: list[Scores | None] = [None] * len(jobs)
    lowest, stopped = [math.inf] * len(jobs), [False] * len(jobs)
    for epoch, parameters in _epochs(jobs, [view[0] for view in views], device):
        for j, job in enumerate(jobs):
            if stopped[j]:
                continue
            said = _probabilities(parameters, j, held[j])
            loss = cross_entropy(job.y[job.held], said)
            if best[j] is None or loss < lowest[j]:
                lowest[j] = loss
                best[j] = Scores(said, _probabilities(parameters, j, wanted[j]), epoch)
            stopped[j] = epoch - _scored(best[j]).epochs >= _epochs_of(
                job, PATIENCE, PATIENCE_STEPS
            )
        if all(stopped):
            break
    return [_scored(one) for one in best]


def _epochs_of(job: Job, epochs: int, steps: int) -> int:
    """So many epochs, or as many as so many steps take where the job has few rows."""
    return max(epochs, math.ceil(steps / math.ceil(len(job.fit) / BATCH)))


def cross_entropy(truth: np.ndarray, said: np.ndarray) -> float:
    """Mean −log of the probability given to what is true; infinite where there is no row."""
    if not len(truth):
        return math.inf
    right = np.where(truth == 1, said, 1 - said.astype(np.float64))
    return float(-np.log(np.clip(right, 1e-7, 1)).mean())


def _scored(found: Scores | None) -> Scores:
    assert found is not None, "the first epoch scores every job"
    return found


def _epochs(
    jobs: Sequence[Job], views: Sequence[np.ndarray], device: str
) -> Iterator[tuple[int, Tensors]]:
    """Train one network a job, batched; yields epochs from 1 on and the parameters after each.

    Jobs with fewer rows are filled up with weight 0; each has an order of its own.
    """
    import torch

    x, truth, weight = _padded(jobs, views, device)
    orders = [torch.Generator().manual_seed(job.seed) for job in jobs]
    parameters = _initial(jobs, x.shape[2], device)
    grads = [torch.zeros_like(tensor) for tensor in parameters]
    for tensor, grad in zip(parameters, grads, strict=True):
        tensor.grad = grad
    optimiser = torch.optim.Adam(parameters, lr=RATE, betas=(0.9, 0.999), fused=True)
    each = torch.arange(len(jobs), device=device)[:, None]
    longest = max(_epochs_of(job, LONGEST, LONGEST_STEPS) for job in jobs)
    for epoch in range(1, longest + 1):
        drawn = zip(jobs, orders, strict=True)
        shuffled = torch.stack([_order(len(job.fit), x.shape[1], own) for job, own in drawn])
        shuffled = shuffled.to(device)
        for rows in shuffled.split(BATCH, dim=1):
            gradients(parameters, x[each, rows], truth[each, rows], weight[each, rows])
            grads[2][:, 0].zero_()
            grads[3][:, 0].zero_()
            optimiser.step()
        yield epoch, parameters


def _order(own: int, rows: int, generator: torch.Generator) -> torch.Tensor:
    """The job's own rows in random order, then those that only fill up."""
    import torch

    return torch.cat([torch.randperm(own, generator=generator), torch.arange(own, rows)])


def _padded(
    jobs: Sequence[Job], views: Sequence[np.ndarray], device: str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    import torch

    rows = max(len(view) for view in views)
    x = torch.zeros(len(jobs), rows, views[0].shape[1])
    truth = torch.zeros(len(jobs), rows, 2)
    weight = torch.zeros(len(jobs), rows)
    for j, (job, view) in enumerate(zip(jobs, views, strict=True)):
        own = len(view)
        x[j, :own] = torch.from_numpy(view)
        truth[j, torch.arange(own), torch.from_numpy(job.y[job.fit].astype(np.int64))] = 1
        weight[j, :own] = torch.from_numpy(job.weight)
    return x.to(device), truth.to(device), weight.to(device)


def _initial(jobs: Sequence[Job], d: int, device: str) -> list[torch.Tensor]:
    """Glorot-uniform weights and zero biases: (j, 1024, d), (j, 1024, 1), (j, 2, 1024), (j, 2, 1).

    The first row of the second layer is 0 and stays so: that is what makes a sigmoid of it.
    """
    import torch

    first = torch.empty(len(jobs), HIDDEN, d)
    second = torch.zeros(len(jobs), 2, HIDDEN)
    for j, job in enumerate(jobs):
        draw = torch.Generator().manual_seed(job.seed)
        bound, out = math.sqrt(6 / (d + HIDDEN)), math.sqrt(6 / (HIDDEN + 1))
        first[j] = ((torch.rand(d, HIDDEN, generator=draw) * 2 - 1) * bound).mT
        second[j, 1] = (torch.rand(HIDDEN, generator=draw) * 2 - 1) * out
    tensors = [first, torch.zeros(len(jobs), HIDDEN, 1), second, torch.zeros(len(jobs), 2, 1)]
    return [tensor.to(device).requires_grad_() for tensor in tensors]


def _probabilities(parameters: Tensors, j: int, x: torch.Tensor) -> np.ndarray:
    import torch

    with torch.no_grad():
        first, first_bias, second, second_bias = (one.detach()[j] for one in parameters)
        hidden = torch.addmm(first_bias, first, x.mT).relu_()
        logits = second[1] @ hidden + second_bias[1, 0]
        return torch.sigmoid(logits).cpu().numpy()
