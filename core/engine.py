"""Where work runs: in threads of this process, in processes of this computer, or on a cluster.

Probes spend their time outside the interpreter's lock, so that threads serve them (measured: two
forests, machines or networks in two threads take the time of one). A process pool lives no longer
than the engine that made it, and never longer than its parent: the kernel ends the children of a
worker that is killed.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Protocol, Self, TypeVar

from joblib import cpu_count

from core.config import AVAILABLE, CLUSTERS
from core.errors import ConfigError, EngineError

Item = TypeVar("Item")
Found = TypeVar("Found")

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


class Engine(Protocol):
    """Applies a function to items. Used as a context manager, it leaves no process behind."""

    @property
    def workers(self) -> int:
        """How many items are worked on at a time."""
        ...

    @property
    def remote(self) -> bool:
        """Whether the workers may be other computers, with files and encoders of their own."""
        ...

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
        """Yield `function(item)` of each item, in order; what it raises is raised here."""
        ...

    def close(self) -> None:
        """End at once whatever is still at work."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


class Local:
    """Works in `workers` threads of this process."""

    remote = False

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
        """Yield `function(item)` of each item, in order; to stop taking is to cancel the rest."""
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="engine")
        try:
            yield from _in_order(pool, self.workers, function, items)
        finally:
            pool.shutdown(cancel_futures=True)

    def close(self) -> None:
        """Nothing is left to end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Processes:
    """Works in `workers` processes, one native thread each; functions and items must pickle."""

    remote = False

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._others: set[int | None] = set()

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
        """Yield `function(item)` of each item, in order; to stop taking is to cancel the rest.

        Raises `EngineError` where one of the processes is ended from outside.
        """
        try:
            yield from _in_order(self._open(), self.workers, function, items)
        except BrokenProcessPool as error:
            self.close()
            raise EngineError(
                "a process of this audit was ended from outside, perhaps for want of memory: run "
                "it again, which goes on from what the store holds, with fewer other programs or "
                "with engine: local"
            ) from error
        except BaseException:
            self.close()
            raise

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._others = {child.pid for child in multiprocessing.active_children()}
            self._pool = ProcessPoolExecutor(
                self.workers,
                # torch's threads do not survive fork
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(os.getpid(),),
            )
        return self._pool

    def close(self) -> None:
        """End the processes at once; the next `map` starts new ones."""
        if self._pool is None:
            return
        for child in multiprocessing.active_children():
            if child.pid not in self._others:
                child.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _in_order(
    pool: Executor, workers: int, function: Callable[[Item], Found], items: Iterable[Item]
) -> Iterator[Found]:
    coming = iter(items)
    # A few more than there are hands, so that nobody waits and nothing piles up.
    first = islice(coming, 2 * workers)
    waiting: deque[Future[Found]] = deque(pool.submit(function, item) for item in first)
    while waiting:
        found = waiting.popleft().result()
        waiting.extend(pool.submit(function, item) for item in islice(coming, 1))
        yield found


def _begin(parent: int) -> None:
    """Make this process end with its parent, and use one core."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be watched
        os._exit(1)
    # As many processes as cores, each with as many threads as cores, would only get in each
    # other's way; the libraries read this when they are loaded, which is later.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def make_engine(name: str, workers: int | None = None) -> Engine:
    """The engine of the settings' `engine`; `workers` defaults to the cores this process may use.

    A cluster has its own. Raises `ConfigError` for an engine that this version does not have,
    `EngineError` where the cluster cannot be used.
    """
    if name.startswith(CLUSTERS):
        from core.engine_dask import Cluster

        return Cluster(name)
    count = workers or cpu_count()
    if not 1 <= count <= 256:
        raise ConfigError(f"engine {name} is to use {count} workers: choose 1 to 256")
    if name == "local":
        return Local(count)
    if name == "processes":
        return Processes(count)
    raise ConfigError(
        f"engine asks for '{name}', which this version does not have yet: choose from "
        f"{', '.join(AVAILABLE['engine'])}"
    )
