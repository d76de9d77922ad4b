"""What a case of any reader must keep to, and the judge of a single case.

A case either gives a value that keeps the reader's promises, or raises an error of the project's
own whose text is one sentence. There is no third way: no other exception, no more than
`SECONDS` of processor and `BYTES` of memory, nothing written but below the folder that it was
given, nothing opened that lies outside of its set.
"""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy

from core.errors import BlindfoldError
from core.faces.faceset import PROBLEMS, Problem
from tests.fuzz import memory
from tests.fuzz.watch import Trespass, watched

SECONDS = 5.0
"""Processor time of one case, threads included; most take a few milliseconds."""
BYTES = 700 * 2**20
"""Memory that one case may add at its peak."""
LONGEST = 1500
"""Letters of an error's sentence."""
INTO, SECRET = "into", "secret"
"""Folders of a case: the only one that may be written, and one that may not be opened."""


def _nothing(case: Any) -> bool:
    return False


@dataclass(frozen=True)
class Reader:
    """One reader of what people bring.

    `build(case, folder)` writes the case into `folder` and returns what to read; `read` is the
    product; `keeps(value, path)` asserts what is promised of the value. `sound(case)` says that the
    case is nothing but what the reader is for: then it must not be refused.
    """

    name: str
    title: str
    cases: SearchStrategy[Any]
    build: Callable[[Any, Path], Path]
    read: Callable[[Path], Any]
    keeps: Callable[[Any, Path], None]
    sound: Callable[[Any], bool] = _nothing


@dataclass(frozen=True)
class Verdict:
    """How one case ended: `accepted` or not, processor seconds, bytes that its peak added."""

    accepted: bool
    seconds: float
    bytes: int


def judge(reader: Reader, case: Any, folder: Path) -> Verdict:
    """Build and read `case` in `folder`, which is made anew; raises `AssertionError` where the
    property does not hold, and whatever else the reader lets out."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in (INTO, SECRET):
        (folder / name).mkdir(parents=True)
    path = reader.build(case, folder)
    before, began = memory.start_peak(), time.process_time()
    accepted = _read(reader, case, path, folder)
    seconds = time.process_time() - began
    grown = max(memory.peak() - before, 0) if before else 0
    assert seconds <= SECONDS, f"it took {seconds:.1f} s of processor time"
    assert grown <= BYTES, f"it took {grown / 2**20:.0f} MiB"
    return Verdict(accepted, seconds, grown)


def _read(reader: Reader, case: Any, path: Path, folder: Path) -> bool:
    refusal = None
    try:
        with warnings.catch_warnings(), watched(folder / INTO, folder / SECRET):
            warnings.simplefilter("ignore")  # decoders warn a lot; the value is what counts
            value = reader.read(path)
            reader.keeps(value, path)
    except BlindfoldError as error:
        refusal = error
    except Trespass as error:
        raise AssertionError(f"trespass: {error}") from error
    if refusal is not None:
        one_sentence(refusal)
        assert not reader.sound(case), f"refused, and there is nothing wrong with it: {refusal}"
    return refusal is None


def one_sentence(error: BlindfoldError) -> None:
    """Assert that the error speaks to a person: on one line, nothing that a terminal obeys."""
    said = str(error)
    assert said.strip(), f"{type(error).__name__} without a word"
    assert said.isprintable(), f"letters that cannot be printed: {said!a:.300}"
    assert len(said) <= LONGEST, f"a sentence of {len(said):,} letters: {said:.300}"


def one_problem(problem: Problem) -> None:
    """Assert that a file's problem is of a known kind and can be shown to a person."""
    assert problem.kind in PROBLEMS
    told = f"{problem.file}{problem.detail}"
    assert told.isprintable(), f"letters that cannot be printed: {told!a:.300}"
