"""What the figures were taken on: the machine, its libraries, and how fast it can be at all."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PACKAGES = (
    "numpy", "scipy", "scikit-learn", "scikit-learn-intelex", "torch", "onnxruntime",
    "facenet-pytorch", "openTSNE", "umap-learn",
)  # fmt: skip
SIDE = 3072
"""Rows and columns of the matrices whose product is timed."""
COPIED = 1 << 28
"""Bytes that are copied, well beyond any cache."""


@dataclass(frozen=True)
class Peaks:
    """Floating-point operations a second of matrix products (float32), on one core and on all,
    and bytes a second that a copy reads and writes."""

    one: float
    all: float
    memory: float

    def __str__(self) -> str:
        return (
            f"matrix products in float32 {self.one / 1e9:.0f} GFLOP/s on one core and "
            f"{self.all / 1e9:.0f} on all, a copy reads and writes {self.memory / 1e9:.1f} GB/s"
        )


def hardware(device: str = "cpu") -> str:
    """Processor, memory, system and libraries, on one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    said = [f"{_processor()}, {cores} cores", f"{_memory():.0f} GiB"]
    if device != "cpu":
        import torch

        said.append(torch.cuda.get_device_name())
    said.append(f"{platform.system()}, Python {platform.python_version()}")
    return ", ".join(said + [f"{name} {found}" for name in PACKAGES if (found := _version(name))])


def peaks() -> Peaks:
    """The best of a few tries; it takes some seconds."""
    from threadpoolctl import threadpool_limits

    a = np.random.default_rng(0).standard_normal((SIDE, SIDE), dtype=np.float32)
    out = np.empty_like(a)

    def product() -> None:
        np.matmul(a, a, out=out)

    with threadpool_limits(1, user_api="blas"):
        one = _best(product)
    whole = _best(product)
    source = np.ones(COPIED // 8)
    target = np.empty_like(source)
    copied = _best(lambda: np.copyto(target, source))
    return Peaks(2 * SIDE**3 / one, 2 * SIDE**3 / whole, 2 * COPIED / copied)


def _best(run: Callable[[], None], tries: int = 4) -> float:
    seconds = []
    for _ in range(tries):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    if about.is_file():
        for line in about.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory() -> float:
    import psutil

    return float(psutil.virtual_memory().total) / 2**30
