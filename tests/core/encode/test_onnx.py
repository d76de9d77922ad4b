"""Any ONNX recogniser: its form is read from the file; what does not fit is refused in words."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, external_data_helper, helper, numpy_helper, save

from core.encode.encoder import Encoder
from core.encode.registry import make_encoder
from core.errors import EncoderError

SIDE = 16
Shape = list[int | str]


def _crops(n: int, size: int = SIDE) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def _model(
    path: Path,
    shape: Shape,
    *,
    kind: int = TensorProto.FLOAT,
    weights: np.ndarray | None = None,
    output: str = "flat",
) -> Path:
    """A model that flattens its image and multiplies it with `weights` (3 · 16 · 16, 5)."""
    weights = _weights() if weights is None else weights
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    tensor = numpy_helper.from_array(weights.astype(dtype), "weights")
    nodes = [
        helper.make_node("Flatten", ["image"], ["pixels"]),
        helper.make_node("MatMul", ["pixels", "weights"], ["vector"]),
        helper.make_node("Unsqueeze", ["vector", "axes"], ["map"]),
    ]
    given = {"flat": ["vector"], "map": ["map"], "both": ["map", "vector"]}[output]
    graph = helper.make_graph(
        nodes,
        "recogniser",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info(name, kind, None) for name in given]
        if output != "both"
        else [
            helper.make_tensor_value_info("map", kind, [shape[0], 5, 1, 1]),
            helper.make_tensor_value_info("vector", kind, [shape[0], 5]),
        ],
        [tensor, numpy_helper.from_array(np.array([2, 3]), "axes")],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def _weights() -> np.ndarray:
    return np.random.default_rng(7).normal(0, 0.05, (3 * SIDE * SIDE, 5)).astype(np.float32)


def _onnx(path: Path, **options: object) -> Encoder:
    return make_encoder("onnx", weights=path, device="cpu", synthetic=False, **options)  # type: ignore[arg-type]


def _slowly(crops: np.ndarray, *, mean: object, std: object, bgr: bool, last: bool) -> np.ndarray:
    """The slow twin: one crop at a time, in float64."""
    rows = []
    for crop in crops.astype(float):
        scaled = (crop[..., ::-1] if bgr else crop) / 255
        scaled = (scaled - np.array(mean)) / np.array(std)
        rows.append((scaled if last else scaled.transpose(2, 0, 1)).ravel() @ _weights())
    return np.array(rows)


IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


@pytest.mark.parametrize("shape", [["n", 3, SIDE, SIDE], [1, 3, SIDE, SIDE], [4, 3, "h", "w"]])
@pytest.mark.parametrize("n", [1, 3, 21])
def test_channels_first_with_any_batch(tmp_path: Path, shape: Shape, n: int) -> None:
    encoder = _onnx(_model(tmp_path / "m.onnx", shape), size=SIDE)
    expected = _slowly(_crops(n), **IMAGENET, bgr=False, last=False)
    np.testing.assert_allclose(encoder.vectors(_crops(n)), expected, atol=1e-4)
    assert (encoder.size, encoder.dimensions, encoder.alignment.kind) == (SIDE, 5, "five-points")


def test_channels_last_and_a_preprocessing_of_ones_own(tmp_path: Path) -> None:
    encoder = _onnx(
        _model(tmp_path / "m.onnx", ["n", SIDE, SIDE, 3]), mean=0.5, std=[0.5] * 3, color="bgr"
    )
    expected = _slowly(_crops(4), mean=0.5, std=0.5, bgr=True, last=True)
    np.testing.assert_allclose(encoder.vectors(_crops(4)), expected, atol=1e-4)


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_other_floats_in_give_float32_out(tmp_path: Path, kind: int) -> None:
    encoder = _onnx(_model(tmp_path / "m.onnx", ["n", 3, SIDE, SIDE], kind=kind))
    vectors = encoder.vectors(_crops(2))
    assert vectors.dtype == np.float32
    expected = _slowly(_crops(2), **IMAGENET, bgr=False, last=False)
    np.testing.assert_allclose(vectors, expected, atol=0.05)


@pytest.mark.parametrize("output", ["map", "both"])
def test_the_output_with_two_axes_is_taken_and_others_are_flattened(
    tmp_path: Path, output: str
) -> None:
    encoder = _onnx(_model(tmp_path / "m.onnx", ["n", 3, SIDE, SIDE], output=output))
    assert getattr(encoder, "form").output == ("vector" if output == "both" else "map")  # noqa: B009
    assert encoder.vectors(_crops(3)).shape == (3, 5)


def test_vectors_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    encoder = _onnx(_model(tmp_path / "m.onnx", ["n", 3, SIDE, SIDE]))
    crops = _crops(40)
    whole = encoder.vectors(crops)
    for step in (1, 7, 39):
        parts = [encoder.vectors(crops[i : i + step]) for i in range(0, 40, step)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_the_digest_is_that_of_content_and_preprocessing(tmp_path: Path) -> None:
    first = _model(tmp_path / "a.onnx", ["n", 3, SIDE, SIDE])
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / "b.onnx"
    moved.write_bytes(first.read_bytes())
    other = _model(tmp_path / "c.onnx", ["n", 3, SIDE, SIDE], weights=_weights() + 1e-3)
    assert _onnx(first).digest == _onnx(moved).digest
    different: list[Encoder] = [
        _onnx(first),
        _onnx(other),
        _onnx(first, mean=0.5),
        _onnx(first, std=0.5),
        _onnx(first, color="BGR"),
        _onnx(first, align="whole"),
    ]
    assert len({encoder.digest for encoder in different}) == len(different)


def _external(folder: Path, location: str, where: Path) -> Path:
    """A model whose weights are named `location` and lie at `where`."""
    import onnx

    path = _model(folder / "m.onnx", ["n", 3, SIDE, SIDE])
    model = onnx.load(path)
    external_data_helper.set_external_data(model.graph.initializer[0], location=location)
    where.write_bytes(model.graph.initializer[0].raw_data)
    model.graph.initializer[0].ClearField("raw_data")
    path.write_bytes(model.SerializeToString())
    return path


def test_weights_in_a_file_beside_the_model_are_read_and_digested(tmp_path: Path) -> None:
    path = _external(tmp_path, "m.onnx.data", tmp_path / "m.onnx.data")
    encoder = _onnx(path)
    expected = _slowly(_crops(2), **IMAGENET, bgr=False, last=False)
    np.testing.assert_allclose(encoder.vectors(_crops(2)), expected, atol=1e-4)
    (tmp_path / "m.onnx.data").write_bytes((_weights() * 2).tobytes())
    assert _onnx(path).digest != encoder.digest


@pytest.mark.parametrize("where", ["weights.bin", "parts/weights.bin"])
def test_it_travels_with_its_files(tmp_path: Path, where: str) -> None:
    (tmp_path / "parts").mkdir()
    path = _external(tmp_path, where, tmp_path / where)
    encoder = _onnx(path, mean=0.4, std=[0.2, 0.3, 0.4], color="BGR")
    sent = pickle.dumps(encoder)
    expected = encoder.vectors(_crops(3))
    (tmp_path / where).unlink()
    path.unlink()
    arrived = pickle.loads(sent)
    assert (arrived.digest, arrived.name) == (encoder.digest, encoder.name)
    assert np.array_equal(arrived.vectors(_crops(3)), expected)


def test_a_file_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    path = _external(tmp_path, "weights.bin", tmp_path / "weights.bin")
    encoder = _onnx(path)
    (tmp_path / "weights.bin").write_bytes((_weights() * 2).tobytes())
    with pytest.raises(EncoderError, match=f"began with {encoder.digest[:12]}"):
        pickle.loads(pickle.dumps(encoder))


def test_weights_outside_the_models_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = _external(tmp_path / "in", "../out.data", tmp_path / "out.data")
    with pytest.raises(EncoderError, match=r"\.\./out\.data.*own folder"):
        _onnx(path)
    (tmp_path / "in" / "link.data").symlink_to(tmp_path / "out.data")
    path = _external(tmp_path / "in", "link.data", tmp_path / "out.data")
    with pytest.raises(EncoderError, match="own folder"):
        _onnx(path)


def _text(path: Path) -> Path:
    path.write_text("not a model")
    return path


def _pickled(path: Path) -> Path:
    path.write_bytes(pickle.dumps({"state_dict": [1, 2]}))
    return path


BAD: dict[str, tuple[Callable[[Path], Path], dict[str, object], str]] = {
    "text": (_text, {}, "cannot be loaded as an ONNX model"),
    "pickle": (_pickled, {}, "cannot be loaded as an ONNX model"),
    "a folder": (lambda path: path.parent, {}, "there is no file"),
    "no image": (lambda path: _model(path, ["n", 768]), {}, "takes one image"),
    "whole numbers": (
        lambda path: _model(path, ["n", 3, SIDE, SIDE], kind=TensorProto.INT32),
        {},
        "takes one image",
    ),
    "two channels": (
        lambda path: _model(path, ["n", 2, SIDE, SIDE], weights=np.zeros((512, 5))),
        {},
        "takes one image",
    ),
    "not square": (
        lambda path: _model(path, ["n", 3, 12, 20], weights=np.zeros((720, 5))), {}, "12 x 20"
    ),
    "another size": (
        lambda path: _model(path, ["n", 3, SIDE, SIDE]), {"size": 112}, "leave size out"
    ),
    "size missing": (lambda path: _model(path, ["n", 3, "h", "w"]), {}, "give size"),
    "huge size": (lambda path: _model(path, ["n", 3, "h", "w"]), {"size": 9999}, "16 to 1024"),
    "two means": (
        lambda path: _model(path, ["n", 3, SIDE, SIDE]), {"mean": [0.1, 0.2]}, "one figure or three"
    ),
    "means of 255": (
        lambda path: _model(path, ["n", 3, SIDE, SIDE]), {"mean": 127.5}, "pixels from 0 to 1"
    ),
    "words": (lambda path: _model(path, ["n", 3, SIDE, SIDE]), {"mean": "red"}, "three"),
    "std of zero": (lambda path: _model(path, ["n", 3, SIDE, SIDE]), {"std": 0.0}, "above 0"),
    "a colour": (lambda path: _model(path, ["n", 3, SIDE, SIDE]), {"color": "HSV"}, "rgb, bgr"),
    "an alignment": (
        lambda path: _model(path, ["n", 3, SIDE, SIDE]), {"align": "68 points"}, "five points"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    make, options, words = BAD[case]
    path = make(tmp_path / "m.onnx")
    with pytest.raises(EncoderError, match=words) as raised:
        _onnx(path, **options)
    assert "\n" not in str(raised.value)


def test_a_model_of_more_than_two_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    with open(path, "wb") as file:
        file.truncate(2 * 1024**3 + 1)
    with pytest.raises(EncoderError, match="2147483648"):
        _onnx(path)


def test_no_weights_and_no_gpu_are_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="has no weights"):
        make_encoder("onnx", synthetic=False)
    with pytest.raises(EncoderError, match="download is not offered"):
        make_encoder("onnx", weights="download", synthetic=False)
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has a GPU")
    with pytest.raises(EncoderError, match="onnxruntime-gpu"):
        make_encoder(
            "onnx",
            weights=_model(tmp_path / "m.onnx", ["n", 3, SIDE, SIDE]),
            device="cuda",
            synthetic=False,
        )
