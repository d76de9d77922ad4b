"""Faces made unclear: what blurring and pixelating are, and which picture is whose partner."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from core.config import config_from
from core.encode.obscured import Obscuring, partners, unclear
from core.encode.pixels import Pixels
from core.encode.registry import make_encoder
from core.encode.run import encode
from core.engine import Local
from core.errors import ConfigError, FacesError
from core.faces.faceset import FaceSet, Picture
from core.faces.obfuscate import PairedSource, blurred, paired, pixelated
from core.faces.read import read_faces
from core.faces.synthetic import synthetic_faces
from core.progress import Progress
from core.store import Store
from core.study.reading import Reading


def crop(side: int = 37) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [2, 5, 8])
def test_blur_is_a_gaussian_of_half_the_size(size: int) -> None:
    own = blurred(crop(), size)
    slow = gaussian_filter(crop().astype(float), (size / 2, size / 2, 0), mode="mirror", truncate=6)
    assert own.dtype == np.uint8
    assert np.abs(own - slow).max() <= 2.0, "up to rounding and where each cuts its kernel"


@pytest.mark.parametrize("size", [2, 5, 8, 37])
def test_pixelation_is_the_mean_of_each_block(size: int) -> None:
    own, given = pixelated(crop(), size), crop()
    for top in range(0, 37, size):
        for left in range(0, 37, size):
            block = np.s_[top : top + size, left : left + size]
            mean = given[block].astype(float).mean(axis=(0, 1))
            assert np.abs(own[block] - mean).max() <= 0.5 + 1e-9
            assert len(np.unique(own[block].reshape(-1, 3), axis=0)) == 1


def folder(
    place: Path, names: list[str], *, value: int = 0, size: tuple[int, int] = (64, 80)
) -> Path:
    for number, name in enumerate(names):
        random = np.random.default_rng(number + value)
        image = random.integers(0, 256, (*size, 3), dtype=np.uint8)
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / name)
    return place


@pytest.fixture
def faces(tmp_path: Path) -> FaceSet:
    """Six pictures of three people, with a manifest."""
    names = [f"p{i // 2}/{i}.png" for i in range(6)]
    place = folder(tmp_path / "faces", names)
    table = pd.DataFrame({"file_name": names, "subject_id": [f"s{i // 2}" for i in range(6)]})
    table.to_csv(place / "metadata.csv", index=False)
    return read_faces(place, aligned=True)


def test_partners_go_by_their_relative_names_whatever_the_suffix(
    faces: FaceSet, tmp_path: Path
) -> None:
    other = folder(tmp_path / "other", ["p0/0.bmp", "p0/1.png", "p2/5.png", "p9/9.png"], value=50)
    found, rows = paired(faces, other)
    assert rows.tolist() == [0, 1, 5]
    assert found.table["id"].tolist() == ["p0/0.png", "p0/1.png", "p2/5.png"]
    assert [one.file for one in found.problems] == ["p1/2.png", "p1/3.png", "p2/4.png"]
    seen = found.source.read(2).image
    assert np.array_equal(seen, np.array(Image.open(other / "p2/5.png")))


def test_a_manifest_tells_partners_by_id(faces: FaceSet, tmp_path: Path) -> None:
    place = folder(tmp_path / "other", ["a.png", "b.png"], value=50)
    listed = pd.DataFrame({"file_name": ["a.png", "b.png"], "id": ["p1/3.png", "p0/0.png"]})
    listed["subject_id"] = ["s1", "s0"]
    listed.to_csv(place / "metadata.csv", index=False)
    found, rows = paired(faces, place / "metadata.csv")
    assert rows.tolist() == [0, 3]
    assert np.array_equal(found.source.read(0).image, np.array(Image.open(place / "b.png")))


def test_no_partner_at_all_and_no_folder_are_errors(faces: FaceSet, tmp_path: Path) -> None:
    other = folder(tmp_path / "other", ["z.png"])
    with pytest.raises(ConfigError, match="none of the 6 faces has a partner"):
        paired(faces, other)
    with pytest.raises(FacesError, match="no folder and no manifest"):
        paired(faces, tmp_path / "nowhere")


class Fixed:
    """Pictures of one shape, with landmarks or without."""

    def __init__(self, height: int, width: int, landmarks: np.ndarray | None) -> None:
        self.picture = Picture(np.full((height, width, 3), 9, np.uint8), landmarks)

    def read(self, index: int) -> Picture:
        return self.picture

    def digest(self, index: int) -> str:
        return f"{self.picture.image.shape} {index}"


def test_a_partner_has_the_originals_size_and_landmarks() -> None:
    points = np.arange(10, dtype=np.float32).reshape(5, 2)
    own = PairedSource(Fixed(100, 80, points), Fixed(50, 40, None))
    picture = own.read(0)
    assert picture.image.shape == (100, 80, 3)
    assert picture.landmarks is points
    assert own.digest(0) != PairedSource(Fixed(100, 80, points), Fixed(60, 48, None)).digest(0)
    with pytest.raises(FacesError, match="different shapes"):
        PairedSource(Fixed(100, 80, points), Fixed(80, 100, None)).read(0)


def test_the_encoder_sees_the_changed_crop_and_keeps_it_under_its_own_name(
    faces: FaceSet, tmp_path: Path
) -> None:
    store, progress = Store(tmp_path / "store"), Progress()
    plain = encode(faces, Pixels(), store=store)
    soft = unclear(faces, Pixels(), "pixelate", 28, store=store, progress=progress)
    grid = soft.x.reshape(-1, 4, 4, 4, 4).swapaxes(2, 3).reshape(-1, 16, 16)
    assert np.ptp(grid, axis=2).max() < 1e-6, "16 values a block of 28 pixels, all alike"
    assert np.ptp(plain.x) > 0.1
    assert len({one.encoder_digest for one in (plain, soft)}) == 2
    assert Obscuring(Pixels(), "blur", 4).digest != Obscuring(Pixels(), "blur", 5).digest
    with pytest.raises(ConfigError, match="choose at most 56"):
        unclear(faces, Pixels(), "blur", 57, store=store, progress=progress)


def reading(folder: Path, **settings: object) -> Reading:
    config = config_from(dict(settings))
    return Reading(
        config, folder, Store(folder / "store"), Progress(), lambda *_: None, Local(1), []
    )


def test_faces_without_a_partner_are_left_out_of_the_whole_audit(
    faces: FaceSet, tmp_path: Path
) -> None:
    folder(tmp_path / "other", [f"p{i // 2}/{i}.png" for i in (0, 1, 3, 4, 5)], value=50)
    read = reading(
        tmp_path,
        faces={
            "path": "faces", "aligned": True, "obfuscate": {"kind": "paired", "path": "other"},
        },
        encoder={"kind": "pixels"},
    )  # fmt: skip
    data = read.data()
    assert data.obscured is not None
    name, soft = data.obscured
    assert name == "x@paired"
    assert soft.table["id"].tolist() == data.x.table["id"].tolist()
    assert len(data.x) == 5
    assert any("1 of 6 faces have no x@paired" in text for text in read.warnings)
    assert any(one.file == "p1/2.png" and one.kind == "missing file" for one in data.x.problems)


def test_drawn_faces_can_be_made_unclear_and_have_partners(tmp_path: Path) -> None:
    whole = synthetic_faces(people=2)
    store, progress = Store(tmp_path), Progress()
    encoder = make_encoder("pixels", synthetic=True)
    encode(whole, encoder, store=store)
    soft = unclear(whole, encoder, "blur", 8, store=store, progress=progress)
    assert len(soft) == len(whole)
    place = tmp_path / "other"
    place.mkdir()
    for row, one in enumerate(whole.table["id"]):
        Image.fromarray(whole.source.read(row).image).save(place / f"{one}.png")
    same = partners(whole, encoder, place, store=store, progress=progress)
    plain = encode(whole, encoder, store=store)
    assert np.allclose(same.x, plain.x, atol=1e-6), "cut by the drawn landmarks, as the original"
    assert not math.isclose(float(np.abs(soft.x - plain.x).max()), 0)


@pytest.mark.shared
def test_a_partner_is_cut_where_the_originals_face_is(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "faces"
    place.mkdir()
    for name in ("001_03.jpg", "001_08.jpg", "002_03.jpg"):
        (place / name).write_bytes((shared / "faces" / "london" / name).read_bytes())
    real, store, progress = read_faces(place, preset="london"), Store(tmp_path / "s"), Progress()
    plain = encode(real, Pixels(), store=store)
    other = tmp_path / "other"
    other.mkdir()
    for name in real.table["id"]:
        Image.open(place / name).save(other / name.replace(".jpg", ".png"))
    monkeypatch.setattr("core.faces.align.Detector._one", lambda *_: pytest.fail("looked again"))
    same = partners(real, Pixels(), other, store=store, progress=progress)
    assert np.array_equal(same.x, plain.x)
