"""Refits with numbers removed, as `benchmarks.ablation` has them: ours on all cores, peers in turn.

The bundled set's reference split, two labels, five shares removed. Ours chooses view, epochs and
thresholds at every point, which the peers do not: scikit-learn's MLPClassifier and a plain loop in
PyTorch for the papers' 150 epochs, and MLPClassifier with its own early stopping.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks import ablation as one_by_one
from benchmarks.peers import dense
from benchmarks.peers.inputs import labelled, synthetic
from benchmarks.sidebyside import Asked, Case, Missing, Side
from core.attack.attack import Problem
from core.attack.views import see

LABELS = ("expression", "gender")
Told = list[tuple[float, int]]
"""Of each refit the balanced accuracy, and how many rows it was told on."""


def cases(asked: Asked) -> list[Case | Missing]:
    """Ten refits of x."""
    return [
        Case(
            "ablation, 10 refits of x (0 to 99 % of 256 numbers removed), synthetic",
            Side("ours", partial(ours, asked), partial(ours, asked, 1)),
            [
                Side("MLPClassifier, 150 epochs", partial(theirs, "150 epochs"),
                     partial(theirs, "30 epochs", 1)),
                Side("PyTorch, 150 epochs", partial(torched, asked), partial(torched, asked, 1)),
                Side("MLPClassifier, early stopping", partial(theirs, "early stopping"),
                     partial(theirs, "early stopping", 1)),
            ],
            agreement,
            target=5,
        )
    ]  # fmt: skip


def problems(count: int | None = None) -> list[tuple[Problem, np.ndarray]]:
    """What is asked, and the truth of the test rows."""
    from core.study.protocol import reference_of

    x = synthetic()
    wanted = [labelled(name) for name in LABELS]
    every = one_by_one.problems(x, wanted, reference_of(x))
    return [(problem, truth) for _, _, problem, truth in every][:count]


def ours(asked: Asked, count: int | None = None) -> Told:
    """The product's refit of each problem, as many at a time as there are cores."""
    from core.attack.ablated import refit
    from core.engine import make_engine

    every = problems(count)
    if asked.device != "cpu":
        found = refit([problem for problem, _ in every], asked.device)
    else:
        with make_engine("local", asked.cores) as engine:
            each = engine.map(lambda one: refit([one[0]], "cpu")[0], every)
            found = list(each)
    return list(_judged(every, (one.predicted for one in found)))


def theirs(method: str, count: int | None = None) -> Told:
    """scikit-learn's network, one refit after another."""
    every = problems(count)
    return list(_judged(every, (one_by_one.learnt(one, method) for one, _ in every)))


def torched(asked: Asked, count: int | None = None) -> Told:
    """The papers' network in PyTorch, one refit after another."""
    every = problems(count)
    epochs = dense.PAPERS_EPOCHS if count is None else 1
    return list(_judged(every, (_network(one, asked.device, epochs) for one, _ in every)))


def _network(problem: Problem, device: str, epochs: int) -> np.ndarray:
    own, other = see("unit standard", problem.x, problem.x_test)
    model = dense.fitted(
        own, problem.y, problem.classes, seed=0, device=device, early=False, epochs=epochs
    )
    return dense.scores(model, other, device).argmax(axis=1)


def _judged(
    every: list[tuple[Problem, np.ndarray]], said: Iterator[np.ndarray]
) -> Iterator[tuple[float, int]]:
    from sklearn.metrics import balanced_accuracy_score

    for (_, truth), predicted in zip(every, said, strict=True):
        yield float(balanced_accuracy_score(truth, predicted)), len(truth)


def agreement(one: Told, other: Told) -> str:
    """The mean balanced accuracy of all refits, and the largest gap of one."""
    means = [np.mean([value for value, _ in each]) for each in (one, other)]
    gaps = [a - b for (a, _), (b, _) in zip(one, other, strict=True)]
    rows = min(n for _, n in one)
    return (
        f"same rows; mean balanced accuracy {means[0]:.3f} / {means[1]:.3f}; one refit apart by "
        f"{min(gaps):+.3f} to {max(gaps):+.3f} on {rows} test rows"
    )
