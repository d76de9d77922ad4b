"""Fresh attackers: they find what is there, the planted code above all, and nothing in noise."""

from __future__ import annotations

import numpy as np
import pytest

from core.anonymity import attackers, networks
from core.anonymity.attackers import Case, Dense, answers
from core.attack.fit import Fit

CLASSES, PICTURES, TWINS, WIDTH = 5, 60, 4, 48


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features as wide as these."""
    monkeypatch.setattr(networks, "FEATURES", WIDTH)
    monkeypatch.setattr(networks, "HIDDEN", (32, 32))
    monkeypatch.setattr(attackers, "LONGER", 150)


def case(signal: float, *, control: bool = True) -> Case:
    random = np.random.default_rng(0)
    label = np.arange(PICTURES) % CLASSES
    centre = random.normal(size=(CLASSES, WIDTH))
    own = random.normal(size=(PICTURES, WIDTH)) + signal * centre[label]
    train, test = np.arange(0, 45), np.arange(45, PICTURES)
    x = np.repeat(own[train], TWINS, axis=0) + 0.3 * random.normal(size=(45 * TWINS, WIDTH))
    permuted = np.stack([random.permutation(label) for _ in range(12)])
    return Case(
        x.astype(np.float32), np.repeat(label[train], TWINS), np.repeat(train, TWINS),
        own[test].astype(np.float32), label[test], CLASSES,
        np.repeat(permuted[:, train], TWINS, axis=1), control, 0, "cpu",
    )  # fmt: skip


def test_all_of_them_find_what_is_there_and_a_planted_code_where_nothing_is() -> None:
    there, nothing = case(2.0), case(0.0)
    found, noise = answers(there), answers(nothing)
    right = (found["said"] == there.y_test).mean(axis=1)
    assert (right > 0.7).all(), dict(zip(attackers.ATTACKERS, right, strict=True))
    assert (found["inner"] > 0.7).all()
    assert (noise["inner"] < 0.5).all()
    assert (noise["planted"] == nothing.y_test).mean(axis=1).max() > 0.6
    assert (found["null"] == there.y_test).mean() < 0.4, "permuted labels teach nothing"
    again = answers(there)
    assert all(np.array_equal(found[name], again[name]) for name in found)


def test_without_a_control_nothing_is_planted() -> None:
    assert answers(case(1.0, control=False))["planted"].shape == (0, 15)


def test_the_dense_layers_average_their_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    own = case(1.0)
    fit = Fit(own.x, own.y, own.x_test, CLASSES, seed=3)
    (whole,) = Dense().scores([fit], device="cpu")
    assert np.allclose(np.exp(whole).sum(axis=1), 1, atol=1e-4)
    monkeypatch.setattr(attackers, "RESTARTS", 1)
    (alone,) = Dense().scores([fit], device="cpu")
    assert not np.allclose(whole, alone)
