"""The flagship: what it guarantees, what its dial does, and whom its inner choice looks at."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from core.attack.least_squares import LeastSquares
from core.errors import ConfigError, NotEnoughData, SuppressorError
from core.progress import Progress
from core.suppress import blindfold_strength
from core.suppress.blindfold import Blindfold
from core.suppress.blindfold_path import Path, contrasts, fit_path, identity_axes
from core.suppress.blindfold_strength import Strengths, floor, separation, strengths
from core.suppress.suppressor import UNLABELLED, Label, Material, Suppressor

DIALS = (0.0, 0.3, 0.5, 0.8, 0.95, 1.0)


def people_with(
    seed: int, people: int = 60, d: int = 24, shots: int = 4, leak: float = 1.5
) -> Material:
    """People apart in the first half of the directions; two classes of expression apart in the
    second, a gender apart in one of the first."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), shots)
    mood = np.tile(np.arange(shots) % 2, people)
    gender = np.repeat(np.arange(people) % 2, shots)
    x = np.zeros((len(who), d))
    x[:, : d // 2] = random.normal(size=(people, d // 2))[who] * np.linspace(4, 2, d // 2)
    x[:, 0] += 8 * gender
    x[:, d // 2] += leak * mood
    x += random.normal(size=x.shape) * 0.5
    labels = (Label("mood", mood, ("calm", "glad")), Label("gender", gender, ("f", "m")))
    return Material(x.astype(np.float32), np.array([f"p{seed}-{i}" for i in who]), labels)


def fitted(material: Material, dial: float = 0.5, seed: int = 0) -> Suppressor:
    return Blindfold(dial=dial).fit(material, seed=seed, device="cpu", progress=Progress())


def one_label(material: Material, place: int) -> Material:
    return replace(material, labels=(material.labels[place],))


def class_gap(phi: np.ndarray, y: np.ndarray) -> float:
    """Largest difference of class means, in deviations of φ."""
    phi = phi.astype(np.float64)
    means = [phi[y == c].mean(axis=0) for c in np.unique(y[y >= 0])]
    return float(np.abs(np.ptp(means, axis=0)).max() / phi.std())


def read_by(phi: np.ndarray, y: np.ndarray, other: np.ndarray, truth: np.ndarray) -> float:
    """Balanced accuracy on `other` people of least squares fitted on φ of the first."""
    mean, deviation = phi.mean(axis=0), phi.std(axis=0) + 1e-9
    solver = LeastSquares((phi - mean) / deviation, (other - mean) / deviation, 0.03)
    said = solver.scores(y[None], 2)[0].argmax(axis=1)
    return float(np.mean([(said == truth)[truth == c].mean() for c in (0, 1)]))


@pytest.mark.parametrize("dial", [0.0, 0.5, 1.0])
def test_class_means_are_equal_on_the_own_people(dial: float) -> None:
    material = people_with(0)
    phi = fitted(material, dial).transform(material.x)
    for label in material.labels:
        assert class_gap(material.x, label.y) > 0.3
        assert class_gap(phi, label.y) < 1e-4


def test_deviations_from_a_persons_own_mean_are_equal_too() -> None:
    material = one_label(people_with(1), 0)
    y = material.labels[0].y.copy()
    y[::7] = UNLABELLED  # people now show their classes unevenly often
    material = replace(material, labels=(replace(material.labels[0], y=y),))
    phi = fitted(material).transform(material.x).astype(np.float64)
    known = y >= 0
    phi, y, people = phi[known], y[known], material.people[known]
    for person in np.unique(people):
        phi[people == person] -= phi[people == person].mean(axis=0)
    assert class_gap(phi, y) < 1e-4


def test_unlabelled_rows_are_no_class_and_still_tell_who_is_who() -> None:
    material = people_with(2)
    y = material.labels[1].y.copy()
    y[:40] = UNLABELLED
    hidden = replace(material, labels=(replace(material.labels[1], y=y),))
    own = fitted(hidden)
    assert own.facts["erased"] == 1
    assert class_gap(own.transform(hidden.x)[40:], y[40:]) < 1e-4
    without = Material(hidden.x[40:], hidden.people[40:], (replace(hidden.labels[0], y=y[40:]),))
    assert not np.allclose(fit_path(hidden, seed=0).factor, fit_path(without, seed=0).factor)


def test_at_full_rank_it_is_leace() -> None:
    """Oracle: distances after the map are those after the authors' own eraser."""
    torch = pytest.importorskip("torch")
    with _quiet():
        from concept_erasure import LeaceEraser
    random = np.random.default_rng(3)
    y = random.integers(3, size=300)
    z = random.normal(size=(300, 7)) @ random.normal(size=(7, 7)) + y[:, None]
    z -= z.mean(axis=0)
    hot = np.eye(3)[y]
    label = Label("label", y, ("a", "b", "c"))
    people = np.arange(300)
    factor = np.linalg.cholesky(z.T @ z / len(z))
    apart = contrasts(z, people, label)
    _, _, rows = np.linalg.svd(apart)
    path = Path(np.zeros(7), np.eye(7), factor, rows[:2], np.zeros((1, 7)))
    layer = path.map(path.longest)
    ours = layer(z)[:, :-1]
    options = {"svd_tol": 1e-6, "constrain_cov_trace": False, "shrinkage": False}
    eraser = LeaceEraser.fit(torch.from_numpy(z), torch.from_numpy(hot), **options)
    assert_allclose(_distances(ours), _distances(eraser(torch.from_numpy(z)).numpy()), atol=1e-4)


def _distances(x: np.ndarray) -> np.ndarray:
    return np.linalg.norm(x[:, None] - x[None], axis=2)


def _quiet() -> AbstractContextManager[object]:
    import warnings

    return warnings.catch_warnings(action="ignore")


def test_the_anchor_is_the_same_for_all_and_as_long_as_the_rest() -> None:
    material = people_with(4)
    path = fit_path(material, seed=0)
    phi = path.map(6)(material.x.astype(np.float64))
    assert np.ptp(phi[:, -1]) == 0
    # The covariance behind the anchor is shrunk: nearly, not exactly, that of these rows.
    assert_allclose(phi[0, -1], np.sqrt((phi[:, :-1] ** 2).sum(axis=1).mean()), rtol=0.05)


def test_rank_never_rises_with_the_dial() -> None:
    material = people_with(5)
    ranks = [fitted(material, dial).facts["rank"] for dial in DIALS]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] > ranks[-1]


def test_rank_never_rises_with_the_dial_whatever_was_measured() -> None:
    random = np.random.default_rng(6)
    for _ in range(200):
        found = Strengths(np.arange(1, 13), random.normal(3, 1, 12), random.uniform(0.5, 1, 12))
        places = [found.chosen(dial) for dial in np.linspace(0, 1, 21)]
        assert places == sorted(places, reverse=True)
        kept = found.separation[: places[10] + 1].max()
        assert kept >= floor(0.5) * found.separation.max()


def test_floor_keeps_all_at_0_and_nothing_at_1() -> None:
    assert (floor(0), floor(1)) == (1, 0)


@pytest.mark.parametrize("place", [0, 1])
def test_a_planted_leak_is_gone_for_strangers_and_identity_stays(place: int) -> None:
    own, attackers, test = (
        one_label(people_with(seed, people=150), place) for seed in (10, 11, 12)
    )
    y, truth = attackers.labels[0].y, test.labels[0].y
    assert read_by(attackers.x, y, test.x, truth) > 0.7
    fit = fitted(own, 0.5)
    phi, other = fit.transform(attackers.x), fit.transform(test.x)
    assert read_by(phi, y, other, truth) < 0.57
    assert separation(other, test.people) > 0.65 * separation(test.x, test.people)


def test_many_classes_at_once() -> None:
    material = people_with(13, shots=5)
    label = Label("mood", np.tile(np.arange(5), 60), tuple("abcde"))
    both = replace(material, labels=(label, material.labels[1]))
    fit = fitted(both)
    assert fit.facts["erased"] == 5
    assert class_gap(fit.transform(both.x), label.y) < 1e-4


def test_one_picture_a_person_is_enough() -> None:
    material = one_label(people_with(14, people=80), 1)
    single = Material(
        material.x[::4],
        material.people[::4],
        (replace(material.labels[0], y=material.labels[0].y[::4]),),
    )
    assert class_gap(fitted(single).transform(single.x), single.labels[0].y) < 1e-4


def test_wide_vectors_are_turned_first() -> None:
    material = one_label(people_with(15, people=30, d=600), 0)
    fit = fitted(material, 0)
    assert fit.chain.layers[0].weight.shape[0] == 600
    assert class_gap(fit.transform(material.x), material.labels[0].y) < 1e-4
    # With fewer rows than dimensions, what only strangers show is still kept in part.
    assert np.linalg.matrix_rank(fit.chain.layers[0].weight) > len(material.x)


def test_the_same_bits_twice() -> None:
    first, second = (fitted(people_with(16), seed=3) for _ in range(2))
    assert_array_equal(first.chain.layers[0].weight, second.chain.layers[0].weight)
    assert first.facts == second.facts


def test_half_precision_is_taken() -> None:
    material = people_with(17)
    half = replace(material, x=material.x.astype(np.float16))
    assert fitted(half).transform(half.x).dtype == np.float32


def test_inner_choice_judges_people_whom_the_path_has_not_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    material = people_with(18)
    looks: list[tuple[set[str], set[str]]] = []
    seen: dict[int, set[str]] = {}
    fit, look = blindfold_strength.fit_path, blindfold_strength._look

    def noted(part: Material, *, seed: int) -> Path:
        path = fit(part, seed=seed)
        seen[id(path)] = set(part.people)
        return path

    def watched(
        path: Path, held: Material, ranks: np.ndarray, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        looks.append((seen[id(path)], set(held.people)))
        return look(path, held, ranks, seed)

    monkeypatch.setattr(blindfold_strength, "fit_path", noted)
    monkeypatch.setattr(blindfold_strength, "_look", watched)
    strengths(material, fit_path(material, seed=0), folds=3, seed=0, progress=Progress())
    assert len(looks) == 3
    for own, held in looks:
        assert not own & held
    assert set.union(*(held for _, held in looks)) == set(material.people)


def test_identity_comes_first() -> None:
    material = people_with(19, people=400)
    axes = identity_axes(material.x - material.x.mean(axis=0), material.people)
    # The first axes read the first half of the directions, the last ones the other half.
    share = (axes[:12] ** 2).sum(axis=0) / (axes**2).sum(axis=0)
    assert share[:12].min() > 0.95
    assert share[12:].max() < 0.05


def test_of_two_directions_alike_in_identity_the_quiet_one_comes_first() -> None:
    random = np.random.default_rng(0)
    who = np.repeat(np.arange(200), 5)
    x = random.normal(size=(200, 2))[who] + random.normal(size=(1000, 2)) * (2.0, 0.1)
    first = identity_axes(x - x.mean(axis=0), who)[:, 0]
    assert abs(first[1]) > 10 * abs(first[0])


def test_forecast_is_what_resampled_people_show() -> None:
    """Slow twin: draw people anew, and measure how far the contrast moves."""
    material = one_label(people_with(20, people=80), 1)
    path = fit_path(material, seed=0)
    z = (material.x - path.mean) @ path.axes
    y = material.labels[0].y
    rows = z.reshape(80, 4, -1)
    sex = y[::4]
    random = np.random.default_rng(0)
    metric = np.linalg.inv((path.factor @ path.factor.T)[:8, :8])
    plain = rows[sex == 1].mean(axis=(0, 1)) - rows[sex == 0].mean(axis=(0, 1))
    moved = []
    for _ in range(1500):
        drawn = [random.choice(np.flatnonzero(sex == c), (sex == c).sum()) for c in (1, 0)]
        gap = rows[drawn[0]].mean(axis=(0, 1)) - rows[drawn[1]].mean(axis=(0, 1)) - plain
        moved.append(gap[:8] @ metric @ gap[:8])
    assert_allclose(path.wobble[0, 7], np.mean(moved), rtol=0.1)
    assert (np.diff(path.wobble[0]) >= 0).all()


def test_separation_by_hand() -> None:
    phi = np.array([[1.0, 0], [0.6, 0.8], [0, 1], [-1, 0]])
    people = np.array(["a", "a", "b", "b"])
    genuine, impostor = np.array([0.6, 0.0]), np.array([0.0, -1.0, 0.8, -0.6])
    wanted = (genuine.mean() - impostor.mean()) / np.sqrt((genuine.var() + impostor.var()) / 2)
    assert separation(phi, people) == pytest.approx(wanted)
    assert np.isnan(separation(phi, np.array(["a", "b", "c", "d"])))


def test_inner_attackers_read_what_is_there() -> None:
    material = people_with(21)
    y, x = material.labels[0].y, material.x
    assert blindfold_strength._read(x, material.people, y, 2, 0) > 0.85
    noise = np.random.default_rng(0).normal(size=x.shape)
    assert blindfold_strength._read(noise, material.people, y, 2, 0) < 0.65


def test_curves_hold_every_rank_that_was_looked_at() -> None:
    fit = fitted(people_with(22))
    assert {step.name for step in fit.training} == {"separation", "leakage"}
    assert fit.facts["rank"] in {step.step for step in fit.training}


@pytest.mark.parametrize("dial", [-0.1, 1.1, float("nan")])
def test_a_dial_out_of_range_is_refused(dial: float) -> None:
    with pytest.raises(ConfigError, match="dial"):
        Blindfold(dial=dial)


def test_too_few_folds_are_refused() -> None:
    with pytest.raises(ConfigError, match="folds"):
        Blindfold(folds=1)


def test_material_that_does_not_suffice_is_refused() -> None:
    material = one_label(people_with(23), 0)
    bad = material.x.copy()
    bad[3, 1] = np.nan
    with pytest.raises(SuppressorError, match="NaN"):
        fitted(replace(material, x=bad))
    with pytest.raises(NotEnoughData):
        fitted(
            Material(
                material.x[:8],
                material.people[:8],
                (replace(material.labels[0], y=material.labels[0].y[:8]),),
            )
        )
    alike = replace(material.labels[0], y=np.zeros(len(material.x), np.int64))
    with pytest.raises(NotEnoughData):
        fitted(replace(material, labels=(alike,)))


def test_erasing_all_dimensions_is_refused() -> None:
    material = one_label(people_with(24), 1)
    with pytest.raises(SuppressorError, match="leaves nothing"):
        fitted(replace(material, x=material.x[:, :1]))
