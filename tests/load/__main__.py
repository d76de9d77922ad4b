"""Let many viewers look at one server.

    python -m tests.load [--viewers 24] [--seconds 180] [--pause 8] [--write]

Pages are about a finished audit and about the demonstration, which the first visit starts. Prints
how many answers came, the median and the slowest, errors, and the server's resident memory
at the start, in the middle and at the end; `--write` puts it into docs/faults.md. Exit status 1
where a page raised or did not answer, or where memory grew by more than a quarter in the second
half.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import hardware
from core import run as runs
from tests.faults.told import put
from tests.load.dashboard import Memory, finish, server
from tests.load.viewer import Seen, Viewer, together

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "faults.md"
BEGIN = "<!-- load: written by python -m tests.load --write -->"
END = "<!-- load: end -->"
MOST_GROWTH = 0.25
"""By how much of itself the server's memory may grow in the second half."""


def main(arguments: Sequence[str]) -> int:
    """Measure, and print or write it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--viewers", type=int, default=24)
    asked.add_argument("--seconds", type=float, default=180.0)
    asked.add_argument("--pause", type=float, default=8.0, help="seconds a page is looked at")
    asked.add_argument("--write", action="store_true", help="into docs/faults.md")
    given = asked.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        os.environ["BLINDFOLD_CACHE"] = folder
        done = finish(Path(folder))
        with server() as (process, port), Memory(process) as memory:
            asyncio.run(Viewer(port, [done], 1.0, 0).look(2.0))  # starts the demonstration
            ids = [run.id for run in runs.listing()]
            viewers = [Viewer(port, ids, given.pause, seed) for seed in range(given.viewers)]
            seen = asyncio.run(together(viewers, given.seconds))
            at_work = [run.name for run in runs.listing() if runs.status(run).active]
    told = [
        f"{given.viewers} viewers for {given.seconds:.0f} s, each looking at a page for "
        f"{given.pause:g} s on the average, on {datetime.date.today():%d %B %Y}; beside them "
        f"{', '.join(at_work) or 'no audit any more'} at work. On: {hardware()}.",
        "",
        *lines(seen, memory),
    ]
    print("\n".join(told))
    if given.write:
        part = "\n".join([BEGIN, *told, END])
        PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), part), encoding="utf-8")
    return int(bool(seen.errors) or memory.grew > MOST_GROWTH)


def lines(seen: Seen, memory: Memory) -> list[str]:
    """The figures as Markdown."""
    pages = sorted(seen.pages.items())
    every = [one for _, seconds in pages for one in seconds]
    rows = [("all pages", every), *pages, ("parts that refresh themselves", seen.parts)]
    mega = [f"{one / 2**20:.0f}" for one in (memory.read[0], memory.middle, memory.read[-1])]
    found = Counter(seen.errors)
    return [
        "| | answers | median, s | slowest, s |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {len(own)} | {statistics.median(own):.2f} | {max(own):.2f} |"
            for name, own in rows
            if own
        ),
        "",
        f"Errors: {len(seen.errors)}. The server's resident memory was {mega[0]} MiB before "
        f"anybody looked, {mega[1]} MiB in the middle and {mega[2]} MiB at the end; it sent "
        f"{seen.bytes / 2**20:.0f} MiB.",
        *(f"- {times} × {words}" for words, times in found.most_common(10)),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
