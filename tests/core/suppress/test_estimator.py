"""The scikit-learn transformer: its checks, and that it is the method it stands for."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from core.errors import SuppressorError
from core.progress import Progress
from core.suppress.estimator import SuppressorTransformer
from core.suppress.registry import METHODS, make_method
from core.suppress.suppressor import Label, Material
from tests.core.suppress.people import made

FLAT = "X has two columns and y three classes: erasing them leaves nothing, which is an error here"


def expected(estimator: Any) -> dict[str, str]:
    return {
        "check_estimators_overwrite_params": FLAT,
        "check_estimators_fit_returns_self": FLAT,
        "check_readonly_memmap_input": FLAT,
    }


@parametrize_with_checks(
    [SuppressorTransformer(), SuppressorTransformer("blindfold")],
    expected_failed_checks=expected,
)
@pytest.mark.filterwarnings("ignore:groups is missing")
def test_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


def given(people: int = 24) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Vectors, two columns of labels, and people."""
    material = made(people, labels=2)
    columns = {one.name: np.array(one.classes)[one.y] for one in material.labels}
    return material.x, pd.DataFrame(columns), material.people


@pytest.mark.parametrize("kind", sorted(METHODS))
def test_it_is_the_method_that_it_names(kind: str) -> None:
    x, y, people = given(9)
    own = SuppressorTransformer(kind, neutral={"mood": "calm"}).fit(x, y, groups=people)
    labels = tuple(
        Label(name, np.unique(y[name], return_inverse=True)[1], tuple(sorted(set(y[name]))), place)
        for name, place in (("mood", 0), ("side", None))
    )
    method = make_method({"kind": kind})
    fit = method.fit(Material(x, people, labels), seed=0, device="cpu", progress=Progress())
    assert np.array_equal(own.transform(x), fit.transform(x))
    assert len(own.get_feature_names_out()) == own.transform(x).shape[1]


def test_one_column_is_one_label_and_unknown_is_none() -> None:
    x, y, people = given()
    mood = y["mood"].to_numpy().astype(object)
    mood[:7] = "unknown"
    own = SuppressorTransformer().fit(x, mood, groups=people)
    known = SuppressorTransformer().fit(x[7:], mood[7:], groups=people[7:])
    assert np.allclose(own.transform(x), known.transform(x), atol=1e-6)


def test_settings_reach_the_method() -> None:
    x, y, people = given()
    own = [
        SuppressorTransformer("blindfold", settings={"dial": dial}).fit(x, y["mood"], groups=people)
        for dial in (0.0, 1.0)
    ]
    ranks = [one.suppressor_.facts["rank"] for one in own]
    assert ranks[0] > ranks[1]


def test_frames_come_out_where_they_are_asked_for() -> None:
    x, y, people = given()
    own = SuppressorTransformer().set_output(transform="pandas")
    frame = pd.DataFrame(x, columns=[f"e{i}" for i in range(x.shape[1])])
    phi = own.fit(frame, y["mood"], groups=people).transform(frame)
    assert isinstance(phi, pd.DataFrame)
    assert phi.columns[0] == "suppressortransformer0"
    assert list(own.feature_names_in_) == list(frame.columns)


def test_in_a_pipeline_with_a_search_by_group() -> None:
    x, y, people = given()
    steps = make_pipeline(SuppressorTransformer("blindfold"), LogisticRegression())
    search = GridSearchCV(
        steps,
        {"suppressortransformer__settings": [{"dial": 0.0}, {"dial": 1.0}]},
        cv=GroupKFold(3),
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="groups is missing")
        search.fit(x, y["mood"], groups=people)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_people_matter_to_what_keeps_identity() -> None:
    x, y, people = given()
    own = SuppressorTransformer("blindfold")
    with pytest.warns(UserWarning, match=r"groups is missing.*144 rows"):
        alone = clone(own).fit(x, y["mood"]).transform(x)
    together = clone(own).fit(x, y["mood"], groups=people).transform(x)
    assert alone.shape != together.shape or not np.allclose(alone, together, atol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SuppressorTransformer("leace").fit(x, y["mood"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "leice"}, "did you mean leace"),
        ({"kind": "leace", "settings": {"dial": 0.2}}, "none at all"),
        ({"kind": "lntl", "settings": {"mode": "tail"}}, "mode adapter"),
    ],
)
@pytest.mark.filterwarnings("ignore:groups is missing")
def test_what_does_not_serve_is_a_value_error(settings: dict[str, Any], message: str) -> None:
    x, y, people = given()
    with pytest.raises(ValueError, match=message):
        SuppressorTransformer(**settings).fit(x, y["mood"], groups=people)


def test_lengths_must_agree() -> None:
    x, y, people = given()
    for labels, groups in ((y["mood"][1:], people), (y["mood"], people[1:])):
        with pytest.raises(ValueError, match="144 rows"):
            SuppressorTransformer().fit(x, labels, groups=groups)


def test_a_width_that_was_not_fitted_is_refused() -> None:
    x, y, people = given()
    own = SuppressorTransformer().fit(x, y["mood"], groups=people)
    with pytest.raises(ValueError, match="features"):
        own.transform(x[:, 1:])
    with pytest.raises(SuppressorError, match="give vectors"):
        own.suppressor_.transform(x[:, 1:])
