"""f3 is the hidden layer of the probe that attacks, and learns from nobody but its own people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.attack.attack import Problem, attack, choose_view
from core.attack.hidden import hidden_layer
from core.attack.neural import Neural
from core.attack.views import see


@pytest.fixture(scope="module")
def problem() -> Problem:
    """40 people of four faces, a label that a direction shows; 30 strangers behind them."""
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(40), 4)
    y = np.tile([0, 1, 0, 1], 40)
    x = random.normal(size=(40, 10))[people] + random.normal(size=(160, 10))
    x[:, 0] += 3 * y
    x, strangers = x.astype(np.float32), random.normal(size=(30, 10)).astype(np.float32)
    return Problem(x, y, people, np.concatenate([x, strangers]), 2, 0, "")


def test_activations_are_those_of_a_dense_layer(problem: Problem) -> None:
    found = hidden_layer(problem, device="cpu")
    assert found.activations.shape == (190, 1024)
    assert found.activations.dtype == np.float32
    _, seen = see(found.view, problem.x, problem.x_test)
    for i in (0, 100, 189):
        slow = [
            max(0.0, sum(float(a) * float(b) for a, b in zip(seen[i], column, strict=True)) + c)
            for column, c in zip(found.weight.T, found.bias, strict=True)
        ]
        assert np.allclose(found.activations[i], slow, atol=1e-4)
    assert 0.05 < (found.activations > 0).mean() < 0.95


def test_it_is_the_probe_that_attacks(problem: Problem) -> None:
    """The view is the attackers', and what it learnt separates the classes of its own people."""
    found = hidden_layer(problem, device="cpu")
    assert found.view == choose_view(problem)
    finding = attack([replace(problem, view=found.view)], Neural(), device="cpu")[0]
    assert finding.view == found.view
    # A linear reading of f3 agrees with what the probe itself says of strangers.
    own, y = found.activations[:160].astype(float), problem.y * 2.0 - 1
    solved = np.linalg.solve(own.T @ own + 10 * np.eye(1024), own.T @ y)
    said = (found.activations @ solved > 0).astype(int)
    assert (said == finding.predicted).mean() > 0.9


def test_nothing_is_learnt_from_those_it_is_shown(problem: Problem) -> None:
    found = hidden_layer(problem, device="cpu")
    other = problem.x_test.copy()
    other[170] += 5
    moved = hidden_layer(replace(problem, x_test=other), device="cpu")
    assert np.array_equal(moved.weight, found.weight)
    changed = (moved.activations != found.activations).any(axis=1)
    assert list(np.flatnonzero(changed)) == [170]
    learnt = hidden_layer(replace(problem, y=1 - problem.y), device="cpu")
    assert not np.array_equal(learnt.weight, found.weight)


def test_people_of_one_class_give_a_layer_all_the_same(problem: Problem) -> None:
    found = hidden_layer(replace(problem, y=np.zeros_like(problem.y)), device="cpu")
    assert np.isfinite(found.activations).all()
