"""Does a non-linear stage earn its place behind the flagship's closed form?

    python -m benchmarks.nonlinear EMB.parquet LABEL [LABEL ...]

On the vectors in EMB.parquet (`python -m core embed` writes such files), for each label: blindfold;
blindfold followed by an adversary (Learning Not To Learn's adapter, with identity kept by its
primary task); blindfold followed by a residual network that lowers the kernel dependence of φ on
the label (HSIC, Gretton et al. 2005) while it keeps the cosines between faces; and the two stages
on x alone. Same people, same attackers, same resamples; prints a Markdown table.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from core.attack.registry import SUITES
from core.encode.given import read_embeddings
from core.engine import make_engine
from core.measure.targets import target
from core.progress import Progress
from core.split import rotation
from core.store import Store
from core.study.frontier import frontier
from core.study.leakage import Plan
from core.study.suppression import Suppression, labels_of
from core.suppress.blindfold import Blindfold
from core.suppress.chain import Affine, Chain, Relu, Residual, Unit
from core.suppress.collapse import check_collapse
from core.suppress.lntl import LearningNotToLearn
from core.suppress.prepare import prepared
from core.suppress.suppressor import Material, Method, Suppressor

EPOCHS, BATCH, RATE, HIDDEN = 60, 256, 1e-3, 256
KEEP = 10.0
"""How much keeping the cosines weighs beside the dependence on the label."""


@dataclass(frozen=True)
class Dependence:
    """A residual network that makes φ and the label independent under Gaussian kernels."""

    kind: ClassVar[str] = "hsic"
    version: ClassVar[int] = 1

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        """Fit on `material`, whose first label is to go."""
        import torch

        material = prepared(material)
        label = material.labels[0]
        known = label.y >= 0
        draw = torch.Generator().manual_seed(seed)
        x = torch.nn.functional.normalize(torch.from_numpy(material.x[known]), dim=1)
        y = torch.nn.functional.one_hot(torch.from_numpy(label.y[known])).float()
        d = x.shape[1]
        first, second = torch.nn.Linear(d, HIDDEN), torch.nn.Linear(HIDDEN, d)
        with torch.no_grad():
            first.weight.normal_(0, d**-0.5, generator=draw)
            second.weight.zero_()
            first.bias.zero_()
            second.bias.zero_()
        both = [*first.parameters(), *second.parameters()]
        step = torch.optim.Adam(both, lr=RATE)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(x), generator=draw).split(BATCH):
                own = x[rows]
                phi = torch.nn.functional.normalize(own + second(torch.relu(first(own))), dim=1)
                kept = ((phi @ phi.T - own @ own.T) ** 2).mean()
                loss = _hsic(phi, y[rows]) + KEEP * kept
                step.zero_grad()
                loss.backward()
                step.step()
        layers = [
            Affine(one.weight.detach().numpy().T.copy(), one.bias.detach().numpy().copy())
            for one in (first, second)
        ]
        inner = Chain((layers[0], Relu(), layers[1]))
        chain = Chain((Unit(), Residual(inner), Unit()))
        check_collapse(material.x, chain.transform(material.x))
        return Suppressor(self.kind, chain, {})


def _hsic(phi: Any, y: Any) -> Any:
    """Normalised HSIC of φ (b, d) and one-hot labels (b, k), the width the median distance."""
    import torch

    b = len(phi)
    squared = torch.cdist(phi, phi) ** 2
    width = squared.detach().flatten().median().clamp(min=1e-6)
    centre = torch.eye(b) - 1 / b
    left = centre @ torch.exp(-squared / width) @ centre
    right = centre @ (y @ y.T) @ centre
    return (left * right).sum() / (left.norm() * right.norm() + 1e-9)


@dataclass(frozen=True)
class Stacked:
    """`first`, then `second` fitted on what the first leaves; the dial is the first's."""

    first: str
    second: str
    dial: float = 0.5
    kind: str = field(default="stacked")
    version: ClassVar[int] = 1

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        """Fit both on the same people."""
        how: Any = {"seed": seed, "device": device, "progress": Progress()}
        one = replace(PARTS[self.first], dial=self.dial).fit(material, **how)
        left = replace(material, x=one.transform(material.x))
        two = PARTS[self.second].fit(left, **how)
        return Suppressor(self.kind, Chain((*one.chain.layers, *two.chain.layers)), {})


@dataclass(frozen=True)
class Alone:
    """A method without a dial, as a point of the frontier."""

    method: str
    dial: float = 0.5
    kind: str = field(default="alone")
    version: ClassVar[int] = 1

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        """Fit it."""
        found: Suppressor = PARTS[self.method].fit(
            material, seed=seed, device=device, progress=progress
        )
        return found


PARTS: dict[str, Any] = {
    "blindfold": Blindfold(),
    "adversary": LearningNotToLearn(),
    "dependence": Dependence(),
}
METHODS: dict[str, Method] = {
    "blindfold": Blindfold(),
    "blindfold, adversary": Stacked("blindfold", "adversary", kind="stacked-lntl"),
    "blindfold, dependence": Stacked("blindfold", "dependence", kind="stacked-hsic"),
    "adversary": LearningNotToLearn(),
    "dependence": Alone("dependence", kind="alone-hsic"),
}


def main(arguments: Sequence[str]) -> None:
    """Fit, attack and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("vectors", type=Path)
    asked.add_argument("labels", nargs="+")
    asked.add_argument("--dials", type=float, nargs="+", default=[0.5, 0.75])
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args(arguments)
    x = read_embeddings(given.vectors)
    print("| label | method | dial | strongest attack | verification (%) |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, make_engine("local") as engine:
        for label in given.labels:
            values = x.table[label].to_numpy()
            splits = rotation(
                x.subjects, values, folds=5, seeds=1, seed=given.seed, suppressor=True
            )
            work = Suppression(
                x, labels_of(x, [label], "neutral"), splits, given.seed, "cpu",
                Store(Path(folder)), Progress(), engine,
            )  # fmt: skip
            plan = Plan(splits, SUITES["papers"], (), 20, given.seed, "cpu")
            found = frontier(METHODS, work, target(x.table, label), plan, dials=given.dials)
            for row in found.result.tables["frontier"].to_dict("records"):
                read = _span(row, "leakage", 1, ".3f")
                kept = _span(row, "verification", 100, ".2f")
                print(
                    f"| {label} | {row['suppressor']} | {row['dial']:g} | {read} | {kept} |",
                    flush=True,
                )


def _span(row: Mapping[Any, Any], name: str, scale: float, digits: str) -> str:
    value, low, high = (scale * row[one] for one in (name, f"{name}_low", f"{name}_high"))
    if np.isnan(value):
        return str(row["status"])
    return f"{value:{digits}} ({low:{digits}} to {high:{digits}})"


if __name__ == "__main__":
    main(sys.argv[1:])
