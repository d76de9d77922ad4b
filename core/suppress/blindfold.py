"""The flagship, `blindfold`: keep what tells people apart, erase the rest and the label with it.

SensitiveNets, Learning Not To Learn and LEACE remove what they can see of a label and keep every
other direction, although a whitening attacker reads the faintest one. This turns it round: of the
vector only the leading directions that tell *people* apart are kept (a shrunk linear discriminant
of identity, Fisher 1936, Belhumeur et al. 1997, under within-person noise, WCCN, Hatch et al.
2006), the nuisance directions go (Solomonoff et al. 2005), the class means of all labels are made
equal in what remains (LEACE, Belrose et al. 2023), and how many directions stay is chosen on
held-out people of the suppressor's own part. The closed form takes a fraction of a second.

Guaranteed, up to float32 rounding, on the people that it was fitted on: the class means of every
label are the same vector, and so are the mean deviations of a class from a person's own mean; no
linear probe with a convex loss does better than without φ (theorem 3.1 there). φ has `rank`
dimensions and a constant one.

Not guaranteed: anything about strangers or curved probes. What a linear attacker may still find in
strangers is forecast in `facts`: with n people and rank r, about Φ(√(2 r / n)) as AUC for a label
that belongs to people, which only more people or a smaller rank make less; for one that varies
within people it is far less.

A label that belongs to people, such as gender, lies within what tells people apart: it wants a dial
above 0.5, and at 0.5 LEACE was the better eraser of it on drawn faces from 400 people on. Drawn
people through the same recogniser stand in for photographed ones: learnt from 800 of them, dial 0.2
took London's gender from .84 to .71 under the whole ladder, where LEACE and SensitiveNets took
nothing (docs/bounds.md).

Tried and left out: a penalty on the class contrasts inside the discriminant, and drawn people added
to 41 of London's own, moved nothing by more than folds differ (within-person noise holds the
contrasts already). Erasing only the leading contrast directions was far worse on drawn faces and no
better on photographs. A stage lowering the label's kernel dependence (HSIC, Gretton et al. 2005),
alone or in front of the closed form, with 41 people to learn from: of gender in photographs
attackers with as many people read less behind it, in drawn faces more; and what it makes small it
does not remove. Attackers with 41, 120 and 300 people read gender at .66, .77 and .83 behind the
stage and at .73, .75 and .80 behind a smaller rank (drawn people of that recogniser, 3 draws;
`benchmarks.nonlinear`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar

from core.errors import ConfigError, SuppressorError
from core.progress import Progress
from core.suppress.blindfold_many import enough, path_of_many, set_aside
from core.suppress.blindfold_path import fit_path
from core.suppress.blindfold_strength import Strengths, judged, strengths
from core.suppress.chain import Chain
from core.suppress.collapse import check_collapse
from core.suppress.prepare import prepared
from core.suppress.sums import MANY, evenly
from core.suppress.suppressor import Material, Step, Suppressor


@dataclass(frozen=True)
class Blindfold:
    """The flagship; `dial` 0 keeps recognition and 1 removes everything it can.

    `folds` inner folds by person choose the rank. Raises `ConfigError` for a dial outside 0 … 1
    or fewer than 2 folds.
    """

    dial: float = 0.5
    folds: int = 3
    kind: ClassVar[str] = "blindfold"
    version: ClassVar[int] = 1
    by_sums: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 <= self.dial <= 1:
            raise ConfigError(f"the dial is {self.dial} and goes from 0 to 1: choose 0.5 to begin")
        if self.folds < 2:
            raise ConfigError(f"{self.folds} folds are too few (at least 2): choose 3")

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        """Fit on all rows of `material`; rows without a label still tell who is who.

        `device` is not used. Raises `NotEnoughData` where people or classes are too few,
        `SuppressorError` where erasing leaves no dimension or φ collapsed.
        """
        material = prepared(material)
        many = len(material.x) > MANY and enough(material.people, folds=self.folds)
        own, aside = set_aside(material, folds=self.folds, seed=seed) if many else (None, [])
        if own is None:
            path = fit_path(material, seed=seed)
        else:
            path = path_of_many(material, own, seed=seed)
        if path.longest < 1:
            raise SuppressorError(
                f"erasing {len(path.contrasts)} directions of {path.axes.shape[1]} dimensions "
                "leaves nothing (at least 1 is needed): choose fewer labels or an encoder with "
                "more dimensions"
            )
        progress.check()
        if own is None:
            found = strengths(material, path, folds=self.folds, seed=seed, progress=progress)
        else:
            progress.start("Fitting blindfold", len(aside))
            paths = [path] * len(aside)
            found = judged(material, path, paths, aside, seed=seed, progress=progress)
        place = found.chosen(self.dial)
        rank = int(found.ranks[place])
        chain = Chain((path.map(rank),))
        seen = evenly(material.x)
        check_collapse(seen, chain.transform(seen))
        facts = {
            "rank": rank,
            "erased": len(path.contrasts),
            "separation kept": float(found.separation[place] / max(found.separation.max(), 1e-12)),
            "leakage on held-out people": float(found.leakage[place]),
            "forecast": {
                label.name: float(auc)
                for label, auc in zip(material.labels, path.forecast(rank), strict=True)
            },
        }
        return Suppressor(self.kind, chain, asdict(self), _curve(found), facts)


def _curve(found: Strengths) -> tuple[Step, ...]:
    """What held-out people said of each rank, one step a rank."""
    named = {"separation": found.separation, "leakage": found.leakage}
    return tuple(
        Step(int(rank), name, float(value))
        for name, values in named.items()
        for rank, value in zip(found.ranks, values, strict=True)
    )
