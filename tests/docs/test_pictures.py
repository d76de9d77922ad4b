"""Pictures of the documentation: each comes from a command, and each is shown."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.pictures import PAGES

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
TABLE = DOCS / "images" / "README.md"

_ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| `(?P<command>[^`]+)` \| \[\w+\]\((?P<page>[^)#]+)")


def rows() -> dict[str, tuple[str, Path]]:
    """Command and page of each picture in the table."""
    found = (_ROW.match(line) for line in TABLE.read_text(encoding="utf-8").splitlines())
    return {
        one["name"]: (one["command"], (TABLE.parent / one["page"]).resolve())
        for one in found
        if one
    }


def shown(page: Path) -> set[Path]:
    """The pictures that a page shows."""
    text = page.read_text(encoding="utf-8")
    return {(page.parent / one).resolve() for one in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)}


def test_the_table_has_every_picture_and_no_other() -> None:
    there = {one.name for one in TABLE.parent.iterdir() if one.suffix != ".md"}
    assert set(rows()) == there


def test_every_picture_is_shown_where_the_table_says() -> None:
    for name, (_, page) in rows().items():
        assert (TABLE.parent / name).resolve() in shown(page), name


def test_every_picture_that_a_page_shows_is_there() -> None:
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    assert not [one for page in pages for one in shown(page) if not one.is_file()]


def test_every_command_makes_pictures_of_that_name() -> None:
    for name, (command, _) in rows().items():
        if command.startswith("python -m benchmarks.profile RUN/log.txt --out docs/images/"):
            assert name == f"{command.split('/')[-1].split()[0]}-light.png"
            continue
        if command == "python -m benchmarks.walkthrough":
            assert re.fullmatch(r"walkthrough-\d\.png", name)
            continue
        page = command.split("--only ")[1]
        assert command == f"python -m benchmarks.pictures CACHE --only {page}"
        assert page in PAGES
        assert re.fullmatch(rf"{page}(-\d+)?\.png", name)
