"""MTCNN (Zhang et al. 2016) over one picture: facenet-pytorch's weights, thresholds and rounding.

What is found is what `facenet_pytorch.MTCNN.detect` finds, which spends its time on resizing every
candidate by itself and on networks too small for torch: here the levels of the pyramid and all
candidates of a stage are read off one table of sums, and onnxruntime runs the networks. One picture
at a time: a face must not depend on which others were looked at beside it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core.faces.sums import Sums

if TYPE_CHECKING:
    from torch import nn

    from core.runtime.graph import Shape

CELL, STRIDE = 12, 2
"""Side of the window of the first network and how far it moves, in pixels."""
SIDES = (24, 48)
"""Sides of the squares that the second and the third network see, in pixels."""
OVERLAPS = (0.5, 0.7, 0.7, 0.7)
"""Intersection over union above which the less probable of two boxes goes: among the candidates of
a level, among those of all levels, after the second network, and (over the smaller box) after the
third."""
AT_ONCE = 512
"""Candidates that a network sees at once: a crowd must not take gigabytes."""


class Found(NamedTuple):
    """Of n faces, the largest first: `boxes` float64 (n, 4) (left, top, right, bottom), `chances`
    (n,) and `landmarks` (n, 5, 2) float32."""

    boxes: np.ndarray
    chances: np.ndarray
    landmarks: np.ndarray


NOBODY = Found(np.zeros((0, 4)), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


class Mtcnn:
    """The three networks on `device`; faces of fewer than `smallest` pixels are not looked for.

    Candidates are float32 (n, 5): left, top, right, bottom and the probability of a face.
    """

    def __init__(self, smallest: int, device: str = "cpu") -> None:
        from facenet_pytorch import MTCNN

        from core.runtime.runner import runner

        whole = MTCNN(min_face_size=smallest)
        self._smallest, self._factor = smallest, whole.factor
        self._thresholds = whole.thresholds
        shapes: list[Shape] = [(1, 3, "h", "w"), *(("n", 3, side, side) for side in SIDES)]
        self._networks = [
            runner(network, shape, device)
            for network, shape in zip(_networks(whole), shapes, strict=True)
        ]

    def detect(self, image: np.ndarray) -> Found:
        """Every face of `image` uint8 (h, w, 3)."""
        sums = Sums(image)
        boxes, places = _inside(sums, self._proposed(sums))
        if len(boxes):
            boxes, places = _inside(sums, self._refined(boxes, self._asked(1, sums, places)))
        return self._placed(boxes, self._asked(2, sums, places)) if len(boxes) else NOBODY

    def _levels(self, sums: Sums) -> Iterator[float]:
        """Factors by which the picture is made smaller, from that of the smallest face down."""
        scale = CELL / self._smallest
        shorter = min(sums.height, sums.width) * scale
        while shorter >= CELL:
            yield scale
            scale, shorter = scale * self._factor, shorter * self._factor

    def _proposed(self, sums: Sums) -> np.ndarray:
        """Candidates of the first network over all levels, squares."""
        levels = [self._level(sums, scale) for scale in self._levels(sums)]
        if not levels:
            return np.zeros((0, 5), np.float32)
        found = np.concatenate(levels)
        level = np.repeat(np.arange(len(levels)), [len(one) for one in levels])
        found = found[_apart(found, OVERLAPS[0], level)]
        found = found[_apart(found, OVERLAPS[1])]
        sides = np.tile(found[:, 2:4] - found[:, :2], 2)
        return _squares(np.column_stack([found[:, :4] + found[:, 5:] * sides, found[:, 4]]))

    def _level(self, sums: Sums, scale: float) -> np.ndarray:
        """Candidates of one level, with how they are to be moved in four more columns."""
        size = int(sums.height * scale + 1), int(sums.width * scale + 1)
        said = self._networks[0](_scaled(sums.whole(*size)))[0]
        y, x = np.nonzero(said[0] >= _log_odds(self._thresholds[0]))
        corner = STRIDE * np.stack([x, y], axis=1).astype(np.float32)
        first = np.floor((corner + np.float32(1)) / np.float32(scale))
        last = np.floor((corner + np.float32(CELL)) / np.float32(scale))
        return np.column_stack([first, last, _probability(said[0, y, x]), said[1:, y, x].T])

    def _refined(self, boxes: np.ndarray, said: np.ndarray) -> np.ndarray:
        """The candidates that the second network keeps, moved as it says."""
        boxes, said = self._sure(1, boxes, said)
        kept = _apart(boxes, OVERLAPS[2])
        return _squares(_moved(boxes[kept], said[kept, 1:]))

    def _placed(self, boxes: np.ndarray, said: np.ndarray) -> Found:
        """The faces that the third network keeps."""
        from facenet_pytorch.models.utils.detect_face import nms_numpy

        boxes, said = self._sure(2, boxes, said)
        if not len(boxes):
            return NOBODY
        # Shares of the sides: five numbers to the right, then five down.
        shares = said[:, 5:].reshape(-1, 2, 5).transpose(0, 2, 1)
        sides = boxes[:, 2:4] - boxes[:, :2] + np.float32(1)
        landmarks = sides[:, None] * shares + boxes[:, None, :2] - np.float32(1)
        found = _moved(boxes, said[:, 1:5])
        kept = nms_numpy(found[:, :4], found[:, 4], OVERLAPS[3], "Min")
        corners = found[kept, :4].astype(np.float64)
        largest = np.argsort(np.prod(corners[:, 2:] - corners[:, :2], axis=1))[::-1]
        return Found(corners[largest], found[kept, 4][largest], landmarks[kept][largest])

    def _sure(
        self, stage: int, boxes: np.ndarray, said: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The candidates of which a network is sure enough, and what it said of them."""
        chances = _probability(said[:, 0])
        sure = chances > self._thresholds[stage]
        return np.column_stack([boxes[sure, :4], chances[sure]]), said[sure]

    def _asked(self, stage: int, sums: Sums, places: np.ndarray) -> np.ndarray:
        """What a network says of the boxes `places` (n, 4), each stretched to its own square."""
        side = SIDES[stage - 1]
        starts = range(0, len(places), AT_ONCE)
        seen = (_scaled(sums.means(places[i : i + AT_ONCE], side)) for i in starts)
        return np.concatenate([self._networks[stage](one) for one in seen])


def _networks(whole: Any) -> tuple[nn.Sequential, ...]:
    """The three networks as chains: each gives the log odds of a face, four moves, and the third
    ten shares of sides."""
    from torch import nn

    p, r, o = whole.pnet, whole.rnet, whole.onet
    first = nn.Sequential(
        p.conv1, p.prelu1, p.pool1, p.conv2, p.prelu2, p.conv3, p.prelu3,
        _heads(p.conv4_1, p.conv4_2),
    )  # fmt: skip
    second = nn.Sequential(
        r.conv1, r.prelu1, r.pool1, r.conv2, r.prelu2, r.pool2, r.conv3, r.prelu3,
        nn.Flatten(), _turned(r.dense4, r.conv3.out_channels), r.prelu4,
        _heads(r.dense5_1, r.dense5_2),
    )  # fmt: skip
    third = nn.Sequential(
        o.conv1, o.prelu1, o.pool1, o.conv2, o.prelu2, o.pool2, o.conv3, o.prelu3, o.pool3,
        o.conv4, o.prelu4, nn.Flatten(), _turned(o.dense5, o.conv4.out_channels), o.prelu5,
        _heads(o.dense6_1, o.dense6_2, o.dense6_3),
    )  # fmt: skip
    return first, second, third


def _heads(chances: nn.Module, *others: nn.Module) -> Any:
    """Several layers over the same input as one; of two classes the log odds are left."""
    import torch

    joined: Any = copy.deepcopy(chances)
    for name in ("weight", "bias"):
        neither, face = getattr(chances, name).detach()
        parts = [(face - neither)[None], *(getattr(one, name).detach() for one in others)]
        setattr(joined, name, torch.nn.Parameter(torch.cat(parts)))
    return joined


def _turned(dense: nn.Linear, maps: int) -> nn.Linear:
    """A layer that was trained on maps laid flat columns first, for such that lie rows first."""
    import torch

    side = round((dense.in_features / maps) ** 0.5)
    turned = copy.deepcopy(dense)
    weight = dense.weight.detach().reshape(-1, side, side, maps).permute(0, 3, 2, 1)
    turned.weight = torch.nn.Parameter(weight.flatten(1))
    return turned


def _scaled(pixels: np.ndarray) -> np.ndarray:
    """Pixels as the networks take them, from −1 to 1."""
    pixels -= np.float32(127.5)
    pixels *= np.float32(1 / 128)
    return pixels


def _probability(log_odds: np.ndarray) -> np.ndarray:
    """float32, as the softmax of two classes gives it."""
    from scipy.special import expit

    chances: np.ndarray = expit(log_odds)
    return chances


def _log_odds(probability: float) -> np.float32:
    return np.float32(np.log(probability / (1 - probability)))


def _apart(boxes: np.ndarray, overlap: float, groups: np.ndarray | None = None) -> np.ndarray:
    """Which candidates stay when overlapping ones (of the same group) go, most probable first."""
    import torch
    from torchvision.ops import batched_nms

    given = torch.from_numpy(np.ascontiguousarray(boxes[:, :5]))
    if groups is None:
        groups = np.zeros(len(boxes), np.int64)
    own = torch.from_numpy(groups)
    kept: np.ndarray = batched_nms(given[:, :4], given[:, 4], own, overlap).numpy()
    return kept


def _moved(boxes: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Each side moved by a share of the box's sides, whose last pixel counts."""
    sides = np.tile(boxes[:, 2:4] - boxes[:, :2] + np.float32(1), 2)
    return np.column_stack([boxes[:, :4] + moves * sides, boxes[:, 4]])


def _squares(boxes: np.ndarray) -> np.ndarray:
    """Squares around the same middles, of the longer side."""
    sides = boxes[:, 2:4] - boxes[:, :2]
    longest = sides.max(axis=1, keepdims=True)
    corner = boxes[:, :2] + sides * np.float32(0.5) - longest * np.float32(0.5)
    return np.column_stack([corner, corner + longest, boxes[:, 4]])


def _inside(sums: Sums, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The boxes of which something lies in the picture, and that part in whole pixels (n, 4)."""
    places = np.trunc(boxes[:, :4]).astype(np.int64)
    places[:, :2] = np.maximum(places[:, :2], 1) - 1  # the first pixel is counted as 1
    places[:, 2:] = np.minimum(places[:, 2:], [sums.width, sums.height])
    inside = (places[:, 2:] > places[:, :2]).all(axis=1)
    return boxes[inside], places[inside]
