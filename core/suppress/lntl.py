"""Learning Not To Learn, as an adapter on vectors.

Kim, Kim, Kim, Kim and Kim 2019, "Learning Not to Learn"; used on emotion by Peña 2020, section
3.1.2, there on the encoder's last layers. The adapter is a residual network on x, and named so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from core.errors import NotEnoughData, SuppressorError
from core.progress import Progress
from core.suppress.chain import Affine, Chain, Relu, Residual, Unit
from core.suppress.collapse import check_collapse
from core.suppress.detector import accuracy
from core.suppress.judge import Judge, Verdict, best
from core.suppress.lntl_steps import Batch, Players, learn, unlearn
from core.suppress.prepare import (
    classes_kept,
    held_back,
    label_at,
    prepared,
    rows_of,
    with_primary,
)
from core.suppress.settings import check_dial, check_word, weight_of
from core.suppress.suppressor import Label, Material, Step, Suppressor

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Recipe:
    """How it is trained: learning rate times `drop` every `drop_every` epochs; `entropy` and
    `reversal` are the strengths of steps 1 and 2 at a dial of 0.5; `ramp`: they grow from 0 as in
    Ganin and Lempitsky 2015, section 5.2, and the best of the epochs is chosen on held-back people.
    """

    epochs: int
    rate: float
    drop_every: int
    drop: float
    entropy: float
    reversal: float
    hidden: int
    ramp: bool


PRESETS = {
    "default": Recipe(
        epochs=30, rate=0.05, drop_every=20, drop=0.1, entropy=0.1, reversal=1.0, hidden=256,
        ramp=True,
    ),
    # METHODS: lr 0.01, × 0.1 every 40 of 100 epochs, 0.01 and −0.1. The adapter's width is ours.
    "paper": Recipe(
        epochs=100, rate=0.01, drop_every=40, drop=0.1, entropy=0.01, reversal=0.1, hidden=1024,
        ramp=False,
    ),
}  # fmt: skip
BATCH = 128
MOMENTUM = 0.9
DECAY = 5e-4
LOOK_EVERY = 3
RATES = (1.0, 0.25, 0.0625)
"""Shares of the learning rate, tried in turn until the primary task holds on held-back people."""


@dataclass(frozen=True)
class LearningNotToLearn:
    """Learning Not To Learn on vectors.

    `primary` is "identity", or the name of a label that the material carries too. `dial` weighs
    both suppressing strengths: 0.5 as in the recipe, 0 none, 1 a hundred times. The `mode` "tail",
    on the encoder's last stage, is a method of its own and not made here.
    """

    primary: str = "identity"
    mode: Literal["adapter"] = "adapter"
    preset: Literal["default", "paper"] = "default"
    dial: float = 0.5

    kind: ClassVar[str] = "lntl"
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_word("mode", self.mode, ("adapter",))
        check_word("preset", self.preset, tuple(PRESETS))
        check_dial(self.dial)

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        """Choose the epochs on held-back people, then fit on everybody for as many.

        Raises `NotEnoughData` where people or classes are too few, `SuppressorError` where the
        loss is not finite or φ collapsed.
        """
        material, kept = with_primary(prepared(material), self.primary)
        recipe = PRESETS[self.preset]
        plan = _Plan(recipe.epochs, 1.0)
        training: list[Step] = []
        if recipe.ramp:
            plan, training = self._search(material, kept, seed, device, progress)
        run = _Training(self, material, kept, seed, device, plan.rate)
        for number, steps in enumerate(run.epochs(progress, plan.epochs), start=1):
            training += [Step(number, name, value) for name, value in steps.items()]
        chain = run.chain()
        check_collapse(material.x, chain.transform(material.x))
        facts = {"epochs": plan.epochs, "rate": plan.rate}
        return Suppressor(self.kind, chain, asdict(self), tuple(training), facts)

    def _search(
        self, material: Material, kept: Label | None, seed: int, device: str, progress: Progress
    ) -> tuple[_Plan, list[Step]]:
        """The plan by which held-back people leak least, and the curve of that search."""
        fit, held = held_back(material, seed)
        others = rows_of(material, held)
        judge = Judge(others, label_at(kept, held), seed)
        before = judge(np.asarray(Unit()(others.x)))
        weight = weight_of(self.dial)
        own = rows_of(material, fit)
        for share in RATES:
            run = _Training(self, own, label_at(kept, fit), seed, device, share)
            looks: dict[int, Verdict] = {}
            for number, _ in enumerate(run.epochs(progress, PRESETS[self.preset].epochs), start=1):
                if number % LOOK_EVERY == 0:
                    looks[number] = judge(run.chain().transform(others.x))
            epochs = list(looks)[best(list(looks.values()), before, weight)]
            if looks[epochs].useful(before, weight):
                break
        curve = [*before.steps(0)]
        curve += [step for number, look in looks.items() for step in look.steps(number)]
        return _Plan(epochs, share), curve


@dataclass(frozen=True)
class _Plan:
    """Epochs, and the share of the recipe's learning rate."""

    epochs: int
    rate: float


class _Training:
    """The three networks while they are trained on `material`."""

    def __init__(
        self,
        method: LearningNotToLearn,
        material: Material,
        kept: Label | None,
        seed: int,
        device: str,
        rate: float,
    ) -> None:
        import torch

        recipe = PRESETS[method.preset]
        self.recipe, self.labels = replace(recipe, rate=rate * recipe.rate), material.labels
        self.weight = weight_of(method.dial)
        self.generator = torch.Generator().manual_seed(seed)
        y = classes_kept(material, kept)
        if len(set(y) - {-1}) < 2:
            raise NotEnoughData(
                f"{len(set(y) - {-1})} class of the primary task '{method.primary}' is among these "
                "people (at least 2 are needed): bring more, or choose primary: identity"
            )
        to = torch.device(device)
        whole = (Unit()(material.x).astype(np.float32), y, *(one.y for one in self.labels))
        tensors = [torch.from_numpy(np.ascontiguousarray(own)).to(to) for own in whole]
        self.x, self.y, self.s = tensors[0], tensors[1], tensors[2:]
        self.f = adapter(material.x.shape[1], self.recipe.hidden, self.generator).to(to)
        d = material.x.shape[1]
        g = head(d, int(y.max()) + 1).to(to)
        h = torch.nn.ModuleList(head(d, label.k) for label in self.labels).to(to)
        optimisers = [
            torch.optim.SGD(
                own.parameters(), lr=self.recipe.rate, momentum=MOMENTUM, weight_decay=DECAY
            )
            for own in (self.f, g, h)
        ]
        self.players = Players(self.f, g, list(h), *optimisers)

    def epochs(self, progress: Progress, count: int) -> Iterator[dict[str, float]]:
        """Train for `count` epochs; the mean losses and the detectors' accuracies after each."""
        import torch

        for number in range(count):
            progress.check()
            self._set_rate(number)
            share = self._share(number)
            order = torch.randperm(len(self.x), generator=self.generator).to(self.x.device)
            parts = []
            for rows in order.split(BATCH):
                batch = Batch(self.x[rows], self.y[rows], [s[rows] for s in self.s])
                learned = learn(self.players, batch, share * self.recipe.entropy)
                unlearned = unlearn(self.players, batch, share * self.recipe.reversal)
                parts.append((*learned, unlearned))
            means = np.mean(parts, axis=0)
            if not np.isfinite(means).all():
                raise SuppressorError(
                    f"Learning Not To Learn did not converge: its loss became {means.sum()} (it "
                    "must be finite); choose a lower dial"
                )
            names = ("primary loss", "negative entropy", "sensitive loss")
            yield {**dict(zip(names, means.tolist(), strict=True)), **self._detectors()}

    def chain(self) -> Chain:
        """φ as it is now: x at length one, the adapter, length one."""
        own = [part.detach().cpu().numpy().copy() for part in self.f.parameters()]
        first, second = Affine(own[0].T.copy(), own[1]), Affine(own[2].T.copy(), own[3])
        return Chain((Unit(), Residual(Chain((first, Relu(), second))), Unit()))

    def _share(self, epoch: int) -> float:
        """How much of both strengths is in force."""
        grown = 2 / (1 + math.exp(-10 * epoch / self.recipe.epochs)) - 1 if self.recipe.ramp else 1
        return self.weight * grown

    def _set_rate(self, epoch: int) -> None:
        rate = self.recipe.rate * self.recipe.drop ** (epoch // self.recipe.drop_every)
        own = self.players
        for optimiser in (own.f_optimiser, own.g_optimiser, own.h_optimiser):
            for group in optimiser.param_groups:
                group["lr"] = rate

    def _detectors(self) -> dict[str, float]:
        import torch

        with torch.no_grad():
            phi, found = self.f(self.x), {}
            for label, h, s in zip(self.labels, self.players.h, self.s, strict=True):
                known = (s >= 0).nonzero()[:, 0]
                found[f"detector {label.name}"] = accuracy(h(phi[known]), s[known].cpu().numpy())
        return found


def adapter(d: int, hidden: int, generator: torch.Generator) -> torch.nn.Module:
    """f: x + second(relu(first(x))) at length one; the second layer begins at 0, so φ = x."""
    import torch

    class Adapter(torch.nn.Module):
        """The residual network; `inner` is what it adds."""

        def __init__(self) -> None:
            super().__init__()
            first = torch.nn.utils.skip_init(torch.nn.Linear, d, hidden)
            second = torch.nn.utils.skip_init(torch.nn.Linear, hidden, d)
            with torch.no_grad():
                # He et al. 2015; entries of a unit vector are about 1 / √d.
                first.weight.copy_(torch.randn(hidden, d, generator=generator) * math.sqrt(2))
                for rest in (first.bias, second.weight, second.bias):
                    rest.zero_()
            self.inner = torch.nn.Sequential(first, torch.nn.ReLU(), second)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.normalize(x + self.inner(x), dim=1)

    return Adapter()


def head(d: int, k: int) -> torch.nn.Module:
    """g or h: a softmax layer on φ · √d, whose entries are of about size 1; begins at 0."""
    import torch

    class Head(torch.nn.Module):
        """φ (b, d) to logits (b, k)."""

        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.utils.skip_init(torch.nn.Linear, d, k)
            torch.nn.init.zeros_(self.layer.weight)
            torch.nn.init.zeros_(self.layer.bias)

        def forward(self, phi: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.layer(phi * d**0.5)
            return logits

    return Head()
