"""What informed attackers find that others do not, and what they must not find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from core.attack.attack import Finding, Known, Problem, attack
from core.attack.difference import differences, references
from core.attack.null import null_scores, permutations
from core.attack.registry import ATTACKERS
from core.attack.views import see, unit
from core.split import inner_folds

PEOPLE, EACH = 90, 4


def said(asked: Problem, name: str) -> Finding:
    return attack([asked], ATTACKERS[name], device="cpu")[0]


def right(found: Finding, truth: np.ndarray) -> float:
    return float((found.predicted == truth).mean())


def offset_people(seed: int = 0, loud: float = 6.0, d: int = 6) -> tuple[np.ndarray, ...]:
    """A class that moves every vector by 2, among people who differ by `loud` in every way."""
    random = np.random.default_rng(seed)
    y = np.tile(np.arange(EACH) % 2, PEOPLE)
    people = np.repeat(np.arange(PEOPLE), EACH)
    x = random.normal(size=(len(y), d)) * 0.5
    x += np.repeat(random.normal(size=(PEOPLE, d)) * loud, EACH, axis=0)
    x[:, 0] += 2 * y
    return x.astype(np.float32), y, people.astype(str)


def halves(people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first = np.isin(people, np.unique(people)[: PEOPLE // 2])
    return np.flatnonzero(first), np.flatnonzero(~first)


def enrolled(x: np.ndarray, y: np.ndarray, people: np.ndarray) -> tuple[Problem, np.ndarray]:
    own, strangers = halves(people)
    where = references(people, seed=0)
    known = Known(reference=x[where[own]], reference_test=x[where[strangers]])
    return Problem(x[own], y[own], people[own], x[strangers], 2, 0, "", known), y[strangers]


def test_a_difference_sees_what_a_person_hides_from_single_vectors() -> None:
    asked, truth = enrolled(*offset_people())
    assert right(said(replace(asked, view="stored shrunk"), "logistic"), truth) < 0.65
    # The reference shows either class: of three cases two are told apart, the third is not.
    assert right(said(asked, "difference"), truth) > 0.75


def test_a_reference_is_drawn_by_seed_and_never_the_picture_itself() -> None:
    people = np.array(list("aabcccbd"))
    where = references(people, seed=3)
    for row, other in enumerate(where):
        if people[row] == "d":
            assert other == -1, "a single picture has no reference"
            continue
        assert other != row
        assert people[other] == people[row]
    for person in "abc":
        own = np.flatnonzero(people == person)
        assert len(set(where[own])) == 2, "one template, and one more for the template itself"
    assert np.array_equal(where, references(people, seed=3))
    drawn = {tuple(references(people, seed=seed)) for seed in range(20)}
    assert len(drawn) > 3


def test_references_do_not_lean_to_a_class() -> None:
    y = np.tile([0, 1, 1], 400)
    people = np.repeat(np.arange(400), 3)
    shown = np.concatenate([y[references(people, seed=seed)] for seed in range(10)])
    # Templates show each picture alike, and the template itself meets one of the others.
    assert shown.mean() == pytest.approx(2 / 3, abs=0.02)


def test_who_is_not_enrolled_is_read_against_the_mean() -> None:
    x = np.arange(12, dtype=np.float32).reshape(6, 2)
    nobody = np.full((1, 2), np.nan, np.float32)
    known = Known(np.concatenate([x[:3], nobody]), np.concatenate([nobody, x[:1]]))
    own, other = differences(
        Problem(x[:4], np.array([0, 1, 0, 1]), np.arange(4), x[4:], 2, 0, "", known)
    )
    assert np.array_equal(own[:3], np.zeros((3, 2)))
    assert np.array_equal(own[3], x[3] - x[:4].mean(0))
    assert np.array_equal(other, [x[4] - x[:4].mean(0), x[5] - x[0]])


def test_the_null_reads_differences_where_the_suite_does() -> None:
    """With true labels for permuted ones: the cheap attackers find what a difference shows."""
    x, y, people = offset_people()
    asked, truth = enrolled(x, y, people)
    own = y[halves(people)[0]]
    alone = null_scores(replace(asked, known=Known()), own[None])["scores"]
    both = null_scores(asked, own[None])["scores"]
    assert (alone[0].argmax(1) == truth).mean() < 0.65
    assert (both[0].argmax(1) == truth).mean() > 0.75


def test_the_null_without_references_is_the_null_of_before() -> None:
    """Bit by bit: what lies in stores keeps its meaning."""
    x, y, people = offset_people()
    asked, _ = enrolled(x, y, people)
    permuted = permutations(asked.y, asked.people, 3, seed=0)
    again = replace(asked, known=Known(before=asked.x))
    first = null_scores(replace(asked, known=Known()), permuted)
    second = null_scores(again, permuted)
    assert set(first) == set(second) == {"scores"}
    assert np.array_equal(first["scores"], second["scores"])


def test_the_null_of_differences_is_wider_than_chance_and_honest() -> None:
    """One more permutation, attacked in earnest, stays among those of the cheap attackers."""
    x, y, people = offset_people(loud=1.0)
    asked, truth = enrolled(x, y, people)
    strangers = people[halves(people)[1]]
    permuted = permutations(asked.y, asked.people, 40, seed=1)
    judged = permutations(truth, strangers, 40, seed=2)
    scores = null_scores(asked, permuted)["scores"]
    cheap = [(s.argmax(1) == t).mean() for s, t in zip(scores, judged, strict=True)]
    earnest = [
        right(said(replace(asked, y=permuted[i]), "difference"), judged[i]) for i in range(8)
    ]
    assert np.mean(cheap) == pytest.approx(0.5, abs=0.03)
    assert max(earnest) < np.mean(cheap) + 4 * np.std(cheap)


def squashed(seed: int = 0) -> tuple[Problem, np.ndarray]:
    """φ can be undone, and a linear probe reads little: x₁ is hidden behind a wave of x₀."""
    random = np.random.default_rng(seed)
    y = np.tile([0, 1], 300)
    x = random.normal(size=(600, 4)).astype(np.float32)
    x[:, 1] = (2 * y - 1) + 0.3 * random.normal(size=600)
    phi = x.copy()
    phi[:, 1] += 6 * np.sin(2 * x[:, 0])
    people = np.repeat(np.arange(200), 3).astype(str)
    own, strangers = np.arange(450), np.arange(450, 600)
    known = Known(before=x[own])
    return Problem(phi[own], y[own], people[own], phi[strangers], 2, 0, "", known), y[strangers]


def test_an_inverse_brings_back_what_an_invertible_squash_hides() -> None:
    asked, truth = squashed()
    linear = right(said(replace(asked, view="stored whitened"), "logistic"), truth)
    found = right(said(asked, "inverse"), truth)
    assert linear < 0.7
    assert found > 0.8


def test_an_inverse_cannot_bring_back_what_is_gone() -> None:
    asked, truth = squashed()
    gone = replace(asked, x=asked.x[:, [0, 2, 3]], x_test=asked.x_test[:, [0, 2, 3]])
    assert abs(right(said(gone, "inverse"), truth) - 0.5) < 0.17  # four deviations of 150 coins


def test_own_people_are_rebuilt_by_maps_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def spy(people: np.ndarray, y: np.ndarray, **named: int) -> list:
        folds = inner_folds(people, y, **named)
        seen.extend(not set(people[fit]) & set(people[held]) for fit, held in folds)
        return folds

    monkeypatch.setattr("core.attack.inverse.inner_folds", spy)
    asked, _ = squashed()
    rebuilt = ATTACKERS["inverse"].prepared(asked)
    assert seen
    assert all(seen)
    assert rebuilt.x.shape == asked.known.before.shape
    error = ((rebuilt.x - see("stored standard", asked.known.before)[0]) ** 2).mean()
    assert 1e-4 < error < 1, "better than the mean, and no copy"


def test_similarity_finds_a_class_that_moves_scores_and_no_other() -> None:
    random = np.random.default_rng(0)
    y = np.tile([0, 1], 150)
    people = np.repeat(np.arange(100), 3).astype(str)
    turned = random.normal(size=(300, 5)).astype(np.float32)
    turned[:, 0] += 3 * y
    longer = (unit(random.normal(size=(300, 5))) * (1 + 2 * y[:, None])).astype(np.float32)
    for x, there in ((turned, True), (longer, False)):
        asked = Problem(x[:200], y[:200], people[:200], x[200:], 2, 0, "stored standard")
        found = right(said(asked, "similarity"), y[200:])
        assert found > 0.8 if there else abs(found - 0.5) < 0.2
    # The length alone gives that class away to whoever sees the vectors.
    seen = replace(asked, x=np.linalg.norm(longer[:200], axis=1, keepdims=True).astype(np.float32))
    seen = replace(seen, x_test=np.linalg.norm(longer[200:], axis=1, keepdims=True))
    assert right(said(seen, "logistic"), y[200:]) > 0.9


def test_nobody_meets_an_own_picture_in_the_gallery() -> None:
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(20), 3).astype(str)
    x = random.normal(size=(60, 4)).astype(np.float32)
    asked = Problem(x, np.arange(60) % 2, people, x[:5], 2, 0, "")
    told = ATTACKERS["similarity"].prepared(asked)
    assert told.x.shape == (60, 60)
    cosines = unit(x) @ unit(x).T
    for row in range(60):
        for column in range(60):
            if people[row] != people[column]:
                assert told.x[row, column] == pytest.approx(cosines[row, column], abs=1e-6)
            else:
                others = people != people[column]
                assert told.x[row, column] == pytest.approx(
                    cosines[others, column].mean(), abs=1e-6
                )
    assert np.allclose(told.x_test, cosines[:5], atol=1e-6)


def test_outside_finds_a_direction_that_two_sets_share() -> None:
    x, y, people = offset_people(loud=0.5)
    own, strangers = halves(people)
    other, other_y, others = offset_people(seed=9, loud=0.5)
    known = Known(outside=(other, other_y, others))
    asked = Problem(x[own], y[own], people[own], x[strangers], 2, 0, "", known)
    assert right(said(asked, "outside"), y[strangers]) > 0.8
    # It learns from the other set alone: with that one's labels exchanged it says the opposite,
    # and knows so, since its own people are whom it is judged on.
    exchanged = replace(asked, known=Known(outside=(other, 1 - other_y, others)))
    found = said(exchanged, "outside")
    assert right(found, y[strangers]) < 0.5
    assert found.inner < 0.5


def test_outside_is_logistic_regression_on_the_other_set() -> None:
    x, y, people = offset_people(loud=0.5)
    own, strangers = halves(people)
    other, other_y, others = offset_people(seed=9, loud=0.5)
    known = Known(outside=(other, other_y, others))
    asked = Problem(x[own], y[own], people[own], x[strangers], 2, 0, "", known)
    told = replace(ATTACKERS["outside"].prepared(asked), view="stored standard")
    found = said(told, "logistic")
    mean, deviation = other.mean(0), other.std(0)
    twin = LogisticRegression(C=1.0, max_iter=300).fit((other - mean) / deviation, other_y)
    theirs = twin.decision_function((x[strangers] - mean) / deviation)
    ours = found.scores[:, 1] - found.scores[:, 0]
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9999
