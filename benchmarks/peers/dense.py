"""The papers' network as one would write it in PyTorch: a loop over batches with autograd."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

HIDDEN, BATCH, RATE = 1024, 128, 1e-3
PAPERS_EPOCHS = 150
HELD_OUT, PATIENCE = 0.1, 10
"""Early stopping: a share of the rows is held out at random, and training ends after so many epochs
in which the loss on them did not fall; the best weights are kept."""
EARLY = f"early stopping ({HELD_OUT:.0%} of rows held out, patience {PATIENCE})"


def fitted(
    x: np.ndarray, y: np.ndarray, k: int, *, seed: int, device: str, early: bool,
    epochs: int = PAPERS_EPOCHS,
) -> Any:  # fmt: skip
    """The network after `epochs`, or where the held-out loss was lowest."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(x.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, k))
    model.to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    loss_of = nn.CrossEntropyLoss()
    rows = torch.randperm(len(x))
    held = rows[: int(HELD_OUT * len(x))] if early else rows[:0]
    learnt = rows[len(held) :]
    inputs, truth = torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)
    best, kept, worse = float("inf"), None, 0
    for _ in range(epochs):
        for batch in batches(learnt[torch.randperm(len(learnt))]):
            optimiser.zero_grad()
            loss_of(model(inputs[batch]), truth[batch]).backward()
            optimiser.step()
        if early:
            with torch.no_grad():
                loss = float(loss_of(model(inputs[held]), truth[held]))
            if loss < best:
                best, kept, worse = loss, copy.deepcopy(model.state_dict()), 0
            else:
                worse += 1
                if worse == PATIENCE:
                    break
    if kept is not None:
        model.load_state_dict(kept)
    return model


def batches(rows: Any) -> Iterator[Any]:
    """Rows (n,) in batches."""
    yield from rows.split(BATCH)


def scores(model: Any, x: np.ndarray, device: str) -> np.ndarray:
    """Logits (t, k) of x (t, d)."""
    import torch

    with torch.no_grad():
        found: np.ndarray = model(torch.from_numpy(x).to(device)).cpu().numpy()
    return found
