"""Training the fully connected part of a detector on the cached activations of a frozen trunk.

Two ways, both ours where the paper points to Pahl and Rieger (2020) for what it does not print:

**Dense** (the bundled encoder's trunk, or any other recogniser's): activations are centred and
turned to their leading directions, which are scaled down towards equal variance, and `PARTS` small
networks (dense `HIDDEN` ReLU, one sigmoid a unit, dropout .3, cross-entropy, Adam 1e-3, batches of
64) learn from four fifths of the people each. The other fifth says when to stop: after `PATIENCE`
epochs without a lower cross-entropy, and the epoch with the lowest counts. The detector is the
mean of the five, which is one network of 5 · `HIDDEN` units again.

**Tuned** (VGG16): the two fully connected layers start from ImageNet and are trained on with a new
last layer: stochastic gradient descent, momentum .9, rate 1e-3, dropout .5 as in Simonyan and
Zisserman (2014), batches of 32, stopped by one fifth of the people.

Faces are learnt from as they are and mirrored. The threshold of each unit is the one of the highest
F1 on people that the network did not learn from, since units are rare and a sigmoid's one half
would miss most of them. What is unknown is no part of any sum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.action_units.detector import Detector, dense

if TYPE_CHECKING:
    import torch

    Tensors = list[torch.Tensor]

VERSION = 1
PARTS, HIDDEN, BATCH, RATE, DROPOUT = 5, 64, 64, 1e-3, 0.3
LONGEST, PATIENCE = 60, 8
DIRECTIONS = 512
SHRINK = 0.1
"""Directions are divided by √(variance + `SHRINK` · the largest variance)."""
BASIS_ROWS = 2000
"""Rows that the directions are taken from, at most."""
TUNED_BATCH, TUNED_RATE, TUNED_DROPOUT, TUNED_LONGEST, TUNED_PATIENCE = 32, 1e-3, 0.5, 20, 3


@dataclass(frozen=True, eq=False)
class Job:
    """One detector to train.

    `x`, `mirrored` float32 (m, w): activations of the faces that are learnt from, and of the same
    mirrored; `present` float32 (m, k) with NaN where unknown; `person` (m,) says whose they are.
    `start`, where given, are weights (d, d') and biases by name that are trained on.
    """

    units: tuple[int, ...]
    x: np.ndarray
    mirrored: np.ndarray
    present: np.ndarray
    person: np.ndarray
    seed: int
    start: Mapping[str, np.ndarray] | None = None


def train(job: Job, device: str = "cpu") -> Detector:
    """The trained detector; the same job gives the same weights."""
    return _tuned(job, device) if job.start is not None else _dense(job, device)


def thresholds(scores: np.ndarray, present: np.ndarray) -> np.ndarray:
    """The threshold float64 (k,) of the highest F1 of each column of `scores` (m, k).

    It lies half-way between two scores; 0 where no known row shows the unit.
    """
    found = np.zeros(scores.shape[1])
    for unit in range(scores.shape[1]):
        known = ~np.isnan(present[:, unit])
        score, truth = scores[known, unit].astype(np.float64), present[known, unit]
        if not truth.any():
            continue
        order = np.argsort(-score, kind="stable")
        said = np.arange(1, len(order) + 1)
        f1 = 2 * np.cumsum(truth[order]) / (said + truth.sum())
        sorted_ = score[order]
        f1[:-1][sorted_[:-1] == sorted_[1:]] = -1  # a threshold cannot part equal scores
        best = int(np.argmax(f1))
        below = sorted_[best + 1] if best + 1 < len(order) else sorted_[best] - 1
        found[unit] = (sorted_[best] + below) / 2
    return found


# -- five small networks ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Basis:
    """Directions of activations: z = (a − middle) · rowsᵀ · mix, of `rows` float32 (b, w) and `mix`
    (b, r); `z` (m, r) are the rows that it was made from."""

    middle: np.ndarray
    rows: np.ndarray
    mix: np.ndarray
    z: np.ndarray

    def weight(self, joined: np.ndarray) -> np.ndarray:
        """Weights (w, h) on activations that do what `joined` (r, h) does on z."""
        found: np.ndarray = self.rows.T @ (self.mix @ joined)
        return found


def _basis(x: np.ndarray, seed: int) -> _Basis:
    """Leading directions of `x` (m, w), scaled; by products of rows, of which there are fewer than
    numbers in a row. z has a mean square of 1."""
    some = np.arange(len(x))
    if len(x) > BASIS_ROWS:
        some = np.sort(np.random.default_rng(seed).permutation(len(x))[:BASIS_ROWS])
    middle = x.mean(axis=0)
    centred = x - middle
    rows = centred[some]
    products = centred @ rows.T
    variance, turn = np.linalg.eigh(products[some].astype(np.float64) / len(rows))
    order = np.argsort(-variance)[:DIRECTIONS]
    order = order[variance[order] > variance.max() * 1e-6]
    variance, turn = variance[order], turn[:, order]
    raised = variance + SHRINK * variance.max()
    size = np.sqrt(np.mean(variance / raised))
    mix = (turn / (np.sqrt(variance * len(rows) * raised) * size)).astype(np.float32)
    return _Basis(middle, rows, mix, products @ mix)


def _dense(job: Job, device: str) -> Detector:
    basis = _basis(np.concatenate([job.x, job.mirrored]), job.seed)
    z, present = basis.z, np.tile(job.present, (2, 1))
    part = np.tile(_parts(job.person, job.seed), 2)
    parameters, epochs = _five(z, present, part, job.seed, device)
    first, first_bias, second, second_bias = (one.cpu().numpy() for one in parameters)
    hidden = np.maximum(np.einsum("nd,pdh->pnh", z, first, optimize=True) + first_bias, 0)
    said = np.einsum("pnh,phk->pnk", hidden, second, optimize=True) + second_bias
    own = said[part, np.arange(len(z))]  # by the network that did not learn from this person
    bound = thresholds(own[: len(job.x)], job.present)
    weight = basis.weight(np.concatenate(list(first), axis=1))
    arrays = {
        "weight0": weight,
        "bias0": first_bias.reshape(-1) - basis.middle @ weight,
        "weight1": np.concatenate(list(second), axis=0) / PARTS,
        "bias1": second_bias.mean(axis=(0, 1)) - bound,
    }
    solid = {name: np.ascontiguousarray(one, np.float32) for name, one in arrays.items()}
    return dense(job.units, solid, epochs)


def _parts(person: np.ndarray, seed: int) -> np.ndarray:
    """The part, 0 to 4, of each row: people are dealt, not rows."""
    people, code = np.unique(person, return_inverse=True)
    dealt = np.arange(len(people)) % PARTS
    return np.random.default_rng([seed, 3]).permutation(dealt)[code]


def _five(
    z: np.ndarray, present: np.ndarray, part: np.ndarray, seed: int, device: str
) -> tuple[Tensors, int]:
    """The parameters (5, …) of five networks, each at its best epoch, and the latest of these.

    All five take their steps together; one whose rows are used up repeats some of them.
    """
    import torch

    random = torch.Generator().manual_seed(seed)
    fit = [np.flatnonzero(part != own) for own in range(PARTS)]
    rows = max(map(len, fit))
    x = torch.from_numpy(z).to(device)
    truth = torch.from_numpy(np.nan_to_num(present)).to(device)
    known = torch.from_numpy((~np.isnan(present)).astype(np.float32)).to(device)
    held = torch.from_numpy((part == np.arange(PARTS)[:, None]).astype(np.float32)).to(device)
    parameters = _initial(z.shape[1], present.shape[1], random, device)
    optimiser = torch.optim.Adam(parameters, lr=RATE)
    best = [one.detach().clone() for one in parameters]
    lowest, at = np.full(PARTS, math.inf), np.zeros(PARTS, dtype=int)
    for epoch in range(1, LONGEST + 1):
        order = torch.from_numpy(_orders(fit, rows, [seed, epoch])).to(device)
        for some in order.split(BATCH, dim=1):
            said = _forward(x[some], parameters, random)
            loss = _losses(said, truth[some], known[some], torch.ones_like(said[..., 0])).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            said = _forward(x.expand(PARTS, *x.shape), parameters, None)
            losses = _losses(said, truth, known, held).cpu().numpy()
        better = (losses < lowest) & (epoch - at <= PATIENCE)
        for place in np.flatnonzero(better):
            for kept, one in zip(best, parameters, strict=True):
                kept[place] = one.detach()[place]
        lowest, at = np.where(better, losses, lowest), np.where(better, epoch, at)
        if (epoch - at >= PATIENCE).all():
            break
    return best, int(at.max())


def _orders(fit: Sequence[np.ndarray], rows: int, seed: list[int]) -> np.ndarray:
    """A random order of each network's rows, int64 (5, rows), the shorter ones filled up."""
    random = np.random.default_rng(seed)
    return np.stack([np.resize(random.permutation(own), rows) for own in fit])


def _initial(d: int, k: int, random: torch.Generator, device: str) -> Tensors:
    """Uniform in ± 1/√inputs, as torch's dense layers begin, zero biases."""
    import torch

    def uniform(inputs: int, outputs: int) -> torch.Tensor:
        drawn = torch.rand(PARTS, inputs, outputs, generator=random) * 2 - 1
        return drawn / math.sqrt(inputs)

    tensors = [
        uniform(d, HIDDEN), torch.zeros(PARTS, 1, HIDDEN),
        uniform(HIDDEN, k), torch.zeros(PARTS, 1, k),
    ]  # fmt: skip
    return [one.to(device).requires_grad_() for one in tensors]


def _forward(x: torch.Tensor, parameters: Tensors, random: torch.Generator | None) -> torch.Tensor:
    """Logits (5, b, k) of x (5, b, d); with `random`, numbers are dropped."""
    first, first_bias, second, second_bias = parameters
    hidden = (_dropped(x, random) @ first + first_bias).relu()
    return _dropped(hidden, random) @ second + second_bias


def _dropped(
    x: torch.Tensor, random: torch.Generator | None, share: float = DROPOUT
) -> torch.Tensor:
    import torch

    if random is None:
        return x
    kept = torch.rand(x.shape, generator=random) >= share
    return x * kept.to(x.device) / (1 - share)


def _losses(
    said: torch.Tensor, truth: torch.Tensor, known: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Mean cross-entropy (5,) of what is known in the rows of each network's `weight` (5, b)."""
    import torch

    each = torch.nn.functional.binary_cross_entropy_with_logits(
        said, truth.expand_as(said), reduction="none"
    )
    counted = known.expand_as(said) * weight[..., None]
    return (each * counted).sum(dim=(1, 2)) / counted.sum(dim=(1, 2)).clamp(min=1)


# -- fully connected layers that were trained before -----------------------------------------------


def _tuned(job: Job, device: str) -> Detector:
    import torch

    assert job.start is not None, "there is something to go on from"
    random = torch.Generator().manual_seed(job.seed)
    held = _parts(job.person, job.seed) == 0
    fit, out = np.flatnonzero(~held), np.flatnonzero(held)
    present = torch.from_numpy(job.present)
    parameters = [torch.from_numpy(one).to(device) for one in _layers(job, random)]
    for one in parameters:
        one.requires_grad_()
    optimiser = torch.optim.SGD(parameters, lr=TUNED_RATE, momentum=0.9)
    best, lowest, at = [one.detach().clone() for one in parameters], math.inf, 0
    for epoch in range(1, TUNED_LONGEST + 1):
        order = np.random.default_rng([job.seed, epoch]).permutation(np.tile(fit, 2))
        mirrored = np.random.default_rng([job.seed, epoch, 1]).random(len(order)) < 0.5
        for start in range(0, len(order), TUNED_BATCH):
            some, turned = order[start : start + TUNED_BATCH], mirrored[start : start + TUNED_BATCH]
            x = np.where(turned[:, None], job.mirrored[some], job.x[some])
            said = _deep(torch.from_numpy(x).to(device), parameters, random)
            loss = _known_loss(said, present[some].to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        logits = _said(job.x[out], parameters, device)
        loss_held = float(_known_loss(torch.from_numpy(logits), present[out]))
        if loss_held < lowest:
            best, lowest, at = [one.detach().clone() for one in parameters], loss_held, epoch
        elif epoch - at >= TUNED_PATIENCE:
            break
    bound = thresholds(_said(job.x[out], best, device), job.present[out])
    arrays = [one.detach().cpu().numpy() for one in best]
    arrays[-1] = (arrays[-1] - bound).astype(np.float32)
    return dense(job.units, dict(zip(_names(len(arrays)), arrays, strict=True)), at)


def _names(count: int) -> list[str]:
    return [f"{name}{place}" for place in range(count // 2) for name in ("weight", "bias")]


def _layers(job: Job, random: torch.Generator) -> list[np.ndarray]:
    """The layers that there are, and a new last one with an output a unit."""
    import torch

    assert job.start is not None, "there is something to go on from"
    found = [np.array(job.start[name], np.float32) for name in _names(len(job.start))]
    inputs = found[-1].shape[0]
    last = (torch.rand(inputs, len(job.units), generator=random) * 2 - 1) / math.sqrt(inputs)
    return [*found, last.numpy(), np.zeros(len(job.units), np.float32)]


def _deep(x: torch.Tensor, parameters: Tensors, random: torch.Generator | None) -> torch.Tensor:
    """Logits (b, k): dense layers with ReLU, and dropout, in between."""
    for place in range(0, len(parameters), 2):
        if place:
            x = _dropped(x.relu(), random, TUNED_DROPOUT)
        x = x @ parameters[place] + parameters[place + 1]
    return x


def _said(x: np.ndarray, parameters: Tensors, device: str) -> np.ndarray:
    import torch

    with torch.no_grad():
        parts = [
            _deep(torch.from_numpy(x[start : start + 64]).to(device), parameters, None).cpu()
            for start in range(0, max(len(x), 1), 64)
        ]
    found: np.ndarray = torch.cat(parts).numpy()
    return found


def _known_loss(said: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    import torch

    known = ~torch.isnan(present)
    loss: torch.Tensor = torch.nn.functional.binary_cross_entropy_with_logits(
        said[known], present[known]
    )
    return loss
