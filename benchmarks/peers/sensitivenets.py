"""SensitiveNets as TPAMI prints its training (Morales et al. 2020, eq. 3 to 6), and the product's.

Ours is the product's preset `paper` with one layer: the recipe that the loop here has too, 100,000
triplets for three epochs in batches of 128, a softmax detector of 150 epochs and ten again at each
epoch. The loop passes anchors, positives and negatives through the layer one after another, as the
equations read.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.inputs import synthetic
from benchmarks.peers.suppressing import agreement, fitted, material
from benchmarks.sidebyside import Asked, Case, Missing, Side

TRIPLETS, EPOCHS, BATCH, RATE, WIDTH = 100_000, 3, 128, 1e-3, 1024
MARGIN, TARGET = 0.2, 0.9
FIRST, AGAIN = 150, 10
FEW = 12
"""People that a first try sees."""


def cases(asked: Asked) -> list[Case | Missing]:
    """One layer."""
    from core.suppress.sensitivenets import SensitiveNets

    method = SensitiveNets(layers=1, preset="paper")
    people = len(set(material().people))
    return [
        Case(
            f"SensitiveNets, one layer as printed, {people} people × 6 × 256, synthetic",
            Side("ours, preset paper", partial(fitted, method, asked.device)),
            [Side("the paper's loop in PyTorch", partial(loop, asked.device),
                  partial(loop, asked.device, FEW, 1000))],
            agreement,
            most=2,
        )
    ]  # fmt: skip


def loop(device: str, people: int | None = None, count: int = TRIPLETS) -> np.ndarray:
    """φ of every face after the paper's training."""
    import torch
    from torch.nn import functional

    own = material(people)
    torch.manual_seed(0)
    x = functional.normalize(torch.from_numpy(own.x)).to(device)
    y = torch.from_numpy(own.labels[0].y).to(device)
    neutral = own.labels[0].neutral
    triplets = torch.from_numpy(chosen(x.cpu().numpy(), own.people, count)).to(device)
    layer = torch.nn.Linear(x.shape[1], WIDTH).to(device)
    optimiser = torch.optim.Adam(layer.parameters(), lr=RATE)
    detector = torch.nn.Linear(WIDTH, own.labels[0].k).to(device)
    watcher = torch.optim.Adam(detector.parameters(), lr=RATE)
    for epoch in range(EPOCHS):
        with torch.no_grad():
            phi = functional.normalize(layer(x))
        _learn(detector, watcher, phi, y, FIRST if epoch == 0 else AGAIN)
        for rows in torch.randperm(len(triplets)).split(BATCH):
            a, p, n = (functional.normalize(layer(x[triplets[rows, place]])) for place in range(3))
            primary = ((a - p) ** 2).sum(dim=1) - ((a - n) ** 2).sum(dim=1) + MARGIN
            told = (detector(one).softmax(dim=1)[:, neutral] for one in (a, p, n))
            delta = sum((TARGET - one).abs().log1p() for one in told)
            optimiser.zero_grad()
            (primary + delta).mean().backward()
            optimiser.step()
    with torch.no_grad():
        every = functional.normalize(torch.from_numpy(synthetic().x)).to(device)
        found: np.ndarray = functional.normalize(layer(every)).cpu().numpy()
    return found


def _learn(detector: Any, watcher: Any, phi: Any, y: Any, epochs: int) -> None:
    import torch

    for _ in range(epochs):
        for rows in torch.randperm(len(phi)).split(BATCH):
            watcher.zero_grad()
            torch.nn.functional.cross_entropy(detector(phi[rows]), y[rows]).backward()
            watcher.step()


def chosen(x: np.ndarray, people: np.ndarray, count: int) -> np.ndarray:
    """Triplets int64 (count, 3) of eq. 3, drawn until there are enough; easy ones fill up where
    two passes over everybody do not find enough difficult ones."""
    random = np.random.default_rng(0)
    kept: list[np.ndarray] = []
    easy: list[np.ndarray] = []
    own = {one: np.flatnonzero(people == one) for one in np.unique(people)}
    for _ in range(2):
        anchor = random.integers(len(x), size=count)
        positive = np.array([random.choice(own[people[row]]) for row in anchor])
        negative = random.integers(len(x), size=count)
        fits = (positive != anchor) & (people[negative] != people[anchor])
        drawn = np.stack([anchor, positive, negative], axis=1)[fits]
        a, p, n = (x[drawn[:, place]] for place in range(3))
        hard = ((a - n) ** 2).sum(axis=1) - ((a - p) ** 2).sum(axis=1) < MARGIN
        kept.append(drawn[hard])
        easy.append(drawn[~hard])
    return np.concatenate([*kept, *easy])[:count]
