"""The grid of equality of opportunity: strengths × repeats of one classifier on x.

Made vectors of CelebA's shape (`benchmarks.fairness`), fewer people. Ours is what the study asks of
`core.study.fairness_fits`: networks that stop where held-out people of the training part are told
best, as many at a time as there are cores. The peer trains one after another in PyTorch, for a
fixed number of epochs (the papers print none; those of their other networks are 150, here 50) or
with early stopping, on the same rows.
"""

from __future__ import annotations

import tempfile
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.fairness import celeba_like
from benchmarks.peers import dense
from benchmarks.sidebyside import Asked, Case, Missing, Side
from core.config_parts import Fairness
from core.decide.fit import seen
from core.encode.embeddings import Embeddings
from core.study.fairness_plan import Study

PEOPLE, EACH = 1500, 8
EPOCHS = 50
STRENGTHS, REPEATS = (0.5, 0.7, 0.9), 2
Told = list[tuple[float, float, float]]
"""Of each fit: strength, accuracy, gap in true positive rates."""


def cases(asked: Asked) -> list[Case | Missing]:
    """Three strengths by two repeats."""
    n = len(prepared().draws.train)
    rows = prepared().draws.n_train
    return [
        Case(
            f"fairness grid, {n} networks of {rows:,} training faces × 512, made",
            Side("ours", partial(ours, asked), partial(ours, asked, 1)),
            [
                Side(f"PyTorch, {EPOCHS} epochs", partial(plain, asked, False),
                     partial(plain, asked, False, 1)),
                Side(f"PyTorch, {dense.EARLY}", partial(plain, asked, True),
                     partial(plain, asked, True, 1)),
            ],
            agreement,
            target=5,
            most=3,
        )
    ]  # fmt: skip


@cache
def prepared() -> Study:
    """The study as it is planned, before anything is trained."""
    from core.study.fairness import prepare
    from core.study.fairness_phi import Fitting

    x: Embeddings = celeba_like(PEOPLE, EACH)
    settings = Fairness(strengths=STRENGTHS, repeats=REPEATS)
    study = prepare(x, settings, Fitting(), seed=0, named=True)
    assert isinstance(study, Study)
    return study


def ours(asked: Asked, count: int | None = None) -> Told:
    """The study's own fits, from an empty store."""
    from core.engine import make_engine
    from core.progress import Progress
    from core.store import Store
    from core.study.fairness_fits import PLAIN, Fits
    from core.study.representation import Representation

    study = prepared()
    with tempfile.TemporaryDirectory() as folder, make_engine("local", asked.cores) as engine:
        fits = Fits(
            study.classifier, study.question, study.draws, 0, asked.device, Store(Path(folder)),
            Progress(), engine,
        )  # fmt: skip
        tasks = fits.tasks("x", [PLAIN])[:count]
        found = fits.scores({"x": Representation(study.x)}, tasks)
    return [_judged(task.strength, task.repeat, one.wanted) for task, one in found.items()]


def plain(asked: Asked, early: bool, count: int | None = None) -> Told:
    """One network after another on the same training rows."""
    from core.decide.fit import Job

    study, told = prepared(), []
    grid = [(s, r) for s in study.draws.strengths for r in range(len(study.draws.evaluation))]
    for strength, repeat in grid[:count]:
        own = study.draws.train[strength, repeat]
        rows, wanted = np.concatenate([own.fit, own.held]), study.draws.evaluation[repeat]
        job = Job(
            study.x.x, study.question.y, rows, own.held, wanted,
            np.ones(len(rows), np.float32), repeat,
        )  # fmt: skip
        fit, _, judged = seen(job)
        model = dense.fitted(
            fit, study.question.y[rows].astype(np.int64), 2, seed=repeat, device=asked.device,
            early=early, epochs=EPOCHS if count is None else 1,
        )  # fmt: skip
        logits = dense.scores(model, judged, asked.device)
        told.append(_judged(strength, repeat, logits[:, 1] - logits[:, 0] + 0.5))
    return told


def _judged(strength: float, repeat: int, said: np.ndarray) -> tuple[float, float, float]:
    """Accuracy, and the favoured group's true positive rate less the other's."""
    study = prepared()
    wanted = study.draws.evaluation[repeat]
    y, s, yes = study.question.y[wanted], study.question.s[wanted], said >= 0.5
    rates = [yes[(y == 1) & (s == group)].mean() for group in (0, 1)]
    return strength, float((yes == (y == 1)).mean()), float(rates[0] - rates[1])


def agreement(one: Told, other: Told) -> str:
    """Accuracy and gap by strength."""
    told = []
    for strength in dict.fromkeys(strength for strength, _, _ in one):
        figures = [
            np.mean([own[1:] for own in each if own[0] == strength], axis=0)
            for each in (one, other)
        ]
        told.append(
            f"{strength:g}: accuracy {figures[0][0]:.3f} / {figures[1][0]:.3f}, gap "
            f"{100 * figures[0][1]:.1f} / {100 * figures[1][1]:.1f} points"
        )
    wanted = len(prepared().draws.evaluation[0])
    return f"same rows; {'; '.join(told)} ({wanted:,} faces judged)"
