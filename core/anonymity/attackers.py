"""Who attacks the frozen features afresh; the paper reports nothing but its own dense layers.

The house's logistic regression, RBF machine and nearest neighbours (`core.attack`), and dense
layers of the paper's shape that learn longer, from several starts. All choose on inner folds over
pictures of the training part: a picture's twins lie on one side. People are on both sides, as they
must be where the question is who is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.anonymity import networks
from core.anonymity.training import fresh, one_thread
from core.attack import null, planted
from core.attack.attack import Problem, attack
from core.attack.fit import Attacker, Fit
from core.attack.logistic import Logistic
from core.attack.neighbours import Neighbours
from core.attack.svm import SupportVectors

VERSION = 3
VIEW = "stored shrunk"
"""Whitened, with small directions pulled up; the machine and the neighbours choose between it and
vectors of unit length with every column standardised."""
RESTARTS = 3
LONGER = 600
"""Steps of each fit of the fresh dense layers; there are a dozen in a fold."""
ROWS = 600
"""Twins that the attackers learn from: as many of each picture as make about so many in all."""

FACTS: dict[str, Any] = {
    "attackers": "logistic, svm (RBF), knn, dense",
    "dense_steps": LONGER,
    "dense_restarts": RESTARTS,
    "rows": ROWS,
    "null": "least squares and its kernel twin on permuted labels",
    "planted_code": planted.CONTROL,
}


class Dense:
    """The paper's three dense layers, afresh: `RESTARTS` starts, whose chances are averaged."""

    name = "dense"
    version = 2
    # Whitened, the same layers named 53 % where these and the linear probe named over 90 %.
    views = ("stored standard",)
    folds = 1

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Log-chances (t, classes) of each job."""
        return [self._one(fit, device) for fit in fits]

    def _one(self, fit: Fit, device: str) -> np.ndarray:
        import torch

        x, other = (torch.from_numpy(_wide(own)).to(device) for own in (fit.x, fit.x_test))
        seeds = [fit.seed + 10 * place for place in range(RESTARTS)]
        truth = torch.from_numpy(fit.y).to(device)
        head = fresh(x, truth, fit.classes, seeds=seeds, steps=LONGER, device=device)
        with torch.no_grad():
            chances = networks.logits(head, other).softmax(dim=2).mean(dim=0)
        return np.log(np.maximum(chances.cpu().numpy(), 1e-30)).astype(np.float32)


ATTACKERS: Mapping[str, Attacker] = {
    one.name: one for one in (Logistic(), SupportVectors(), Neighbours(), Dense())
}


@dataclass(frozen=True)
class Case:
    """One question to all attackers: features (m, d) of training twins with their classes (m,) and
    pictures (m,), and features (t, d) of held-out pictures with theirs (t,).

    `permuted` int64 (count, m) are labels of the twins for the null; `control`: whether the
    attackers are shown a planted code as well.
    """

    x: np.ndarray
    y: np.ndarray
    picture: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int
    permuted: np.ndarray
    control: bool
    seed: int
    device: str


def answers(case: Case) -> dict[str, np.ndarray]:
    """What each attacker says: `said` int64 (attackers, t) and `inner` (attackers,).

    `null` int64 (count, t) are classes named after learning permuted labels; `planted` int64
    (attackers, t) or (0, t) those named where a code of known size had been planted.
    """
    problem = Problem(
        case.x, case.y, case.picture, case.x_test, case.classes, case.seed, VIEW
    )  # fmt: skip
    with one_thread():
        found = [attack([problem], one, device=case.device)[0] for one in ATTACKERS.values()]
        scores = null.null_scores(problem, case.permuted)["scores"]
        coded = _coded(problem, case) if case.control else None
        planted_ = [
            attack([coded], one, device=case.device)[0].predicted
            for one in (ATTACKERS.values() if coded else ())
            if coded is not None
        ]
    return {
        "said": np.stack([one.predicted for one in found]),
        "inner": np.array([one.inner for one in found]),
        "null": scores.argmax(axis=2),
        "planted": np.array(planted_, dtype=np.int64).reshape(-1, len(case.x_test)),
    }


def _coded(problem: Problem, case: Case) -> Problem:
    """The same features with a code for the label, in both parts alike (METHODS, Protocol 5)."""
    whole = np.concatenate([case.x, case.x_test])
    labels = np.concatenate([case.y, case.y_test])
    coded = planted.plant(whole, labels, planted.CONTROL, seed=case.seed)
    return replace(problem, x=coded[: len(case.x)], x_test=coded[len(case.x) :])


def _wide(x: np.ndarray) -> np.ndarray:
    """Features (n, d) padded or cut to the dense layers' input; views may drop dead directions."""
    width = networks.FEATURES
    return np.pad(x[:, :width], ((0, 0), (0, max(width - x.shape[1], 0)))).astype(np.float32)
