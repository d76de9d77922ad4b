"""The φ that the fairness study decides through, fitted on people of their own.

`protected` (TPAMI, section 4.4): on the protected label, on the study's suppressor part. `carried`
(thesis, section 4.3): on the audit's sensitive labels, and so carried over to a bias that it was
not made for; on the people of `roles` where other sets bring them, otherwise on the same part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from core.split import Split
from core.study.fairness_question import Grouped
from core.study.representation import Representation
from core.study.suppression import Suppressed, Suppression, fit_cost
from core.suppress.suppressor import Label, Method

Phi = Literal["protected", "carried"]


@dataclass(frozen=True)
class Fitting:
    """What can be fitted, and what is there already.

    `methods` by name, and `work` that fits them (its splits are not looked at); None where nothing
    can be fitted on these people. `brought` are representations of the same faces that learnt from
    nobody here, such as a given φ. `neutral` as in the settings.
    """

    methods: Mapping[str, Method] = field(default_factory=dict)
    work: Suppression | None = None
    brought: Mapping[str, Representation] = field(default_factory=dict)
    neutral: str | Mapping[str, str] = ""

    def keeps_a_part(self, phi: Phi) -> bool:
        """Whether people of the audited set are needed to learn from."""
        if not self.methods or self.work is None:
            return False
        return phi == "protected" or self.work.pool is None or self.work.pool.dealt

    def steps(self, splits: Sequence[Split], phi: Phi) -> int:
        """Steps of the bar that fitting takes: one fit for each deal of people."""
        if self.work is None:
            return 0
        deals = len({id(split) for split in splits}) if self.keeps_a_part(phi) else 1
        width = self.work.x.x.shape[1]
        return deals * sum(fit_cost(method, splits, width) for method in self.methods.values())

    def each(self, splits: Sequence[Split], phi: Phi, protected: Grouped) -> Iterator[Suppressed]:
        """Every φ of `splits`, in the order of the settings; what was brought comes last."""
        if self.work is not None:
            work = replace(self.work, splits=splits)
            if phi == "protected":
                work = replace(work, labels=(self._label(protected),), pool=None)
            for name, method in self.methods.items():
                if work.labels:
                    yield work.fit(name, method)
                else:
                    why = "none of the sensitive labels is known here, and φ is to be carried over"
                    yield Suppressed(name, warning=f"{name} was left out of fairness: {why}")
        for name, one in self.brought.items():
            yield Suppressed(name, one)

    def _label(self, protected: Grouped) -> Label:
        wanted = self.neutral if isinstance(self.neutral, str) else self.neutral.get(
            protected.name.split("=")[0], ""
        )  # fmt: skip
        there = wanted in protected.classes
        place = protected.classes.index(wanted) if there else None
        return Label(protected.name, protected.code, protected.classes, place)
