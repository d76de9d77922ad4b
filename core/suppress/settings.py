"""Checks that the settings of several methods share."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable

from core.errors import ConfigError

MOST_LAYERS = 10
MOST_WEIGHT = 100.0


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that looks most like `word`, or the first."""
    options = list(known) or [""]
    return (difflib.get_close_matches(word, options, n=1, cutoff=0) or options)[0]


def check_word(place: str, value: object, known: tuple[str, ...]) -> None:
    """Raise `ConfigError` where `value` is none of `known`."""
    if value not in known:
        raise ConfigError(
            f"{place} is '{value}', and it must be {' or '.join(known)} (did you mean "
            f"{nearest(str(value), known)}?)"
        )


def check_layers(value: object) -> None:
    """Raise `ConfigError` where `value` is neither None nor a whole number of layers."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_LAYERS:
        raise ConfigError(
            f"layers is {value}, and it must be a whole number from 1 to {MOST_LAYERS}: leave it "
            "out to have it chosen"
        )


def check_dial(value: object) -> None:
    """Raise `ConfigError` where `value` is no number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ConfigError(
            f"dial is {value}, and it must be a number from 0 (keep recognition) to 1 (remove "
            "everything)"
        )


def weight_of(dial: float) -> float:
    """How much suppressing weighs beside the primary task: 0, 1 at a dial of 0.5, at most 100."""
    return MOST_WEIGHT if math.isclose(dial, 1) else min(MOST_WEIGHT, dial / (1 - dial))
