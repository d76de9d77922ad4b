"""Encoders cut into a trunk and a last stage: put together again they are the encoder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn import functional

from core.encode import facenet, resnet50
from core.encode.bundled import load_bundled
from core.encode.chunks import CHUNK
from core.encode.cut import folded, tail_of, trunk_of
from core.encode.layers import Affine, Chain, Convolution, Pool, Relu
from core.encode.network import NetworkEncoder
from core.encode.registry import make_encoder
from core.encode.run import encode
from core.errors import EncoderError
from core.faces.faceset import FaceSet, Picture
from core.store import Store


def crops(n: int, size: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def stirred(network: torch.nn.Module) -> torch.nn.Module:
    """Statistics and slopes that are not those of a fresh batch normalisation."""
    torch.manual_seed(0)
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(part.weight, 0.5, 1.5)
            torch.nn.init.normal_(part.bias, 0, 0.1)
    return network.eval()


def network_encoder(kind: str) -> NetworkEncoder:
    """Random weights, as the real ones are not here."""
    if kind == "bundled":
        return load_bundled("cpu")
    from facenet_pytorch import InceptionResnetV1

    torch.manual_seed(1)
    room: Any = facenet if kind == "facenet" else resnet50
    network = InceptionResnetV1() if kind == "facenet" else resnet50.caffe_resnet50()
    network = stirred(network)
    d, middle = (512 if kind == "facenet" else 2048), (127.5, 127.5, 127.5)
    cut = partial(room.cut, network)
    return NetworkEncoder(
        kind, d, room.ALIGNMENT, "0" * 64, "None.", network, middle, middle, cut=cut
    )


@pytest.mark.parametrize(
    ("kind", "width"),
    [("bundled", 128 * 49), ("facenet", 1792 * 9), ("resnet50", 2048 * 49)],
)
def test_the_tail_of_the_trunk_is_the_encoder(
    kind: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not 16 crops at a time, which takes these networks some seconds.
    monkeypatch.setattr("core.encode.network.in_fixed_batches", lambda own, run: run(own))
    encoder = network_encoder(kind)
    given = crops(2, encoder.size)
    x, trunk, tail = encoder.vectors(given), trunk_of(encoder), tail_of(encoder)
    activations = trunk.vectors(given)
    assert activations.shape == (2, trunk.dimensions) == (2, width)
    again = tail.transform(activations)
    assert np.abs(again - x).max() <= 1e-5 * max(1, np.abs(x).max())
    assert np.abs(x).max() > 1e-3, "a vector of zeros would agree with anything"
    assert trunk.digest != encoder.digest
    assert trunk.size == encoder.size


def test_activations_follow_the_weights() -> None:
    one = load_bundled("cpu")
    other = replace(one, digest="1" * 64)
    assert trunk_of(one).digest == trunk_of(load_bundled("cpu")).digest != trunk_of(other).digest


@pytest.mark.parametrize("kind", ["pixels"])
def test_what_is_no_network_cannot_be_cut(kind: str) -> None:
    encoder = make_encoder(kind, synthetic=True)
    for door in (trunk_of, tail_of):
        with pytest.raises(EncoderError, match=r"cannot be cut.*adapter"):
            door(encoder)
    with pytest.raises(EncoderError, match="cannot be cut"):
        trunk_of(trunk_of(load_bundled("cpu")))


@pytest.mark.shared
def test_an_onnx_recogniser_cannot_be_cut(shared: Path) -> None:
    weights = shared / "encoders" / "mobilefacenet.onnx"
    encoder = make_encoder("onnx", weights=weights, synthetic=False)
    with pytest.raises(EncoderError, match=r"mobilefacenet.*cannot be cut"):
        trunk_of(encoder)


@dataclass
class Noise:
    """Pictures of noise by seed."""

    seeds: Sequence[int]

    def read(self, index: int) -> Picture:
        random = np.random.default_rng(self.seeds[index])
        return Picture(random.integers(0, 256, (112, 112, 3), dtype=np.uint8))

    def digest(self, index: int) -> str:
        return hashlib.sha256(str(self.seeds[index]).encode()).hexdigest()


def test_activations_are_kept_as_vectors_are(tmp_path: Path) -> None:
    """The same rows and labels, whole chunks in the store, nothing encoded twice."""
    n = CHUNK + 9
    table = pd.DataFrame(
        {"id": [f"f{i}" for i in range(n)], "subject_id": "p", "mood": ["glad", "sad"] * (n // 2)
         + ["glad"] * (n % 2)}
    )  # fmt: skip
    faces = FaceSet("noise", table, Noise(range(n)), ("mood",), aligned=True)
    store, encoder = Store(tmp_path), load_bundled("cpu")
    x = encode(faces, encoder, store=store)
    found = encode(faces, trunk_of(encoder), store=store)
    assert found.table.equals(x.table)
    assert found.labels == x.labels
    assert found.encoder_digest == trunk_of(encoder).digest
    assert np.allclose(tail_of(encoder).transform(found.x), x.x, atol=1e-5 * np.abs(x.x).max())
    idle = replace(trunk_of(encoder), network=None)
    again = encode(faces, idle, store=store)
    assert again.digest == found.digest
    some = encode(faces, idle, store=store, rows=range(CHUNK))
    assert np.array_equal(some.x, found.x[:CHUNK])


def slow(layer: Convolution, x: np.ndarray) -> np.ndarray:
    """One number at a time, from the definition."""
    (h, w), (p, q), (high, wide) = layer.places, layer.padding, layer.left
    found = np.zeros((len(x), len(layer.weight), high, wide))
    maps = x.reshape(len(x), layer.maps, h, w)
    for n, o, r, c in np.ndindex(*found.shape):
        total = float(layer.bias[o])
        for i, k, m in np.ndindex(*layer.weight.shape[1:]):
            row, column = r + k - p, c + m - q
            if 0 <= row < h and 0 <= column < w:
                own = o if layer.depthwise else i
                total += float(layer.weight[o, i, k, m]) * maps[n, own, row, column]
        found[n, o, r, c] = total
    return found.reshape(len(x), -1)


@pytest.mark.parametrize(
    ("shape", "padding", "depthwise"),
    [((4, 3, 1, 1), (0, 0), False), ((2, 3, 3, 2), (1, 0), False), ((3, 1, 4, 5), (0, 0), True),
     ((3, 1, 3, 3), (1, 1), True)],
)  # fmt: skip
def test_a_convolution_is_what_it_is_defined_as(
    shape: tuple[int, ...], padding: tuple[int, int], depthwise: bool
) -> None:
    random = np.random.default_rng(0)
    weight = random.normal(size=shape).astype(np.float32)
    bias = random.normal(size=shape[0]).astype(np.float32)
    layer = Convolution(weight, bias, (4, 5), padding, depthwise)
    x = random.normal(size=(2, 3 * 4 * 5))
    assert layer(x) == pytest.approx(slow(layer, x))
    assert layer.widths == (60, layer(x).shape[1])
    twin = functional.conv2d(
        torch.from_numpy(x.reshape(2, 3, 4, 5)), torch.from_numpy(weight).double(),
        torch.from_numpy(bias).double(), padding=padding, groups=3 if depthwise else 1,
    )  # fmt: skip
    assert layer(x) == pytest.approx(twin.flatten(1).numpy())


def test_pooling_is_the_mean_of_a_map() -> None:
    x = np.arange(12.0).reshape(1, 12)
    assert Pool(3)(x).tolist() == [[1.5, 5.5, 9.5]]


def test_a_folded_normalisation_is_the_pair() -> None:
    pair = stirred(
        torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.BatchNorm2d(4))
    )
    x = torch.randn(2, 3, 5, 5)
    layer = folded(pair[0], pair[1], (5, 5), scale=0.3)
    expected = (0.3 * pair(x)).flatten(1).detach().numpy()
    assert np.allclose(layer(x.flatten(1).double().numpy()), expected, atol=1e-5)


def test_wide_rows_do_not_depend_on_their_neighbours() -> None:
    random = np.random.default_rng(3)
    weight = random.normal(size=(2, 600, 3, 3)).astype(np.float32)
    layers = (
        Convolution(weight, np.zeros(2, np.float32), (9, 9), (1, 1)),
        Relu(),
        Affine(random.normal(size=(162, 5)).astype(np.float32), np.zeros(5, np.float32)),
    )
    x = random.normal(size=(300, 600 * 81)).astype(np.float32)
    whole = Chain(layers).transform(x)
    assert np.array_equal(whole[::-1][:3], Chain(layers).transform(x[::-1][:3]))
    assert np.array_equal(whole[137:138], Chain(layers).transform(x[137:138]))
    assert Chain(layers).transform(x[:0]).shape == (0, 5)
