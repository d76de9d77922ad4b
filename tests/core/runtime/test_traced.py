"""Networks as ONNX models: the same vectors, the same bits however they are asked for."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn import functional

from core.encode import encoder as batches
from core.encode.network import AT_ONCE, NetworkEncoder
from core.encode.run import encode
from core.faces.align import Alignment
from core.faces.faceset import FaceSet, Picture
from core.runtime.session import open_session
from core.runtime.traced import IMAGES, RUNTIME, to_onnx
from core.store import Store

SIDE = 32


class Small(nn.Module):
    """What the recognisers are made of: branches, short cuts, poolings, norms, factors."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 3, stride=2, bias=False), nn.BatchNorm2d(16), nn.ReLU()
        )
        self.left = nn.Conv2d(16, 8, (1, 7), padding=(0, 3))
        self.right = nn.Sequential(nn.Conv2d(16, 8, 1, groups=2), nn.ReLU(inplace=True))
        self.joined = nn.Conv2d(16, 16, 1)
        self.pool = nn.MaxPool2d(2, stride=2, ceil_mode=True)
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.6)
        self.dense = nn.Linear(16, 12, bias=False)
        self.norm = nn.BatchNorm1d(12)
        for part in (self.stem[1], self.norm):
            part.running_mean.normal_(0, 0.3)
            part.running_var.uniform_(0.5, 2)
            nn.init.normal_(part.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        x = self.joined(torch.cat((self.left(x), self.right(x)), 1)) * 0.17 + x
        x = self.dropout(self.mean(self.pool(x)))
        return functional.normalize(self.norm(self.dense(x.view(x.shape[0], -1))), p=2, dim=1)


def encoder(network: nn.Module, runtime: str = RUNTIME) -> NetworkEncoder:
    scale = (120.0, 110.0, 100.0)
    return NetworkEncoder(
        "small", 12, Alignment("whole", SIDE), "0" * 64, "None.", network.eval(), scale, scale,
        runtime=runtime,
    )  # fmt: skip


def crops(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.mark.parametrize("n", [1, AT_ONCE, 3 * AT_ONCE + 1])
def test_the_vectors_are_torchs(n: int) -> None:
    found, expected = (encoder(Small(), how).vectors(crops(n)) for how in (RUNTIME, ""))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_maps_are_laid_flat_as_torchs_are() -> None:
    for part in (Small().stem, nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2))):
        found, expected = (encoder(part, how).vectors(crops(5)) for how in (RUNTIME, ""))
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_is_affine_is_folded_into_what_comes_before() -> None:
    model = onnx.load_from_string(to_onnx(Small().eval(), (1, 3, SIDE, SIDE)).graph)
    kinds = [node.op_type for node in model.graph.node]
    assert not {"BatchNormalization", "Mul"} & set(kinds)
    assert kinds.count("Conv") == 4


def test_a_convolution_with_two_readers_is_not_folded() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.conv(x)
            return torch.flatten(y * 3.0 + y, 1)

    with pytest.raises(TypeError, match="mul"):
        to_onnx(Twice(), (1, 3, SIDE, SIDE))


@pytest.mark.parametrize("layer", [nn.GELU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(2)])
def test_an_unknown_layer_is_named(layer: nn.Module) -> None:
    with pytest.raises(TypeError, match=type(layer).__name__):
        to_onnx(nn.Sequential(nn.ReLU(), layer), (1, 3, SIDE, SIDE))


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_no_bit_depends_on_threads_order_or_neighbours(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, small = crops(5 * AT_ONCE + 2), encoder(Small())
    alone = np.concatenate([small.vectors(one[None]) for one in given])
    with ThreadPoolExecutor(threads) as pool:
        monkeypatch.setattr(batches, "_threads", lambda: pool)
        np.testing.assert_array_equal(small.vectors(given), alone)
        order = np.random.default_rng(0).permutation(len(given))
        np.testing.assert_array_equal(small.vectors(given[order]), alone[order])
    assert small.vectors(given[:0]).shape == (0, 12)


def test_a_session_stays_where_it_was_opened() -> None:
    small = encoder(Small())
    expected = small.vectors(crops(3))
    assert "_fast" in vars(small)
    arrived = pickle.loads(pickle.dumps(small))
    assert "_fast" not in vars(arrived)
    np.testing.assert_array_equal(arrived.vectors(crops(3)), expected)


def test_vectors_of_another_runtime_are_others_in_the_store(tmp_path: Path) -> None:
    class Noise:
        def read(self, index: int) -> Picture:
            return Picture(crops(index + 1)[0])

        def digest(self, index: int) -> str:
            return str(index)

    table = pd.DataFrame({"id": ["a", "b"], "subject_id": "p"})
    faces, store = FaceSet("noise", table, Noise(), ()), Store(tmp_path)
    kept = []
    for runtime in ("", RUNTIME, RUNTIME):
        encode(faces, encoder(Small(), runtime), store=store)
        kept.append(len(list(tmp_path.rglob("*.safetensors"))))
    assert kept == [1, 2, 2]


def test_a_session_computes_in_the_thread_that_asks() -> None:
    session = open_session(to_onnx(Small().eval(), (1, 3, SIDE, SIDE)), ["CPUExecutionProvider"])
    assert session.get_session_options().intra_op_num_threads == 1


@pytest.mark.parametrize("slopes", [(-1.3, -0.2, 0.0, 0.7), (0.3, 1.0, 1.4, -2.0)])
def test_slopes_below_zero_may_be_any(slopes: tuple[float, ...]) -> None:
    """Below, between and above 0 and 1: each is another case of a maximum or a minimum."""
    maps, rows = nn.PReLU(4), nn.PReLU(4)
    for layer in (maps, rows):
        layer.weight.data = torch.tensor(slopes)
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), maps, nn.MaxPool2d(3, 2, ceil_mode=True), nn.Flatten(),
        nn.Linear(4 * 15 * 15, 4), rows,
    )  # fmt: skip
    found, expected = (encoder(network, how).vectors(crops(6)) for how in (RUNTIME, ""))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_bundled_recogniser_is_written_as_it_computes() -> None:
    from core.encode.bundled import load_bundled

    network = load_bundled().network
    images = torch.rand(3, 3, 112, 112, generator=torch.Generator().manual_seed(0)) * 2 - 1
    session = open_session(to_onnx(network, ("n", 3, 112, 112)), ["CPUExecutionProvider"])
    with torch.inference_mode():
        wanted = network(images).numpy()
    found = session.run(None, {IMAGES: images.numpy()})[0]
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())
