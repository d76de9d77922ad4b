"""The attackers by name and the suites. A new one is a new file and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from core.attack.boosting import Boosted
from core.attack.difference import Difference
from core.attack.discriminant import Linear, Quadratic
from core.attack.fit import Anyone
from core.attack.forest import Forest
from core.attack.inverse import Inverse
from core.attack.logistic import Logistic
from core.attack.majority import Majority
from core.attack.neighbours import Neighbours
from core.attack.neural import Neural
from core.attack.outside import Outside
from core.attack.perceptron import Perceptron, Softmax
from core.attack.printed import AsPrinted
from core.attack.similarity import Similarity
from core.attack.svm import SupportVectors
from core.attack.svm_tuned import TunedSupportVectors

_EVERYBODY: tuple[Anyone, ...] = (
    Majority(), Logistic(), SupportVectors(), Forest(), Neural(), Softmax(),
    Linear(), Neighbours(), Quadratic(), TunedSupportVectors(), Boosted(), Perceptron(),
    Similarity(), Difference(), Inverse(), Outside(),
)  # fmt: skip

ATTACKERS: dict[str, Anyone] = {attacker.name: attacker for attacker in _EVERYBODY}

PRINTED: dict[str, Anyone] = {
    attacker.name: attacker
    for attacker in (AsPrinted(Neural()), AsPrinted(SupportVectors()), AsPrinted(Forest()))
}
"""The papers' own probes, under the names that they have in the papers' tables."""

BASELINES = ("majority",)
"""Attackers that look at no vector; never a candidate for `strongest`."""

HEAVY = ("nn", "rf", "gbt", "mlp", "svm_tuned")
"""Those that take most of the time; a quick look leaves them out where a control is attacked."""

SUITES = {
    "papers": ("majority", "logistic", "svm", "rf", "nn"),
    "ladder": (
        "majority", "logistic", "svm", "lda", "knn", "qda", "similarity", "difference", "inverse",
        "outside", "svm_tuned", "rf", "gbt", "mlp", "nn",
    ),
    "paper-thesis": ("majority", "svm", "rf", "nn"),
    "paper-tpami": ("majority", "softmax", "svm", "rf", "nn"),
}  # fmt: skip
"""Attackers by the name that a person chooses, cheapest first."""


def members(suite: str) -> Mapping[str, Anyone]:
    """Who stands behind the names of `suite`: a paper's probes are as that paper prints them."""
    return {**ATTACKERS, **PRINTED} if suite.startswith("paper-") else ATTACKERS
