"""What every encoder is, and what a person can choose about one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from joblib import cpu_count

from core.errors import EncoderError
from core.faces.align import Alignment
from core.progress import Progress

INNER_BATCH = 16
"""Crops that a network sees at once. Always this many, the last batch padded: linear algebra
libraries round differently for other sizes, and a vector must not depend on its neighbours."""


class Encoder(Protocol):
    """Turns aligned crops into vectors. `digest` is the SHA-256 of weights and preprocessing.

    `licence` is the sentence shown where the encoder is chosen; `dimensions` may be None until
    the first vectors are known.
    """

    @property
    def name(self) -> str:
        """The encoder in words."""
        ...

    @property
    def dimensions(self) -> int | None:
        """Length d of a vector."""
        ...

    @property
    def size(self) -> int:
        """Side of the crop in pixels."""
        ...

    @property
    def alignment(self) -> Alignment:
        """The crop that it was trained on."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of weights and preprocessing."""
        ...

    @property
    def licence(self) -> str:
        """One sentence on the terms of the weights."""
        ...

    def vectors(self, crops: np.ndarray) -> np.ndarray:
        """Vectors float32 (b, d) of `crops` uint8 (b, size, size, 3) RGB."""
        ...


@dataclass(frozen=True)
class Options:
    """What a person chose; None leaves the encoder's own default."""

    kind: str
    weights: str | Path | None = None
    device: str = "auto"
    size: int | None = None
    mean: Sequence[float] | float | None = None
    std: Sequence[float] | float | None = None
    color: str | None = None
    align: str | None = None
    progress: Progress = field(default_factory=Progress)

    def refuse_preprocessing(self) -> None:
        """Raise `EncoderError` where preprocessing was chosen: that of this kind is fixed."""
        for name in ("size", "mean", "std", "color", "align"):
            if getattr(self, name) is not None:
                raise EncoderError(
                    f"{name}: {getattr(self, name)} was given for the encoder {self.kind}, whose "
                    "preprocessing is fixed: leave it out (only the kind onnx takes it)"
                )

    def file(self, what: str) -> Path:
        """The local file with the weights; `what` says in words which file is needed."""
        if self.weights is None or str(self.weights).strip() == "":
            raise EncoderError(f"the encoder {self.kind} has no weights: give {what}")
        path = Path(self.weights).expanduser()
        if str(self.weights) == "download" and not path.is_file():
            raise EncoderError(
                f"weights: download is not offered for the encoder {self.kind}: give {what}"
            )
        if not path.is_file():
            raise EncoderError(f"there is no file {path}: give {what}")
        return path


def digest_of(settings: Mapping[str, Any], *files: str) -> str:
    """SHA-256 (hex) over preprocessing settings and the digests of the weights' files."""
    text = json.dumps([settings, files], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def in_fixed_batches(
    crops: np.ndarray,
    run: Callable[[np.ndarray], np.ndarray],
    inner: int = INNER_BATCH,
    *,
    beside: bool = False,
) -> np.ndarray:
    """`run` over `crops` (b, …), always `inner` at a time, the last batch padded with zeros.

    `beside`: several batches at a time, in as many threads as there are processors, for what
    computes in the thread that asks; no bit depends on it. Returns float32 (b, d), the padding's
    rows dropped; (0, d) for no crops.
    """
    starts = range(0, max(len(crops), 1), inner)

    def one(start: int) -> np.ndarray:
        part = crops[start : start + inner]
        missing = inner - len(part)
        if missing:
            part = np.concatenate([part, np.zeros((missing, *part.shape[1:]), part.dtype)])
        return np.asarray(run(part), dtype=np.float32)[: inner - missing]

    parts = _threads().map(one, starts) if beside and len(starts) > 1 else map(one, starts)
    return np.concatenate(list(parts))


@cache
def _threads() -> ThreadPoolExecutor:
    """Shared by all that encode in this process, such as the tasks of a cluster's worker."""
    return ThreadPoolExecutor(cpu_count(), thread_name_prefix="encode")


def check_crops(crops: np.ndarray, size: int) -> None:
    """Raise `ValueError` where crops are not uint8 (b, size, size, 3): a fault of ours."""
    if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[1:] != (size, size, 3):
        raise ValueError(
            f"crops of shape {crops.shape} and type {crops.dtype} where uint8 (b, {size}, {size}, "
            "3) is needed"
        )
