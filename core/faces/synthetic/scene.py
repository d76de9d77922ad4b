"""What surrounds a face in one picture: light, clothes, background and camera."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from core.faces.synthetic.anatomy import SIDES, Face
from core.faces.synthetic.canvas import Canvas, curve, moved
from core.faces.synthetic.identity import generator
from core.faces.synthetic.pose import Pose
from core.faces.synthetic.relief import Light


@dataclass(frozen=True)
class Scene:
    """Everything about a picture that is neither the person nor the expression."""

    pose: Pose
    light: Light
    gaze: np.ndarray  # (2,) in units
    glint: np.ndarray  # (2,) in units
    hair_shift: float  # in units
    blur: float  # standard deviation in pixels of a 160 pixel drawing
    noise: float  # standard deviation, display values
    contrast: float

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Scene:
        """One picture's circumstances."""
        across, up = rng.normal(0, 0.42), rng.uniform(-0.75, -0.15)
        across = float(np.clip(across, -0.85, 0.85))
        direction = np.array([across, up, 1.0])
        warmth = 0.045 * float(np.clip(rng.standard_normal(), -2, 2))
        strength = rng.uniform(0.32, 0.60)
        light = Light(
            direction / np.linalg.norm(direction),
            float(rng.uniform(1.0, 1.12) - strength),
            float(strength),
            np.array([1 + warmth, 1.0, 1 - 1.3 * warmth]),
        )
        return cls(
            Pose.sample(rng),
            light,
            rng.normal(0, (0.012, 0.005)),
            np.array([0.03 * np.sign(across), -0.03]),
            float(np.clip(rng.normal(0, 0.016), -0.04, 0.04)),
            float(np.clip(rng.gamma(2.0, 0.15), 0.0, 0.9)),
            float(rng.uniform(0.004, 0.016)),
            float(rng.uniform(0.92, 1.08)),
        )


def background(rng: np.random.Generator, size: int) -> np.ndarray:
    """A blurred room (3, size, size): a gradient and a few patches out of focus."""
    small = 20
    bright = rng.uniform(0.25, 0.85)
    tint = np.clip(bright + rng.normal(0, 0.03, 3), 0.1, 0.95)
    slope = np.linspace(-0.5, 0.5, small)
    lean = rng.normal(0, 0.16, 2)
    room: np.ndarray = np.empty((small, small, 3), np.float32)
    room[:] = tint
    room += (lean[0] * slope[None] + lean[1] * slope[:, None])[..., None]
    for _ in range(rng.integers(0, 6)):
        x, y = rng.integers(0, small, 2)
        wide, tall = rng.integers(2, 10, 2)
        room[y : y + tall, x : x + wide] += rng.normal(0, 0.09) + rng.normal(0, 0.025, 3)
    room = cv2.GaussianBlur(room, (0, 0), float(rng.uniform(0.6, 2.2)))
    large = cv2.resize(room, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.stack(cv2.split(np.clip(large, 0.02, 1)))


def body(
    canvas: Canvas, face: Face, base: np.ndarray, light: Light, rng: np.random.Generator
) -> None:
    """Neck, shoulders and whatever is worn in this picture."""
    person = face.person
    neck = person["neck_width"] * person["face_width"]
    jaw = face.chin[1]
    shoulder = 1.35 + 0.18 * max(person["masculinity"], -1)
    half = [
        (0.98 * neck, 0.5), (0.96 * neck, 1.0), (1.02 * neck, 1.20),
        (1.4 * neck, 1.38), (0.9 * shoulder, 1.6), (shoulder, 1.80),
    ]  # fmt: skip
    right = curve(np.array(half), 30)
    shape = np.concatenate([right, (right * (-1, 1))[::-1]])
    bright = light.ambient + 0.62 * light.strength
    skin = np.clip(base * bright * 0.90, 0, 1)
    canvas.fill(shape, skin, solid=True)
    lean = light.direction[0]
    for side in SIDES:
        dark = 0.55 - 0.5 * lean * side
        canvas.blob((side * neck * 1.05, 1.05), (0.13, 0.4), (0.55, 0.45, 0.42),
                    float(np.clip(dark, 0.1, 1)), multiply=True)  # fmt: skip
        tendon = np.array([(side * neck * 0.75, 1.0), (side * 0.08, 1.42)])
        canvas.stroke(curve(tendon, 8), 0.05, (0.78, 0.72, 0.70), 0.4, soft=0.03, multiply=True)
    canvas.blob((-0.12 * lean, jaw + 0.02), (0.42, 0.16), (0.42, 0.32, 0.30), 0.95, multiply=True)
    _clothes(canvas, neck, shoulder, bright, rng)


def _clothes(
    canvas: Canvas, neck: float, shoulder: float, bright: float, rng: np.random.Generator
) -> None:
    hue = rng.uniform(0, 2 * np.pi)
    vivid, value = rng.beta(1.3, 3) * 0.5, rng.uniform(0.1, 0.9)
    cloth = value * (1 + vivid * np.cos(hue + np.array([0, 2.1, 4.2])))
    cloth = np.clip(cloth * bright, 0.03, 0.97)
    depth = rng.choice([1.30, 1.42, 1.58])
    sharp = rng.choice([1.0, 1.6])
    t = np.linspace(-1, 1, 25)
    opening = 1.15 * neck
    collar = np.stack([t * opening, 1.24 + (depth - 1.24) * (1 - np.abs(t) ** (2.4 / sharp))], 1)
    sleeve = [collar[-1], (1.6 * neck, 1.335), (0.9 * shoulder, 1.47), (shoulder + 0.05, 1.62)]
    edge = np.concatenate([curve(np.array(sleeve), 16), [(shoulder + 0.1, 1.9)]])
    garment = np.concatenate([collar, edge, (edge * (-1, 1))[::-1]])
    canvas.fill(garment, cloth, solid=True)
    canvas.stroke(collar, 0.045, cloth * 0.82, 0.9, soft=0.006)
    shade = moved(collar, 0, -0.03)
    canvas.stroke(shade, 0.03, (0.6, 0.5, 0.48), 0.5, soft=0.015, multiply=True)
    for side in SIDES:
        fold = np.array([(side * 0.7, 1.42), (side * 0.55, 1.7)])
        canvas.stroke(curve(fold, 8), 0.08, (0.75, 0.75, 0.78), 0.5, soft=0.04, multiply=True)


def ears(canvas: Canvas, face: Face, base: np.ndarray, light: Light) -> None:
    """Both ears, beside the head; hair and head are laid over them."""
    person = face.person
    tall = 0.155 * person["ear_size"]
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    for side in SIDES:
        bright = light.ambient + light.strength * (0.42 + 0.3 * side * light.direction[0])
        middle = np.array([side * 0.715 * person["face_width"], 0.13])
        ring = np.stack([0.085 * np.cos(turn) * (1 - 0.25 * np.sin(turn)), tall * np.sin(turn)], 1)
        canvas.fill(middle + ring, np.clip(base * bright * (1.0, 0.93, 0.92), 0, 1),
                    solid=True)  # fmt: skip
        inner = moved(middle, side * 0.012, 0.0)
        canvas.fill(inner + ring * (0.55, 0.68), (0.66, 0.55, 0.52), 0.75, soft=0.018,
                    multiply=True)  # fmt: skip


@lru_cache(maxsize=4)
def _grain(size: int) -> np.ndarray:
    """Sensor noise (2 size, 2 size, 3), shared by all pictures and read at random places."""
    noise = generator("grain", size).standard_normal((2 * size, 2 * size, 3), dtype=np.float32)
    return 0.8 * noise + 0.5 * cv2.blur(noise, (2, 2))


def develop(picture: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """What the camera makes of planes (3, size, size): colour of the light, contrast, blur and
    noise; uint8 (size, size, 3)."""
    size = picture.shape[1]
    gain = (scene.light.colour * scene.contrast).astype(np.float32)
    lift = np.float32(0.5 - 0.5 * scene.contrast)
    picture = cv2.merge(list(picture * gain[:, None, None] + lift))
    blur = scene.blur * size / 160
    if blur > 0.25:
        picture = cv2.GaussianBlur(picture, (0, 0), blur)
    x, y = rng.integers(0, size, 2)
    picture += np.float32(scene.noise) * _grain(size)[y : y + size, x : x + size]
    return cv2.convertScaleAbs(np.maximum(picture, 0), alpha=255)
