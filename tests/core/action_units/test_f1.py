"""F1 against scikit-learn's, what is undefined, and resamples that count people."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from core.action_units import f1
from core.measure.intervals import weights


def made(seed: int = 0, m: int = 200, k: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    present = (random.random((m, k)) < random.uniform(0.05, 0.6, k)).astype(np.float32)
    decided = np.where(random.random((m, k)) < 0.7, present == 1, random.random((m, k)) < 0.4)
    return decided, present, random.integers(20, size=m)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_scikit_learns(seed: int) -> None:
    decided, present, person = made(seed)
    found = f1.scores(f1.counts(decided, present, person, 20), np.ones((1, 20)))
    for value, average in (
        (found.units, None),
        (found.macro, "macro"),
        (found.weighted, "weighted"),
    ):
        expected = f1_score(present, decided, average=average, zero_division=0)
        np.testing.assert_allclose(value, expected, atol=1e-12)
    np.testing.assert_allclose(found.macro_samples, [found.macro])


def test_a_resample_is_the_same_as_repeating_people() -> None:
    decided, present, person = made(1)
    drawn = weights(20, resamples=6, seed=3)
    found = f1.scores(f1.counts(decided, present, person, 20), drawn)
    for place, times in enumerate(drawn):
        rows = np.concatenate([np.flatnonzero(person == p) for p in range(20)
                               for _ in range(times[p])])  # fmt: skip
        expected = f1_score(present[rows], decided[rows], average="weighted", zero_division=0)
        assert found.weighted_samples[place] == pytest.approx(expected)


def test_what_is_unknown_counts_neither_way() -> None:
    decided, present, person = made(2)
    hidden = present.copy()
    hidden[::3, 0] = np.nan
    found = f1.f1(f1.counts(decided, hidden, person, 20).total())
    known = ~np.isnan(hidden[:, 0])
    assert found[0] == pytest.approx(f1_score(present[known, 0], decided[known, 0]))


def test_a_unit_that_nobody_shows_has_no_figure_and_is_no_part_of_the_mean() -> None:
    decided, present, person = made(3)
    present[:, 2] = 0
    found = f1.scores(f1.counts(decided, present, person, 20), np.ones((1, 20)))
    assert np.isnan(found.units[2])
    rest = [0, 1, 3, 4, 5]
    expected = f1_score(present[:, rest], decided[:, rest], average="macro", zero_division=0)
    assert found.macro == pytest.approx(expected)


def test_yes_to_everything() -> None:
    decided, present, person = made(4)
    cells = f1.counts(decided, present, person, 20).total()
    expected = f1_score(present, np.ones_like(present), average=None)
    np.testing.assert_allclose(f1.yes(cells), expected)
