"""Saved suppressors, and folders that were made to mislead."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save as bytes_of

from core import audit_yaml
from core.errors import SuppressorError
from core.suppress.chain import (
    Affine,
    Beside,
    Chain,
    Convolution,
    Pool,
    Relu,
    Residual,
    Unit,
)
from core.suppress.saved import load, save
from core.suppress.suppressor import Suppressor


def affine(d: int, other: int, seed: int = 0) -> Affine:
    random = np.random.default_rng(seed)
    return Affine(
        random.normal(size=(d, other)).astype(np.float32),
        random.normal(size=other).astype(np.float32),
    )


CHAIN = Chain(
    (Unit(), Residual(Chain((affine(4, 7), Relu(), affine(7, 4, 1)))), affine(4, 3, 2), Unit())
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    facts = {"layers": np.int64(2), "rates": (0.25, np.float32(1e-7)), "target": {"mood": "calm"}}
    save(Suppressor("lntl", CHAIN, {"dial": 0.5, "layers": None}, (), facts), tmp_path / "one")
    return tmp_path / "one"


def test_everything_comes_back(folder: Path) -> None:
    found = load(folder)
    x = np.random.default_rng(3).normal(size=(9, 4)).astype(np.float32)
    assert np.array_equal(found.transform(x), CHAIN.transform(x))
    assert found.settings == {"dial": 0.5, "layers": None}
    assert found.facts["layers"] == 2
    assert found.facts["rates"] == pytest.approx([0.25, 1e-7])
    assert sorted(path.name for path in folder.iterdir()) == ["config.yaml", "weights.safetensors"]


def test_weights_that_lie_in_memory_the_other_way_round(tmp_path: Path) -> None:
    turned = Affine(np.asfortranarray(affine(4, 4).weight), affine(4, 4).bias)
    save(Suppressor("leace", Chain((turned,)), {}), tmp_path)
    layer = load(tmp_path).chain.layers[0]
    assert np.array_equal(layer.weight, turned.weight)  # type: ignore[union-attr]


def _config(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        config = audit_yaml.read(folder / "config.yaml")
        change(config)
        (folder / "config.yaml").write_text(audit_yaml.write(config))

    return spoil


def _weights(arrays: dict[str, np.ndarray]) -> Callable[[Path], None]:
    """Other arrays, honestly signed."""

    def spoil(folder: Path) -> None:
        data = bytes_of(arrays)
        (folder / "weights.safetensors").write_bytes(data)
        _config(lambda c: c.update(weights_sha256=hashlib.sha256(data).hexdigest()))(folder)

    return spoil


GOOD = {
    "1.0.weight": affine(4, 7).weight, "1.0.bias": affine(4, 7).bias,
    "1.2.weight": affine(7, 4).weight, "1.2.bias": affine(7, 4).bias,
    "2.weight": affine(4, 3).weight, "2.bias": affine(4, 3).bias,
}  # fmt: skip
HOSTILE: dict[str, Callable[[Path], object]] = {
    "no config": lambda f: (f / "config.yaml").unlink(),
    "no weights": lambda f: (f / "weights.safetensors").unlink(),
    "config of a pickle": lambda f: (f / "config.yaml").write_bytes(b"\x80\x04\x95."),
    "python in yaml": lambda f: (f / "config.yaml").write_text("kind: !!python/name:os.system\n"),
    "weights cut short": lambda f: (f / "weights.safetensors").write_bytes(
        (f / "weights.safetensors").read_bytes()[:-9]
    ),
    "weights are no tensors": lambda f: (
        _weights({})(f) or (f / "weights.safetensors").write_bytes(b"PK\x03\x04")
    ),
    "weights of another fit": lambda f: (f / "weights.safetensors").write_bytes(bytes_of(GOOD)),
    "a later format": _config(lambda c: c.update(format=9)),
    "no plan": _config(lambda c: c.pop("plan")),
    "a plan of text": _config(lambda c: c.update(plan="affine")),
    "an unknown layer": _config(lambda c: c.update(plan=["exec"])),
    "a layer without arrays": _config(lambda c: c.update(plan=["affine"])),
    "a residual of a number": _config(lambda c: c.update(plan=[["residual", 3]])),
    "arrays that no layer names": _config(lambda c: c.update(plan=["unit", "unit", "affine"])),
    "other dimensions": _config(lambda c: c.update(dimensions=[4, 4])),
    "facts of text": _config(lambda c: c.update(facts="none")),
    "NaN": _weights({**GOOD, "2.bias": np.full(3, np.nan, np.float32)}),
    "doubles": _weights({**GOOD, "2.bias": np.zeros(3)}),
    "a bias that does not fit": _weights({**GOOD, "2.bias": np.zeros(1, np.float32)}),
    "a weight that does not fit": _weights({**GOOD, "2.weight": np.zeros((5, 3), np.float32)}),
    "a weight of one axis": _weights({**GOOD, "2.weight": np.zeros(4, np.float32)}),
    "a residual that changes the width": _weights(
        {**GOOD, "1.2.weight": np.zeros((7, 1), np.float32), "1.2.bias": np.zeros(1, np.float32)}
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_misleads_is_refused_in_one_sentence(folder: Path, name: str) -> None:
    HOSTILE[name](folder)
    with pytest.raises(SuppressorError, match="cannot be used") as caught:
        load(folder)
    assert "\n" not in str(caught.value)


STAGE = Chain(
    (
        Convolution(affine(8, 1).weight.reshape(4, 2, 1, 1), np.zeros(4, np.float32), (3, 3)),
        Relu(),
        Beside((Chain((Pool(4),)), Chain((Pool(2),)))),
        affine(6, 3),
    )
)
"""A last stage from 2 maps of 3 × 3: the plan names places and maps, which may lie."""


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    save(Suppressor("lntl", STAGE, {"mode": "tail"}, reads="activations"), tmp_path / "stage")
    return tmp_path / "stage"


def test_a_stage_comes_back(stage: Path) -> None:
    found = load(stage)
    x = np.random.default_rng(0).normal(size=(5, 18)).astype(np.float32)
    assert np.array_equal(found.transform(x), STAGE.transform(x))
    assert (found.reads, found.dimensions) == ("activations", (18, 3))


@pytest.mark.parametrize(
    ("place", "layer"),
    [
        (0, ["convolution", [3, 4], [0, 0]]),
        (0, ["convolution", [-3, -3], [0, 0]]),
        (0, ["convolution", [0, 0], [0, 0]]),
        (0, ["convolution", [3, 3], [0, -1]]),
        (0, ["convolution", [3, 3], [0]]),
        (0, ["convolution", [3.0, 3.0], [0, 0]]),
        (0, ["convolution", [10**9, 10**9], [0, 0]]),
        (0, ["convolution", [3, 3], [10**9, 10**9]]),
        (0, ["depthwise", [3, 3], [0, 0]]),
        (0, "affine"),
        (2, ["pool", 5]),
        (2, ["pool", 0]),
        (2, ["pool", "4"]),
        (2, ["beside", []]),
        (2, ["beside", [["relu"], 4]]),
        (2, ["beside", [[["pool", 4]]]]),
    ],
)
def test_a_stage_whose_plan_misleads_is_refused(stage: Path, place: int, layer: Any) -> None:
    def change(config: dict[str, Any]) -> None:
        config["plan"][place] = layer

    _config(change)(stage)
    with pytest.raises(SuppressorError, match="cannot be used"):
        load(stage)


def test_what_it_reads_is_vectors_or_activations(stage: Path) -> None:
    _config(lambda config: config.update(reads="thoughts"))(stage)
    with pytest.raises(SuppressorError, match="'thoughts'"):
        load(stage)
    _config(lambda config: config.pop("reads"))(stage)
    assert load(stage).reads == "vectors", "what earlier versions wrote"


def test_honestly_signed_weights_are_taken(folder: Path) -> None:
    """The hostile cases differ from this one in what they name only."""
    _weights(GOOD)(folder)
    load(folder)
