"""Figures of a map against slow twins."""

from __future__ import annotations

import numpy as np
import pytest

from core.measure.maps import agreement, silhouette, strangers, trustworthiness


def world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """60 places, 12 people of 2 to 8 faces, and a label that changes within them."""
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(12), [2, 8, 3, 7, 5, 5, 6, 4, 2, 8, 5, 5])
    places = random.normal(size=(12, 2))[people] + 0.3 * random.normal(size=(60, 2))
    return places, people, random.integers(0, 3, 60)


def test_strangers_are_those_of_a_loop() -> None:
    places, people, _ = world()
    found = strangers(places, people, 4)
    for i in range(60):
        far = np.linalg.norm(places - places[i], axis=1)
        others = [j for j in np.argsort(far) if people[j] != people[i]]
        assert list(found[i]) == others[:4]


def test_too_few_strangers_are_nobody() -> None:
    places = np.arange(8.0).reshape(4, 2)
    found = strangers(places, np.array(["a", "a", "a", "b"]), 3)
    assert [list(row) for row in found] == [[3, -1, -1]] * 3 + [[2, 1, 0]]
    assert (strangers(places, np.zeros(4), 2) == -1).all()
    assert np.isnan(agreement(strangers(places, np.zeros(4), 2), np.zeros(4)))


def test_agreement_is_a_share_and_identity_does_not_help_it() -> None:
    places, people, labels = world()
    near = strangers(places, people, 5)
    slow = np.mean([labels[j] == labels[i] for i in range(60) for j in near[i]])
    assert agreement(near, labels) == pytest.approx(slow)
    # A label that every person has alone: all own faces agree, no stranger does.
    assert agreement(near, people) == 0


def test_trustworthiness_is_that_of_the_equation() -> None:
    places, _, _ = world()
    random = np.random.default_rng(1)
    x, k, n = random.normal(size=(60, 6)), 7, 60
    rank = np.linalg.norm(x[:, None] - x[None], axis=2).argsort().argsort()
    lost = 0
    for i in range(n):
        near = np.argsort(np.linalg.norm(places - places[i], axis=1))[1 : k + 1]
        lost += sum(max(0, rank[i, j] - k) for j in near)
    wanted = 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * lost
    assert trustworthiness(x, places, k) == pytest.approx(wanted)
    assert trustworthiness(x, x[:, :6], k) == 1
    assert 0 <= trustworthiness(x[:12], places[:12]) <= 1, "15 of 12 cannot be asked"
    assert np.isnan(trustworthiness(x[:1], places[:1]))


def test_silhouette_is_that_of_a_loop() -> None:
    places, _, labels = world()
    far = np.linalg.norm(places[:, None] - places[None], axis=2)
    each = []
    for i in range(60):
        own = (labels == labels[i]) & (np.arange(60) != i)
        other = min(far[i, labels == c].mean() for c in set(labels) - {labels[i]})
        a = far[i, own].mean()
        each.append((other - a) / max(a, other))
    assert silhouette(places, labels) == pytest.approx(np.mean(each))
    assert np.isnan(silhouette(places, np.zeros(60)))
    assert np.isnan(silhouette(places, np.arange(60)))
