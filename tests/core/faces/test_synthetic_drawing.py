"""What synthetic pictures show: muscles that move the right way, landmarks, regions, people."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.faces import synthetic
from core.faces.synthetic import ACTION_UNITS, ALL_EXPRESSIONS, EXPRESSIONS, SIZE
from core.faces.synthetic.anatomy import face

PEOPLE = [synthetic.identity(0, "demo", index) for index in range(24)]
REST = dict.fromkeys(ACTION_UNITS, 0.0)
PICTURES = [(i, ALL_EXPRESSIONS[i % len(ALL_EXPRESSIONS)]) for i in range(28)]

# What each unit does to a face, as a length that must grow (units of 100 mm).
EFFECTS = {
    "1: inner brows rise": ((1,), lambda f: -f.brows[1][0, 1] - f.brows[-1][0, 1]),
    "2: outer brows rise": ((2,), lambda f: -f.brows[1][-1, 1] - f.brows[-1][-1, 1]),
    "1+2: whole brows rise": ((1, 2), lambda f: -f.brows[1][:, 1].max()),
    "4: brows sink": ((4,), lambda f: f.brows[1][0, 1] + f.brows[-1][0, 1]),
    "4: brows draw together": ((4,), lambda f: f.brows[-1][0, 0] - f.brows[1][0, 0]),
    "5: upper lids rise": ((5,), lambda f: -f.eyes[1].upper[8, 1]),
    "6: eyes narrow": ((6,), lambda f: f.eyes[1].upper[8, 1] - f.eyes[1].lower[8, 1]),
    "7: eyes narrow": ((7,), lambda f: f.eyes[1].upper[8, 1] - f.eyes[1].lower[8, 1]),
    "9: nose wings rise": ((9,), lambda f: -f.wings[1][1] - f.wings[-1][1]),
    "9: upper lip rises": ((9,), lambda f: -f.mouth.upper[12, 1]),
    "12: mouth corners rise": ((12,), lambda f: -f.mouth.corners[:, 1].sum()),
    "12: mouth widens": ((12,), lambda f: f.mouth.corners[1, 0] - f.mouth.corners[0, 0]),
    "15: mouth corners sink": ((15,), lambda f: f.mouth.corners[:, 1].sum()),
    "16: lower lip sinks": ((16,), lambda f: f.mouth.lower[12, 1]),
    "20: mouth stretches": ((20,), lambda f: f.mouth.corners[1, 0] - f.mouth.corners[0, 0]),
    "23: lips tighten": (
        (23,),
        lambda f: f.mouth.upper[12, 1] - f.mouth.upper_inner[12, 1],
    ),
    "25: lips part": ((25,), lambda f: f.mouth.opening),
    "26: jaw drops": ((26,), lambda f: f.chin[1]),
    "26: mouth opens": ((26,), lambda f: f.mouth.opening),
}


class TestMuscles:
    @pytest.mark.parametrize("effect", EFFECTS)
    def test_a_full_unit_moves_every_face_the_right_way(self, effect):
        units, length = EFFECTS[effect]
        for person in PEOPLE:
            rest, moved = face(person, REST), face(person, REST | dict.fromkeys(units, 1.0))
            assert length(moved) > length(rest) + 0.01, person

    def test_every_unit_drawn_moves_something(self):
        assert {u for units, _ in EFFECTS.values() for u in units} == set(ACTION_UNITS)

    def test_weak_smiles_overlap_with_faces_at_rest(self):
        def lift(person, smile):
            shape = face(person, REST | {12: smile}).mouth
            return shape.upper_inner[12, 1] - shape.corners[:, 1].mean()

        at_rest = [lift(person, 0.0) for person in PEOPLE]
        barely = [lift(person, 0.2) for person in PEOPLE]
        assert np.median(barely) > np.median(at_rest)
        assert min(barely) < max(at_rest)

    def test_the_picture_follows_seen_through_its_landmarks(self):
        def corners(expression):
            heights = []
            for person in PEOPLE:
                d = synthetic.draw(person, expression, 1, size=96)
                left, right, nose, *mouth = d.landmarks
                heights.append((np.mean(mouth, 0) - nose)[1] / np.linalg.norm(right - left))
            return np.mean(heights)

        happy, neutral, sad = (corners(name) for name in ("happy", "neutral", "sad"))
        assert happy < neutral < sad


@pytest.fixture(scope="module")
def drawings():
    return [
        synthetic.draw(synthetic.identity(0, "demo", index), expression, 0)
        for index, expression in PICTURES
    ]


class TestLandmarks:
    def test_types_and_shapes(self, drawings):
        for d in drawings:
            assert d.image.shape == (SIZE, SIZE, 3)
            assert d.image.dtype == np.uint8
            assert d.landmarks.shape == (5, 2)
            assert d.landmarks.dtype == np.float32
            assert set(d.action_units) == set(ACTION_UNITS)

    def test_they_lie_in_the_image_in_their_order(self, drawings):
        for d in drawings:
            assert (d.landmarks > 0).all()
            assert (d.landmarks < SIZE - 1).all()
            left, right, nose, left_corner, right_corner = d.landmarks
            assert left[0] < nose[0] < right[0]
            assert left_corner[0] < right_corner[0]
            assert max(left[1], right[1]) < nose[1] < min(left_corner[1], right_corner[1])

    def test_they_scale_with_the_size(self):
        person = synthetic.identity(0, "demo", 2)
        small, large = (synthetic.draw(person, "happy", 0, size=s) for s in (120, 240))
        np.testing.assert_allclose((small.landmarks + 0.5) * 2, large.landmarks + 0.5, atol=0.6)

    def test_the_pupils_are_where_the_eyes_are_said_to_be(self, drawings):
        bare = [
            (d, index)
            for d, (index, expression) in zip(drawings, PICTURES, strict=True)
            if synthetic.identity(0, "demo", index).glasses == "none"
            and expression in ("neutral", "surprised")
        ]
        assert len(bare) >= 5
        for d, index in bare:
            grey = cv2.cvtColor(d.image, cv2.COLOR_RGB2GRAY).astype(int)
            for x, y in np.rint(d.landmarks[:2]).astype(int):
                pupil = grey[y - 2 : y + 3, x - 3 : x + 4].min()
                cheek = np.median(grey[y + 20 : y + 26, x - 4 : x + 5])
                assert pupil < 0.75 * cheek, index

    @pytest.mark.parametrize("size", [16, 5000])
    def test_an_impossible_size_is_refused(self, size):
        with pytest.raises(ValueError, match="from 64 to 1024"):
            synthetic.draw(PEOPLE[0], "happy", 0, size=size)


@pytest.fixture(scope="module")
def masked(drawings):
    return [
        (drawing, synthetic.au_masks(synthetic.identity(0, "demo", index), expression, 0))
        for drawing, (index, expression) in zip(drawings[:14], PICTURES, strict=False)
    ]


class TestRegions:
    def test_every_unit_has_a_region_on_the_face(self, masked):
        for d, masks in masked:
            assert set(masks) == set(ACTION_UNITS)
            outline = np.rint(d.points["outline"]).astype(np.int32)
            head = np.zeros((SIZE, SIZE), np.uint8)
            cv2.fillConvexPoly(head, cv2.convexHull(outline), 1)
            head = cv2.dilate(head, np.ones((9, 9), np.uint8)) > 0
            for unit, mask in masks.items():
                assert mask.shape == (SIZE, SIZE)
                assert mask.dtype == bool
                assert 20 < mask.sum() < 0.15 * SIZE * SIZE, unit
                assert not (mask & ~head).any(), unit

    def test_they_contain_what_they_are_named_for(self, masked):
        for d, masks in masked:
            left, right, _, *corners = np.rint(d.landmarks).astype(int)
            for x, y in corners:
                assert masks[12][y, x]
                assert masks[20][y, x]
            for x, y in (left, right):
                assert masks[7][y, x]
            for name in ("left_brow", "right_brow"):
                inner, outer = np.rint(d.points[name][[2, 16]]).astype(int)
                assert masks[1][inner[1], inner[0]]
                assert masks[2][outer[1], outer[0]]
            x, y = np.rint(d.points["lower_lip"][12]).astype(int)
            assert masks[16][y, x]
            x, y = np.rint(d.points["wings"].mean(0)).astype(int)
            assert masks[9][y, x]

    def test_brows_lie_above_eyes_above_mouths(self, masked):
        for _, masks in masked:
            height = {unit: np.argwhere(mask)[:, 0].mean() for unit, mask in masks.items()}
            assert height[1] < height[5] < height[6] < height[12] < height[26]


def crops(expression: str, count: int, shot: int = 0) -> np.ndarray:
    """Grey crops (count, 256), 16 x 16, scaled by the eyes, as a careless recogniser sees them."""
    rows = []
    for index in range(count):
        d = synthetic.draw(synthetic.identity(0, "demo", index), expression, shot, size=96)
        goal = np.float32([(5, 6), (11, 6), (8, 12)])
        here = np.stack([*d.landmarks[:2], d.landmarks[3:].mean(0)])
        crop = cv2.warpAffine(d.image, cv2.getAffineTransform(here, goal), (16, 16))
        grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(float).ravel()
        rows.append((grey - grey.mean()) / grey.std())
    return np.array(rows)


class TestPeopleShow:
    def test_the_same_person_looks_more_alike_than_two(self):
        one, two = crops("neutral", 60), crops("neutral", 60, shot=1)
        alike = one @ two.T
        own, other = np.diag(alike), alike[~np.eye(60, dtype=bool)]
        assert (own[:, None] > other[None]).mean() > 0.75

    def test_skin_tone_is_read_from_the_picture_but_not_perfectly(self):
        bright = {tone: [] for tone in synthetic.SKIN_TONES}
        for index in range(90):
            person = synthetic.identity(0, "demo", index)
            d = synthetic.draw(person, "neutral", 0, size=96)
            x, y = np.rint((d.landmarks[1] + d.landmarks[4]) / 2).astype(int)
            bright[person.skin_tone].append(np.median(d.image[y - 3 : y + 4, x - 3 : x + 4]))
        light, medium, dark = (np.array(bright[tone]) for tone in synthetic.SKIN_TONES)
        assert light.mean() > medium.mean() + 15 > dark.mean() + 30
        assert light.min() < medium.max()
        assert medium.min() < dark.max()

    @pytest.mark.slow
    def test_a_face_detector_finds_them(self):
        torch = pytest.importorskip("torch")
        detector = pytest.importorskip("facenet_pytorch").MTCNN(device="cpu")
        rows = synthetic.table(people=120, expressions=EXPRESSIONS).iloc[::6]
        rows = rows.assign(expression=[ALL_EXPRESSIONS[i % 7] for i in range(len(rows))])
        found = 0
        for row in rows.to_dict("records"):
            drawing = synthetic.render(row)
            with torch.inference_mode():
                _, _, points = detector.detect(drawing.image, landmarks=True)
            if points is not None:
                # Within a tenth of the face, or it found something else.
                found += np.abs(points[0] - drawing.landmarks).mean() < 8
        assert len(rows) == 120
        assert found >= 0.98 * len(rows)
