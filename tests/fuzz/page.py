"""The table of a campaign as Markdown, and its place in docs/fuzz.md between two comments."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.machine import hardware
from tests.fuzz.campaign import Tally
from tests.fuzz.readers import READERS

BEGIN = "<!-- written by python -m tests.fuzz --write -->"
END = "<!-- fuzz: end -->"
DECODERS = ("pillow", "pandas", "pyarrow", "pyyaml", "pydantic", "onnx", "hypothesis")
"""What does the reading, beside what `hardware` names."""


def table(found: Sequence[Tally]) -> Iterator[str]:
    """One row a reader."""
    yield "| reader | cases | accepted | refused | failures | seconds | slowest, ms | most, MiB |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for one in found:
        cells = (
            READERS[one.reader].title, f"{one.cases:,}", f"{one.accepted:,}", f"{one.refused:,}",
            str(len(one.failures)), f"{one.seconds:.0f}", f"{1000 * one.slowest:.0f}",
            f"{one.most / 2**20:.0f}",
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def write(path: Path, found: Sequence[Tally]) -> None:
    """Put the table between the comments of the page at `path`; all else stays as it is."""
    before, rest = path.read_text(encoding="utf-8").split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    seeds = sorted({seed for one in found for seed in one.seeds})
    decoders = ", ".join(f"{name} {version(name)}" for name in DECODERS)
    told = (
        f"{datetime.date.today():%d %B %Y}, seeds {' and '.join(map(str, seeds))}, on "
        f"{hardware()}, {decoders}."
    )
    page = "\n".join([BEGIN, "", told, "", *table(found), "", END])
    path.write_text(before + page + after, encoding="utf-8")
