"""What one fold learns on one kind of convolutions: a base, and the networks that stand on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.anonymity import networks, training
from core.anonymity.hybrid import Hybrid, Loss
from core.anonymity.training import Curves, Part, Tell, one_thread

if TYPE_CHECKING:
    import torch

    from core.anonymity.networks import Weights

VERSION = 1
Base = Literal["face", "emotion", "hybrid"]
BASES: tuple[Base, ...] = ("face", "emotion", "hybrid")
STANDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "face": (("Face", "identity"),),
    "emotion": (("Emotion", "emotion"), ("Emotion2Face", "identity")),
    "hybrid": (
        ("Hybrid", "emotion"), ("Hybrid", "identity"),
        ("Hybrid2Emotion", "emotion"), ("Hybrid2Face", "identity"),
    ),
}  # fmt: skip
"""The networks on each base, with what each is asked (Narula et al. 2020, Fig. 1)."""


@dataclass(frozen=True)
class Shown:
    """Pictures uint8 (m, SIDE, SIDE) with their emotions and identities, int64 (m,)."""

    pictures: np.ndarray
    emotion: np.ndarray
    identity: np.ndarray

    def part(self, device: str) -> Part:
        """The same as torch has it."""
        import torch

        return Part(
            networks.scaled(self.pictures, device),
            torch.from_numpy(self.emotion).to(device),
            torch.from_numpy(self.identity).to(device),
        )


@dataclass(frozen=True)
class Lesson:
    """One base of one fold: what is learnt from, and what is held out, as taken and as twins."""

    base: Base
    learnt: Shown
    held: Shown
    held_twins: Shown
    emotions: int
    people: int
    rounds: int
    alpha: float
    beta: float
    loss: Loss
    seed: int
    device: str
    tell: Tell

    @property
    def steps(self) -> int:
        """How often `tell` is called."""
        return steps(self.base, self.rounds)


def steps(base: Base, rounds: int) -> int:
    """Sections and rounds of a base's convolutions."""
    return training.START + rounds if base == "hybrid" else training.SECTIONS


def learn(lesson: Lesson) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Train the base and what stands on it; what it says of held-out pictures, and how it learnt.

    Arrays: `conv0` … `conv5`, the convolutions; `Network/task/originals` and `…/augmented`, the
    classes named. The meta has `curves` (step, name, value) and `diverged`, a round or None.
    """
    with one_thread():
        return _Fold(lesson).learn()


class _Fold:
    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.part, self.held = (own.part(lesson.device) for own in (lesson.learnt, lesson.held))
        self.twins = lesson.held_twins.part(lesson.device)
        self.found: dict[str, np.ndarray] = {}

    def learn(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        own, diverged = self.lesson, None
        if own.base == "hybrid":
            conv, curves, diverged = self._hybrid()
        else:
            task = "identity" if own.base == "face" else "emotion"
            conv, head, curves = training.plain(
                self.part, task, self._classes(task), self.held,
                seed=own.seed, tell=own.tell, device=own.device,
            )  # fmt: skip
            self._say(STANDS[own.base][0][0], task, conv, head)
        self._afresh(conv)
        arrays = {f"conv{place}": one.detach().cpu().numpy() for place, one in enumerate(conv)}
        return {**arrays, **self.found}, {"curves": curves.points, "diverged": diverged}

    def _hybrid(self) -> tuple[Weights, Curves, int | None]:
        own = self.lesson
        hybrid = Hybrid(
            self.part, self.held, own.emotions, own.people, own.alpha, own.beta, own.loss,
            own.seed, own.tell, own.device,
        )  # fmt: skip
        hybrid.start()
        hybrid.run(own.rounds)
        self._say("Hybrid", "emotion", hybrid.conv, hybrid.emotion)
        self._say("Hybrid", "identity", hybrid.conv, hybrid.identity)
        return hybrid.conv, hybrid.curves, hybrid.diverged

    def _afresh(self, conv: Weights) -> None:
        """Fresh dense layers on the frozen convolutions, for the networks named X2Y."""
        x = training.all_features(conv, self.part.x)
        for place, (name, task) in enumerate(STANDS[self.lesson.base]):
            if "2" in name:
                seeds = [self.lesson.seed + 100 + place]
                head = training.fresh(
                    x, getattr(self.part, task), self._classes(task), seeds=seeds,
                    device=self.lesson.device,
                )  # fmt: skip
                self._say(name, task, conv, head)

    def _say(self, name: str, task: str, conv: Weights, head: Weights) -> None:
        for split, part in (("originals", self.held), ("augmented", self.twins)):
            self.found[f"{name}/{task}/{split}"] = named(conv, head, part.x)

    def _classes(self, task: str) -> int:
        return self.lesson.people if task == "identity" else self.lesson.emotions


def named(conv: Weights, head: Weights, x: torch.Tensor) -> np.ndarray:
    """The classes int64 (m,) that the first network of `head` names."""
    import torch

    with torch.no_grad():
        said = networks.logits(head, training.all_features(conv, x))[0]
    return said.argmax(dim=1).cpu().numpy()


def seen(conv: Sequence[np.ndarray], pictures: np.ndarray, device: str) -> np.ndarray:
    """Features float32 (m, FEATURES) of `pictures` uint8 (m, SIDE, SIDE) through stored weights."""
    import torch

    with one_thread():
        weights = [torch.from_numpy(one).to(device) for one in conv]
        return training.all_features(weights, networks.scaled(pictures, device)).cpu().numpy()
