"""Opening one picture from a file: checked before it is decoded, RGB, upright, without EXIF.

Whatever is wrong with a file becomes a `PictureError` that carries a `Problem`; the files beside
it are still read.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.faces.faceset import Picture, PictureError, Problem, Source

MAX_BYTES = 200 * 2**20
"""A file larger than this is not opened."""
MAX_PIXELS = 80_000_000
"""A header that claims more pixels than this is not decoded; Pillow itself warns at 89 million."""
MIN_SIDE = 16
"""A picture with a side under this many pixels cannot hold a face."""
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""Decoders that may be used; none of them starts another program."""
SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
)

_digests: dict[tuple[str, int, int], str] = {}


@dataclass(frozen=True)
class FileSource:
    """Pictures in files: `files` are paths below `root`, in the order of the table's rows."""

    root: str
    files: tuple[str, ...]

    def read(self, index: int) -> Picture:
        """Return picture `index`; raise `PictureError` where it cannot be used."""
        return Picture(decode(self.contents(index), self.files[index]))

    def contents(self, index: int) -> bytes:
        """The bytes of file `index`; raises `PictureError` where it cannot be read."""
        return _bytes(self.root, self.files[index])

    def digest(self, index: int) -> str:
        """SHA-256 of the file's bytes; kept for this process while size and time stay the same.

        A file that cannot be read has the digest of that problem, so that one bad file does not
        keep the whole set from having a digest.
        """
        file = self.files[index]
        try:
            path = _inside(self.root, file)
            facts = path.stat()
            key = (str(path), facts.st_size, facts.st_mtime_ns)
            if key not in _digests:
                _digests[key] = hashlib.sha256(_bytes(self.root, file)).hexdigest()
            return _digests[key]
        except (PictureError, OSError) as error:
            return hashlib.sha256(f"unreadable {error}".encode()).hexdigest()


@dataclass(frozen=True)
class Subset:
    """Some rows of another source, in a given order."""

    source: Source
    rows: tuple[int, ...]

    @property
    def costly(self) -> bool:
        """Whether the other source says that processes serve it better than threads."""
        return bool(getattr(self.source, "costly", False))

    def read(self, index: int) -> Picture:
        """Return picture `index` of the subset; raise `PictureError` where it cannot be used."""
        return self.source.read(self.rows[index])

    def digest(self, index: int) -> str:
        """SHA-256 of what picture `index` of the subset is made from."""
        return self.source.digest(self.rows[index])


def subset(source: Source, rows: Sequence[int]) -> Source:
    """The given rows of `source`, as a source of its own."""
    if isinstance(source, FileSource):
        return FileSource(source.root, tuple(source.files[row] for row in rows))
    return Subset(source, tuple(int(row) for row in rows))


def decode(data: bytes, file: str) -> np.ndarray:
    """Decode `data` to uint8 (height, width, 3) RGB, rotated as EXIF says, which is then dropped.

    Raises `PictureError` for what is no picture, is cut off, too large or too small.
    """
    if not data:
        raise _not_an_image(file, "the file is empty")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image.size, file)
            image.load()
            return _rgb(ImageOps.exif_transpose(image))
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(file, f"its header claims more than {MAX_PIXELS:,} pixels") from error
    # Decoders of bytes from strangers fail in a dozen ways (OSError, SyntaxError, struct.error,
    # zlib.error, ...); to a person they are all the same one.
    except Exception as error:
        raise _not_an_image(file, _guess(data, error)) from error


def _check_size(size: tuple[int, int], file: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        claim = f"{width} x {height} pixels, the limit is {MAX_PIXELS:,} in all"
        raise _too_large(file, claim)
    if min(width, height) < MIN_SIDE:
        detail = f"{width} x {height} pixels, a side needs {MIN_SIDE} at least"
        raise PictureError(Problem(file, "too small", detail))


def _rgb(image: Image.Image) -> np.ndarray:
    """uint8 RGB from any mode; what is transparent becomes white."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        grey = _eight_bits(np.asarray(image))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode in ("LA", "PA", "La", "RGBa", "RGBA") or "transparency" in image.info:
        whole = image.convert("RGBA")
        white = Image.new("RGBA", whole.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, whole)
    return np.array(image.convert("RGB"), dtype=np.uint8)


def _eight_bits(deep: np.ndarray) -> np.ndarray:
    """Grey values of 16 or 32 bits or floats brought to 0..255 by the range of their kind."""
    grey = np.nan_to_num(deep.astype(np.float64))
    top = grey.max()
    if np.issubdtype(deep.dtype, np.floating):
        scale = 255.0 if top <= 1.0 else 1.0
    else:
        # A 16-bit file is 16 bits deep even where the picture is dark.
        scale = 1.0 if deep.dtype.itemsize > 2 and top <= 255 else 255.0 / 65535.0
    return np.clip(np.rint(grey * scale), 0, 255).astype(np.uint8)


def _inside(root: str, file: str) -> Path:
    """The real path of `file`, which must lie below `root` whatever links are on the way."""
    base = os.path.realpath(root)
    path = os.path.realpath(os.path.join(base, file))  # noqa: PTH118
    if os.path.commonpath([base, path]) != base:
        raise PictureError(Problem(file, "unsafe path", "it leads out of the folder of the set"))
    return Path(path)


def _bytes(root: str, file: str) -> bytes:
    """The bytes of a regular file of at most `MAX_BYTES`; never waits on a pipe or a device."""
    try:
        handle = os.open(_inside(root, file), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as stream:
            facts = os.fstat(stream.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise _not_an_image(file, "it is a pipe, a device or a folder, not a file")
            if facts.st_size > MAX_BYTES:
                size = f"{facts.st_size / 2**20:.0f} MiB, the limit is {MAX_BYTES // 2**20} MiB"
                raise _too_large(file, size)
            return stream.read(MAX_BYTES)
    except OSError as error:
        raise _unreadable(file, error) from error


def _guess(data: bytes, error: Exception) -> str:
    """What the bytes are instead of a picture, as far as their beginning tells."""
    head = data[:512].lstrip().lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<svg")):
        return "it holds a web page or XML, perhaps an error page saved as a picture"
    if data.startswith((b"\xff\xd8", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")):
        # What Pillow says of bytes that it does not know names a place in memory.
        known = not isinstance(error, UnidentifiedImageError)
        return "the picture is damaged or cut off" + (f" ({str(error)[:80]})" if known else "")
    if data.startswith(b"PK\x03\x04"):
        return "it is a zip archive"
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in data[:512]):
        return "it holds text"
    return "no decoder knows its format"


def _not_an_image(file: str, detail: str) -> PictureError:
    return PictureError(Problem(file, "not an image", detail))


def _too_large(file: str, detail: str) -> PictureError:
    return PictureError(Problem(file, "too large", detail))


def _unreadable(file: str, error: OSError) -> PictureError:
    reason = error.strerror or "it cannot be read"
    return PictureError(Problem(file, "missing file", reason.lower()))
