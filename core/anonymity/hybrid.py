"""Hybrid: shared convolutions, two streams of dense layers, Algorithm 1 of Narula et al. (2020).

Everybody learns L_e + α L_i first. Then, round by round, the convolutions and the emotion layers
hide who is shown from identity layers that stand still, and these catch up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.anonymity import networks, training
from core.anonymity.training import (
    Curves,
    Learner,
    Part,
    Tell,
    accuracy,
    adam,
    all_features,
    cross_entropy,
)

if TYPE_CHECKING:
    import torch

    from core.anonymity.networks import Weights

Loss = Literal["bounded", "paper"]


def hiding(logits: torch.Tensor, truth: torch.Tensor, kind: Loss) -> torch.Tensor:
    """What convolutions lose where identity shows in `logits` (1, b, k).

    "paper" is −L_i (eq. 2), which has no lower bound. "bounded" is the cross-entropy towards the
    uniform distribution, −mean log p, never below log k: there, an identity layer knows nothing.
    """
    from torch.nn import functional

    if kind == "paper":
        return -functional.cross_entropy(logits[0], truth)
    return -functional.log_softmax(logits[0], dim=1).mean()


@dataclass
class Hybrid:
    """Shared convolutions with two streams of dense layers, and Algorithm 1.

    `tell` is called after each section of the start and each round, and may raise to stop.
    `diverged` is the round in which a loss was no number any more; the weights are then those
    before that round.
    """

    part: Part
    held: Part
    emotions: int
    people: int
    alpha: float
    beta: float
    loss: Loss
    seed: int
    tell: Tell
    device: str = "cpu"
    diverged: int | None = None
    curves: Curves = field(default_factory=Curves)

    def __post_init__(self) -> None:
        self.conv = networks.convolutions(self.seed, self.device)
        self.emotion = networks.dense([self.seed + 1], self.emotions, self.device)
        self.identity = networks.dense([self.seed + 3], self.people, self.device)
        self._learner = Learner(len(self.part.x), self.seed + 2)
        self._ours = adam([*self.conv, *self.emotion])
        self._theirs = adam(self.identity)

    def start(self, sections: int | None = None) -> None:
        """Line 1: everything learns L_e + α L_i. Its sections are counted up to 0."""
        moving = self._weights()
        optimiser, sections = adam(moving), training.START if sections is None else sections
        for section in range(1, sections + 1):
            lost = self._learner.steps(training.SECTION, self._together, moving, optimiser)
            self._note(section - sections, lost)

    def run(self, rounds: int) -> None:
        """Lines 2 to 7: so many rounds, or until a loss is no number."""
        for turn in range(1, rounds + 1):
            before = self._kept()
            lost = self.hide()
            lost |= self.catch_up()
            if not all(np.isfinite(value) for value in lost.values()) or not self._finite():
                self._put_back(before)
                self.diverged = turn
                return
            self._note(turn, lost)

    def hide(self) -> dict[str, float]:
        """Lines 3 and 4: W_i is frozen; W_c and W_e learn L_e with identity hidden from W_i."""
        return self._learner.steps(
            training.ROUND, self._apart, [*self.conv, *self.emotion], self._ours
        )

    def catch_up(self) -> dict[str, float]:
        """Lines 5 and 6: W_c and W_e are frozen; W_i learns L_i."""
        x, truth = all_features(self.conv, self.part.x), self.part.identity

        def loss(batch: torch.Tensor) -> dict[str, torch.Tensor]:
            said = networks.logits(self.identity, x[batch])
            return {"identity": cross_entropy(said, truth[batch])}

        return self._learner.steps(training.CATCH_UP, loss, self.identity, self._theirs)

    def _said(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = networks.features(self.conv, self.part.x[batch])
        lost = cross_entropy(networks.logits(self.emotion, x), self.part.emotion[batch])
        return lost, networks.logits(self.identity, x), self.part.identity[batch]

    def _together(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        lost, said, truth = self._said(batch)
        return {"emotion": lost, "identity_weighted": self.alpha * cross_entropy(said, truth)}

    def _apart(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        lost, said, truth = self._said(batch)
        return {"emotion": lost, "hiding_weighted": self.beta * hiding(said, truth, self.loss)}

    def _note(self, step: int, lost: dict[str, float]) -> None:
        self.curves.add(
            step,
            **training.named(lost),
            held_emotion=accuracy(self.conv, self.emotion, self.held, "emotion"),
            held_identity=accuracy(self.conv, self.identity, self.held, "identity"),
        )
        self.tell()

    def _weights(self) -> Weights:
        return [*self.conv, *self.emotion, *self.identity]

    def _kept(self) -> list[torch.Tensor]:
        return [one.detach().clone() for one in self._weights()]

    def _put_back(self, before: list[torch.Tensor]) -> None:
        for one, old in zip(self._weights(), before, strict=True):
            one.detach().copy_(old)

    def _finite(self) -> bool:
        return all(bool(one.isfinite().all()) for one in self._weights())
