"""An ONNX model as it is written: nodes and constants, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

OPSET = 17
"""Of 2022: runtimes of the last years read it."""
IR_VERSION = 8

Shape = Sequence[int | str] | None
"""A text stands for any number; None for any shape."""


class Model(NamedTuple):
    """What onnxruntime is given: the graph as the bytes of a file, and its constants beside it.

    Written into the bytes, the weights would be copied four times before they are used.
    """

    graph: bytes
    constants: Mapping[str, np.ndarray]


class Graph:
    """Nodes and constants; a value is known by its name."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray] = {}

    def node(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Write a node; the name of its output."""
        from onnx import helper

        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, value: np.ndarray) -> str:
        """Write a constant, as float32; its name."""
        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.ascontiguousarray(value, np.dtype("<f4"))
        return name

    def model(self, name: str, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> Model:
        """The whole model; all that goes in and comes out is float32."""
        from onnx import ModelProto, TensorProto, helper

        def told(values: Mapping[str, Shape]) -> list[Any]:
            return [
                helper.make_tensor_value_info(value, TensorProto.FLOAT, shape)
                for value, shape in values.items()
            ]

        model = ModelProto(ir_version=IR_VERSION, producer_name="blindfold")
        model.opset_import.append(helper.make_opsetid("", OPSET))
        model.graph.name = name
        model.graph.node.extend(self.nodes)
        model.graph.input.extend(told(inputs))
        model.graph.output.extend(told(outputs))
        for constant, value in self.constants.items():
            held = model.graph.initializer.add(
                name=constant, data_type=TensorProto.FLOAT, dims=value.shape,
                data_location=TensorProto.EXTERNAL,
            )  # fmt: skip
            held.external_data.add(key="location", value="beside")
        return Model(model.SerializeToString(), self.constants)
