"""A fitted suppressor as an ONNX model: input "x" [n, d], output "phi" [n, d'].

Activations are flat rows here too, as `python -m core embed --depth trunk` writes them.
"""

from __future__ import annotations

import numpy as np

from core.runtime.graph import Graph
from core.suppress.chain import (
    SMALLEST,
    Affine,
    Beside,
    Chain,
    Convolution,
    Pool,
    Relu,
    Residual,
    Unit,
    dimensions,
)
from core.suppress.suppressor import Suppressor

OPSET = 17
"""Of 2022: runtimes of the last years read it."""
IR_VERSION = 8


def to_onnx(suppressor: Suppressor) -> bytes:
    """The model; any number of rows n at once, float32."""
    from onnx import TensorProto, checker, helper, numpy_helper

    writer = _Writer()
    last = writer.chain(suppressor.chain, "x")
    writer.node("Identity", [last], output="phi")
    inputs, outputs = dimensions(suppressor.chain)
    graph = helper.make_graph(
        writer.nodes,
        suppressor.kind,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", inputs])],
        [helper.make_tensor_value_info("phi", TensorProto.FLOAT, ["n", outputs])],
        [numpy_helper.from_array(value, name) for name, value in writer.constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="blindfold")
    model.ir_version = IR_VERSION
    checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


class _Writer(Graph):
    """A graph that knows the layers of a chain."""

    def shape(self, *sides: int) -> str:
        """Write the shape that a Reshape takes: 0 keeps a side, −1 is whatever is left."""
        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.array(sides, np.int64)
        return name

    def convolution(self, layer: Convolution, x: str) -> str:
        """Write a convolution between two flat rows."""
        x = self.node("Reshape", [x, self.shape(0, layer.maps, *layer.places)])
        weights = [self.constant(layer.weight), self.constant(layer.bias)]
        group, pads = layer.maps if layer.depthwise else 1, [*layer.padding, *layer.padding]
        x = self.node("Conv", [x, *weights], pads=pads, group=group)
        return self.node("Reshape", [x, self.shape(0, layer.widths[1])])

    def chain(self, chain: Chain, x: str) -> str:
        """Write a chain that reads `x`; the name of what it gives."""
        for layer in chain.layers:
            match layer:
                case Affine(weight, bias):
                    x = self.node("MatMul", [x, self.constant(weight)])
                    x = self.node("Add", [x, self.constant(bias)])
                case Relu():
                    x = self.node("Relu", [x])
                case Convolution():
                    x = self.convolution(layer, x)
                case Pool(maps):
                    x = self.node("Reshape", [x, self.shape(0, maps, -1)])
                    x = self.node("ReduceMean", [x], axes=[2], keepdims=0)
                case Beside(chains):
                    x = self.node("Concat", [self.chain(own, x) for own in chains], axis=1)
                case Residual(inner):
                    x = self.node("Add", [x, self.chain(inner, x)])
                case Unit():
                    length = self.node("ReduceL2", [x], axes=[1], keepdims=1)
                    length = self.node("Max", [length, self.constant(np.array(SMALLEST))])
                    x = self.node("Div", [x, length])
        return x
