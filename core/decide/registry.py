"""The classifiers by name. A new one is a new file and one line here."""

from __future__ import annotations

from core.decide.dense import Dense
from core.decide.fit import Classifier
from core.decide.svm import Machine

_EVERYBODY: tuple[Classifier, ...] = (Dense(), Machine())

CLASSIFIERS: dict[str, Classifier] = {one.name: one for one in _EVERYBODY}

BASELINES = ("reweighting", "threshold")
"""What is done on x itself instead of suppressing; "none" is the classifier alone."""
