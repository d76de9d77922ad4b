"""One picture from a file: RGB, upright, eight bits, whatever it was before."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.faces import picture
from core.faces.faceset import PictureError
from core.faces.picture import FileSource, Subset, decode, subset

RNG = np.random.default_rng(5)
PIXELS = RNG.integers(0, 256, (24, 40, 3), dtype=np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **how: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **how)  # type: ignore[arg-type]
    return sink.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_come_back_bit_for_bit(kind: str) -> None:
    assert np.array_equal(decode(saved(Image.fromarray(PIXELS), kind), "a"), PIXELS)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF"])
def test_lossy_formats_come_back_about_right(kind: str) -> None:
    smooth = np.tile(np.linspace(0, 255, 40, dtype=np.uint8)[None, :, None], (24, 1, 3))
    got = decode(saved(Image.fromarray(smooth), kind), "a")
    assert got.shape == smooth.shape
    assert np.abs(got.astype(int) - smooth).mean() < 4


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "LA", "RGBA", "I;16", "I", "F"])
def test_every_mode_becomes_eight_bit_rgb(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(PIXELS[:, :, 0].astype(np.uint16) * 257)
    elif mode in ("I", "F"):
        image = Image.fromarray(PIXELS[:, :, 0]).convert(mode)
    else:
        image = Image.fromarray(PIXELS).convert(mode)
    got = decode(saved(image, "TIFF" if mode in ("CMYK", "YCbCr", "F", "I") else "PNG"), "a")
    assert got.dtype == np.uint8
    assert got.shape == (24, 40, 3)
    if mode in ("I;16", "I", "F"):
        assert np.array_equal(got, np.repeat(PIXELS[:, :, :1], 3, axis=2))


def test_a_dark_sixteen_bit_picture_stays_dark() -> None:
    """The range is that of the format, not that of the picture."""
    dark = Image.fromarray(np.full((20, 20), 200, dtype=np.uint16))
    assert decode(saved(dark), "a").max() == 1


def test_what_is_transparent_becomes_white_and_what_is_not_stays() -> None:
    rgba = np.dstack([PIXELS, np.full(PIXELS.shape[:2], 255, np.uint8)])
    rgba[:12, :, 3] = 0
    got = decode(saved(Image.fromarray(rgba)), "a")
    assert (got[:12] == 255).all()
    assert np.array_equal(got[12:], PIXELS[12:])


def test_a_palette_with_a_transparent_colour_becomes_white_there() -> None:
    image = Image.fromarray(np.repeat([[0, 1]], 20, axis=0).repeat(10, axis=1).astype(np.uint8))
    image = image.convert("P")
    image.putpalette([10, 20, 30, 200, 100, 50])
    got = decode(saved(image, transparency=0), "a")
    assert (got[:, :10] == 255).all()
    assert (got[:, 10:] == (200, 100, 50)).all()


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda x: x),
        (3, lambda x: x[::-1, ::-1]),
        (6, lambda x: np.rot90(x, -1)),
        (8, lambda x: np.rot90(x, 1)),
        (2, lambda x: x[:, ::-1]),
    ],
)
def test_exif_rotation_is_applied(orientation: int, upright: object) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    got = decode(saved(Image.fromarray(PIXELS), exif=exif), "a")
    assert np.array_equal(got, upright(PIXELS))  # type: ignore[operator]


def test_exif_that_is_garbage_does_not_stop_the_picture() -> None:
    data = saved(Image.fromarray(PIXELS), "JPEG", exif=b"Exif\0\0garbage")
    assert decode(data, "a").shape == PIXELS.shape


def test_the_size_is_checked_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture over the limit never gets to the decoder."""
    monkeypatch.setattr(picture, "MAX_PIXELS", 24 * 40 - 1)

    def explode(*_: object) -> None:
        raise AssertionError("decoded")

    data = saved(Image.fromarray(PIXELS))
    monkeypatch.setattr(Image.Image, "load", explode)
    with pytest.raises(PictureError) as caught:
        decode(data, "big.png")
    assert caught.value.problem.kind == "too large"
    assert "40 x 24" in caught.value.problem.detail


def test_what_is_said_of_damaged_bytes_is_the_same_every_time() -> None:
    with pytest.raises(PictureError) as caught:
        decode(b"\xff\xd8\xff damaged", "a.jpg")
    assert caught.value.problem.detail == "the picture is damaged or cut off"


def test_a_file_over_the_size_limit_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(saved(Image.fromarray(PIXELS)))
    monkeypatch.setattr(picture, "MAX_BYTES", 100)
    with pytest.raises(PictureError) as caught:
        FileSource(str(tmp_path), ("a.png",)).read(0)
    assert caught.value.problem.kind == "too large"


def test_the_digest_is_of_the_bytes_and_follows_a_change(tmp_path: Path) -> None:
    import hashlib
    import os

    file = tmp_path / "a.png"
    source = FileSource(str(tmp_path), ("a.png",))
    first = saved(Image.fromarray(PIXELS))
    file.write_bytes(first)
    assert source.digest(0) == source.digest(0) == hashlib.sha256(first).hexdigest()
    second = saved(Image.fromarray(PIXELS[::-1].copy()))
    file.write_bytes(second)
    os.utime(file, ns=(1, 2))
    assert source.digest(0) == hashlib.sha256(second).hexdigest()
    file.unlink()
    assert len(source.digest(0)) == 64


def test_sources_can_be_pickled_and_cut_down(tmp_path: Path) -> None:
    for place in range(3):
        image = Image.fromarray(PIXELS[:, : 20 + place])
        image.save(tmp_path / f"{place}.png")
    source = FileSource(str(tmp_path), ("0.png", "1.png", "2.png"))
    fewer = pickle.loads(pickle.dumps(subset(source, [2, 0])))
    widths = [fewer.read(row).image.shape[1] for row in range(2)]
    assert widths == [22, 20]
    wrapped = Subset(source, (1,))
    assert wrapped.read(0).image.shape[1] == 21
    assert wrapped.digest(0) == source.digest(1)
    assert not wrapped.costly
