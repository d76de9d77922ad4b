"""Ours beside what a person would use instead, on the same work, in one run.

    python -m benchmarks [--only NAME …] [--quick] [--long] [--list] [--repeats N] [--write]
                         [--faces DIR] [--encoders DIR] [--device cpu]

Every side runs in a process of its own: ours as the product starts its workers, a peer with as many
threads as its libraries take. Sides are read in turn (A B, B A, …). Prints a Markdown table with
the hardware; `--write` puts it into benchmarks/RESULTS.md after each work. Needs an otherwise idle
machine: the load at the beginning of each work is told.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from joblib import cpu_count

from benchmarks import machine, written
from benchmarks.apart import both
from benchmarks.peers import WORKS, cases_of
from benchmarks.sidebyside import Asked, Case, Failed, Missing, Reading, Row, rounds, rows

RESULTS = Path(__file__).with_name("RESULTS.md")


def measured(work: str, asked: Asked, given: argparse.Namespace) -> list[Row | Missing]:
    """Every row of one work."""
    found: list[Row | Missing] = []
    all_cases = cases_of(work, asked)
    cases = [one for one in all_cases if isinstance(one, Case)]
    with both(work, asked) as (ours, theirs):

        def read(number: int, place: int) -> Reading | Failed:
            side = ours if place == 0 else theirs
            one = side.read(number, place, given.limit)
            _tell(cases[number], place, one)
            return one

        for number, case in enumerate(cases):
            one = rounds(
                case, partial(read, number), time.monotonic,
                repeats=given.repeats, budget=given.budget,
            )  # fmt: skip
            found += rows(one)
    return found + [one for one in all_cases if isinstance(one, Missing)]


def _tell(case: Case, place: int, one: Reading | Failed) -> None:
    said = one.why if isinstance(one, Failed) else (
        f"{one.seconds:.3f} s, {one.processor:.3f} s of the processor {one.scaled}"
    )  # fmt: skip
    print(f"  {case.work}: {case.sides[place].name}: {said}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> None:
    """Measure what is asked for, and print or write it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", nargs="+", metavar="NAME", choices=list(WORKS), default=[])
    asked.add_argument("--list", action="store_true", help="say what there is")
    asked.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    asked.add_argument("--long", action="store_true", help="in full what is else scaled up")
    asked.add_argument("--repeats", type=int, default=3, help="rounds, at most")
    asked.add_argument("--budget", type=float, default=150, help="no new round after so many s")
    asked.add_argument("--limit", type=float, default=1800, help="a reading is ended after so many")
    asked.add_argument("--write", action="store_true", help="into benchmarks/RESULTS.md")
    asked.add_argument("--faces", type=Path, help="folder of face sets, each a folder")
    asked.add_argument("--encoders", type=Path, help="folder with mobilefacenet.onnx")
    asked.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = asked.parse_args(arguments)
    if given.list:
        print("\n".join(f"{name:14} {what}" for name, what in WORKS.items()))
        return
    how = Asked(
        given.quick, given.long, given.faces, given.encoders, given.device, cpu_count()
    )  # fmt: skip
    hardware, best = machine.hardware(given.device), machine.peaks()
    notes = [
        f"Measured peaks: {best}. Medians (smallest to largest); the ratio is that of two",
        "readings of one round. Ours has linear algebra on one thread and whole fits beside each",
        "other, as the product's workers have; peers have the threads that they take themselves.",
        f"Written {datetime.date.today():%d %B %Y}.",
    ]
    print(f"{written.ON}{hardware}.\n\n" + "\n".join(notes) + "\n\n" + "\n".join(written.HEAD))
    for work in given.only or WORKS:
        print(f"{work}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        found = measured(work, how, given)
        print("\n".join(map(written.line, found)), flush=True)
        if given.write:
            written.write(RESULTS, found, hardware, notes)


if __name__ == "__main__":
    main(sys.argv[1:])
