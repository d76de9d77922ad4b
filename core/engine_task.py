"""What travels to the workers of a cluster, and how it is done there.

A function and an item are pickled as for `processes`. Large buffers are taken out of the pickle
and travel under their content, so that an array that many items share is sent once; so does a
function that is large itself, such as an encoder with its weights, and a worker that has opened it
keeps it. Imports nothing heavy: the scheduler reads this module too.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.errors import EngineError

PIECE_BYTES = 1 << 18
"""A buffer of this size or more is a piece of its own; below, a message costs more than bytes."""

KEPT_FUNCTIONS = 2
"""Large functions that a worker keeps open: an encoder, and the one before it."""

PACKAGES = (
    "distributed", "numpy", "scipy", "pandas", "scikit-learn", "scikit-learn-intelex", "torch",
    "onnxruntime", "opencv-python-headless", "pillow", "umap-learn", "openTSNE",
)  # fmt: skip
"""What a figure may depend on, or what a message between machines does."""

ROOT = Path(__file__).resolve().parent
"""The sources that workers must share."""

Buffer = Any
"""Bytes of any kind: bytes, a memoryview, or an array of uint8."""


@dataclass(frozen=True)
class Packed:
    """A pickle without its large buffers, and these, in their order."""

    body: bytes
    buffers: tuple[memoryview, ...]

    @property
    def large(self) -> bool:
        """Whether it is worth keeping where it has been opened."""
        return len(self.body) >= PIECE_BYTES or bool(self.buffers)


def packed(value: Any) -> Packed:
    """`value` pickled; raises what pickle raises where it cannot be."""
    buffers: list[memoryview] = []

    def stays(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes >= PIECE_BYTES:
            buffers.append(raw)
            return False
        return True

    return Packed(pickle.dumps(value, protocol=5, buffer_callback=stays), tuple(buffers))


def opened(parts: Sequence[Buffer]) -> Any:
    """The value whose body is `parts[0]` and whose buffers are the others.

    The buffers are copied: what one task writes into its arrays, another must not read.
    """
    return pickle.loads(parts[0], buffers=[bytearray(part) for part in parts[1:]])


def piece(data: Buffer) -> Buffer:
    """A piece as a task: where the worker that holds it is lost, the scheduler makes it again."""
    return data


def work(
    wanted: Mapping[str, str], name: str, function: Sequence[Buffer], item: Sequence[Buffer]
) -> Any:
    """The function's answer to the item, on a worker.

    `wanted` is the client's `about`; a large function has a `name`, its content, and is kept under
    it. Raises `EngineError` where this worker is not of the client's version.
    """
    other = difference(wanted, about())
    if other:
        raise EngineError(f"a worker of the cluster has {other}")
    _one_thread()
    if "daal4py" in sys.modules:
        _one_daal_thread()
    return (_kept(name, function) if name else opened(function))(opened(item))


_functions: OrderedDict[str, Callable[[Any], Any]] = OrderedDict()
_opening = threading.Lock()


def _kept(name: str, function: Sequence[Buffer]) -> Callable[[Any], Any]:
    with _opening:  # two threads would make the same encoder twice
        if name not in _functions:
            _functions[name] = opened(function)
            while len(_functions) > KEPT_FUNCTIONS:
                _functions.popitem(last=False)
        _functions.move_to_end(name)
        return _functions[name]


@cache
def _one_thread() -> None:
    """As a process of `processes`: one native thread for each task, whatever the machine has."""
    from threadpoolctl import threadpool_limits

    # Libraries read the first when they are loaded; numpy may have been loaded already.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    threadpool_limits(1)


@cache
def _one_daal_thread() -> None:
    """The same for what scikit-learn-intelex computes with, once a task has loaded it."""
    from daal4py import daalinit

    daalinit(nthreads=1)


@cache
def about() -> dict[str, str]:
    """What must be equal at both ends: this program's code, Python, and the packages."""
    found = {"code": code(ROOT), "python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def code(folder: Path) -> str:
    """The first 12 digits of the SHA-256 over the sources in `folder`."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        whole.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()[:12]


def difference(wanted: Mapping[str, str], found: Mapping[str, str]) -> str:
    """What of `found` is not as `wanted`, and the way out; empty where all is equal."""
    other = [
        f"{name} {found.get(name, 'none')} where this run has {value}"
        for name, value in wanted.items()
        if found.get(name, "none") != value
    ]
    if not other:
        return ""
    return (
        f"{', '.join(other)}: start scheduler and workers again in an environment of the same "
        "requirements.txt, with this version's code on their PYTHONPATH"
    )


def on_gpu(function: Callable[..., Any], item: Any) -> bool:
    """Whether a task names a graphics card: by an argument bound to its function, or by a field
    `device` of the function or of the item."""
    bound = (*function.args, *function.keywords.values()) if isinstance(function, partial) else ()
    said = (*bound, getattr(function, "device", None), getattr(item, "device", None))
    return any(isinstance(one, str) and one.startswith("cuda") for one in said)


def counts(dask_scheduler: Any = None) -> tuple[int, int]:
    """Threads of all workers, and how many workers declare a GPU; runs on the scheduler, which
    gives itself as the argument."""
    workers = dask_scheduler.workers.values()
    threads = sum(worker.nthreads for worker in workers)
    return threads, sum("GPU" in worker.resources for worker in workers)
