"""The fenced blocks of a Markdown file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)(?P<info>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One block: `language` and what stands behind it on the fence, and the text without indent."""

    language: str
    info: str
    text: str

    @property
    def title(self) -> str:
        """What `title="…"` says, or nothing."""
        found = re.search(r'title="([^"]*)"', self.info)
        return found[1] if found else ""


def blocks(path: Path, language: str) -> list[Block]:
    """The blocks of `language` in the file, in their order."""
    text = path.read_text(encoding="utf-8")
    found = (
        Block(one["language"], one["info"].strip(), dedent(one["text"]))
        for one in _FENCE.finditer(text)
    )
    return [one for one in found if one.language == language]
