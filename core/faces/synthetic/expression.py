"""Expressions as facial action units, with the intensities of one picture.

Action units are those of FACS (Ekman & Friesen 1978), their combinations those of EMFACS
(Friesen & Ekman 1983). FACS grades A to E stand on a scale of 0 to 1: A from 0.05, B from 0.2,
C from 0.4, D from 0.65, E from 0.9.
"""

from __future__ import annotations

import numpy as np

from core.faces.synthetic.identity import ACTION_UNITS, Identity, generator

EXPRESSIONS: tuple[str, ...] = ("neutral", "happy", "sad", "angry", "surprised", "disgusted")
ALL_EXPRESSIONS: tuple[str, ...] = (*EXPRESSIONS, "fearful")
EMFACS: dict[str, tuple[int, ...]] = {
    "neutral": (),
    "happy": (6, 12),
    "sad": (1, 4, 15),
    "angry": (4, 5, 7, 23),
    "surprised": (1, 2, 5, 26),
    "disgusted": (9, 15, 16),
    "fearful": (1, 2, 4, 5, 7, 20, 26),
}
# Units that accompany a combination in some pictures: (unit, share of the pictures).
COMPANIONS: dict[str, tuple[tuple[int, float], ...]] = {
    "happy": ((25, 0.55),),
    "surprised": ((25, 0.8),),
    "disgusted": ((25, 0.4), (4, 0.25)),
    "angry": ((25, 0.12),),
    "fearful": ((25, 0.5),),
}


def intensities(person: Identity, expression: str, shot: int) -> dict[int, float]:
    """Intensity (0 to 1) of every action unit in one picture of `person`.

    The product of how strongly the picture shows the expression, how expressive the person is
    and how strongly this person uses that unit, over a little stray activity in every unit.
    """
    if expression not in EMFACS:
        raise ValueError(
            f"expression {expression!r} is not drawn; choose one of {', '.join(EMFACS)}"
        )
    rng = generator("intensity", *person.key, expression, shot)
    strength = rng.beta(1.7, 2.0) * person["expressivity"]
    stray = np.clip(rng.exponential(0.045, len(ACTION_UNITS)), 0, 0.25)
    stray[ACTION_UNITS.index(26)] *= 0.35  # a jaw hangs less readily than a brow moves
    wobble = np.exp(0.25 * rng.standard_normal(len(ACTION_UNITS)))
    chance = rng.random(len(ACTION_UNITS))
    share = dict.fromkeys(EMFACS[expression], 1.0) | dict(COMPANIONS.get(expression, ()))
    shown = {}
    for place, unit in enumerate(ACTION_UNITS):
        value = stray[place]
        if chance[place] < share.get(unit, 0.0):
            value += strength * wobble[place] * person[f"gain_{unit:02d}"]
        shown[unit] = float(np.clip(value, 0.0, 1.0))
    return shown
