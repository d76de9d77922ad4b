"""What a fitted suppressor is: a short chain of maps, from a vector x to a vector φ(x).

Every method ends as one of these, so that all of them are applied, saved, loaded and exported by
the same code, and none keeps anything of the people it was fitted on but its weights. One that
fine-tunes the encoder's last stage is a chain from the trunk's activations. The maps themselves
stand in `core.encode.layers`, since last stages are made of them too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.encode.layers import (
    SMALLEST,
    Affine,
    Beside,
    Chain,
    Convolution,
    Layer,
    Pool,
    Relu,
    Residual,
    Unit,
)

__all__ = [
    "SMALLEST", "Affine", "Beside", "Chain", "Convolution", "Layer", "Pool", "Relu", "Residual",
    "Unit", "dimensions", "packed", "unpacked",
]  # fmt: skip


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
            case Convolution(weight, bias, places, padding, depthwise):
                arrays[f"{name}.weight"] = np.asarray(weight, np.float32)
                arrays[f"{name}.bias"] = np.asarray(bias, np.float32)
                kind = "depthwise" if depthwise else "convolution"
                plan.append([kind, list(places), list(padding)])
            case Pool(maps):
                plan.append(["pool", maps])
            case Beside(chains):
                inner = [_pack(own, f"{name}.{i}.", arrays) for i, own in enumerate(chains)]
                plan.append(["beside", inner])
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
            case ["convolution" | "depthwise" as kind, [int(h), int(w)], [int(p), int(q)]]:
                own = arrays[f"{name}.weight"], arrays[f"{name}.bias"]
                layers.append(Convolution(*own, (h, w), (p, q), kind == "depthwise"))
            case ["pool", int(maps)] if not isinstance(maps, bool):
                layers.append(Pool(maps))
            case ["beside", [*inner]]:
                chains = [_unpack(arrays, own, f"{name}.{i}.") for i, own in enumerate(inner)]
                layers.append(Beside(tuple(chains)))
            case ["residual", inner]:
                layers.append(Residual(_unpack(arrays, inner, f"{name}.")))
            case _:
                raise ValueError(f"a layer '{kind}' is not known")
    return Chain(tuple(layers))


def dimensions(chain: Chain) -> tuple[int, int]:
    """(d, d') of a chain; raises `ValueError` where its layers do not fit one another or none of
    them says how many dimensions it takes."""
    first, last = _walk(chain, None)
    if first is None or last is None:
        raise ValueError("it has no affine layer")
    return first, last


def _walk(chain: Chain, width: int | None) -> tuple[int | None, int | None]:
    """Width that the chain takes and that it gives; `width` is what comes in, where it is known."""
    first = width
    for layer in chain.layers:
        taken, width = _through(layer, width)
        first = taken if first is None else first
    return first, width


def _through(layer: Layer, width: int | None) -> tuple[int | None, int | None]:
    """Width that a layer takes and that it gives when it is given `width`."""
    match layer:
        case Affine():
            return _affine(layer, width)
        case Convolution():
            return _convolution(layer, width)
        case Pool(maps):
            if width is None or maps < 1 or width % maps:
                raise ValueError(f"the mean of each of {maps} maps does not fit {width} dimensions")
            return width, maps
        case Beside(chains):
            ways = [_walk(own, width) for own in chains]
            if not ways or len({taken for taken, _ in ways}) > 1:
                raise ValueError(f"chains beside one another take {[taken for taken, _ in ways]}")
            return ways[0][0], sum(given or 0 for _, given in ways)
        case Residual(inner):
            taken, given = _walk(inner, width)
            if taken != given:
                raise ValueError(f"a residual turns {taken} dimensions into {given}")
            return taken, given
        case _:
            return width, width


def _affine(layer: Affine, width: int | None) -> tuple[int, int]:
    shapes = (layer.weight.shape, layer.bias.shape)
    fits = layer.weight.ndim == 2 and layer.bias.shape == layer.weight.shape[1:]
    if not fits or (width is not None and layer.weight.shape[0] != width):
        raise ValueError(f"an affine layer of shapes {shapes} does not fit {width} dimensions")
    return int(layer.weight.shape[0]), int(layer.weight.shape[1])


def _convolution(layer: Convolution, width: int | None) -> tuple[int, int]:
    shapes = (layer.weight.shape, layer.bias.shape)
    fits = layer.weight.ndim == 4 and layer.bias.shape == layer.weight.shape[:1]
    fits = fits and not (layer.depthwise and layer.weight.shape[1] != 1)
    fits = fits and min(layer.places) > 0 and min(layer.left) > 0
    # Zeros beyond the kernel's own reach are no convolution's, and could fill the memory.
    sides = zip(layer.padding, layer.weight.shape[2:], strict=False)
    fits = fits and all(0 <= padding < side for padding, side in sides)
    if not fits or (width is not None and layer.widths[0] != width):
        raise ValueError(
            f"a convolution of shapes {shapes} over {layer.places} places does not fit {width} "
            "dimensions"
        )
    return layer.widths
