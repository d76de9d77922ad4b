"""How good a suppressor is, on people of its own part whom it was not fitted on.

It chooses epochs and layers, and draws the curves. It is no audit: the attackers' and the test
people are never seen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.attack.least_squares import LeastSquares
from core.attack.views import see
from core.measure.pairs import made, similarities
from core.measure.verification import area, curve
from core.split import inner_folds
from core.suppress.collapse import effective_rank, mean_cosine
from core.suppress.prepare import primary_rows
from core.suppress.suppressor import Label, Material, Step

TOLERANCE = 0.002
"""AUC of the primary task that may be lost at weight 1."""
KEPT = 0.5
"""Share of the effective rank and of the spread of x that must be kept at weight 1."""
_PENALTY = 0.1
_PAIRS = 20_000


@dataclass(frozen=True)
class Verdict:
    """One look at held-back people: AUC of a fresh probe and of what is to be kept, the effective
    rank, and the `spread`, 1 − mean cosine. AUC alone does not see a φ that shrinks to a point."""

    leakage: float
    utility: float
    rank: float
    spread: float

    def useful(self, before: Verdict, weight: float) -> bool:
        """Whether enough is left of what x, `before`, had; less is asked of a larger `weight`."""
        share = KEPT / max(1.0, weight)
        kept = self.rank >= share * before.rank and self.spread >= share * before.spread
        return kept and self.utility >= before.utility - TOLERANCE * weight

    def steps(self, number: int) -> tuple[Step, Step]:
        """The two as points of a training curve."""
        leakage = Step(number, "fresh probe (held back)", self.leakage)
        return leakage, Step(number, "utility (held back)", self.utility)


@dataclass(frozen=True)
class Judge:
    """Looks at the φ of `held` people; `primary` is the label to be kept, None for identity."""

    held: Material
    primary: Label | None
    seed: int

    def __call__(self, phi: np.ndarray) -> Verdict:
        """The verdict on φ float (n, d') of the held-back rows; 0.5 where nothing can be told."""
        leaks = [self._probe(phi, label) for label in self.held.labels]
        utility = (
            self._verification(phi) if self.primary is None else self._probe(phi, self.primary)
        )
        # Below 0.5 is noise, not more privacy.
        leakage = float(np.mean([max(leak, 0.5) for leak in leaks]))
        return Verdict(leakage, utility, effective_rank(phi), 1 - mean_cosine(phi))

    def _probe(self, phi: np.ndarray, label: Label) -> float:
        """AUC (one against the rest, macro) of least squares fitted afresh on other held people."""
        known = np.flatnonzero(label.y >= 0)
        if len(np.unique(self.held.people[known])) < 2:
            return 0.5
        y, people = label.y[known], self.held.people[known]
        found = []
        for fit, test in inner_folds(people, y, folds=3, seed=self.seed):
            x, other = see("unit standard", phi[known[fit]], phi[known[test]])
            solver = LeastSquares(x.astype(np.float64), other.astype(np.float64), _PENALTY)
            scores = solver.scores(y[None, fit], label.k)[0]
            found += [
                _auc(scores[:, c], y[test] == c)
                for c in range(label.k)
                if 0 < (y[test] == c).sum() < len(test) and (y[fit] == c).any()
            ]
        return float(np.mean(found)) if found else 0.5

    def _verification(self, phi: np.ndarray) -> float:
        """AUC of verification by cosine."""
        rows = primary_rows(self.held)
        _, person = np.unique(self.held.people[rows], return_inverse=True)
        pairs = made(rows, person, fold=0, seed=self.seed, cap=_PAIRS)
        if not 0 < pairs.same.sum() < len(pairs.same):
            return 0.5
        units = phi / np.maximum(np.linalg.norm(phi, axis=1, keepdims=True), 1e-12)
        return _auc(similarities(units, pairs), pairs.same)


def _auc(scores: np.ndarray, own: np.ndarray) -> float:
    """Chance that a score (n,) of `own` bool (n,) is above one of the others, ties one half."""
    _, far, tar = curve(-scores, own)
    return float(area(far, tar))


def best(verdicts: Sequence[Verdict], before: Verdict, weight: float) -> int:
    """Place of the least leakage among those that are useful, the earliest of equals.

    Where none is, that of the most utility.
    """
    useful = [place for place, one in enumerate(verdicts) if one.useful(before, weight)]
    if not useful:
        return max(range(len(verdicts)), key=lambda place: verdicts[place].utility)
    return min(useful, key=lambda place: verdicts[place].leakage)
