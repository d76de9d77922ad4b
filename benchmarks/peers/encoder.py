"""The encoder alone, on crops that are in memory: the product's `vectors` against the bare network.

The peer hands crops to facenet-pytorch's network in the batch that was fastest, with as many
threads as torch takes; or one crop at a time to onnxruntime, which is all that the model takes.
"""

from __future__ import annotations

import time
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.peers import networks
from benchmarks.peers.folder import MEAN, MODEL, STD
from benchmarks.sidebyside import Asked, Case, Missing, Side

CROPS, QUICK = 256, 64
BATCHES = (1, 16, 64)


def cases(asked: Asked) -> list[Case | Missing]:
    """FaceNet's network, the bundled recogniser, and the ONNX recogniser."""
    n = QUICK if asked.quick else CROPS
    found: list[Case | Missing] = [
        Case(
            f"encoder alone, InceptionResnetV1, {n} made crops of {networks.SIZE}",
            Side("ours", partial(_facenet, n, asked.device), partial(_facenet, 16, asked.device)),
            [Side("facenet-pytorch, its best batch", partial(_bare, n, asked.device),
                  partial(_best, asked.device))],
            agreement,
            target=1.2,
            most=3,
        )
    ]  # fmt: skip
    model = None if asked.encoders is None else asked.encoders / MODEL
    if model is None or not model.is_file():
        why = f"not read: no recogniser (--encoders with {MODEL} in it)"
        return [*found, Missing("encoder alone, onnxruntime", "onnxruntime", why)]
    ours = partial(_onnx, model, asked.device)
    found.append(
        Case(
            f"encoder alone, MobileFaceNet (ONNX), {n} made crops of 112",
            Side("ours", partial(ours, n), partial(ours, 4)),
            [Side("onnxruntime, one crop at a time", partial(_session, model, n),
                  partial(_session, model, 4))],
            agreement,
            target=1.2,
            most=3,
        )
    )  # fmt: skip
    return found


@cache
def crops(n: int, size: int) -> np.ndarray:
    """Blurred noise, uint8 (n, size, size, 3)."""
    import cv2

    coarse = np.random.default_rng(1).integers(0, 256, size=(n, 10, 10, 3), dtype=np.uint8)
    return np.stack([cv2.resize(one, (size, size)) for one in coarse])


def _facenet(n: int, device: str) -> np.ndarray:
    found: np.ndarray = _encoder(device).vectors(crops(n, networks.SIZE))
    return found


@cache
def _encoder(device: str) -> networks.Any:
    return networks.encoder(networks.weights([]), device)


@cache
def _network(device: str) -> networks.Any:
    return networks.network(networks.weights([]), device)


_FASTEST: dict[str, int] = {}


def _best(device: str) -> None:
    _batched(2, 1, device)
    seconds = {}
    for batch in BATCHES:
        began = time.perf_counter()
        _batched(max(BATCHES), batch, device)
        seconds[batch] = time.perf_counter() - began
    _FASTEST[device] = min(seconds, key=seconds.__getitem__)


def _bare(n: int, device: str) -> np.ndarray:
    return _batched(n, _FASTEST[device], device)


def _batched(n: int, batch: int, device: str) -> np.ndarray:
    import torch

    network, found = _network(device), []
    with torch.inference_mode():
        for start in range(0, n, batch):
            images = networks.scaled(crops(n, networks.SIZE)[start : start + batch])
            found.append(network(images.to(device)).cpu().numpy())
    return np.concatenate(found)


@cache
def _onnx_encoder(model: Path, device: str) -> networks.Any:
    from core.encode.registry import make_encoder

    return make_encoder("onnx", weights=model, device=device, synthetic=False)


def _onnx(model: Path, device: str, n: int) -> np.ndarray:
    found: np.ndarray = _onnx_encoder(model, device).vectors(crops(n, 112))
    return found


@cache
def _opened(model: Path) -> networks.Any:
    import onnxruntime

    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def _session(model: Path, n: int) -> np.ndarray:
    session, found = _opened(model), []
    name = session.get_inputs()[0].name
    for one in crops(n, 112):
        blob = ((one / 255.0 - MEAN) / STD).astype(np.float32).transpose(2, 0, 1)[None]
        found.append(session.run(None, {name: blob})[0][0])
    return np.stack(found)


def agreement(one: np.ndarray, other: np.ndarray) -> str:
    """Cosines and the largest difference."""
    return f"{networks.agreement(one, other)}, apart by at most {np.abs(one - other).max():.1e}"
