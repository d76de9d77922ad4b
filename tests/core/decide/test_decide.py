"""Classifiers that decide, and what can be done to them: properties, twins and oracles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from sklearn.svm import SVC

from core.decide import dense, reweighting, svm, threshold
from core.decide.dense import cross_entropy
from core.decide.fit import Job, seen
from core.decide.registry import CLASSIFIERS
from core.decide.svm import Machine


def job(seed: int = 0, n: int = 300, d: int = 12, shift: float = 2.0) -> Job:
    """Rows whose first number tells the target, learnt from, held out and decided about."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = random.normal(size=(n, d)).astype(np.float32)
    x[:, 0] += shift * (y - 0.5)
    rows = random.permutation(n)
    third = n // 3
    parts = rows[:third], rows[third : third + 60], rows[third + 60 :]
    return Job(x, y, *parts, np.ones(third, dtype=np.float32), seed)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_decides_better_than_chance_and_the_same_twice(name: str) -> None:
    one = job(shift=4.0)
    found = CLASSIFIERS[name].decide([one], device="cpu")[0]
    right = (found.wanted >= 0.5) == (one.y[one.wanted] == 1)
    assert right.mean() > 0.8
    assert found.held.shape == (len(one.held),)
    assert ((found.wanted >= 0) & (found.wanted <= 1)).all()
    again = CLASSIFIERS[name].decide([one], device="cpu")[0]
    assert np.array_equal(found.wanted, again.wanted)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_weights_that_take_rows_out_are_as_good_as_leaving_them_out(name: str) -> None:
    """Rows of weight 0 with wrong labels do no harm."""
    one = job(shift=4.0)
    y = one.y.copy()
    wrong = np.arange(len(one.fit)) % 3 == 0
    y[one.fit[wrong]] = 1 - y[one.fit[wrong]]
    found = CLASSIFIERS[name].decide(
        [replace(one, y=y, weight=np.where(wrong, 0, 1).astype(np.float32))], device="cpu"
    )[0]
    assert ((found.wanted >= 0.5) == (one.y[one.wanted] == 1)).mean() > 0.8


def test_one_batch_trains_the_networks_that_each_would_be_alone() -> None:
    """What a graphics card does, on a processor: jobs of unlike length and seed, one batch."""
    first, second = job(0), job(1)
    fewer = replace(second, fit=second.fit[:70], weight=second.weight[:70])
    together = dense.trained([first, fewer], "cpu")
    for one, alone in zip(together, [dense.trained([own], "cpu")[0] for own in (first, fewer)],
                          strict=True):  # fmt: skip
        assert np.allclose(one.wanted, alone.wanted, atol=2e-3)
        assert abs(one.epochs - alone.epochs) <= 1


def test_the_gradient_is_that_of_a_sigmoid_and_its_cross_entropy() -> None:
    """Against automatic differentiation of one output unit."""
    one = replace(job(), weight=np.linspace(0.5, 1.5, 100).astype(np.float32))
    view = seen(one)[0]
    start = dense._initial([one], view.shape[1], "cpu")
    w, b, v, c = (tensor.detach().clone()[0].requires_grad_() for tensor in start)
    logits = v[1] @ torch.relu(w @ torch.from_numpy(view).T + b) + c[1, 0]
    truth = torch.from_numpy(one.y[one.fit]).float()
    weight = torch.from_numpy(one.weight)
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    ((each * weight).sum() / weight.sum()).backward()
    grads = [torch.zeros_like(tensor) for tensor in start]
    for tensor, grad in zip(start, grads, strict=True):
        tensor.grad = grad
    batch = (one_ for one_ in dense._padded([one], [view], "cpu"))
    dense.gradients(start, *batch)
    for mine, theirs in zip(grads, (w.grad, b.grad, v.grad, c.grad), strict=True):
        assert theirs is not None
        own = mine[0]
        if len(own) == 2:  # of the second layer one unit is the sigmoid's
            own, theirs = own[1], theirs[1]
        assert torch.allclose(own, theirs, atol=1e-6)


def test_the_first_logit_stays_zero_which_is_what_makes_a_sigmoid() -> None:
    one = job()
    for epoch, parameters in dense._epochs([one], [seen(one)[0]], "cpu"):
        assert (parameters[2][:, 0] == 0).all()
        assert (parameters[3][:, 0] == 0).all()
        assert (parameters[2][:, 1] != 0).all()
        if epoch == 3:
            break


def test_training_stops_where_held_out_people_are_read_best() -> None:
    one = job(2, n=600)
    found = dense.trained([one], "cpu")[0]
    assert found.epochs >= 1
    best = cross_entropy(one.y[one.held], found.held)
    views = [seen(one)[0]]
    held = torch.from_numpy(seen(one)[1])
    losses = []
    for epoch, parameters in dense._epochs([one], views, "cpu"):
        losses.append(cross_entropy(one.y[one.held], dense._probabilities(parameters, 0, held)))
        if epoch >= found.epochs + 5:
            break
    assert best == pytest.approx(min(losses))
    assert int(np.argmin(losses)) + 1 == found.epochs


def test_the_cross_entropy_is_scikit_learns() -> None:
    random = np.random.default_rng(0)
    y, said = random.integers(2, size=50), random.random(50).astype(np.float32)
    assert cross_entropy(y, said) == pytest.approx(log_loss(y, said.astype(float)), abs=1e-6)


def test_the_machine_decides_as_scikit_learns_does_whatever_its_probability() -> None:
    one = job(3, shift=1.0)
    fit, _, wanted = seen(one)
    model = SVC(C=1.0, kernel="rbf", gamma="scale").fit(fit, one.y[one.fit])
    found = Machine().decide([one], device="cpu")[0]
    assert np.array_equal(found.wanted >= 0.5, model.predict(wanted) == 1)
    assert len(np.unique(found.wanted)) > 0.95 * len(wanted), "no probability had to be moved"
    assert svm.steepness(np.array([1.0, 2.0]), np.array([1, 1])) == 1
    assert svm.steepness(np.array([1.0, -1.0] * 9), np.array([0, 1] * 9)) == 1


def test_what_is_seen_knows_neither_held_out_nor_wanted_rows() -> None:
    one = job()
    x = one.x.copy()
    x[one.wanted] += 100
    x[one.held] -= 50
    assert np.array_equal(seen(one)[0], seen(replace(one, x=x))[0])
    fit = seen(one)[0].astype(np.float64)
    assert np.allclose(fit.mean(axis=0), 0, atol=1e-6)
    assert np.mean(fit**2) == pytest.approx(1, abs=1e-5)


def test_reweighted_groups_and_targets_are_independent() -> None:
    """Kamiran and Calders (2012): in the weighted set P(group, target) = P(group) P(target)."""
    random = np.random.default_rng(0)
    group = random.integers(3, size=900)
    y = (random.random(900) < np.array([0.8, 0.4, 0.2])[group]).astype(int)
    weight = reweighting.weights(y, group).astype(np.float64)
    assert weight.mean() == pytest.approx(1, abs=1e-6)
    for g in range(3):
        own = weight * (group == g)
        assert (own * y).sum() / own.sum() == pytest.approx(y.mean(), abs=1e-6)
        assert own.sum() == pytest.approx((group == g).sum(), rel=1e-6)


def test_thresholds_of_each_group_bring_their_true_positive_rates_together() -> None:
    random = np.random.default_rng(0)
    n = 6000
    group = random.integers(2, size=n)
    # More is true of one group, so that equal shares of yes would be something else.
    y = (random.random(n) < np.where(group == 0, 0.7, 0.3)).astype(int)
    # The scores of one group are lower whatever is true.
    score = np.clip(0.5 + 0.25 * (y - 0.5) - 0.2 * group + 0.15 * random.normal(size=n), 0, 1)
    half = n // 2
    assert threshold.servable(y[:half], group[:half], group[half:])
    decided = threshold.equal_opportunity(
        score[:half], y[:half], group[:half], score[half:], group[half:], seed=0
    )
    own, truth = group[half:], y[half:] == 1

    def gap(said: np.ndarray) -> float:
        return float(said[truth & (own == 0)].mean() - said[truth & (own == 1)].mean())

    assert gap(score[half:] >= 0.5) > 0.3
    assert abs(gap(decided)) < 0.06
    assert not threshold.servable(y[:half], np.zeros(half), np.array([0, 1]))
