"""Figures of maps against counting by hand, and nulls that hold."""

from __future__ import annotations

import numpy as np
import pytest

from core.action_units import relevance as maps
from core.action_units.relevance import CELLS, Input, Measured, cells, difference, figures, measured

SIDE = 112


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, SIDE, SIDE)).astype(np.float32)


def square(n: int, top: int = 20, left: int = 30, side: int = 24) -> np.ndarray:
    region = np.zeros((n, SIDE, SIDE), bool)
    region[:, top : top + side, left : left + side] = True
    return region


def test_figures_of_one_face_counted_pixel_by_pixel() -> None:
    heat, region = noise(2), square(2)
    found = measured(heat, region)
    for face in range(2):
        inside = outside = 0.0
        for y, x in np.ndindex(SIDE, SIDE):
            if heat[face, y, x] > 0:
                inside += heat[face, y, x] * region[face, y, x]
                outside += heat[face, y, x] * (not region[face, y, x])
        assert found.share[face] == pytest.approx(inside / (inside + outside))
    assert found.area.tolist() == [24 * 24 / SIDE**2] * 2
    positive = np.maximum(heat, 0).sum((1, 2))
    np.testing.assert_allclose(found.map.sum((1, 2)), heat.sum((1, 2)) / positive, rtol=1e-3)


@pytest.mark.parametrize("size", [112, 160, 224])
def test_cells_keep_the_sum(size: int) -> None:
    heat = np.random.default_rng(1).random((2, size, size), np.float32)
    np.testing.assert_allclose(cells(heat).sum((1, 2)), heat.sum((1, 2)), rtol=1e-3)
    assert cells(heat).shape == (2, CELLS, CELLS)


def test_the_pointing_game_asks_where_the_strongest_cell_lies() -> None:
    heat = np.full((2, SIDE, SIDE), 0.01, np.float32)
    heat[0, 30:32, 40:42] = 1  # in the region
    heat[1, 80:82, 40:42] = 1
    assert measured(heat, square(2)).inside.tolist() == [True, False]


def people(n: int, each: int = 3) -> np.ndarray:
    return np.repeat([f"p{one:03d}" for one in range(n)], each)


def test_relevance_that_knows_nothing_has_a_ratio_of_one() -> None:
    found = figures(measured(np.abs(noise(90)), square(90)), people(30), seed=0)
    assert found.ratio.value == pytest.approx(1, abs=0.02)
    assert found.ratio.low is not None
    assert found.ratio.high is not None
    assert found.ratio.low < found.ratio.value < found.ratio.high
    assert found.status == "ok"
    assert (found.n, found.people) == (90, 30)


def test_relevance_in_the_region_has_the_ratio_of_one_to_its_area() -> None:
    region = square(60)
    found = figures(measured(region * np.abs(noise(60)), region), people(20), seed=0)
    assert found.share.value == pytest.approx(1)
    assert found.ratio.value == pytest.approx(SIDE**2 / 24**2)
    assert found.pointing.value == 1
    assert found.status == "few people"


def test_faces_without_a_region_or_relevance_are_left_out_and_few_people_give_nothing() -> None:
    heat, region = np.abs(noise(33)), square(33)
    heat[0], region[1] = -1, False
    found = figures(measured(heat, region), people(11), seed=0)
    assert found.n == 31
    few = figures(measured(heat[:27], region[:27]), people(9), seed=0)
    assert few.status == "not enough data"
    assert few.ratio.value is None
    assert few.area is None


def test_intervals_resample_people_and_not_pictures() -> None:
    """Thirty pictures of a person that say the same thing narrow nothing."""
    share = np.random.default_rng(2).random(12)
    area = np.full(12, 0.1)

    def width(each: int) -> float:
        one = Measured(np.repeat(share, each), np.repeat(area, each), np.zeros(12 * each),
                       np.zeros((12 * each, 1, 1)))  # fmt: skip
        found = figures(one, people(12, each), seed=0).ratio
        assert found.low is not None
        assert found.high is not None
        return found.high - found.low

    assert width(30) == pytest.approx(width(1))


def of_groups(shift: float, seed: int, n: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maps of n people with two faces each; half of them look `shift` stronger at one place."""
    random = np.random.default_rng(seed)
    first = np.repeat(np.arange(n) % 2 == 0, 2)
    heat = random.random((2 * n, 14, 14)) + np.repeat(random.random((n, 14, 14)), 2, axis=0)
    heat[first, 3:5, 8:10] += shift
    return heat.astype(np.float32), first, people(n, 2)


def test_a_planted_difference_is_found_where_it_is() -> None:
    heat, first, who = of_groups(1.5, 0)
    found = difference(heat, first, who, seed=0, smooth=0)
    assert found is not None
    assert found.exceeds[3:5, 8:10].all()
    assert found.exceeds.sum() <= 6
    assert found.p < 0.05
    assert found.heat[3:5, 8:10].mean() == pytest.approx(1.5, abs=0.3)
    np.testing.assert_allclose(found.heat, heat[first].mean(0) - heat[~first].mean(0), atol=1e-5)


@pytest.mark.parametrize("power", [1, 8])
def test_groups_that_do_not_differ_are_seldom_said_to(power: int) -> None:
    """Also where a few faces have nearly all of it, as maps do."""
    alarms = 0
    for seed in range(40):
        heat, first, who = of_groups(0.0, seed)
        found = difference(heat**power, first, who, seed=seed, permutations=200)
        assert found is not None
        alarms += found.exceeds.any()
    assert alarms <= 7  # 5 % of 40 are 2; more than 7 has a chance of 0.1 %


def test_too_few_people_give_no_difference() -> None:
    heat, first, who = of_groups(1.0, 0, n=18)
    assert difference(heat, first, who, seed=0) is None


def test_rank_correlation_is_one_of_a_map_with_itself_and_none_of_others() -> None:
    heat = noise(6, 3)
    assert maps.rank_correlation(cells(heat), cells(2 * heat)) == pytest.approx(1)
    other = maps.rank_correlation(cells(heat), cells(noise(6, 4)))
    assert other is not None
    assert abs(other) < 0.15
    assert maps.rank_correlation(np.zeros((2, 56, 56)), cells(heat[:2])) is None


@pytest.mark.parametrize("size", [112, 224])
def test_the_mark_is_painted_on_those_who_show_the_unit_and_nowhere_else(size: int) -> None:
    crops = np.full((3, size, size, 3), 90, np.uint8)
    found = maps.marked(crops, np.array([1, 0, 1]))
    where = maps.mark(size)
    assert (crops == 90).all()
    np.testing.assert_array_equal(found[1], crops[1])
    for face in (0, 2):
        assert (found[face][where] != 90).all()
        assert (found[face][~where] == 90).all()
    assert where.mean() == pytest.approx((12 / 112) ** 2)


def test_crops_become_what_the_network_takes() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    one = Input((100.0, 110.0, 120.0), (50.0, 60.0, 70.0), "BGR")
    found = one(crops).numpy()
    assert found[1, 0, 2, 3] == pytest.approx((int(crops[1, 2, 3, 2]) - 100) / 50)
    low, high = one.ends
    assert low == pytest.approx((-2, -110 / 60, -120 / 70))
    assert high == pytest.approx((155 / 50, 145 / 60, 135 / 70))
