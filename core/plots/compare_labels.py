"""Where the labels of the frontier stand: each at its point, and none on what is drawn."""

from __future__ import annotations

from collections.abc import Sequence

PLACES = [("left", 0, 14), ("right", 0, -14)] + [
    (anchor, way * up, right)
    for up in (18, 34, 50, 66)
    for way in (1, -1)
    for anchor, right in (("center", 0), ("left", 8), ("right", -8))
]
"""Where a label may stand at its point: anchor, and the shifts upwards and to the right in px."""
WIDE, TALL = 290, 326
"""Pixels of the plot on a phone, where labels are most crowded."""
_LETTER = 8.0

Box = tuple[float, float, float, float]
"""Left, right, bottom, top, in pixels."""
Spot = tuple[float, float]
"""A place in pixels, to the right and upwards."""


def sides(spots: Sequence[tuple[str, Spot]], taken: Sequence[Box]) -> list[tuple[str, int, int]]:
    """A place of `PLACES` for each word at its spot that meets nothing `taken`, nor another word;
    the first place where there is none."""
    used, found = list(taken), []
    for word, (x, y) in spots:
        boxes = {place: box(x, y, len(word), place) for place in PLACES}
        free = [p for p, own in boxes.items() if _inside(own) and not meets(own, used)]
        found.append(free[0] if free else PLACES[0])
        used.append(boxes[found[-1]])
    return found


def box(x: float, y: float, letters: int, place: tuple[str, int, int]) -> Box:
    """What a label of so many letters covers."""
    anchor, up, right = place
    wide, x, y = _LETTER * letters, x + right, y + up
    start = {"left": x, "right": x - wide, "center": x - wide / 2}[anchor]
    return (start, start + wide, y - 8, y + 8)


def meets(own: Box, taken: Sequence[Box]) -> bool:
    """Whether it covers a part of anything taken."""
    return any(
        own[0] < other[1] and other[0] < own[1] and own[2] < other[3] and other[2] < own[3]
        for other in taken
    )


def _inside(own: Box) -> bool:
    return own[0] >= 0 and own[1] <= WIDE and own[2] >= 0 and own[3] <= TALL
