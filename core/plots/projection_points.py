"""Maps of many faces as numbers that a browser draws: a packet of points, and how to draw them.

The packet holds what is large and seldom changes, places and classes; how to draw it is small and
comes anew with each choice. Who is chosen travels as one bit a face.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from contourpy import contour_generator

from core.plots.projection import FAINT, LIMIT, View, density, edge, style, there, window
from core.plots.projection_maps import METHODS, Groups, Maps, Place, sample
from core.plots.projection_presets import title
from core.plots.tokens import LIGHT, Tokens

NAMED = 10_000
"""Up to so many points each is named when one points at it; above, its class is."""
OUTLINED = 3_000
"""Up to so many points, or so many chosen ones, each has an outline."""
RIM = 0.45
"""Of the colour of a point, what its outline keeps: a small shape is hardly more than outline."""
DIGITS = 32
"""Letters of a packet's digest, which are its first bytes."""


@dataclass(frozen=True, eq=False)
class Points:
    """What maps `places` of a run draw: `rows` int (m,) of its faces, the `packet` with them, and
    for each place how many of them it shows, of how many that it has."""

    places: tuple[Place, ...]
    rows: np.ndarray
    packet: bytes
    counts: tuple[tuple[int, int], ...]

    @property
    def digest(self) -> str:
        """The name of the packet: the same for the same bytes."""
        return self.packet[:DIGITS].decode("ascii")


def points(
    maps: Maps, places: Sequence[Place], groups: Groups, view: View, *, limit: int = LIMIT
) -> Points:
    """The points of `places`, coloured by `groups`; more than `limit` are sampled.

    A class alone is a matter of drawing, and changes the points only where they are a sample.
    """
    has = np.stack([there(maps.places[place]) for place in places])
    among = np.asarray(has.any(axis=0))
    if view.only and among.sum() > limit:
        among &= groups.mask(view.only)
    rows = sample(groups, among, limit)
    own = groups.mask(view.only)[rows] if view.only else np.ones(len(rows), bool)
    total = groups.mask(view.only) if view.only else np.ones(len(maps), bool)
    counts = tuple((int((one[rows] & own).sum()), int((one & total).sum())) for one in has)
    kind = np.uint16 if len(groups.classes) <= 1 << 16 else np.uint32
    parts: dict[str, np.ndarray | bytes] = {
        "codes": groups.codes[rows].astype(kind), "of": _looks(groups, LIGHT)[1].astype(np.uint8)
    }  # fmt: skip
    if len(rows) < len(maps):
        parts["rows"] = rows.astype(np.uint32)
    if len(rows) <= NAMED:
        ids = maps.faces["id"].iloc[rows]
        names = {"ids": ids.tolist(), "classes": list(groups.classes)}
        parts["names"] = json.dumps(names).encode()
    for number, place in enumerate(places):
        at = maps.places[place][rows]
        parts[f"at{number}"] = at.ravel()
        drawn = at[there(at) & own]
        if view.contours and len(drawn) > 1:
            parts[f"lines{number}"] = _contours(drawn)
    return Points(tuple(places), rows, _packed(parts), counts)


def drawing(
    shown: Points, maps: Maps, groups: Groups, mode: Tokens, view: View
) -> dict[str, Any]:  # fmt: skip
    """How a browser draws `shown`: colours and shapes, windows, sizes, and who is chosen."""
    named = [] if groups.many else list(groups.classes)
    chosen = np.zeros(len(maps), bool) if view.chosen is None else view.chosen
    most = max((count for count, _ in shown.counts), default=0)
    panes = []
    for place, (count, total) in zip(shown.places, shown.counts, strict=True):
        at = maps.places[place]
        among = there(at) & (groups.mask(view.only) if view.only else True)
        low, high = window(at, among, view)
        panes.append({
            "title": f"{title(place[0])}, {METHODS.get(place[1], place[1])}",
            "window": [float(value) for value in (*low, *high)],
            "sample": sampled(count, total),
        })  # fmt: skip
    return {
        "digest": shown.digest, "faces": len(maps), "chosen": bits(chosen), "drag": view.drag,
        "only": groups.classes.index(view.only) if view.only in groups.classes else -1,
        "classes": named, "looks": _looks(groups, mode)[0], "size": _size(most),
        "outlined": OUTLINED, "ground": mode.ground, "text": mode.text, "panes": panes,
    }  # fmt: skip


def sampled(shown: int, total: int) -> str:
    """What a map says that draws `shown` of `total` faces; nothing where it draws them all."""
    if shown >= total:
        return ""
    return f"a sample: {shown:,} of {total:,}, each class in its share"


def bits(chosen: np.ndarray) -> str:
    """`chosen` bool (n,) as text: one bit a face, the first the highest of its byte."""
    return base64.b64encode(np.packbits(chosen).tobytes()).decode("ascii")


def unpacked(told: str, faces: int) -> np.ndarray | None:
    """The choice that `bits` wrote, bool (faces,); None where it is no such text."""
    try:
        packed = np.frombuffer(base64.b64decode(told, validate=True), np.uint8)
    except (binascii.Error, ValueError):
        return None
    if len(packed) != (faces + 7) // 8:
        return None
    return np.unpackbits(packed)[:faces].astype(bool)


def _looks(groups: Groups, mode: Tokens) -> tuple[list[dict[str, str]], np.ndarray]:
    """The different looks that classes have, and which of them each class has, in any mode."""
    styles = [style(groups, code, mode) for code in range(len(groups.classes))]
    different = list(dict.fromkeys(styles))
    place = {one: number for number, one in enumerate(different)}
    looks = [
        {"colour": colour, "shape": shape, "faint": _mixed(colour, mode.ground, FAINT),
         "rim": _mixed(colour, edge(mode), RIM)}
        for colour, shape in different
    ]  # fmt: skip
    return looks, np.array([place[one] for one in styles])


def _mixed(colour: str, ground: str, share: float) -> str:
    """`colour` on `ground`, of which it lets all but its own `share` through."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + "".join(f"{round(share * own + (1 - share) * under):02X}" for own, under in pairs)


def _size(most: int) -> int:
    """Diameter of a point in pixels: smaller where there are more."""
    steps = ((2_000, 7), (10_000, 5), (30_000, 4))
    return next((size for limit, size in steps if most <= limit), 3)


def _contours(at: np.ndarray) -> np.ndarray:
    """Lines of equal density as float32 pairs in a row, NaN between one line and the next."""
    u, v, dense, levels = density(at)
    lines = contour_generator(u, v, dense.T)
    gap = np.full((1, 2), np.nan)
    found = [part for level in levels for line in lines.lines(level) for part in (line, gap)]
    return np.concatenate([*found, gap]).astype(np.float32).ravel()


def _packed(parts: dict[str, np.ndarray | bytes]) -> bytes:
    """Digest, length of the head, head, parts: each at a multiple of four bytes after the head.

    The head is JSON: for each part its name, kind ("u2", "u4", "f4", "json"), place and length in
    bytes. Numbers are little-endian.
    """
    head: list[list[object]] = []
    body = bytearray()
    for name, part in parts.items():
        kind = "json" if isinstance(part, bytes) else part.dtype.str[1:]
        little = part if isinstance(part, bytes) else part.astype(part.dtype.newbyteorder("<"))
        raw = bytes(little)
        head.append([name, kind, len(body), len(raw)])
        body += raw + b"\0" * (-len(raw) % 4)
    told = json.dumps(head).encode()
    whole = len(told).to_bytes(4, "little") + told + body
    return hashlib.blake2b(whole, digest_size=DIGITS // 2).hexdigest().encode("ascii") + whole
