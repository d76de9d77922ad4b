"""What every attacker must do by being registered, and what each one is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from core.attack import attack as attacking
from core.attack import forest, svm
from core.attack.attack import Finding, Known, Problem, attack
from core.attack.difference import references
from core.attack.fit import Fit, Stopping, Tuned
from core.attack.neural import HIDDEN, Neural
from core.attack.registry import ATTACKERS, BASELINES, PRINTED, SUITES, members
from core.attack.thresholds import offsets
from core.errors import EmbeddingsError
from core.split import inner_folds

PROBES = [name for name in ATTACKERS if name not in BASELINES]


@pytest.fixture(autouse=True)
def few_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.attack.neural.LONGEST", 30)
    monkeypatch.setattr("core.attack.boosting.ROUNDS", 15)
    monkeypatch.setattr("core.attack.perceptron.EPOCHS", 12)
    monkeypatch.setattr("core.attack.perceptron.Softmax.epochs", 30)


def clouds(
    people: int = 40, each: int = 3, d: int = 8, apart: float = 3.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, labels and people: three classes `apart` along axes, people far apart on others."""
    random = np.random.default_rng(seed)
    y = np.tile(np.arange(3), people * each // 3)
    owner = np.repeat(np.arange(people), each).astype(str)
    x = random.normal(size=(len(y), d)) + np.eye(3, d)[y] * apart
    return x.astype(np.float32), y, owner


def problem(
    apart: float = 3.0, seed: int = 0, d: int = 8, people: int = 40
) -> tuple[Problem, np.ndarray]:
    """A problem that tells every attacker what it needs."""
    x, y, owner = clouds(people, apart=apart, seed=seed, d=d)
    x_test, y_test, strangers = clouds(people=20, apart=apart, seed=seed + 100, d=d)
    other, other_y, others = clouds(people=30, apart=apart, seed=seed + 200, d=d)
    known = Known(
        reference=x[references(owner, seed=seed)],
        reference_test=x_test[references(strangers, seed=seed)],
        before=x,
        outside=(other, other_y, others),
    )
    return Problem(x, y, owner, x_test, 3, seed, "unit standard", known), y_test


def asked_about(asked: Problem, rows: np.ndarray) -> Problem:
    """The same problem with other strangers: the `rows` of its own, in that order."""
    assert asked.known.reference_test is not None
    known = replace(asked.known, reference_test=asked.known.reference_test[rows])
    return replace(asked, x_test=asked.x_test[rows], known=known)


def said(asked: Problem, name: str) -> Finding:
    return attack([asked], ATTACKERS[name], device="cpu")[0]


@pytest.mark.parametrize("name", PROBES)
def test_finds_what_is_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.attack.perceptron.Softmax.epochs", 150)
    asked, truth = problem(apart=5.0)
    found = attack([asked], ATTACKERS[name], device="cpu")[0]
    assert (found.predicted == truth).mean() > 0.85
    assert found.inner > 0.8
    assert found.scores.shape == (len(truth), 3)
    assert np.array_equal(found.predicted, found.scores.argmax(axis=1))


@pytest.mark.parametrize("name", PROBES)
def test_finds_nothing_in_shuffled_labels(name: str) -> None:
    hits, total = 0, 0
    for seed in range(4):
        asked, truth = problem(seed=seed)
        random = np.random.default_rng(seed)
        assert asked.known.outside is not None
        other, labels, others = asked.known.outside
        known = replace(asked.known, outside=(other, random.permutation(labels), others))
        blind = replace(asked, y=random.permutation(asked.y), known=known)
        found = attack([blind], ATTACKERS[name], device="cpu")[0]
        hits, total = hits + (found.predicted == truth).sum(), total + len(truth)
    # Four independent trials of 60 rows around 1/3: five standard deviations of their mean.
    assert abs(hits / total - 1 / 3) < 5 * np.sqrt(2 / 9 / 4 / 15)


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_the_same_seed_gives_the_same_bits(name: str) -> None:
    asked, _ = problem()
    first, again = said(asked, name), said(asked, name)
    assert np.array_equal(first.scores, again.scores)
    assert (first.inner, first.view) == (again.inner, again.view)


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_it_does_not_disturb_what_is_random_elsewhere(name: str) -> None:
    import torch

    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    said(problem()[0], name)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_what_is_said_of_a_stranger_does_not_depend_on_the_others(name: str) -> None:
    """A Problem has no test labels; and neither their order nor their company is looked at."""
    asked, _ = problem()
    first = said(asked, name)
    near = {"rtol": 1e-4, "atol": 1e-4}  # products of matrices round by their shape
    backwards = np.arange(len(asked.x_test))[::-1]
    assert np.allclose(said(asked_about(asked, backwards), name).scores, first.scores[::-1], **near)
    few = asked_about(asked, np.arange(5))
    few.x_test[3:] *= 100
    found = said(few, name)
    assert np.allclose(found.scores[:3], first.scores[:3], **near)
    assert (found.inner, found.view) == (first.inner, first.view)


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_a_batch_of_jobs_gives_what_each_job_gives(name: str) -> None:
    one, two = problem(seed=0)[0], problem(seed=1)[0]
    together = attack([one, two], ATTACKERS[name], device="cpu")
    for asked, found in zip((one, two), together, strict=True):
        assert np.allclose(found.scores, said(asked, name).scores, atol=1e-5)


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_a_class_missing_from_one_inner_fold_does_not_stop_it(name: str) -> None:
    asked, _ = problem()
    rare = np.zeros_like(asked.y)
    rare[:2], rare[4:6] = 1, 2  # two people each, and one picture of a class
    found = said(replace(asked, y=rare), name)
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_who_has_seen_one_class_says_that_one(name: str) -> None:
    asked, _ = problem()
    other, labels, others = asked.known.outside or ()
    known = replace(asked.known, outside=(other, labels * 0 + 1, others))
    found = said(replace(asked, y=asked.y * 0 + 1, known=known), name)
    assert np.isfinite(found.scores).all()
    assert set(found.predicted) == {1}


@pytest.mark.parametrize("name", list(ATTACKERS))
@pytest.mark.parametrize("people", [2, 4])
def test_few_people_do_not_stop_it(name: str, people: int) -> None:
    asked, truth = problem()
    own = np.arange(people * 3)
    assert asked.known.reference is not None
    known = replace(asked.known, reference=asked.known.reference[own], before=asked.x[own])
    few = replace(asked, x=asked.x[own], y=asked.y[own], people=asked.people[own], known=known)
    found = said(few, name)
    assert found.scores.shape == (len(truth), 3)
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("name", list(ATTACKERS))
@pytest.mark.parametrize("d", [1, 2, 4096])
def test_one_column_or_thousands_do_not_stop_it(name: str, d: int) -> None:
    asked, truth = problem(d=max(d, 3), apart=9.0, people=12)
    known = asked.known
    assert known.outside is not None
    parts = [known.reference, known.reference_test, known.before, known.outside[0]]
    cut = [part[:, :d] for part in parts if part is not None]
    known = Known(*cut[:3], (cut[3], *known.outside[1:]))
    found = said(replace(asked, x=asked.x[:, :d], x_test=asked.x_test[:, :d], known=known), name)
    assert found.scores.shape == (len(truth), 3)
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_half_precision_is_read_as_what_it_holds(name: str) -> None:
    asked, _ = problem()

    def cast(kind: type) -> Problem:
        known = asked.known
        assert known.outside is not None
        parts = (known.reference, known.reference_test, known.before, known.outside[0])
        half = [part.astype(np.float16).astype(kind) for part in parts if part is not None]
        told = Known(*half[:3], (half[3], *known.outside[1:]))
        x, x_test = (part.astype(np.float16).astype(kind) for part in (asked.x, asked.x_test))
        return replace(asked, x=x, x_test=x_test, known=told)

    assert np.allclose(
        said(cast(np.float16), name).scores, said(cast(np.float32), name).scores, atol=1e-2
    )


@pytest.mark.parametrize("name", list(ATTACKERS))
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_vectors_that_are_no_numbers_are_refused_before_the_attack(name: str, bad: float) -> None:
    asked, _ = problem()
    broken = asked.x.copy()
    broken[4, 2] = bad
    with pytest.raises(EmbeddingsError, match="1 of 120 vectors"):
        said(replace(asked, x=broken), name)
    with pytest.raises(EmbeddingsError, match="1 of 60 vectors"):
        said(replace(asked, x_test=broken[:60]), name)


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_what_it_is_given_is_left_as_it_was(name: str) -> None:
    asked, untouched = problem()[0], problem()[0]
    said(asked, name)
    for field in ("x", "y", "people", "x_test"):
        assert np.array_equal(getattr(asked, field), getattr(untouched, field))
    assert np.array_equal(asked.known.reference, untouched.known.reference)
    assert np.array_equal(asked.known.before, untouched.known.before)


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_constant_vectors_do_not_stop_it(name: str) -> None:
    asked, _ = problem()
    assert asked.known.outside is not None
    one = np.ones_like(asked.x)
    known = Known(one, one[:60], one, (one[:90], *asked.known.outside[1:]))
    flat = replace(asked, x=one, x_test=one[:60], view="unit shrunk", known=known)
    found = said(flat, name)
    assert np.isfinite(found.scores).all()
    assert found.inner <= 0.45


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_it_travels_to_another_process(name: str) -> None:
    import pickle

    asked, _ = problem()
    again = pickle.loads(pickle.dumps(ATTACKERS[name]))
    found = attack([asked], again, device="cpu")[0]
    assert np.array_equal(found.scores, said(asked, name).scores)


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
        first.weight.copy_(start[0][0])
        second.weight.copy_(start[2][0])
        for layer, bias in ((first, start[1]), (second, start[3])):
            layer.bias.copy_(bias[0, :, 0])
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


def test_the_network_learns_no_longer_than_its_patience_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Labels that mean nothing for the held-out rows are read no better later."""
    from core.attack import neural

    learnt: list[int] = []
    trained = neural.epochs_of

    def spy(*given: Any) -> Iterator[Any]:
        for epoch, parameters in trained(*given):
            learnt.append(epoch)
            yield epoch, parameters

    monkeypatch.setattr(neural, "epochs_of", spy)
    x, y, _ = clouds(apart=1.0)
    fit = Fit(x, y, x[:60], 3, 0)
    ((_, best),) = Neural().watched([fit], [np.roll(y[:60], 7)], device="cpu")
    # Two epochs more: the mean over five around the best is known no earlier.
    assert learnt[-1] == best + neural.PATIENCE + 2 < neural.LONGEST


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
    assert set(SUITES["papers"]) < set(SUITES["ladder"])


def test_a_papers_probe_is_as_printed_and_keeps_its_name() -> None:
    own = members("paper-thesis")["nn"]
    assert own.name == "nn"
    assert own is PRINTED["nn"]
    assert not isinstance(own, Stopping), "150 epochs, no early stopping"
    assert members("ladder")["nn"] is ATTACKERS["nn"]


def test_a_papers_probe_moves_no_threshold() -> None:
    """Scores as the probe gave them: the largest decides."""

    class Shy:
        name, version, views, folds = "shy", 1, ("stored standard",), 2

        def scores(self, fits: list[Fit], *, device: str) -> list[np.ndarray]:
            # The right order, and an offset that only a threshold would repair.
            return [fit.x_test[:, :3] + np.array([50.0, 0, 0]) for fit in fits]

    class Printed(Shy):
        variant = "as printed"

    asked, _ = problem(apart=4.0)
    assert set(attack([asked], Printed(), device="cpu")[0].predicted) == {0}
    assert len(set(attack([asked], Shy(), device="cpu")[0].predicted)) == 3


def test_a_tuned_attacker_takes_the_setting_that_reads_strangers_best() -> None:
    seen: list[tuple[float, ...]] = []

    class Knob:
        name, version, views, folds = "knob", 1, ("stored standard",), 2
        settings = ((0.0,), (1.0,), (-1.0,))

        def scores(self, fits: list[Fit], *, device: str) -> list[np.ndarray]:
            seen.extend(fit.setting for fit in fits)
            return [fit.x_test[:, :3] * fit.setting[0] for fit in fits]

    assert isinstance(Knob(), Tuned)
    asked, truth = problem(apart=4.0)
    found = attack([asked], Knob(), device="cpu")[0]
    assert seen == [(0.0,), (1.0,), (-1.0,)] * 2 + [(1.0,)]
    assert (found.predicted == truth).mean() > 0.9


@pytest.mark.parametrize("classes", [2, 3])
def test_machines_are_scikit_learns_whichever_way_they_are_fitted(
    classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole kernel and libsvm, or scikit-learn-intelex on rows; all rows at once or some."""
    x, y, _ = clouds(apart=1.5)
    x, y = x[y < classes], y[y < classes]
    machines = [svm.Machine(Fit(x, y, x[:50] * 0.9, classes, 0), *at) for at in ((1, 1), (3, 0.2))]
    expected = [
        SVC(C=one.price, gamma=one.gamma).fit(x, y).decision_function(one.fit.x_test)
        for one in machines
    ]
    assert machines[0].gamma == pytest.approx(1 / (x.shape[1] * x.var()), rel=1e-5)
    for rows, block, near in ((3000, 3000, 1e-3), (3000, 7, 1e-3), (0, 3000, 2e-2)):
        monkeypatch.setattr(svm, "PRECOMPUTED", rows)
        monkeypatch.setattr(svm, "BLOCK", block)
        for scores, values in zip(svm.scored(machines), expected, strict=True):
            assert scores.shape == (50, classes)
            told = scores if classes > 2 else scores[:, 1]
            assert np.allclose(told, values, atol=near)


def test_the_view_is_chosen_by_whole_forests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grown: list[tuple[int, int]] = []

    class Spy(RandomForestClassifier):
        def fit(self, x: np.ndarray, y: np.ndarray) -> RandomForestClassifier:
            grown.append((len(x), self.n_estimators))
            self.set_params(n_estimators=2, n_jobs=1)
            return super().fit(x, y)

    monkeypatch.setattr(forest, "estimator", lambda module, name: Spy)
    asked, _ = problem()
    assert said(asked, "rf").view in ("unit standard", "stored standard")
    assert grown == [(60, 100)] * 4 + [(120, 100)]
    grown.clear()
    assert said(replace(asked, view="stored standard"), "rf").view == "stored standard"
    assert grown == [(60, 100)] * 2 + [(120, 100)], "nothing to choose"


def test_a_forest_splits_at_more_places_the_more_rows_there_are() -> None:
    counts = [forest.bins(rows) for rows in (10, 1024, 1104, 6400, 16_384, 1_000_000)]
    assert counts == [16, 16, 17, 100, 256, 256]


def test_without_its_fast_twin_the_forest_is_scikit_learns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, y, _ = clouds()
    fit = Fit(x, y, x[:20] * 0.9, 3, 0)
    fast = ATTACKERS["rf"].scores([fit], device="cpu")[0]
    monkeypatch.setattr(forest, "estimator", lambda module, name: RandomForestClassifier)
    slow = ATTACKERS["rf"].scores([fit], device="cpu")[0]
    oracle = RandomForestClassifier(100, random_state=0).fit(x, y)
    assert np.allclose(slow, oracle.predict_proba(fit.x_test), atol=1e-6)
    assert np.abs(fast - slow).mean() < 0.1
