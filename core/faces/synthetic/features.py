"""Brows, nose, mouth, eyes and glasses, painted on the unlit or lit skin."""

from __future__ import annotations

import cv2
import numpy as np

from core.faces.synthetic.anatomy import SIDES, Eye, Face
from core.faces.synthetic.canvas import Canvas, curve, moved, ribbon, taper
from core.faces.synthetic.identity import Identity, generator

_FINE = 4  # an eye is some 18 pixels wide, so it is drawn larger and reduced
_IRISES = (
    np.array([(38, 24, 16), (72, 44, 24), (112, 78, 40), (104, 112, 72), (108, 138, 160)]) / 255
)


def brows(canvas: Canvas, face: Face, colour: np.ndarray) -> None:
    """Both brows: a soft body, and hairs that lie as they do on this person."""
    person = face.person
    rng = generator("brows", *person.key)
    thick = 0.052 * float(np.clip(person["brow_thickness"], 0.45, 1.9))
    for side in SIDES:
        line = face.brows[side]
        widths = taper(len(line), 0.85 * thick, 1.35 * thick, 0.15 * thick)
        canvas.stroke(line, widths, colour, 0.62, soft=0.013)
        starts = rng.integers(0, 19, 16)
        lifts, leans = rng.uniform(-0.5, 0.5, 16), rng.uniform(0.02, 0.055, 16)
        roots = line[starts] + np.stack([np.zeros(16), lifts * widths[starts]], 1)
        along = line[starts + 2] - line[starts]
        along *= (leans / (np.sqrt((along * along).sum(1)) + 1e-6))[:, None]
        along -= (0, 0.25 * thick)
        across = along[:, ::-1] * (-1, 1) * (0.006 / np.sqrt((along * along).sum(1)))[:, None]
        tips = roots + along
        hairs = np.stack([roots + across, tips + across, tips - across, roots - across], 1)
        canvas.fill(list(hairs), colour, 0.5)


def nose(canvas: Canvas, face: Face) -> None:
    """Nostrils, the wings' edges and the shade beneath the tip."""
    x, y = face.nose_tip
    dark = (0.34, 0.22, 0.20)
    width = face.person["nose_width"]
    canvas.blob((x, y + 0.075), (0.09 * width, 0.028), (0.66, 0.56, 0.54), 0.32, multiply=True)
    for side in SIDES:
        wing = face.wings[side]
        hole = np.array([wing[0] * 0.5 + x * 0.5, wing[1] + 0.032])
        rim = np.array([(-0.036 * width, 0.006), (0, -0.008), (0.036 * width, 0.008)])
        line = curve(hole + rim, 9)
        canvas.stroke(line, taper(9, 0.014, 0.045, 0.014), dark, 0.72, soft=0.009, multiply=True)
        edge = wing + np.array([(side * 0.022, -0.055), (side * 0.044, 0.0), (side * 0.012, 0.042)])
        canvas.stroke(
            curve(edge, 10), taper(10, 0.01, 0.035, 0.015), (0.55, 0.42, 0.40), 0.6,
            soft=0.012, multiply=True,
        )  # fmt: skip


def lip_colour(person: Identity, base: np.ndarray) -> np.ndarray:
    """Lips (3,): the skin's own colour towards rose, and lipstick where it is worn."""
    natural = base * (0.90, 0.66, 0.66) + (0.02, 0.0, 0.01)
    rose = np.array([0.76, 0.36, 0.38]) * (0.55 + 0.45 * base.mean() / 0.75)
    amount = np.clip(0.25 + 0.35 * person["lip_redness"], 0.05, 0.6)
    lips = natural + amount * (rose - natural)
    if person["makeup"] > 0.55:
        stick = np.array([0.70, 0.16, 0.24]) * (0.7 + 0.3 * base.mean())
        lips += 0.65 * person["makeup"] * (stick - lips)
    return np.clip(lips, 0, 1)


def mouth(canvas: Canvas, face: Face, base: np.ndarray) -> None:
    """Lips, and between them teeth, tongue and dark as far as they are open."""
    lips, shape = lip_colour(face.person, base), face.mouth
    inside = np.concatenate([shape.upper_inner, shape.lower_inner[::-1]])
    upper = np.concatenate([shape.upper, shape.upper_inner[::-1]])
    lower = np.concatenate([shape.lower_inner, shape.lower[::-1]])
    canvas.fill(upper, lips * (0.86, 0.82, 0.82), 0.92, soft=0.007)
    canvas.fill(lower, lips, 0.9, soft=0.007)
    bright = shape.lower_inner[9:16] * 0.5 + shape.lower[9:16] * 0.5
    canvas.stroke(bright, taper(7, 0.01, 0.06, 0.01), np.minimum(lips * 1.25 + 0.06, 1), 0.35,
                  soft=0.016)  # fmt: skip
    if shape.opening > 0.014:
        _inside(canvas, face, inside)
    else:
        seam = (shape.upper_inner + shape.lower_inner) / 2
        canvas.stroke(seam, taper(25, 0.016, 0.02, 0.016), lips * (0.36, 0.26, 0.28), 0.85,
                      soft=0.006)  # fmt: skip


def _inside(canvas: Canvas, face: Face, inside: np.ndarray) -> None:
    shape, opening = face.mouth, face.mouth.opening
    canvas.fill(inside, (0.17, 0.06, 0.06))
    enamel = np.array([0.93, 0.90, 0.85]) - 0.05 * np.clip((face.person["age"] - 35) / 30, 0, 1)
    gap = shape.lower_inner - shape.upper_inner
    if opening > 0.1:
        tongue = shape.lower_inner[6:19] - gap[6:19] * 0.18
        canvas.blob(tongue[6], (0.10, 0.18 * opening), (0.62, 0.28, 0.28), 0.85)
    length = np.minimum(gap[:, 1] * 0.86, 0.075) * (1 - 0.5 * face.unit(16))
    # Teeth end along one even arc, whatever the lip above them does.
    arc = shape.upper_inner[12, 1] + length.max() - 0.02 * np.linspace(-1, 1, 25) ** 2
    ends = np.clip(arc, shape.upper_inner[:, 1], shape.upper_inner[:, 1] + 0.9 * gap[:, 1])
    edge = np.stack([shape.upper_inner[:, 0], ends], 1)
    canvas.fill(np.concatenate([shape.upper_inner[1:24], edge[1:24][::-1]]), enamel, 0.95)
    shadow = moved(shape.upper_inner, 0, 0.008)
    canvas.stroke(shadow, 0.03, (0.55, 0.45, 0.45), 0.55, soft=0.01, multiply=True)
    if face.unit(16) > 0.2 or (face.unit(20) > 0.3 and opening > 0.03):
        height = np.minimum(gap[:, 1] * 0.6, 0.05)[:, None] * (0, 1)
        roots = shape.lower_inner[4:21]
        canvas.fill(np.concatenate([roots - height[4:21], roots[::-1]]), enamel * 0.9, 0.9)
    for index in (8, 10, 12, 14, 16):
        x = (shape.upper_inner[index, 0] + shape.upper_inner[index + 1, 0]) / 2
        line = np.array([(x, shape.upper_inner[index, 1]), (x, edge[index, 1])])
        canvas.fill(ribbon(line, 0.006), (0.72, 0.66, 0.60), 0.35, multiply=True)


def eyes(
    canvas: Canvas, face: Face, light: np.ndarray, gaze: np.ndarray, glint: np.ndarray
) -> None:
    """Both eyes on lit skin. `light` (2,): brightness by side; `gaze`, `glint` (2,): offsets."""
    person = face.person
    shade = float(np.clip(1.25 * person["eye_colour"] * (1.05 - person["melanin"]), 0, 1))
    iris = np.array([np.interp(shade, np.linspace(0, 1, 5), channel) for channel in _IRISES.T])
    for side, bright in zip(SIDES, light, strict=True):
        eye = face.eyes[side]
        _eyeball(canvas, eye, side, iris, float(bright), gaze, glint)
        _lids(canvas, face, eye, side, float(bright))


def _eyeball(
    canvas: Canvas, eye: Eye, side: int, iris: np.ndarray, bright: float,
    gaze: np.ndarray, glint: np.ndarray,
) -> None:  # fmt: skip
    grid = canvas.grid
    corner = np.floor(grid.pixels(eye.outline.min(0))).astype(int) - 1
    far = np.ceil(grid.pixels(eye.outline.max(0))).astype(int) + 2
    wide, tall = (far - corner) * _FINE
    scale = grid.ppu * _FINE

    def fine(points: np.ndarray) -> np.ndarray:
        at = (grid.pixels(points) - corner + 0.5) * _FINE - 0.5
        return np.rint(at * 16).astype(np.int32)

    ball = np.empty((tall, wide, 3), np.uint8)
    ball[:] = np.array([0.92, 0.89, 0.87]) * 255
    middle = moved(eye.centre, gaze[0], gaze[1] - 0.006)

    def disc(centre: np.ndarray, radius: float, colour: np.ndarray) -> None:
        paint = tuple(float(v) for v in np.clip(colour, 0, 1) * 255)
        at = tuple(int(v) for v in fine(centre))
        cv2.circle(ball, at, int(radius * scale * 16), paint, -1, cv2.LINE_AA, 4)

    disc(eye.upper[0], 0.022, np.array([0.82, 0.58, 0.56]))
    disc(middle, 0.068, iris * 0.45)
    disc(middle, 0.059, iris)
    disc(moved(middle, 0, 0.018), 0.034, np.minimum(iris * 1.35 + 0.03, 1))
    disc(middle, 0.028, np.array([0.03, 0.025, 0.03]))
    veil = np.zeros((tall, wide), np.uint8)
    cv2.polylines(veil, [fine(eye.upper)], False, 255, int(0.05 * scale), cv2.LINE_AA, 4)
    veil = cv2.blur(veil, (9, 9))
    ball = ball * (np.float32(bright) * (1 - veil[..., None] * np.float32(0.52 / 255)))
    spot = tuple(int(v) for v in fine(middle + glint))
    sparkle = np.zeros((tall, wide), np.uint8)
    cv2.circle(sparkle, spot, int(0.015 * scale * 16), 255, -1, cv2.LINE_AA, 4)
    ball += (sparkle[..., None] * np.float32(0.85 / 255)) * (250 - ball)
    mask = np.zeros((tall, wide), np.uint8)
    cv2.fillPoly(mask, [fine(eye.outline)], 255, cv2.LINE_AA, 4)
    small = (int(wide // _FINE), int(tall // _FINE))
    cover = cv2.resize(mask, small, interpolation=cv2.INTER_AREA) / np.float32(255)
    area = canvas.rgb[:, corner[1] : far[1], corner[0] : far[0]]
    shown = cv2.resize(ball, small, interpolation=cv2.INTER_AREA).transpose(2, 0, 1)
    area += cover * (shown / np.float32(255) - area)


def _lids(canvas: Canvas, face: Face, eye: Eye, side: int, bright: float) -> None:
    person = face.person
    makeup = person["makeup"]
    lash = np.array([0.10, 0.07, 0.06]) * bright
    heavy = 0.6 + 0.9 * makeup
    canvas.stroke(eye.upper, taper(17, 0.012, 0.026 * heavy, 0.022 * heavy), lash, 0.85, soft=0.004)
    if makeup > 0.5:
        wing = np.stack([eye.upper[-2], moved(eye.upper[-1], side * 0.04, -0.022)])
        canvas.fill(ribbon(wing, 0.016), lash, 0.7)
    canvas.stroke(
        eye.lower, taper(17, 0.006, 0.012, 0.016), lash * 2.2, 0.35 + 0.25 * makeup, soft=0.005
    )
    fold = float(np.clip(person["lid_fold"], 0, 1))
    height = (0.028 + 0.03 * fold) * (1 - 0.45 * face.unit(5, side))
    crease = eye.upper - np.stack([np.zeros(17), height * np.sin(np.linspace(0.35, 2.7, 17))], 1)
    strength = (0.25 + 0.5 * fold) * (1 - 0.3 * face.unit(5, side))
    canvas.stroke(
        crease, taper(17, 0.008, 0.02, 0.014), (0.45, 0.34, 0.33), strength, soft=0.008,
        multiply=True,
    )  # fmt: skip


def glasses(canvas: Canvas, face: Face) -> None:
    """The frame that this person wears, if any."""
    person = face.person
    style = person.glasses
    if style == "none":
        return
    rng = generator("glasses", *person.key)
    metal = rng.random() < 0.4
    dark = np.array([(0.10, 0.09, 0.10), (0.26, 0.15, 0.09), (0.16, 0.17, 0.28)])[rng.integers(3)]
    colour = np.array([0.62, 0.58, 0.52]) * rng.uniform(0.6, 1.1) if metal else dark
    thick = rng.uniform(0.014, 0.02) if metal else rng.uniform(0.024, 0.04)
    wide, tall, power = {
        "round": (0.185, 0.175, 2.0), "oval": (0.215, 0.135, 2.4), "square": (0.215, 0.155, 5.0)
    }[style]  # fmt: skip
    turn = np.linspace(0, 2 * np.pi, 49)
    cos, sin = np.cos(turn), np.sin(turn)
    edge = np.stack(
        [
            wide * np.sign(cos) * np.abs(cos) ** (2 / power),
            tall * np.sign(sin) * np.abs(sin) ** (2 / power),
        ],
        1,
    )
    for side in SIDES:
        middle = np.array([face.eyes[side].centre[0] + side * 0.015, 0.035])
        canvas.fill(middle + edge, (0.93, 0.95, 0.96), 0.5, multiply=True)
        canvas.stroke(middle + moved(edge, 0, 0.018), thick, (0.5, 0.45, 0.45), 0.4, soft=0.014,
                      multiply=True)  # fmt: skip
        canvas.stroke(middle + edge, thick, colour, 0.95)
        shine = middle + np.array([(-0.09, 0.05), (-0.03, -0.09)])
        canvas.stroke(shine, 0.05, (1.0, 1.0, 1.0), 0.10, soft=0.015)
        arm = np.array(
            [(middle[0] + side * wide, -0.01), (side * 0.70 * person["face_width"], -0.02)]
        )
        canvas.fill(ribbon(arm, thick), colour, 0.9)
    inner = face.eyes[1].centre[0] + 0.015 - wide
    bridge = curve(np.array([(-inner, 0.02), (0, -0.02), (inner, 0.02)]), 9)
    canvas.stroke(bridge, thick, colour, 0.95)
