"""Pictures of every format that is opened, valid, mutated and lying, for `core.faces.picture`."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from core.faces.faceset import PictureError
from core.faces.picture import MAX_PIXELS, MIN_SIDE, decode
from tests.fuzz.edits import Edit, edited, edits, often
from tests.fuzz.reader import Reader, one_problem

MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"),
    "WEBP": ("RGB", "RGBA"),
    "PPM": ("1", "L", "RGB", "I;16"),
}
FIRST = b"\x89PNG\r\n\x1a\n"
SIZES = ((16, 16), (17, 31), (40, 24), (15, 40), (1, 1))
CLAIMS = ((0, 0), (1, 1), (16, 16), (41, 25), (3000, 2000), (9000, 9000), (65535, 65535),
          (2**31 - 1, 2**31 - 1), (2**20, 20), (16, 5_000_001))  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A picture: how it is made, what its header claims instead, and changes to its bytes.

    `orientation` is EXIF's; `frames` more than 1 is an animation. A change of `chunks` is one
    inside a PNG's chunk, whose checksum is mended afterwards.
    """

    kind: str
    mode: str
    size: tuple[int, int]
    orientation: int = 1
    frames: int = 1
    progressive: bool = False
    transparent: bool = False
    claim: tuple[int, int] | None = None
    chunks: tuple[tuple[int, Edit], ...] = ()
    edits: tuple[Edit, ...] = ()
    tail: bytes = b""


def _cases() -> st.SearchStrategy[Drawn]:
    kinds = st.sampled_from([(kind, mode) for kind, modes in MODES.items() for mode in modes])
    chunk = st.tuples(st.integers(0, 5), edits(reach=16, most=1).filter(bool).map(lambda e: e[0]))
    return st.builds(
        lambda kind, **facts: Drawn(*kind, **facts),
        kinds, size=st.sampled_from(SIZES), orientation=often(1, st.integers(0, 9)),
        frames=often(1, st.integers(2, 3)), progressive=st.booleans(), transparent=st.booleans(),
        claim=often(None, st.sampled_from(CLAIMS)),
        chunks=often((), st.lists(chunk, max_size=2).map(tuple)), edits=edits(reach=100),
        tail=often(b"", st.binary(min_size=1, max_size=20)),
    )  # fmt: skip


def drawn(case: Drawn) -> bytes:
    """The bytes of the picture."""
    data = _saved(case.kind, case.mode, case.size, case.orientation, case.frames,
                  case.progressive, case.transparent)  # fmt: skip
    if case.claim is not None:
        data = _claiming(case.kind, data, *case.claim)
    if case.kind == "PNG" and case.chunks:
        data = _with_chunks(data, case.chunks)
    return edited(data, case.edits) + case.tail


@lru_cache(maxsize=4096)
def _saved(
    kind: str, mode: str, size: tuple[int, int], orientation: int, frames: int, progressive: bool,
    transparent: bool,
) -> bytes:  # fmt: skip
    pictures = [_noise(mode, size, seed) for seed in range(frames)]
    how: dict[str, object] = {}
    if orientation != 1 and kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        exif = Image.Exif()
        exif[0x0112] = max(orientation % 9, 1) if kind == "TIFF" else orientation  # libtiff checks
        how["exif"] = exif.tobytes()
    if frames > 1 and kind in ("PNG", "GIF", "TIFF", "WEBP") and mode in ("L", "P", "RGB", "RGBA"):
        how |= {"save_all": True, "append_images": pictures[1:]}
    if progressive and kind == "JPEG":
        how["progressive"] = True
    if progressive and kind == "TIFF" and mode in ("1", "L", "P", "RGB", "I;16"):
        how["compression"] = "tiff_lzw"
    if transparent and kind in ("PNG", "GIF") and mode in ("L", "P"):
        how["transparency"] = 1
    sink = io.BytesIO()
    pictures[0].save(sink, kind, **how)
    return sink.getvalue()


def _noise(mode: str, size: tuple[int, int], seed: int) -> Image.Image:
    width, height = size
    random = np.random.default_rng(seed)
    match mode:
        case "I;16":
            deep = random.integers(0, 2**16, (height, width), dtype=np.uint16)
            return Image.fromarray(deep)
        case "I":
            return Image.fromarray(random.integers(0, 2**16, (height, width), dtype=np.int32))
        case "F":
            return Image.fromarray(random.normal(0, 300, (height, width)).astype(np.float32))
        case "LAB":
            whole = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
            return Image.frombytes("LAB", size, whole.tobytes())
    colours = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(colours).convert(mode)


def _claiming(kind: str, data: bytes, width: int, height: int) -> bytes:
    """`data` with another size in its header, where the format has it at a fixed place."""
    match kind:
        case "PNG":
            head = struct.pack(">II", width, height)
            return data[:16] + head + data[24:29] + _sum(b"IHDR" + head + data[24:29]) + data[33:]
        case "GIF":
            return data[:6] + struct.pack("<HH", width % 2**16, height % 2**16) + data[10:]
        case "BMP":
            return data[:18] + struct.pack("<II", width, height) + data[26:]
        case "JPEG":
            at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
            size = struct.pack(">HH", height % 2**16, width % 2**16)
            return data[: at + 5] + size + data[at + 9 :]
        case "PPM":
            first, rest = data.split(b"\n", 1)
            return first + b"\n%d %d" % (width, height) + rest[rest.find(b"\n") :]
    return data


def _sum(chunk: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(chunk))


def _chunks(data: bytes) -> Iterator[bytes]:
    """Name and body of each chunk of a PNG."""
    at = len(FIRST)
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8 + size]
        at += 12 + size


def _with_chunks(data: bytes, changes: tuple[tuple[int, Edit], ...]) -> bytes:
    chunks = list(_chunks(data))
    for place, edit in changes:
        place %= len(chunks)
        chunks[place] = chunks[place][:4] + edited(chunks[place][4:], [edit])
    return FIRST + b"".join(struct.pack(">I", len(c) - 4) + c + _sum(c) for c in chunks)


def _build(case: Drawn, folder: Path) -> Path:
    path = folder / f"face.{case.kind.lower()}"
    path.write_bytes(drawn(case))
    return path


def _read(path: Path) -> np.ndarray:
    try:
        return decode(path.read_bytes(), path.name)
    except PictureError as error:
        one_problem(error.problem)
        raise


def _keeps(value: np.ndarray, path: Path) -> None:
    assert value.dtype == np.uint8
    assert value.ndim == 3
    height, width, channels = value.shape
    assert channels == 3
    assert min(height, width) >= MIN_SIDE
    assert height * width <= MAX_PIXELS
    assert value.flags.c_contiguous
    assert value.flags.writeable


def _sound(case: Drawn) -> bool:
    told = (case.claim, case.chunks, case.edits)
    return told == (None, (), ()) and min(case.size) >= MIN_SIDE


READER = Reader("picture", "pictures", _cases(), _build, _read, _keeps, _sound)
