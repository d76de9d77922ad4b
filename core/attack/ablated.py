"""The probe on what is left of a vector: which numbers are removed, in which order, and the refit.

Thesis Fig. 4.2 and TPAMI Fig. 3 remove features from x at random and fit the probe again each
time. Removed numbers are cut out of the vectors before anything looks at them, so that neither the
view, nor the network, nor its stopping rule can know them.

The probe is the papers' network (`core.attack.neural`) as everywhere else: its view, its number of
epochs (the best mean over five epochs on held-out people, at most 50, given up after 5 without a
better one) and its thresholds are chosen anew on people of the attacker's own part at every point;
then it is fitted from scratch on all of them. Nothing is carried over from another point.

What a number is worth to the probe is measured by elementary effects (Morris 1991): by how much
the scores move when one number alone moves by its standard deviation. It needs no gradient, sees
through the view, and uses no test person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.attack.attack import Finding, Problem, attack, choose_view
from core.attack.fit import Fit
from core.attack.neural import Neural
from core.attack.views import see
from core.split import inner_folds

VERSION = 1
PROBE = Neural()
"""Who is fitted again at each point."""
MOVED = 16
"""Vectors of held-out people in which each number is moved."""
CELLS = 2**23
"""Numbers in a block of moved vectors: wide vectors get fewer places rather than more memory."""


def kept_count(width: int, removed: float) -> int:
    """How many of `width` numbers are left when the share `removed` is gone; at least one."""
    return max(1, round((1 - removed) * width))


def random_order(width: int, repeat: int, *, seed: int) -> np.ndarray:
    """The order int64 (width,) in which numbers are removed in one repeat.

    It depends on nothing else: all labels, and all representations of one width, lose the same.
    """
    return np.random.default_rng([seed, repeat, width]).permutation(width)


def ranked_order(importance: np.ndarray, order: str) -> np.ndarray:
    """The order int64 (d,) of removal by `importance` (d,): "most" important first, or "least"."""
    ascending = np.argsort(importance, kind="stable")
    return ascending[::-1].copy() if order == "most" else ascending


def refit(problems: Sequence[Problem], device: str) -> list[Finding]:
    """What the probe says of each problem's strangers, fitted from scratch.

    On a graphics card problems of one width and one number of classes train as one batch.
    """
    return attack([replace(one, view=choose_view(one)) for one in problems], PROBE, device=device)


def importance(problem: Problem, device: str) -> np.ndarray:
    """Mean elementary effect (d,) of each number, on people of the attacker's own part.

    The probe learns from three quarters of these people. In up to `MOVED` vectors of the others,
    each number alone is moved by its standard deviation, up and down; its effect is the length of
    the change of the centred log-probabilities. Zero everywhere where one class alone was learnt.
    """
    d = problem.x.shape[1]
    fit, held = inner_folds(problem.people, problem.y, folds=4, seed=problem.seed)[0]
    if len(np.unique(problem.y[fit])) < 2:
        return np.zeros(d)
    view = choose_view(problem)
    own = problem.x[fit]
    seen, judged = see(view, own, problem.x[held])
    job = Fit(seen, problem.y[fit], judged, problem.classes, problem.seed)
    ((_, epochs),) = PROBE.watched([job], [problem.y[held]], device=device)
    places = places_of(problem.x[held], seed=problem.seed)
    probes = moved(places, own.std(axis=0))
    job = replace(job, x_test=see(view, own, probes)[1], epochs=epochs)
    scores = PROBE.scores([job], device=device)[0].astype(np.float64)
    return effects(scores, len(places), d)


def places_of(held: np.ndarray, *, seed: int) -> np.ndarray:
    """Up to `MOVED` rows of `held` (n, d), drawn by `seed`; fewer where vectors are wide."""
    most = max(1, CELLS // (2 * held.shape[1] ** 2))
    count = min(MOVED, len(held), most)
    return held[np.sort(np.random.default_rng(seed).choice(len(held), count, replace=False))]


def moved(places: np.ndarray, step: np.ndarray) -> np.ndarray:
    """(p · (2 d + 1), d): each of `places` (p, d) as it is, then with each number up by its `step`
    (d,), then with each down."""
    d = places.shape[1]
    shifts = np.concatenate([np.zeros((1, d)), np.diag(step), -np.diag(step)]).astype(np.float32)
    return (places[:, None] + shifts).reshape(-1, d)


def effects(scores: np.ndarray, places: int, d: int) -> np.ndarray:
    """Mean length (d,) of the change of centred `scores` (places · (2 d + 1), k), as `moved`."""
    centred = scores - scores.mean(axis=1, keepdims=True)
    blocks = centred.reshape(places, 2 * d + 1, -1)
    change = np.linalg.norm(blocks[:, 1:] - blocks[:, :1], axis=2)
    return change.reshape(places, 2, d).mean(axis=(0, 1))
