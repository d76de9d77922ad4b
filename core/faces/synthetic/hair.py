"""Hair, beards and their strands."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from core.faces.synthetic.anatomy import Face
from core.faces.synthetic.canvas import Canvas, Grid, grid
from core.faces.synthetic.identity import Identity, generator

_LENGTHS = {"long": 1.5, "fringe": 0.6}
_SHADES = (
    np.array([(206, 172, 120), (164, 124, 80), (104, 72, 48), (60, 42, 32), (26, 22, 22)]) / 255
)
# Where strands come from: swept from either side, parted, or straight from the crown.
_CROWNS = ((-1.25, -1.0), (-0.35, -1.42), (0.0, -1.6), (0.35, -1.42), (1.25, -1.0))


def colour(person: Identity) -> np.ndarray:
    """Hair colour (3,): from blond to black along melanin, towards red, towards grey."""
    where = np.linspace(0, 1, 5)
    base = np.array([np.interp(person["hair_melanin"], where, band) for band in _SHADES.T])
    red = person["hair_red"] * (1 - 0.8 * person["hair_melanin"])
    base = base + red * (np.array([0.62, 0.27, 0.12]) - base)
    return base + 0.9 * person["grey"] * (np.array([0.72, 0.71, 0.70]) - base)


def _noise(rng: np.random.Generator, cells: int, count: int) -> np.ndarray:
    """Smooth periodic noise (count,) with standard deviation near one."""
    knots = rng.standard_normal(cells)
    at = np.arange(count) * cells / count
    first = at.astype(np.intp)
    ease = 0.5 - 0.5 * np.cos(np.pi * (at - first))  # no corners, which would read as teeth
    return knots[first] * (1 - ease) + knots[(first + 1) % cells] * ease


@lru_cache(maxsize=16)
def _fan(size: int, crown: int) -> np.ndarray:
    """The direction (h, w) in which each pixel lies from a parting, as 0..1023."""
    canvas = grid(size)
    dx, dy = canvas.x - _CROWNS[crown][0], canvas.y - _CROWNS[crown][1]
    turn = np.arctan2(dy, dx) + 0.05 * np.sin(5 * np.hypot(dx, dy))
    return (np.floor(turn / (2 * np.pi) * 1024) % 1024).astype(np.intp)


def _strands(person: Identity, canvas: Grid, size: int, rng: np.random.Generator) -> np.ndarray:
    """Light and dark strands (h, w), about zero with standard deviation near one."""
    height, width = canvas.shape
    style = person.hair_style
    if style in ("curly", "buzz", "bald"):
        fine = 34 if style == "curly" else 80
        curls = cv2.resize(
            rng.standard_normal((fine, fine)).astype(np.float32), (width, height),
            interpolation=cv2.INTER_CUBIC,
        )  # fmt: skip
        return curls * 1.1
    table = 0.5 * np.sum([_noise(rng, cells, 1024) for cells in (120, 300, 30)], axis=0)
    crown = int(np.clip(round(2 + 2 * person["hair_part"]), 0, 4))
    fan = table.astype(np.float32)[_fan(size, crown)]
    fall = (0.8 * _noise(rng, 30, 1024) + 0.7 * _noise(rng, 110, 1024)).astype(np.float32)
    wave = 26 * max(person["hair_wave"], 0) * np.sin(canvas.y * 7 + 3 * rng.random())
    column = (np.arange(width)[None] * (1024 / width) + wave).astype(np.intp) % 1024
    hanging = np.clip((canvas.y + 0.35) / 0.35, 0, 1)
    return fan + hanging * (fall[column] - fan)


class Hair:
    """One person's hair on one canvas: what falls behind the face, and what lies before it."""

    def __init__(self, face: Face, size: int, shift: float) -> None:
        """`shift`: how far the hair fell differently in this picture, in units."""
        self.person = face.person
        self.grid = grid(size)
        self.rng = generator("hair", *self.person.key)
        self.strands = _strands(self.person, self.grid, size, self.rng)
        self.tint = colour(self.person)
        self.edge = 0.05 * _noise(self.rng, 60, self.grid.shape[1]).astype(np.float32)
        self.rho_noise = _noise(self.rng, 80, 720).astype(np.float32)
        self.face, self.shift = face, shift

    def _coloured(self, diffuse: np.ndarray, depth: np.ndarray | float) -> np.ndarray:
        """Lit hair (3, h, w) over the whole canvas."""
        lit = np.clip(0.30 + 0.75 * diffuse, 0.25, 1.35) * depth
        contrast = 0.13 if self.person.hair_style != "buzz" else 0.10
        lit = lit * (1 + contrast * self.strands)
        band = np.exp(-0.5 * ((self.grid.y + 0.82) / 0.12) ** 2)
        sheen = band * np.clip(self.strands + 0.3, 0, 2)
        return lit * self.tint.astype(np.float32)[:, None, None] + 0.05 * sheen

    def behind(self, canvas: Canvas, diffuse: np.ndarray) -> None:
        """Hair that hangs behind neck and ears."""
        style = self.person.hair_style
        x, y = np.abs(self.grid.x), self.grid.y
        volume = float(np.clip(self.person["hair_volume"], 0.5, 1.5))
        if style in _LENGTHS:
            bottom = _LENGTHS[style] + 0.1 * self.rho_noise[0] * (style == "long")
            reach = np.minimum(self._width() - x, (bottom - y) + 1.2 * self.edge)
        elif style == "curly":
            long = 0.25 + 0.6 * (self.person["masculinity"] < 0)
            turn = (x / (0.80 + 0.22 * volume)) ** 2 + ((y + 0.15) / (0.75 + long)) ** 2
            reach = (1 - np.sqrt(turn)) * 0.8 + 0.035 * self.strands
        else:
            return
        mask = np.clip(reach * self.grid.ppu * 0.45 + 0.5, 0, 1).astype(np.float32)
        # Dark where it hangs in the head's shadow, lit where it only rounds off the crown.
        depth = 0.62 + 0.38 * np.clip(-(y + 0.1) / 0.5, 0, 1)
        canvas.lay(mask, self._coloured(diffuse, depth), solid=True)

    def before(self, canvas: Canvas, rho: np.ndarray, diffuse: np.ndarray) -> None:
        """Hair over the skull and forehead."""
        style, person = self.person.hair_style, self.person
        y = self.grid.y
        line = self._hairline() + self.edge * (0.75 if style == "fringe" else 0.4)
        thick = {
            "bald": 0.0, "buzz": 0.015, "short": 0.09, "parted": 0.11, "fringe": 0.11,
            "curly": 0.24, "long": 0.10, "bun": 0.07,
        }[style] * float(np.clip(person["hair_volume"], 0.5, 1.6))  # fmt: skip
        uneven = 0.02 if style in ("buzz", "bun", "bald") else 0.035
        grow = np.clip(-(y + 0.05) * 1.6, 0, 1) * thick
        if style == "curly":
            grow = grow + 0.035 * self.strands
        outer = 1 + grow + uneven * thick * 6 * self.rho_noise[self.grid.angle] * (thick > 0.05)
        mask = np.minimum(line - y, (outer - rho) * 0.7)
        if style == "long":
            mask = np.maximum(mask, self._curtain(rho))
        sharp = {"buzz": 0.22, "bald": 0.22, "fringe": 0.5}.get(style, 0.33)
        mask = np.clip(mask * self.grid.ppu * sharp + 0.5, 0, 1).astype(np.float32)
        if style in ("buzz", "bald"):
            mask *= 0.72 if style == "buzz" else 0.10
        elif person["grey"] < 0.9:
            self._cast(canvas, line)
        canvas.lay(mask, self._coloured(diffuse, 1.0), solid=True)
        if style == "bun":
            self._knot(canvas)

    def _hairline(self) -> np.ndarray:
        """The lowest hair (1, w) above each x, in units."""
        person, style = self.person, self.person.hair_style
        x = self.grid.x
        wide = 0.60 * person["face_width"]
        t = np.abs(x) / wide
        recede = max(0.0, person["masculinity"]) * np.clip((person["age"] - 30) / 50, 0, 0.6)
        base = -0.70 + person["hairline"] - person["skull_height"] * 0.5 - 0.12 * recede
        line = base - 0.16 * recede * np.exp(-(((t - 0.62) / 0.25) ** 2)) + 0.22 * t**4
        if style == "fringe":
            line = -0.30 + person["hairline"] + 0.05 * t**2 + self.shift + 0 * x
        elif style in ("parted", "long"):
            part = 0.35 * np.clip(person["hair_part"], -1, 1)
            line = base + 0.42 * np.abs(x - part) ** 1.3 + self.shift * 0.6 + 0.12 * t**4
        sides = {"long": 1.6, "fringe": 0.5, "bun": -0.05, "bald": -0.2}.get(style, 0.16)
        drop = np.clip((t - 1.0) / 0.07, 0, 1)
        return (line + drop * np.maximum(sides - line, 0)).astype(np.float32)

    def _curtain(self, rho: np.ndarray) -> np.ndarray:
        """Long hair that falls past the cheeks, before the ears."""
        x, y = np.abs(self.grid.x), self.grid.y
        inner = 0.63 * self.person["face_width"] + 0.05 * np.sin(2.4 * y + 0.6) + self.shift
        reach = np.minimum(x - inner + 0.3 * self.edge, self._width() - x)
        reach = np.minimum(reach, 1.45 + 0.1 * self.rho_noise[0] + 1.5 * self.edge - y)
        return np.minimum(reach, y + 0.72)

    def _width(self) -> np.ndarray:
        """Half the width (h, 1) of hair that hangs: a dome above, fuller below."""
        y = self.grid.y
        volume = float(np.clip(self.person["hair_volume"], 0.5, 1.5))
        dome = np.sqrt(np.clip(1 - (np.clip(-0.05 - y, 0, None) / 1.24) ** 2, 0, 1))
        full = 0.72 + 0.10 * volume + 0.07 * volume * np.clip(y + 0.2, 0, 1.3)
        return (full + 0.012 * np.sin(9 * y + 5 * self.rho_noise[1])) * dome - 0.05 * (dome <= 0)

    def _cast(self, canvas: Canvas, line: np.ndarray) -> None:
        """The hair's shadow on the forehead."""
        below = (self.grid.y - line).astype(np.float32)
        shade = np.exp(-np.clip(below, 0, 1) / 0.07) * (below > -0.05) * (self.grid.y < 0.3)
        canvas.rgb[:] *= 1 - np.float32(0.29) * shade

    def _knot(self, canvas: Canvas) -> None:
        top = -1.22 - self.person["skull_height"]
        turn = np.hypot(self.grid.x / 0.30, (self.grid.y - top) / 0.22)
        mask = np.clip((1 - turn) * 0.25 * self.grid.ppu + 0.5, 0, 1).astype(np.float32)
        ball = np.clip(1.15 - 0.5 * turn, 0.4, 1.1)
        canvas.lay(mask, self._coloured(ball, 0.95), solid=True)


def beard(canvas: Canvas, face: Face, rho: np.ndarray) -> None:
    """Beard, moustache or stubble on unlit skin."""
    person = face.person
    style = person.beard
    if style == "none":
        return
    x, y = canvas.grid.x, canvas.grid.y
    rng = generator("beard", *person.key)
    grain = cv2.resize(
        rng.standard_normal((70, 70)).astype(np.float32), canvas.grid.shape[::-1],
        interpolation=cv2.INTER_LINEAR,
    )  # fmt: skip
    lips = face.mouth
    top, low = lips.upper[12, 1], lips.lower[12, 1]
    half = lips.corners[1][0]
    bulge = np.abs(x) / (half + 0.045)
    under = 0.012 + 0.05 * (x / half) ** 2
    moustache = np.minimum((y - (top - 0.105 - 0.03 * (np.abs(x) < 0.04))) / 0.05,
                           (top + under - y) / 0.04)  # fmt: skip
    moustache = np.minimum(moustache, (1.0 - bulge) / 0.18)
    chin = (
        np.minimum((y - low - 0.03) / 0.06, 1)
        if style != "goatee"
        else np.minimum((y - low - 0.02) / 0.05, (0.24 - np.abs(x)) / 0.05)
    )
    ring = np.minimum((np.abs(x) - half - 0.01) / 0.05, (half + 0.10 - np.abs(x)) / 0.05)
    ring = np.minimum(ring, np.minimum((y - top + 0.02) / 0.06, 1))
    cheek = np.minimum((np.abs(x) - 0.36 - 0.25 * (0.8 - y)) / 0.07, (y - 0.10) / 0.2)
    parts = {
        "moustache": [moustache],
        "goatee": [moustache, chin, ring],
        "stubble": [moustache, chin, ring, cheek],
        "full": [moustache, chin, ring, cheek],
    }[style]
    mask = np.clip(np.maximum.reduce([np.broadcast_to(p, grain.shape) for p in parts]), 0, 1)
    mask = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.018 * canvas.grid.ppu)
    strength = (0.30 if style == "stubble" else 0.86) * person["beard_density"]
    mask *= np.clip(strength + 0.13 * grain, 0, 0.95)
    canvas.lay(mask, colour(person).astype(np.float32)[:, None, None] * (0.9 + 0.12 * grain))
