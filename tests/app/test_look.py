"""Colours stand in one place, and nothing a person typed becomes HTML or Markdown."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from app import look
from core.plots.tokens import DARK, LIGHT, Tokens

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(("mode", "tokens"), [("light", LIGHT), ("dark", DARK)])
def test_the_theme_has_the_colours_of_the_tokens(mode: str, tokens: Tokens) -> None:
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"][mode]
    assert theme["primaryColor"] == tokens.accent
    assert theme["backgroundColor"] == tokens.ground
    assert theme["secondaryBackgroundColor"] == tokens.surface
    assert theme["textColor"] == tokens.text
    assert theme["borderColor"] == tokens.border
    assert theme["sidebar"]["backgroundColor"] == tokens.sidebar


def _luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(tokens: Tokens) -> None:
    for name in ("text", "muted", "accent", "leak", "chance", "passed"):
        for ground in (tokens.ground, tokens.surface):
            assert _contrast(getattr(tokens, name), ground) >= 4.5, name
    assert _contrast(tokens.ink, tokens.accent) >= 4.5


def test_the_server_keeps_to_itself() -> None:
    told = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
    assert told["server"]["address"] == "localhost"
    assert told["server"]["enableXsrfProtection"]
    assert not told["browser"]["gatherUsageStats"]
    assert told["client"]["showErrorDetails"] == "none"


def test_pieces_escape_and_pieces_of_pieces_do_not_twice() -> None:
    assert look.join("<b>", look.bold("<i>")) == "&lt;b&gt;<b>&lt;i&gt;</b>"
    assert 'href="leakage?run=&quot;' in look.link("x", 'leakage?run="')


def test_a_label_cannot_fetch_a_picture() -> None:
    assert look.plain("![a](http://x)") == "\\!\\[a\\]\\(http\\://x\\)"


def test_an_interval_that_ends_at_nothing_has_no_sign_there() -> None:
    assert ">0.0 to 6.0<" in look.span(-0.0004, 0.06, 100, 1)
    assert ">-1.2 to 0.0<" in look.span(-0.012, 0.0001, 100, 1)
