"""Learning Not To Learn, on vectors or on the encoder's last stage.

Kim, Kim, Kim, Kim and Kim 2019, "Learning Not to Learn"; used on emotion by Peña 2020, sections
3.1.2 and 3.2, there with the last layers of a ResNet left free to learn and no layer added. In the
mode `adapter` f is a residual network on x, and named so. In the mode `tail` f is the encoder's own
last stage, fed with the activations of its frozen trunk and begun with the weights that it has;
which layers those are, each encoder declares (`core.encode.cut`). The statistics of its batch
normalisation stay as they are.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from core.errors import ConfigError, SuppressorError
from core.progress import Progress
from core.suppress.chain import Chain
from core.suppress.collapse import check_collapse
from core.suppress.judge import Judge, Verdict, best
from core.suppress.lntl_start import adapter, stage
from core.suppress.lntl_training import Recipe, Training
from core.suppress.prepare import held_back, label_at, prepared, rows_of, with_primary
from core.suppress.settings import check_dial, check_word, weight_of
from core.suppress.suppressor import Label, Material, Reads, Step, Suppressor

if TYPE_CHECKING:
    import torch

RECIPES = {
    ("adapter", "default"): Recipe(
        epochs=30, rate=0.05, drop_every=20, drop=0.1, entropy=0.1, reversal=1.0, hidden=256,
        ramp=True,
    ),
    # A stage has far more weights than these people can teach. Strong reversal makes f overshoot h
    # again and again until people are lost; the entropy of step 1 is at rest where h knows nothing.
    ("tail", "default"): Recipe(
        epochs=24, rate=0.05, drop_every=16, drop=0.1, entropy=10.0, reversal=0.1, ramp=True,
        slower=0.1, level=True,
    ),
    # METHODS: lr 0.01, × 0.1 every 40 of 100 epochs, 0.01 and −0.1. The adapter's width is ours.
    ("adapter", "paper"): Recipe(
        epochs=100, rate=0.01, drop_every=40, drop=0.1, entropy=0.01, reversal=0.1, hidden=1024,
        ramp=False,
    ),
    ("tail", "paper"): Recipe(
        epochs=100, rate=0.01, drop_every=40, drop=0.1, entropy=0.01, reversal=0.1, ramp=False,
    ),
}  # fmt: skip
STEADY = replace(RECIPES["adapter", "default"], entropy=10.0, reversal=0.1, level=True)
"""What an adapter is trained by where it collapsed under the default at every rate (seen with 500
made dimensions and hundreds of people or more): f outran h by moving all faces alike. Ours, as the
stage's recipe is."""
LOOK_EVERY = 3
LOST = 0.01
"""Share of the spread of x below which a search at this rate is given up."""
RATES = (1.0, 0.25, 0.0625)
"""Shares of the learning rate, tried in turn until the primary task holds on held-back people."""


@dataclass(frozen=True)
class LearningNotToLearn:
    """Learning Not To Learn.

    `primary` is "identity", or the name of a label that the material carries too. `dial` weighs
    both suppressing strengths: 0.5 as in the recipe, 0 none, 1 a hundred times. `mode`: "adapter"
    on vectors, "tail" on the encoder's last stage, whose material holds activations and that stage.
    """

    primary: str = "identity"
    mode: Literal["adapter", "tail"] = "adapter"
    preset: Literal["default", "paper"] = "default"
    dial: float = 0.5

    kind: ClassVar[str] = "lntl"
    version: ClassVar[int] = 3

    def __post_init__(self) -> None:
        check_word("mode", self.mode, ("adapter", "tail"))
        check_word("preset", self.preset, ("default", "paper"))
        check_dial(self.dial)

    @property
    def reads(self) -> Reads:
        """What it is fitted on."""
        return "activations" if self.mode == "tail" else "vectors"

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return RECIPES[self.mode, self.preset]

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        """Choose the epochs on held-back people, then fit on everybody for as many.

        Raises `NotEnoughData` where people or classes are too few, `SuppressorError` where the
        loss is not finite or φ collapsed, `ConfigError` where the mode is tail and the material
        holds no last stage.
        """
        material, kept = with_primary(prepared(material), self.primary)
        fitting = _Fitting(self, material, kept, seed, device, progress)
        if (self.mode, self.preset) != ("adapter", "default"):
            return fitting.by(self.recipe)
        try:
            return fitting.by(self.recipe)
        except SuppressorError:
            progress.check()
            return fitting.by(STEADY)

    def start(self, material: Material, generator: torch.Generator) -> Chain:
        """What f begins as."""
        if self.mode == "adapter":
            return adapter(material.x.shape[1], self.recipe.hidden, generator)
        if material.tail is None:
            raise ConfigError(
                "lntl in the mode tail fine-tunes an encoder's last stage, and it was given "
                "vectors, whose encoder is not here: give faces, or choose mode: adapter"
            )
        return stage(material.tail)


@dataclass(frozen=True)
class _Fitting:
    """One fit of `method`: its `material`, whose primary task is `kept` (None: identity)."""

    method: LearningNotToLearn
    material: Material
    kept: Label | None
    seed: int
    device: str
    progress: Progress

    def by(self, recipe: Recipe) -> Suppressor:
        """The suppressor that `recipe` trains."""
        plan = _Plan(recipe.epochs, 1.0)
        training: list[Step] = []
        if recipe.ramp:
            plan, training = self._search(recipe)
        chain, curve, rate = self._fitted(recipe, plan)
        facts: dict[str, Any] = {"epochs": plan.epochs, "rate": rate}
        if recipe is STEADY:
            facts["recipe"] = "steady: the default collapsed at every rate"
        told = (*training, *curve)
        own = self.method
        return Suppressor(own.kind, chain, asdict(own), told, facts, own.reads)

    def _fitted(self, recipe: Recipe, plan: _Plan) -> tuple[Chain, list[Step], float]:
        """φ of everybody, its curve and the rate; where φ collapses, tried again at lower rates.

        What held on some of the people need not hold on all, who make more steps an epoch.
        """
        rates = [plan.rate]
        if recipe.ramp:
            rates += [share for share in RATES if share < plan.rate]
        for share in rates[:-1]:
            try:
                return self._once(recipe, plan.epochs, share)
            except SuppressorError:
                self.progress.check()
        return self._once(recipe, plan.epochs, rates[-1])

    def _once(self, recipe: Recipe, epochs: int, rate: float) -> tuple[Chain, list[Step], float]:
        run, start = self._training(recipe, self.material, self.kept, rate)
        curve = [
            Step(number, name, value)
            for number, steps in enumerate(run.epochs(self.progress, epochs), start=1)
            for name, value in steps.items()
        ]
        chain, x = run.chain(), self.material.x
        check_collapse(start.transform(x), chain.transform(x))
        return chain, curve, rate

    def _search(self, recipe: Recipe) -> tuple[_Plan, list[Step]]:
        """The plan by which held-back people leak least, and the curve of that search."""
        fit, held = held_back(self.material, self.seed)
        others, own = rows_of(self.material, held), rows_of(self.material, fit)
        judge = Judge(others, label_at(self.kept, held), self.seed)
        weight = weight_of(self.method.dial)
        for share in RATES:
            run, start = self._training(recipe, own, label_at(self.kept, fit), share)
            before = judge(start.transform(others.x))
            looks: dict[int, Verdict] = {}
            for number, _ in enumerate(run.epochs(self.progress, recipe.epochs), start=1):
                if number % LOOK_EVERY == 0:
                    looks[number] = judge(run.phi(others.x))
                    if looks[number].spread < LOST * before.spread:
                        break  # alike for everybody: it was never seen to come back
            epochs = list(looks)[best(list(looks.values()), before, weight)]
            if looks[epochs].useful(before, weight):
                break
        curve = [*before.steps(0)]
        curve += [step for number, look in looks.items() for step in look.steps(number)]
        return _Plan(epochs, share), curve

    def _training(
        self, recipe: Recipe, material: Material, kept: Label | None, rate: float
    ) -> tuple[Training, Chain]:
        """The networks at their start, and the chain that f starts as."""
        import torch

        generator = torch.Generator().manual_seed(self.seed)
        start = self.method.start(material, generator)
        run = Training(
            recipe, start, material, kept,
            weight=weight_of(self.method.dial), rate=rate, generator=generator,
            device=self.device,
        )  # fmt: skip
        return run, start


@dataclass(frozen=True)
class _Plan:
    """Epochs, and the share of the recipe's learning rate."""

    epochs: int
    rate: float
