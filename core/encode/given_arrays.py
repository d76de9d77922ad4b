"""Reading NPY and NPZ files whose header may lie: checked first, allocated after, never unpickled.

The checks follow NumPy's own format description (numpy.lib.format, NEP 1): the header is parsed by
NumPy as a literal, and shape times item size must fit the bytes that are there.
"""

from __future__ import annotations

import io
import math
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from core.errors import EmbeddingsError

MAX_BYTES = 8 * 2**30
"""An array that needs more memory than this is refused."""
MAX_RATIO = 1100
"""Deflate packs at most 1,032 to 1; a member that claims more is lying."""


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    dtype: np.dtype
    size: int


def read_npy(path: Path) -> np.ndarray:
    """The array of an NPY file; raises `EmbeddingsError` before allocating for a false claim."""
    try:
        with open(path, "rb") as file:
            header = _header(file, path.name)
            _fits(header, os.fstat(file.fileno()).st_size - header.size, path.name)
            file.seek(0)
            return np.load(file, allow_pickle=False)
    except EmbeddingsError:
        raise
    except Exception as error:  # NumPy lets out OverflowError, too, and what the file raises
        raise _damaged(path.name, error) from error


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an NPZ file by name; raises `EmbeddingsError` for false claims and objects."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            claimed = sum(info.file_size for info in members)
            if claimed > MAX_BYTES:
                raise EmbeddingsError(
                    f"'{path.name}' claims {claimed / 2**30:.1f} GiB, the limit is "
                    f"{MAX_BYTES // 2**30} GiB: split it or save float32"
                )
            return {info.filename[:-4]: _member(archive, info, path.name) for info in members}
    except zipfile.BadZipFile as error:
        raise EmbeddingsError(
            f"'{path.name}' is not an NPZ file ({error}): write it with numpy.savez"
        ) from error
    except EmbeddingsError:
        raise
    # Four decoders and a parser of headers: zlib.error, LZMAError, NotImplementedError, ...
    except Exception as error:
        raise _damaged(path.name, error) from error


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str) -> np.ndarray:
    name = f"{file}: {info.filename}"
    if info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise EmbeddingsError(
            f"'{name}' claims {info.file_size:,} bytes from {info.compress_size:,}, which no "
            "compression reaches: write it again with numpy.savez"
        )
    with archive.open(info) as stream:
        header = _header(stream, name)
        _fits(header, info.file_size - header.size, name)
    with archive.open(info) as stream:
        array = npy.read_array(stream, allow_pickle=False)
    _refuse_no_text(array, name)
    return array


def _header(stream: IO[bytes], name: str) -> _Header:
    """Magic, version and header of an NPY stream, parsed without reading the data."""
    start = stream.read(2**17)
    text = io.BytesIO(start)
    try:
        version = npy.read_magic(text)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(text)
    # The header is a literal, and NumPy's reader of it lets out what ast and tokenize raise:
    # ValueError, SyntaxError, TokenError, TypeError, RecursionError, MemoryError, ...
    except Exception as error:
        raise EmbeddingsError(
            f"'{name}' is not an NPY array ({str(error)[:100]}): write it with numpy.save"
        ) from error
    if dtype.hasobject:
        raise EmbeddingsError(
            f"'{name}' holds Python objects (a pickle), which are never loaded: save numbers as "
            "float32 and names as text, for example ids.astype('U')"
        )
    return _Header(shape, dtype, text.tell())


def _refuse_no_text(array: np.ndarray, name: str) -> None:
    """Raise where text holds numbers that are no letters: NumPy makes broken strings of them, which
    end the interpreter sooner or later; and for records, which nothing here is made of."""
    if array.dtype.kind == "V":
        raise EmbeddingsError(
            f"'{name}' holds records ({array.dtype}): save each field as an array of its own"
        )
    if array.dtype.kind == "U":
        try:
            array.astype(array.dtype.newbyteorder("<")).tobytes().decode("utf-32-le")
        except UnicodeDecodeError as error:
            raise EmbeddingsError(
                f"'{name}' holds text that is none ({error.reason}): write it with numpy.savez"
            ) from error


def _fits(header: _Header, there: int, name: str) -> None:
    """Raise where the header asks for more than lies in the file or than the limit."""
    # Values of no bytes (text of no letters) count as one each, since somebody may go through them.
    needed = math.prod(header.shape) * max(header.dtype.itemsize, 1)
    if needed > there or any(side < 0 for side in header.shape):
        raise EmbeddingsError(
            f"'{name}' claims an array of shape {header.shape} ({needed / 2**30:.3g} GiB) and has "
            f"{there:,} bytes of data: the file is cut off or its header is false; write it again"
        )
    if needed > MAX_BYTES:
        raise EmbeddingsError(
            f"'{name}' needs {needed / 2**30:.1f} GiB, the limit is {MAX_BYTES // 2**30} GiB: "
            "split it or save float32"
        )


def _damaged(name: str, error: Exception) -> EmbeddingsError:
    reason = getattr(error, "strerror", None) or str(error)[:100]
    return EmbeddingsError(f"'{name}' cannot be read ({reason}): write or copy the file again")
