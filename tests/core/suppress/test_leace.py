"""LEACE against its theorem (Belrose et al. 2023, theorems 3.1 and 4.3)."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from core.errors import NotEnoughData
from core.progress import Progress
from core.suppress.leace import Leace, one_hot
from core.suppress.suppressor import Label, Material, Suppressor
from tests.core.suppress.people import made


def fitted(material: Material) -> Suppressor:
    return Leace().fit(material, seed=0, device="cpu", progress=Progress())


@pytest.mark.parametrize(("people", "d"), [(60, 12), (12, 12), (10, 200)])
def test_nothing_linear_is_left(people: int, d: int) -> None:
    """The covariance with the one-hot classes is zero, so least squares cannot beat the mean."""
    material = made(people, d, labels=2)
    phi = fitted(material).transform(material.x).astype(np.float64)
    centred = phi - phi.mean(axis=0)
    for label in material.labels:
        z = one_hot(label) - one_hot(label).mean(axis=0)
        assert np.abs(centred.T @ z / len(z)).max() < 1e-5 * material.x.std()
        before = material.x - material.x.mean(axis=0)
        assert np.abs(before.T @ z / len(z)).max() > 0.1
    if people * 6 > d:
        told = centred @ np.linalg.lstsq(centred, z, rcond=1e-5)[0]
        assert np.square(z - told).mean() > (1 - 1e-6) * np.square(z).mean()


def test_only_the_directions_of_the_classes_go() -> None:
    material = made(60, 12)
    weight = fitted(material).chain.layers[0].weight  # type: ignore[union-attr]
    assert np.linalg.matrix_rank(np.eye(12) - weight, tol=1e-4) == 2
    assert np.allclose(weight @ weight, weight, atol=1e-4)  # a projection


def test_fewer_rows_than_dimensions_keep_their_mean() -> None:
    """Erasing inside the span of the rows leaves their mean where it was."""
    material = made(10, 100)
    phi = fitted(material).transform(material.x)
    assert np.allclose(phi.mean(axis=0), material.x.mean(axis=0), atol=1e-4)


def test_rows_without_a_label_are_left_out() -> None:
    material = made(30)
    y = material.labels[0].y.copy()
    y[::4] = -1
    own = fitted(Material(material.x, material.people, (Label("mood", y, ("a", "b", "c")),)))
    kept = y >= 0
    other = fitted(
        Material(
            material.x[kept], material.people[kept], (Label("mood", y[kept], ("a", "b", "c")),)
        )
    )
    assert np.array_equal(own.transform(material.x), other.transform(material.x))


def test_labels_that_nobody_has_both_of() -> None:
    material = made(30, labels=2)
    first, second = (label.y.copy() for label in material.labels)
    first[: len(first) // 2], second[len(second) // 2 :] = -1, -1
    labels = (Label("mood", first, ("a", "b", "c")), Label("side", second, ("l", "r")))
    found = fitted(Material(material.x, material.people, labels))
    phi = found.transform(material.x).astype(np.float64)
    for label in labels:
        rows = label.y >= 0
        z = (label.y[rows, None] == np.arange(label.k)).astype(float)
        covariance = (phi[rows] - phi[rows].mean(axis=0)).T @ (z - z.mean(axis=0)) / rows.sum()
        assert np.abs(covariance).max() < 1e-5, "each is erased on the rows that carry it"
    # Where most people carry both, the two are erased at once, with the least change.
    second[:] = material.labels[1].y
    assert fitted(Material(material.x, material.people, labels)).facts["directions"] == 3


def test_a_label_that_hardly_anybody_carries() -> None:
    material = made(30, labels=2)
    y = material.labels[1].y.copy()
    y[np.isin(material.people, np.unique(material.people)[5:])] = -1
    labels = (material.labels[0], Label("side", y, ("l", "r")))
    with pytest.raises(NotEnoughData, match="5 people carry the label 'side'"):
        fitted(Material(material.x, material.people, labels))


def test_the_library_is_silent() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted(made())
