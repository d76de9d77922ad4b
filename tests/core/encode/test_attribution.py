"""Attribution maps: planted encoders, a slow twin of occlusion, completeness of gradients."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from core.encode import attribution
from core.encode.attribution import LogOdds, Score, Similarity, activation, figures, maps, windows
from core.encode.cut import Cut
from core.encode.layers import Chain, Relu
from core.encode.network import NetworkEncoder
from core.errors import EncoderError
from core.faces.align import Alignment
from core.progress import Progress, Status

SIZE = 56
HALF = SIZE // 2
WHOLE = Alignment("whole", SIZE)
RNG = np.random.default_rng(0)
CROP = RNG.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)


@dataclass
class BlackBox:
    """Vectors of the upper left quadrant's mean colour, squared, and nothing else."""

    name: str = "planted"
    dimensions: int = 3
    size: int = SIZE
    alignment: Alignment = WHOLE
    digest: str = ""
    licence: str = ""
    asked: list[int] = field(default_factory=list)

    def vectors(self, crops: np.ndarray) -> np.ndarray:
        self.asked.append(len(crops))
        own = crops[:, :HALF, :HALF].reshape(len(crops), -1, 3).mean(axis=1) / 255
        return np.asarray(own**2 + 0.1, np.float32)


class Quadrant(nn.Module):
    """The same as a network, through a nonlinear layer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.dense = nn.Linear(3, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.dense(images[:, :, :HALF, :HALF].mean(dim=(2, 3))))


class Small(nn.Module):
    """Convolution, ReLU, dense: a network whose gradient changes along the path."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.body = nn.Sequential(nn.Conv2d(3, 4, 5, stride=4), nn.ReLU(inplace=True))
        self.dense = nn.Linear(4 * 13 * 13, 6)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.dense(self.body(images).flatten(1))


def encoder(network: nn.Module, width: int, color: str = "RGB") -> NetworkEncoder:
    scale = (100.0, 120.0, 140.0)
    cut = None
    if isinstance(network, Small):
        cut = lambda: Cut(network.body[0], Chain((Relu(),)), 4 * 13 * 13, "dense")  # noqa: E731
    return NetworkEncoder(
        "tiny", width, Alignment("whole", SIZE), "", "", network.eval(), scale, scale[::-1], color,
        cut=cut,
    )  # fmt: skip


def log_odds(width: int) -> LogOdds:
    rng = np.random.default_rng(width)
    return LogOdds(rng.normal(size=(3, width)), rng.normal(size=3), 1)


def blank() -> np.ndarray:
    mean = np.rint(CROP.reshape(-1, 3).mean(axis=0)).astype(np.uint8)
    return np.broadcast_to(mean, CROP.shape).copy()


def test_occlusion_finds_the_quadrant_that_a_score_depends_on() -> None:
    heat = maps(BlackBox(), CROP, {"a": log_odds(3)}, "occlusion", Progress())["a"].heat
    side, _ = attribution.window(SIZE)
    assert np.abs(heat[:HALF, :HALF]).min() > 0
    assert not heat[HALF + side :].any(), "no window that reaches the quadrant covers these"
    assert not heat[:, HALF + side :].any()
    strong = np.abs(heat)
    assert strong[: HALF - side, : HALF - side].mean() > 2 * strong[HALF:].mean()


@pytest.mark.parametrize("color", ["RGB", "BGR"])
def test_gradients_find_the_quadrant_that_a_score_depends_on(color: str) -> None:
    found = maps(encoder(Quadrant(), 5, color), CROP, {"a": log_odds(5)}, "gradients", Progress())
    heat = found["a"].heat
    assert np.abs(heat[:HALF, :HALF]).max() > 0
    assert not heat[HALF:].any()
    assert not heat[:, HALF:].any()


def test_occlusion_is_the_mean_drop_over_the_windows_that_cover_a_pixel() -> None:
    """A slow twin that knows nothing of captum."""
    own, score = BlackBox(), log_odds(3)
    found = maps(own, CROP, {"a": score}, "occlusion", Progress())["a"]
    side, apart = attribution.window(SIZE)
    total, times, most = np.zeros((SIZE, SIZE)), np.zeros((SIZE, SIZE)), -np.inf
    whole = figures(score, own.vectors(CROP[None]))[0]
    for top in range(0, SIZE - side + 1, apart):
        for left in range(0, SIZE - side + 1, apart):
            covered = CROP.copy()
            covered[top : top + side, left : left + side] = blank()[0, 0]
            drop = whole - figures(score, own.vectors(covered[None]))[0]
            total[top : top + side, left : left + side] += drop
            times[top : top + side, left : left + side] += 1
            most = max(most, drop)
    np.testing.assert_allclose(found.heat, total / times, atol=1e-6)
    assert found.checks["largest_drop"] == pytest.approx(most, abs=1e-9)


@pytest.mark.parametrize("size", [50, 56, 112, 160])
def test_covered_faces_are_encoded_once_however_many_scores(size: int) -> None:
    crop = np.random.default_rng(1).integers(0, 256, (size, size, 3), dtype=np.uint8)
    own, seen = BlackBox(size=size), list[Status]()
    scores: dict[str, Score] = {"a": log_odds(3), "b": Similarity(np.array([1.0, 2.0, 3.0]))}
    progress = Progress(seen.append)
    progress.start("Looking", attribution.work(own, 2, "occlusion"))
    found = maps(own, crop, scores, "occlusion", progress)
    assert set(found) == {"a", "b"}
    assert sum(own.asked) == windows(size) + 1
    assert seen[-1].done == seen[-1].total


@pytest.mark.parametrize("color", ["RGB", "BGR"])
def test_gradients_sum_to_the_difference_of_the_scores(color: str) -> None:
    own = encoder(Small(), 6, color)
    scores: dict[str, Score] = {"a": log_odds(6), "b": Similarity(np.arange(6) - 2.0)}
    found = maps(own, CROP, scores, "gradients", Progress())
    for name, score in scores.items():
        clear, none = figures(score, own.vectors(np.stack([CROP, blank()])))
        checks = found[name].checks
        assert checks["difference"] == pytest.approx(clear - none, rel=1e-4)
        assert found[name].heat.sum() == pytest.approx(
            clear - none, rel=attribution.TOLERANCE + 1e-3
        )
        assert checks["gap"] == pytest.approx(abs(checks["sum"] - checks["difference"]))
        assert checks["gap"] <= checks["tolerance"] * abs(checks["difference"])


def test_more_steps_are_taken_until_the_sum_is_near_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    own, score = encoder(Small(), 6), {"a": Similarity(np.arange(6) - 2.0)}
    monkeypatch.setattr(attribution, "STEPS", (2, 4, 64))
    monkeypatch.setattr(attribution, "TOLERANCE", 1e-12)
    assert maps(own, CROP, score, "gradients", Progress())["a"].checks["steps"] == 64
    monkeypatch.setattr(attribution, "TOLERANCE", 1e9)
    assert maps(own, CROP, score, "gradients", Progress())["a"].checks["steps"] == 2


def test_a_black_box_has_no_gradient() -> None:
    with pytest.raises(EncoderError, match="choose the method occlusion"):
        maps(BlackBox(), CROP, {"a": log_odds(3)}, "gradients", Progress())


@pytest.mark.parametrize("classes", [2, 4])
def test_log_odds_are_those_of_the_probe(classes: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 5)).astype(np.float32), rng.integers(0, classes, 60)
    model = LogisticRegression().fit(x.astype(float), y)
    weight, bias = model.coef_, model.intercept_
    if classes == 2:
        weight, bias = np.vstack([0 * weight, weight]), np.append(0.0, bias)
    for shown in range(classes):
        p = model.predict_proba(x.astype(float))[:, shown]
        np.testing.assert_allclose(
            figures(LogOdds(weight, bias, shown), x), np.log(p / (1 - p)), rtol=1e-5, atol=1e-6
        )


def test_similarity_is_the_cosine() -> None:
    x = RNG.normal(size=(4, 7)).astype(np.float32)
    mean = RNG.normal(size=7)
    wanted = x @ mean / np.linalg.norm(x, axis=1) / np.linalg.norm(mean)
    np.testing.assert_allclose(figures(Similarity(mean), x), wanted, rtol=1e-6)


def test_activations_are_the_mean_size_of_the_last_maps() -> None:
    network = Small()
    own = encoder(network, 6)
    scaled = (CROP - np.array(own.mean, np.float32)) / np.array(own.std, np.float32)
    images = torch.from_numpy(scaled.transpose(2, 0, 1)[None].copy())
    with torch.no_grad():
        wanted = network.body[0](images).abs().mean(dim=1)[0].numpy()
    found = activation(own, CROP)
    assert found is not None
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert activation(BlackBox(), CROP) is None  # type: ignore[arg-type]
    assert activation(encoder(Quadrant(), 5), CROP) is None, "it declares no cut"
