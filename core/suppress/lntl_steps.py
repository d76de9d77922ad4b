"""The two steps a batch of Learning Not To Learn (Kim, Kim, Kim, Kim and Kim 2019, section 3).

f makes φ, g reads the primary task from φ, h the sensitive label. Step 1 moves f and g only, step 2
moves f and h only: what a step does not move has no gradient there. (The authors' code, written for
an older `zero_grad`, let g's momentum and decay act in step 2; here g is skipped.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Players:
    """f, g and one h a label, each with its own optimiser."""

    f: torch.nn.Module
    g: torch.nn.Module
    h: Sequence[torch.nn.Module]
    f_optimiser: torch.optim.Optimizer
    g_optimiser: torch.optim.Optimizer
    h_optimiser: torch.optim.Optimizer

    def zero(self) -> None:
        """Forget all gradients: None, not 0, so that momentum and decay rest too."""
        for optimiser in (self.f_optimiser, self.g_optimiser, self.h_optimiser):
            optimiser.zero_grad(set_to_none=True)


@dataclass(frozen=True)
class Batch:
    """`x` (b, d), class of the primary task `y` (b,), and of each label `s` (b,); −1: unknown."""

    x: torch.Tensor
    y: torch.Tensor
    s: Sequence[torch.Tensor]


def learn(players: Players, batch: Batch, strength: float) -> tuple[float, float]:
    """Step 1: cross-entropy of g plus `strength` · mean Σ p log p of every h; f and g step.

    The second part is smallest where h knows nothing (Kim et al. 2019, eq. 6). Returns the parts.
    """
    import torch

    players.zero()
    phi = players.f(batch.x)
    primary = cross_entropy(players.g(phi), batch.y)
    negative_entropy = torch.stack([_negative_entropy(h(phi)) for h in players.h]).sum()
    (primary + strength * negative_entropy).backward()
    players.f_optimiser.step()
    players.g_optimiser.step()
    return float(primary.detach()), float(negative_entropy.detach())


def unlearn(players: Players, batch: Batch, strength: float) -> float:
    """Step 2, on a fresh φ: cross-entropy of every h, whose gradient reaches f times −`strength`
    (gradient reversal, Ganin and Lempitsky 2015); f and h step. Returns the cross-entropy."""
    import torch

    players.zero()
    phi = players.f(batch.x)
    # φ as it is going forward; −strength times the gradient going back.
    turned = phi.detach() * (1 + strength) - strength * phi
    told = zip(players.h, batch.s, strict=True)
    loss = torch.stack([cross_entropy(h(turned), s) for h, s in told]).sum()
    loss.backward()
    players.f_optimiser.step()
    players.h_optimiser.step()
    return float(loss.detach())


def cross_entropy(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of logits (b, k) over rows whose class `y` (b,) is known; 0 of none."""
    import torch

    total = torch.nn.functional.cross_entropy(logits, y, ignore_index=-1, reduction="sum")
    return total / (y >= 0).sum().clamp(min=1)


def _negative_entropy(logits: torch.Tensor) -> torch.Tensor:
    """Mean over rows of Σ p log p, from the log-softmax of logits (b, k)."""
    log_p = logits.log_softmax(dim=1)
    return (log_p.exp() * log_p).sum(dim=1).mean()
