"""One attack: choose the view and the thresholds on inner folds by person, then score strangers.

Everything that is chosen is chosen on the attacker's own people. The figure by which attackers are
compared (`inner`) comes from there too, so that `strongest` never looks at the test part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.attack.fit import (
    CHOSEN,
    Anyone,
    Attacker,
    Fit,
    Informed,
    Printed,
    Setting,
    Stopping,
    Tuned,
)
from core.attack.least_squares import mean_recall, recalls
from core.attack.moments import predictions
from core.attack.shared import seen
from core.attack.thresholds import offsets
from core.attack.views import VIEWS
from core.errors import EmbeddingsError
from core.split import inner_folds

VERSION = 4

VIEW_PENALTY = 0.1

HELD_OUT = 0.25
"""Share of the attacker's people who judge a probe with a single inner hold-out."""


Folds = tuple[tuple[np.ndarray, np.ndarray], ...]


@dataclass(frozen=True)
class Known:
    """What an informed attacker knows beside its own people's vectors; each None where nobody does.

    `reference` (m, d) and `reference_test` (t, d) are the enrolled vectors of the people of `x`
    and `x_test`, rows of NaN where nobody is enrolled; `before` (m, d0) is what the vectors of `x`
    were before suppression; `outside` are vectors (o, d), labels (o,) and people (o,) of another
    set, seen through the same encoder and the same suppressor.
    """

    reference: np.ndarray | None = None
    reference_test: np.ndarray | None = None
    before: np.ndarray | None = None
    outside: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None


@dataclass(frozen=True)
class Problem:
    """What an attacker is given and what it is asked.

    `x` float32 (m, d), `y` int64 (m,), `people` (m,) of the attacker's own part; `x_test` float32
    (t, d) of strangers; `classes` k. `view` is what `choose_view` found for it. `known` is what an
    informed attacker was told. `folds` are inner folds (fit rows, held-out rows) where folds by
    person do not serve, and `learns` the rows that the last fit learns from where not all do.
    """

    x: np.ndarray
    y: np.ndarray
    people: np.ndarray
    x_test: np.ndarray
    classes: int
    seed: int
    view: str
    known: Known = field(default_factory=Known)
    folds: Folds = ()
    learns: np.ndarray | None = None


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
    """One view and setting of one problem on inner folds: the figure there, the epochs for all rows
    where the attacker learns in epochs, and the thresholds that helped."""

    view: str
    setting: Setting
    value: float
    epochs: int | None
    offsets: np.ndarray


def attack(problems: Sequence[Problem], attacker: Anyone, *, device: str) -> list[Finding]:
    """Run `attacker` on every problem; inner fits of all are handed to it together.

    Raises `EmbeddingsError` where vectors hold NaN or infinity.
    """
    for problem in problems:
        _finite(problem)
    if isinstance(attacker, Informed):
        return _informed(problems, attacker, device)
    trials = _inner(problems, attacker, device)
    final = [
        Fit(*_seen(problem, trial.view), problem.classes, problem.seed, trial.epochs, trial.setting)
        for problem, trial in zip(problems, trials, strict=True)
    ]
    answers = _answers(attacker, final, None, device)
    return [_finding(trial, answer) for trial, (answer, _) in zip(trials, answers, strict=True)]


def _informed(problems: Sequence[Problem], attacker: Informed, device: str) -> list[Finding]:
    """The better base's finding on each ordinary problem, by what held-out people say."""
    ordinary = [attacker.prepared(problem) for problem in problems]
    ordinary = [replace(problem, view=choose_view(problem)) for problem in ordinary]
    said = []
    for base in attacker.bases:
        found = attack(ordinary, base, device=device)
        said.append([replace(one, view=f"{base.name}, {one.view}") for one in found])
    return [max(each, key=lambda one: one.inner) for each in zip(*said, strict=True)]


def _finite(problem: Problem) -> None:
    for x in (problem.x, problem.x_test):
        bad = int((~np.isfinite(x).all(axis=1)).sum())
        if bad:
            raise EmbeddingsError(
                f"{bad} of {len(x)} vectors to attack hold NaN or infinity, and none may: remove "
                "these rows, or fit the suppressor that gave them again"
            )


def choose_view(problem: Problem) -> str:
    """The view through which least squares reads most, on inner folds by person.

    It is the same for all attackers of one problem; those that are cheap try others beside it.
    """
    hits, tries = np.zeros((2, len(VIEWS), problem.classes))
    for fit, held in _folds(problem, 3):
        x, y, other = problem.x[fit], problem.y[fit], problem.x[held]
        said = predictions(x, y, other, problem.classes, VIEW_PENALTY)
        predicted = np.stack([said[view] for view in VIEWS])
        truth = np.tile(problem.y[held], (len(VIEWS), 1))
        own, all_ = recalls(truth, predicted, problem.classes)
        hits, tries = hits + own, tries + all_
    return VIEWS[int(mean_recall(hits, tries).argmax())]


def _seen(problem: Problem, view: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = slice(None) if problem.learns is None else problem.learns
    x, x_test = seen(view, problem.x[rows], problem.x_test)
    return x, problem.y[rows], x_test


def _inner(problems: Sequence[Problem], attacker: Attacker, device: str) -> list[_Trial]:
    """The best view and setting of each problem, by balanced accuracy on held-out people."""
    settings = attacker.settings if isinstance(attacker, Tuned) else ((),)
    jobs: list[Fit] = []
    truths: list[np.ndarray] = []
    plan: list[list[tuple[str, Folds]]] = []
    for problem in problems:
        folds = tuple(_folds(problem, attacker.folds))
        views = tuple(dict.fromkeys(problem.view if v == CHOSEN else v for v in attacker.views))
        plan.append([(view, folds) for view in views])
        for view in views:
            for fit, held in folds:
                x, x_held = seen(view, problem.x[fit], problem.x[held])
                job = Fit(x, problem.y[fit], x_held, problem.classes, problem.seed)
                jobs += [replace(job, setting=one) for one in settings]
                truths += [problem.y[held]] * len(settings)
    answers = iter(_answers(attacker, jobs, truths, device))
    chosen = []
    for problem, asked in zip(problems, plan, strict=True):
        trials = []
        for view, folds in asked:
            rows = np.concatenate([held for _, held in folds])
            told = [[next(answers) for _ in settings] for _ in folds]
            for setting, said in zip(settings, zip(*told, strict=True), strict=True):
                scores = np.concatenate([one for one, _ in said])
                shift, value = _best_offsets(problem, rows, scores, attacker)
                epochs = _epochs(problem, said[0][1], folds[0][0])
                trials.append(_Trial(view, setting, value, epochs, shift))
        chosen.append(max(trials, key=lambda trial: trial.value))
    return chosen


def _epochs(problem: Problem, found: int | None, fit: np.ndarray) -> int | None:
    """For how long to learn from all rows where `found` epochs were best for the rows `fit`."""
    whole = len(problem.y if problem.learns is None else problem.learns)
    return None if found is None else as_many_steps(found, len(fit), whole)


def as_many_steps(epochs: int, learned: int, whole: int) -> int:
    """Epochs over `whole` rows that make the steps of `epochs` over `learned` ones, at least 1.

    Whoever stops early on held-out people and then learns from all of them may go on for as many
    epochs or as many steps (Goodfellow, Bengio and Courville 2016, section 7.8); these are fewer.
    """
    return max(1, round(epochs * learned / whole))


def _answers(
    attacker: Attacker, jobs: Sequence[Fit], truths: Sequence[np.ndarray] | None, device: str
) -> list[tuple[np.ndarray, int | None]]:
    """What is said of each job's rows, and after how many epochs where that is still to be found.

    Whoever has seen one class only can say nothing else, and is not asked.
    """
    asked = [i for i, job in enumerate(jobs) if (job.y != job.y[0]).any()]
    some = [jobs[i] for i in asked]
    said: list[tuple[np.ndarray, int | None]]
    if truths is not None and isinstance(attacker, Stopping):
        said = list(attacker.watched(some, [truths[i] for i in asked], device=device))
    else:
        said = [(scores, None) for scores in attacker.scores(some, device=device)]
    told = dict(zip(asked, said, strict=True))
    return [told[i] if i in told else (_only(job), None) for i, job in enumerate(jobs)]


def _only(job: Fit) -> np.ndarray:
    """Scores (t, classes) of whoever knows a single class."""
    return np.tile(np.where(np.arange(job.classes) == job.y[0], 0, -1e6), (len(job.x_test), 1))


def _folds(problem: Problem, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    if problem.folds:
        return list(problem.folds)
    if folds > 1:
        return inner_folds(problem.people, problem.y, folds=folds, seed=problem.seed)
    # A single hold-out is the first of 1 / HELD_OUT folds by person.
    every = inner_folds(problem.people, problem.y, folds=round(1 / HELD_OUT), seed=problem.seed)
    return every[:1]


def _best_offsets(
    problem: Problem, rows: np.ndarray, scores: np.ndarray, attacker: Attacker
) -> tuple[np.ndarray, float]:
    """Thresholds that meet the class shares, where they help on the held-out people, and the
    balanced accuracy that they give there."""
    truth = problem.y[rows]
    plain = _recall(truth, scores.argmax(axis=1), problem.classes)
    if not isinstance(attacker, Printed):
        shift = offsets(scores, truth)
        moved = _recall(truth, (scores + shift).argmax(axis=1), problem.classes)
        if moved > plain:
            return shift, moved
    return np.zeros(problem.classes), plain


def _recall(truth: np.ndarray, predicted: np.ndarray, k: int) -> float:
    """Balanced accuracy; thousands are asked for, which is why it is not scikit-learn's."""
    return float(mean_recall(*recalls(truth[None], predicted[None], k))[0])


def _finding(trial: _Trial, answer: np.ndarray) -> Finding:
    scores = (answer + trial.offsets).astype(np.float32)
    return Finding(scores, np.argmax(scores, axis=1), trial.value, trial.view)
