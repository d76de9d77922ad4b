"""The synthetic target: made of known traits, apart from the set, with rates that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from core.faces import synthetic_target
from core.faces.synthetic import synthetic_faces, table
from core.faces.synthetic_target import UNKNOWN_PICTURE, chances, rates, target_of


def test_a_label_depends_on_the_id_alone_and_the_set_does_not_know_of_it() -> None:
    faces = synthetic_faces(people=20)
    ids = list(faces.table["id"])
    found = target_of(ids)
    assert np.array_equal(target_of(ids[::-1])[::-1], found)
    assert set(found) == {0, 1}
    assert synthetic_target.NAME not in faces.labels
    assert synthetic_target.NAME not in faces.table.columns


def test_pictures_of_another_set_have_no_label() -> None:
    assert list(target_of(["a.jpg", "demo-12-happy-0"])) == [UNKNOWN_PICTURE] * 2
    assert np.isnan(chances(["a.jpg"])).all()


def test_seeds_are_told_apart() -> None:
    here = [f"demo-{i:04d}-happy-0" for i in range(60)]
    there = [name.replace("demo", "demo.3") for name in here]
    assert not np.allclose(chances(here), chances(there))


def test_labels_come_true_as_often_as_their_chances_say() -> None:
    ids = list(table(people=200, shots=2)["id"])
    eta, y = chances(ids), target_of(ids)
    for low, high in ((0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)):
        inside = (eta >= low) & (eta < high)
        error = np.sqrt(0.25 / inside.sum())
        assert abs(y[inside].mean() - eta[inside].mean()) < 4 * error


def test_neither_gender_nor_expression_has_anything_to_do_with_it() -> None:
    sheet = table(people=240, expressions=("happy", "sad"))
    eta = chances(list(sheet["id"]))
    each = sheet.assign(eta=eta).groupby("subject_id")["eta"]
    assert (each.std() < 1e-12).all(), "all pictures of a person have one chance"
    genders = sheet.assign(eta=eta).drop_duplicates("subject_id").groupby("gender")["eta"]
    error = np.sqrt((genders.var() / genders.size()).sum())
    assert abs(genders.mean().diff().iloc[1]) < 3.5 * error


@pytest.mark.parametrize("share", [0.5, 0.7, 0.1])
def test_the_known_rates_are_those_of_the_best_decisions_on_drawn_people(share: float) -> None:
    """Slow twin: 1,500 people, each decided about by the posterior log-odds."""
    ids = [f"gallery-{i:04d}-happy-0" for i in range(1500)]
    eta = chances(ids)
    positive = eta.mean()
    odds = special.logit(eta) + np.log((1 - positive) / positive) + np.log(share / (1 - share))
    yes, found = odds >= 0, rates(share)
    assert found.tpr == pytest.approx((eta * yes).sum() / eta.sum(), abs=0.04)
    assert found.fpr == pytest.approx(((1 - eta) * yes).sum() / (1 - eta).sum(), abs=0.04)
    assert found.accuracy == pytest.approx((found.tpr + 1 - found.fpr) / 2)


def test_a_larger_share_of_the_positives_raises_both_rates() -> None:
    found = [rates(share) for share in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert np.all(np.diff([one.tpr for one in found]) > 0.05)
    assert np.all(np.diff([one.fpr for one in found]) > 0.05)
    assert max(one.accuracy for one in found) == found[2].accuracy
