"""A folder of photographs to vectors, detection included.

Ours is `core.encode.run.encode` into an empty store. The peers: facenet-pytorch's own loop (its
MTCNN on a list of pictures, then its network, with the batch that was fastest on the first
pictures), and what InsightFace users write, MTCNN's landmarks, a similarity warp and one picture at
a time through onnxruntime. All have MTCNN's smallest face of 20 pixels. Ours takes the largest
central face, facenet-pytorch the largest (its own central choice fails on arrays, and pictures of
PIL it would resize in another way): in these photographs, of one person each, they are the same.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import networks
from benchmarks.sidebyside import Asked, Case, Missing, Side

BATCHES = (1, 8, 32)
TRIED = 32
SET = "london"
MODEL = "mobilefacenet.onnx"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WORK = "folder to vectors"
DEEPFACE = (
    "not read: deepface 0.0.103 asks for opencv-contrib-python-headless, which takes the place of "
    "the OpenCV that is pinned here, and downloads its weights at first use"
)


def cases(asked: Asked) -> list[Case | Missing]:
    """FaceNet's network with weights from a seed, and the ONNX recogniser."""
    folder = None if asked.faces is None else asked.faces / SET
    if folder is None or not folder.is_dir():
        why = f"not read: no folder of photographs (--faces with {SET} in it)"
        return [Missing(WORK, "facenet-pytorch", why), Missing(WORK, "deepface", DEEPFACE)]
    count = len(pictures(folder))
    found: list[Case | Missing] = [
        Case(
            f"{WORK}, {count} photographs, MTCNN + InceptionResnetV1 (weights from a seed)",
            Side("ours", partial(ours, folder, "facenet", None, asked),
                 partial(ours, folder, "facenet", None, asked, range(2))),
            [Side("facenet-pytorch, its best batch", partial(theirs, folder, asked.device),
                  partial(best_batch, folder, asked.device))],
            _agreement,
            target=2,
            most=2,
        )
    ]  # fmt: skip
    model = None if asked.encoders is None else asked.encoders / MODEL
    if model is None or not model.is_file():
        why = f"not read: no recogniser (--encoders with {MODEL} in it)"
        found.append(Missing(f"{WORK}, onnxruntime", "InsightFace-style loop", why))
    elif not asked.quick:
        found.append(
            Case(
                f"{WORK}, {count} photographs, MTCNN + MobileFaceNet (ONNX)",
                Side(
                    "ours",
                    partial(ours, folder, "onnx", model, asked),
                    partial(ours, folder, "onnx", model, asked, range(2)),
                ),
                [
                    Side(
                        "InsightFace-style loop, onnxruntime",
                        partial(one_by_one, folder, model),
                        partial(one_by_one, folder, model, 2),
                    )
                ],
                _agreement,
                most=2,
            )
        )
    return [*found, Missing(WORK, "deepface", DEEPFACE)]


@cache
def pictures(folder: Path) -> list[Path]:
    """The pictures that the product reads, in its order."""
    from core.faces.read import read_faces

    faces = read_faces(folder, preset=SET)
    return [folder / one for one in faces.table["id"]]


def ours(
    folder: Path, kind: str, model: Path | None, asked: Asked, rows: Sequence[int] | None = None
) -> tuple[np.ndarray, str]:
    """Vectors (n, d) of the set, or of its `rows`, by the product."""
    from core.encode.registry import make_encoder
    from core.encode.run import encode
    from core.faces.read import read_faces
    from core.store import Store

    if kind == "facenet":
        encoder = networks.encoder(networks.weights(pictures(folder)), asked.device)
    else:
        encoder = make_encoder("onnx", weights=model, device=asked.device, synthetic=False)
    with tempfile.TemporaryDirectory() as kept:
        faces = read_faces(folder, preset=SET)
        found = encode(faces, encoder, store=Store(Path(kept)), rows=rows)
    return found.x, ""


_FASTEST: dict[str, int] = {}


def best_batch(folder: Path, device: str) -> None:
    """Try each batch on the first pictures, and remember the fastest."""
    paths = pictures(folder)[:TRIED]
    _loop(paths[:2], 1, device)
    seconds = {}
    for batch in BATCHES:
        began = time.perf_counter()
        _loop(paths, batch, device)
        seconds[batch] = time.perf_counter() - began
    _FASTEST[device] = min(seconds, key=seconds.__getitem__)


def theirs(folder: Path, device: str) -> tuple[np.ndarray, str]:
    """Vectors of every picture by facenet-pytorch's loop."""
    batch = _FASTEST[device]
    return _loop(pictures(folder), batch, device), f"batch {batch}"


def _loop(paths: list[Path], batch: int, device: str) -> np.ndarray:
    import torch
    from facenet_pytorch import MTCNN
    from PIL import Image

    detector = MTCNN(image_size=networks.SIZE, margin=networks.MARGIN, device=device)
    network = networks.network(networks.weights(paths), device)
    found = []
    for start in range(0, len(paths), batch):
        images = [
            np.asarray(Image.open(one).convert("RGB")) for one in paths[start : start + batch]
        ]
        crops = detector(images)
        with torch.no_grad():
            found.append(network(torch.stack(list(crops)).to(device)).cpu().numpy())
    return np.concatenate(found)


def one_by_one(folder: Path, model: Path, count: int | None = None) -> tuple[np.ndarray, str]:
    """Vectors of the first `count` pictures, or all: landmarks, a warp, one run of the session."""
    import cv2
    import onnxruntime
    from facenet_pytorch import MTCNN
    from PIL import Image

    detector = MTCNN(keep_all=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    found = []
    for path in pictures(folder)[:count]:
        image = np.asarray(Image.open(path).convert("RGB"))
        boxes, _, points = detector.detect(image, landmarks=True)
        matrix = _similarity(points[_central(boxes, image)])
        crop = cv2.warpAffine(image, matrix, (112, 112))
        blob = ((crop / 255.0 - MEAN) / STD).astype(np.float32).transpose(2, 0, 1)[None]
        found.append(session.run(None, {name: blob})[0][0])
    return np.stack(found), ""


def _central(boxes: np.ndarray, image: np.ndarray) -> int:
    middle = np.array(image.shape[1::-1]) / 2
    sides, centres = boxes[:, 2:] - boxes[:, :2], (boxes[:, 2:] + boxes[:, :2]) / 2
    return int(np.argmax(sides.prod(axis=1) - 2 * ((centres - middle) ** 2).sum(axis=1)))


def _similarity(points: np.ndarray) -> np.ndarray:
    """The least-squares similarity onto ArcFace's template: a complex number and a shift."""
    from core.faces.align import ARCFACE_TEMPLATE

    p, q = (np.asarray(one, float) @ [1, 1j] for one in (points, ARCFACE_TEMPLATE))
    turn = np.vdot(p - p.mean(), q - q.mean()) / np.vdot(p - p.mean(), p - p.mean()).real
    shift = q.mean() - turn * p.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _agreement(one: tuple[Any, str], other: tuple[Any, str]) -> str:
    if len(one[0]) != len(other[0]):
        return f"{len(one[0])} / {len(other[0])} vectors: not the same faces"
    said = networks.agreement(one[0], other[0])
    return f"{said}; {other[1]}" if other[1] else said
