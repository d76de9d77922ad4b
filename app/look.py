"""How every page looks: the stylesheet, the colour mode, and small pieces of HTML.

Every piece takes plain text and escapes it; what is HTML already is a `Html`. Streamlit's own
labels are Markdown, which can ask another machine for a picture: `plain` takes that away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from html import escape
from pathlib import Path

import streamlit as st

from core.plots.tokens import DARK, GLYPHS, LIGHT, SANS, SERIF, colour, mark, tokens

_HERE = Path(__file__).resolve().parent


class Html(str):
    """Text that is HTML and safe to send: made by this module from escaped parts."""

    __slots__ = ()


_BADGES = {
    "leaks": "leaks",
    "probe failed": "failed",
    "anti-learning": "alarm",
    "careless": "failed",
    "failed": "alarm",
    "done": "done",
    "passed": "done",
    "running": "active",
    "queued": "active",
    "synthetic": "dashed",
    "labelled by hand": "dashed",
    "so far": "dashed",
}


def mode() -> str:
    """The colour mode of this browser: "light" or "dark"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def begin() -> None:
    """Send the stylesheet and follow the colour mode; once, at the top of every run."""
    st.html(f"<style>{_variables()}{(_HERE / 'look.css').read_text(encoding='utf-8')}</style>")
    drawn = mode()
    st.logo(_wordmark(drawn), size="large", icon_image=_mark(drawn))
    _follow(drawn)


@st.fragment(run_every=2)
def _follow(drawn: str) -> None:
    """A change of mode does not rerun a page, and figures made here would keep the old colours."""
    if mode() != drawn:
        st.rerun()


def _variables() -> str:
    pairs = (
        f"--bf-{field.name.replace('_', '-')}:light-dark("
        f"{getattr(LIGHT, field.name)},{getattr(DARK, field.name)})"
        for field in fields(LIGHT)
    )
    return f".stApp{{{';'.join(pairs)};--bf-sans:{SANS};--bf-serif:{SERIF}}}"


def _mark(drawn: str) -> str:
    colours = tokens(drawn)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">'
        f"{_ring(colours.accent)}</svg>"
    )


def _ring(colour: str) -> str:
    return (
        f'<circle cx="16" cy="16" r="13" fill="none" stroke="{colour}" stroke-width="2"/>'
        f'<path d="M3 11.5h26v9H3z" fill="{colour}"/>'
    )


def _wordmark(drawn: str) -> str:
    colours = tokens(drawn)
    letters = (_HERE / "images" / "wordmark.path").read_text(encoding="utf-8").strip()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 136 32" width="136" height="32">'
        f'{_ring(colours.accent)}<path fill="{colours.text}" d="{letters}"/></svg>'
    )


def plain(text: object) -> str:
    """`text` for a Streamlit label: its Markdown shows as it was written."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!~$|<>:&])", r"\\\1", str(text))


def put(html: str, kind: str = "") -> None:
    """Show `html`, made of this module's pieces, in a block of class `kind`."""
    st.html(f'<div class="bf {kind}">{html}</div>')


def text(value: object) -> Html:
    """Any value as text; what is `Html` already stays as it is."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def join(*parts: object) -> Html:
    """Pieces in a row."""
    return Html("".join(text(part) for part in parts))


def bold(value: object) -> Html:
    """`value` in bold."""
    return Html(f"<b>{text(value)}</b>")


def muted(value: object) -> Html:
    """`value` in the colour of notes."""
    return Html(f'<span class="m">{text(value)}</span>')


def glyph(kind: str) -> Html:
    """The mark of a representation of this kind, in its colour."""
    hue = f"light-dark({colour(kind, LIGHT)},{colour(kind, DARK)})"
    return Html(f'<span style="color:{hue}" aria-hidden="true">{GLYPHS[mark(kind)]}</span>')


def badge(word: str) -> Html:
    """An outlined word; its colour follows from the word, and the word is always there."""
    return Html(f'<span class="badge {_BADGES.get(word, "")}">{escape(word)}</span>')


def badges(words: Iterable[str]) -> Html:
    """Several badges in a row."""
    return join(*(badge(word) for word in words))


def span(low: float | None, high: float | None, scale: float = 1, digits: int = 2) -> Html:
    """An interval in muted small type, "0.73 to 0.79"; nothing where it is missing."""
    if low is None or high is None:
        return Html("")
    ends = (round(end * scale, digits) + 0.0 for end in (low, high))  # 0.0, never -0.0
    return Html(f'<span class="i">{" to ".join(f"{end:.{digits}f}" for end in ends)}</span>')


def number(value: float | None, digits: int = 2) -> str:
    """A figure, or nothing where there is none: never 0 for what was not measured."""
    return "" if value is None else f"{value:.{digits}f}"


def count(value: int, one: str, several: str) -> str:
    """ "1 person", "1,380 faces"."""
    return f"{value:,} {one if value == 1 else several}"


def heading(words: object, note: object = "") -> None:
    """A heading of the second level, with a muted sentence on how to read what follows."""
    below = f"<p>{text(note)}</p>" if note else ""
    put(f"<h2>{text(words)}</h2>{below}", "h")


def cards(items: Sequence[tuple[str, object, object]]) -> None:
    """Figures between hairlines: (name, value, note) each."""
    cells = (
        f'<div><div class="name">{text(name)}</div><div class="value">{text(value)}</div>'
        f'<div class="note">{text(note)}</div></div>'
        for name, value, note in items
    )
    put("".join(cells), "cards")


def bar(fraction: float) -> Html:
    """A bar of progress; `fraction` from 0 to 1."""
    share = 100 * min(max(fraction, 0.0), 1.0)
    return Html(
        f'<div class="bar" role="progressbar" aria-label="progress" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{share:.0f}">'
        f'<div style="width:{share:.1f}%"></div></div>'
    )


def link(label: object, to: str) -> Html:
    """A link to another page of this server, in the same tab."""
    return Html(f'<a href="{escape(to)}" target="_self">{text(label)}</a>')


Column = tuple[str, str]
"""A column's head and its classes: "n" numeric, "wide" hidden on a phone, "break"."""


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[object]], kinds: Sequence[str] = ()
) -> None:
    """A table with hairlines in a box of its own that scrolls; `kinds` gives a class to each row.

    A row of kind "group" has one cell, across all columns.
    """
    head = "".join(
        # A column without a name has no heading: an empty one would be read out as if it had.
        f'<th scope="col" class="{kind}">{text(name)}</th>' if name else f'<td class="{kind}"></td>'
        for name, kind in columns
    )
    named = escape(", ".join(name for name, _ in columns if name))
    body = []
    for index, row in enumerate(rows):
        kind = kinds[index] if index < len(kinds) else ""
        if kind == "group":
            body.append(f'<tr class="group"><td colspan="{len(columns)}">{text(row[0])}</td></tr>')
            continue
        cells = "".join(
            f'<td class="{column[1]}">{text(cell)}</td>'
            for cell, column in zip(row, columns, strict=True)
        )
        body.append(f'<tr class="{kind}">{cells}</tr>')
    put(
        f'<div class="scroll" tabindex="0" role="group" aria-label="table: {named}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def aside(*parts: object) -> None:
    """A calm note beside a hairline."""
    put(join(*parts), "aside")


def alarm(*parts: object) -> None:
    """A loud note: something went wrong, or is not to be believed."""
    put(Html(f'<div role="alert">{join(*parts)}</div>'), "alarm")


def empty(words: object) -> None:
    """What stands where there is nothing yet."""
    put(f'<div class="empty">{text(words)}</div>')


def gap(kind: str = "") -> None:
    """White space between two parts of a page."""
    put("", f"gap {kind}")
