"""What passes between the attack loop and one attacker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from core.attack.attack import Problem

Setting = tuple[float, ...]
"""One point of a tuned attacker's grid."""

CHOSEN = "chosen"
"""In an attacker's views: the one that least squares found best (`attack.choose_view`)."""


@dataclass(frozen=True)
class Fit:
    """One training job: learn from `x`, `y`, then score `x_test`.

    `x` float32 (m, d), `y` int64 (m,) in 0 … classes − 1, `x_test` float32 (t, d). `seed` is the
    only source of randomness. `epochs` is for how long a `Stopping` attacker trains, where inner
    folds have said so; `setting` is one of a `Tuned` attacker's settings, empty for all others.
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    classes: int
    seed: int
    epochs: int | None = None
    setting: Setting = ()


class Attacker(Protocol):
    """A family of probes."""

    @property
    def name(self) -> str:
        """The name in tables."""
        ...

    @property
    def version(self) -> int:
        """Raised whenever its figures may change."""
        ...

    @property
    def views(self) -> tuple[str, ...]:
        """The ways in which it may see the vectors, to choose from on inner folds."""
        ...

    @property
    def folds(self) -> int:
        """Inner folds by which it is judged on the attackers' own people; 1 is one hold-out."""
        ...

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """Scores float32 (t, classes) of each job, larger is likelier; jobs may be batched."""
        ...


@runtime_checkable
class Stopping(Attacker, Protocol):
    """An attacker that learns in epochs, and stops where held-out people are read best."""

    def watched(
        self, fits: Sequence[Fit], truths: Sequence[np.ndarray], *, device: str
    ) -> list[tuple[np.ndarray, int]]:
        """The scores of each job at its best epoch, and that epoch.

        `truths` int64 (t,) are the classes of the jobs' `x_test`: held-out people of the
        attacker's own part, never the test part.
        """
        ...


@runtime_checkable
class Tuned(Attacker, Protocol):
    """An attacker with a grid: inner folds choose its setting together with its view."""

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The points of the grid; a `Fit` carries one of them."""
        ...


@runtime_checkable
class Printed(Attacker, Protocol):
    """A probe as a paper prints it: the largest score decides, no threshold is moved."""

    @property
    def variant(self) -> str:
        """What tells it from the attacker of the same name; part of its key in the store."""
        ...


@runtime_checkable
class Informed(Protocol):
    """An attacker that knows more than labelled vectors of its own people (`attack.Known`).

    It turns what it knows into an ordinary problem, which the better of `bases` on inner folds
    then answers: each of them looks at that problem as it looks at any other.
    """

    @property
    def name(self) -> str:
        """The name in tables."""
        ...

    @property
    def version(self) -> int:
        """Raised whenever its figures may change."""
        ...

    @property
    def needs(self) -> str:
        """The field of `Known` that it cannot do without; empty where labelled vectors suffice."""
        ...

    @property
    def bases(self) -> tuple[Attacker, ...]:
        """The ordinary attackers that answer the ordinary problem."""
        ...

    def prepared(self, problem: Problem) -> Problem:
        """The ordinary problem; its view is still to be chosen."""
        ...


@runtime_checkable
class Spreading(Attacker, Protocol):
    """An attacker whose single fit is shared by as many processors as have nothing else to do."""

    @property
    def spreads(self) -> bool:
        """Always true; what tells it from the others."""
        ...


Anyone = Attacker | Informed
"""Whoever may stand in a suite."""
