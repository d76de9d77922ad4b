"""Colours, marks and names, once: pages, plots and reports take them from here, light and dark.

Warm means leakage above its null and nothing else; the accent is what a person can act on;
grey is chance and what was not found. Categories follow Okabe and Ito (2008). A representation has
one colour, one mark and one name in every figure; its kind decides.
"""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
"""Label classes and groups, in order; further ones take the colour of the text."""

SANS = '"Source Sans", "Source Sans 3", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif'
SERIF = '"Source Serif", "Source Serif 4", Georgia, "Times New Roman", serif'


@dataclass(frozen=True)
class Tokens:
    """One colour mode; every value is a CSS hex colour."""

    ground: str
    surface: str
    sidebar: str
    text: str
    muted: str
    border: str
    grid: str
    band: str
    accent: str
    accent_soft: str
    ink: str
    leak: str
    leak_soft: str
    chance: str
    passed: str


LIGHT = Tokens(
    ground="#FBFAF7",
    surface="#F2F0EA",
    sidebar="#F5F3EE",
    text="#1F2529",
    muted="#565D64",
    border="#DAD6CB",
    grid="#ECE9E1",
    band="#ECEAE4",
    accent="#0B5C63",
    accent_soft="#E0E8E6",
    ink="#FFFFFF",
    leak="#B3470A",
    leak_soft="#F3DFD0",
    chance="#646A70",
    passed="#2B6B4F",
)
"""Paper-white ground."""

DARK = Tokens(
    ground="#14181B",
    surface="#1D2327",
    sidebar="#101315",
    text="#E8E6E0",
    muted="#A6ACB1",
    border="#343B41",
    grid="#232A2F",
    band="#262C31",
    accent="#4DB6B8",
    accent_soft="#1D3336",
    ink="#14181B",
    leak="#F08A4B",
    leak_soft="#44301F",
    chance="#969DA3",
    passed="#7CC7A3",
)
"""Ink-dark ground."""


def tokens(mode: str | None) -> Tokens:
    """The tokens of colour mode "dark"; of "light" for anything else."""
    return DARK if mode == "dark" else LIGHT


def category(index: int, mode: Tokens) -> str:
    """The colour of the class at place `index` of its label's sorted classes."""
    return CATEGORIES[index] if index < len(CATEGORIES) else mode.text


COLOURS = {
    "sensitivenets": ("#0072B2", "#56B4E9"),
    "lntl": ("#A8517F", "#D98BB7"),
    "leace": ("#007A59", "#2FB58F"),
    "blindfold": ("#6F6200", "#DDCF4B"),
}
"""Each suppressor's own colour on the light and on the dark ground, by kind: members of the
categories, darkened or lightened until they can be read. Never a warm one."""
MARKS = {
    "x": "circle",
    "sensitivenets": "circle",
    "lntl": "diamond",
    "leace": "square",
    "blindfold": "triangle-up",
}
"""Plotly's symbol of each kind; all others have the cross."""
GLYPHS = {"circle": "●", "diamond": "◆", "square": "■", "triangle-up": "▲", "cross": "✚"}
"""The same symbols as text."""
NAMES = {
    "sensitivenets": ("SensitiveNets", "SN"),
    "lntl": ("Learning Not To Learn", "LNTL"),
    "leace": ("LEACE", "LEACE"),
    "blindfold": ("Blindfold", "Blindfold"),
}
"""What a kind is called: in full, as a title, and short, as a label."""


def colour(kind: str, mode: Tokens) -> str:
    """The fixed colour of a representation of this kind."""
    if kind == "x":
        return mode.text
    return COLOURS.get(kind, (mode.muted, mode.muted))[mode == DARK]


def mark(kind: str) -> str:
    """The plotly symbol of a representation of this kind."""
    return MARKS.get(kind, "cross")


def full(name: str) -> str:
    """The title of representation `name`; what a person named keeps its name."""
    return NAMES.get(name, (name, name))[0]


def short(name: str) -> str:
    """The label of representation `name`; what a person named keeps its name."""
    return NAMES.get(name, (name, name))[1]
