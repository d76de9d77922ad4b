"""The attackers by name. A new one is a new file and one line here."""

from __future__ import annotations

from core.attack.fit import Attacker
from core.attack.forest import Forest
from core.attack.logistic import Logistic
from core.attack.majority import Majority
from core.attack.neural import Neural
from core.attack.svm import SupportVectors

ATTACKERS: dict[str, Attacker] = {
    attacker.name: attacker
    for attacker in (Majority(), Logistic(), SupportVectors(), Forest(), Neural())
}

BASELINES = ("majority",)
"""Attackers that look at no vector; never a candidate for `strongest`."""

SUITES = {"papers": ("majority", "logistic", "svm", "rf", "nn")}
"""Attackers by the name that a person chooses, cheapest first."""
