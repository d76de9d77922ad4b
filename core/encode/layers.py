"""What the last stage of an encoder and every suppressor are made of: short chains of maps.

All methods that suppress, and the stages that one of them fine-tunes, are applied, saved, loaded
and exported by the same code. A row is always flat: maps of h × w places are laid one after another
(channels first), as torch flattens them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST = 1e-12
"""Shortest length that a vector is divided by."""


@dataclass(frozen=True)
class Affine:
    """x W + b, with `weight` float32 (d, d') and `bias` float32 (d',)."""

    weight: np.ndarray
    bias: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x @ self.weight + self.bias


@dataclass(frozen=True)
class Unit:
    """x / ‖x‖: length one."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), SMALLEST)


@dataclass(frozen=True)
class Relu:
    """max(x, 0)."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.maximum(x, 0)


@dataclass(frozen=True)
class Convolution:
    """A convolution of stride 1: `weight` float32 (o, i, k, l) and `bias` float32 (o,).

    A row holds i maps of `places` (h, w); `padding` (p, q) zeros are put on both sides of each
    axis, and the row that comes out holds o maps of h + 2p − k + 1 by w + 2q − l + 1 places.
    `depthwise`: map by map, o maps in and o maps out, with a weight of (o, 1, k, l).
    """

    weight: np.ndarray
    bias: np.ndarray
    places: tuple[int, int]
    padding: tuple[int, int] = (0, 0)
    depthwise: bool = False

    @property
    def maps(self) -> int:
        """Maps that come in."""
        return int(self.weight.shape[0 if self.depthwise else 1])

    @property
    def left(self) -> tuple[int, int]:
        """Places that come out, by row and by column."""
        (h, w), (p, q), (k, m) = self.places, self.padding, self.weight.shape[2:]
        return h + 2 * p - k + 1, w + 2 * q - m + 1

    @property
    def widths(self) -> tuple[int, int]:
        """Numbers in a row that comes in, and in one that comes out."""
        (h, w), (high, wide) = self.places, self.left
        return self.maps * h * w, int(self.weight.shape[0]) * high * wide

    def __call__(self, x: np.ndarray) -> np.ndarray:
        n, (high, wide), (p, q) = len(x), self.left, self.padding
        maps = x.reshape(n, self.maps, *self.places)
        maps = np.pad(maps, ((0, 0), (0, 0), (p, p), (q, q)))
        weight = self.weight.astype(x.dtype)
        total = np.zeros((n, len(weight), high * wide), x.dtype) + self.bias[:, None]
        for row, column in np.ndindex(*weight.shape[2:]):
            seen = maps[:, :, row : row + high, column : column + wide]
            seen = seen.reshape(n, self.maps, high * wide)
            own = weight[:, :, row, column]
            total += own * seen if self.depthwise else own @ seen
        return total.reshape(n, self.widths[1])


@dataclass(frozen=True)
class Pool:
    """The mean over the places of each of `maps` maps."""

    maps: int

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(x.reshape(len(x), self.maps, x.shape[1] // self.maps).mean(axis=2))


@dataclass(frozen=True)
class Beside:
    """What several chains make of the same x, laid one after another (their maps, stacked)."""

    chains: tuple[Chain, ...]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.concatenate([chain(x) for chain in self.chains], axis=1)


@dataclass(frozen=True)
class Residual:
    """x + inner(x): what an adapter adds to a vector."""

    inner: Chain

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x + self.inner(x)


Layer = Affine | Unit | Relu | Convolution | Pool | Beside | Residual

_BATCH = 256
"""Rows at a time, padded, in float64: rounded to float32, a row does not depend on its place."""
_NUMBERS = 1 << 22
"""Numbers at a time: wide rows, such as activations, come in fewer."""


@dataclass(frozen=True)
class Chain:
    """Maps in their order; called with x float (n, d) it gives float (n, d')."""

    layers: tuple[Layer, ...]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer(x)
        return x

    def transform(self, x: np.ndarray) -> np.ndarray:
        """φ float32 (n, d') of x (n, d), each row the same bits whatever its neighbours are."""
        width = x.shape[1]
        rows = max(1, min(_BATCH, _NUMBERS // max(1, width)))
        parts = []
        for start in range(0, len(x), rows):
            part = np.zeros((rows, width), np.float64)
            own = x[start : start + rows]
            part[: len(own)] = own
            parts.append(np.asarray(self(part), np.float32)[: len(own)])
        return np.concatenate(parts) if parts else self(np.zeros((0, width))).astype(np.float32)
