"""What passes between a method that suppresses and everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from core.progress import Progress
from core.suppress.chain import Chain

UNLABELLED = -1
"""The class of a row whose label is unknown."""


@dataclass(frozen=True)
class Label:
    """One sensitive label: `y` int64 (n,), 0 … k − 1 or `UNLABELLED`; `classes` their k names.

    `neutral` is the class that a face is to look like (TPAMI eq. 4, D), or None: the uniform
    distribution over classes then.
    """

    name: str
    y: np.ndarray
    classes: tuple[str, ...]
    neutral: int | None = None

    @property
    def k(self) -> int:
        """How many classes there are."""
        return len(self.classes)


@dataclass(frozen=True)
class Material:
    """What a suppressor is fitted on: people of its own part, and of no other.

    `x` float32 (n, d) as the encoder gave it; `people` (n,) who is who; `labels` what is to be
    suppressed, one or more. Raises `ValueError` where the lengths differ.
    """

    x: np.ndarray
    people: np.ndarray
    labels: tuple[Label, ...]

    def __post_init__(self) -> None:
        lengths = {len(self.x), len(self.people), *(len(one.y) for one in self.labels)}
        if len(lengths) != 1:
            raise ValueError(f"vectors, people and labels have different lengths: {lengths}")


@dataclass(frozen=True)
class Step:
    """One point of a training curve: the figure `name` after step `step`."""

    step: int
    name: str
    value: float


@dataclass(frozen=True)
class Suppressor:
    """A fitted suppressor, frozen: φ = `transform`(x).

    `kind` is the method's name, `settings` what it was fitted with, `training` its curves,
    `facts` what it found out on its own people (layers chosen, strength, epochs).
    """

    kind: str
    chain: Chain
    settings: Mapping[str, Any]
    training: Sequence[Step] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def transform(self, x: np.ndarray) -> np.ndarray:
        """φ float32 (n, d') of x (n, d)."""
        return self.chain.transform(x)


class Method(Protocol):
    """A way to fit a suppressor; its settings are the fields of a frozen dataclass.

    Where it has a `dial`, 0 keeps recognition and 1 removes everything it can.
    """

    @property
    def kind(self) -> str:
        """The name in settings and tables."""
        ...

    @property
    def version(self) -> int:
        """Raised whenever what it fits may change."""
        ...

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        """Fit on `material` alone.

        Raises `NotEnoughData` where it holds too few people or classes, `SuppressorError` where
        the fit collapsed or did not converge.
        """
        ...
