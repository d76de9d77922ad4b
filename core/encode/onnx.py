"""Any ONNX face recogniser, run by onnxruntime: its form is read from the file."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.encode.encoder import (
    INNER_BATCH,
    Options,
    check_crops,
    digest_of,
    file_digest,
    in_fixed_batches,
)
from core.encode.onnx_files import external_files
from core.errors import EncoderError
from core.faces.align import TEMPLATE_SIZE, Alignment
from core.progress import Progress
from core.runtime.session import open_session

LICENCE = "Your own model: its licence is the one that came with the file."

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LARGEST_FILE = 2 * 1024**3
LONGEST_VECTOR = 16384
LARGEST_BATCH = 2 * 1024**3
"""Bytes of the images that a model may want at once."""
TRIAL_SECONDS = 300.0
"""A model that has not given its first vectors by then is stopped: it may never end."""
NEEDED = "the path of an ONNX face recogniser"
ALIGNMENTS = {
    "five points": "five-points",
    "five-points": "five-points",
    "margin": "margin",
    "whole": "whole",
}
NUMBERS: dict[str, type[np.floating[Any]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}


@dataclass(frozen=True)
class _Form:
    """What the model takes: `batch` crops at once, channels first or last, and what it gives."""

    input: str
    batch: int
    size: int
    channels_first: bool
    dtype: type[np.floating[Any]]
    output: str
    dimensions: int


@dataclass(frozen=True)
class Onnx:
    """An ONNX model with its preprocessing: (pixel / 255 − mean) / std in the order `color`.

    Deterministic; always run at the model's own batch, or at a fixed one where it is free.
    """

    name: str
    digest: str
    alignment: Alignment
    mean: tuple[float, ...]
    std: tuple[float, ...]
    color: str
    form: _Form
    session: Any
    licence: str = LICENCE
    files: tuple[Path, ...] = ()
    options: Options | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """A session does not travel: the model's files do, and one is opened where they arrive."""
        assert self.options is not None
        first, *others = self.files
        folder = first.resolve().parent
        names = [first.name, *(file.relative_to(folder).as_posix() for file in others)]
        held = [(name, file.read_bytes()) for name, file in zip(names, self.files, strict=True)]
        return _arrived, (
            held,
            replace(self.options, device=self._on, progress=Progress()),
            self.digest,
        )

    @property
    def _on(self) -> str:
        """Where the model runs: "cuda" or "cpu"."""
        return "cuda" if "CUDAExecutionProvider" in self.session.get_providers() else "cpu"

    @property
    def size(self) -> int:
        """Side of the crop in pixels."""
        return self.form.size

    @property
    def dimensions(self) -> int:
        """Length d of a vector."""
        return self.form.dimensions

    def vectors(self, crops: np.ndarray) -> np.ndarray:
        """Vectors float32 (b, d), as the model gives them, of `crops` uint8 (b, size, size, 3)."""
        check_crops(crops, self.size)
        return in_fixed_batches(crops, self._run, self.form.batch, beside=self._on == "cpu")

    def _run(self, crops: np.ndarray) -> np.ndarray:
        ordered = crops if self.color == "RGB" else crops[..., ::-1]
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        scaled = (ordered.astype(np.float32) / np.float32(255) - mean) / std
        if self.form.channels_first:
            scaled = scaled.transpose(0, 3, 1, 2)
        return _answer(self.session, self.form, np.ascontiguousarray(scaled, self.form.dtype))


def build(options: Options) -> Onnx:
    """The model in `options.weights`.

    Raises `EncoderError` where the file is not an ONNX model, is too large, keeps weights outside
    its folder, has no image input, or does not fit the preprocessing asked for.
    """
    path = options.file(NEEDED)
    files = _files(path)
    mean = _three("mean", options.mean, IMAGENET_MEAN)
    std = _three("std", options.std, IMAGENET_STD)
    if min(std) <= 0:
        raise EncoderError(f"std: {list(std)} must be above 0: give one figure a channel")
    color = _one_of("color", options.color or "RGB", {"rgb": "RGB", "bgr": "BGR"})
    kind = _one_of("align", options.align or "five-points", ALIGNMENTS)
    session = _session(path, options.device)
    form = _form(session, path, options.size)
    alignment = Alignment(kind, form.size)  # type: ignore[arg-type]
    settings = {
        "encoder": "onnx",
        "mean": mean,
        "std": std,
        "color": color,
        "align": kind,
        "size": form.size,
        "output": form.output,
    }
    digest = digest_of(settings, *map(file_digest, files))
    return Onnx(
        f"{path.stem} (ONNX)", digest, alignment, mean, std, color, form, session,
        files=tuple(files), options=options,
    )  # fmt: skip


def _arrived(held: Sequence[tuple[str, bytes]], options: Options, digest: str) -> Onnx:
    """The model whose files were sent; raises `EncoderError` where they changed meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in held:
            file = Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        built = build(replace(options, weights=Path(folder) / held[0][0]))
    if built.digest != digest:
        raise EncoderError(
            f"{held[0][0]} is {built.digest[:12]} where the audit began with {digest[:12]}: leave "
            "the encoder's file alone while an audit runs, and run again"
        )
    return built


def _files(path: Path) -> list[Path]:
    """The model and the files of its weights; raises where they are too large, before reading."""
    files = [path]
    if path.stat().st_size <= LARGEST_FILE:
        files += external_files(path)
    heavy = sum(file.stat().st_size for file in files)
    if heavy > LARGEST_FILE:
        raise EncoderError(
            f"{path.name} and its weights hold {heavy} bytes, more than the {LARGEST_FILE} that an "
            "encoder may: give a smaller model"
        )
    return files


def _three(
    name: str, given: Sequence[float] | float | None, default: tuple[float, ...]
) -> tuple[float, ...]:
    values = default if given is None else np.atleast_1d(given).tolist()
    figures = [value for value in values if isinstance(value, int | float)]
    if (
        len(figures) != len(values)
        or len(figures) not in (1, 3)
        or not all(math.isfinite(value) and abs(value) <= 10 for value in figures)
    ):
        raise EncoderError(
            f"{name}: {given} is not one figure or three, one a channel, for pixels from 0 to 1: "
            f"give for instance {list(default)} (and 127.5 as 0.5)"
        )
    return tuple(map(float, figures * (3 // len(figures))))


def _one_of(name: str, given: str, known: dict[str, str]) -> str:
    found = known.get(str(given).lower())
    if found is None:
        raise EncoderError(f"{name}: {given!r} is unknown: choose one of {', '.join(known)}")
    return found


def _session(path: Path, device: str) -> Any:
    try:
        return open_session(path, _providers(device))
    except EncoderError:
        raise
    except Exception as error:  # onnxruntime's own errors share no base class
        raise EncoderError(
            f"{path.name} cannot be loaded as an ONNX model ({_reason(error, path)}): export it "
            "again with operators of the standard ONNX set, or give another file"
        ) from error


def _providers(device: str) -> list[str]:
    import onnxruntime

    cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if device == "cuda" and not cuda:
        raise EncoderError(
            "device: cuda, and this onnxruntime runs on processors only: install onnxruntime-gpu "
            "in its place, or choose device auto or cpu"
        )
    use = cuda and device in ("auto", "cuda")
    return ["CUDAExecutionProvider", "CPUExecutionProvider"] if use else ["CPUExecutionProvider"]


def _form(session: Any, path: Path, asked: int | None) -> _Form:
    """What the model takes and gives, tried out once on a black crop."""
    inputs = session.get_inputs()
    shapes = ", ".join(f"{node.name} {node.type} {node.shape}" for node in inputs)
    unfit = EncoderError(
        f"{path.name} takes {shapes or 'nothing'}, and an encoder takes one image, floats of shape "
        "(batch, 3, size, size) or (batch, size, size, 3): give a face recogniser"
    )
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in NUMBERS:
        raise unfit
    batch, *sides = inputs[0].shape
    if sides[0] == 3 or (sides[2] != 3 and not isinstance(sides[0], int)):
        channels_first, height, width = True, sides[1], sides[2]
    elif sides[2] == 3:
        channels_first, height, width = False, sides[0], sides[1]
    else:
        raise unfit
    form = _Form(
        input=inputs[0].name,
        batch=batch if isinstance(batch, int) and batch > 0 else INNER_BATCH,
        size=_size(path, height, width, asked),
        channels_first=channels_first,
        dtype=NUMBERS[inputs[0].type],
        output=_output(session, path),
        dimensions=0,
    )
    return _tried(session, form, path)


def _size(path: Path, height: Any, width: Any, asked: int | None) -> int:
    fixed = {side for side in (height, width) if isinstance(side, int) and side > 0}
    if len(fixed) > 1:
        raise EncoderError(
            f"{path.name} takes images of {height} x {width}, and crops are square: give a model "
            "whose input is square"
        )
    size = asked or next(iter(fixed), TEMPLATE_SIZE)
    if fixed and size not in fixed:
        raise EncoderError(
            f"size: {asked}, and {path.name} takes {fixed.pop()} pixels a side: leave size out"
        )
    if not 16 <= size <= 1024:
        raise EncoderError(f"size: {size} is outside 16 to 1024 pixels: give the model's own size")
    return size


def _output(session: Any, path: Path) -> str:
    """The name of the first output with two axes, else of the first; others are flattened."""
    outputs = [node for node in session.get_outputs() if node.type in NUMBERS]
    if not outputs:
        raise EncoderError(f"{path.name} gives no floats: give a face recogniser")
    flat = [node for node in outputs if node.shape is not None and len(node.shape) == 2]
    return (flat or outputs)[0].name


def _tried(session: Any, form: _Form, path: Path) -> _Form:
    shape = (form.batch, form.size, form.size, 3)
    order = (0, 3, 1, 2) if form.channels_first else (0, 1, 2, 3)
    needed = math.prod(shape) * np.dtype(form.dtype).itemsize
    if needed > LARGEST_BATCH:
        raise EncoderError(
            f"{path.name} takes {form.batch} images of {form.size} pixels at once, {needed} bytes, "
            f"and the limit is {LARGEST_BATCH}: export it with a smaller batch, or a free one"
        )
    with _stopped_after(TRIAL_SECONDS) as options:
        try:
            black = np.zeros(shape, form.dtype).transpose(order).copy()
            given = _answer(session, form, black, options)
        except Exception as error:  # onnxruntime's own errors share no base class
            raise _failed(form, path, error, stopped=options.terminate) from error
    if given.ndim != 2 or not 2 <= given.shape[1] <= LONGEST_VECTOR:
        raise EncoderError(
            f"{path.name} gives {given.shape[-1]} figures for a face, and a vector has 2 to "
            f"{LONGEST_VECTOR}: give a model that ends at the embedding"
        )
    return replace(form, dimensions=given.shape[1])


def _failed(form: _Form, path: Path, error: Exception, *, stopped: bool) -> EncoderError:
    if stopped:
        return EncoderError(
            f"{path.name} has given no vector of {form.batch} images within {TRIAL_SECONDS:.0f} s: "
            "give a faster model"
        )
    return EncoderError(
        f"{path.name} fails on {form.batch} images of {form.size} pixels "
        f"({_reason(error, path)}): give size: as the model was trained"
    )


@contextmanager
def _stopped_after(seconds: float) -> Iterator[Any]:
    """Options of a run that ends with an error after so many seconds."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    timer = threading.Timer(seconds, setattr, (options, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        yield options
    finally:
        timer.cancel()


def _answer(session: Any, form: _Form, images: np.ndarray, options: Any = None) -> np.ndarray:
    given = session.run([form.output], {form.input: images}, options)
    answer = np.asarray(given[0], np.float32)
    if answer.shape[:1] != (len(images),):
        if len(images) != 1:
            raise EncoderError(
                f"the model gives {answer.shape} for {len(images)} images: one row a face is needed"
            )
        answer = answer[None]
    return answer.reshape(len(images), -1)


def _reason(error: Exception, path: Path) -> str:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line.replace(str(path), path.name)[:160]
