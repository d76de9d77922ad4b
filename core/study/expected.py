"""How long the phases of an audit are expected to take, so that its estimate of the time holds."""

from __future__ import annotations

from collections.abc import Mapping

from core.config import Config
from core.encode.embeddings import Embeddings
from core.study.leakage import NULL_COST, Plan, cost

PLAIN = 552 * 256
"""Numbers that an attacker learns from, at which a step of the bar takes `STEP`."""
STEP = 0.063
"""Seconds of one core for a step of the bar; like all figures here measured on two free cores of an
AMD EPYC, on the demonstration's quick look."""
COMPILING = 10
"""Seconds that UMAP compiles on a fresh installation; less than one afterwards."""


def seconds(
    config: Config, x: Embeddings, plan: Plan, steps: Mapping[str, int], *, compared: int,
    points: int, workers: int,
) -> dict[str, float]:  # fmt: skip
    """Seconds a phase, in their order, on a processor like the one where steps were measured.

    `steps` are those of the phases that count in steps of the bar; `compared` representations
    beside the controls, `points` on the frontier. The pace of the run itself corrects the rest.
    """
    rows = min((len(split.attacker) for split in plan.splits), default=0)
    scale = max(rows * x.x.shape[1] / PLAIN, 0.02)
    each = {name.lower(): scale * count * STEP / workers for name, count in steps.items()}
    found = {"attacking": each.pop("attacking", 0.0), **each}
    studies, repeats = config.studies, len({split.seed for split in plan.splits}) or 1
    if "leakage" in studies and config.attackers == "ladder":
        one = scale * len(plan.splits) / workers
        found |= {"pairs": one * compared, "selectivity": 4 * one * compared}
    if "leakage" in studies and (config.attackers == "ladder" or config.look == "full"):
        found["attackers' people"] = 5 * scale * len(plan.splits) * compared / workers
    if points:
        first = len(plan.splits) // repeats
        attack = sum(cost(one) for one in plan.attackers) + NULL_COST
        found["frontier"] = points * first * scale * (attack + 30) * STEP / workers
    if "verification" in studies:
        found["verification"] = 1.6 * repeats * compared * (len(x) / 1380)
    found["groups"] = 0.5 * compared * (len(x) / 1380)
    return {**found, "writing": 6.0}


def projecting(config: Config, x: Embeddings, compared: int) -> float:
    """Seconds of drawing maps of so many representations and of the hidden layer of each."""
    maps = 2 * len(config.projection.methods) * compared
    return COMPILING + 0.8 * maps * (len(x) / 1380)


def ablating(
    config: Config, x: Embeddings, compared: int, *, targets: int, rows: int, splits: int
) -> float:
    """Seconds, on one processor, of the ablation of so many representations and labels.

    `rows` are those that attackers learn from in each of so many `splits`.
    """
    asked = config.ablation
    orders = asked.repeats * ("random" in asked.orders) + len(set(asked.orders) - {"random"})
    refits = asked.points * (orders + 2)  # a null and a positive control a point
    one = (0.19 + 0.31 * x.x.shape[1] / 256) * rows / 414
    return compared * targets * refits * splits * one
