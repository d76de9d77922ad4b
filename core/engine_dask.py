"""Work on a Dask cluster that is there already: `engine: tcp://HOST:PORT` of its scheduler.

The audit itself runs here: it deals the people, hands out fits, reads and writes the store. Tasks
are handed out a few more than there are threads, so that workers that join get some, and those of
a worker that dies go to the others. Whoever reaches the scheduler can run any code there and here:
`docs/cluster.md` says how to keep it to oneself.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from core.engine_task import PIECE_BYTES, Packed, about, counts, difference, on_gpu, packed, piece
from core.engine_task import work as work_on_it
from core.errors import EngineError

if TYPE_CHECKING:
    from distributed import Client, Future

Item = TypeVar("Item")
Found = TypeVar("Found")

CONNECT_SECONDS = 10.0
"""How long the scheduler may take to answer."""

WORKERS_SECONDS = 60.0
"""How long a cluster may be without any worker, at the start and later."""

LOOK_SECONDS = 1.0
"""How often the workers are counted."""

HELD_BYTES = 1 << 30
"""Pieces that the cluster keeps for tasks to come; those of tasks under way come on top."""


class Cluster:
    """Works on the workers of the scheduler at `address`; functions and items must pickle.

    Raises `EngineError` where no scheduler answers, where no worker comes, or where the workers
    are of another version than this process.
    """

    remote = True

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = _connected(address)
        self._pieces: OrderedDict[str, tuple[Future, int]] = OrderedDict()
        self._counted = (0.0, 0, 0)
        try:
            self._wait_for_workers()
            self._check()
        except BaseException:
            self.close()
            raise

    @property
    def workers(self) -> int:
        """Threads of all workers that are there now."""
        return max(1, self._count()[0])

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
        """Yield `function(item)` of each item, in order; to stop taking is to cancel the rest.

        What runs on a worker already runs to its end there, and its answer is thrown away.
        """
        coming, waiting = iter(items), deque[Any]()
        shared: tuple[str, list[Any]] | None = None
        try:
            while True:
                for item in islice(coming, max(2 * self.workers - len(waiting), 0)):
                    shared = shared or self._shared(function)
                    waiting.append(self._submit(function, shared, item))
                if not waiting:
                    return
                found = self._answer(waiting[0])
                waiting.popleft()
                yield found
        finally:
            if waiting and self._client.status == "running":
                self._client.cancel(list(waiting))

    def close(self) -> None:
        """Leave the cluster: what is not begun there is forgotten, the workers stay."""
        self._pieces.clear()
        with suppress(OSError, TimeoutError):
            self._client.close(timeout=CONNECT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # -- tasks ---------------------------------------------------------------------------------

    def _shared(self, function: Callable[[Item], Found]) -> tuple[str, list[Any]]:
        """The name that a large function is kept under, and its parts, for all items of a map."""
        whole = packed(function)
        name = hashlib.sha256(whole.body)
        for buffer in whole.buffers:
            name.update(hashlib.sha256(buffer).digest())
        return name.hexdigest() if whole.large else "", self._parts(whole)

    def _submit(
        self, function: Callable[[Item], Found], shared: tuple[str, list[Any]], item: Item
    ) -> Future:
        task = getattr(function, "func", function)
        on = {"GPU": 1} if on_gpu(function, item) and self._count()[1] else None
        if self._client.status == "closed":
            raise EngineError(self._gone())
        return self._client.submit(
            work_on_it, about(), *shared, self._parts(packed(item)),
            # Durations are learnt by name: a view and a forest must not be taken for the same.
            key=f"{getattr(task, '__name__', 'task')}-{uuid.uuid4()}",
            pure=False, resources=on,
        )  # fmt: skip

    def _parts(self, value: Packed) -> list[Any]:
        """Body and buffers, the large ones as pieces."""
        body = value.body if len(value.body) < PIECE_BYTES else self._piece(value.body)
        return [body, *map(self._piece, value.buffers)]

    def _piece(self, data: bytes | memoryview) -> Future:
        """What stands for `data` on the cluster, where it is sent once."""
        name = f"piece-{self._client.id}-{hashlib.sha256(data).hexdigest()}"
        if name not in self._pieces:
            array = np.frombuffer(data, np.uint8)
            future = self._client.submit(piece, array, key=name)
            self._pieces[name] = (future, len(array))
            while len(self._pieces) > 1 and sum(n for _, n in self._pieces.values()) > HELD_BYTES:
                self._pieces.popitem(last=False)
        self._pieces.move_to_end(name)
        return self._pieces[name][0]

    def _answer(self, future: Future) -> Any:
        """Wait for a result; raises what the task raised, or `EngineError` where it was lost."""
        from distributed import CancelledError, KilledWorker

        alone = time.monotonic()
        while not future.done():
            with suppress(TimeoutError, CancelledError):
                future.exception(timeout=LOOK_SECONDS)
            if self._count()[0]:
                alone = time.monotonic()
            elif time.monotonic() - alone > WORKERS_SECONDS:
                raise EngineError(self._no_workers())
        try:
            return future.result()
        except KilledWorker as error:
            raise EngineError(
                f"{error.allowed_failures + 1} workers of {self._address} died over one task, "
                "probably for want of memory: give the workers more of it or fewer threads, and "
                "run again, which goes on from what the store holds"
            ) from error
        except CancelledError as error:
            raise EngineError(self._gone()) from error

    # -- the cluster ---------------------------------------------------------------------------

    def _count(self) -> tuple[int, int]:
        """Threads of the workers, and workers that declare a GPU, as of a second ago."""
        at, threads, gpus = self._counted
        if time.monotonic() - at > LOOK_SECONDS or not threads:
            # A client that has lost its scheduler looks for it, and ends its tasks if it fails.
            with suppress(OSError):
                threads, gpus = self._client.run_on_scheduler(counts)
            self._counted = (time.monotonic(), threads, gpus)
        return threads, gpus

    def _wait_for_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKERS_SECONDS)
        except TimeoutError:
            raise EngineError(self._no_workers()) from None

    def _no_workers(self) -> str:
        return (
            f"the scheduler at {self._address} has 0 workers, and {WORKERS_SECONDS:g} seconds is "
            f"as long as an audit waits for one: start some with 'dask worker {self._address}'"
        )

    def _gone(self) -> str:
        return (
            f"the scheduler at {self._address} went away or dropped a task: run again when it is "
            "back, which goes on from what the store holds"
        )

    def _check(self) -> None:
        """Raise where scheduler or workers cannot do this program's work as it is done here."""
        try:
            self._client.run_on_scheduler(counts)
        except ImportError as error:
            raise EngineError(_no_code("the scheduler", self._address)) from error
        answers = self._client.run(about, on_error="return")
        for worker, found in answers.items():
            if isinstance(found, Exception):
                raise EngineError(_no_code(f"the worker {worker}", self._address)) from found
            other = difference(about(), found)
            if other:
                raise EngineError(f"the worker {worker} of {self._address} has {other}")


def _no_code(who: str, address: str) -> str:
    return (
        f"{who} of {address} cannot import this program: start it again with this version's "
        "folder on its PYTHONPATH"
    )


def _connected(address: str) -> Client:
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise EngineError(
            f"engine is {address}, and dask's distributed is not installed here: install it as "
            "requirements.txt says, or choose local or processes"
        ) from error
    # Pieces are meant to travel with the tasks: then the scheduler can make a lost one again.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"})
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="blindfold")
    except (OSError, ValueError) as error:
        raise EngineError(
            f"no Dask scheduler answers at {address} within {CONNECT_SECONDS:g} seconds: start one "
            "with 'dask scheduler', open its port to this machine, or choose local or processes"
        ) from error
