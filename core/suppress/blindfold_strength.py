"""What to keep: which stage and how much of a path, chosen on people of the suppressor's own part.

Held-out people say two things of every candidate: how far their genuine and impostor pairs are
apart, and what attackers read of the labels. The dial says how much of the first may go.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import rankdata

from core.attack.least_squares import LeastSquares
from core.measure.pairs import cosine, unit
from core.progress import Progress
from core.split import inner_folds
from core.suppress.blindfold_path import Path, fit_path
from core.suppress.chain import Affine, Chain
from core.suppress.collapse import LEAST_RANK, effective_rank
from core.suppress.dependence import KEEPS, stages
from core.suppress.prepare import rows_of
from core.suppress.suppressor import Material

RANKS = 10
"""How many ranks are looked at, evenly by factor, from the least that is not a collapse."""
HELD_ROWS = 400
"""Held-out rows that are looked at; whole people are left out above."""
PENALTIES = (0.1, None)
"""Inner attackers: linear with this ridge, and with a kernel (None). One that whitens read no more
of held-out people on any of four sets, and took most of the time."""
PLAIN = 0
"""The rank of a candidate that keeps all dimensions."""


@dataclass(frozen=True)
class Candidate:
    """A stage, 0 for none or the number of `KEEPS` that it went through, and a rank or `PLAIN`."""

    stage: int
    rank: int

    def layer(self, path: Path) -> Affine:
        """What is cut out of `path`, at its longest where the rank is longer."""
        return path.plain() if self.rank == PLAIN else path.map(min(self.rank, path.longest))


@dataclass(frozen=True)
class Strengths:
    """Figures of each of `candidates` (c,) on held-out people.

    `separation` (c,): see the function. `read` (c,): AUC of the label that gives away most, by the
    strongest attacker on average over folds. `forecast` (c,): the AUC that the path forecasts for
    attackers who have seen everybody.
    """

    candidates: Sequence[Candidate]
    separation: np.ndarray
    read: np.ndarray
    forecast: np.ndarray

    @property
    def leakage(self) -> np.ndarray:
        """(c,): half way between attackers who know few people and attackers who know everybody.

        How many people attackers will have is not known here, and the order of candidates differs:
        what was only made small is lost on few people and read by many, what is gone is gone.
        """
        return (self.read + self.forecast) / 2

    def chosen(self, dial: float) -> int:
        """Place of what leaks least among what keeps `floor(dial)` of the largest separation.

        A higher dial allows all that a lower one does, so that leakage never rises with it.
        """
        allowed = np.flatnonzero(self.separation >= floor(dial) * self.separation.max())
        return int(min(allowed, key=lambda place: (self.leakage[place], -self.separation[place])))


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
    material: Material, *, folds: int, seed: int, device: str, progress: Progress
) -> Strengths:
    """Fit stages and paths on inner folds by person and judge each on those who were held out."""
    dealt = inner_folds(material.people, material.labels[0].y, folds=folds, seed=seed)
    progress.start("Fitting blindfold", len(dealt))
    least = 1 + math.ceil(LEAST_RANK * effective_rank(material.x))
    looks, ranks = [], np.zeros(0, int)
    for fit, held in dealt:
        own, others = rows_of(material, fit), rows_of(material, _some(material, held, seed))
        fitted = [
            (stage, fit_path(replaced(own, stage), seed=seed))
            for stage in fitted_stages(own, seed=seed, device=device, progress=progress)
        ]
        if not len(ranks):
            longest = max(min(path.longest for _, path in fitted), 1)
            ranks = np.unique(np.geomspace(min(least, longest), longest, RANKS).round().astype(int))
        looks.append(_look(fitted, others, ranks, seed))
        progress.advance()
    candidates = [
        Candidate(stage, int(rank)) for stage in range(len(KEEPS) + 1) for rank in (*ranks, PLAIN)
    ]
    apart, read, forecast = (_mean(np.array(one)) for one in zip(*looks, strict=True))
    return Strengths(candidates, apart, read.max(axis=(1, 2)), forecast)


def fitted_stages(material: Material, *, seed: int, device: str, progress: Progress) -> list[Chain]:
    """No stage, and each stage of `material`."""
    found, _ = stages(material, count=len(KEEPS), seed=seed, device=device, progress=progress)
    return [Chain(()), *found]


def replaced(material: Material, stage: Chain) -> Material:
    """`material` with what `stage` makes of its vectors."""
    return replace(material, x=stage.transform(material.x)) if stage.layers else material


def _look(
    fitted: Sequence[tuple[Chain, Path]], held: Material, ranks: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Separation (c,) and what was read (c, labels, attackers) of `held` people; forecasts (c,)."""
    apart, read, forecast = [], [], []
    for stage, path in fitted:
        x = replaced(held, stage).x
        for rank in (*ranks, PLAIN):
            layer = Candidate(0, int(rank)).layer(path)
            phi = x @ layer.weight + layer.bias
            apart.append(separation(phi, held.people))
            read.append([_read(phi, held.people, one.y, one.k, seed) for one in held.labels])
            kept = path.longest if rank == PLAIN else min(int(rank), path.longest)
            forecast.append(path.forecast(kept).max())
    return np.array(apart), np.array(read), np.array(forecast)


def _read(phi: np.ndarray, people: np.ndarray, y: np.ndarray, k: int, seed: int) -> np.ndarray:
    """AUC (attackers,) of cheap attackers, by folds of the held-out people; NaN if too few."""
    known = y >= 0
    phi, people, y = phi[known].astype(np.float64), people[known], y[known]
    if len(np.unique(people)) < 4 or len(np.unique(y)) < 2:
        return np.full(len(PENALTIES), np.nan)
    phi = (phi - phi.mean(axis=0)) / np.maximum(phi.std(axis=0), 1e-12)
    scores = np.zeros((len(PENALTIES), len(y), k))
    for fit, held in inner_folds(people, y, folds=3, seed=seed):
        for place, penalty in enumerate(PENALTIES):
            scores[place, held] = LeastSquares(phi[fit], phi[held], penalty).scores(y[None, fit], k)
    return np.array([_auc(y, one) for one in scores])


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
