"""The hidden layer of the neural probe as a representation: the thesis's f3.

Thesis sections 4.3 and 4.4 draw f3(x) and f3(φ(x)), the last hidden layer of an emotion
classifier (1024, ReLU). The probe is the one that attacks: the same view, chosen on the attacker's
own people, and stopped where held-out ones among them are read best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.attack import neural
from core.attack.attack import HELD_OUT, Problem, as_many_steps, choose_view
from core.attack.fit import Fit
from core.attack.views import see
from core.split import inner_folds

VERSION = 1


@dataclass(frozen=True)
class Hidden:
    """`activations` float32 (n, 1024) = relu(v · `weight` + `bias`), v (n, d') being all rows
    through `view`; the probe learnt for `epochs`."""

    activations: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    view: str
    epochs: int


def hidden_layer(problem: Problem, *, device: str) -> Hidden:
    """Fit the probe on `problem.x` and `y`, and give the hidden layer of `problem.x_test` (n, d).

    Nothing but the attacker's own rows is learnt from. Raises `NotEnoughData` below two people.
    """
    view = problem.view or choose_view(problem)
    folds = inner_folds(problem.people, problem.y, folds=round(1 / HELD_OUT), seed=problem.seed)
    fit, held = folds[0]
    own, other = see(view, problem.x[fit], problem.x[held])
    trial = Fit(own, problem.y[fit], other, problem.classes, problem.seed)
    epochs = neural.LONGEST
    if len(np.unique(trial.y)) > 1:
        _, best = neural.Neural().watched([trial], [problem.y[held]], device=device)[0]
        epochs = as_many_steps(best, len(fit), len(problem.y))
    own, every = see(view, problem.x, problem.x_test)
    weight, bias = _first_layer(
        Fit(own, problem.y, every, problem.classes, problem.seed, epochs), device
    )
    activations = np.maximum(every @ weight + bias, 0)
    return Hidden(activations.astype(np.float32), weight, bias, view, epochs)


def _first_layer(fit: Fit, device: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights (d', 1024) and biases (1024,) after the fit's own epochs."""
    for _, parameters in neural.epochs_of([fit], device, fit.epochs or neural.LONGEST):
        last = parameters
    weight, bias = (tensor.detach()[0].cpu().numpy() for tensor in last[:2])
    return weight.T.copy(), bias[:, 0].copy()
