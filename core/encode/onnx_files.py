"""Where an ONNX model says that its weights lie: files that are read, digested and sent with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import EncoderError

_MARK = b"location"
"""The key under which a tensor names another file (onnx.proto, `TensorProto.external_data`)."""


def external_files(path: Path) -> list[Path]:
    """The other files that hold weights of the model at `path`, each once, by name.

    Raises `EncoderError` where one is not a file in the model's own folder.
    """
    folder = path.resolve().parent
    return [_inside(folder, name, path) for name in sorted(_locations(path))]


def _locations(path: Path) -> set[str]:
    """What the tensors of the model call their files, wherever in the graph a tensor is."""
    data = path.read_bytes()
    if _MARK not in data:
        return set()  # most models: protobuf writes names as they are, so there is none
    import onnx

    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's DecodeError, which onnx does not lend
        raise EncoderError(
            f"{path.name} cannot be loaded as an ONNX model (it is damaged): export it again"
        ) from error
    return {
        os.fsdecode(entry.value)  # bytes where it is no UTF-8: the system takes such names too
        for tensor in _messages(model)
        if isinstance(tensor, onnx.TensorProto)
        for entry in tensor.external_data
        if entry.key == _MARK.decode()
    }


def _messages(message: Any) -> Iterator[Any]:
    """Every protobuf message inside `message`: graphs within graphs, functions, attributes."""
    waiting = [message]
    while waiting:
        one = waiting.pop()
        yield one
        for field, value in one.ListFields():
            if field.message_type is not None:
                waiting += [value] if hasattr(value, "ListFields") else value


def _inside(folder: Path, name: str, path: Path) -> Path:
    try:
        file = (folder / name).resolve()
        there = file.is_relative_to(folder) and file.is_file()
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        there = False
    if not there:
        raise EncoderError(
            f"{path.name} keeps weights in {name!r}, which is not a file in its own folder: "
            "put it there, or export the model as one file"
        )
    return file
