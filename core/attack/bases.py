"""Who answers for an informed attacker: a linear probe and a kernel machine, the better of both."""

from __future__ import annotations

from core.attack.fit import Attacker
from core.attack.logistic import Logistic
from core.attack.svm import SupportVectors

BASES: tuple[Attacker, ...] = (Logistic(), SupportVectors())
"""By balanced accuracy on held-out people of the attacker's own part."""
