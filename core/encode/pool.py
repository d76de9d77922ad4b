"""Workers that prepare pictures ahead of the encoder: threads, or processes for costly sources."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_all_start_methods, get_context
from typing import TypeVar

from joblib import cpu_count

from core.encode.prepare import Prepared, Preparer, in_process, start_process
from core.faces.align import Detector
from core.faces.faceset import Picture

MOST_WORKERS = 32

Submit = Callable[[int, Prepared | None], "Future[Prepared | Picture]"]
"""Has picture `index` prepared; a face found in an earlier run may be given."""

Item = TypeVar("Item")


@contextmanager
def workers(preparer: Preparer, detector: Detector, count: int | None) -> Iterator[Submit]:
    """A pool of `count` workers (as many as there are processors), gone when the block ends.

    Threads share `detector`; processes have none and hand such pictures back.
    """
    number = max(1, min(count or cpu_count(), MOST_WORKERS))
    if getattr(preparer.source, "costly", False):
        with _processes(preparer, number) as submit:
            yield submit
        return
    pool = ThreadPoolExecutor(number, thread_name_prefix="prepare")
    try:
        yield lambda index, known: pool.submit(preparer, index, known, detector)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _processes(preparer: Preparer, number: int) -> Iterator[Submit]:
    methods = get_all_start_methods()
    context = get_context("forkserver" if "forkserver" in methods else "spawn")
    # Imported once, before the workers part, and instead of the main program.
    context.set_forkserver_preload([start_process.__module__, type(preparer.source).__module__])
    pool = ProcessPoolExecutor(
        number, mp_context=context, initializer=start_process, initargs=(preparer,)
    )
    try:
        yield lambda index, known: pool.submit(in_process, index, known)
    finally:
        pool.shutdown(cancel_futures=True)


def ahead(
    items: Iterable[Item], submit: Callable[[Item], Future[Prepared | Picture] | None], depth: int
) -> Iterator[tuple[Item, Future[Prepared | Picture] | None]]:
    """Each item with its future, in order, at most `depth` of them submitted and not yet taken."""
    waiting: deque[tuple[Item, Future[Prepared | Picture] | None]] = deque()
    for item in items:
        waiting.append((item, submit(item)))
        if len(waiting) > depth:
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()
