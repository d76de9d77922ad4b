"""Sides of a work in processes of their own: ours as the product starts its workers, peers as
their libraries start by themselves.

The product's workers keep linear algebra in the thread that asks for it and run whole fits beside
each other; a peer uses as many threads as it likes. In one process either would be set for both.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.peers import cases_of
from benchmarks.sidebyside import Asked, Case, Failed, Reading, Scaled

# What a worker of the product starts with; the variables have no other name.
from core.run import _WORKER_SETTINGS as OURS

THEIRS: Mapping[str, str] = {}


class Apart:
    """A process that reads sides of one work, as often as it is asked, until it is closed."""

    def __init__(self, work: str, asked: Asked, environment: Mapping[str, str]) -> None:
        self.work, self.asked, self.environment = work, asked, environment
        self.process: Any = None
        self.pipe: Connection | None = None

    def read(self, number: int, place: int, limit: float) -> Reading | Failed:
        """Side `place` of case `number`; one that takes longer than `limit` seconds is ended."""
        if self.pipe is None:
            self._open()
        assert self.pipe is not None
        try:
            self.pipe.send((number, place))
            if not self.pipe.poll(limit):
                self.close()
                return Failed(f"more than {limit:.0f} s: broken off")
            found: Reading | Failed = self.pipe.recv()
        except (EOFError, OSError):
            code = self.process.exitcode
            self.close()
            return Failed(f"its process ended ({code}), most likely for want of memory")
        return found

    def close(self) -> None:
        """End the process."""
        if self.pipe is not None:
            with suppress(OSError):
                self.pipe.send(None)
            self.pipe.close()
            self.process.join(2)
            self.process.kill()
            self.process.join()
            self.pipe = None

    def _open(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(other, self.work, self.asked), daemon=False
        )
        with _environment(self.environment):
            self.process.start()
        other.close()


@contextmanager
def both(work: str, asked: Asked) -> Iterator[tuple[Apart, Apart]]:
    """A process for ours and one for the peers, gone when the block ends."""
    ours, theirs = Apart(work, asked, OURS), Apart(work, asked, THEIRS)
    try:
        yield ours, theirs
    finally:
        ours.close()
        theirs.close()


@contextmanager
def _environment(given: Mapping[str, str]) -> Iterator[None]:
    """Processes that are started inside have `given`, and none of the product's other settings."""
    before = dict(os.environ)
    for name in OURS:
        os.environ.pop(name, None)
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _serve(pipe: Connection, work: str, asked: Asked) -> None:
    cases = [one for one in cases_of(work, asked) if isinstance(one, Case)]
    ready: set[tuple[int, int]] = set()
    while True:
        try:
            wanted = pipe.recv()
        except EOFError:
            return
        if wanted is None:
            return
        number, place = wanted
        side = cases[number].sides[place]
        try:
            if wanted not in ready:
                cases[number].inputs()
                side.ready()
                ready.add(wanted)
            pipe.send(timed(side.run))
        except Exception as error:  # a peer may raise whatever it likes: the table goes on
            line = (str(error).strip().splitlines() or [""])[0][:160]
            pipe.send(Failed(f"{type(error).__name__}: {line}"))


def timed(run: Any) -> Reading:
    """`run` once, by the clock and by the processor."""
    gc.collect()
    began, worked = time.perf_counter(), time.process_time()
    answer = run()
    found = Reading(time.perf_counter() - began, time.process_time() - worked, answer)
    if isinstance(answer, Scaled):
        grown = answer.seconds / found.seconds * found.processor
        return replace(
            found, seconds=answer.seconds, processor=grown, answer=answer.answer, scaled=answer.said
        )
    return found
