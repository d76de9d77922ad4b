"""The attacker who never saw this set: it learned from another one, through the same encoder.

Labelled faces of other people are easy to come by. What this attacker reads does not depend on the
people of the audited set at all; those of the attacker's part serve to say how well it does and to
set its thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.attack.attack import Problem
from core.attack.bases import BASES
from core.attack.fit import Attacker


@dataclass(frozen=True)
class Outside:
    """Learns from another labelled set, whose classes are matched by name."""

    name: str = "outside"
    version: int = 1
    needs: str = "outside"
    bases: tuple[Attacker, ...] = BASES

    def prepared(self, problem: Problem) -> Problem:
        """Both sets' rows: those of the other set to learn from, the own ones to be judged on."""
        if problem.known.outside is None:
            raise ValueError("an outside attacker needs another set")
        x, y, people = problem.known.outside
        learns, judged = np.arange(len(x)), len(x) + np.arange(len(problem.x))
        strangers = np.array([f"outside {one}" for one in people], dtype=object)
        return replace(
            problem,
            x=np.concatenate([x, problem.x]),
            y=np.concatenate([y, problem.y]),
            people=np.concatenate([strangers, problem.people.astype(object)]),
            folds=((learns, judged),),
            learns=learns,
        )
