"""HTML and PDF say the same: what the document says, no more and no less."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser

import pytest

from core.report import html, pdf
from core.report.contents import document
from core.report.document import Column, Document, Figure, Row, Table, words
from core.report.result import read_result

VOID = {"meta", "link", "br"}


class Reader(HTMLParser):
    """Collects the words of the blocks of a report, as a person would read them."""

    BLOCKS = ("h1", "h3", "p", "td", "th", "figcaption", "code")

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.open: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if told.get("aria-label") and told.get("role") == "img":
            self.said.append(str(told["aria-label"]))
        if tag not in VOID:
            self.open.append((tag, told.get("class") or ""))
        if tag in self.BLOCKS or (tag == "span" and self._own()):
            self.text = ""

    def _own(self) -> bool:
        """A title or a badge beside it, which are sentences of their own."""
        tags = [tag for tag, _ in self.open]
        return "h2" in tags

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        own = tag in self.BLOCKS or (tag == "span" and self._own())
        if own and "nav" not in [one for one, _ in self.open] and self.text.strip():
            self.said.append(self.text)
        while self.open and self.open.pop()[0] != tag:
            pass


def squeezed(texts: list[str]) -> list[str]:
    return [" ".join(one.split()) for one in texts if one.strip()]


def test_html_and_pdf_say_what_the_document_says(whole: Document) -> None:
    found = whole
    reader = Reader()
    reader.feed(html.render(found))
    wanted = squeezed(found.sentences())
    assert len(wanted) > 200
    assert squeezed(reader.said) == wanted
    assert squeezed(pdf.told(found)) == wanted


def test_a_pdf_is_one_and_the_same_twice(folder) -> None:  # type: ignore[no-untyped-def]
    found = document(read_result(folder(only=("ablation",)), smallest=10))
    first, second = pdf.render(found), pdf.render(found)
    assert first[:5] == b"%PDF-"
    assert first == second


def test_words_are_data_and_never_code(folder) -> None:  # type: ignore[no-untyped-def]
    """Typst's own signs in a name come out as they were."""
    name = "#panic() $x$ *b* _i_ @a <b> `c` [d] \\ // /* \" ' ~"

    def change(audit) -> None:  # type: ignore[no-untyped-def]
        audit["name"] = name

    found = document(read_result(folder(change, only=("collapse",)), smallest=10))
    assert f"Audit: {name}" in pdf.told(found)
    assert pdf.render(found)[:5] == b"%PDF-"


def test_a_row_has_as_many_cells_as_there_are_columns() -> None:
    with pytest.raises(ValueError, match="a row of 1 cells under 2"):
        Table((Column("a"), Column("b")), (Row((words("one"),)),))


def test_every_part_of_a_careless_run_says_so(folder) -> None:  # type: ignore[no-untyped-def]
    out = folder(lambda audit: audit.update(preset="careless"), only=("ablation", "verification"))
    found = document(read_result(out, smallest=10))
    assert found.sections
    assert all("careless" in section.marks for section in found.sections)
    assert "Careless preset" in " ".join(found.sentences())


def test_synthetic_is_called_so_beside_every_figure(whole: Document) -> None:
    drawn = [one for one in whole.sections if any(isinstance(b, Figure) for b in one.blocks)]
    assert len(drawn) >= 5
    assert all("synthetic" in one.marks for one in drawn)


def test_parts_without_tables_are_left_out_and_told_of(folder) -> None:  # type: ignore[no-untyped-def]
    found = document(read_result(folder(only=("leakage",)), smallest=10))
    names = [one.name for one in found.sections]
    assert "leakage" in names
    assert not {"fairness", "ablation", "groups", "action_units"} & set(names)
    told = "\n".join(found.sentences())
    assert re.search(r"Asked for and without a figure: verification, ablation", told)
    assert "Not part of this run: action units, anonymity." in told


def test_figures_have_their_intervals_and_what_failed_stands_first(whole: Document) -> None:
    told = whole.sentences()
    assert "0.80 0.76 to 0.84" in told
    assert told.index("planted code found in x") < told.index("parts share nobody")
    assert any("a warning of the audit" in one.lower() for one in told)
    assert "d1" * 32 in told
    assert "python -m core run audit.yaml --out OUT" in told


def test_digests_of_models_are_those_of_the_files(whole: Document) -> None:
    assert hashlib.sha256(b"weights").hexdigest() in whole.sentences()
