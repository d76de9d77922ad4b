"""Every method on vectors as a scikit-learn transformer, for people's own pipelines.

from core.suppress.estimator import SuppressorTransformer

suppressor = SuppressorTransformer(kind="blindfold", settings={"dial": 0.5})
phi = suppressor.fit(X, expression, groups=person).transform(X_new)
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from core.errors import ConfigError, NotEnoughData, SuppressorError
from core.faces.faceset import UNKNOWN
from core.progress import Progress
from core.suppress.prepare import LEAST_PEOPLE
from core.suppress.registry import make_method
from core.suppress.suppressor import UNLABELLED, Label, Material, reads

WITHOUT_PEOPLE = ("leace",)
"""Methods that do not ask who is who."""


class SuppressorTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """φ (n, d') of vectors X (n, d), from which a label has been suppressed.

    `kind` is one of `core.suppress.registry.METHODS` and `settings` what that method takes in
    `audit.yaml`, such as {"dial": 0.5}. `neutral` is the class that SensitiveNets makes faces look
    like: a class, a mapping from label to class, or None for the uniform target. `seed` and
    `device` ("cpu" or "cuda") are those of the fit. What was fitted is `suppressor_`.

    Fit it on other people than those whom you test, or the figures that come after it will be too
    good: in a cross-validation, use a splitter by group.
    """

    def __init__(
        self,
        kind: str = "leace",
        *,
        settings: Mapping[str, Any] | None = None,
        neutral: Any = None,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.kind = kind
        self.settings = settings
        self.neutral = neutral
        self.seed = seed
        self.device = device

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Fit on vectors X (n, d), labels y (n,) or (n, labels), and who is who, `groups` (n,).

        The class "unknown" stands for no label. Without `groups` every row is a person of its own;
        methods that keep identity then have none to keep, and a warning says so. Raises
        `ValueError` where settings or data do not serve, in the words of the method.
        """
        X = validate_data(
            self, X, dtype=np.float32, ensure_min_samples=LEAST_PEOPLE, ensure_min_features=2
        )
        labels = _labels(y, self.neutral)
        if len(labels[0].y) != len(X):
            raise ValueError(f"X has {len(X)} rows and y {len(labels[0].y)}: one label a row")
        material = Material(X, self._people(groups, len(X)), labels)
        try:
            method = make_method({**(self.settings or {}), "kind": self.kind})
            if reads(method) == "activations":
                raise ConfigError(
                    f"the mode of '{self.kind}' is tail, which fine-tunes an encoder, and a "
                    "transformer is given vectors: choose mode adapter"
                )
            self.suppressor_ = method.fit(
                material, seed=self.seed, device=self.device, progress=Progress()
            )
        except (ConfigError, NotEnoughData, SuppressorError) as error:
            raise ValueError(str(error)) from error
        return self

    def transform(self, X: Any) -> np.ndarray:
        """φ float32 (n, d') of X (n, d)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self.suppressor_.transform(X)

    @property
    def _n_features_out(self) -> int:
        return int(self.suppressor_.dimensions[1])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = []  # always float32
        return tags

    def _people(self, groups: Any, n: int) -> np.ndarray:
        if groups is None:
            if self.kind not in WITHOUT_PEOPLE:
                warnings.warn(
                    f"groups is missing: every one of {n} rows counts as a person of its own, and "
                    f"{self.kind} cannot tell what makes people recognisable; give groups",
                    stacklevel=3,
                )
            return np.arange(n).astype(str)
        people = column_or_1d(np.asarray(groups, dtype=object)).astype(str)
        if len(people) != n:
            raise ValueError(f"X has {n} rows and groups {len(people)}: one person a row")
        return people


def _labels(y: Any, neutral: Any) -> tuple[Label, ...]:
    """One label a column of y, named as its columns are."""
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None: give the labels")
    named = isinstance(y, pd.DataFrame | pd.Series)
    values = check_array(y, dtype=None, ensure_2d=False, input_name="y")
    columns = values[:, None] if values.ndim == 1 else values
    names = [f"y{place}" for place in range(columns.shape[1])]
    if named:
        names = [str(one) for one in (y.columns if isinstance(y, pd.DataFrame) else [y.name])]
    return tuple(_label(name, columns[:, place], neutral) for place, name in enumerate(names))


def _label(name: str, values: np.ndarray, neutral: Any) -> Label:
    check_classification_targets(values)
    text = values.astype(str)
    classes = tuple(sorted(set(text) - {UNKNOWN}))
    place = {one: number for number, one in enumerate(classes)}
    y = np.array([place.get(one, UNLABELLED) for one in text], np.int64)
    wanted = neutral.get(name) if isinstance(neutral, Mapping) else neutral
    return Label(name, y, classes, None if wanted is None else place.get(str(wanted)))
