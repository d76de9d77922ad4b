"""The bundled synthetic set: who is in it, what is labelled, and that it never changes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.faces import synthetic
from core.faces.synthetic import ACTION_UNITS, ALL_EXPRESSIONS, EMFACS, EXPRESSIONS

ROOT = Path(__file__).parents[3]
POPULATIONS = ("demo", "gallery", "verification", "training")


@pytest.fixture(scope="module")
def demo():
    return synthetic.table()


def au(row_or_table, unit: int):
    return row_or_table[f"au{unit:02d}"]


class TestPeople:
    def test_no_two_populations_or_seeds_share_anybody(self):
        vectors = [
            synthetic.identity(seed, population, index).vector.tobytes()
            for seed in (0, 1)
            for population in POPULATIONS
            for index in range(60)
        ]
        assert len(set(vectors)) == len(vectors)

    def test_a_person_stays_the_same_through_drawing_and_forgetting(self):
        before = synthetic.identity(0, "demo", 7).vector.copy()
        for shot, expression in enumerate(ALL_EXPRESSIONS):
            synthetic.draw(synthetic.identity(0, "demo", 7), expression, shot, size=64)
        synthetic.identity.cache_clear()
        np.testing.assert_array_equal(synthetic.identity(0, "demo", 7).vector, before)

    def test_the_vector_cannot_be_changed(self):
        with pytest.raises(ValueError, match="read-only"):
            synthetic.identity(0, "demo", 0).vector[0] = 1

    def test_vectors_are_finite_and_alike_in_shape(self):
        vectors = np.stack([synthetic.identity(3, "gallery", i).vector for i in range(200)])
        assert vectors.dtype == np.float32
        assert np.isfinite(vectors).all()

    def test_labels_are_balanced_and_independent(self):
        cells = Counter()
        for index in range(230):
            person = synthetic.identity(0, "demo", index)
            cells[person.gender, person.skin_tone, person.age_group] += 1
        assert len(cells) == 18
        assert max(cells.values()) - min(cells.values()) <= 1

    def test_gender_presentation_overlaps(self):
        people = [synthetic.identity(0, "demo", index) for index in range(400)]
        long_haired = Counter(p.gender for p in people if p.hair_style in ("long", "bun"))
        assert long_haired["masculine"] >= 5
        assert long_haired["feminine"] > 2 * long_haired["masculine"]
        jaw = {g: [p["jaw_width"] for p in people if p.gender == g] for g in synthetic.GENDERS}
        assert np.mean(jaw["masculine"]) > np.mean(jaw["feminine"])
        assert max(jaw["feminine"]) > np.median(jaw["masculine"])


class TestTable:
    def test_the_default_has_the_shape_of_cfee(self, demo):
        assert len(demo) == 1380
        assert demo["subject_id"].nunique() == 230
        assert demo["id"].is_unique
        assert "demo-0012-happy-0" in set(demo["id"])
        assert (demo.groupby("expression").size() == 230).all()
        assert set(demo["expression"]) == set(EXPRESSIONS)

    def test_labels_belong_to_the_person(self, demo):
        for label in ("gender", "skin_tone", "age_group"):
            assert (demo.groupby("subject_id")[label].nunique() == 1).all()

    def test_further_populations_have_several_images_of_mixed_expression(self):
        table = synthetic.table("gallery", people=100, shots=4)
        assert len(table) == 400
        assert table["id"].is_unique
        assert (table.groupby("subject_id").size() == 4).all()
        counts = table["expression"].value_counts()
        assert set(counts.index) == set(EXPRESSIONS)
        assert counts.min() > 30

    def test_a_longer_table_begins_with_the_shorter(self):
        short = synthetic.table("verification", people=5, shots=3)
        longer = synthetic.table("verification", people=9, shots=3)
        assert longer["id"].tolist()[: len(short)] == short["id"].tolist()

    def test_seeds_do_not_share_ids(self):
        one, two = synthetic.table(people=4), synthetic.table(people=4, seed=1)
        assert not set(one["id"]) & set(two["id"])

    @pytest.mark.parametrize("kind", ["mapping", "series", "tuple"])
    def test_a_row_is_drawn_as_its_person_would_be(self, kind):
        table = synthetic.table(people=2)
        row = {
            "mapping": lambda: table.to_dict("records")[9],
            "series": lambda: table.iloc[9],
            "tuple": lambda: list(table.itertuples(index=False))[9],
        }[kind]()
        expected = synthetic.draw(synthetic.identity(0, "demo", 1), "angry", 0, size=96)
        drawing = synthetic.render(row, size=96)
        np.testing.assert_array_equal(drawing.image, expected.image)
        assert all(au(table.iloc[9], u) == v for u, v in drawing.action_units.items())

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"population": "cfee"}, "'cfee' is not known; choose one of demo"),
            ({"people": 0}, "0 people"),
            ({"shots": 0}, "0 shots"),
            ({"expressions": ("happy", "bored")}, "bored"),
            ({"expressions": ()}, "choose from"),
        ],
    )
    def test_a_wrong_request_says_what_is_possible(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            synthetic.table(**arguments)


class TestIntensity:
    def test_each_combination_stands_out_from_stray_activity(self, demo):
        for expression, units in EMFACS.items():
            if expression not in EXPRESSIONS:
                continue
            shown = demo[demo["expression"] == expression]
            rest = demo[demo["expression"] == "neutral"]
            for unit in units:
                assert au(shown, unit).mean() > au(rest, unit).mean() + 0.25, (expression, unit)

    def test_neutral_faces_are_nearly_at_rest(self, demo):
        neutral = demo[demo["expression"] == "neutral"]
        assert neutral[[f"au{u:02d}" for u in ACTION_UNITS]].to_numpy().mean() < 0.08

    def test_some_smiles_are_barely_there_and_some_are_full(self, demo):
        smile = au(demo[demo["expression"] == "happy"], 12)
        assert (smile < 0.2).mean() > 0.05
        assert (smile > 0.65).mean() > 0.05
        assert smile.between(0, 1).all()

    def test_people_differ_and_so_do_their_pictures(self):
        smiles = synthetic.table(people=60, expressions=("happy",), shots=8)
        by_person = au(smiles, 12).groupby(smiles["subject_id"])
        assert by_person.std().median() > 0.08
        # Between people there is more than averaging eight pictures each would leave by chance.
        assert by_person.mean().var() > 2 * by_person.var().mean() / 8

    def test_an_unknown_expression_is_refused_with_the_known_ones(self):
        with pytest.raises(ValueError, match="'bored' is not drawn; choose one of neutral"):
            synthetic.draw(synthetic.identity(0, "demo", 0), "bored", 0)


class TestFrozen:
    """Version 1 is frozen: whoever changes what it draws must raise VERSION."""

    def test_drawing_twice_gives_the_same_bytes(self):
        person = synthetic.identity(0, "demo", 3)
        one, two = (synthetic.draw(person, "surprised", 5) for _ in range(2))
        assert one.image.tobytes() == two.image.tobytes()
        assert one.landmarks.tobytes() == two.landmarks.tobytes()

    def test_shots_differ(self):
        person = synthetic.identity(0, "demo", 3)
        one, two = (synthetic.draw(person, "neutral", shot).image for shot in (0, 1))
        assert np.abs(one.astype(int) - two).mean() > 3

    def test_a_fresh_process_gives_the_same_bytes(self):
        code = (
            "import hashlib; from core.faces import synthetic as s;"
            "d = s.draw(s.identity(5, 'gallery', 11), 'happy', 2);"
            "print(hashlib.sha256(d.image.tobytes() + d.landmarks.tobytes()).hexdigest())"
        )
        fresh = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        drawing = synthetic.draw(synthetic.identity(5, "gallery", 11), "happy", 2)
        here = hashlib.sha256(drawing.image.tobytes() + drawing.landmarks.tobytes())
        assert fresh.stdout.strip() == here.hexdigest()

    def test_people_and_intensities_are_those_of_version_1(self, demo):
        assert synthetic.VERSION == 1
        people = np.stack([synthetic.identity(0, "demo", i).vector for i in range(20)])
        units = demo[[f"au{u:02d}" for u in ACTION_UNITS]].to_numpy()
        # Weighted sums, not digests: the last bit of exp() differs between processors.
        weights = np.cos(np.arange(people.size)).reshape(people.shape)
        assert (people * weights).sum() == pytest.approx(PEOPLE, abs=1e-3)
        assert (units * np.cos(np.arange(units.size)).reshape(units.shape)).sum() == (
            pytest.approx(UNITS, abs=1e-4)
        )

    @pytest.mark.parametrize(("index", "expression"), [(0, "neutral"), (4, "happy"), (9, "angry")])
    def test_pictures_are_those_of_version_1(self, index, expression):
        image = synthetic.draw(synthetic.identity(0, "demo", index), expression, 0).image
        tiles = image.reshape(4, 40, 4, 40, 3).mean((1, 3, 4))
        np.testing.assert_allclose(tiles, PICTURES[index], atol=0.5)


PEOPLE = 125.065226
UNITS = 17.059651
# Mean of each 40 x 40 tile of three drawings.
PICTURES = {
    0: [
        [85.0, 78.03, 76.71, 76.23],
        [78.37, 133.34, 123.43, 69.18],
        [79.59, 130.98, 131.66, 62.51],
        [88.63, 101.42, 80.3, 38.53],
    ],
    4: [
        [11.79, 48.69, 47.01, 43.38],
        [38.23, 148.37, 93.32, 74.41],
        [65.58, 122.56, 109.63, 91.71],
        [92.01, 72.38, 102.58, 90.84],
    ],
    9: [
        [190.39, 77.46, 71.59, 168.37],
        [170.13, 63.06, 96.99, 132.08],
        [150.91, 64.98, 83.67, 93.46],
        [127.18, 65.19, 82.85, 90.5],
    ],
}
