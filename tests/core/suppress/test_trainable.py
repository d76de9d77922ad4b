"""Chains of every kind of layer: in NumPy, in torch, in ONNX, and saved, they are the same map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from core.suppress.chain import (
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
from core.suppress.onnx_export import to_onnx
from core.suppress.saved import load, save
from core.suppress.suppressor import Suppressor
from core.suppress.trainable import trainable

RANDOM = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32) / 3


def convolution(o: int, i: int, k: tuple[int, int], padding: tuple[int, int]) -> Convolution:
    return Convolution(normal(o, i, *k), normal(o), (3, 3), padding)


BRANCHES = Beside(
    (
        Chain((convolution(2, 4, (1, 1), (0, 0)), Relu())),
        Chain((convolution(3, 4, (1, 3), (0, 1)), Relu(), convolution(2, 3, (3, 1), (1, 0)))),
    )
)
STAGES = {
    # Small copies of what the three encoders that can be cut end with.
    "bundled": Chain(
        (
            convolution(5, 4, (1, 1), (0, 0)), Relu(),
            Convolution(normal(5, 1, 3, 3), normal(5), (3, 3), depthwise=True),
            Affine(normal(5, 6), normal(6)), Unit(),
        )
    ),
    "inception": Chain(
        (
            Residual(Chain((BRANCHES, convolution(4, 4, (1, 1), (0, 0))))),
            Pool(4), Affine(normal(4, 6), normal(6)), Unit(),
        )
    ),
    "resnet": Chain(
        (
            Residual(
                Chain(
                    (
                        convolution(2, 4, (1, 1), (0, 0)), Relu(),
                        convolution(2, 2, (3, 3), (1, 1)), Relu(),
                        convolution(4, 2, (1, 1), (0, 0)),
                    )
                )
            ),
            Relu(), Pool(4), Unit(),
        )
    ),
    "depthwise": Chain(
        (Convolution(normal(4, 1, 2, 2), normal(4), (3, 3), depthwise=True), Unit())
    ),
}  # fmt: skip
WIDTHS = {"bundled": 6, "inception": 6, "resnet": 4, "depthwise": 16}


@pytest.mark.parametrize("name", STAGES)
def test_torch_onnx_and_the_folder_give_the_same(name: str, tmp_path: Path) -> None:
    stage = STAGES[name]
    x = np.random.default_rng(1).normal(size=(7, 36)).astype(np.float32)
    phi = stage.transform(x)
    assert dimensions(stage) == (36, phi.shape[1]) == (36, WIDTHS[name])
    module = trainable(stage)
    assert np.allclose(module(torch.from_numpy(x)).detach(), phi, atol=1e-6)
    assert np.array_equal(module.trained().transform(x), phi)
    own = Suppressor("lntl", stage, {"mode": "tail"}, reads="activations")
    session = onnxruntime.InferenceSession(to_onnx(own))
    assert np.allclose(session.run(["phi"], {"x": x})[0], phi, atol=1e-6)
    save(own, tmp_path)
    again = load(tmp_path)
    assert np.array_equal(again.transform(x), phi)
    assert again.reads == "activations"


@pytest.mark.parametrize("name", STAGES)
def test_every_weight_is_free(name: str) -> None:
    """Each gets the slope that finite differences find."""
    module = trainable(STAGES[name]).double()
    x = torch.from_numpy(np.random.default_rng(2).normal(size=(5, 36)))
    aim = torch.from_numpy(np.random.default_rng(3).normal(size=(5, WIDTHS[name])))
    (module(x) * aim).sum().backward()
    for own in module.parameters():
        place = (0,) * own.dim()
        with torch.no_grad():
            values = []
            for step in (1e-6, -1e-6):
                own[place] += step
                values.append(float((module(x) * aim).sum()))
                own[place] -= step
        slope = (values[0] - values[1]) / 2e-6
        assert float(own.grad[place]) == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_what_is_trained_is_not_what_it_began_as() -> None:
    stage = STAGES["bundled"]
    before = stage.layers[0].weight.copy()  # type: ignore[union-attr]
    module = trainable(stage)
    with torch.no_grad():
        for own in module.parameters():
            own += 1
    changed = module.trained().layers[0]
    assert np.array_equal(stage.layers[0].weight, before)  # type: ignore[union-attr]
    assert np.allclose(changed.weight, before + 1)
