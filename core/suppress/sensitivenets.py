"""SensitiveNets: dense linear layers, trained one after another against a detector.

Morales, Fierrez, Vera-Rodriguez and Tolosana 2020 (TPAMI), eq. 3 to 6; Peña 2020, section 3.1.1.
What is ours in the default, and what the preset `paper` does instead, is in `PRESETS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from core.progress import Progress
from core.suppress.chain import Affine, Chain, Layer, Unit
from core.suppress.collapse import check_collapse
from core.suppress.judge import Judge, Verdict, best
from core.suppress.prepare import (
    classes_kept,
    held_back,
    label_at,
    prepared,
    primary_rows,
    rows_of,
    with_primary,
)
from core.suppress.sensitivenets_layer import Epoch, Recipe, Task, train
from core.suppress.settings import check_dial, check_layers, check_word, weight_of
from core.suppress.suppressor import Label, Material, Step, Suppressor
from core.suppress.triplets import choose

if TYPE_CHECKING:
    import torch

PRESETS = {
    "default": Recipe(
        triplets=2048, batch=512, epochs=16, rate=0.2, hinge=True, settled=True, identity=True,
        detector_epochs=(20, 2),
    ),
    # TPAMI: 100K triplets, no hinge in eq. 5, 1,024 units. It prints no epochs: three, declared.
    "paper": Recipe(
        triplets=100_000, batch=128, epochs=3, rate=1e-3, hinge=False, settled=False,
        identity=False, detector_epochs=(150, 10),
    ),
}  # fmt: skip
PAPER_LAYERS = 3
"""TPAMI section 2.2 and the ICPR annex; the thesis's text has one, which `layers: 1` asks for."""
MOST_LAYERS = 3
LOOK_EVERY = 4
"""Epochs between two looks at held-back people."""
RATES = (1.0, 0.25, 0.0625)
"""Shares of the learning rate, tried in turn until recognition holds on held-back people."""
PATIENCE = 2
"""Looks without anything better, after which a layer is done."""
GAIN = 0.01
"""AUC that a further layer must take from the probe to be kept."""


@dataclass(frozen=True)
class SensitiveNets:
    """SensitiveNets.

    `layers` None: chosen on held-back people (three in the preset `paper`). `detector` "softmax"
    (TPAMI) or "dense" (the thesis). `primary_loss` "triplet", or "bce" of `primary`: "identity" or
    the name of a label that the material carries too. `dial` weighs Δ: 0.5 is the papers' weight
    of 1, 0 none, 1 a hundred.
    """

    layers: int | None = None
    detector: Literal["softmax", "dense"] = "softmax"
    primary_loss: Literal["triplet", "bce"] = "triplet"
    primary: str = "identity"
    preset: Literal["default", "paper"] = "default"
    dial: float = 0.5

    kind: ClassVar[str] = "sensitivenets"
    version: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_layers(self.layers)
        check_word("detector", self.detector, ("softmax", "dense"))
        check_word("primary_loss", self.primary_loss, ("triplet", "bce"))
        check_word("preset", self.preset, tuple(PRESETS))
        check_dial(self.dial)

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        """Choose layers and epochs on held-back people, then fit on everybody.

        Raises `NotEnoughData` where people, classes or pictures are too few, `SuppressorError`
        where the loss is not finite or φ collapsed.
        """
        material, kept = with_primary(prepared(material), self.primary)
        run = _Run(self, PRESETS[self.preset], seed, device, progress)
        training: list[Step] = []
        if self.preset == "paper":
            plan = [Layered(run.recipe.epochs, 1.0)] * (self.layers or PAPER_LAYERS)
        else:
            plan, training = run.search(material, kept)
        layers, told, difficult = run.fitted(material, kept, plan)
        chain = Chain((Unit(), *layers))
        check_collapse(material.x, chain.transform(material.x))
        facts: dict[str, Any] = {
            "layers": len(plan),
            "epochs": [layer.epochs for layer in plan],
            "rates": [layer.rate for layer in plan],
            "difficult_triplets": difficult,
            "target": {label.name: _target(label) for label in material.labels},
        }
        return Suppressor(self.kind, chain, asdict(self), (*training, *told), facts)


def _target(label: Label) -> str:
    return "uniform" if label.neutral is None else label.classes[label.neutral]


@dataclass(frozen=True)
class Layered:
    """How one layer is trained: epochs, and its share of the recipe's learning rate."""

    epochs: int
    rate: float


@dataclass(frozen=True)
class _Look:
    """A layer after so many epochs, and what held-back people say of it."""

    epochs: int
    map: Affine
    verdict: Verdict


@dataclass(frozen=True)
class _Run:
    """One fit of SensitiveNets."""

    settings: SensitiveNets
    recipe: Recipe
    seed: int
    device: str
    progress: Progress

    def search(self, material: Material, kept: Label | None) -> tuple[list[Layered], list[Step]]:
        """What each layer is to be, chosen on held-back people, and the curves of that search."""
        fit, held = held_back(material, self.seed)
        own, others = rows_of(material, fit), rows_of(material, held)
        judge = Judge(others, label_at(kept, held), self.seed)
        task, _ = self._task(own, label_at(kept, fit))
        inputs, watched = self._unit(own.x), self._unit(others.x)
        generator = self._generator()
        before = now = judge(watched.cpu().numpy())
        plan: list[Layered] = []
        curves = list(now.steps(0))
        for _ in range(self.settings.layers or MOST_LAYERS):
            for rate in RATES:
                looks = list(self._looks(inputs, watched, task, rate, generator, judge))
                look = looks[best([one.verdict for one in looks], before, task.weight)]
                useful = look.verdict.useful(before, task.weight)
                if useful:
                    break
            gained = useful and now.leakage - look.verdict.leakage >= GAIN
            more = not plan or self.settings.layers is not None or gained
            done = sum(layer.epochs for layer in plan)
            shown = [one for one in looks if one.epochs <= look.epochs or not more]
            curves += [step for one in shown for step in one.verdict.steps(done + one.epochs)]
            if not more:
                break
            plan.append(Layered(look.epochs, rate))
            now = look.verdict
            inputs, watched = after(inputs, look.map), after(watched, look.map)
        return plan, curves

    def _looks(
        self,
        inputs: torch.Tensor,
        watched: torch.Tensor,
        task: Task,
        rate: float,
        generator: torch.Generator,
        judge: Judge,
    ) -> Iterator[_Look]:
        """Train a layer and look at held-back people now and then, until it gets no better."""
        least_leakage, worse = float("inf"), 0
        epochs = train(inputs, task, self._slower(rate), generator, self.progress)
        for number, epoch in enumerate(islice(epochs, self.recipe.epochs), start=1):
            if number % LOOK_EVERY:
                continue
            verdict = judge(after(watched, epoch.map).cpu().numpy())
            yield _Look(number, epoch.map, verdict)
            worse = 0 if verdict.leakage < least_leakage else worse + 1
            least_leakage = min(least_leakage, verdict.leakage)
            if worse == PATIENCE:
                return

    def fitted(
        self, material: Material, kept: Label | None, plan: Sequence[Layered]
    ) -> tuple[list[Layer], list[Step], float]:
        """Layers fitted on everybody by `plan`, their curves, and the share of
        triplets that were difficult."""
        task, difficult = self._task(material, kept)
        inputs, generator = self._unit(material.x), self._generator()
        layers: list[Layer] = []
        curves: list[Step] = []
        number = 0
        for own in plan:
            epochs = train(inputs, task, self._slower(own.rate), generator, self.progress)
            for epoch in islice(epochs, own.epochs):
                number += 1
                curves += _steps(number, epoch, task.labels)
            layers += [epoch.map, Unit()]
            inputs = after(inputs, epoch.map)
        return layers, curves, difficult

    def _task(self, material: Material, kept: Label | None) -> tuple[Task, float]:
        """What a layer learns from, and the share of difficult triplets."""
        import torch

        wanted = None
        if self.settings.primary_loss == "bce":
            y = classes_kept(material, kept)
            wanted = torch.from_numpy((y[:, None] == np.arange(y.max() + 1)).astype(np.float32))
            known = np.flatnonzero(y >= 0)
            rows, difficult = known[_threes(len(known), self.seed)], 0.0
        else:
            own = primary_rows(material)
            u = self._unit(material.x[own]).cpu().numpy()
            found = choose(u, material.people[own], self.recipe.triplets, self.seed)
            rows, difficult = own[found.rows], found.difficult
        triplets = torch.from_numpy(rows).to(self.device)
        wanted = None if wanted is None else wanted.to(self.device)
        weight = weight_of(self.settings.dial)
        return Task(triplets, material.labels, wanted, self.settings.detector, weight), difficult

    def _slower(self, share: float) -> Recipe:
        return replace(self.recipe, rate=share * self.recipe.rate)

    def _unit(self, x: np.ndarray) -> torch.Tensor:
        import torch

        return torch.from_numpy(np.asarray(Unit()(x), np.float32)).to(self.device)

    def _generator(self) -> torch.Generator:
        import torch

        return torch.Generator().manual_seed(self.seed)


def after(inputs: torch.Tensor, layer: Affine) -> torch.Tensor:
    """φ (n, d') at length one, of the layer before (n, d)."""
    import torch

    weight, bias = (torch.from_numpy(own).to(inputs.device) for own in (layer.weight, layer.bias))
    return torch.nn.functional.normalize(inputs @ weight + bias, dim=1)


def _threes(n: int, seed: int) -> np.ndarray:
    """Every row once or more, in threes (m, 3): for a primary loss that knows no triplets."""
    order = np.random.default_rng(seed).permutation(n)
    return np.resize(order, (-(-n // 3), 3)).astype(np.int64)


def _steps(number: int, epoch: Epoch, labels: Sequence[Label]) -> list[Step]:
    losses = [Step(number, "primary loss", epoch.primary), Step(number, "delta", epoch.delta)]
    told = zip(labels, epoch.accuracy, strict=True)
    return losses + [Step(number, f"detector {label.name}", value) for label, value in told]
