"""Put faults into workers, and see what holds.

    python -m tests.faults [--kinds NAME …] [--phases NAME …] [--seeds 2] [--jobs 2] [--write]

Every case is one (kind, phase, seed) and takes some seconds; `--jobs` are played at a time. Prints
a table, and each failure as it comes; `--write` puts the table into docs/faults.md. Exit status 1
where anything failed. Filling a real disk takes the right to mount one.
"""

from __future__ import annotations

import argparse
import datetime
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from benchmarks.machine import hardware
from tests.faults import small, told
from tests.faults.case import Case, Outcome
from tests.faults.kinds import KINDS
from tests.faults.plan import PHASES
from tests.faults.play import cases, play
from tests.faults.scene import reference

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "faults.md"


def outcomes(chosen: Sequence[Case], folder: Path, jobs: int) -> Iterator[Outcome]:
    """Each case's outcome as it comes, with inputs and undisturbed runs made below `folder`."""
    base = folder / "inputs"
    base.mkdir()
    small.make(base)
    names = sorted({small.audit_of(case.phase) for case in chosen})
    references = {name: reference(folder / name, base, name) for name in names}
    # A process each: where a run's home lies is told by the environment.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        waiting = [pool.submit(play, case, base, references) for case in chosen]
        for one in as_completed(waiting):
            yield one.result()


def main(arguments: Sequence[str]) -> int:
    """Play what is asked for, and print or write what came of it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kinds", nargs="+", metavar="NAME", choices=list(KINDS), default=[])
    asked.add_argument("--phases", nargs="+", metavar="NAME", choices=PHASES, default=PHASES)
    asked.add_argument("--seeds", type=int, default=2, help="cases of each kind and phase")
    asked.add_argument("--jobs", type=int, default=2, help="cases at a time")
    asked.add_argument("--write", action="store_true", help="into docs/faults.md")
    given = asked.parse_args(arguments)
    chosen = list(cases(given.kinds or list(KINDS), given.phases, range(given.seeds)))
    found: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        for one in outcomes(chosen, Path(folder), given.jobs):
            found.append(one)
            said = one.left_out or "; ".join(one.problems) or "passed"
            about = f"{one.case.kind}, {one.case.phase}, seed {one.case.seed}"
            print(f"{len(found)} of {len(chosen)}: {about}: {said}", file=sys.stderr, flush=True)
    found.sort(key=lambda one: chosen.index(one.case))
    part = told.page(found, hardware(), f"{datetime.date.today():%d %B %Y}")
    print(part)
    if given.write:
        PAGE.write_text(told.put(PAGE.read_text(encoding="utf-8"), part), encoding="utf-8")
    return int(any(one.problems for one in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
