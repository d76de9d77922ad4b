"""Where on a face a score of its vector reacts: occlusion, integrated gradients, last activations.

Occlusion (Zeiler and Fergus 2014) covers one window after another and needs nothing of an encoder
but its vectors. Integrated gradients (Sundararajan, Taly and Yan 2017) follow the score from a
face of one colour to the face and need a torch network; their sum is the difference of the two
scores (ibid., Proposition 1), which is held against them here. A map shows where a score reacts,
not why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isqrt
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from core.encode.cut import trunk_of
from core.encode.encoder import INNER_BATCH, Encoder
from core.encode.network import NetworkEncoder
from core.errors import EncoderError
from core.progress import Progress

if TYPE_CHECKING:
    import torch

VERSION = 1
"""Raised whenever the same face and score would give another map."""

Method = Literal["occlusion", "gradients"]
METHODS: tuple[Method, ...] = ("occlusion", "gradients")

WINDOWS = 7
"""A window's side is this part of the crop's; windows lie half a side apart."""
STEPS = (32, 64, 128, 256)
"""Steps of the path of integrated gradients; more are taken until the sum is near enough."""
TOLERANCE = 0.05
"""How far that sum may be from the difference of the scores, as a share of that difference."""


class Score(Protocol):
    """One figure for each vector, which a gradient can be taken of."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Figures (b,) of vectors (b, d), float64."""
        ...


@dataclass(frozen=True, eq=False)
class Similarity:
    """Cosine similarity with the vector `mean` (d,)."""

    mean: np.ndarray

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Cosines (b,) of vectors (b, d)."""
        import torch

        mean = torch.from_numpy(self.mean.astype(np.float64)).to(x.device)
        return torch.nn.functional.cosine_similarity(x.double(), mean[None], dim=1)


@dataclass(frozen=True, eq=False)
class LogOdds:
    """Log-odds of class `shown` by a linear probe with `weight` (k, d) and `bias` (k,)."""

    weight: np.ndarray
    bias: np.ndarray
    shown: int

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """log(p / (1 - p)) (b,) of vectors (b, d), p being the softmax at `shown`."""
        import torch

        weight, bias = (
            torch.from_numpy(one.astype(np.float64)).to(x.device)
            for one in (self.weight, self.bias)
        )
        every = x.double() @ weight.T + bias
        others = [k for k in range(len(self.bias)) if k != self.shown]
        return every[:, self.shown] - torch.logsumexp(every[:, others], dim=1)


def figures(score: Score, x: np.ndarray) -> np.ndarray:
    """`score` of vectors (n, d), float64 (n,)."""
    import torch

    found: np.ndarray = score(torch.from_numpy(np.ascontiguousarray(x))).numpy()
    return found


@dataclass(frozen=True, eq=False)
class Map:
    """`heat` float32 (size, size): what each pixel adds to the score, or takes from it where < 0.

    Occlusion: by how much the score falls while the pixel is covered, a mean over the windows that
    cover it. Integrated gradients: its share of f(face) - f(one colour). `checks` are figures by
    which to judge the map: `largest_drop`, or `sum`, `difference`, `gap`, `tolerance`, `steps`.
    """

    heat: np.ndarray
    checks: dict[str, float] = field(default_factory=dict)


def window(size: int) -> tuple[int, int]:
    """Side of an occluding window and the distance to the next, in pixels of a crop of `size`."""
    side = max(2, round(size / WINDOWS))
    return side, max(1, side // 2)


def windows(size: int) -> int:
    """How many windows cover a crop of `size` pixels a side."""
    side, apart = window(size)
    return (-(-(size - side) // apart) + 1) ** 2


def maps(
    encoder: Encoder,
    crop: np.ndarray,
    scores: Mapping[str, Score],
    method: Method,
    progress: Progress,
) -> dict[str, Map]:
    """The map of each of `scores` for `crop` uint8 (size, size, 3) RGB.

    What stands for "not there" is the crop's own mean colour. Counts `work` steps of `progress`.
    Raises `EncoderError` where `method` is gradients and the encoder is no torch network.
    """
    if method == "occlusion":
        return _occlusion(encoder, crop, scores, progress)
    check_method(encoder, method)
    assert isinstance(encoder, NetworkEncoder), "checked above"
    return {name: _gradients(encoder, crop, one, progress) for name, one in scores.items()}


def check_method(encoder: Encoder, method: Method) -> None:
    """Raise `EncoderError` where `encoder` cannot serve `method`."""
    if method == "gradients" and not isinstance(encoder, NetworkEncoder):
        raise EncoderError(
            f"method: gradients needs a torch network, and the encoder {encoder.name} gives its "
            "vectors only: choose the method occlusion"
        )


def work(encoder: Encoder, scores: int, method: Method) -> int:
    """Steps that `maps` counts for one crop: windows, or scores."""
    return windows(encoder.size) + 1 if method == "occlusion" else scores


def _mean_colour(crop: np.ndarray) -> np.ndarray:
    """The crop's mean colour, rounded, float32 (3,)."""
    mean: np.ndarray = np.rint(crop.reshape(-1, 3).mean(axis=0)).astype(np.float32)
    return mean


def _image(crop: np.ndarray) -> torch.Tensor:
    """`crop` as float32 (1, 3, size, size), from 0 to 255."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(crop.transpose(2, 0, 1), np.float32))[None]


def _blank(crop: np.ndarray) -> torch.Tensor:
    """One colour in place of `crop`, as `_image` has it."""
    return _image(np.broadcast_to(_mean_colour(crop), crop.shape))


def _occlusion(
    encoder: Encoder, crop: np.ndarray, scores: Mapping[str, Score], progress: Progress
) -> dict[str, Map]:
    """One walk over the windows serves all scores: covered faces are encoded once."""
    import torch

    seen: dict[bytes, np.ndarray] = {}

    def vectors(images: torch.Tensor) -> torch.Tensor:
        covered = np.rint(images.numpy().transpose(0, 2, 3, 1)).astype(np.uint8)
        own = hashlib.sha256(covered.tobytes()).digest()
        if own not in seen:
            seen[own] = encoder.vectors(np.ascontiguousarray(covered))
            progress.advance(len(covered))
        return torch.from_numpy(seen[own])

    return {name: _covered(crop, one, vectors, encoder.size) for name, one in scores.items()}


def _covered(
    crop: np.ndarray,
    score: Score,
    vectors: Callable[[torch.Tensor], torch.Tensor],
    size: int,
) -> Map:
    from captum.attr import Occlusion

    told: list[np.ndarray] = []

    def forward(images: torch.Tensor) -> torch.Tensor:
        found = score(vectors(images))
        told.append(found.numpy())
        return found

    side, apart = window(size)
    heat = Occlusion(forward).attribute(
        _image(crop), sliding_window_shapes=(3, side, side), strides=(3, apart, apart),
        baselines=_blank(crop), perturbations_per_eval=INNER_BATCH,
    )  # fmt: skip
    whole, *covered = np.concatenate(told)  # captum asks for the face itself first
    drop = float(whole - np.min(covered))
    return Map(heat[0, 0].numpy().astype(np.float32), {"largest_drop": drop})


def _gradients(encoder: NetworkEncoder, crop: np.ndarray, score: Score, progress: Progress) -> Map:
    import torch
    from captum.attr import IntegratedGradients

    mean, std = (
        torch.tensor(one, device=encoder.device).view(1, 3, 1, 1)
        for one in (encoder.mean, encoder.std)
    )

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        ordered = pixels if encoder.color == "RGB" else pixels.flip(1)
        return score(encoder.network((ordered - mean) / std).flatten(1).float())

    image, blank = _image(crop).to(encoder.device), _blank(crop).to(encoder.device)
    exact = torch.backends.cudnn.flags(benchmark=False, deterministic=True, allow_tf32=False)
    with exact:
        with torch.no_grad():
            difference = float(forward(image) - forward(blank))
        for steps in STEPS:
            progress.check()
            heat = IntegratedGradients(forward).attribute(
                image, baselines=blank, n_steps=steps, internal_batch_size=INNER_BATCH
            )
            total = float(heat.double().sum())
            gap = abs(total - difference)
            if gap <= TOLERANCE * abs(difference):
                break
    progress.advance()
    checks = {"sum": total, "difference": difference, "gap": gap, "steps": float(steps),
              "tolerance": TOLERANCE}  # fmt: skip
    return Map(heat.detach()[0].sum(dim=0).float().cpu().numpy(), checks)


def activation(encoder: Encoder, crop: np.ndarray) -> np.ndarray | None:
    """Mean absolute activation over the last maps before the encoder's last stage, float32 (h, h).

    None where the encoder is no network that can be cut (`core.encode.cut`).
    """
    if not isinstance(encoder, NetworkEncoder) or encoder.cut is None:
        return None
    trunk = trunk_of(encoder)
    strength = replace(trunk, network=lambda images: trunk.network(images).abs().mean(dim=1))
    found = strength.vectors(crop[None])[0]
    return found.reshape(isqrt(len(found)), -1)
