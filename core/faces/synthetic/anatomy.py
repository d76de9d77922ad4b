"""Where everything is on one face, seen from the front, after its muscles have moved.

Units as in `canvas`. `side` is -1 for the image's left and +1 for its right. How far each action
unit moves a landmark follows the descriptions of FACS (Ekman & Friesen 1978); the lengths are
those of adult faces, where 1 unit (100 mm) spans about 1.6 times the distance between the eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.faces.synthetic.canvas import ANGLES, HEAD_CENTRE, curve
from core.faces.synthetic.identity import Identity

SIDES = (-1, 1)


@dataclass(frozen=True, eq=False)
class Eye:
    """One eye's opening, between two lids."""

    centre: np.ndarray
    upper: np.ndarray  # (17, 2), from the nose outwards
    lower: np.ndarray  # (17, 2), likewise

    @property
    def outline(self) -> np.ndarray:
        """The opening as a polygon (34, 2)."""
        return np.concatenate([self.upper, self.lower[::-1]])


@dataclass(frozen=True, eq=False)
class Mouth:
    """Four contours (25, 2) from the image's left corner to its right."""

    upper: np.ndarray
    upper_inner: np.ndarray
    lower_inner: np.ndarray
    lower: np.ndarray

    @property
    def corners(self) -> np.ndarray:
        """The image's left and right corner (2, 2)."""
        return self.upper_inner[[0, -1]]

    @property
    def opening(self) -> float:
        """How far the lips part in the middle, in units."""
        return float((self.lower_inner - self.upper_inner)[12, 1])


@dataclass(frozen=True, eq=False)
class Face:
    """A face at one moment: `units` holds each action unit's intensity by side."""

    person: Identity
    units: dict[int, dict[int, float]]
    radius: np.ndarray  # (720,) head outline around HEAD_CENTRE, by angle
    eyes: dict[int, Eye]
    brows: dict[int, np.ndarray]  # (21, 2) each, from the nose outwards
    mouth: Mouth
    nose_tip: np.ndarray
    wings: dict[int, np.ndarray]  # centre of each nostril's wing
    chin: np.ndarray

    def unit(self, number: int, side: int | None = None) -> float:
        """An action unit's intensity on one side, or the mean of both."""
        both = self.units[number]
        return (both[-1] + both[1]) / 2 if side is None else both[side]


def face(person: Identity, action_units: dict[int, float]) -> Face:
    """Move the face of `person` by `action_units` (intensities 0 to 1)."""
    units = {}
    for number, value in action_units.items():
        lean = person[f"lean_{number:02d}"]
        units[number] = {side: float(np.clip(value * (1 + side * lean), 0, 1)) for side in SIDES}
    mean = {number: (both[-1] + both[1]) / 2 for number, both in units.items()}
    drop = 0.13 * mean[26]
    chin = np.array([0.0, 1.13 + person["chin_length"] + drop])
    tip = np.array([person["skew_nose"], 0.40 + 0.8 * person["nose_length"] - 0.02 * mean[9]])
    return Face(
        person=person,
        units=units,
        radius=_outline(person, chin[1], mean),
        eyes={side: _eye(person, side, units) for side in SIDES},
        brows={side: _brow(person, side, units) for side in SIDES},
        mouth=_mouth(person, units, mean),
        nose_tip=tip,
        wings={side: _wing(person, side, units) for side in SIDES},
        chin=chin,
    )


def _outline(person: Identity, chin: float, mean: dict[int, float]) -> np.ndarray:
    width, jaw = person["face_width"], person["jaw_width"]
    top = -1.10 - person["skull_height"]
    cheek = 0.685 + 0.015 * person["cheekbones"] + 0.015 * mean[12] + 0.01 * mean[6]
    half = np.array(
        [
            (0.0, top),
            (0.43, top + 0.10),
            (0.655, -0.62),
            (0.70, -0.12),
            (cheek, 0.30),
            (0.605 * jaw, 0.64 + 0.2 * (chin - 1.13)),
            (0.435 * jaw, chin - 0.21),
            (0.235 * person["chin_width"], chin - 0.045),
            (0.0, chin),
        ]
    )
    half[:, 0] *= width
    knots = np.concatenate([half, (half * (-1, 1))[-2:0:-1]])
    ring = curve(knots, 240, closed=True) - HEAD_CENTRE
    turn = np.arctan2(ring[:, 1], ring[:, 0]) / (2 * np.pi) * ANGLES
    return np.interp(
        np.arange(ANGLES), *_sorted(turn % ANGLES, np.hypot(*ring.T)), period=ANGLES
    ).astype(np.float32)


def _sorted(turn: np.ndarray, radius: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(turn)
    return turn[order], radius[order]


def _eye(person: Identity, side: int, units: dict[int, dict[int, float]]) -> Eye:
    def unit(number: int) -> float:
        return units[number][side]

    half = 0.158 * person["eye_width"]
    middle = np.array([side * 0.325 * person["eye_spacing"], side * person["skew_eye"]])
    tilt = person["eye_tilt"]
    opening = np.clip(person["eye_open"], 0.6, 1.4)
    upper = 0.072 * opening + person["rest_lid"] + 0.036 * unit(5)
    upper -= 0.014 * unit(7) + 0.012 * unit(6) + 0.02 * unit(9) + 0.010 * unit(4)
    lower = 0.046 * opening - 0.026 * unit(7) - 0.024 * unit(6) - 0.016 * unit(9)
    upper, lower = max(upper, 0.018), max(lower, 0.008)
    # The lid's highest point lies nearer the nose; grief (1) lifts it there, 4 presses it.
    inward = 0.01 * unit(1) - 0.008 * unit(4)
    rows = {
        "upper": [tilt * 0.6, -0.74 * upper - inward, -upper, -0.72 * upper, -tilt],
        "lower": [tilt * 0.6, 0.62 * lower, lower, 0.72 * lower, -tilt],
    }
    across = np.array([-1.0, -0.5, 0.02, 0.56, 1.0]) * half * side
    lids = {
        name: curve(middle + np.stack([across, np.array(down)], 1), 17)
        for name, down in rows.items()
    }
    return Eye(middle, lids["upper"], lids["lower"])


def _brow(person: Identity, side: int, units: dict[int, dict[int, float]]) -> np.ndarray:
    inner, outer, knit = units[1][side], units[2][side], units[4][side]
    base = -0.212 - person["brow_height"] + side * person["skew_brow"] * 0.5
    base += person["rest_brow"] - 0.02 * units[5][side] * (inner + outer)
    arch, tilt = person["brow_arch"], person["brow_tilt"]
    scale = person["eye_spacing"]
    start = 0.125 * person["brow_gap"] - 0.035 * knit
    down = np.array([-0.008, -0.7 * arch, -arch - tilt, 0.25 * arch - 2 * tilt])
    down += knit * np.array([0.07, 0.055, 0.035, 0.015]) + 0.03 * units[9][side]
    down -= inner * np.array([0.095, 0.06, 0.02, 0.0])
    down -= outer * np.array([0.02, 0.06, 0.10, 0.085])
    across = np.array([start, 0.26, 0.41, 0.545]) * scale * side
    return curve(np.stack([across, base + down], 1), 21)


def _wing(person: Identity, side: int, units: dict[int, dict[int, float]]) -> np.ndarray:
    wrinkle = units[9][side]
    x = person["skew_nose"] + side * (0.135 * person["nose_width"] + 0.012 * wrinkle)
    return np.array([x, 0.445 + person["nose_length"] - 0.035 * wrinkle])


def _mouth(person: Identity, units: dict[int, dict[int, float]], mean: dict[int, float]) -> Mouth:
    middle = 0.735 + person["mouth_height"] + 0.6 * person["nose_length"]
    middle += 0.012 * mean[12] + 0.02 * mean[26]
    half = 0.262 * person["mouth_width"]
    corners = {}
    for side in SIDES:
        pull = {number: units[number][side] for number in (9, 12, 15, 16, 20, 23, 26)}
        out = 0.065 * pull[12] + 0.065 * pull[20] + 0.012 * pull[15]
        out -= 0.028 * pull[23] + 0.04 * pull[26]
        down = 0.078 * pull[15] - 0.098 * pull[12] + 0.018 * pull[20] + 0.03 * pull[26]
        down += person["rest_corner"] + side * person["skew_mouth"]
        corners[side] = np.array([side * (half + out), middle + down])
    tight = 1 - 0.55 * mean[23]
    stretch = 1 - 0.22 * mean[12] - 0.2 * mean[20]
    upper = 0.072 * max(person["lip_upper"], 0.3) * tight * stretch * (1 - 0.15 * mean[9])
    lower = 0.098 * max(person["lip_lower"], 0.35) * tight * stretch
    part = max(person["rest_part"], 0.0) + 0.035 * mean[25] * (1 + 0.8 * mean[12])
    lift = 0.045 * mean[9] + 0.35 * part + 0.02 * mean[26]
    fall = 0.65 * part + 0.175 * mean[26] + 0.055 * mean[16]
    return _lips(corners, middle, upper, lower, lift, fall, person["cupid_bow"])


def _lips(
    corners: dict[int, np.ndarray],
    middle: float,
    upper: float,
    lower: float,
    lift: float,
    fall: float,
    bow: float,
) -> Mouth:
    t = np.array([-1.0, -0.6, -0.22, 0.0, 0.22, 0.6, 1.0])
    half = np.where(t < 0, -corners[-1][0], corners[1][0])
    ends = np.where(t < 0, corners[-1][1], corners[1][1])
    seam = middle + (ends - middle) * np.abs(t) ** 1.7
    swell = np.array([0.0, 0.62, 1.0, 1.0, 1.0, 0.62, 0.0])  # openings close at the corners
    # A wide opening is round, a slit is pointed.
    fuller = np.array([0.0, 0.2, 0.0, 0.0, 0.0, 0.2, 0.0]) * min(fall / 0.12, 1.0)
    dip = 0.012 * bow * np.array([0.0, 0.1, -0.6, 0.9, -0.6, 0.1, 0.0])
    high = np.array([0.0, 0.62, 1.0, 0.9, 1.0, 0.62, 0.0])
    low = np.array([0.0, 0.68, 0.96, 1.0, 0.96, 0.68, 0.0])

    def contour(down: np.ndarray) -> np.ndarray:
        return curve(np.stack([t * half, down], 1), 25)

    return Mouth(
        upper=contour(seam - lift * swell - upper * high + dip),
        upper_inner=contour(seam - lift * swell + 0.5 * dip),
        lower_inner=contour(seam + fall * (swell + fuller) + 0.5 * dip * (fall < 0.02)),
        lower=contour(seam + fall * (swell + fuller) + lower * low),
    )
