"""What passes between a study and one way of drawing a map."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np

Coordinates = tuple[np.ndarray, np.ndarray]
"""Places float32 (m, 2) of the faces that the map was fitted on, and (r, 2) of those placed."""

FEWEST = 10
"""Faces below which nothing is drawn: each would be near every other."""


class Method(Protocol):
    """A way of drawing a map; frozen, with everything that its figures depend on."""

    @property
    def name(self) -> str:
        """The name in tables."""
        ...

    @property
    def version(self) -> int:
        """Raised whenever its maps may change."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """What a person chose, for the key in the store."""
        ...

    def clamped(self, n: int) -> tuple[Self, str]:
        """The same method as far as `n` faces allow, and what had to be changed, in words."""
        ...

    def draw(self, x: np.ndarray, rest: np.ndarray, *, seed: int) -> Coordinates:
        """Fit a map on `x` float32 (m, d), then place `rest` (r, d), which may be empty, in it.

        The same input gives the same bits on one machine, whichever thread asks.
        """
        ...
