"""The papers' own probes, as far as they are printed; what is not printed is declared here.

Thesis section 4.1 and TPAMI section 4.2: the network learns for 150 epochs and does not stop early;
the largest output decides. Neither says how vectors are scaled: ours are of unit length, as the
papers normalise them, and every column is standardised on the attacker's people. Where the papers
have one hold-out, inner folds by person serve here for nothing but choosing `strongest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.attack.fit import Attacker, Fit

EPOCHS = 150


@dataclass(frozen=True)
class AsPrinted:
    """`base` through one view, for `EPOCHS` epochs where it learns in epochs; keeps its name."""

    base: Attacker
    variant: str = "as printed"
    views: tuple[str, ...] = ("unit standard",)

    @property
    def name(self) -> str:
        """The name in tables: that of `base`."""
        return self.base.name

    @property
    def version(self) -> int:
        """That of `base`; `variant` tells the two apart in the store."""
        return self.base.version

    @property
    def folds(self) -> int:
        """Those of `base`."""
        return self.base.folds

    def scores(self, fits: Sequence[Fit], *, device: str) -> list[np.ndarray]:
        """What `base` says after `EPOCHS` epochs."""
        return self.base.scores([replace(fit, epochs=EPOCHS) for fit in fits], device=device)
