"""A synthetic target: a label of the bundled set whose best possible decisions are known.

A study of decisions needs something to decide, and the generator's own labels are no decision. So
each picture is dealt a label of its own: yes with probability η = 1 / (1 + exp(−SLOPE · z)), where
z is a mean of skin melanin and age, each in units of its spread. Both are dealt independently of
gender presentation, and of expression, so that a training set shows a link with either only where
one was drawn into it. It is made for that study alone: the set, its labels and its digests do not
know of it.

A classifier that is given z, the group and a training set of a known bias decides best by the sign
of its posterior log-odds (Bayes). `rates` integrates over the generator's own distributions, so
that figures can be held against the truth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special, stats

from core.faces.synthetic.identity import generator, identity

NAME = "synthetic target"
POSITIVE, NEGATIVE = "yes", "no"
SLOPE = 2.0
"""Of the log-odds: the best decision is then right about as often as those of the thesis's
Table 4.2 (77 per cent)."""
UNKNOWN_PICTURE = -1

_MELANIN = ((0.02, 0.36), (0.34, 0.68), (0.64, 1.0))
_AGES = ((18.0, 30.0), (31.0, 50.0), (51.0, 78.0))
_JITTER, _FOLD = 2.0, 2.3
_GRID = 60
_RECIPE = re.compile(r"([a-z]+)(?:\.(\d+))?-(\d{4,})-([a-z]+)-(\d+)")
_SCALE = {"melanin": (0.5067, 0.2782), "age": (43.0, 17.96)}
"""Mean and spread of each trait over the generator's three groups."""


@dataclass(frozen=True)
class Rates:
    """What the best classifier reaches: TPR, FPR and share of right decisions, each 0 to 1."""

    tpr: float
    fpr: float
    accuracy: float


def target_of(ids: Sequence[str]) -> np.ndarray:
    """1 or 0 for each picture, int8 (n,), from its id alone; `UNKNOWN_PICTURE` for other ids."""
    return np.array([_one(name) for name in ids], dtype=np.int8)


def chances(ids: Sequence[str]) -> np.ndarray:
    """η of each picture, float64 (n,); NaN for ids that are not the generator's."""
    return np.array([_chance(name) for name in ids])


def rates(share: float) -> Rates:
    """The best classifier's rates on a group that `share` of the training positives belong to.

    Two groups, and 1 − `share` of the training negatives: .5 for a balanced training set. The
    group is judged on pictures of the generator's own distribution, whose z knows no groups.
    """
    eta, weight = _population()
    positive = float(weight @ eta)
    with np.errstate(divide="ignore"):
        bias = np.log(share) - np.log1p(-share)
    # The training set is balanced by target, the generator only nearly.
    prior = np.log1p(-positive) - np.log(positive)
    yes = special.logit(eta) + prior + bias >= 0
    tpr = float(weight @ (eta * yes)) / positive
    fpr = float(weight @ ((1 - eta) * yes)) / (1 - positive)
    return Rates(tpr, fpr, (tpr + 1 - fpr) / 2)


def _one(name: str) -> int:
    chance = _chance(name)
    if np.isnan(chance):
        return UNKNOWN_PICTURE
    return int(generator(NAME, name).random() < chance)


def _chance(name: str) -> float:
    found = _RECIPE.fullmatch(name)
    if found is None:
        return float("nan")
    population, seed, index = found.group(1), int(found.group(2) or 0), int(found.group(3))
    person = identity(seed, population, index)
    return float(_eta(np.array(person["melanin"]), np.array(person["age"])))


def _eta(melanin: np.ndarray, age: np.ndarray) -> np.ndarray:
    standard = [
        (value - _SCALE[trait][0]) / _SCALE[trait][1]
        for trait, value in (("melanin", melanin), ("age", age))
    ]
    return np.asarray(special.expit(SLOPE * (standard[0] + standard[1]) / np.sqrt(2)))


@cache
def _population() -> tuple[np.ndarray, np.ndarray]:
    """η at the nodes of a midpoint rule over melanin and age, and the weight of each node."""
    middle = (np.arange(_GRID) + 0.5) / _GRID
    melanin = np.concatenate([low + (high - low) * middle for low, high in _MELANIN])
    jitter = _JITTER * np.clip(stats.norm.ppf(middle), -_FOLD, _FOLD)
    ages = np.concatenate([low + (high - low) * middle for low, high in _AGES])
    age = (ages[:, None] + jitter).ravel()
    eta = _eta(melanin[:, None], age[None, :]).ravel()
    return eta, np.full(len(eta), 1 / len(eta))
