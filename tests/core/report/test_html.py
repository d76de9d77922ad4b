"""One file that asks nobody for anything, and in which names are only names."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from core.report import html
from core.report.contents import document
from core.report.document import Document
from core.report.result import read_result

EVIL = "<script>alert('x')</script><img src=http://evil.example/a.png onerror=alert(1)>"


@pytest.fixture(scope="module")
def page(whole: Document) -> str:
    """A whole report."""
    return html.render(whole)


class Asking(HTMLParser):
    """Collects what a browser would fetch: sources, links, addresses in styles."""

    ATTRIBUTES = ("src", "href", "action", "poster", "data", "srcset", "background", "xlink:href")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.styled = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.styled = tag == "style"
        for name, value in attrs:
            if name in self.ATTRIBUTES:
                self.found.append(value or "")
            if name == "style":
                self._style(value or "")
            assert not name.startswith("on"), f"{name} would run code"

    def handle_data(self, data: str) -> None:
        if self.styled:
            self._style(data)

    def _style(self, text: str) -> None:
        self.found += re.findall(r"url\(\s*[\"']?([^\"')]+)", text)
        self.found += re.findall(r"@import\s+[\"']?([^\"';]+)", text)


def asked(page: str) -> list[str]:
    """What a browser would fetch."""
    reader = Asking()
    reader.feed(page)
    return reader.found


def test_nothing_is_fetched(page: str) -> None:
    found = asked(page)
    assert len(found) > 10
    assert not [one for one in found if not one.startswith(("#", "data:"))]
    assert not re.search(r"<script[^>]*\ssrc", page)


def test_the_page_forbids_itself_the_network(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert not re.search(r"https?:|\*", policy[1])
    assert "connect-src" not in rules


def test_plotly_is_in_it_once_and_all_is_small(page: str) -> None:
    assert page.count("plotly.js v") == 1
    assert len(page.encode()) <= html.LIMIT_BYTES


def test_letters_go_where_it_would_be_too_large(folder, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    found = document(read_result(folder(only=("ablation",)), smallest=10))
    page = html.render(found)
    assert "font/woff2" in page
    monkeypatch.setattr(html, "LIMIT_BYTES", len(page.encode()) - 1)
    less = html.render(found)
    assert "font/woff2" not in less
    assert "--text:" in less


def test_a_name_is_never_markup(folder) -> None:  # type: ignore[no-untyped-def]
    def change(audit) -> None:  # type: ignore[no-untyped-def]
        audit["name"] = EVIL
        audit["warnings"] = [EVIL]
        audit["data"]["name"] = EVIL
        audit["data"]["labels"][EVIL] = {EVIL: 300}
        audit["checks"] = [{"name": EVIL, "passed": False, "detail": EVIL}]

    out = folder(change)
    for path in (out / "tables").glob("*.csv"):
        path.write_text(path.read_text().replace("happy", "<script>b").replace("feminine", EVIL))
    page = html.render(document(read_result(out, smallest=10)))
    own = re.sub(r"<script>/\*\*.*?</script>", "", page, count=1, flags=re.DOTALL)  # plotly.js
    assert "&lt;script&gt;alert" in own
    for wrong in ("<script>alert", "<script>b", "<img", "onerror=alert(1)>"):
        assert wrong not in own
    assert not [one for one in asked(page) if not one.startswith(("#", "data:"))]


def test_a_figure_in_a_script_cannot_end_it(folder) -> None:  # type: ignore[no-untyped-def]
    import plotly.graph_objects as go

    figure = go.Figure(go.Scatter(x=[1], y=[2], name="</script><b>\u2028"))
    told = html.spec(figure)
    assert "<" not in told
    assert "\u2028" not in told
    assert json.loads(told)["data"][0]["name"] == "</script><b>\u2028"


def test_no_ids_of_faces_in_a_map(folder) -> None:  # type: ignore[no-untyped-def]
    import numpy as np
    import pandas as pd

    out = folder(lambda audit: audit["tables"].append("projection"))
    rng = np.random.default_rng(0)
    pd.DataFrame({
        "representation": "x", "method": "tsne", "id": [f"secret-{i}" for i in range(30)],
        "u": rng.normal(size=30), "v": rng.normal(size=30), "subject_id": "who-it-is",
        "placed": False, "expression": ["happy", "sad", "neutral"] * 10,
    }).to_parquet(out / "tables" / "projection.parquet")  # fmt: skip
    page = html.render(document(read_result(out, smallest=0)))
    assert "Projections" in page
    assert "secret-" not in page
    assert "who-it-is" not in page
