"""What `audit.json` says of the fairness study beside its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.faces import synthetic_target
from core.study.fairness_draws import HELD_OUT
from core.study.fairness_plan import Study

PARTS = {"suppressor": "suppressor", "attacker": "training", "test": "evaluation"}
"""The parts of a split in the study's words."""


def facts(study: Study, epochs: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Everything that was chosen; `epochs` of each fit, by representation."""
    q, draws = study.question, study.draws
    deals = {id(one): one.people(study.x.subjects) for one in draws.splits}.values()
    mean = {part: round(float(np.mean([one[part] for one in deals]))) for part in PARTS}
    held = f"{HELD_OUT:.0%} of the training people of each repeat"
    found: dict[str, Any] = {
        "target": q.target.name,
        "positive": q.target.classes[1],
        "synthetic_target": q.synthetic,
        "protected": q.protected.name,
        "favoured": q.protected.classes[0],
        "groups": list(q.protected.classes),
        "balanced_by": ["target", *([draws.balanced_by] if draws.balanced_by else [])],
        "crossed_with": [one.name for one in q.beside],
        "phi": study.settings.phi,
        "people": {name: mean[part] for part, name in PARTS.items()},
        "dealt": "once" if len(deals) == 1 else "anew in each repeat",
        "n_train": draws.n_train,
        "n_eval": draws.n_eval,
        "held_out": held,
        "repeats": len(draws.evaluation),
        "strengths": list(draws.strengths),
        "not_enough_data": list(draws.impossible),
        "epochs": {name: [min(own), max(own)] for name, own in epochs.items() if any(own)},
    }  # fmt: skip
    if q.synthetic and q.protected.name == "gender":
        found["truth"] = truth(q.protected.classes, study.settings.strengths)
    return found


def truth(groups: Sequence[str], strengths: Sequence[float]) -> dict[str, Any]:
    """The rates of the best classifier of the synthetic target, by strength and group, and gap.

    It is given what the target was made from, and the gender; `groups` has the favoured one first.
    """
    found = {}
    for strength in strengths:
        both = (synthetic_target.rates(strength), synthetic_target.rates(1 - strength))
        found[f"{strength:g}"] = {
            "tpr": {name: one.tpr for name, one in zip(groups, both, strict=True)},
            "fpr": {name: one.fpr for name, one in zip(groups, both, strict=True)},
            "gap": both[0].tpr - both[1].tpr,
            "accuracy": (both[0].accuracy + both[1].accuracy) / 2,
        }
    return found
