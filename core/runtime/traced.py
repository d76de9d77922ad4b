"""A torch network as an ONNX model, which onnxruntime runs faster on a processor.

onnxruntime keeps maps in blocks of the processor's width from one convolution to the next and adds
what follows a convolution while its result is at hand. Batch normalisation with fixed statistics
and constant factors are folded into the convolution or dense layer before them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from core.runtime.folding import array, fixed
from core.runtime.graph import Graph, Model, Shape

if TYPE_CHECKING:
    from torch import fx, nn

RUNTIME = "onnxruntime, 1"
"""Part of the keys under which such vectors are kept. The number is raised whenever the same
network and images would give other bits."""
IMAGES, ANSWERS = "images", "answers"
"""What goes in and what comes out, float32."""


def to_onnx(network: nn.Module, shape: Shape) -> Model:
    """The model of `network` for images of `shape` (b, 3, h, w); a text stands for any number.

    Raises `TypeError` where the network does something that is not known here.
    """
    from torch import fx

    return _Traced(fx.symbolic_trace(network)).written(shape)


class _Traced(Graph):
    """The nodes of a traced network, written in their order."""

    def __init__(self, traced: fx.GraphModule) -> None:
        super().__init__()
        self.traced = traced
        self.layers = dict(traced.named_modules())
        self.names: dict[Any, str] = {}

    def written(self, shape: Shape) -> Model:
        """The whole model for images of `shape`."""
        for node in self.traced.graph.nodes:
            if node in self.names:
                continue  # folded into the one before it
            if node.op == "placeholder":
                self.names[node] = IMAGES
            elif node.op == "call_module":
                self._layer(node, self.layers[str(node.target)], self.names[node.args[0]])
            elif node.op in ("call_function", "call_method"):
                self._call(node)
            elif node.op == "output":
                self.node("Identity", [self.names[node.args[0]]], ANSWERS)
            else:
                raise TypeError(f"{node.op} {node.target} is not known")
        return self.model("network", {IMAGES: shape}, {ANSWERS: None})

    def _layer(self, node: fx.Node, layer: nn.Module, x: str) -> None:
        from torch import nn

        match layer:
            case nn.Conv2d():
                places: dict[str, Any] = {**_places(layer), "group": layer.groups}
                self._folded(node, layer, lambda own: self.node("Conv", [x, *own], **places))
            case nn.Linear():
                self._folded(node, layer, lambda own: self.node("Gemm", [x, *own], transB=1))
            case nn.MaxPool2d():
                places = {**_places(layer), "ceil_mode": int(layer.ceil_mode)}
                self.names[node] = self.node("MaxPool", [x], **places)
            case nn.AdaptiveAvgPool2d(output_size=1) | nn.AdaptiveAvgPool2d(output_size=(1, 1)):
                self.names[node] = self.node("GlobalAveragePool", [x])
            case nn.ReLU():
                self.names[node] = self.node("Relu", [x])
            case nn.PReLU():
                spread = (-1, 1, 1) if self._has_places(node) else (-1,)
                self.names[node] = self._prelu(array(layer.weight).reshape(spread), x)
            case nn.Flatten(start_dim=1, end_dim=-1):
                self.names[node] = self.node("Flatten", [x], axis=1)
            case nn.Dropout() | nn.Identity():
                self.names[node] = x
            case _:
                raise TypeError(f"{node.target}, a {type(layer).__name__}, is not known")

    def _has_places(self, node: fx.Node) -> bool:
        """Whether what comes into `node` is maps, not rows: it comes from a convolution."""
        from torch import nn

        before: Any = node.args[0]
        return not isinstance(self.layers.get(str(before.target)), nn.Linear)

    def _prelu(self, slope: np.ndarray, x: str) -> str:
        """max(x, a x) where a ≤ 1, and min(x, a x) elsewhere.

        These are quicker than onnxruntime's own PRelu, which decides number by number.
        """
        least, most = np.minimum(slope, 1), np.maximum(slope, 1)
        x = self.node("Max", [x, self.node("Mul", [x, self.constant(least)])])
        if (most > 1).any():
            x = self.node("Min", [x, self.node("Mul", [x, self.constant(most)])])
        return x

    def _folded(self, node: fx.Node, layer: Any, write: Callable[[list[str]], str]) -> None:
        """Write a linear layer together with the affine maps that follow it and nothing else."""
        weight = layer.weight.detach().cpu().float().numpy()
        bias = np.zeros(len(weight)) if layer.bias is None else array(layer.bias)
        last, folded = node, [node]
        while len(last.users) == 1:
            last = next(iter(last.users))
            affine = self._affine(last, len(weight))
            if affine is None:
                break
            slope, level = affine
            weight = weight * slope.astype(np.float32).reshape(-1, *[1] * (weight.ndim - 1))
            bias = slope * bias + level
            folded.append(last)
        name = write([self.constant(weight), self.constant(bias)])
        self.names |= dict.fromkeys(folded, name)

    def _affine(self, node: fx.Node, width: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Slope and level (width,) of a node that is an affine map of each channel, else None."""
        from torch import nn

        if node.op == "call_module":
            layer = self.layers[str(node.target)]
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                return fixed(layer, width)
        if node.target is operator.mul and isinstance(node.args[1], int | float):
            return np.full(width, float(node.args[1])), np.zeros(width)
        return None

    def _call(self, node: fx.Node) -> None:
        import torch
        from torch.nn import functional

        given: Any = node.args
        what = node.target
        if what is torch.cat:
            inputs = [self.names[one] for one in given[0]]
            self.names[node] = self.node("Concat", inputs, axis=given[1])
        elif what in (operator.add, operator.iadd):
            self.names[node] = self.node("Add", [self.names[one] for one in given])
        elif what is torch.relu:
            self.names[node] = self.node("Relu", [self.names[given[0]]])
        elif (what in (torch.flatten, "flatten") and given[1:] == (1,)) or (
            what == "view" and given[2:] == (-1,)  # its first side is that of the shape
        ):
            self.names[node] = self.node("Flatten", [self.names[given[0]]], axis=1)
        elif what in (getattr, operator.getitem):
            self.names[node] = ""  # a shape, for view
        elif what is functional.normalize and node.kwargs["p"] == 2 and node.kwargs["dim"] == 1:
            x = self.names[given[0]]
            length = self.node("ReduceL2", [x], axes=[1], keepdims=1)
            shortest = self.constant(np.array(node.kwargs["eps"]))
            self.names[node] = self.node("Div", [x, self.node("Max", [length, shortest])])
        else:
            raise TypeError(f"{what} of {given[1:]} is not known")


def _places(layer: Any) -> dict[str, list[int]]:
    """Where a convolution or a pooling looks, as ONNX has it."""

    def pair(value: int | tuple[int, int]) -> list[int]:
        return [value, value] if isinstance(value, int) else list(value)

    return {
        "kernel_shape": pair(layer.kernel_size),
        "strides": pair(layer.stride),
        "pads": pair(layer.padding) * 2,
        "dilations": pair(layer.dilation),
    }
