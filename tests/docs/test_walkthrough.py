"""The newcomer's way: its page, its pictures and its command agree. Nothing is walked here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.walkthrough import page
from benchmarks.walkthrough.__main__ import IMAGES, PAGE, main
from benchmarks.walkthrough.people import COLUMNS, PEOPLE
from benchmarks.walkthrough.setting_up import readme_command
from benchmarks.walkthrough.way import MOST_BYTES, STEPS, WIDTH, small

TEXT = PAGE.read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| (.+) \| (\d+) \|$", re.MULTILINE)


def test_every_step_has_its_place_on_the_page_and_its_picture() -> None:
    headings = re.findall(r"^## \d+\. (.+)$", TEXT, re.MULTILINE)
    assert headings == [page.INSTALL, page.START, *STEPS]
    shown = re.findall(r"!\[[^\]]+\]\(images/(walkthrough-\d+\.png)\)", TEXT)
    assert shown == [f"walkthrough-{number}.png" for number in range(1, len(STEPS) + 1)]
    assert {one.name for one in IMAGES.glob("walkthrough-*.png")} == set(shown)


def test_its_pictures_are_small() -> None:
    for one in IMAGES.glob("walkthrough-*.png"):
        assert one.stat().st_size <= MOST_BYTES, one
        with Image.open(one) as picture:
            assert picture.width <= WIDTH, one


def test_the_times_are_those_of_the_steps_and_add_up() -> None:
    table = TEXT.split(page.BEGIN)[1].split(page.END)[0]
    rows = ROW.findall(table)
    assert [name for _, name, _ in rows] == [page.INSTALL, page.START, *STEPS]
    total = int(re.search(r"\*\*(\d+)\*\* \|$", table, re.MULTILINE)[1])  # type: ignore[index]
    assert abs(total - sum(int(figure) for *_, figure in rows)) <= len(rows) / 2
    assert page.minutes(total).capitalize() in table


def test_the_page_says_what_the_readme_says_and_whose_faces_these_are() -> None:
    assert readme_command() in TEXT
    assert f"{PEOPLE} people" in TEXT
    assert ",".join(COLUMNS) in TEXT
    assert "drawn" in TEXT.split("## 1.")[0]


def test_a_table_of_times_takes_the_place_of_the_last(tmp_path: Path) -> None:
    at = tmp_path / "page.md"
    at.write_text(f"before\n\n{page.BEGIN}\nold\n{page.END}\n\nafter\n", encoding="utf-8")
    page.write(at, page.times([("a", 61.4), ("b", 2.0)], "today", "a machine"))
    text = at.read_text(encoding="utf-8")
    assert "old" not in text
    assert text.startswith("before\n\n<!--")
    assert text.endswith("end -->\n\nafter\n")
    assert "| 1 | a | 61 |" in text
    assert "1 min 3 s in all." in text
    assert "8 min 57 s of the ten minutes are left" in text
    assert "10 s more than" in page.times([("a", 610.0)], "today", "a machine")


def test_a_picture_is_made_as_small_as_it_must_be(tmp_path: Path) -> None:
    noise = Image.effect_noise((640, 400), 80).convert("RGB")
    small(noise, tmp_path / "noise.png")
    assert (tmp_path / "noise.png").stat().st_size <= MOST_BYTES


@pytest.mark.parametrize("given", [["--faces", "my.zip"], ["--faces", "my.zip", "--model", "m"]])
def test_photographs_are_kept_out_of_the_project(given: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(given)
    with pytest.raises(SystemExit):
        main([*given, "--out", str(IMAGES)])
