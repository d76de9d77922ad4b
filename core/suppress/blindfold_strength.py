"""How much of a path to keep: the rank, chosen on people of the suppressor's own part.

Held-out people say two things of every rank: how far their genuine and impostor pairs are apart,
and what attackers read of the labels. The dial says how much of the first may go.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from core.attack.least_squares import LeastSquares
from core.measure.pairs import cosine, unit
from core.progress import Progress
from core.split import inner_folds
from core.suppress.blindfold_path import Path, fit_path
from core.suppress.collapse import LEAST_RANK, effective_rank
from core.suppress.prepare import rows_of
from core.suppress.suppressor import Material

RANKS = 20
"""How many ranks are looked at, evenly by factor, from the least that is not a collapse."""
HELD_ROWS = 400
"""Held-out rows that are looked at; whole people are left out above."""
PENALTIES = (0.1, None)
"""Inner attackers: linear with this ridge, and with a kernel (None)."""


@dataclass(frozen=True)
class Strengths:
    """Figures of each of `ranks` (r,), int and rising, on held-out people.

    `separation` (r,): see the function. `leakage` (r,): AUC of the label that gives away most, the
    larger of what attackers read and of what the path forecasts.
    """

    ranks: np.ndarray
    separation: np.ndarray
    leakage: np.ndarray

    def chosen(self, dial: float) -> int:
        """Place of the rank that leaks least among those that keep `floor(dial)` of the separation.

        A higher dial allows smaller ranks and no others, so that the rank never rises with it.
        """
        kept = np.maximum.accumulate(self.separation)
        allowed = np.flatnonzero(kept >= floor(dial) * kept.max())
        return int(max(allowed, key=lambda place: (-self.leakage[place], place)))


def floor(dial: float) -> float:
    """Share of the largest separation that must stay, 1 … 0.

    The cube root spreads the useful range over the dial. Halfway, .79, cost 0.5 to 0.9 % of
    verification on LFW, fitted on 41 people of another set, and 0.1 % on drawn faces.
    """
    return float((1 - dial) ** (1 / 3))


def separation(phi: np.ndarray, people: np.ndarray) -> float:
    """Distance of the mean cosines of genuine and impostor pairs of `phi` (n, d), in deviations.

    Unlike an AUC or an accuracy it does not saturate: on pictures of one session a tenth of the
    dimensions verifies without an error, while pictures from outside need half. NaN where nobody
    has two rows or there is only one person.
    """
    u = unit(phi)
    i, j = np.triu_indices(len(u), 1)
    value, same = cosine(u, u)[i, j], people[i] == people[j]
    if not same.any() or same.all():
        return float("nan")
    genuine, impostor = value[same], value[~same]
    spread = np.sqrt((genuine.var() + impostor.var()) / 2)
    return float((genuine.mean() - impostor.mean()) / max(spread, 1e-12))


def strengths(
    material: Material, whole: Path, *, folds: int, seed: int, progress: Progress
) -> Strengths:
    """Fit paths on inner folds by person and judge each rank on those who were held out.

    `whole` is the path of all of `material`: its forecast counts as leakage too.
    """
    dealt = inner_folds(material.people, material.labels[0].y, folds=folds, seed=seed)
    progress.start("Fitting blindfold", len(dealt))
    paths = [fit_path(rows_of(material, fit), seed=seed) for fit, _ in dealt]
    helds = [_some(material, held, seed) for _, held in dealt]
    return judged(material, whole, paths, helds, seed=seed, progress=progress)


def judged(
    material: Material,
    whole: Path,
    paths: Sequence[Path],
    helds: Sequence[np.ndarray],
    *,
    seed: int,
    progress: Progress,
) -> Strengths:
    """Every rank of each of `paths`, judged on rows of people whom it was not fitted on."""
    longest = max(min(path.longest for path in [whole, *paths]), 1)
    least = min(1 + math.ceil(LEAST_RANK * effective_rank(material.x)), longest)
    ranks = np.unique(np.geomspace(least, longest, RANKS).round().astype(int))
    looks = []
    for path, held in zip(paths, helds, strict=True):
        looks.append(_look(path, rows_of(material, held), ranks, seed))
        progress.advance()
    apart, read = (np.array(one) for one in zip(*looks, strict=True))
    forecast = np.array([whole.forecast(rank).max() for rank in ranks])
    leakage = np.maximum(_mean(read).max(axis=1), forecast)
    return Strengths(ranks, _mean(apart), leakage)


def _look(
    path: Path, held: Material, ranks: Sequence[int] | np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Separation (r,) and what was read (r, labels) of `held` people at each rank."""
    apart, read = [], []
    for rank in ranks:
        layer = path.map(int(rank))
        phi = held.x @ layer.weight + layer.bias
        apart.append(separation(phi, held.people))
        read.append([_read(phi[:, :-1], held.people, one.y, one.k, seed) for one in held.labels])
    return np.array(apart), np.array(read)


def _read(phi: np.ndarray, people: np.ndarray, y: np.ndarray, k: int, seed: int) -> float:
    """AUC of the strongest cheap attacker, by folds of the held-out people; NaN if too few."""
    known = y >= 0
    phi, people, y = phi[known].astype(np.float64), people[known], y[known]
    if len(np.unique(people)) < 4 or len(np.unique(y)) < 2:
        return float("nan")
    phi = (phi - phi.mean(axis=0)) / np.maximum(phi.std(axis=0), 1e-12)
    scores = np.zeros((len(PENALTIES), len(y), k))
    for fit, held in inner_folds(people, y, folds=3, seed=seed):
        for place, penalty in enumerate(PENALTIES):
            scores[place, held] = LeastSquares(phi[fit], phi[held], penalty).scores(y[None, fit], k)
    return max(_auc(y, one) for one in scores)


def _auc(y: np.ndarray, scores: np.ndarray) -> float:
    """Mean over classes of the AUC against all others (Mann and Whitney 1947); ties one half."""
    own = y[:, None] == np.unique(y)
    sizes = own.sum(axis=0)
    ranks = rankdata(scores[:, np.unique(y)], axis=0)
    wins = (ranks * own).sum(axis=0) - sizes * (sizes + 1) / 2
    return float((wins / (sizes * (len(y) - sizes))).mean())


def _some(material: Material, rows: np.ndarray, seed: int) -> np.ndarray:
    """`rows` of as many people as have `HELD_ROWS` together, drawn by `seed`."""
    if len(rows) <= HELD_ROWS:
        return rows
    who, person = np.unique(material.people[rows], return_inverse=True)
    place = np.random.default_rng(seed).permutation(len(who))[person]
    reach = np.cumsum(np.bincount(place))
    last = max(int(np.searchsorted(reach, HELD_ROWS, side="right")), 4)
    return rows[place < last]


def _mean(parts: np.ndarray) -> np.ndarray:
    """Mean over folds that could say something; 0 where none could."""
    known = ~np.isnan(parts)
    total = np.where(known, parts, 0).sum(axis=0)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1))
