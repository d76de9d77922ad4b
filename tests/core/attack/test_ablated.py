"""Which numbers are removed, and what each is worth to the probe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.attack.ablated import (
    PROBE,
    effects,
    importance,
    kept_count,
    moved,
    places_of,
    random_order,
    ranked_order,
    refit,
)
from core.attack.attack import Problem, attack, choose_view
from core.attack.fit import Fit
from core.attack.views import see
from core.split import inner_folds


def problem(d: int = 8, *, people: int = 24, each: int = 6, seed: int = 0) -> Problem:
    """Two classes told apart by columns 0 (strongly) and 1 (weakly); column 2 is loud noise."""
    random = np.random.default_rng(seed)
    y = np.tile(np.arange(2), people * each // 2)
    x = random.normal(size=(people * each, d))
    x[:, 0] += 4 * y
    x[:, 1] += 1.5 * y
    x[:, 2] *= 20
    owner = np.repeat(np.arange(people), each)
    learn = owner < 2 * people // 3
    return Problem(
        x[learn].astype(np.float32), y[learn], owner[learn], x[~learn].astype(np.float32), 2,
        seed, "",
    )  # fmt: skip


@given(width=st.integers(1, 5000), removed=st.floats(0, 0.99))
def test_something_is_always_left_and_all_is_left_at_the_start(width: int, removed: float) -> None:
    left = kept_count(width, removed)
    assert 1 <= left <= width
    assert kept_count(width, 0) == width
    assert abs(left - (1 - removed) * width) <= 1


@given(width=st.integers(1, 300), repeat=st.integers(0, 20), seed=st.integers(0, 50))
def test_a_random_order_removes_each_number_once(width: int, repeat: int, seed: int) -> None:
    order = random_order(width, repeat, seed=seed)
    assert sorted(order) == list(range(width))
    assert (order == random_order(width, repeat, seed=seed)).all()


def test_repeats_and_seeds_draw_other_orders() -> None:
    orders = {tuple(random_order(64, r, seed=s)) for r in range(5) for s in range(3)}
    assert len(orders) == 15


def test_ranked_orders_are_each_others_reverse() -> None:
    worth = np.array([0.3, 0.1, 0.9, 0.5])
    assert list(ranked_order(worth, "most")) == [2, 3, 0, 1]
    assert list(ranked_order(worth, "least")) == [1, 0, 3, 2]


def test_importance_finds_what_carries_the_label_and_not_what_is_loud() -> None:
    worth = importance(problem(), "cpu")
    assert list(np.argsort(worth)[::-1][:2]) == [0, 1]
    assert worth[2] < worth[0] / 2


def test_importance_is_its_slow_twin() -> None:
    """One vector and one number at a time, each in a fit of its own: nothing is batched."""
    asked = problem(d=4, people=12, each=4)
    fit, held = inner_folds(asked.people, asked.y, folds=4, seed=0)[0]
    view = choose_view(asked)
    own, step = asked.x[fit], asked.x[fit].std(axis=0)
    seen, judged = see(view, own, asked.x[held])
    ((_, epochs),) = PROBE.watched(
        [Fit(seen, asked.y[fit], judged, 2, 0)], [asked.y[held]], device="cpu"
    )

    def said(vector: np.ndarray) -> np.ndarray:
        job = Fit(seen, asked.y[fit], see(view, own, vector[None])[1], 2, 0, epochs=epochs)
        (scores,) = PROBE.scores([job], device="cpu")
        return scores[0].astype(np.float64) - scores[0].mean()

    places = places_of(asked.x[held], seed=0)
    twin = np.zeros(4)
    for place in places:
        for number in range(4):
            for sign in (1, -1):
                other = place.copy()
                other[number] += np.float32(sign * step[number])
                twin[number] += np.linalg.norm(said(other) - said(place)) / (2 * len(places))
    assert importance(asked, "cpu") == pytest.approx(twin, rel=1e-3, abs=1e-5)


def test_the_effect_of_a_number_on_linear_scores_is_its_weight_times_its_step() -> None:
    """Oracle: centred linear scores W x move by |W_j| · step_j, wherever they are moved."""
    random = np.random.default_rng(0)
    weights, places = random.normal(size=(3, 5)), random.normal(size=(7, 5)).astype(np.float32)
    weights -= weights.mean(axis=0)
    step = np.array([1.0, 2.0, 0.5, 0.0, 3.0])
    scores = moved(places, step).astype(np.float64) @ weights.T
    found = effects(scores, len(places), 5)
    assert found == pytest.approx(np.linalg.norm(weights, axis=0) * step, abs=1e-5)


def test_wide_vectors_are_moved_in_fewer_places() -> None:
    assert len(places_of(np.zeros((40, 256), np.float32), seed=0)) == 16
    assert len(places_of(np.zeros((40, 1024), np.float32), seed=0)) == 4
    assert len(places_of(np.zeros((40, 4096), np.float32), seed=0)) == 1
    assert len(places_of(np.zeros((3, 8), np.float32), seed=0)) == 3


def test_one_class_learnt_gives_every_number_nothing() -> None:
    asked = problem()
    assert not importance(replace(asked, y=np.zeros_like(asked.y)), "cpu").any()


def test_a_refit_is_the_plain_attack() -> None:
    asked = problem()
    (ours,) = refit([asked], "cpu")
    (plain,) = attack([replace(asked, view=choose_view(asked))], PROBE, device="cpu")
    assert (ours.scores == plain.scores).all()
