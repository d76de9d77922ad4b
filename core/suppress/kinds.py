"""Which kinds of suppressor there are: read from the files of this folder, without importing them.

A method is a file whose class says `kind: ClassVar[str] = "its_name"`. The settings must know these
names before anything heavy is imported, and a new method is to be one new file: so no list of
names is kept by hand, neither here nor in the settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_SAYS = re.compile(r'^    kind: ClassVar\[str\] = "([a-z][a-z0-9_]*)"$', re.MULTILINE)


def kinds_in(folder: Path) -> dict[str, str]:
    """Kind and module name of every method among the Python files in `folder`, by file name.

    Raises `ValueError` where two files claim the same kind.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.py")):
        for kind in _SAYS.findall(path.read_text(encoding="utf-8")):
            if kind in found:
                raise ValueError(f"the kind '{kind}' is in {found[kind]}.py and in {path.name}")
            found[kind] = path.stem
    return found


KINDS: Mapping[str, str] = kinds_in(Path(__file__).parent)
"""Every kind, and the module of this package that holds its class."""
