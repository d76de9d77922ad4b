"""People who do not exist: a stable vector of traits for each.

Gender presentation, skin-tone group and age group are dealt in shuffled blocks of eighteen
(2 x 3 x 3), so that they are balanced and independent by construction. Each then shifts
continuous traits that overlap between the groups: a label can be read from the picture, and not
perfectly.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

import numpy as np

VERSION = 1

GENDERS = ("feminine", "masculine")
SKIN_TONES = ("light", "medium", "dark")
AGE_GROUPS = ("18-30", "31-50", "51+")
ACTION_UNITS = (1, 2, 4, 5, 6, 7, 9, 12, 15, 16, 20, 23, 25, 26)

HAIR_STYLES = ("bald", "buzz", "short", "parted", "fringe", "curly", "long", "bun")
BEARDS = ("none", "stubble", "moustache", "goatee", "full")
GLASSES = ("none", "round", "square", "oval")

_AGES = {"18-30": (18, 30), "31-50": (31, 50), "51+": (51, 78)}
_MELANIN = {"light": (0.02, 0.36), "medium": (0.34, 0.68), "dark": (0.64, 1.0)}

# name: (mean, standard deviation, shift per unit of masculinity, shift per decade past 40)
_CONTINUOUS: dict[str, tuple[float, float, float, float]] = {
    "face_width": (1.0, 0.045, 0.018, 0.004),
    "jaw_width": (0.96, 0.075, 0.05, 0.012),
    "chin_width": (1.0, 0.14, 0.11, 0.0),
    "chin_length": (0.0, 0.042, 0.022, 0.004),
    "skull_height": (0.0, 0.045, 0.0, 0.0),
    "cheekbones": (1.0, 0.4, -0.05, -0.06),
    "eye_spacing": (1.0, 0.05, 0.005, 0.0),
    "eye_width": (1.0, 0.075, -0.025, 0.0),
    "eye_open": (1.0, 0.13, -0.07, -0.035),
    "eye_tilt": (0.018, 0.024, -0.008, -0.004),
    "eye_depth": (1.0, 0.35, 0.15, 0.08),
    "lid_fold": (0.55, 0.3, -0.05, 0.0),
    "brow_height": (0.0, 0.026, -0.022, -0.002),
    "brow_thickness": (1.0, 0.24, 0.22, -0.03),
    "brow_arch": (0.05, 0.022, -0.014, 0.0),
    "brow_tilt": (0.0, 0.02, 0.008, -0.003),
    "brow_gap": (1.0, 0.14, -0.05, 0.0),
    "nose_length": (0.0, 0.038, 0.014, 0.006),
    "nose_width": (1.0, 0.12, 0.05, 0.015),
    "nose_bridge": (1.0, 0.25, 0.1, 0.0),
    "nose_tip": (1.0, 0.25, 0.03, 0.05),
    "mouth_width": (1.0, 0.075, 0.015, 0.004),
    "mouth_height": (0.0, 0.024, 0.006, 0.004),
    "lip_upper": (1.0, 0.24, -0.1, -0.06),
    "lip_lower": (1.0, 0.2, -0.07, -0.05),
    "cupid_bow": (1.0, 0.4, -0.1, -0.05),
    "lip_redness": (0.5, 0.2, -0.14, -0.02),
    "muzzle": (1.0, 0.3, 0.0, 0.0),
    "ear_size": (1.0, 0.12, 0.05, 0.03),
    "neck_width": (0.44, 0.03, 0.035, 0.004),
    "redness": (0.5, 0.22, 0.0, 0.03),
    "shine": (0.5, 0.2, 0.0, -0.03),
    "blemish": (0.5, 0.25, 0.02, 0.08),
    "hairline": (0.0, 0.045, -0.012, -0.008),
    "hair_volume": (1.0, 0.22, -0.08, -0.05),
    "hair_part": (0.0, 0.5, 0.0, 0.0),
    "hair_wave": (0.5, 0.3, -0.05, 0.0),
    "eye_colour": (0.5, 0.3, 0.0, 0.0),
    # What a face at rest looks like: these overlap with weak expressions on purpose.
    "rest_corner": (-0.014, 0.023, 0.002, 0.004),
    "rest_brow": (0.0, 0.022, 0.006, 0.002),
    "rest_lid": (0.0, 0.009, 0.0, 0.002),
    "rest_part": (-0.018, 0.014, 0.0, 0.0),
    # The two halves of a face differ a little, always in the same way.
    "skew_eye": (0.0, 0.008, 0.0, 0.0),
    "skew_brow": (0.0, 0.011, 0.0, 0.0),
    "skew_mouth": (0.0, 0.012, 0.0, 0.0),
    "skew_nose": (0.0, 0.012, 0.0, 0.0),
}
_OTHER = (
    "masculinity", "age", "melanin", "hair_style", "hair_melanin", "hair_red", "grey", "beard",
    "beard_density", "glasses", "makeup", "freckles", "expressivity",
)  # fmt: skip
TRAITS: tuple[str, ...] = (
    *_CONTINUOUS,
    *_OTHER,
    *(f"gain_{unit:02d}" for unit in ACTION_UNITS),
    *(f"lean_{unit:02d}" for unit in ACTION_UNITS),
)
_POSITION = {name: place for place, name in enumerate(TRAITS)}


def generator(*key: object) -> np.random.Generator:
    """A random generator that depends on `key` and this version only (through SHA-256)."""
    text = "\x1f".join(["blindfold-synthetic", str(VERSION), *map(str, key)])
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


@dataclass(frozen=True, eq=False)
class Identity:
    """One synthetic person.

    `vector` is float32 (p,), in the order of `TRAITS`: lengths in units of 100 mm, ratios to
    the average face, codes for styles, and how each action unit shows on this person.
    """

    seed: int
    population: str
    index: int
    gender: str
    skin_tone: str
    age_group: str
    vector: np.ndarray = field(repr=False)

    def __getitem__(self, trait: str) -> float:
        """The value of one of `TRAITS`."""
        return float(self.vector[_POSITION[trait]])

    @property
    def key(self) -> tuple[int, str, int]:
        """What this person is drawn from; also the root of every picture's randomness."""
        return self.seed, self.population, self.index

    @property
    def hair_style(self) -> str:
        """One of `HAIR_STYLES`."""
        return HAIR_STYLES[int(self["hair_style"])]

    @property
    def beard(self) -> str:
        """One of `BEARDS`."""
        return BEARDS[int(self["beard"])]

    @property
    def glasses(self) -> str:
        """One of `GLASSES`."""
        return GLASSES[int(self["glasses"])]


@lru_cache(maxsize=4096)
def identity(seed: int, population: str, index: int) -> Identity:
    """The person at `index` of a population; no two populations or seeds share anybody."""
    gender, skin_tone, age_group = _labels(seed, population, index)
    rng = generator("identity", seed, population, index)
    traits = _traits(rng, gender, skin_tone, age_group)
    vector = np.array([traits[name] for name in TRAITS], np.float32)
    vector.setflags(write=False)
    return Identity(seed, population, index, gender, skin_tone, age_group, vector)


def _labels(seed: int, population: str, index: int) -> tuple[str, str, str]:
    cells = list(product(GENDERS, SKIN_TONES, AGE_GROUPS))
    block, place = divmod(index, len(cells))
    order = generator("labels", seed, population, block).permutation(len(cells))
    return cells[order[place]]


def _traits(
    rng: np.random.Generator, gender: str, skin_tone: str, age_group: str
) -> dict[str, float]:
    masculinity = (1.0 if gender == "masculine" else -1.0) + 0.42 * _normal(rng)
    age = rng.uniform(*_AGES[age_group]) + 2.0 * _normal(rng)
    decades = (age - 40) / 10
    traits = {
        name: _bounded(
            mean, mean + spread * _normal(rng) + by_gender * masculinity + by_age * decades
        )
        for name, (mean, spread, by_gender, by_age) in _CONTINUOUS.items()
    }
    traits |= {
        "masculinity": masculinity,
        "age": age,
        "melanin": rng.uniform(*_MELANIN[skin_tone]),
        "glasses": float(rng.choice(len(GLASSES), p=_glasses_odds(age))),
        "makeup": float(np.clip(0.35 - 0.45 * masculinity + 0.3 * _normal(rng), 0, 1)),
    }
    traits |= _hair_traits(rng, masculinity, age, traits["melanin"])
    traits["freckles"] = max(0.0, 0.9 * _normal(rng) - 0.6) * (traits["melanin"] < 0.5)
    traits |= _expression_traits(rng)
    return traits


def _normal(rng: np.random.Generator) -> float:
    """A standard normal folded back at 2.3, so that no face is a caricature."""
    value = rng.standard_normal()
    return float(np.clip(value, -2.3, 2.3))


def _bounded(mean: float, value: float) -> float:
    """Ratios to the average face (mean near 1) stay possible; offsets are left alone."""
    return float(np.clip(value, 0.35, 1.9)) if mean > 0.9 else value


def _glasses_odds(age: float) -> list[float]:
    wears = 0.12 + 0.004 * max(0.0, age - 30)
    return [1 - wears, wears * 0.3, wears * 0.4, wears * 0.3]


def _hair_traits(
    rng: np.random.Generator, masculinity: float, age: float, melanin: float
) -> dict[str, float]:
    leaning = 1 / (1 + np.exp(-2.2 * masculinity))
    balding = leaning * np.clip((age - 25) / 45, 0, 1)
    odds = (1 - leaning) * np.array([0.01, 0.02, 0.09, 0.12, 0.16, 0.12, 0.34, 0.14])
    odds += leaning * np.array([0.03, 0.17, 0.36, 0.18, 0.09, 0.10, 0.05, 0.02])
    odds += balding * np.array([0.22, 0.1, 0.1, 0, 0, 0, 0, 0])
    grey = float(np.clip((age - 46 + 7 * _normal(rng)) / 26, 0, 1))
    beards = leaning**2 * np.array([0.0, 0.2, 0.08, 0.09, 0.16])
    beards[0] = 1 - beards.sum()
    return {
        "hair_style": float(rng.choice(len(HAIR_STYLES), p=odds / odds.sum())),
        "hair_melanin": float(np.clip(rng.beta(1.3, 1.2) * 0.9 + 0.75 * melanin, 0, 1)),
        "hair_red": float(rng.beta(1.2, 4.0) * (1 - melanin)),
        "grey": grey,
        "beard": float(rng.choice(len(BEARDS), p=beards)),
        "beard_density": float(rng.uniform(0.55, 1.0)),
    }


def _expression_traits(rng: np.random.Generator) -> dict[str, float]:
    """How strongly, and how lopsidedly, this person shows each action unit."""
    traits = {"expressivity": float(np.exp(0.32 * _normal(rng)))}
    for unit in ACTION_UNITS:
        traits[f"gain_{unit:02d}"] = float(np.exp(0.38 * _normal(rng)))
        traits[f"lean_{unit:02d}"] = 0.16 * _normal(rng)
    return traits
