"""The attacker who sees scores only: the probe's cosines with a gallery of its own people.

A service that gives away nothing but similarities still answers as often as it is asked. The
attacker holds pictures of its own people, has the probe compared with each, and reads the row of
scores (the setting of Mai et al. 2018, who rebuild faces from what is stored, needs more).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.attack.attack import Problem
from core.attack.bases import BASES
from core.attack.fit import Attacker
from core.attack.views import unit

GALLERY = 256
"""Pictures of the attacker's own people that a probe is compared with."""


@dataclass(frozen=True)
class Similarity:
    """Reads cosines with up to `GALLERY` vectors of the attacker's own people.

    Its own people meet themselves in the gallery, which no stranger does: those scores are
    replaced by what other people get from the same vector.
    """

    name: str = "similarity"
    version: int = 1
    needs: str = ""
    bases: tuple[Attacker, ...] = BASES

    def prepared(self, problem: Problem) -> Problem:
        """One column a picture of the gallery: cosines, float32."""
        random = np.random.default_rng(problem.seed)
        count = min(GALLERY, len(problem.x))
        gallery = np.sort(random.choice(len(problem.x), count, replace=False))
        own, other = (unit(part.astype(np.float64)) for part in (problem.x, problem.x_test))
        scores = own @ own[gallery].T
        same = problem.people[:, None] == problem.people[gallery][None]
        strangers = np.maximum((~same).sum(axis=0), 1)
        usual = np.where(same, 0, scores).sum(axis=0) / strangers
        told = np.where(same, usual, scores).astype(np.float32)
        return replace(problem, x=told, x_test=(other @ own[gallery].T).astype(np.float32))
