"""Ours' choices in plain loops: views, inner folds, thresholds and the stopping rule as the product
has them, and every fit the libraries' own, one after another.

A peer that chooses nothing reads less. This one reads what ours reads, and so shows what the same
work costs a person who writes it down with scikit-learn and PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from benchmarks.peers import dense
from core.attack import neural
from core.attack.fit import Attacker, Fit, Informed
from core.attack.least_squares import mean_recall, recalls
from core.attack.logistic import spread
from core.attack.registry import ATTACKERS


class Plain:
    """The attacker `name` with its views and folds; `model` makes what is fitted from a seed, and
    `scoring` is its method that gives scores."""

    def __init__(self, name: str, model: Callable[[int], Any], scoring: str) -> None:
        base = ATTACKERS[name]
        assert not isinstance(base, Informed)
        self.name, self.version, self.views, self.folds = name, 0, base.views, base.folds
        self.model, self.scoring = model, scoring

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Scores (t, classes) of each job."""
        return [self._one(fit) for fit in fits]

    def _one(self, fit: Fit) -> np.ndarray:
        model = self.model(fit.seed).fit(fit.x, fit.y)
        values = getattr(model, self.scoring)(fit.x_test)
        if values.ndim == 1:  # one signed distance for two classes
            values = np.stack([-values, values], axis=1)
        return spread(values, model.classes_, fit.classes)


class Network:
    """The papers' network with automatic differentiation, stopped where ours would stop."""

    name, version = "nn", 0
    views, folds = neural.Neural.views, neural.Neural.folds

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Logits (t, classes) of each job after its epochs."""
        return [self._last(fit, device) for fit in fits]

    def _last(self, fit: Fit, device: str) -> np.ndarray:
        for _, model in islice(_epochs(fit, device), fit.epochs or neural.LONGEST):
            last = model
        return dense.scores(last, fit.x_test, device)

    def watched(
        self, fits: Sequence[Fit], truths: Sequence[np.ndarray], *, device: str
    ) -> list[tuple[np.ndarray, int]]:
        """Logits (t, classes) of each job at its best epoch, and that epoch."""
        return [_best(fit, truth, device) for fit, truth in zip(fits, truths, strict=True)]


def attackers() -> dict[str, Attacker]:
    """The suite of `benchmarks.peers.probes`, each with its library's own defaults and threads."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    def forest(seed: int) -> Any:
        return RandomForestClassifier(n_jobs=-1, random_state=seed)

    return {
        "logistic": Plain("logistic", lambda _: LogisticRegression(max_iter=1000),
                          "predict_log_proba"),
        "svm": Plain("svm", lambda _: SVC(), "decision_function"),
        "rf": Plain("rf", forest, "predict_proba"),
        "nn": Network(),
    }  # fmt: skip


def _best(fit: Fit, truth: np.ndarray, device: str) -> tuple[np.ndarray, int]:
    seen: list[np.ndarray] = []
    values: list[float] = []
    for epoch, model in _epochs(fit, device):
        scores = dense.scores(model, fit.x_test, device)
        seen.append(scores)
        recall = recalls(truth[None], scores.argmax(axis=1)[None], fit.classes)
        values.append(float(mean_recall(*recall)[0]))
        top = neural.peak(values)
        if epoch == neural.LONGEST or epoch - top >= neural.PATIENCE + neural.SMOOTH // 2:
            break
    return seen[top - 1], top


def _epochs(fit: Fit, device: str) -> Iterator[tuple[int, Any]]:
    """Epochs from 1 on, and the network after each."""
    import torch
    from torch import nn

    torch.manual_seed(fit.seed)
    model = nn.Sequential(
        nn.Linear(fit.x.shape[1], dense.HIDDEN), nn.ReLU(), nn.Linear(dense.HIDDEN, fit.classes)
    ).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=dense.RATE)
    loss_of = nn.CrossEntropyLoss()
    inputs, truth = torch.from_numpy(fit.x).to(device), torch.from_numpy(fit.y).to(device)
    for epoch in range(1, neural.LONGEST + 1):
        for batch in dense.batches(torch.randperm(len(inputs))):
            optimiser.zero_grad()
            loss_of(model(inputs[batch]), truth[batch]).backward()
            optimiser.step()
        yield epoch, model
