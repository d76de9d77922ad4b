"""Feeds every reader thousands of files that nobody should send, and says what came of it.

    python -m tests.fuzz [--cases 10000] [--seed N] [--only zip,yaml] [--write]

Each reader gets its cases in two halves, each in a process of its own whose memory is walled in,
two processes at a time. A failure is shrunk to its smallest case and printed; then the exit status
is 1. `--write` puts the table into docs/fuzz.md.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.campaign import Tally, campaign
from tests.fuzz.readers import READERS

ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES = 2
WALL = 3 * 2**30
"""Bytes of address space that a process may ask for beyond what its libraries take."""
HUNG_SECONDS = 3600
"""Whoever has not ended by then hangs: the stack is printed and the process ended."""


def main(arguments: Sequence[str]) -> int:
    """Run the campaign, or one process of it; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="for each reader")
    parser.add_argument("--seed", type=int, default=None, help="by itself a fresh one")
    parser.add_argument("--only", default=",".join(READERS), help="readers, with commas")
    parser.add_argument("--write", action="store_true", help="the table into docs/fuzz.md")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    names = asked.only.split(",")
    if unknown := sorted(set(names) - set(READERS)):
        parser.error(f"there is no reader {unknown[0]}: choose from {', '.join(READERS)}")
    if asked.alone:
        print(json.dumps(asdict(_alone(names[0], asked.cases, asked.seed))))
        return 0
    first = secrets.randbelow(2**31) if asked.seed is None else asked.seed
    print(f"seed {first}: {asked.cases:,} cases a reader", file=sys.stderr)
    found = _all(names, asked.cases, first)
    from tests.fuzz.page import table, write

    print(*table(found), sep="\n")
    for one in found:
        for failure in one.failures:
            print(f"\n{one.reader}, seeds {one.seeds}: {failure}")
    if asked.write:
        write(ROOT / "docs" / "fuzz.md", found)
    return int(any(one.failures for one in found))


def _all(names: Sequence[str], cases: int, first: int) -> list[Tally]:
    halves = [cases // 2 + cases % 2, cases // 2]
    jobs = [
        (name, many, first + half) for name in names for half, many in enumerate(halves) if many
    ]
    with ThreadPoolExecutor(PROCESSES) as pool:
        done = list(pool.map(lambda job: _process(*job), jobs))
    whole: dict[str, Tally] = {}
    for one in done:
        whole[one.reader] = whole[one.reader].plus(one) if one.reader in whole else one
    return list(whole.values())


def _process(name: str, cases: int, seed: int) -> Tally:
    """One half in a process of its own; one that dies is a failure, too."""
    command = [sys.executable, "-m", "tests.fuzz", "--alone", "--only", name,
               "--cases", str(cases), "--seed", str(seed)]  # fmt: skip
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = ended.stdout.strip().splitlines()
    if ended.returncode or not lines:
        said = f"the process ended with {ended.returncode}\n{ended.stderr[-2000:]}"
        return Tally(name, [seed], failures=[said])
    tally = Tally(**json.loads(lines[-1]))
    print(f"{name}, seed {seed}: {tally.cases:,} cases, {len(tally.failures)} failures in "
          f"{tally.seconds:.0f} s", file=sys.stderr)  # fmt: skip
    return tally


def _alone(name: str, cases: int, seed: int) -> Tally:
    from tests.fuzz import memory

    faulthandler.enable()
    faulthandler.dump_traceback_later(HUNG_SECONDS, exit=True)
    memory.wall(WALL)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        return campaign(READERS[name], cases, seed, Path(folder) / "case")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
