"""The site: it builds without a warning and without a network, and no link of it is broken."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from docsite.links import broken

pytest.importorskip("material", reason="the packages of requirements-dev.txt build the site")

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; made with every way to a network closed."""
    from docsite.__main__ import build

    def refused(*_: object, **__: object) -> None:
        raise OSError("the build asked for the network")

    out = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refused)
        patch.setattr(socket, "getaddrinfo", refused)
        build(out)
    return out


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_a_network(site: Path) -> None:
    assert broken(site) == []


def test_every_page_of_the_documentation_is_in_it(site: Path) -> None:
    for source in (ROOT / "docs").rglob("*.md"):
        page = source.relative_to(ROOT / "docs").with_suffix(".html")
        page = page.with_name("index.html") if page.name == "README.html" else page
        assert (site / page).is_file(), source


def test_what_is_made_from_the_program_is_on_its_pages(site: Path) -> None:
    made = {
        "command-line": ("suppress", "--fail-if", "BLINDFOLD_CACHE"),
        "settings": ("primary_loss", "perplexity", "from 2 to 20"),
        "tables": ("attacker_identities", "below_chance_p"),
        "python": ("SuppressorTransformer", "Raises"),
    }
    for page, words in made.items():
        text = (site / "reference" / f"{page}.html").read_text(encoding="utf-8")
        assert "<!-- made" not in text
        for word in words:
            assert word in text, (page, word)


def test_styles_and_scripts_load_nothing_from_elsewhere(site: Path) -> None:
    """Web fonts and the like would be named in a style sheet, where no link shows them."""
    for style in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", style.read_text("utf-8"))


PAGE = (
    '<h1 id="top">A</h1><img src="b.png"><a href="#top">up</a><a href="b.html#here">b</a>'
    '<a href="https://example.org/x">out</a><link rel="canonical" href="https://example.org/">'
)


def test_the_check_finds_each_kind_of_fault(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"")
    (tmp_path / "b.html").write_text('<h2 id="here">B</h2>')
    (tmp_path / "a.html").write_text(PAGE)
    assert broken(tmp_path) == []
    for good, bad in (
        ('href="#top"', 'href="#bottom"'),
        ("b.html#here", "b.html#there"),
        ("b.html#here", "c.html"),
        ('src="b.png"', 'src="c.png"'),
        ('src="b.png"', 'src="https://example.org/b.png"'),
    ):
        (tmp_path / "a.html").write_text(PAGE.replace(good, bad))
        faults = broken(tmp_path)
        assert len(faults) == 1, bad
        assert bad.split('"')[-2 if '"' in bad else 0] in faults[0]
