"""Skin: its colour, its marks, and the folds that age and expression press into it."""

from __future__ import annotations

import cv2
import numpy as np

from core.faces.synthetic.anatomy import SIDES, Face
from core.faces.synthetic.canvas import Canvas, Grid, curve, moved, ribbon, taper
from core.faces.synthetic.identity import Identity, generator

_MELANIN = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
_COLOURS = (
    np.array([(248, 218, 200), (234, 190, 160), (201, 150, 114), (150, 100, 70), (98, 64, 48)])
    / 255
)

_TURN = np.linspace(0, 2 * np.pi, 8, endpoint=False)
_DOT = 0.016 * np.stack([np.cos(_TURN), np.sin(_TURN)], 1)  # a freckle, in units


def tone(person: Identity) -> np.ndarray:
    """Skin colour (3,), from light to dark along melanin, redder along redness."""
    base = np.array([np.interp(person["melanin"], _MELANIN, channel) for channel in _COLOURS.T])
    red = person["redness"] - 0.5
    return np.clip(base * (1 + 0.03 * red, 1 - 0.06 * red, 1 - 0.07 * red), 0, 1)


def paint(face: Face, grid: Grid) -> Canvas:
    """Unlit skin over the whole canvas: tone, flush, blotches, freckles, moles, folds."""
    person = face.person
    base = tone(person)
    rng = generator("skin", *person.key)
    height, width = grid.shape
    blotch = cv2.resize(
        rng.standard_normal((13, 13)).astype(np.float32), (width, height),
        interpolation=cv2.INTER_CUBIC,
    )  # fmt: skip
    grain = cv2.resize(
        rng.standard_normal((72, 72)).astype(np.float32), (width, height),
        interpolation=cv2.INTER_LINEAR,
    )  # fmt: skip
    uneven = blotch * (0.010 + 0.022 * max(person["blemish"], 0)) + grain * 0.011
    canvas = Canvas.empty(grid)
    for plane, share, value in zip(canvas.rgb, (0.6, 1.0, 1.1), base, strict=True):
        np.multiply(uneven, np.float32(share * value), out=plane)
        plane += np.float32(value)
    _flush(canvas, face, base)
    _marks(canvas, person, rng, base)
    _folds(canvas, face)
    return canvas


def _flush(canvas: Canvas, face: Face, base: np.ndarray) -> None:
    person = face.person
    warm = (1.0, 0.84, 0.82)
    strength = 0.35 + 0.5 * person["redness"]
    for side in SIDES:
        raised = 0.04 * face.unit(6, side)
        canvas.blob((side * 0.42, 0.34 - raised), (0.14, 0.12), warm, strength, multiply=True)
        eye = face.eyes[side].centre
        tired = 0.25 + 0.12 * np.clip((person["age"] - 30) / 20, 0, 2)
        canvas.blob(moved(eye, 0, 0.11), (0.12, 0.04), (0.72, 0.66, 0.70), tired, multiply=True)
        canvas.blob(moved(eye, 0, -0.085), (0.14, 0.05), (0.78, 0.70, 0.70), 0.5, multiply=True)
        if person["makeup"] > 0.45:
            shadow = base * (0.72, 0.62, 0.70)
            lid = moved(eye, side * 0.03, -0.07)
            canvas.blob(lid, (0.11, 0.035), shadow, person["makeup"] * 0.6)
    canvas.blob(face.nose_tip, (0.09, 0.09), warm, strength * 0.9, multiply=True)


def _marks(canvas: Canvas, person: Identity, rng: np.random.Generator, base: np.ndarray) -> None:
    """Freckles, moles and age spots stay where they are in every picture of a person."""
    freckles = int(60 * min(person["freckles"], 1.3))
    if freckles:
        places = rng.uniform((-0.5, 0.02), (0.5, 0.45), (freckles, 2))
        dots = places[:, None] + _DOT * rng.uniform(0.4, 1, (freckles, 1, 1))
        canvas.fill(list(dots), base * (0.80, 0.70, 0.60), 0.55, soft=0.007)
    for _ in range(rng.poisson(1.5)):
        x, y = rng.uniform((-0.55, -0.45), (0.55, 1.0))
        wide = rng.uniform(0.009, 0.018)
        canvas.blob((x, y), (wide, wide), base * (0.42, 0.35, 0.32), 0.95)
    spots = rng.poisson(max(0.0, (person["age"] - 50) / 6))
    for x, y, wide in rng.uniform((-0.6, -0.7, 0.014), (0.6, 0.6, 0.035), (spots, 3)):
        canvas.blob((x, y), (wide, wide * 0.8), base * (0.8, 0.7, 0.62), 0.5)


def _fold(canvas: Canvas, knots: list[tuple[float, float]], width: float, depth: float) -> None:
    """A crease: a soft dark valley, with light on the skin that it pushes up."""
    if depth < 0.05:
        return
    line = curve(np.array(knots), 14)
    widths = taper(14, 0.3 * width, 1.5 * width, 0.2 * width)
    valley = ribbon(line, widths)
    if depth > 0.2:
        canvas.fill(
            valley - (0, 0.022), (1.1, 1.08, 1.06), min(depth, 1.0) * 0.6, soft=0.016,
            multiply=True,
        )  # fmt: skip
    canvas.fill(valley, (0.50, 0.38, 0.36), min(depth, 1.0), soft=0.010, multiply=True)


def _folds(canvas: Canvas, face: Face) -> None:
    person = face.person
    lined = float(np.clip((person["age"] - 28) / 45, 0, 1))
    _forehead(canvas, face, lined)
    for side in SIDES:
        _cheek(canvas, face, side, lined)
        _eye_folds(canvas, face, side, lined)
    mouth = face.mouth
    if face.unit(9) > 0.1:
        for y in (-0.02, 0.05):
            bend = [(-0.075, y + 0.025), (0.0, y), (0.075, y + 0.025)]
            _fold(canvas, bend, 0.018, 0.75 * face.unit(9))
    below = mouth.lower[12, 1] + 0.045
    _fold(canvas, [(-0.11, below + 0.01), (0, below - 0.01), (0.11, below + 0.01)], 0.05, 0.22)


def _forehead(canvas: Canvas, face: Face, lined: float) -> None:
    raised = [face.unit(1), face.unit(2)]
    depth = 0.16 * lined + 0.42 * max(raised) ** 1.3 * (0.5 + 0.7 * lined)
    top = min(face.brows[-1][:, 1].min(), face.brows[1][:, 1].min())
    wide = 0.2 + 0.22 * max(raised[1], lined)
    for step, share in ((0.13, 1.0), (0.23, 0.85), (0.33, 0.5)):
        y = top - step
        dip = 0.03 * (raised[0] - raised[1])
        _fold(
            canvas, [(-wide, y), (-0.1, y + 0.012 - dip), (0.1, y + 0.01 - dip), (wide, y)],
            0.018, depth * share,
        )  # fmt: skip
    for side in SIDES:
        knit = 0.12 * lined + 0.8 * face.unit(4, side)
        x, y = face.brows[side][0]
        _fold(
            canvas, [(x * 0.62, y - 0.09), (x * 0.5, y - 0.01), (x * 0.6, y + 0.06)],
            0.02, knit * 0.75,
        )  # fmt: skip


def _cheek(canvas: Canvas, face: Face, side: int, lined: float) -> None:
    """The nasolabial fold, dimple and marionette line of one side."""
    smile, sneer = face.unit(12, side), face.unit(9, side)
    wing = face.wings[side]
    corner = face.mouth.corners[(side + 1) // 2]
    depth = 0.10 + 0.30 * lined + 0.5 * smile + 0.45 * sneer + 0.15 * face.unit(15, side)
    out = side * (0.05 + 0.05 * smile + 0.02 * sneer)
    _fold(
        canvas,
        [
            (wing[0] + side * 0.03, wing[1] - 0.05),
            ((wing[0] + corner[0]) / 2 + out, (wing[1] + corner[1]) / 2 - 0.02),
            (corner[0] + out, corner[1] - 0.02),
            (corner[0] + 0.8 * out, corner[1] + 0.06),
        ],
        0.032, depth * 0.7,
    )  # fmt: skip
    droop = 0.25 * lined + 0.4 * face.unit(15, side)
    _fold(
        canvas,
        [(corner[0] + side * 0.01, corner[1] + 0.02), (corner[0] + side * 0.04, corner[1] + 0.14)],
        0.03, droop * 0.6,
    )  # fmt: skip
    canvas.blob(
        (corner[0] + side * 0.02, corner[1]), (0.028, 0.028), (0.6, 0.5, 0.5),
        0.3 + 0.3 * smile, multiply=True,
    )  # fmt: skip


def _eye_folds(canvas: Canvas, face: Face, side: int, lined: float) -> None:
    """The lower lid's pouch and the crow's feet of one side."""
    squint = max(face.unit(6, side), 0.5 * face.unit(7, side), 0.5 * face.unit(9, side))
    lower = face.eyes[side].lower
    pouch = [tuple(moved(lower[index], 0, 0.05 + 0.02 * (1 - squint))) for index in (2, 8, 14)]
    _fold(canvas, pouch, 0.02, 0.12 + 0.22 * lined + 0.35 * squint)
    x, y = lower[-1]
    for rise in (-0.06, 0.0, 0.06):
        feet = [(x + side * 0.05, y + rise * 0.5), (x + side * 0.15, y + 0.01 + 1.4 * rise)]
        _fold(canvas, feet, 0.014, (0.22 * lined + 0.55 * squint * (0.45 + 0.7 * lined)))
