"""Many cases of one reader: drawn by Hypothesis from a seed, judged, counted, failures shrunk."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.reader import Reader, judge


@dataclass
class Tally:
    """What came of the cases of one reader; `slowest` in processor seconds, `most` in bytes."""

    reader: str
    seeds: list[int]
    cases: int = 0
    accepted: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    most: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """Cases that ended in an error of the project's own."""
        return self.cases - self.accepted - len(self.failures)

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            self.reader, self.seeds + other.seeds, self.cases + other.cases,
            self.accepted + other.accepted, self.seconds + other.seconds,
            max(self.slowest, other.slowest), max(self.most, other.most),
            self.failures + other.failures,
        )  # fmt: skip


def campaign(reader: Reader, cases: int, start: int, folder: Path, *, shrink: bool = True) -> Tally:
    """Judge `cases` cases of `reader` in `folder`, drawn from the seed `start`.

    Each different failure is shrunk to its smallest case and told once. Cases that are tried while
    shrinking are not counted.
    """
    tally = Tally(reader.name, [start])
    failing = False

    @seed(start)
    @settings(
        max_examples=cases, deadline=None, database=None, print_blob=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
    )  # fmt: skip
    @given(reader.cases)
    def one(case: Any) -> None:
        nonlocal failing
        tally.cases += not failing
        try:
            verdict = judge(reader, case, folder)
        except BaseException:
            failing = True
            raise
        if not failing:
            tally.accepted += verdict.accepted
            tally.slowest = max(tally.slowest, verdict.seconds)
            tally.most = max(tally.most, verdict.bytes)

    began = time.perf_counter()
    try:
        one()
    except (Exception, BaseExceptionGroup) as error:
        tally.failures = [_told(found) for found in _each(error)]
    tally.seconds = time.perf_counter() - began
    return tally


def _each(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _each(inner)
    else:
        yield error


def _told(error: BaseException) -> str:
    """The failure in a few lines: what was let out, where, and the smallest case that does it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno} {last.name}"
    notes = "\n".join(getattr(error, "__notes__", ()))
    return f"{type(error).__name__}: {str(error)[:400]}\n  at {where}\n  {notes[:3000]}"
