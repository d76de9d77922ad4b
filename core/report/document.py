"""A report before it has a form: frozen parts that HTML and PDF are both made from.

Every sentence of a report is in here, so that its two forms cannot say different things. All text
is plain: whoever gives it a form escapes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import plotly.graph_objects as go

Role = Literal["", "strong", "muted", "badge", "leak", "after"]
"""How a piece of a sentence stands out: "leak" is warm, "after" has the accent, "badge" a frame."""


@dataclass(frozen=True)
class Run:
    """A piece of a sentence in one hand."""

    text: str
    role: Role = ""


Words = tuple[Run, ...]
"""A sentence, a cell: pieces in a row, with their own spaces."""

Kind = Literal["", "lead", "note", "headline", "alarm", "aside"]
"""What a paragraph is: "lead" opens a section, "note" is small, "alarm" is loud, "aside" calm."""


@dataclass(frozen=True)
class Heading:
    """The finding of what follows, and in `note` how to read it."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Paragraph:
    """A few sentences."""

    words: Words
    kind: Kind = ""


@dataclass(frozen=True)
class Column:
    """A column's head; figures stand on its right."""

    name: str
    numeric: bool = False


@dataclass(frozen=True)
class Row:
    """Cells of a table, one a column. A row of kind "group" has one, across all columns; the row
    of kind "best" stands out."""

    cells: tuple[Words, ...]
    kind: Literal["", "group", "best"] = ""


@dataclass(frozen=True)
class Table:
    """Rows under heads; each row has as many cells as there are columns."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        wrong = [row for row in self.rows if len(row.cells) not in self._widths(row)]
        if wrong:
            raise ValueError(f"a row of {len(wrong[0].cells)} cells under {len(self.columns)}")

    def _widths(self, row: Row) -> tuple[int, ...]:
        return (1,) if row.kind == "group" else (len(self.columns),)


@dataclass(frozen=True, eq=False)
class Figure:
    """A plot of the pages; `alt` says it to who cannot see it, `caption` how to read it."""

    plot: go.Figure
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class Code:
    """Lines to copy: settings, a command."""

    text: str


Block = Heading | Paragraph | Table | Figure | Code


@dataclass(frozen=True, eq=False)
class Section:
    """One part of the report; `marks` are the badges that go with all of its figures."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Document:
    """A whole report: its `subtitle` says when and from what it was made."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]

    def sentences(self) -> list[str]:
        """All that is said, in order, a string for each heading, paragraph, cell and caption."""
        return [self.title, self.subtitle, *(one for s in self.sections for one in _section(s))]


def _section(section: Section) -> Iterator[str]:
    yield section.title
    yield from section.marks
    for block in section.blocks:
        yield from sentences(block)


def sentences(block: Block) -> list[str]:
    """What one part says: its heading, sentence, cells or caption."""
    return [one for one in _block(block) if one]


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield from (block.text, block.note)
        case Paragraph():
            yield said(block.words)
        case Table():
            yield from (column.name for column in block.columns)
            yield from (said(cell) for row in block.rows for cell in row.cells)
        case Figure():
            yield from (block.alt, block.caption)
        case Code():
            yield block.text


def said(words: Words) -> str:
    """A sentence without its hands."""
    return "".join(run.text for run in words)


# -- small builders, so that sections read as what they say ----------------------------------------


def words(*parts: object) -> Words:
    """Text, runs and sentences in a row as one sentence; what is empty is left out."""
    found: list[Run] = []
    for part in parts:
        if isinstance(part, Run):
            found.append(part)
        elif isinstance(part, tuple):
            found += part
        else:
            found.append(Run(str(part)))
    return tuple(run for run in found if run.text)


def strong(text: object) -> Run:
    """`text` in bold."""
    return Run(str(text), "strong")


def muted(text: object) -> Run:
    """`text` in the colour of notes."""
    return Run(str(text), "muted")


def badges(names: Sequence[str]) -> Words:
    """Framed words in a row."""
    found: list[Run] = []
    for name in names:
        found += ([Run(" ")] if found else []) + [Run(name, "badge")]
    return tuple(found)


def paragraph(*parts: object, kind: Kind = "") -> Paragraph:
    """A paragraph of `parts`, put together by `words`."""
    return Paragraph(words(*parts), kind)


def columns(*names: str) -> tuple[Column, ...]:
    """Heads of columns; a name that begins with "#" is one of figures."""
    return tuple(Column(name.removeprefix("#"), name.startswith("#")) for name in names)


def row(*cells: object, kind: Literal["", "group", "best"] = "") -> Row:
    """A row of `cells`, each put together by `words`."""
    return Row(tuple(words(cell) for cell in cells), kind)
