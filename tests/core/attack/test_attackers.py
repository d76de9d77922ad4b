"""What every attacker must do by being registered, and what each one is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from core.attack import attack as attacking
from core.attack.attack import Problem, attack
from core.attack.fit import Fit
from core.attack.neural import HIDDEN, Neural
from core.attack.registry import ATTACKERS, BASELINES, SUITES
from core.attack.thresholds import offsets
from core.split import inner_folds

PROBES = [name for name in ATTACKERS if name not in BASELINES]


@pytest.fixture(autouse=True)
def few_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.attack.neural.LONGEST", 30)


def clouds(
    people: int = 40, each: int = 3, d: int = 8, apart: float = 3.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, labels and people: three classes `apart` along axes, people far apart on others."""
    random = np.random.default_rng(seed)
    y = np.tile(np.arange(3), people * each // 3)
    owner = np.repeat(np.arange(people), each).astype(str)
    x = random.normal(size=(len(y), d)) + np.eye(3, d)[y] * apart
    return x.astype(np.float32), y, owner


def problem(apart: float = 3.0, seed: int = 0) -> tuple[Problem, np.ndarray]:
    x, y, owner = clouds(apart=apart, seed=seed)
    x_test, y_test, _ = clouds(people=20, apart=apart, seed=seed + 100)
    return Problem(x, y, owner, x_test, 3, seed, "unit standard"), y_test


@pytest.mark.parametrize("name", PROBES)
def test_finds_what_is_there(name: str) -> None:
    asked, truth = problem(apart=4.0)
    found = attack([asked], ATTACKERS[name], device="cpu")[0]
    assert (found.predicted == truth).mean() > 0.85
    assert found.inner > 0.85
    assert found.scores.shape == (len(truth), 3)
    assert np.array_equal(found.predicted, found.scores.argmax(axis=1))


@pytest.mark.parametrize("name", PROBES)
def test_finds_nothing_in_shuffled_labels(name: str) -> None:
    hits, total = 0, 0
    for seed in range(4):
        asked, truth = problem(seed=seed)
        shuffled = np.random.default_rng(seed).permutation(asked.y)
        blind = Problem(asked.x, shuffled, asked.people, asked.x_test, 3, seed, "unit standard")
        found = attack([blind], ATTACKERS[name], device="cpu")[0]
        hits, total = hits + (found.predicted == truth).sum(), total + len(truth)
    # Four independent trials of 60 rows around 1/3: five standard deviations of their mean.
    assert abs(hits / total - 1 / 3) < 5 * np.sqrt(2 / 9 / 4 / 15)


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_never_looks_at_the_truth_of_the_test_part_and_is_reproducible(name: str) -> None:
    asked, _ = problem()
    first = attack([asked], ATTACKERS[name], device="cpu")[0]
    again = attack([asked], ATTACKERS[name], device="cpu")[0]
    assert np.array_equal(first.scores, again.scores)
    # A Problem has no test labels at all; and the inner figure does not move with the test part.
    other = Problem(asked.x, asked.y, asked.people, asked.x_test[:5] * 100, 3, 0, asked.view)
    assert attack([other], ATTACKERS[name], device="cpu")[0].inner == first.inner


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_a_batch_of_jobs_gives_what_each_job_gives(name: str) -> None:
    one, two = problem(seed=0)[0], problem(seed=1)[0]
    together = attack([one, two], ATTACKERS[name], device="cpu")
    for asked, found in zip((one, two), together, strict=True):
        alone = attack([asked], ATTACKERS[name], device="cpu")[0]
        assert np.allclose(found.scores, alone.scores, atol=1e-5)


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_a_class_missing_from_one_inner_fold_does_not_stop_it(name: str) -> None:
    x, y, owner = clouds(people=12, each=2)
    y[:] = 0
    y[:2], y[4:6] = 1, 2  # one person each
    found = attack(
        [Problem(x, y, owner, x[:4], 3, 0, "stored standard")], ATTACKERS[name], device="cpu"
    )[0]
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_constant_vectors_do_not_stop_it(name: str) -> None:
    asked, _ = problem()
    flat = Problem(
        np.ones_like(asked.x), asked.y, asked.people, asked.x_test * 0 + 1, 3, 0, "unit shrunk"
    )
    found = attack([flat], ATTACKERS[name], device="cpu")[0]
    assert np.isfinite(found.scores).all()
    assert found.inner <= 0.45


def test_inner_folds_are_by_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe that remembers pictures would shine on inner folds by picture, not by person."""
    seen: list[bool] = []

    def spy(people: np.ndarray, y: np.ndarray, **named: int) -> list:
        folds = inner_folds(people, y, **named)
        seen.extend(not set(people[fit]) & set(people[held]) for fit, held in folds)
        return folds

    monkeypatch.setattr(attacking, "inner_folds", spy)
    attack([problem()[0]], ATTACKERS["logistic"], device="cpu")
    assert seen
    assert all(seen)


def test_logistic_and_svm_are_scikit_learns() -> None:
    x, y, _ = clouds(apart=1.5)
    fit = Fit(x, y, x[:50] * 0.9, 3, 0)
    oracle = LogisticRegression(C=1.0, max_iter=300).fit(x, y)
    ours = ATTACKERS["logistic"].scores([fit], device="cpu")[0]
    assert np.allclose(ours, oracle.predict_log_proba(fit.x_test), atol=2e-2)
    machine = SVC(C=1.0, kernel="rbf", gamma="scale").fit(x, y)
    ours = ATTACKERS["svm"].scores([fit], device="cpu")[0]
    assert (ours.argmax(1) == machine.decision_function(fit.x_test).argmax(1)).mean() > 0.97


def test_the_network_is_the_papers_network() -> None:
    """Against torch's own modules, trained by an explicit loop from the same start."""
    import torch

    from core.attack import neural

    x, y, _ = clouds(d=5, apart=2.0)
    fit = Fit(x, y, x[:20], 3, 7, epochs=12)
    ours = Neural().scores([fit], device="cpu")[0]
    start = neural._initial(1, 5, 3, 7, "cpu")
    first, second = torch.nn.Linear(5, HIDDEN), torch.nn.Linear(HIDDEN, 3)
    twin = torch.nn.Sequential(first, torch.nn.ReLU(), second)
    with torch.no_grad():
        first.weight.copy_(start[0][0].T)
        second.weight.copy_(start[2][0])
        for layer, bias in ((first, start[1]), (second, start[3])):
            layer.bias.copy_(bias[0, 0])
    optimiser = torch.optim.Adam(twin.parameters(), lr=1e-3)
    order = torch.Generator().manual_seed(7)
    inputs, truth = torch.from_numpy(x), torch.from_numpy(y)
    for _ in range(12):
        shuffled = torch.randperm(len(x), generator=order)
        for batch in shuffled.split(128):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(twin(inputs[batch]), truth[batch]).backward()
            optimiser.step()
    theirs = torch.log_softmax(twin(torch.from_numpy(fit.x_test)), 1).detach().numpy()
    assert np.allclose(ours, theirs, atol=1e-3)


def test_jobs_of_unlike_length_do_not_feel_each_other() -> None:
    """The batched form that a graphics card uses, against one job alone."""
    from core.attack import neural

    x, y, _ = clouds()
    long, short = Fit(x, y, x[:10], 3, 0), Fit(x[:60], y[:60], x[:10], 3, 0)
    batched = neural._last([long, short], "cpu")
    assert np.allclose(batched[0], neural._last([long], "cpu")[0], atol=1e-3)
    assert (batched[1].argmax(1) == neural._last([short], "cpu")[0].argmax(1)).mean() >= 0.9


def test_the_network_stops_at_its_best_epoch_and_scores_as_it_did_there() -> None:
    x, y, _ = clouds(apart=1.0)
    held = np.random.default_rng(1).permutation(len(x))[:60]
    fit = Fit(x, y, x[held], 3, 0)
    ((scores, epoch),) = Neural().watched([fit], [y[held]], device="cpu")
    again = Neural().scores([replace(fit, epochs=epoch)], device="cpu")[0]
    assert np.array_equal(scores, again)
    # Labels that mean nothing for the held-out rows are read no better later: it ends early.
    ((_, early),) = Neural().watched([fit], [np.roll(y[held], 7)], device="cpu")
    assert early >= 1


def test_the_peak_is_that_of_the_mean_over_five_epochs() -> None:
    from core.attack.neural import peak

    random = np.random.default_rng(0)
    for count in (1, 2, 3, 6, 20):
        values = random.random(count)
        slow = [values[max(i - 2, 0) : i + 3].mean() for i in range(count)]
        assert peak(values) == int(np.argmax(slow)) + 1
    assert peak([0.1, 0.1, 0.9, 0.1, 0.1, 0.5, 0.5, 0.5, 0.5, 0.5]) == 8, "a spike is noise"


def test_majority_is_the_most_frequent_class() -> None:
    fit = Fit(np.zeros((5, 2), np.float32), np.array([0, 1, 1, 2, 1]), np.zeros((3, 2)), 3, 0)
    assert ATTACKERS["majority"].scores([fit], device="cpu")[0].argmax(1).tolist() == [1, 1, 1]


def test_thresholds_repair_a_single_class_predictor() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 600)
    scores = random.normal(size=(600, 3)) + 1.5 * np.eye(3)[truth]
    shifted = scores + np.array([50.0, 0.0, 0.0])
    assert set(shifted.argmax(1)) == {0}
    repaired = (shifted + offsets(shifted, truth)).argmax(1)
    assert np.abs(np.bincount(repaired, minlength=3) - np.bincount(truth)).max() < 0.05 * 600
    assert (repaired == truth).mean() > (scores.argmax(1) == truth).mean() - 0.03


def test_suites_name_registered_attackers() -> None:
    assert all(name in ATTACKERS for suite in SUITES.values() for name in suite)
    assert all(attacker.name == name for name, attacker in ATTACKERS.items())
