"""Detectors: what they learn, that the unknown teaches nothing, the network they are part of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from core.action_units import training
from core.action_units.detector import Detector, dense, full_network
from core.action_units.training import Job, thresholds, train
from core.action_units.trunk import trunk_for
from core.encode.bundled import load_bundled
from core.errors import ConfigError, EncoderError
from core.faces.align import warp_five_points
from tests.core.action_units.examples import fitted


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("store"))


def made(people: int = 40, each: int = 6, w: int = 30, seed: int = 0) -> Job:
    """Made-up activations: two units, each with a direction of its own, and a place of a person."""
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), each)
    present = (random.random((len(person), 2)) < 0.3).astype(np.float32)
    x = random.normal(size=(len(person), w)) + random.normal(size=(people, w))[person]
    x += 6 * present @ np.eye(2, w)
    noise = random.normal(size=x.shape)
    both = [(x + 0.3 * one).astype(np.float32) for one in (0 * noise, noise)]
    return Job((1, 12), both[0], both[1], present, person, 0)


def test_it_learns_what_is_there_and_nothing_where_nothing_is() -> None:
    job, other = made(), made(seed=1)
    said = train(job).scores(other.x) > 0
    assert f1_score(other.present, said, average="macro") > 0.85
    random = np.random.default_rng(2)
    blind = train(replace(job, present=random.permutation(job.present))).scores(other.x) > 0
    yes = f1_score(other.present, np.ones_like(said), average="macro")
    assert f1_score(other.present, blind, average="macro") < yes + 0.1


def test_the_same_job_gives_the_same_weights_and_another_seed_does_not() -> None:
    job = made(people=12)
    first, again, other = (train(one).arrays() for one in (job, job, replace(job, seed=1)))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["weight0"], other["weight0"])


def test_a_person_is_in_one_part() -> None:
    person = np.random.default_rng(0).integers(23, size=200)
    part = training._parts(person, 0)
    assert all(len(set(part[person == one])) == 1 for one in set(person))
    assert sorted(set(part)) == [0, 1, 2, 3, 4]


def test_the_folded_detector_says_what_the_mean_of_the_five_says() -> None:
    """The slow way round: project, run the five networks, average, take the thresholds off."""
    job = made(people=15)
    both = np.concatenate([job.x, job.mirrored])
    basis = training._basis(both, 0)
    z = (both - basis.middle) @ basis.rows.T @ basis.mix
    np.testing.assert_allclose(z, basis.z, atol=2e-4)
    assert np.mean(z**2) == pytest.approx(1, rel=1e-3)
    part = np.tile(training._parts(job.person, 0), 2)
    parameters, _ = training._five(basis.z, np.tile(job.present, (2, 1)), part, 0, "cpu")
    first, first_bias, second, second_bias = (one.numpy() for one in parameters)
    said = [np.maximum(z @ first[p] + first_bias[p], 0) @ second[p] + second_bias[p]
            for p in range(training.PARTS)]  # fmt: skip
    own = np.stack([said[part[row]][row] for row in range(len(job.x))])
    expected = np.mean(said, axis=0)[: len(job.x)] - thresholds(own, job.present)
    np.testing.assert_allclose(train(job).scores(job.x), expected, atol=2e-3)


def test_what_is_unknown_is_no_negative() -> None:
    """Most faces that show a unit are unknown: the loss is that of the others, and its logit on
    faces that do show it is higher than where the unknown are taken for negatives."""
    job, other = made(), made(seed=5)
    hidden = job.present.copy()
    drawn = np.random.default_rng(3).random(len(hidden)) < 0.8
    hidden[drawn & (job.present[:, 0] == 1), 0] = np.nan
    basis = training._basis(np.concatenate([job.x, job.mirrored]), 0)
    part = np.tile(training._parts(job.person, 0), 2)
    shown = other.present[:, 0] == 1
    mean = {}
    for name, labels in (("unknown", hidden), ("no", np.nan_to_num(hidden))):
        (first, first_bias, second, second_bias), _ = training._five(
            basis.z, np.tile(labels, (2, 1)), part, 0, "cpu"
        )
        z = torch.from_numpy((other.x - basis.middle) @ basis.rows.T @ basis.mix)
        said = ((z @ first + first_bias).relu() @ second + second_bias).mean(dim=0)
        mean[name] = float(said[shown, 0].mean())
    assert mean["unknown"] > mean["no"] + 0.5
    said = torch.from_numpy(np.random.default_rng(0).normal(size=(5, len(hidden), 2)))
    truth, known = torch.from_numpy(np.nan_to_num(hidden)), ~np.isnan(hidden)
    loss = training._losses(
        said, truth, torch.from_numpy(known.astype(float)), torch.ones(5, len(hidden))
    )
    each = -np.log(1 / (1 + np.exp(-said.numpy() * (2 * hidden - 1))))
    np.testing.assert_allclose(loss.numpy(), np.nanmean(each, axis=(1, 2)), rtol=1e-6)
    assert thresholds(np.zeros((4, 1)), np.full((4, 1), np.nan, np.float32)).tolist() == [0]


def test_thresholds_are_the_best_there_are() -> None:
    """Against trying every cut; scores come twice, so that cuts between equals are no choice."""
    random = np.random.default_rng(0)
    for _ in range(30):
        scores = random.integers(8, size=(25, 1)).astype(float)
        present = (random.random((25, 1)) < 0.4).astype(np.float32)
        if not present.any():
            continue
        bound = thresholds(scores, present)[0]
        cuts = np.concatenate([scores[:, 0] - 0.5, [99]])
        best = max(f1_score(present, scores > cut, zero_division=0) for cut in cuts)
        assert f1_score(present, scores > bound) == pytest.approx(best)


def test_layers_that_were_trained_before_are_trained_on() -> None:
    random = np.random.default_rng(0)
    job = made(people=60)
    start = {
        "weight0": random.normal(size=(30, 40)).astype(np.float32) / 5,
        "bias0": np.zeros(40, np.float32),
        "weight1": random.normal(size=(40, 40)).astype(np.float32) / 6,
        "bias1": np.zeros(40, np.float32),
    }
    kept = {name: one.copy() for name, one in start.items()}
    detector = train(replace(job, start=start))
    own = detector.arrays()
    assert sorted(own) == ["bias0", "bias1", "bias2", "weight0", "weight1", "weight2"]
    assert own["weight2"].shape == (40, 2)
    assert all(np.array_equal(start[name], kept[name]) for name in start)
    assert 0 < np.abs(own["weight0"] - start["weight0"]).max() < 0.5
    assert np.isfinite(detector.scores(job.x)).all()


def test_the_whole_network_says_what_trunk_and_detector_say(store: str) -> None:
    """Crops through one torch network, and through the cached road."""
    faces, _, trunk, held, detector = fitted(store)
    network = full_network(trunk.network, detector)
    drawn = [faces.source.read(row) for row in range(5)]
    crops = np.stack([warp_five_points(one.image, one.landmarks, 112) for one in drawn])
    scaled = (crops.astype(np.float32) - 127.5) / 127.5
    with torch.no_grad():
        said = network(torch.from_numpy(scaled.transpose(0, 3, 1, 2)).contiguous()).numpy()
    np.testing.assert_allclose(said, detector.scores(held.x[:5]), atol=2e-3)
    assert not network.training
    seven = {"weight0": np.zeros((7, 1), np.float32), "bias0": np.zeros(1, np.float32)}
    narrow = dense((1,), seven)
    with pytest.raises(ValueError, match="reads 7"):
        full_network(trunk.network, narrow)


def test_forty_people_are_enough_to_see_a_jaw_drop(store: str) -> None:
    faces, labels, _, held, detector = fitted(store)
    people = np.unique(faces.table["subject_id"])
    rows = np.flatnonzero(np.isin(faces.table["subject_id"], people[30:]))
    said = detector.scores(held.x[rows])
    assert f1_score(labels.present[rows, 5], said[:, 5] > 0) > 0.5


@pytest.mark.slow
def test_most_people_of_the_demo_set_teach_it_to_read_the_others(store: str) -> None:
    """184 of its 230 people, women and men mixed, and macro F1 on the other 46."""
    faces, labels, _, held, detector = fitted(store, people=230, share=0.8, units=None)
    people = np.unique(faces.table["subject_id"])
    rows = np.flatnonzero(np.isin(faces.table["subject_id"], people[184:]))
    said = detector.scores(held.x[rows]) > 0
    assert f1_score(labels.present[rows], said, average="macro") >= 0.75


def test_arrays_make_the_same_detector_again() -> None:
    detector = train(made(people=12))
    again = dense(detector.units, detector.arrays(), detector.epochs)
    x = made(people=12).x
    assert isinstance(again, Detector)
    assert np.array_equal(again.scores(x), detector.scores(x))
    assert (again.width, again.epochs) == (30, detector.epochs)


def test_trunks_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="no such file"):
        trunk_for(str(tmp_path / "none.pth"), None)
    with pytest.raises(ConfigError, match="reads vectors"):
        trunk_for("auto", None)
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(EncoderError):
        trunk_for(str(tmp_path / "text.pth"), None)
    torch.save({"features.0.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(EncoderError, match="does not fit"):
        trunk_for(str(tmp_path / "other.pth"), None)


@pytest.mark.slow
def test_vgg16_from_a_file(tmp_path: Path) -> None:
    """Random weights in torchvision's names: cut before its fully connected part, from which a
    detector starts."""
    from torchvision.models import vgg16

    torch.manual_seed(0)
    whole = vgg16(weights=None, init_weights=False).eval()
    path = tmp_path / "vgg16.pth"
    torch.save(whole.state_dict(), path)
    trunk = trunk_for(str(path), load_bundled("cpu"))
    path.unlink()
    assert (trunk.width, trunk.network.size) == (25088, 224)
    np.testing.assert_allclose(np.array(trunk.network.mean) / 255, [0.485, 0.456, 0.406])
    np.testing.assert_allclose(np.array(trunk.network.std) / 255, [0.229, 0.224, 0.225])
    assert trunk.start is not None
    assert [trunk.start[f"weight{i}"].shape for i in range(2)] == [(25088, 4096), (4096, 4096)]
    image = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        features = whole.features(image).flatten(1)
        np.testing.assert_allclose(trunk.network.network(image).flatten(1), features, atol=1e-5)
        hidden = whole.classifier[:2](features)
    ours = features.numpy() @ trunk.start["weight0"] + trunk.start["bias0"]
    np.testing.assert_allclose(np.maximum(ours, 0), hidden.numpy(), atol=1e-4)
