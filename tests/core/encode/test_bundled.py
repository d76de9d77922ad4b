"""The bundled recogniser: what it returns, what its digest covers, and that it recognises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from benchmarks.train_bundled import ArcFace, Plan, draw_people, embed, train, verification
from core.encode.bundled import WEIGHTS, load_bundled
from core.encode.network import NetworkEncoder
from core.errors import EncoderError
from core.faces.align import warp_five_points
from core.faces.synthetic import EXPRESSIONS, draw, identity


@pytest.fixture(scope="module")
def encoder() -> NetworkEncoder:
    return load_bundled()


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (70, 112, 112, 3), dtype=np.uint8)


def test_a_vector_a_crop(encoder: NetworkEncoder, noise: np.ndarray) -> None:
    found = encoder.vectors(noise)
    assert found.shape == (len(noise), encoder.dimensions) == (70, 256)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


def test_a_vector_does_not_depend_on_its_batch(encoder: NetworkEncoder, noise: np.ndarray) -> None:
    alone = np.concatenate([encoder.vectors(crop[None]) for crop in noise[:5]])
    np.testing.assert_allclose(encoder.vectors(noise)[:5], alone, atol=1e-5)
    np.testing.assert_allclose(encoder.vectors(noise[::-1])[-5:][::-1], alone, atol=1e-5)


def test_vectors_keep_their_lengths(encoder: NetworkEncoder, noise: np.ndarray) -> None:
    assert np.linalg.norm(encoder.vectors(noise[:8]), axis=1).std() > 1e-3


@pytest.mark.parametrize("shape", [(2, 111, 112, 3), (2, 112, 112), (112, 112, 3)])
def test_other_crops_are_refused(encoder: NetworkEncoder, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="is needed"):
        encoder.vectors(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="float32"):
        encoder.vectors(np.zeros((1, 112, 112, 3), np.float32))


def test_the_digest_is_of_the_weights(encoder: NetworkEncoder, tmp_path: Path) -> None:
    weights = load_file(WEIGHTS)
    weights["vector.0.weight"][0, 0] += 1e-3
    changed = tmp_path / "changed.safetensors"
    save_file(weights, changed)
    moved = tmp_path / "moved.safetensors"
    moved.write_bytes(WEIGHTS.read_bytes())
    assert load_bundled(weights=moved).digest == encoder.digest
    assert load_bundled(weights=changed).digest != encoder.digest


def test_weights_that_cannot_be_used_are_explained(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="are missing"):
        load_bundled(weights=tmp_path / "none.safetensors")
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(WEIGHTS.read_bytes()[:5000])
    with pytest.raises(EncoderError, match="cut"):
        load_bundled(weights=cut)
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(3)}, other)
    with pytest.raises(EncoderError, match="does not fit"):
        load_bundled(weights=other)


def test_the_audit_prepares_crops_as_the_training_did(
    encoder: NetworkEncoder, noise: np.ndarray
) -> None:
    np.testing.assert_allclose(encoder.vectors(noise), embed(encoder.network, noise), atol=1e-5)


def test_the_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size < 6_000_000


def test_it_recognises_people_it_has_never_seen(encoder: NetworkEncoder) -> None:
    drawings = [
        draw(identity(0, "verification", index), EXPRESSIONS[(index + shot) % 6], shot)
        for index in range(40)
        for shot in range(4)
    ]
    crops = np.stack([warp_five_points(one.image, one.landmarks) for one in drawings])
    figures = verification(encoder.vectors(crops), np.repeat(np.arange(40), 4))
    assert figures["genuine_pairs"] == 40 * 6
    assert figures["auc"] >= 0.97


def test_verification_figures_of_known_vectors() -> None:
    people = np.repeat(np.arange(6), 3)
    apart = verification(np.eye(6)[people] + 0.01, people)
    assert apart["auc"] == apart["rank_1"] == apart["tar_at_far_1e-3"] == 1.0
    assert apart["eer"] == 0.0
    noise = np.random.default_rng(1).standard_normal((300, 256))
    blind = verification(noise, np.repeat(np.arange(30), 10))
    assert blind["auc"] == pytest.approx(0.5, abs=0.05)
    assert blind["eer"] == pytest.approx(0.5, abs=0.05)
    assert blind["rank_1"] < 0.15


def test_arcface_is_cross_entropy_with_the_angle_widened() -> None:
    """Slow twin of Deng et al. 2019, eq. 3, one picture and one person at a time."""
    torch.manual_seed(0)
    loss, vectors, people = ArcFace(5, scale=30.0), torch.randn(7, 256), torch.arange(7) % 5
    expected = []
    for vector, person in zip(vectors, people, strict=True):
        logits = []
        for number, centre in enumerate(loss.centres):
            angle = torch.arccos(functional.cosine_similarity(vector, centre, dim=0))
            logits.append(30.0 * torch.cos(angle + (0.3 if number == person else 0.0)))
        expected.append(-torch.log_softmax(torch.stack(logits).detach(), 0)[person])
    slow = torch.stack(expected).mean().item()
    assert loss(vectors, people, 0.3).item() == pytest.approx(slow, rel=1e-4)


def test_training_learns_four_people() -> None:
    crops = draw_people(range(4), shots=3, jitter=1.0, seed=0)
    assert crops.shape == (12, 112, 112, 3)
    plan = Plan(identities=4, shots=3, epochs=10, batch=12, margin=0.0, shift=0)
    network, log = train(crops, np.repeat(np.arange(4), 3), plan)
    assert not network.training
    assert log[-1]["loss"] < 0.5 * log[0]["loss"]
