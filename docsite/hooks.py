"""What MkDocs calls while it builds: parts of pages that are made from the program itself.

A page of `docs/` may hold a line such as `<!-- made: settings -->`; it is replaced when the site is
built, so that the reference cannot fall behind. `CONTRIBUTING.md` and `CHANGELOG.md`, which lie
where people look for them, become pages too.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # the command `mkdocs` does not look here by itself
    sys.path.insert(0, str(ROOT))

from docsite import command_line, settings, tables  # noqa: E402

MADE = {
    "command line": command_line.page,
    "settings": settings.page,
    "tables": tables.page,
}
"""What can be made, by the name in the marker; each gives Markdown."""

OUTSIDE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Files beside `docs/` that become pages, and the pages' addresses."""

_MARKER = re.compile(r"^<!-- made: (.+) -->$", re.MULTILINE)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside `docs/`; their links into it are turned accordingly."""
    for name, address in OUTSIDE.items():
        text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, address, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """`markdown` with every marker replaced; raises `KeyError` where one names nothing."""
    return _MARKER.sub(lambda found: MADE[found[1]](), markdown)
