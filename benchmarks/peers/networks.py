"""A recogniser without a download: FaceNet's network with weights from a seed.

Its normalisation takes its statistics from pictures, so that vectors differ between faces as those
of a trained network do; what they say of people is nothing, and nothing is asked of them but to be
equal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SIZE, MARGIN = 160, 14
SEED, SEEN = 0, 32


def weights(pictures: list[Path]) -> Path:
    """The file with the weights, made from the first of `pictures` where it is not there yet."""
    from core.store import home

    path = home() / "benchmarks" / f"random-facenet-{SEED}.pt"
    if not path.is_file():
        import torch

        network = _network()
        network.train()
        for part in network.modules():
            if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
                part.momentum = None  # the plain mean over all that is seen
        images = np.stack([_small(one) for one in pictures[:SEEN]]) if pictures else _noise()
        with torch.no_grad():
            for _ in range(3):  # statistics of a layer settle once those before it have
                network(scaled(images))
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(network.state_dict(), path)
    return path


def encoder(path: Path, device: str) -> Any:
    """The product's encoder with these weights."""
    from core.encode.registry import make_encoder

    return make_encoder("facenet-vggface2", weights=path, device=device, synthetic=False)


def network(path: Path, device: str) -> Any:
    """The same network as facenet-pytorch gives it."""
    import torch

    found = _network()
    found.load_state_dict(torch.load(path, weights_only=True))
    return found.eval().to(device)


def scaled(images: np.ndarray) -> Any:
    """What the network takes of uint8 (b, h, w, 3)."""
    import torch

    return (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127.5) / 128


def _network() -> Any:
    import torch
    from facenet_pytorch import InceptionResnetV1

    torch.manual_seed(SEED)
    return InceptionResnetV1()


def _small(path: Path) -> np.ndarray:
    import cv2

    image = cv2.imread(str(path))
    assert image is not None, f"{path.name} is no picture"
    return np.asarray(cv2.resize(image[..., ::-1], (SIZE, SIZE)))


def _noise() -> np.ndarray:
    """Pictures of blurred noise, where there are no photographs."""
    import cv2

    random = np.random.default_rng(SEED)
    coarse = random.integers(0, 256, size=(SEEN, 12, 12, 3), dtype=np.uint8)
    return np.stack([cv2.resize(one, (SIZE, SIZE)) for one in coarse])


def agreement(one: np.ndarray, other: np.ndarray) -> str:
    """The smallest cosine of a face's two vectors, beside the cosine of two faces."""
    units = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (one, other)]
    same = (units[0] * units[1]).sum(axis=1)
    i, j = np.triu_indices(len(one), 1)
    apart = float(np.median((units[0] @ units[0].T)[i, j]))
    return (
        f"{len(one)} faces, cosine of a face's two vectors at least {same.min():.6f} (median of "
        f"two faces {apart:.4f})"
    )
