"""ONNX models, small and sound or not, for `core.encode.onnx`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from unittest import mock

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from core.encode import onnx as reader
from core.encode.encoder import Options
from tests.fuzz.edits import Edit, edited, edits, often
from tests.fuzz.reader import SECRET, Reader

SIDE = 16
TRIAL_SECONDS = 0.3
"""How long a case's model may run on its first image; the product gives it far longer."""
SHAPES: tuple[tuple[int | str, ...], ...] = (
    ("n", 3, SIDE, SIDE), (1, 3, SIDE, SIDE), (4, 3, "h", "w"), ("n", SIDE, SIDE, 3),
    ("n", 3, 8, 8), ("n", 3, SIDE, 20), ("n", 1, SIDE, SIDE), ("n", 768), (0, 3, SIDE, SIDE),
    (-1, 3, SIDE, SIDE),
    ("n", 3, -1, -1), ("n", 3, 2**31, 2**31), (2**40, 3, SIDE, SIDE), (), ("n", "c", "h", "w"),
)  # fmt: skip
KINDS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.INT64,
         TensorProto.STRING, TensorProto.UINT8)  # fmt: skip
STEPS = (
    "none", "none", "none", "identity", "no such input", "twice", "circle", "loop", "endless loop",
    "huge fill", "huge tile", "reshape", "unknown operator", "unknown domain", "if", "not a number",
    "divide by zero", "gather out of range", "other rows",
)  # fmt: skip
LOCATIONS = ("w.bin", "./w.bin", "sub/w.bin", "sub/../w.bin", "../secret/w.bin",
             "../../secret/w.bin", "/etc/passwd", "SECRET", "link.bin", "nowhere.bin", "", ".",
             "..", "w.bin\0", "é.bin",
             "~/w.bin", "x" * 200, "sub", "*/_ORT_MEM_ADDR_/*", "file:w.bin")  # fmt: skip
LENGTHS = ("0", "15360", "99999999999999", "-1", "x", "", "1")


@dataclass(frozen=True)
class Kept:
    """Weights in another file: what the model calls it, and how that is written down."""

    location: str
    order: str = "usual"
    offset: str | None = None
    length: str | None = None
    nested: bool = False


@dataclass(frozen=True)
class Model:
    """A model that flattens its image and multiplies it, with `step` in between."""

    shape: tuple[int | str, ...] = SHAPES[0]
    kind: int = TensorProto.FLOAT
    step: str = "none"
    width: int = 5
    kept: Kept | None = None
    opset: int = 18
    size: int | None = None
    edits: tuple[Edit, ...] = ()


def _cases() -> st.SearchStrategy[Model]:
    kept = st.builds(
        Kept, st.sampled_from(LOCATIONS),
        order=st.sampled_from(("usual", "usual", "value first", "twice", "decoy")),
        offset=st.none() | st.sampled_from(LENGTHS), length=st.none() | st.sampled_from(LENGTHS),
        nested=st.booleans(),
    )  # fmt: skip
    return st.builds(
        Model, often(SHAPES[0], st.sampled_from(SHAPES)),
        often(TensorProto.FLOAT, st.sampled_from(KINDS)), st.sampled_from(STEPS),
        width=often(5, st.sampled_from((0, 1, 2))), kept=often(None, kept),
        opset=often(18, st.sampled_from((0, 1, 7, 13, 99, 2**31))),
        size=often(None, st.sampled_from((8, SIDE, 24))), edits=often((), edits(reach=300)),
    )  # fmt: skip


def model_of(case: Model, secret: Path) -> bytes:
    """The bytes of the model; `secret` is a folder beside that of the model."""
    kind = case.kind if case.kind in KINDS[:3] else TensorProto.FLOAT
    weights = _weights(case.width, kind)
    if case.kept is not None and not case.kept.nested:
        weights = _elsewhere(weights, case.kept, secret)
    nodes, constants = _steps(case.step, kind)
    if case.kept is not None and case.kept.nested:
        nodes = [*nodes, _hidden(case.kept, kind, secret)]
    nodes = [
        *nodes,
        helper.make_node("Flatten", ["stepped"], ["pixels"]),
        helper.make_node("MatMul", ["pixels", "weights"], ["vector"]),
    ]
    graph = helper.make_graph(
        nodes, "recogniser", [helper.make_tensor_value_info("image", case.kind, case.shape)],
        [helper.make_tensor_value_info("vector", kind, None)], [weights, *constants],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", case.opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    data = bytes(model.SerializeToString())
    if case.kept is not None and case.kept.order == "value first":
        data = _value_first(data, case.kept.location.replace("SECRET", str(secret / "w.bin")))
    return edited(data, case.edits)


@lru_cache(maxsize=64)
def _weights(width: int, kind: int) -> TensorProto:
    numbers = np.random.default_rng(7).normal(0, 0.05, (3 * SIDE * SIDE, width))
    return numpy_helper.from_array(numbers.astype(helper.tensor_dtype_to_np_dtype(kind)), "weights")


def _elsewhere(tensor: TensorProto, kept: Kept, secret: Path) -> TensorProto:
    """`tensor` without its numbers, which it says lie in another file."""
    moved = TensorProto()
    moved.CopyFrom(tensor)
    moved.ClearField("raw_data")
    moved.data_location = TensorProto.EXTERNAL
    location = kept.location.replace("SECRET", str(secret / "w.bin"))
    told = [("offset", kept.offset), ("length", kept.length), ("location", location)]
    if kept.order == "twice":
        told = [("location", "w.bin"), *told]
    if kept.order == "decoy":
        told = [*told, ("Location", "w.bin"), ("location ", "w.bin")]
    for key, value in told:
        if value is not None:
            entry = moved.external_data.add()
            entry.key, entry.value = key, value
    return moved


def _value_first(data: bytes, location: str) -> bytes:
    """The entry of `location` with its two fields in the other order, which protobuf allows."""
    text = location.encode()
    if len(text) > 127:
        return data
    key, value = b"\x0a\x08location", b"\x12" + bytes([len(text)]) + text
    return data.replace(key + value, value + key)


def _hidden(kept: Kept, kind: int, secret: Path) -> onnx.NodeProto:
    """A constant inside a branch that nobody uses, with its numbers in another file."""
    tensor = _elsewhere(_weights(5, kind), kept, secret)
    constant = helper.make_node("Constant", [], ["inner"], value=tensor)
    branch = helper.make_graph(
        [constant], "branch", [], [helper.make_tensor_value_info("inner", kind, None)]
    )
    return helper.make_node("If", ["yes"], ["unused"], then_branch=branch, else_branch=branch)


def _steps(step: str, kind: int) -> tuple[list[onnx.NodeProto], list[TensorProto]]:
    """Nodes from `image` to `stepped`, and the constants that they need."""
    node = helper.make_node
    yes = numpy_helper.from_array(np.array(True), "yes")
    pass_on = [node("Identity", ["image"], ["stepped"])]
    made: dict[str, tuple[Sequence[onnx.NodeProto], Sequence[TensorProto]]] = {
        "no such input": ([node("Add", ["image", "nowhere"], ["stepped"])], []),
        "twice": ([*pass_on, *pass_on], []),
        "circle": ([node("Add", ["image", "b"], ["a"]), node("Identity", ["a"], ["b"]),
                    node("Identity", ["b"], ["stepped"])], []),
        "loop": ([_loop(kind)], [_scalar("trips", 3)]),
        "endless loop": ([_loop(kind)], [_scalar("trips", 2**62)]),
        "huge fill": ([node("ConstantOfShape", ["sides"], ["filled"]),
                       node("ReduceSum", ["filled"], ["sum"], keepdims=0),
                       node("Cast", ["sum"], ["cast"], to=kind),
                       node("Add", ["image", "cast"], ["stepped"])],
                      [_ints("sides", 2**40, 2**18)]),
        "huge tile": ([node("Tile", ["image", "sides"], ["stepped"])],
                      [_ints("sides", 1, 2**20, 2**20, 1)]),
        "reshape": ([node("Reshape", ["image", "sides"], ["stepped"])], [_ints("sides", 7, -1, 5)]),
        "unknown operator": ([node("Recognise", ["image"], ["stepped"])], []),
        "unknown domain": ([node("Identity", ["image"], ["stepped"], domain="com.example")], []),
        "if": ([node("If", ["yes"], ["stepped"], then_branch=_passing(kind),
                     else_branch=_passing(kind))], []),
        "not a number": ([node("Sqrt", ["image"], ["root"]),
                          node("Log", ["root"], ["stepped"])], []),
        "divide by zero": ([node("Sub", ["image", "image"], ["none"]),
                            node("Div", ["image", "none"], ["stepped"])], []),
        "gather out of range": ([node("Gather", ["image", "sides"], ["stepped"], axis=2)],
                                [_ints("sides", 2**40)]),
        "other rows": ([node("Concat", ["image", "image"], ["stepped"], axis=0)], []),
    }  # fmt: skip
    nodes, constants = made.get(step, (pass_on, []))
    return list(nodes), [yes, *constants]


def _scalar(name: str, number: int) -> TensorProto:
    return numpy_helper.from_array(np.array(number, np.int64), name)


def _ints(name: str, *numbers: int) -> TensorProto:
    return numpy_helper.from_array(np.array(numbers, np.int64), name)


def _passing(kind: int) -> onnx.GraphProto:
    return helper.make_graph(
        [helper.make_node("Identity", ["image"], ["passed"])], "passing", [],
        [helper.make_tensor_value_info("passed", kind, None)],
    )  # fmt: skip


def _loop(kind: int) -> onnx.NodeProto:
    """Adds the image to itself, `trips` times over."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]),
         helper.make_node("Identity", ["before"], ["after"])],
        "body",
        [info("turn", TensorProto.INT64, []), info("go", TensorProto.BOOL, []),
         info("before", kind, None)],
        [info("on", TensorProto.BOOL, []), info("after", kind, None)],
    )  # fmt: skip
    return helper.make_node("Loop", ["trips", "yes", "image"], ["stepped"], body=body)


def _build(case: Model, folder: Path) -> Path:
    home, secret = folder / "model", folder / SECRET
    (home / "sub").mkdir(parents=True)
    numbers = _weights(5, TensorProto.FLOAT).raw_data
    for place in (home / "w.bin", home / "sub" / "w.bin", secret / "w.bin"):
        place.write_bytes(numbers)
    (home / "link.bin").symlink_to(secret / "w.bin")
    (home / f"size-{case.size}").touch()
    (home / "m.onnx").write_bytes(model_of(case, secret))
    return home / "m.onnx"


def _read(path: Path) -> reader.Onnx:
    [asked] = (one.name.removeprefix("size-") for one in path.parent.glob("size-*"))
    options = Options("onnx", path, "cpu", size=None if asked == "None" else int(asked))
    with mock.patch.object(reader, "TRIAL_SECONDS", TRIAL_SECONDS):
        return reader.build(options)


def _keeps(encoder: reader.Onnx, path: Path) -> None:
    """Vectors of one length, one a crop; every file that it reads is known and in its folder."""
    crops = np.random.default_rng(0).integers(0, 256, (2, encoder.size, encoder.size, 3), np.uint8)
    vectors = encoder.vectors(crops)
    assert vectors.dtype == np.float32
    assert vectors.shape == (2, encoder.dimensions)
    assert 2 <= encoder.dimensions <= reader.LONGEST_VECTOR
    assert 16 <= encoder.size <= 1024
    known = {file.resolve() for file in encoder.files}
    for location in locations(onnx.load(path, load_external_data=False)):
        place = (path.parent / location).resolve()
        assert place.is_relative_to(path.parent.resolve()), f"weights from {location!r}"
        assert place in known, f"weights from {location!r}, which no digest knows"


def locations(model: onnx.ModelProto) -> Iterator[str]:
    """Where any tensor of the model says that its numbers lie, by ONNX's own reckoning."""
    for tensor in external_data_helper._get_all_tensors(model):
        if external_data_helper.uses_external_data(tensor):
            yield from (one.value for one in tensor.external_data if one.key == "location")


def _sound(case: Model) -> bool:
    usual = case == Model(shape=case.shape, kind=case.kind, step=case.step)
    return usual and case.shape in SHAPES[:2] and case.kind in KINDS[:3] and case.step in (
        "none", "identity", "loop", "if"
    )  # fmt: skip


READER = Reader("onnx", "ONNX models", _cases(), _build, _read, _keeps, _sound)
