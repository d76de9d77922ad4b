"""Regions lie where the picture shows the unit, and polygons agree with the generator's masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from core.action_units.regions import (
    DRAWN,
    LANDMARKS,
    UNITS,
    carried,
    drawn_masks,
    frame,
    landmark_masks,
    polygons,
    see,
)
from core.errors import EncoderError
from core.faces.align import (
    ARCFACE_TEMPLATE,
    Alignment,
    Detector,
    crop,
    face_from_landmarks,
    similarity,
)
from core.faces.faceset import FaceSet, Picture
from core.faces.synthetic.identity import ACTION_UNITS
from core.faces.synthetic.source import DrawnSource, synthetic_faces

ALIGNMENT = Alignment("five-points", 112)
NOBODY = Detector()


@pytest.fixture(scope="module")
def drawn() -> FaceSet:
    return synthetic_faces(people=4)


def test_polygons_agree_with_the_generators_masks_for_every_unit(drawn: FaceSet) -> None:
    """Intersection over union at least five times that of masks of these sizes laid at random."""
    both = np.zeros((2, len(drawn), len(ACTION_UNITS), 112, 112), bool)
    assert isinstance(drawn.source, DrawnSource)
    for row in range(len(drawn)):
        landmarks = drawn.source.read(row).landmarks
        assert landmarks is not None
        face = face_from_landmarks(landmarks)
        masks = landmark_masks(landmarks, (160, 160), ACTION_UNITS)
        both[0, row] = carried(masks, face, ALIGNMENT)
        both[1, row] = carried(drawn_masks(drawn.source, row, ACTION_UNITS), face, ALIGNMENT)
    polygon, mask = both
    overlap = (polygon & mask).mean((0, 2, 3)) / (polygon | mask).mean((0, 2, 3))
    a, b = polygon.mean((0, 2, 3)), mask.mean((0, 2, 3))
    chance = a * b / (a + b - a * b)
    assert (overlap > 5 * chance).all(), dict(zip(ACTION_UNITS, overlap / chance, strict=True))
    assert (overlap > 0.25).all(), dict(zip(ACTION_UNITS, overlap, strict=True))


@pytest.mark.parametrize("kind", ["five-points", "margin", "whole"])
def test_a_region_is_carried_as_the_picture_is(kind: str) -> None:
    """A bright square in the picture and the mask of it come to the same pixels of the crop."""
    image = np.zeros((180, 160, 3), np.uint8)
    image[70:110, 50:100] = 255
    mask = image[..., 0] > 0
    landmarks = 1.1 * ARCFACE_TEMPLATE @ np.array([[0.98, 0.15], [-0.15, 0.98]]) + (20, 30)
    face = face_from_landmarks(landmarks)
    alignment = Alignment(kind, 96, margin=0.2)  # type: ignore[arg-type]
    seen = crop(image, face, alignment)[..., 0] > 127
    found = carried(np.stack([mask, ~mask]), face, alignment)
    np.testing.assert_array_equal(found[0], seen)
    inside = ~(found[0] | found[1])
    assert kind == "five-points" or inside.mean() < 0.02  # outside the picture is in no region


def test_polygons_turn_and_grow_with_the_face() -> None:
    turn, grow = np.deg2rad(30), 2.5
    matrix = grow * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = ARCFACE_TEMPLATE @ matrix.T + (40, -7)
    plain, turned = frame(ARCFACE_TEMPLATE), frame(moved)
    for unit, own in polygons(plain).items():
        for one, other in zip(own, polygons(turned)[unit], strict=True):
            expected = plain.pixels(one) @ matrix.T + (40, -7)
            np.testing.assert_allclose(turned.pixels(other), expected, atol=1e-6)


def test_upper_units_lie_above_lower_ones_and_each_pair_is_on_both_sides() -> None:
    masks = landmark_masks(ARCFACE_TEMPLATE * 2, (224, 224), UNITS)
    height = {unit: np.nonzero(mask)[0].mean() for unit, mask in zip(UNITS, masks, strict=True)}
    for upper, lower in ((1, 5), (2, 5), (4, 7), (5, 6), (6, 9), (9, 12), (12, 15), (25, 26)):
        assert height[upper] < height[lower], (upper, lower)
    middle = round(2 * ARCFACE_TEMPLATE[:2, 0].mean())
    for unit, mask in zip(UNITS, masks, strict=True):
        left, right = mask[:, :middle].sum(), mask[:, middle:].sum()
        assert 0.5 < left / right < 2, unit


def test_a_unit_without_a_region_has_an_empty_one(drawn: FaceSet) -> None:
    assert not landmark_masks(ARCFACE_TEMPLATE, (112, 112), (1, 99))[1].any()
    assert isinstance(drawn.source, DrawnSource)
    masks = drawn_masks(drawn.source, 0, (1, 14))
    assert masks[0].any()
    assert not masks[1].any()


def test_eyes_in_one_place_are_refused() -> None:
    with pytest.raises(EncoderError, match="two different eyes"):
        landmark_masks(np.ones((5, 2)), (10, 10), (1,))


@dataclass(frozen=True)
class Photographs:
    """The drawn pictures as if somebody had photographed them; every third shows nobody."""

    drawn: DrawnSource

    def read(self, index: int) -> Picture:
        picture = self.drawn.read(index)
        if index % 3 == 2:
            return Picture(np.zeros((64, 64, 3), np.uint8))
        return picture

    def digest(self, index: int) -> str:
        return self.drawn.digest(index)


class Blind(Detector):
    def find(self, image: np.ndarray) -> None:
        return None


def test_faces_are_seen_with_their_regions_and_others_left_out(drawn: FaceSet) -> None:
    assert isinstance(drawn.source, DrawnSource)
    rows = np.array([3, 4, 5])
    seen = see(drawn, rows, ALIGNMENT, (12, 26), detector=NOBODY)
    assert seen.kind == DRAWN
    assert seen.crops.shape == (3, 112, 112, 3)
    assert seen.regions.any((2, 3)).all()
    photographs = FaceSet("p", drawn.table, Photographs(drawn.source), drawn.labels)
    counted: list[int] = []
    other = see(photographs, rows, ALIGNMENT, (12, 26), detector=Blind(),
                each=lambda: counted.append(1))  # fmt: skip
    assert other.kind == LANDMARKS
    assert other.rows.tolist() == [3, 4]
    assert len(counted) == 3
    np.testing.assert_array_equal(other.crops, seen.crops[:2])
    assert (other.regions & seen.regions[:2]).any((2, 3)).all()


def test_landmarks_come_to_the_template(drawn: FaceSet) -> None:
    landmarks = drawn.source.read(0).landmarks
    assert landmarks is not None
    matrix = similarity(landmarks, ARCFACE_TEMPLATE)
    mouth = landmark_masks(landmarks, (160, 160), (25,))
    y, x = np.nonzero(carried(mouth, face_from_landmarks(landmarks), ALIGNMENT)[0])
    there = matrix @ [*landmarks[3:].mean(0), 1]
    assert abs(x.mean() - there[0]) < 1.5
    assert abs(y.mean() - there[1]) < 1.5
