"""What is counted of an attack, and a peer that chooses as ours does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import attackers
from benchmarks.peers import chosen, probes
from core.attack import attack as attacking
from core.attack import forest, neural, svm
from core.attack.attack import Problem, attack
from core.attack.fit import Fit
from core.attack.registry import ATTACKERS


def problem(rows: int = 60, d: int = 5) -> tuple[Problem, np.ndarray]:
    """Three classes that lie apart, of people with three faces each; the truth of strangers."""
    random = np.random.default_rng(0)
    y = np.arange(2 * rows) % 3
    x = (random.normal(size=(2 * rows, d)) + 4 * np.eye(3, d)[y]).astype(np.float32)
    people = np.arange(rows) // 3
    return Problem(x[:rows], y[:rows], people, x[rows:], 3, 0, "stored standard"), y[rows:]


def test_products_and_looks_are_counted_and_nothing_stays_changed() -> None:
    before = svm.squares, forest.estimator, attacking.seen
    asked, _ = problem()
    with attackers.counted() as count, attackers.apart() as shared:
        svm.squares(np.zeros((7, 5)), np.zeros((11, 5)))
        assert count["products"] == 2 * 7 * 11 * 5
        ATTACKERS["rf"].scores([Fit(asked.x, asked.y, asked.x_test, 3, 0)], device="cpu")
        attack([asked], ATTACKERS["svm"], device="cpu")
    # Every tree looks at two of five columns of all of its rows at least once.
    assert count["looked"] >= forest.TREES * 60 * 2
    assert set(shared) == {"views", "thresholds"}
    assert before == (svm.squares, forest.estimator, attacking.seen)


def test_rows_are_sorted_and_add_up() -> None:
    told = list(attackers.lines({"svm": 1.0, "views": 0.5, "rf": 2.5}, {"svm": 0.25, "rf": 0.5}))
    assert told == [
        "| rf | 2.50 | 62% | 0.50 |",
        "| svm | 1.00 | 25% | 0.25 |",
        "| views | 0.50 | 12% |  |",
        "| **all** | 4.00 | | 0.75 |",
    ]


@pytest.mark.parametrize("name", probes.SUITE)
def test_a_peer_that_chooses_says_what_ours_says(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neural, "LONGEST", 12)
    asked, truth = problem()
    found = attack([asked], chosen.attackers()[name], device="cpu")[0]
    own = attack([asked], ATTACKERS[name], device="cpu")[0]
    assert (found.predicted == own.predicted).mean() > 0.9
    assert (found.predicted == truth).mean() > 0.85


def test_the_peers_network_stops_at_its_best_epoch_and_scores_as_it_did_there() -> None:
    asked, truth = problem()
    fit = Fit(asked.x, asked.y, asked.x_test, 3, 0)
    ((scores, epoch),) = chosen.Network().watched([fit], [truth], device="cpu")
    again = chosen.Network().scores([replace(fit, epochs=epoch)], device="cpu")[0]
    assert np.array_equal(scores, again)
