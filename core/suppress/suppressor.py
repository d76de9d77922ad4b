"""What passes between a method that suppresses and everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from core.errors import SuppressorError
from core.progress import Progress
from core.suppress.chain import Chain, dimensions

Reads = Literal["vectors", "activations"]

WHERE: Mapping[Reads, str] = {
    "vectors": "vectors of the encoder that it was fitted on",
    "activations": (
        "the activations of its encoder's trunk (python -m core embed PATH --depth trunk --out F)"
    ),
}
"""What is to be given to a suppressor, in words."""

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
    suppressed, one or more. For a method that reads activations, `x` holds those of the encoder's
    frozen trunk, and `tail` is the last stage that makes vectors of them. `primary` bool (n,) marks
    the rows that the primary task (triplets, identities) learns from, None for all: people who
    came for a label alone do not show it. Raises `ValueError` where the lengths differ.
    """

    x: np.ndarray
    people: np.ndarray
    labels: tuple[Label, ...]
    tail: Chain | None = None
    primary: np.ndarray | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.x), len(self.people), *(len(one.y) for one in self.labels)}
        if self.primary is not None:
            lengths.add(len(self.primary))
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
    `facts` what it found out on its own people (layers chosen, strength, epochs). `reads` says
    what it is applied to: the encoder's vectors, or the activations of its frozen trunk.
    `fitted_on` says whose they were: the encoder and its digest, the sets and theirs, how many
    people; empty where nobody noted it.
    """

    kind: str
    chain: Chain
    settings: Mapping[str, Any]
    training: Sequence[Step] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    reads: Reads = "vectors"
    fitted_on: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dimensions(self) -> tuple[int, int]:
        """d of what it takes and d' of φ."""
        return dimensions(self.chain)

    def transform(self, x: np.ndarray) -> np.ndarray:
        """φ float32 (n, d') of x (n, d): vectors, or activations where it `reads` these.

        Raises `SuppressorError` where x is no such matrix, or holds NaN or infinity.
        """
        given = np.asarray(x)
        width, _ = self.dimensions
        if given.ndim != 2 or given.shape[1] != width:
            raise SuppressorError(
                f"{self.reads} of shape {given.shape} do not fit the suppressor '{self.kind}', "
                f"which takes (n, {width}): give {WHERE[self.reads]}"
            )
        bad = int((~np.isfinite(given).all(axis=1)).sum())
        if bad:
            raise SuppressorError(
                f"{bad} of {len(given)} {self.reads} hold NaN or infinity (none may): remove these "
                "rows or export them again"
            )
        return self.chain.transform(given)


def reads(method: Method) -> Reads:
    """What `method` is fitted on and its suppressors are applied to; vectors unless it says."""
    found: Reads = getattr(method, "reads", "vectors")
    return found


def by_sums(method: Method) -> bool:
    """Whether `method` asks no more of its people than sums over them, so that very many cost it
    little; it says so by an attribute of this name."""
    return bool(getattr(method, "by_sums", False))


class Method(Protocol):
    """A way to fit a suppressor; its settings are the fields of a frozen dataclass.

    Where it has a `dial`, 0 keeps recognition and 1 removes everything it can. Where it has
    `reads` and that is "activations", its material holds the trunk's activations and the last
    stage: `reads` tells.
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
