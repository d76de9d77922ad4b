"""One picture of one person: everything in its order, from the back to the front."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.faces.synthetic import features, hair, relief, scene, skin
from core.faces.synthetic.anatomy import SIDES, Face, face
from core.faces.synthetic.canvas import ANGLES, HEAD_CENTRE, Canvas, Grid, grid, moved
from core.faces.synthetic.expression import intensities
from core.faces.synthetic.identity import Identity, generator
from core.faces.synthetic.pose import surface

SIZE = 160


@dataclass(frozen=True, eq=False)
class Drawing:
    """A synthetic face.

    `image` uint8 (H, W, 3) RGB. `landmarks` float32 (5, 2), x and y in pixels: left eye (image's
    left), right eye, nose tip, left mouth corner, right mouth corner. `points`: further contours,
    float32 (n, 2) each. `action_units`: intensity 0 to 1 of every unit drawn.
    """

    image: np.ndarray
    landmarks: np.ndarray
    points: dict[str, np.ndarray]
    action_units: dict[int, float]


@dataclass(frozen=True, eq=False)
class Stage:
    """A posed face before it is painted: shared by the picture and by its regions."""

    face: Face
    action_units: dict[int, float]
    scene: scene.Scene
    rng: np.random.Generator
    grid: Grid
    skull: np.ndarray
    bumps: np.ndarray
    rho: np.ndarray
    depth: np.ndarray


def stage(person: Identity, expression: str, shot: int, size: int) -> Stage:
    """Set up one picture; its randomness depends on person, expression and shot only."""
    shown = intensities(person, expression, shot)
    rng = generator("scene", *person.key, expression, shot)
    setting = scene.Scene.sample(rng)
    moved, canvas = face(person, shown), grid(size)
    skull, bumps, rho = relief.heights(moved, canvas)
    depth = surface(rho, bumps, canvas.ppu)
    return Stage(moved, shown, setting, rng, canvas, skull, bumps, rho, depth)


def draw(person: Identity, expression: str, shot: int, *, size: int = SIZE) -> Drawing:
    """Draw `person` with `expression`; `shot` numbers pictures with other pose, light, strength.

    The same arguments give the same bytes.
    """
    if not 64 <= size <= 1024:
        raise ValueError(f"a face of {size} pixels cannot be drawn; choose a size from 64 to 1024")
    set_up = stage(person, expression, shot, size)
    canvas = _paint(set_up, size)
    x, y = set_up.scene.pose.maps(set_up.depth, set_up.grid, size)
    layer = cv2.merge([*(canvas.rgb * canvas.cover), canvas.cover])
    layer = cv2.remap(layer, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    *planes, cover = cv2.split(layer)
    picture = scene.background(set_up.rng, size)
    picture *= 1 - cover
    picture += planes
    image = scene.develop(picture, set_up.scene, set_up.rng)
    landmarks, points = _landmarks(set_up, size)
    return Drawing(image, landmarks, points, set_up.action_units)


def _paint(set_up: Stage, size: int) -> Canvas:
    """The frontal picture."""
    shape, area, light = set_up.face, set_up.grid, set_up.scene.light
    base = skin.tone(shape.person)
    canvas = Canvas.empty(area)
    diffuse, gloss = relief.shade(set_up.skull + set_up.bumps, area.ppu, light)
    mane = hair.Hair(shape, size, set_up.scene.hair_shift)
    broad = cv2.blur(diffuse, (9, 9))
    mane.behind(canvas, broad)
    scene.body(canvas, shape, base, light, set_up.rng)
    scene.ears(canvas, shape, base, light)
    head = _head(set_up, diffuse, gloss, base)
    mask = np.clip((1 - set_up.rho) * 0.75 * area.ppu + 0.5, 0, 1)
    canvas.lay(mask, head.rgb, solid=True)
    mane.before(canvas, set_up.rho, broad)
    features.glasses(canvas, shape)
    return canvas


def _head(set_up: Stage, diffuse: np.ndarray, gloss: np.ndarray, base: np.ndarray) -> Canvas:
    shape, area, light = set_up.face, set_up.grid, set_up.scene.light
    canvas = skin.paint(shape, area)
    features.nose(canvas, shape)
    hair.beard(canvas, shape, set_up.rho)
    features.mouth(canvas, shape, base)
    brow = 0.85 * hair.colour(shape.person) * (1 - 0.3 * (1 - shape.person["grey"]))
    features.brows(canvas, shape, brow)
    tip = shape.nose_tip - (0.11 * light.direction[0], -0.05)
    canvas.blob(moved(tip, 0, 0.03), (0.07, 0.07), (0.62, 0.52, 0.50),
                min(0.9 * abs(light.direction[0]), 0.6), multiply=True)  # fmt: skip
    # Shadows on skin turn warm, because blue light scatters out of it first.
    lit = np.maximum(diffuse, 0.05)
    for plane, power in zip(canvas.rgb, (0.91, 1.03, 1.08), strict=True):
        plane *= cv2.pow(lit, power)
    canvas.rgb[:] += gloss * np.float32(0.05 + 0.13 * max(shape.person["shine"], 0))
    sides = [_brightness(diffuse, area, shape.eyes[side].centre) for side in SIDES]
    features.eyes(canvas, shape, np.array(sides), set_up.scene.gaze, set_up.scene.glint)
    return canvas


def _brightness(diffuse: np.ndarray, area: Grid, centre: np.ndarray) -> float:
    x, y = np.rint(area.pixels(centre)).astype(int)
    return float(np.clip(0.35 + 0.65 * diffuse[y - 2 : y + 3, x - 4 : x + 5].mean(), 0.3, 1.08))


def _landmarks(set_up: Stage, size: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    shape = set_up.face
    turn = np.arange(0, ANGLES, 24) / ANGLES * 2 * np.pi
    ring = np.stack([np.cos(turn), np.sin(turn)], 1) * shape.radius[::24, None]
    contours = {
        "five": np.stack(
            [shape.eyes[-1].centre, shape.eyes[1].centre, shape.nose_tip, *shape.mouth.corners]
        ),
        "outline": moved(ring, *HEAD_CENTRE),
        "left_eye": shape.eyes[-1].outline,
        "right_eye": shape.eyes[1].outline,
        "left_brow": shape.brows[-1],
        "right_brow": shape.brows[1],
        "wings": np.stack([shape.wings[-1], shape.wings[1]]),
        "upper_lip": shape.mouth.upper,
        "upper_lip_inner": shape.mouth.upper_inner,
        "lower_lip_inner": shape.mouth.lower_inner,
        "lower_lip": shape.mouth.lower,
        "chin": shape.chin[None],
    }
    joined = set_up.scene.pose.project(
        np.concatenate(list(contours.values())), set_up.depth, set_up.grid, size
    )
    cuts = np.cumsum([len(points) for points in contours.values()])[:-1]
    placed = dict(zip(contours, np.split(joined, cuts), strict=True))
    return placed.pop("five"), placed
