"""One attack: choose the view and the thresholds on inner folds by person, then score strangers.

Everything that is chosen is chosen on the attacker's own people. The figure by which attackers are
compared (`inner`) comes from there too, so that `strongest` never looks at the test part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.attack.fit import CHOSEN, Attacker, Fit, Stopping
from core.attack.least_squares import LeastSquares, mean_recall, recalls
from core.attack.thresholds import offsets
from core.attack.views import VIEWS, see
from core.split import inner_folds

VERSION = 2

VIEW_PENALTY = 0.1

HELD_OUT = 0.25
"""Share of the attacker's people who judge a probe with a single inner hold-out."""


@dataclass(frozen=True)
class Problem:
    """What an attacker is given and what it is asked.

    `x` float32 (m, d), `y` int64 (m,), `people` (m,) of the attacker's own part; `x_test` float32
    (t, d) of strangers; `classes` k. `view` is what `choose_view` found for it.
    """

    x: np.ndarray
    y: np.ndarray
    people: np.ndarray
    x_test: np.ndarray
    classes: int
    seed: int
    view: str


@dataclass(frozen=True)
class Finding:
    """What an attacker said: `scores` float32 (t, k) with thresholds added, `predicted` (t,).

    `inner` is the balanced accuracy on held-out people of the attacker's own part, by which the
    view was chosen and attackers are compared.
    """

    scores: np.ndarray
    predicted: np.ndarray
    inner: float
    view: str


@dataclass(frozen=True)
class _Trial:
    """One view of one problem on inner folds: which rows are held out and what was said of them,
    after so many epochs where the attacker learns in epochs."""

    view: str
    rows: np.ndarray
    scores: np.ndarray
    value: float
    epochs: int | None


def attack(problems: Sequence[Problem], attacker: Attacker, *, device: str) -> list[Finding]:
    """Run `attacker` on every problem; inner fits of all are handed to it together."""
    trials = _inner(problems, attacker, device)
    final = [
        Fit(*_seen(problem, trial.view), problem.classes, problem.seed, trial.epochs)
        for problem, trial in zip(problems, trials, strict=True)
    ]
    answers = attacker.scores(final, device=device)
    return [
        _finding(problem, trial, answer)
        for problem, trial, answer in zip(problems, trials, answers, strict=True)
    ]


def choose_view(problem: Problem) -> str:
    """The view through which least squares reads most, on inner folds by person.

    It is the same for all attackers of one problem; those that are cheap try others beside it.
    """
    folds = inner_folds(problem.people, problem.y, folds=3, seed=problem.seed)
    values = {}
    for view in VIEWS:
        hits, tries = np.zeros((2, 1, problem.classes))
        for fit, held in folds:
            x, other = see(view, problem.x[fit], problem.x[held])
            solver = LeastSquares(x.astype(np.float64), other.astype(np.float64), VIEW_PENALTY)
            predicted = solver.scores(problem.y[None, fit], problem.classes).argmax(axis=2)
            own, all_ = recalls(problem.y[None, held], predicted, problem.classes)
            hits, tries = hits + own, tries + all_
        values[view] = float(mean_recall(hits, tries)[0])
    return max(values, key=values.__getitem__)


def _seen(problem: Problem, view: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, x_test = see(view, problem.x, problem.x_test)
    return x, problem.y, x_test


def _inner(problems: Sequence[Problem], attacker: Attacker, device: str) -> list[_Trial]:
    """The best view of each problem, by balanced accuracy on held-out people."""
    jobs: list[Fit] = []
    truths: list[np.ndarray] = []
    plan: list[list[tuple[str, list[np.ndarray]]]] = []
    for problem in problems:
        folds = _folds(problem, attacker.folds)
        views = tuple(dict.fromkeys(problem.view if v == CHOSEN else v for v in attacker.views))
        plan.append([(view, [held for _, held in folds]) for view in views])
        for view in views:
            for fit, held in folds:
                x, x_held = see(view, problem.x[fit], problem.x[held])
                jobs.append(Fit(x, problem.y[fit], x_held, problem.classes, problem.seed))
                truths.append(problem.y[held])
    answers = iter(_told(attacker, jobs, truths, device))
    chosen = []
    for problem, asked in zip(problems, plan, strict=True):
        trials = []
        for view, parts in asked:
            rows = np.concatenate(parts)
            told = [next(answers) for _ in parts]
            scores = np.concatenate([one for one, _ in told])
            epochs = told[0][1]
            trials.append(_Trial(view, rows, scores, _value(problem, rows, scores), epochs))
        chosen.append(max(trials, key=lambda trial: trial.value))
    return chosen


def _told(
    attacker: Attacker, jobs: Sequence[Fit], truths: Sequence[np.ndarray], device: str
) -> list[tuple[np.ndarray, int | None]]:
    """What is said of the held-out rows of each job, and after how many epochs."""
    if isinstance(attacker, Stopping):
        return list(attacker.watched(jobs, truths, device=device))
    return [(scores, None) for scores in attacker.scores(jobs, device=device)]


def _folds(problem: Problem, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    if folds > 1:
        return inner_folds(problem.people, problem.y, folds=folds, seed=problem.seed)
    # A single hold-out is the first of 1 / HELD_OUT folds by person.
    every = inner_folds(problem.people, problem.y, folds=round(1 / HELD_OUT), seed=problem.seed)
    return every[:1]


def _value(problem: Problem, rows: np.ndarray, scores: np.ndarray) -> float:
    predicted = np.argmax(scores + _best_offsets(problem, rows, scores), axis=1)
    return _recall(problem.y[rows], predicted, problem.classes)


def _best_offsets(problem: Problem, rows: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Thresholds that meet the class shares, where they help on the held-out people."""
    truth = problem.y[rows]
    shift = offsets(scores, truth)
    plain = _recall(truth, scores.argmax(axis=1), problem.classes)
    moved = _recall(truth, (scores + shift).argmax(axis=1), problem.classes)
    return shift if moved > plain else np.zeros(problem.classes)


def _recall(truth: np.ndarray, predicted: np.ndarray, k: int) -> float:
    """Balanced accuracy; thousands are asked for, which is why it is not scikit-learn's."""
    return float(mean_recall(*recalls(truth[None], predicted[None], k))[0])


def _finding(problem: Problem, trial: _Trial, answer: np.ndarray) -> Finding:
    scores = (answer + _best_offsets(problem, trial.rows, trial.scores)).astype(np.float32)
    return Finding(scores, np.argmax(scores, axis=1), trial.value, trial.view)
