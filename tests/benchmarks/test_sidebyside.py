"""The pairing of readings, the table, and the peers that can be held against ours in no time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import written
from benchmarks.apart import timed
from benchmarks.peers import WORKS, folder, sensitivenets, verification
from benchmarks.sidebyside import (
    Case,
    Failed,
    Missing,
    Reading,
    Row,
    Scaled,
    Side,
    Spread,
    order,
    rounds,
    rows,
    spread,
)
from core.faces.align import ARCFACE_TEMPLATE, similarity


def case(peers: int = 1, **changed: object) -> Case:
    sides = [Side(f"peer {i}", lambda: None) for i in range(peers)]
    found = Case("work", Side("ours", lambda: None), sides, lambda a, b: f"{a} / {b}")
    return replace(found, **changed)  # type: ignore[arg-type]


def test_two_rounds_put_every_side_at_the_same_time_on_average() -> None:
    for sides in (2, 3, 4):
        told = [*order(sides, 0), *order(sides, 1)]
        times = [sum(at for at, side in enumerate(told) if side == one) for one in range(sides)]
        assert len(set(times)) == 1


def test_a_ratio_is_of_two_readings_of_one_round() -> None:
    speed = iter([1.0, 1.0, 8.0, 8.0, 2.0, 2.0])  # the machine slows down between rounds

    def read(place: int) -> Reading:
        return Reading((1.0, 3.0)[place] * next(speed), 0.0, place)

    found = rounds(case(most=3), read, lambda: 0.0, repeats=5, budget=9)
    (row,) = rows(found)
    assert row.ratio == Spread(3.0, 3.0, 3.0, 3)
    assert row.ours == Spread(2.0, 1.0, 8.0, 3)
    assert row.agreement == "0 / 1"


def test_no_round_begins_once_the_budget_is_spent_but_the_first() -> None:
    clock = iter([0.0, 4.0, 11.0])
    asked = []

    def read(place: int) -> Reading:
        asked.append(place)
        return Reading(1.0, 1.0)

    rounds(case(), read, lambda: next(clock), repeats=9, budget=10)
    assert asked == [0, 1, 1, 0]


def test_a_peer_that_fails_is_not_asked_again_and_the_others_go_on() -> None:
    asked = []

    def read(place: int) -> Reading | Failed:
        asked.append(place)
        return Failed("no memory") if place == 1 else Reading(float(place + 1), 0.0, place)

    found = list(rows(rounds(case(2), read, lambda: 0.0, repeats=2, budget=9)))
    assert asked == [0, 1, 2, 2, 0]
    assert [(row.agreement, row.ratio is None) for row in found] == [
        ("no memory", True),
        ("0 / 2", False),
    ]


def test_nothing_is_told_of_peers_where_ours_fails() -> None:
    found = rounds(case(2), lambda place: Failed("gone"), lambda: 0.0, repeats=3, budget=9)
    assert [(row.ours, row.ratio, row.agreement) for row in rows(found)] == [
        (None, None, "gone"),
        (None, None, "gone"),
    ]


def test_seconds_that_were_scaled_up_are_told_as_such() -> None:
    one = timed(lambda: Scaled("part", 70.0, "from a part"))
    assert (one.seconds, one.answer, one.scaled) == (70.0, "part", "from a part")
    row = Row("w", "p", spread([1.0]), spread([70.0]), spread([70.0]), "equal", 5, "from a part")
    assert "≈ 70.0" in written.line(row)
    assert written.line(row).endswith("| 5× | equal; from a part |")


def test_a_target_that_was_missed_says_so() -> None:
    row = Row("w", "p", spread([1.0]), spread([4.0]), spread([4.0]), "equal", 5)
    assert "| 5×, not met |" in written.line(row)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "RESULTS.md"
    path.write_text("# By hand\n\nabove\n", encoding="utf-8")
    rows_ = [Row("a", "p", None, None, None, "old"), Missing("b", "p", "not here")]
    written.write(path, rows_, "two cores", ["A note."])
    path.write_text(path.read_text(encoding="utf-8") + "\n## Below\n", encoding="utf-8")
    return path


def test_writing_replaces_rows_of_the_same_work_and_nothing_else(page: Path) -> None:
    written.write(page, [Row("a", "p", None, None, None, "new")], "two cores", ["A note."])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# By hand\n\nabove\n")
    assert text.endswith("\n## Below\n")
    assert "new" in text
    assert "old" not in text
    assert "not here" in text
    again = [Row("a", "p", None, None, None, "new")]
    written.write(page, again, "two cores", ["A note."])
    assert page.read_text(encoding="utf-8") == text


def test_rows_of_another_machine_do_not_stay(page: Path) -> None:
    written.write(page, [Row("a", "p", None, None, None, "new")], "a GPU", [])
    assert "not here" not in page.read_text(encoding="utf-8")


def test_every_work_that_is_listed_is_there() -> None:
    here = Path(folder.__file__).parent
    assert all((here / f"{name}.py").is_file() for name in WORKS)


def test_every_pair_gives_the_figures_of_cdist_and_roc_curve() -> None:
    ours, theirs = verification.every(400), verification.peers(400)
    assert np.allclose(ours[[0, 2, 3, 4]], theirs[[0, 2, 3, 4]], atol=1e-9)
    assert abs(ours[1] - theirs[1]) < 1e-3  # one interpolates, the other takes the nearest point


def test_the_loops_warp_is_ours() -> None:
    points = ARCFACE_TEMPLATE @ [[0.9, 0.3], [-0.3, 0.9]] + [20, 5]
    points += np.random.default_rng(0).standard_normal(points.shape)
    assert np.allclose(folder._similarity(points), similarity(points, ARCFACE_TEMPLATE))


def test_the_papers_triplets_are_triplets() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((60, 8)).astype(np.float32)
    people = np.repeat(np.arange(12), 5)
    anchor, positive, negative = sensitivenets.chosen(x, people, 100).T
    assert (people[anchor] == people[positive]).all()
    assert (anchor != positive).all()
    assert (people[anchor] != people[negative]).all()
