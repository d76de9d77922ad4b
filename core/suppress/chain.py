"""What a fitted suppressor is: a short chain of maps, from a vector x to a vector φ(x).

Every method on vectors ends as one of these, so that all of them are applied, saved, loaded and
exported by the same code, and none keeps anything of the people it was fitted on but its weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
class Residual:
    """x + inner(x): what an adapter adds to a vector."""

    inner: Chain

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x + self.inner(x)


Layer = Affine | Unit | Relu | Residual

_BATCH = 256
"""Rows at a time, padded, in float64: rounded to float32, a row does not depend on its place."""


@dataclass(frozen=True)
class Chain:
    """Maps in their order; called with x float (n, d) it gives float32 (n, d')."""

    layers: tuple[Layer, ...]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer(x)
        return x

    def transform(self, x: np.ndarray) -> np.ndarray:
        """φ float32 (n, d') of x (n, d), each row the same bits whatever its neighbours are."""
        parts = []
        for start in range(0, len(x), _BATCH):
            part = np.zeros((_BATCH, x.shape[1]), np.float64)
            own = x[start : start + _BATCH]
            part[: len(own)] = own
            parts.append(np.asarray(self(part), np.float32)[: len(own)])
        return (
            np.concatenate(parts) if parts else self(np.zeros((0, x.shape[1]))).astype(np.float32)
        )


def packed(chain: Chain) -> tuple[dict[str, np.ndarray], list[Any]]:
    """The arrays of a chain by name, and its plan as JSON; `unpacked` undoes it."""
    arrays: dict[str, np.ndarray] = {}
    return arrays, _pack(chain, "", arrays)


def _pack(chain: Chain, prefix: str, arrays: dict[str, np.ndarray]) -> list[Any]:
    plan: list[Any] = []
    for place, layer in enumerate(chain.layers):
        name = f"{prefix}{place}"
        match layer:
            case Affine(weight, bias):
                arrays[f"{name}.weight"] = np.asarray(weight, np.float32)
                arrays[f"{name}.bias"] = np.asarray(bias, np.float32)
                plan.append("affine")
            case Unit():
                plan.append("unit")
            case Relu():
                plan.append("relu")
            case Residual(inner):
                plan.append(["residual", _pack(inner, f"{name}.", arrays)])
    return plan


def unpacked(arrays: Mapping[str, np.ndarray], plan: Sequence[Any]) -> Chain:
    """The chain of `packed`; raises `KeyError` where an array is missing, `ValueError` where the
    plan names a layer that is not known."""
    return _unpack(arrays, plan, "")


def _unpack(arrays: Mapping[str, np.ndarray], plan: Sequence[Any], prefix: str) -> Chain:
    layers: list[Layer] = []
    for place, kind in enumerate(plan):
        name = f"{prefix}{place}"
        match kind:
            case "affine":
                layers.append(Affine(arrays[f"{name}.weight"], arrays[f"{name}.bias"]))
            case "unit":
                layers.append(Unit())
            case "relu":
                layers.append(Relu())
            case ["residual", inner]:
                layers.append(Residual(_unpack(arrays, inner, f"{name}.")))
            case _:
                raise ValueError(f"a layer '{kind}' is not known")
    return Chain(tuple(layers))
