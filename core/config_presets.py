"""What the presets `paper-thesis` and `paper-tpami` fill in: the papers' recipe.

A preset fills in only what nobody wrote. The protocol stays the honest one; what the paper did
otherwise is told beside the figures, never done silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.config import Config
from core.config_parts import Suppressor

_PROTOCOL = (
    "The papers' recipe under this audit's protocol: whoever a suppressor or an attacker learnt "
    "from is never tested, people are dealt anew for every repeat, and every figure has an "
    "interval and a null; "
)


@dataclass(frozen=True)
class Recipe:
    """Settings by name as `audit.yaml` has them, and what must be said beside the figures."""

    settings: Mapping[str, Any]
    notes: tuple[str, ...]


RECIPES = {
    "paper-thesis": Recipe(
        {
            "suppressors": [
                {"kind": "sensitivenets", "preset": "paper", "layers": 1, "detector": "dense"},
                {"kind": "lntl", "preset": "paper", "primary": "gender"},
            ],
            "attackers": "paper-thesis",
        },
        (
            _PROTOCOL + "the thesis (Peña 2020) trains on 80 % of the pictures and tests on 20 %, "
            "and does not say that people are apart.",
            "SensitiveNets: one layer of 1,024 and a dense detector, as in the thesis's text; its "
            "ICPR annex has three layers beside the same results.",
            "Learning Not To Learn: the thesis fine-tunes the encoder's last layers, where this "
            "preset's adapter works on vectors (mode: tail does as the thesis did); primary task "
            "gender, on which the thesis had pictures of CFEE labelled by hand.",
            "Attackers: its SVM prints neither kernel nor gamma, its random forest no size; ours "
            "are declared.",
        ),
    ),
    "paper-tpami": Recipe(
        {
            "sensitive": ["gender", "ethnicity"],
            "neutral": {"gender": "male", "ethnicity": "east asian"},
            "suppressors": [
                {"kind": "sensitivenets", "preset": "paper", "layers": 3, "detector": "softmax"},
            ],
            "attackers": "paper-tpami",
        },
        (
            _PROTOCOL + "TPAMI (Morales et al. 2020) tests once, on 1,800 pictures of DiveFace by "
            "9,000 others, apart in identity.",
            "SensitiveNets: three layers and a softmax detector. TPAMI's detector learns from "
            "3,000 people with three pictures each, and its triplets come from 21,000 others; here "
            "both learn from the suppressor's people, unless roles name a set for each.",
            "The fixed classes are Male and Group 1 (east Asian, as DiveFace's lists have it), a "
            "choice; a class that these data do not have is replaced by the uniform distribution.",
        ),
    ),
}


def filled(config: Config) -> tuple[Config, list[str]]:
    """`config` with what its preset fills in, and notes on what the paper did otherwise.

    What was filled in does not count as asked for by name. A preset without a recipe changes
    nothing.
    """
    recipe = RECIPES.get(config.preset)
    if recipe is None:
        return config, []
    read = Config.model_validate({**recipe.settings, "preset": config.preset})
    update = {
        name: getattr(read, name) for name in recipe.settings if name not in config.model_fields_set
    }
    whole = config.model_copy(update=update)
    whole.model_fields_set.difference_update(update)
    own = [name for name in recipe.settings if name not in update]
    said = [f"Not from the recipe but as asked for: {', '.join(own)}."] if own else []
    return whole, [*recipe.notes, *said]


def suppressors(preset: str) -> tuple[Suppressor, ...]:
    """The suppressors that `preset` fills in; none where it has no recipe."""
    recipe = RECIPES.get(preset)
    given = [] if recipe is None else recipe.settings.get("suppressors", [])
    return tuple(Suppressor.model_validate(one) for one in given)
