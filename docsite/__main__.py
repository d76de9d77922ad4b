"""Build the documentation and check every link of it: `python -m docsite [--out FOLDER]`.

Needs the packages of requirements-dev.txt and no network. Exit status 1 where the build warns or a
link leads nowhere, with a line for each.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from docsite.links import broken

ROOT = Path(__file__).resolve().parent.parent

QUIET = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
"""Advice about another version of MkDocs, which this project does not use, is not a warning."""


def build(out: Path) -> None:
    """Write the site into `out`, which is emptied first; any warning is an error.

    Raises `SystemExit` where MkDocs aborts.
    """
    os.environ.update(QUIET)
    from mkdocs.commands.build import build as built
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort

    config = load_config(str(ROOT / "mkdocs.yml"), site_dir=str(out), strict=True)
    config.plugins.on_startup(command="build", dirty=False)
    try:
        built(config)
    except Abort as error:
        raise SystemExit(f"the site was not built: {error}") from error
    finally:
        config.plugins.on_shutdown()


def main(arguments: list[str] | None = None) -> int:
    """Build, check, and say what is wrong; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m docsite", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "cache" / "site")
    out: Path = parser.parse_args(arguments).out
    build(out)
    faults = broken(out)
    print(*faults, sep="\n", end="\n" if faults else "")
    pages = len(list(out.rglob("*.html")))
    print(f"{out}: {pages} pages, {len(faults)} broken links", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
