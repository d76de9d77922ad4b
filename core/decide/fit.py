"""What passes between the fairness study and one classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.measure.pairs import unit


@dataclass(frozen=True)
class Job:
    """One classifier to train, and the faces that it is to decide about.

    `x` float32 (n, d) are all faces of the set, `y` int (n,) 1 where the target holds; `fit`,
    `held` and `wanted` are row numbers: who is learnt from, who tells when to stop (other people
    of the training part), who is decided about. `weight` float32 (len(fit),) weighs what is learnt
    from. `seed` is the only source of randomness.
    """

    x: np.ndarray
    y: np.ndarray
    fit: np.ndarray
    held: np.ndarray
    wanted: np.ndarray
    weight: np.ndarray
    seed: int


@dataclass(frozen=True)
class Scores:
    """The probability of the target, float32, of the `held` (h,) and of the `wanted` rows (t,).

    At least one half is a yes. `epochs` is for how long was trained, 0 where that means nothing.
    """

    held: np.ndarray
    wanted: np.ndarray
    epochs: int = 0


class Classifier(Protocol):
    """A way to decide."""

    @property
    def name(self) -> str:
        """The name in settings and tables."""
        ...

    @property
    def version(self) -> int:
        """Raised whenever its figures may change."""
        ...

    def decide(self, jobs: Sequence[Job], *, device: str) -> list[Scores]:
        """Train each job, and score its rows; jobs may be batched."""
        ...

    def seconds(self, rows: int, dimensions: int) -> float:
        """About how long one job of so many training rows takes on one core; measured."""
        ...


def seen(job: Job) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors of the job's `fit`, `held` and `wanted` rows as a classifier sees them, float32.

    Each is scaled to length 1 (TPAMI, section 4.1), then moved by the mean of the `fit` rows and
    divided by one number for all dimensions, so that their mean square is 1. What a suppressor made
    small stays small beside the rest, as it would in the papers.
    """
    vectors = [unit(job.x[rows]) for rows in (job.fit, job.held, job.wanted)]
    middle = vectors[0].mean(axis=0)
    spread = float(np.sqrt(np.mean((vectors[0] - middle) ** 2))) or 1.0
    fit, held, wanted = (((one - middle) / spread).astype(np.float32) for one in vectors)
    return fit, held, wanted
