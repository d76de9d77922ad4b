"""Rates by group: equal to fairlearn's, paired by person, signed as the papers sign them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    equal_opportunity_difference,
    equalized_odds_difference,
    false_positive_rate,
    true_positive_rate,
)
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from core.measure.fairness import Decisions, Figure, Kind, figures, pair_name, paired
from core.measure.intervals import weights


def drawn(people: int, resamples: int = 200) -> np.ndarray:
    return weights(people, resamples=resamples, seed=0)


def some(seed: int, k: int = 2, repeats: int = 3, people: int = 40, each: int = 150) -> Decisions:
    """Random decisions about random people."""
    random = np.random.default_rng(seed)
    n = repeats * each
    owner = random.integers(k, size=people)
    person = random.integers(people, size=n)
    return Decisions(
        truth=random.random(n) < 0.5,
        decided=random.random(n) < 0.6,
        score=random.random(n).astype(np.float32),
        group=owner[person],
        names=tuple("abcd"[:k]),
        person=person,
        people=people,
        row=np.arange(n),
        repeat=np.repeat(np.arange(repeats), each),
        beside=(("colour", random.integers(2, size=n), ("red", "blue")),),
    )


def by_name(found: list[Figure]) -> dict[tuple[str, str], Figure]:
    assert len({(one.metric, one.group) for one in found}) == len(found)
    return {(one.metric, one.group): one for one in found}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("k", [2, 3])
def test_figures_are_the_means_of_what_fairlearn_says_of_each_repeat(seed: int, k: int) -> None:
    of = some(seed, k)
    found = by_name(figures(of, drawn(of.people)))
    frames, odds, tprs = [], [], []
    for repeat in range(3):
        own = of.repeat == repeat
        y, said, group = of.truth[own].astype(int), of.decided[own].astype(int), of.group[own]
        metrics = {
            "tpr": true_positive_rate, "fpr": false_positive_rate,
            "accuracy": accuracy_score, "balanced_accuracy": balanced_accuracy_score,
        }  # fmt: skip
        frames.append(MetricFrame(metrics=metrics, y_true=y, y_pred=said, sensitive_features=group))
        odds.append(equalized_odds_difference(y, said, sensitive_features=group))
        tprs.append(equal_opportunity_difference(y, said, sensitive_features=group))
    near = {"abs": 1e-12, "rel": 0}
    for metric in metrics:
        table = np.stack([one.by_group[metric].to_numpy(dtype=float) for one in frames])
        for g, name in enumerate(of.names):
            assert found[metric, name].value == pytest.approx(table[:, g].mean(), **near)
        if metric in ("tpr", "fpr"):
            named = "gap" if metric == "tpr" else "fpr"
            for a, b in of.pairs:
                pair = found[named, pair_name(of.names[a], of.names[b])]
                assert pair.value == pytest.approx((table[:, a] - table[:, b]).mean(), **near)
    assert found["odds", "all"].value == pytest.approx(np.mean(odds), **near)
    overall = np.mean([one.overall["accuracy"] for one in frames])
    assert found["accuracy", "all"].value == pytest.approx(overall, **near)
    if k > 2:
        assert found["gap", "worst"].value == pytest.approx(np.mean(tprs), **near)


def test_resamples_are_the_figures_of_people_drawn_that_often() -> None:
    """Slow twin: each person's rows are copied as often as the person is drawn."""
    of = some(1)
    counts = drawn(of.people, 3)
    found = by_name(figures(of, counts))
    for i, row in enumerate(counts):
        copies = np.repeat(np.arange(len(of.row)), row[of.person])
        again = replace(
            of, truth=of.truth[copies], decided=of.decided[copies], group=of.group[copies],
            person=of.person[copies], row=of.row[copies], repeat=of.repeat[copies],
            score=None, beside=(),
        )  # fmt: skip
        plain = by_name(figures(again, drawn(of.people, 2)))
        for name, one in plain.items():
            assert found[name].samples[i] == pytest.approx(one.value, abs=1e-12), name


def test_a_gap_is_positive_where_the_first_group_is_favoured() -> None:
    """Women's positives are all found, men's half: TPR F − TPR M = .5 (TPAMI, Table III)."""
    n = 80
    group = np.arange(n) % 2
    truth = np.ones(n, dtype=bool)
    truth[:20] = False
    decided = truth & ((group == 0) | (np.arange(n) % 4 == 1))
    of = Decisions(
        truth, decided, None, group, ("female", "male"), np.arange(n), n, np.arange(n),
        np.zeros(n, dtype=int),
    )  # fmt: skip
    found = by_name(figures(of, drawn(n)))
    assert found["gap", "female - male"].value == pytest.approx(0.5)
    assert found["gap", "female - male"].interval().low > 0
    assert found["tpr", "female"].value == 1
    turned = replace(of, group=1 - group, names=("male", "female"))
    assert by_name(figures(turned, drawn(n)))["gap", "male - female"].value == pytest.approx(-0.5)


def test_a_shift_is_paired_and_much_tighter_than_its_gaps() -> None:
    of = some(2)
    before = by_name(figures(of, drawn(of.people)))["gap", "a - b"]
    random = np.random.default_rng(5)
    flipped = of.decided ^ (random.random(len(of.row)) < 0.03)
    after = by_name(figures(replace(of, decided=flipped), drawn(of.people)))["gap", "a - b"]
    shift = paired(after, before, "shift")
    assert shift.value == pytest.approx(after.value - before.value)
    assert np.array_equal(shift.samples, after.samples - before.samples)
    assert shift.samples.std() < 0.5 * after.samples.std()
    same = paired(before, before, "shift")
    assert same.value == 0
    assert not same.samples.any()


def test_probabilities_that_come_true_are_calibrated_and_others_are_not() -> None:
    random = np.random.default_rng(0)
    of = some(3, people=4000, each=20_000, repeats=1)
    score = random.random(len(of.row))
    honest = replace(of, score=score, truth=random.random(len(score)) < score)
    found = by_name(figures(honest, drawn(of.people, 50)))
    assert found["calibration", "all"].value < 0.02
    # Everything is said .3 too high: that is the error.
    low = np.minimum(score, 0.7)
    moved = replace(honest, score=low + 0.3, truth=random.random(len(score)) < low)
    found = by_name(figures(moved, drawn(of.people, 50)))
    assert found["calibration", "all"].value == pytest.approx(0.3, abs=0.02)
    assert found["calibration", "a"].value == pytest.approx(0.3, abs=0.03)


def test_the_calibration_error_is_over_ten_bins_of_equal_mass() -> None:
    """Slow twin: sorted scores cut in ten, repeat by repeat."""
    of = some(6)
    found = by_name(figures(of, drawn(of.people)))
    assert of.score is not None
    for name, inside in (("all", of.group >= 0), ("a", of.group == 0), ("b", of.group == 1)):
        errors = []
        for repeat in range(3):
            own = np.flatnonzero(inside & (of.repeat == repeat))
            order = own[np.argsort(of.score[own], kind="stable")]
            place = np.arange(len(order)) * 10 // len(order)
            bins = [order[place == b] for b in range(10)]
            gaps = [len(b) * abs(of.score[b].mean() - of.truth[b].mean()) for b in bins]
            errors.append(sum(gaps) / len(own))
        assert found["calibration", name].value == pytest.approx(np.mean(errors), abs=1e-6)


def test_groups_that_two_labels_make_are_counted_as_they_are() -> None:
    of = some(4)
    found = by_name(figures(of, drawn(of.people)))
    codes = of.beside[0][1]
    for g, name in enumerate(of.names):
        for c, colour in enumerate(("red", "blue")):
            inside = (of.group == g) & (codes == c) & of.truth
            each = [of.decided[inside & (of.repeat == r)].mean() for r in range(3)]
            one = found["tpr", f"{name} & {colour}"]
            assert one.value == pytest.approx(np.mean(each))
            assert one.n == inside.sum()
            assert one.people == len(set(of.person[inside]))


def test_few_people_and_a_group_without_positives_are_told() -> None:
    of = some(5, people=18)
    assert by_name(figures(of, drawn(18)))["tpr", "a"].interval().status in (
        "few people", "not enough data",
    )  # fmt: skip
    of = some(5, people=120)
    never = replace(of, truth=of.truth & (of.group == 0))
    found = by_name(figures(never, drawn(of.people)))
    for name in (("tpr", "b"), ("gap", "a - b"), ("odds", "all")):
        one = found[name].interval()
        assert (one.value, one.low, one.status) == (None, None, "not enough data"), name
    assert found["fpr", "a - b"].interval().status == "ok"


def test_the_noise_of_resampling_is_taken_back_from_a_distance() -> None:
    """Resamples that lie above the figure, as noise makes them, tell of values below it."""
    above = np.linspace(0.2, 0.5, 400)
    found = Figure("odds", "all", 0.3, above, 100, 100, kind="distance").interval()
    assert found.low == pytest.approx(0.1, abs=0.02)
    assert found.high == pytest.approx(0.4, abs=0.02)
    plain = Figure("gap", "a - b", 0.3, above, 100, 100, kind="signed").interval()
    assert plain.high == pytest.approx(0.5, abs=0.02)


def test_a_distance_lies_within_its_interval() -> None:
    for seed in range(4):
        of = some(seed, 3)
        for one in figures(of, drawn(of.people)):
            found = one.interval()
            if one.kind == "distance" and found.value is not None:
                assert 0 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize("kind", ["signed", "distance"])
def test_a_gap_that_no_resample_moves_still_has_a_width(kind: Kind) -> None:
    """Rates of 1 may each be .74 with a dozen people: their gap is not proved to be 0."""
    alike = Figure("gap", "a - b", 0.0, np.zeros(500), 24, 12, kind)
    rate = Figure("tpr", "a", 1.0, np.ones(500), 12, 12)
    found, share = alike.interval(), rate.interval()
    assert found.high is not None
    assert share.low is not None
    assert found.high == pytest.approx(1 - share.low)
    assert found.low == (pytest.approx(share.low - 1) if kind == "signed" else 0)
    whole = Figure("gap", "a - b", 1.0, np.ones(500), 24, 12, kind).interval()
    assert whole.high == 1.0
    assert whole.low == pytest.approx(share.low)
