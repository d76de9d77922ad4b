"""Verification figures: oracles from scikit-learn and scipy, slow twins, planted faults."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from sklearn.metrics import euclidean_distances, roc_auc_score, roc_curve

from core.measure import pairs as pairing
from core.measure import verification as measure
from core.measure.intervals import weights
from core.measure.pairs import (
    Compared,
    PairList,
    cosine,
    euclidean,
    identical,
    made,
    similarities,
    unit,
)


def faces(people: int, each: int, *, noise: float = 2.0, seed: int = 0) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), each)
    centre = random.normal(size=(people, 16))
    x = centre[person] + noise * random.normal(size=(len(person), 16))
    return x.astype(np.float32), person


def compare(x: np.ndarray, person: np.ndarray, rows: np.ndarray, fold: int = 0) -> Compared:
    found = made(rows, person[rows], fold=fold, seed=0)
    distance = 1 - similarities(unit(x), found)
    return Compared(distance, found.same, person[found.i], person[found.j], found.fold)


@pytest.fixture
def part() -> Compared:
    x, person = faces(14, 4)
    return compare(x, person, np.arange(len(x)))


def test_made_pairs_are_all_pairs_once() -> None:
    _, person = faces(5, 3)
    rows = np.array([1, 2, 4, 5, 9, 12])
    found = made(rows, person[rows], fold=3, seed=0)
    expected = {(a, b) for k, a in enumerate(rows) for b in rows[k + 1 :]}
    assert set(zip(found.i, found.j, strict=True)) == expected
    assert (found.same == (person[found.i] == person[found.j])).all()
    assert (found.fold == 3).all()
    assert found.possible == len(expected)


@pytest.mark.parametrize("cap", [30, 600])
def test_above_the_cap_pairs_are_a_sample_of_each_kind(cap: int) -> None:
    _, person = faces(30, 5)
    rows = np.arange(len(person))
    found = made(rows, person, fold=0, seed=4, cap=cap)
    assert found.possible == 150 * 149 // 2
    assert (found.same == (person[found.i] == person[found.j])).all()
    assert (found.i != found.j).all()
    assert len(set(zip(found.i, found.j, strict=True))) == len(found.i)
    assert found.same.sum() == 300 if cap > 300 else 0.85 * cap <= found.same.sum() <= cap
    assert 0.9 * cap <= (~found.same).sum() <= cap
    again = made(rows, person, fold=0, seed=4, cap=cap)
    np.testing.assert_array_equal(again.i, found.i)
    other = made(rows, person, fold=0, seed=5, cap=cap)
    assert not np.array_equal(other.i, found.i)


def test_similarities_by_product_and_by_gathering_agree_with_scikit_learn() -> None:
    x, person = faces(12, 4)
    rows = np.arange(len(x))
    everything = made(rows, person, fold=0, seed=0)
    few = PairList(*(getattr(everything, n)[::40] for n in ("i", "j", "same", "fold")), possible=0)
    distances = euclidean_distances(unit(x))
    for chosen in (everything, few):
        found = similarities(unit(x), chosen, block=64)
        np.testing.assert_allclose(euclidean(found), distances[chosen.i, chosen.j], atol=1e-6)


def test_euclidean_and_cosine_order_pairs_alike() -> None:
    x, person = faces(12, 4)
    rows = np.arange(len(x))
    found = made(rows, person, fold=0, seed=0)
    far = euclidean_distances(unit(x))[found.i, found.j]
    alike = similarities(unit(x), found)
    one = measure.curve(np.round(far, 8), found.same)
    other = measure.curve(1 - alike, found.same)
    np.testing.assert_allclose(one[1:], other[1:])


def test_curve_area_and_equal_error_agree_with_scikit_learn(part: Compared) -> None:
    coarse = np.round(part.distance, 1)  # many ties
    for distance in (part.distance, coarse):
        _, far, tar = measure.curve(distance, part.same)
        expected = roc_curve(part.same, -distance, drop_intermediate=False)
        np.testing.assert_allclose(far, expected[0])
        np.testing.assert_allclose(tar, expected[1])
        area = roc_auc_score(part.same, -distance)
        assert measure.area(far, tar) == pytest.approx(area)
        line = interp1d(far, tar)
        crossing = brentq(lambda f, line=line: 1 - f - line(f), 0.0, 1.0)
        assert measure.equal_error(far, tar) == pytest.approx(crossing, abs=0.02)


def test_equal_error_is_where_both_errors_meet() -> None:
    same = np.array([1, 1, 0, 1, 0, 0, 1, 0]) == 1
    distance = np.arange(8.0)
    _, far, tar = measure.curve(distance, same)
    assert measure.equal_error(far, tar) == pytest.approx(0.25)
    assert measure.equal_error(*measure.curve(distance, distance < 4)[1:]) == 0.0
    assert measure.equal_error(*measure.curve(distance, distance >= 4)[1:]) == 1.0


def test_tar_at_far_counts_no_more_impostors_than_allowed() -> None:
    same = np.array([1, 0, 1, 0, 1, 0, 0, 0]) == 1
    _, far, tar = measure.curve(np.arange(8.0), same)
    assert measure.tar_at(far, tar, 0.0) == pytest.approx(1 / 3)
    assert measure.tar_at(far, tar, 0.2) == pytest.approx(2 / 3)
    assert measure.tar_at(far, tar, 0.39) == pytest.approx(2 / 3)
    assert measure.tar_at(far, tar, 0.4) == 1.0


def test_ten_impostor_pairs_must_lie_beyond_a_threshold() -> None:
    assert measure.enough(0.01, 1000)
    assert not measure.enough(0.01, 999)
    assert measure.enough(1e-4, 100_000)
    assert not measure.enough(1e-4, 99_999)


def piled(part: Compared, counts: np.ndarray) -> np.ndarray:
    """How often each pair is in a resample that holds person p `counts[p]` times."""
    return np.where(part.same, counts[part.a], counts[part.a] * counts[part.b]).astype(int)


def test_resampled_figures_equal_explicit_loops_over_resampled_people() -> None:
    x, person = faces(24, 3)
    parts = [compare(x, person, np.flatnonzero(person % 3 == k), fold=k) for k in range(3)]
    drawn = weights(24, resamples=25, seed=1)
    fars = (0.2, 0.05)
    values, samples = measure.ranked(parts, drawn, fars)
    told, retold = measure.accuracy(parts, drawn, balanced=True)
    for row in range(25):
        figures, shares = [], []
        for k, one in enumerate(parts):
            times = piled(one, drawn[row])
            distance, same = np.repeat(one.distance, times), np.repeat(one.same, times)
            if same.all() or not same.any():
                continue
            _, far, tar = measure.curve(distance, same)
            steps = [measure.tar_at(far, tar, f) for f in fars]
            figures.append([roc_auc_score(same, -distance), measure.equal_error(far, tar), *steps])
            threshold = slow_threshold([p for j, p in enumerate(parts) if j != k])
            right = (distance <= threshold) == same
            shares.append((right[same].mean() + right[~same].mean()) / 2)
        np.testing.assert_allclose(samples[row], np.mean(figures, axis=0))
        np.testing.assert_allclose(retold[row], np.mean(shares))
    plain = np.ones((1, 24), dtype=np.uint8)
    np.testing.assert_allclose(measure.ranked(parts, plain, fars)[1][0], values)
    np.testing.assert_allclose(measure.accuracy(parts, plain, balanced=True)[1][0], told)


def slow_threshold(others: list[Compared]) -> float:
    """The middle one of the best thresholds, by trying the gap above every distance."""
    distance = np.concatenate([one.distance for one in others])
    same = np.concatenate([one.same for one in others])
    levels = np.unique(distance)
    tried = [(low + high) / 2 for low, high in pairwise(levels)]
    told = [((distance <= t)[same].mean() + (distance > t)[~same].mean()) / 2 for t in tried]
    best = np.flatnonzero(np.array(told) >= max(told) - 1e-12)
    return tried[best[len(best) // 2]]


def test_the_threshold_never_comes_from_its_own_fold() -> None:
    """Fold 1's distances are shifted: its own threshold would be perfect, the other's is not."""
    same = np.tile([True, False], 20)
    distance = np.where(same, 0.0, 1.0)
    people = np.arange(40)
    first = Compared(distance, same, people, np.where(same, people, 0), np.zeros(40, int))
    moved = Compared(distance + 5, same, people, np.where(same, people, 0), np.ones(40, int))
    plain = np.ones((1, 40), dtype=np.uint8)
    assert measure.accuracy([first, moved], plain, balanced=False)[0] == 0.5
    assert measure.accuracy([first, first], plain, balanced=False)[0][0] is not None
    assert np.isnan(measure.accuracy([first], plain, balanced=False)[0])


def test_balanced_accuracy_of_pairs_is_not_bought_with_the_many_impostors() -> None:
    x, person = faces(40, 2, noise=50.0)
    parts = [compare(x, person, np.flatnonzero(person % 2 == k), fold=k) for k in range(2)]
    plain = np.ones((1, 40), dtype=np.uint8)
    assert measure.accuracy(parts, plain, balanced=False)[0][0] > 0.9
    assert measure.accuracy(parts, plain, balanced=True)[0][0] < 0.7


def test_linear_weights_of_impostors_are_near_the_products(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, person = faces(150, 3)
    parts = [compare(x, person, np.arange(len(x)))]
    drawn = weights(150, resamples=400, seed=2)
    exact = measure.ranked(parts, drawn, (0.01,))[1]
    monkeypatch.setattr(measure, "EXACT", 0)
    linear = measure.ranked(parts, drawn, (0.01,))[1]
    np.testing.assert_allclose(linear.std(axis=0), exact.std(axis=0), rtol=0.15)
    assert np.corrcoef(linear[:, 0], exact[:, 0])[0, 1] > 0.99


def test_bins_change_no_resample_much(monkeypatch: pytest.MonkeyPatch) -> None:
    x, person = faces(40, 4)
    parts = [compare(x, person, np.arange(len(x)))]
    drawn = weights(40, resamples=60, seed=2)
    binned = measure.ranked(parts, drawn, (0.01,))
    monkeypatch.setattr(measure, "BINS", 10**6)
    exact = measure.ranked(parts, drawn, (0.01,))
    np.testing.assert_array_equal(binned[0], exact[0])
    np.testing.assert_allclose(binned[1][:, :2], exact[1][:, :2], atol=0.004)
    np.testing.assert_allclose(binned[1][:, 2], exact[1][:, 2], atol=0.03)


def test_a_constant_representation_verifies_nobody() -> None:
    _, person = faces(20, 4)
    x = np.full((80, 16), 0.3, dtype=np.float32)
    parts = [compare(x, person, np.flatnonzero(person % 2 == k), fold=k) for k in range(2)]
    drawn = weights(20, resamples=50, seed=0)
    values, samples = measure.ranked(parts, drawn, (0.1,))
    np.testing.assert_allclose(values, [0.5, 0.5, 0.0])
    np.testing.assert_allclose(samples, np.tile([0.5, 0.5, 0.0], (50, 1)))
    assert measure.accuracy(parts, drawn, balanced=True)[0] == 0.5
    rows = [np.flatnonzero(person % 2 == k) for k in range(2)]
    (rate, _), probes = measure.rank1(unit(x), rows, person, np.arange(80), drawn)
    assert rate == pytest.approx(1 / 10)
    assert probes == 60
    assert len(np.unique(identical(x, person))) == 80


def test_rank1_against_explicit_search() -> None:
    x, person = faces(12, 4)
    order = np.random.default_rng(0).permutation(48)
    x, person = x[order], person[order]
    rows = [np.flatnonzero(person % 2 == k) for k in range(2)]
    drawn = weights(12, resamples=20, seed=3)
    (rate, samples), probes = measure.rank1(unit(x), rows, person, np.arange(48), drawn)
    hits: dict[int, list[bool]] = {who: [] for who in range(12)}
    for part in rows:
        gallery = {who: min(r for r in part if person[r] == who) for who in set(person[part])}
        for row in set(part) - set(gallery.values()):
            near = {who: cosine(unit(x)[[row]], unit(x)[[g]]) for who, g in gallery.items()}
            hits[person[row]].append(max(near, key=lambda who: near[who]) == person[row])
    assert probes == 36
    assert rate == pytest.approx(np.mean(np.concatenate(list(hits.values()))))
    for row in range(20):
        pile = [hit for who in range(12) for hit in hits[who] * int(drawn[row, who])]
        assert samples[row] == pytest.approx(np.mean(pile))


def test_identical_pictures_are_found_within_a_person_only() -> None:
    x, person = faces(6, 3)
    x[1] = 2 * x[0]  # the same direction, the same person
    x[9] = x[0]  # another person: no repeated picture
    picture = identical(x, person)
    assert len(np.unique(picture)) == 18
    x[9] = 1.0
    picture = identical(x, person)
    assert picture[0] == picture[1]
    assert len(np.unique(picture)) == 17


def test_a_zero_vector_is_far_from_everything() -> None:
    x = np.zeros((3, 4), dtype=np.float32)
    x[0, 0] = 5
    assert (cosine(unit(x), unit(x))[1:] == 0).all()
    assert pairing.euclidean(np.array([0.0, 1.0, -1.0])).tolist() == [np.sqrt(2), 0.0, 2.0]


def test_the_noise_of_a_product_is_no_difference() -> None:
    random = np.random.default_rng(0)
    one = unit(random.normal(size=(1, 64)).astype(np.float32))
    noisy = one * (1 + 1e-13 * random.normal(size=(50, 64)))
    assert len(np.unique(cosine(one, noisy))) == 1
    assert cosine(one, noisy)[0, 0] == 1.0
