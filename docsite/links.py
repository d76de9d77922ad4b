"""Every link of a built site: does what it points at exist, down to the heading?

MkDocs checks the links of Markdown; this reads the pages as a browser would, with what the theme
and the generated references add. Nothing is asked of a network: an address with a host is only
looked at where a page would *load* it (a script, a style, a picture), which no page may.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
"""Elements that a browser fetches by itself, and where their address stands."""
NOT_FETCHED = {"canonical", "next", "prev", "alternate"}
"""Kinds of `link` that only tell where something is."""
BY_HOST = {"404.html"}
"""Pages that are served from anywhere, so that their links begin at the host."""


@dataclass
class Page(HTMLParser):
    """The anchors of one page, where it links to, and what it loads."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        own = {name: value for name, value in attrs if value is not None}
        self.anchors |= {own[name] for name in ("id", "name") if name in own and tag != "meta"}
        address = own.get(LOADS.get(tag, "href"), "")
        if tag in LOADS and not NOT_FETCHED & set(own.get("rel", "").split()):
            self.loads.append(address)
        elif tag in ("a", "area") and address:
            self.links.append(address)


def broken(site: Path) -> list[str]:
    """One line for every fault of the built pages under `site`; none where all is well."""
    pages = {path.resolve(): _read(path) for path in sorted(site.rglob("*.html"))}
    return [
        f"{path.relative_to(site.resolve())}: {fault}"
        for path, page in pages.items()
        if path.name not in BY_HOST
        for fault in _faults(path, page, pages)
    ]


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _faults(path: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    for address in page.loads:
        if urlsplit(address).netloc:
            yield f"loads {address} from a network"
    for address in [*page.links, *page.loads]:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        if not target.is_file():
            yield f"links to {address}, which is not there"
        elif parts.fragment and target in pages:
            # "#__…" are the theme's own switches, made when the page runs.
            name = unquote(parts.fragment)
            if name not in pages[target].anchors and not name.startswith("__"):
                yield f"links to {address}, and there is no such place on that page"
